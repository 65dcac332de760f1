#include "unit.h"

#include "mlops/base/clock.h"
#include "transfer/s3_sign_internal.h"

/*
 * The four examples of "Authenticating Requests: Using the Authorization Header" in the Amazon S3
 * API reference, with the signatures that it states.
 */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct s3_field range[] = { { "range", "bytes=0-9" } };
static const struct s3_field storage[] = { { "date", "Fri, 24 May 2013 00:00:00 GMT" },
	{ "x-amz-storage-class", "REDUCED_REDUNDANCY" } };

static const struct {
	const char *method, *path, *query, *payload, *token;
	const struct s3_field *fields;
	size_t n_fields;
	const char *names, *signature;
} examples[] = {
	{ "GET", "/test.txt", "", EMPTY, NULL, range, 1,
		"host;range;x-amz-content-sha256;x-amz-date",
		"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
	{ "PUT", "/test%24file.text", "",
		"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072", NULL, storage,
		2, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
		"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
	{ "GET", "/", "lifecycle", EMPTY, NULL, NULL, 0, "host;x-amz-content-sha256;x-amz-date",
		"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
	{ "GET", "/", "max-keys=2&prefix=J", EMPTY, NULL, NULL, 0,
		"host;x-amz-content-sha256;x-amz-date",
		"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
};

START_TEST(signatures_are_those_of_the_reference)
{
	struct error err = ERROR_INIT;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		AUTO(strbuf_release) struct strbuf got = STRBUF_INIT, expected = STRBUF_INIT;
		char date[S3_DATE_SIZE];
		struct s3_signing signing = {
			.key = "AKIAIOSFODNN7EXAMPLE",
			.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
			.token = examples[i].token,
			.region = "us-east-1",
			.service = "s3",
			.method = examples[i].method,
			.host = "examplebucket.s3.amazonaws.com",
			.path = examples[i].path,
			.query = examples[i].query,
			.payload = examples[i].payload,
			.fields = examples[i].fields,
			.n_fields = examples[i].n_fields,
		};
		ck_assert(clock_parse(TEXT("2013-05-24T00:00:00Z"), &signing.now));
		ck_assert_int_eq(s3_sign(&signing, &got, date, &err), 0);
		strbuf_printf(&expected,
			"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
			"aws4_request,SignedHeaders=%s,Signature=%s",
			examples[i].names, examples[i].signature);
		ck_assert_str_eq(got.text, expected.text);
		ck_assert_str_eq(date, "20130524T000000Z");
	}
}
END_TEST

UNIT_MAIN("transfer/s3_sign", signatures_are_those_of_the_reference)
