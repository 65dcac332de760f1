#include "s3_sign_internal.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/text.h"

enum { S3_SIGN_FIELDS = 16 };

static void s3_sign_date(int64_t now, char ret[S3_DATE_SIZE])
{
	struct clock_civil civil = clock_civil(now);
	char text[64];
	snprintf(text, sizeof text, "%04lld%02d%02dT%02d%02d%02dZ", (long long)civil.year,
		civil.month, civil.day, civil.hour, civil.minute, civil.second);
	memcpy(ret, text, S3_DATE_SIZE - 1);
	ret[S3_DATE_SIZE - 1] = '\0';
}

/* All fields that are signed, sorted by name. */
static size_t s3_sign_fields(
	const struct s3_signing *signing, const char *date, struct s3_field ret[S3_SIGN_FIELDS])
{
	struct s3_field always[] = { { "host", signing->host },
		{ "x-amz-content-sha256", signing->payload }, { "x-amz-date", date },
		{ "x-amz-security-token", signing->token } };
	size_t n_always = signing->token && *signing->token ? 4 : 3, a = 0, f = 0, count = 0;
	if (signing->n_fields > S3_SIGN_FIELDS - 4)
		BUG("%zu signed fields", signing->n_fields);
	while (a < n_always || f < signing->n_fields) {
		bool own = f == signing->n_fields ||
			   (a < n_always && strcmp(always[a].name, signing->fields[f].name) < 0);
		ret[count++] = own ? always[a++] : signing->fields[f++];
	}
	return count;
}

static void s3_sign_names(struct strbuf *buffer, const struct s3_field *fields, size_t n_fields)
{
	for (size_t i = 0; i < n_fields; i++)
		strbuf_printf(buffer, "%s%s", i ? ";" : "", fields[i].name);
}

/* Values without blanks at their ends, and runs of blanks as one. */
static void s3_sign_value(struct strbuf *buffer, const char *value)
{
	struct text text = text_trim(text_of(value));
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] != ' ' || text.at[i - 1] != ' ')
			strbuf_add_char(buffer, text.at[i]);
	}
}

/* "Task 1: Create a Canonical Request" */
static void s3_sign_request(const struct s3_signing *signing, const struct s3_field *fields,
	size_t n_fields, struct strbuf *buffer)
{
	strbuf_printf(buffer, "%s\n%s\n", signing->method, signing->path);
	/* A parameter without a value has a '=' all the same. */
	struct text rest = text_of(signing->query), one;
	for (bool first = true; text_split(&rest, '&', &one); first = false) {
		strbuf_add(buffer, first ? "" : "&");
		strbuf_add_bytes(buffer, one.at, one.length);
		if (!memchr(one.at, '=', one.length))
			strbuf_add_char(buffer, '=');
	}
	strbuf_add_char(buffer, '\n');
	for (size_t i = 0; i < n_fields; i++) {
		strbuf_printf(buffer, "%s:", fields[i].name);
		s3_sign_value(buffer, fields[i].value);
		strbuf_add_char(buffer, '\n');
	}
	strbuf_add_char(buffer, '\n');
	s3_sign_names(buffer, fields, n_fields);
	strbuf_printf(buffer, "\n%s", signing->payload);
}

/* "Task 3: Calculate Signature": a chain of HMACs over date, region, service, and what is signed. */
static int s3_sign_chain(const struct s3_signing *signing, const char *date,
	const struct strbuf *to_sign, struct hash *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf first = STRBUF_INIT;
	strbuf_printf(&first, "AWS4%s", signing->secret);
	const struct text steps[] = { { date, 8 }, text_of(signing->region),
		text_of(signing->service), TEXT("aws4_request"),
		{ to_sign->text, to_sign->length } };
	if (strbuf_check(&first, err) < 0 ||
		hmac_sha256(first.text, first.length, steps[0].at, steps[0].length, ret, err) < 0)
		return -err->code;
	for (size_t i = 1; i < sizeof steps / sizeof *steps; i++) {
		struct hash key = *ret;
		if (hmac_sha256(key.bytes, HASH_SIZE, steps[i].at, steps[i].length, ret, err) < 0)
			return -err->code;
	}
	return 0;
}

static int s3_sign_hash(const struct strbuf *text, char ret[HASH_TEXT_SIZE], struct error *err)
{
	AUTO(sha256_release) struct sha256 state = { NULL };
	struct hash hash;
	if (strbuf_check(text, err) < 0 || sha256_init(&state, err) < 0 ||
		sha256_update(&state, text->text, text->length, err) < 0 ||
		sha256_finish(&state, &hash, err) < 0)
		return -err->code;
	hash_format(&hash, ret);
	return 0;
}

int s3_sign(const struct s3_signing *signing, struct strbuf *authorization,
	char ret_date[S3_DATE_SIZE], struct error *err)
{
	AUTO(strbuf_release) struct strbuf request = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf scope = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf to_sign = STRBUF_INIT;
	struct s3_field fields[S3_SIGN_FIELDS];
	char text[HASH_TEXT_SIZE];
	struct hash signature;
	s3_sign_date(signing->now, ret_date);
	size_t n_fields = s3_sign_fields(signing, ret_date, fields);
	s3_sign_request(signing, fields, n_fields, &request);
	strbuf_printf(
		&scope, "%.8s/%s/%s/aws4_request", ret_date, signing->region, signing->service);
	if (s3_sign_hash(&request, text, err) < 0)
		return -err->code;
	/* "Task 2: Create a String to Sign" */
	strbuf_printf(&to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n%s", ret_date, scope.text, text);
	if (strbuf_check(&to_sign, err) < 0 ||
		s3_sign_chain(signing, ret_date, &to_sign, &signature, err) < 0)
		return -err->code;
	hash_format(&signature, text);
	strbuf_printf(authorization,
		"AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=", signing->key, scope.text);
	s3_sign_names(authorization, fields, n_fields);
	strbuf_printf(authorization, ",Signature=%s", text);
	return strbuf_check(authorization, err);
}
