#include "unit.h"

#include "mlops/system/hash.h"

static struct error err;

/* The test suite of RFC 1321, A.5. */
static const struct {
	const char *text, *digest;
} vectors[] = {
	{ "", "d41d8cd98f00b204e9800998ecf8427e" },
	{ "a", "0cc175b9c0f1b6a831c399e269772661" },
	{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
	{ "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
	{ "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b" },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
		"d174ab98d277d9f5a5611c2c9f419d9f" },
	{ "1234567890123456789012345678901234567890123456789012345678901234567890"
	  "1234567890",
		"57edf4a22be3c955ac49da2e2107b67a" },
};

START_TEST(md5_follows_the_vectors_in_pieces)
{
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		AUTO(md5_release) struct md5 state = { .context = NULL };
		struct md5_digest digest, parsed;
		char text[MD5_TEXT_SIZE];
		struct text input = text_of(vectors[i].text);
		ck_assert_int_eq(md5_init(&state, &err), 0);
		for (size_t at = 0; at < input.length; at++)
			ck_assert_int_eq(md5_update(&state, input.at + at, 1, &err), 0);
		ck_assert_int_eq(md5_finish(&state, &digest, &err), 0);
		md5_format(&digest, text);
		ck_assert_str_eq(text, vectors[i].digest);
		ck_assert(md5_parse(text_of(text), &parsed));
		ck_assert(md5_equal(&parsed, &digest));
		parsed.bytes[MD5_SIZE - 1] ^= 1;
		ck_assert(!md5_equal(&parsed, &digest));
	}
}
END_TEST

START_TEST(md5_parse_is_strict)
{
	struct md5_digest digest;
	ck_assert(md5_parse(TEXT("d41d8cd98f00b204e9800998ecf8427e"), &digest));
	ck_assert(!md5_parse(TEXT("D41d8cd98f00b204e9800998ecf8427e"), &digest));
	ck_assert(!md5_parse(TEXT("d41d8cd98f00b204e9800998ecf8427"), &digest));
	ck_assert(!md5_parse(TEXT("d41d8cd98f00b204e9800998ecf8427e.dir"), &digest));
	ck_assert(!md5_parse(TEXT("d41d8cd98f00b204e9800998ecf8427\0"), &digest));
	ck_assert(!md5_parse(TEXT("../d8cd98f00b204e9800998ecf8427e"), &digest));
}
END_TEST

UNIT_MAIN("system/md5", md5_follows_the_vectors_in_pieces, md5_parse_is_strict)
