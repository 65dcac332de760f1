#include "unit.h"

#include "mlops/system/hash.h"
#include "workfolder.h"

static struct error err;

/*
 * The lengths of the published test vectors (test_vectors.json of BLAKE3, input byte i is i mod
 * 251) and some larger ones, with what b3sum 1.2 says.
 */
static const struct {
	size_t length;
	const char *hash;
} vectors[] = {
	{ 0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" },
	{ 1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213" },
	{ 2, "7b7015bb92cf0b318037702a6cdd81dee41224f734684c2c122cd6359cb1ee63" },
	{ 3, "e1be4d7a8ab5560aa4199eea339849ba8e293d55ca0a81006726d184519e647f" },
	{ 4, "f30f5ab28fe047904037f77b6da4fea1e27241c5d132638d8bedce9d40494f32" },
	{ 5, "b40b44dfd97e7a84a996a91af8b85188c66c126940ba7aad2e7ae6b385402aa2" },
	{ 6, "06c4e8ffb6872fad96f9aaca5eee1553eb62aed0ad7198cef42e87f6a616c844" },
	{ 7, "3f8770f387faad08faa9d8414e9f449ac68e6ff0417f673f602a646a891419fe" },
	{ 8, "2351207d04fc16ade43ccab08600939c7c1fa70a5c0aaca76063d04c3228eaeb" },
	{ 63, "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b" },
	{ 64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98" },
	{ 65, "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee" },
	{ 127, "d81293fda863f008c09e92fc382a81f5a0b4a1251cba1634016a0f86a6bd640d" },
	{ 128, "f17e570564b26578c33bb7f44643f539624b05df1a76c81f30acd548c44b45ef" },
	{ 129, "683aaae9f3c5ba37eaaf072aed0f9e30bac0865137bae68b1fde4ca2aebdcb12" },
	{ 1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11" },
	{ 1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7" },
	{ 1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444" },
	{ 2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a" },
	{ 2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030" },
	{ 3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2" },
	{ 3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3" },
	{ 4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969" },
	{ 4097, "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995" },
	{ 5120, "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833" },
	{ 5121, "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff" },
	{ 6144, "3e2e5b74e048f3add6d21faab3f83aa44d3b2278afb83b80b3c35164ebeca205" },
	{ 6145, "f1323a8631446cc50536a9f705ee5cb619424d46887f3c376c695b70e0f0507f" },
	{ 7168, "61da957ec2499a95d6b8023e2b0e604ec7f6b50e80a9678b89d2628e99ada77a" },
	{ 7169, "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817" },
	{ 8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63" },
	{ 8193, "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b" },
	{ 16384, "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4" },
	{ 31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47" },
	{ 102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085" },
	{ 1048576, "74cb441fd087764ca9c3694da742ebe30cbeb3060a17009ca81825c7a8d10343" },
	{ 1048577, "2f053cd7472cf0cd2f9adaf45c1180255b91b9a865404a63671a0ee5f792ed33" },
	{ 2097152, "96fbba37478c16b7614c890b26832f67b541cf14e69ab8ebf0c739818588c9f1" },
	{ 2097153, "52dc212cb4cc61cb94d25bd7b1d47b256e4c3a6d68956df50c235c37a2aeacd7" },
	{ 3145727, "4e1b42bb1c3ce9404dc03c087a533eafa7b948ed328cb6ac23eed1aeb63fc6a7" },
	{ 5242887, "4ad8fff7183fb6486dc1a2d368d5bd3daa4f8fca845648ec36b78934559989cd" },
	{ 7340155, "f8d5312bbe115ecf89043e089eb49cdf679d833415703293316d92839655cab0" },
};
enum { VECTORS = sizeof vectors / sizeof *vectors, LONGEST = 7 * 1024 * 1024 + 123 };

/* Every way through the code that this machine can run. */
static const char *const levels[] = { "portable", "avx2", "avx512" };
enum { LEVELS = sizeof levels / sizeof *levels };

static unsigned char *input(void)
{
	unsigned char *bytes = malloc(LONGEST);
	for (size_t i = 0; i < LONGEST; i++)
		bytes[i] = (unsigned char)(i % 251);
	return bytes;
}

static void assert_hash(const struct hash *hash, const char *expected)
{
	char text[HASH_TEXT_SIZE];
	hash_format(hash, text);
	ck_assert_str_eq(text, expected);
}

START_TEST(vectors_hold_on_every_path)
{
	unsigned char *bytes = input();
	for (int level = 0; level < LEVELS; level++) {
		setenv("MLOPS_CPU", levels[level], 1);
		for (size_t i = 0; i < VECTORS; i++) {
			struct hash hash;
			hash_bytes(bytes, vectors[i].length, &hash);
			assert_hash(&hash, vectors[i].hash);
		}
	}
	free(bytes);
}
END_TEST

/*
 * b3sum's hash of the joined hexadecimal hashes of all lengths 0 to 4999 and every 97th from 5000
 * below 102400.
 */
START_TEST(thousands_of_lengths_agree_with_b3sum)
{
	unsigned char *bytes = input();
	for (int level = 0; level < LEVELS; level++) {
		struct blake3 all;
		struct hash hash;
		char text[HASH_TEXT_SIZE];
		setenv("MLOPS_CPU", levels[level], 1);
		blake3_init(&all);
		for (size_t length = 0; length < 102400; length += length < 5000 ? 1 : 97) {
			hash_bytes(bytes, length, &hash);
			hash_format(&hash, text);
			blake3_update(&all, text, HASH_TEXT_SIZE - 1);
		}
		blake3_finish(&all, &hash);
		assert_hash(
			&hash, "7825bd191a92f3251f0790a4353dd138ad488265a24ff56358657825766ca97a");
	}
	free(bytes);
}
END_TEST

START_TEST(pieces_give_the_same)
{
	unsigned char *bytes = input();
	uint32_t random = 1;
	for (size_t i = 0; i < VECTORS; i++) {
		struct blake3 state;
		struct hash hash, again;
		size_t most = i % 3 == 0 ? 3000 : i % 3 == 1 ? 70 : 3000000;
		blake3_init(&state);
		for (size_t at = 0; at < vectors[i].length;) {
			random = random * 1664525 + 1013904223;
			size_t piece = (random >> 8) % most;
			if (piece > vectors[i].length - at)
				piece = vectors[i].length - at;
			blake3_update(&state, bytes + at, piece);
			at += piece;
			if (random >> 28 == 0)
				blake3_finish(&state, &hash); /* changes nothing */
		}
		blake3_finish(&state, &hash);
		assert_hash(&hash, vectors[i].hash);
		blake3_finish(&state, &again);
		ck_assert(hash_equal(&hash, &again));
	}
	free(bytes);
}
END_TEST

/* Parts that are prepared apart, cut anywhere and at round places, last one first. */
START_TEST(parts_give_the_same)
{
	enum { MOST = 4096 };
	unsigned char *bytes = input();
	struct blake3_part *parts = malloc(MOST * sizeof *parts);
	uint32_t random = 7;
	for (size_t round = 0; round < 6 * VECTORS; round++) {
		size_t length = vectors[round / 6].length, at[MOST + 1], n = 0;
		static const size_t most[] = { 900, 3000, 70000, 1u << 20, 4u << 20, 4u << 20 };
		struct blake3 state;
		struct hash hash;
		for (at[0] = 0; at[n] < length; n++) {
			random = random * 1664525 + 1013904223;
			size_t piece = round % 6 == 5 ? 4u << 20 : (random >> 8) % most[round % 6];
			piece = random >> 30 ? piece : (piece + 1023) / 1024 * 1024;
			piece = n + 4 > MOST || piece > length - at[n] ? length - at[n] : piece;
			piece = piece > BLAKE3_PART_MOST ? BLAKE3_PART_MOST : piece;
			ck_assert_uint_lt(n, MOST);
			at[n + 1] = at[n] + piece;
		}
		setenv("MLOPS_CPU", levels[round % LEVELS], 1);
		for (size_t i = n; i-- > 0;)
			blake3_part(at[i], bytes + at[i], at[i + 1] - at[i], &parts[i]);
		blake3_init(&state);
		for (size_t i = 0; i < n; i++)
			blake3_join(&state, &parts[i]);
		blake3_finish(&state, &hash);
		assert_hash(&hash, vectors[round / 6].hash);
	}
	free(parts);
	free(bytes);
}
END_TEST

START_TEST(threads_give_the_same)
{
	unsigned char *bytes = input();
	for (size_t threads = 1; threads <= 8; threads++) {
		for (size_t i = 0; i < VECTORS; i++) {
			struct hash hash;
			ck_assert_int_eq(
				hash_bytes_parallel(bytes, vectors[i].length, threads, &hash, &err),
				0);
			assert_hash(&hash, vectors[i].hash);
		}
	}
	free(bytes);
}
END_TEST

START_TEST(files)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	unsigned char *bytes = input();
	struct hash hash;
	uint64_t size;
	for (size_t i = 0; i < VECTORS; i++) {
		FILE *file = fopen("f", "w");
		ck_assert_uint_eq(fwrite(bytes, 1, vectors[i].length, file), vectors[i].length);
		ck_assert_int_eq(fclose(file), 0);
		ck_assert_int_eq(hash_file("f", &hash, &size, &err), 0);
		ck_assert_uint_eq(size, vectors[i].length);
		assert_hash(&hash, vectors[i].hash);
	}
	ck_assert_int_eq(hash_file("/dev/null", &hash, &size, &err), 0);
	assert_hash(&hash, vectors[0].hash);
	ck_assert_int_eq(hash_file("absent", &hash, &size, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(hash_file(".", &hash, &size, &err), -ERROR_IO);
	free(bytes);
}
END_TEST

/* Chunk counters beyond 32 bits, against the portable path of the same code. */
START_TEST(counters_carry_over)
{
	unsigned char *bytes = input();
	struct hash first, hash;
	for (int level = 0; level < LEVELS; level++) {
		struct blake3 state;
		setenv("MLOPS_CPU", levels[level], 1);
		blake3_init(&state);
		state.n_chunks = (1ull << 32) - 1024; /* as if 4 TiB less 1 MiB had been read */
		state.depth = 22;
		memset(state.stack, 1, sizeof state.stack);
		for (size_t at = 0; at < 2u << 20; at += 3 << 10)
			blake3_update(&state, bytes + at, 3 << 10);
		blake3_finish(&state, level ? &hash : &first);
		ck_assert(!level || hash_equal(&first, &hash));
	}
	free(bytes);
}
END_TEST

START_TEST(text_of_hashes)
{
	struct hash hash, parsed;
	char text[HASH_TEXT_SIZE];
	hash_bytes("x", 1, &hash);
	hash_format(&hash, text);
	ck_assert(hash_parse(text_of(text), &parsed) && hash_equal(&hash, &parsed));
	ck_assert_int_eq(hash_compare(&hash, &parsed), 0);
	parsed.bytes[31]++;
	ck_assert_int_lt(hash_compare(&hash, &parsed), 0);
	parsed = hash;
	ck_assert(!hash_parse((struct text){ text, 63 }, &parsed));
	text[5] = 'A';
	ck_assert(!hash_parse(text_of(text), &parsed));
	text[5] = 'g';
	ck_assert(!hash_parse(text_of(text), &parsed) && hash_equal(&hash, &parsed));
}
END_TEST

/* FIPS 180-4's examples. */
START_TEST(sha256)
{
	AUTO(sha256_release) struct sha256 state = { NULL };
	struct hash hash;
	ck_assert_int_eq(sha256_init(&state, &err), 0);
	ck_assert_int_eq(sha256_update(&state, "ab", 2, &err), 0);
	ck_assert_int_eq(sha256_update(&state, "c", 1, &err), 0);
	ck_assert_int_eq(sha256_finish(&state, &hash, &err), 0);
	assert_hash(&hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_release(&state);
	ck_assert_int_eq(sha256_init(&state, &err), 0);
	ck_assert_int_eq(sha256_finish(&state, &hash, &err), 0);
	assert_hash(&hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

/* RFC 4231, test cases 1, 2 and 6. */
START_TEST(hmac_sha256_of_the_rfc)
{
	unsigned char key[131];
	struct hash hash;
	memset(key, 0x0b, sizeof key);
	ck_assert_int_eq(hmac_sha256(key, 20, "Hi There", 8, &hash, &err), 0);
	assert_hash(&hash, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	ck_assert_int_eq(
		hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, &hash, &err), 0);
	assert_hash(&hash, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	ck_assert_int_eq(
		hmac_sha256(key, sizeof key,
			"Test Using Larger Than Block-Size Key - Hash Key First", 54, &hash, &err),
		0);
	assert_hash(&hash, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

UNIT_MAIN("system/hash", vectors_hold_on_every_path, thousands_of_lengths_agree_with_b3sum,
	pieces_give_the_same, parts_give_the_same, threads_give_the_same, files,
	counters_carry_over, text_of_hashes, sha256, hmac_sha256_of_the_rfc)
