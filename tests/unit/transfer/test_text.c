#include "unit.h"

#include <string.h>

#include "mlops/transfer/endpoint.h"
#include "transfer/credentials_internal.h"
#include "transfer/http_fields_internal.h"
#include "transfer/sftp_internal.h"
#include "transfer/url_internal.h"

static struct error err;

static void expect_text(struct text got, const char *expected)
{
	ck_assert_msg(
		text_is(got, expected), "'%.*s' is not '%s'", (int)got.length, got.at, expected);
}

START_TEST(url_has_its_parts)
{
	struct url url;
	ck_assert_int_eq(url_parse("https://me@host:8443/a/b%20c?x=1#f", &url, &err), 0);
	expect_text(url.scheme, "https");
	expect_text(url.user, "me");
	expect_text(url.host, "host");
	expect_text(url.port, "8443");
	expect_text(url.path, "/a/b%20c");
	expect_text(url.query, "?x=1");
	ck_assert_int_eq(url_parse("sftp://[::1]:22", &url, &err), 0);
	expect_text(url.host, "[::1]");
	expect_text(url.port, "22");
	expect_text(url.path, "");
	ck_assert_int_eq(url_parse("http://h?q@x:y", &url, &err), 0);
	expect_text(url.host, "h");
}
END_TEST

START_TEST(url_refuses_passwords_and_blanks)
{
	static const char *const urls[] = { "http://me:pass-word@host/", "http://:pass-word@host",
		"http://host/a b", "http://host/\r\nX: y", "http://", "://host", "host/path",
		"http://[::1", "http://[::1]x/" };
	struct url url;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		err = ERROR_INIT;
		ck_assert_msg(url_parse(urls[i], &url, &err) == -ERROR_USAGE, "%s", urls[i]);
		ck_assert_ptr_null(strstr(err.message, "pass-word"));
	}
}
END_TEST

/* Also of kinds that have no user, and of kinds that there are not. */
START_TEST(endpoints_repeat_no_password)
{
	static const char *const urls[] = { "s3://user:pass-word@bucket/x", "s3://key:pass-word@",
		"http://me:pass-word@host", "https://me:pass-word@host:1/a",
		"sftp://me:pass-word@host/a", "file://me:pass-word@/a",
		"gopher://me:pass-word@host", "me:pass-word@host",
		"s3://user:pass-word/more@bucket" };
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct endpoint *endpoint = NULL;
		err = ERROR_INIT;
		ck_assert_msg(endpoint_open(urls[i], NULL, &endpoint, &err) == -ERROR_USAGE, "%s",
			urls[i]);
		ck_assert_ptr_null(strstr(err.message, "pass-word"));
		ck_assert_ptr_null(strstr(err.hint, "pass-word"));
	}
}
END_TEST

START_TEST(url_encoding)
{
	AUTO(strbuf_release) struct strbuf buffer = STRBUF_INIT;
	url_encode(&buffer, TEXT("a/b c+\xc3\xa9~%"), "/");
	ck_assert_str_eq(buffer.text, "a/b%20c%2B%C3%A9~%25");
	strbuf_clear(&buffer);
	ck_assert(url_decode(&buffer, TEXT("a%2Fb%c3%A9+")));
	ck_assert_str_eq(buffer.text, "a/b\xc3\xa9+");
	ck_assert(!url_decode(&buffer, TEXT("x%0")));
	ck_assert(!url_decode(&buffer, TEXT("x%zz")));
	ck_assert(!url_decode(&buffer, TEXT("x%00y")));
	ck_assert_str_eq(buffer.text, "a/b\xc3\xa9+");
}
END_TEST

START_TEST(head_of_an_answer)
{
	struct http_fields fields;
	http_fields_init(&fields);
	http_fields_line(&fields, TEXT("HTTP/1.1 100 Continue\r\n"));
	http_fields_line(&fields, TEXT("\r\n"));
	http_fields_line(&fields, TEXT("HTTP/1.1 206 Partial Content\r\n"));
	ck_assert(!fields.complete);
	http_fields_line(&fields, TEXT("content-RANGE: bytes 7-41/42\r\n"));
	http_fields_line(&fields, TEXT("Content-Length: 35\r\n"));
	http_fields_line(&fields, TEXT("ETag:  \"a-1\" \r\n"));
	http_fields_line(&fields, TEXT("Retry-After: Tue, 24 Nov 2026 18:28:00 GMT\r\n"));
	http_fields_line(&fields, TEXT("\r\n"));
	ck_assert(fields.complete && fields.status == 206);
	ck_assert(fields.first == 7 && fields.total == 42 && fields.length == 35);
	ck_assert(fields.retry_after == 0);
	ck_assert_str_eq(fields.etag, "\"a-1\"");
	http_fields_line(&fields, TEXT("Content-Range: bytes */99\r\n"));
	ck_assert_uint_eq(fields.total, 99);
	http_fields_line(&fields, TEXT("HTTP/1.1 999999 x\r\n"));
	ck_assert(fields.status == 0 && fields.total == UINT64_MAX && !fields.etag[0]);
}
END_TEST

START_TEST(listing_of_sftp)
{
	struct text name;
	uint64_t size;
	ck_assert(sftp_list_line(
		TEXT("-rw-r--r--    1 me   domain users  1234 Nov 24 18:28 a.pack\r"), &name,
		&size));
	expect_text(name, "a.pack");
	ck_assert_uint_eq(size, 1234);
	ck_assert(!sftp_list_line(
		TEXT("drwxr-xr-x    2 root root 4096 Nov 24 18:28 below"), &name, &size));
	ck_assert(!sftp_list_line(
		TEXT("lrwxrwxrwx    1 root root 4 Nov 24 18:28 a -> /etc"), &name, &size));
	ck_assert(!sftp_list_line(TEXT("-rw-r--r--"), &name, &size));
	ck_assert(!sftp_list_line(TEXT(""), &name, &size));
}
END_TEST

START_TEST(profiles)
{
	const struct text file = TEXT(
		"aws_access_key_id = outside\n# [work]\n[ default ]\naws_access_key_id=D\n"
		"aws_secret_access_key=DS\n[work]\naws_access_key_id = W=1\n"
		"aws_secret_access_key = a b\t\r\nregion=eu-west-1\n  region = nested\n[half]\n"
		"aws_access_key_id = H\n[profile other]\naws_access_key_id=O\n"
		"aws_secret_access_key=OS\n");
	AUTO(credentials_release)
	struct credentials work = { .key = NULL }, half = { .key = NULL }, other = { .key = NULL };
	ck_assert_int_eq(credentials_read(file, "work", false, &work, &err), 0);
	ck_assert_str_eq(work.key, "W=1");
	ck_assert_str_eq(work.secret, "a b");
	ck_assert_str_eq(work.region, "eu-west-1");
	ck_assert_ptr_null(work.token);
	ck_assert_int_eq(credentials_read(file, "half", false, &half, &err), 0);
	ck_assert_ptr_null(half.key);
	/* Only in a config file do sections have "profile" in front, and "work" is none there. */
	ck_assert_int_eq(credentials_read(file, "work", true, &other, &err), 0);
	ck_assert_ptr_null(other.key);
	ck_assert_int_eq(credentials_read(file, "other", true, &other, &err), 0);
	ck_assert_str_eq(other.key, "O");
	ck_assert_int_eq(credentials_read(file, "default", true, &other, &err), 0);
	ck_assert_str_eq(other.key, "O"); /* what is known stays */
}
END_TEST

UNIT_MAIN("transfer/text", url_has_its_parts, url_refuses_passwords_and_blanks,
	endpoints_repeat_no_password, url_encoding, head_of_an_answer, listing_of_sftp, profiles)
