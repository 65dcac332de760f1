#include "unit.h"

#include <string.h>
#include <sys/resource.h>

#include "mlops/store/compress.h"
#include "mlops/store/entry.h"
#include "workfolder.h"

enum { ROW = 140, PIECE = 1 << 20 };

static struct error err;

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void fill_rows(char *rows, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		rows[i] = i % ROW == ROW - 1 ? '\n'
			  : i % 10 == 9      ? ','
					     : (char)('0' + next(&seed) % 10);
}

static void fill_noise(char *bytes, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (char)next(&seed);
}

static char *bytes_make(size_t count)
{
	char *bytes = memory_allocate(count, 1, &err);
	ck_assert_ptr_nonnull(bytes);
	return bytes;
}

static struct compressor *make(void)
{
	struct compressor *compressor;
	ck_assert_int_eq(compressor_make(&compressor, &err), 0);
	return compressor;
}

static void write_bytes(const char *path, const void *bytes, size_t count)
{
	FILE *stream = fopen(path, "wb");
	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(fwrite(bytes, 1, count, stream), count);
	ck_assert_int_eq(fclose(stream), 0);
}

START_TEST(contents_come_back)
{
	AUTO(compressor_free) struct compressor *compressor = make();
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	AUTO_FREE char *content = bytes_make(3 * PIECE);
	AUTO_FREE char *back = bytes_make(3 * PIECE);
	static const size_t sizes[] = { 0, 1, 63, 64, 65, 1000, 65535, 65536, PIECE, 3 * PIECE };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		bool pays;
		strbuf_clear(&payload);
		strbuf_add(&payload, "head");
		fill_rows(content, sizes[i], i);
		ck_assert_int_eq(
			compress_content(compressor, content, sizes[i], &payload, &pays, &err), 0);
		ck_assert(sizes[i] < 64 ? !pays : pays || sizes[i] < 1000);
		ck_assert_int_eq(memcmp(payload.text, "head", 4), 0);
		if (!pays) {
			ck_assert_str_eq(payload.text, "head");
			continue;
		}
		ck_assert_uint_lt(payload.length - 4, sizes[i] / 2 + 100);
		ck_assert_int_eq(compress_decode(compressor, payload.text + 4, payload.length - 4,
					 NULL, 0, back, sizes[i], &err),
			0);
		ck_assert_int_eq(memcmp(back, content, sizes[i]), 0);
	}
}
END_TEST

START_TEST(noise_is_stored)
{
	AUTO(compressor_free) struct compressor *compressor = make();
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	AUTO_FREE char *content = bytes_make(PIECE);
	fill_noise(content, PIECE, 1);
	for (size_t size = 1; size <= PIECE; size = size * 3 + 1) {
		bool pays = true;
		ck_assert_int_eq(
			compress_content(compressor, content, size, &payload, &pays, &err), 0);
		ck_assert(!pays);
		ck_assert_str_eq(payload.text, "");
	}
	/* Noise with text between the samples' places is left alone, by design; half text is not. */
	bool pays;
	fill_rows(content, PIECE / 2, 2);
	ck_assert_int_eq(compress_content(compressor, content, PIECE, &payload, &pays, &err), 0);
	ck_assert(pays && payload.length < PIECE * 3 / 4 + 1000);
}
END_TEST

/* 1 % of the rows get a new number. */
static void edit(char *rows, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count / ROW / 100; i++) {
		uint64_t number = next(&seed) % 100000;
		char *at = rows + next(&seed) % (count / ROW) * ROW + 10 * (next(&seed) % 13);
		for (int digit = 0; digit < 5; digit++, number /= 10)
			at[digit] = (char)('0' + number % 10);
	}
}

START_TEST(a_delta_costs_bytes_by_the_edit)
{
	AUTO(compressor_free) struct compressor *compressor = make();
	AUTO_FREE char *bases = bytes_make((size_t)(ENTRY_BASES * ENTRY_CHUNK_MOST));
	AUTO_FREE char *content = bytes_make(ENTRY_CHUNK_MOST);
	AUTO_FREE char *back = bytes_make(ENTRY_CHUNK_MOST);
	static const struct {
		size_t bases, from, size;
	} cases[] = { { PIECE, 0, PIECE }, { 2 * PIECE, 0, 2 * PIECE }, { 2 * PIECE, 0, PIECE },
		{ 4 * PIECE, 3 * PIECE, PIECE }, { 16 * PIECE, 12 * PIECE, 4 * PIECE },
		{ 100000, 0, 100000 }, { 4000, 0, 4000 } };
	fill_rows(bases, (ENTRY_BASES * ENTRY_CHUNK_MOST), 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
		size_t size = cases[i].size;
		bool pays;
		memcpy(content, bases + cases[i].from, size);
		edit(content, size, i);
		ck_assert_int_eq(compress_delta(compressor, content, size, bases, cases[i].bases,
					 size / 2, &payload, &pays, &err),
			0);
		ck_assert(pays);
		ck_assert_uint_lt(payload.length, 24 * (size / ROW / 100) + 60);
		ck_assert_int_eq(compress_decode(compressor, payload.text, payload.length, bases,
					 cases[i].bases, back, size, &err),
			0);
		ck_assert_int_eq(memcmp(back, content, size), 0);
		/* Beside other bases it gives something else, or an error. */
		bases[cases[i].from + 20] ^= 1;
		ck_assert(compress_decode(compressor, payload.text, payload.length, bases,
				  cases[i].bases, back, size, &err) < 0 ||
			  memcmp(back, content, size) != 0);
		bases[cases[i].from + 20] ^= 1;
	}
}
END_TEST

START_TEST(a_delta_over_its_limit_is_given_up)
{
	AUTO(compressor_free) struct compressor *compressor = make();
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	AUTO_FREE char *base = bytes_make(PIECE);
	AUTO_FREE char *content = bytes_make(PIECE);
	bool pays;
	fill_noise(base, PIECE, 1);
	fill_noise(content, PIECE, 2);
	ck_assert_int_eq(compress_delta(compressor, content, PIECE, base, PIECE, PIECE / 2,
				 &payload, &pays, &err),
		0);
	ck_assert(!pays && payload.length == 0);
	memcpy(content, base, PIECE);
	edit(content, PIECE, 3);
	ck_assert_int_eq(compress_delta(compressor, content, PIECE, base, PIECE, PIECE, &payload,
				 &pays, &err),
		0);
	ck_assert(pays);
	size_t length = payload.length;
	for (size_t limit = length; limit <= length + 1; limit++) {
		strbuf_clear(&payload);
		ck_assert_int_eq(compress_delta(compressor, content, PIECE, base, PIECE, limit,
					 &payload, &pays, &err),
			0);
		ck_assert_int_eq(pays, limit > length);
		ck_assert_uint_eq(payload.length, pays ? length : 0);
	}
	ck_assert_int_eq(
		compress_delta(compressor, content, PIECE, base, PIECE, 0, &payload, &pays, &err),
		0);
	ck_assert(!pays);
}
END_TEST

/* What a context did before must not show. */
START_TEST(bytes_do_not_depend_on_history)
{
	AUTO(compressor_free) struct compressor *used = make();
	AUTO_FREE char *base = bytes_make(2 * PIECE);
	AUTO_FREE char *content = bytes_make(PIECE);
	uint64_t state = 4;
	fill_rows(base, 2 * PIECE, 5);
	for (int round = 0; round < 60; round++) {
		AUTO(compressor_free) struct compressor *fresh = make();
		AUTO(strbuf_release) struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
		size_t size = next(&state) % (next(&state) % 2 ? PIECE : 5000), from;
		size_t n_base = 1 + next(&state) % (2 * PIECE);
		bool pays_a, pays_b;
		from = next(&state) % PIECE;
		memcpy(content, base + from, size);
		edit(content, size, round);
		ck_assert_int_eq(compress_content(used, content, size, &a, &pays_a, &err), 0);
		ck_assert_int_eq(compress_content(fresh, content, size, &b, &pays_b, &err), 0);
		ck_assert(pays_a == pays_b && a.length == b.length &&
			  !memcmp(a.text, b.text, a.length));
		/* A limit now and then stops the used one halfway. */
		ck_assert_int_eq(
			compress_delta(used, content, size, base, n_base, 50, &a, &pays_a, &err),
			0);
		strbuf_clear(&a);
		strbuf_clear(&b);
		ck_assert_int_eq(compress_delta(used, content, size, base, n_base, size + 1, &a,
					 &pays_a, &err),
			0);
		ck_assert_int_eq(compress_delta(fresh, content, size, base, n_base, size + 1, &b,
					 &pays_b, &err),
			0);
		ck_assert(pays_a == pays_b && a.length == b.length &&
			  !memcmp(a.text, b.text, a.length));
	}
}
END_TEST

START_TEST(damage_is_noticed_within_bounds)
{
	AUTO(compressor_free) struct compressor *compressor = make();
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	enum { SIZE = 3000 };
	char content[SIZE], back[SIZE + 64];
	bool pays;
	fill_rows(content, SIZE, 1);
	ck_assert_int_eq(compress_content(compressor, content, SIZE, &payload, &pays, &err), 0);
	ck_assert(pays);
	for (size_t length = 0; length < payload.length; length++)
		ck_assert_int_eq(compress_decode(compressor, payload.text, length, NULL, 0, back,
					 SIZE, &err),
			-ERROR_CORRUPT);
	ck_assert_int_eq(compress_decode(compressor, payload.text, payload.length, NULL, 0, back,
				 SIZE - 1, &err),
		-ERROR_CORRUPT);
	ck_assert_int_eq(compress_decode(compressor, payload.text, payload.length, NULL, 0, back,
				 SIZE + 1, &err),
		-ERROR_CORRUPT);
	for (size_t bit = 0; bit < payload.length * 8; bit++) {
		memset(back + SIZE, 'x', 64);
		payload.text[bit / 8] ^= (char)(1 << bit % 8);
		int code = compress_decode(
			compressor, payload.text, payload.length, NULL, 0, back, SIZE, &err);
		payload.text[bit / 8] ^= (char)(1 << bit % 8);
		ck_assert(code == 0 || code == -ERROR_CORRUPT);
		for (int i = 0; i < 64; i++)
			ck_assert_int_eq(back[SIZE + i], 'x');
	}
	/* Two frames, a skippable one, something behind: not what we write. */
	size_t one = payload.length;
	strbuf_add_bytes(&payload, content, 1);
	ck_assert_int_eq(compress_decode(compressor, payload.text, payload.length, NULL, 0, back,
				 SIZE, &err),
		-ERROR_CORRUPT);
	strbuf_truncate(&payload, one);
	strbuf_add_bytes(&payload, "\x50\x2a\x4d\x18\1\0\0\0x", 9);
	ck_assert_int_eq(compress_decode(compressor, payload.text, payload.length, NULL, 0, back,
				 SIZE, &err),
		-ERROR_CORRUPT);
	ck_assert_int_eq(compress_decode(compressor, payload.text + one, 9, NULL, 0, back, 0, &err),
		-ERROR_CORRUPT);
}
END_TEST

static bool have_zstd(void)
{
	bool have = system("command -v zstd > none") == 0;
	if (!have)
		fprintf(stderr, "# no zstd tool: not compared with it\n");
	return have;
}

START_TEST(the_zstd_tool_reads_and_writes_the_same)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(compressor_free) struct compressor *compressor = make();
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	AUTO_FREE char *base = bytes_make(2 * PIECE);
	AUTO_FREE char *content = bytes_make(PIECE);
	AUTO_FREE char *back = bytes_make(PIECE);
	bool pays;
	if (!have_zstd())
		return;
	fill_rows(base, 2 * PIECE, 1);
	memcpy(content, base + PIECE / 2, PIECE);
	edit(content, PIECE, 2);
	write_bytes("content", content, PIECE);
	write_bytes("base", base, 2 * PIECE);
	ck_assert_int_eq(compress_content(compressor, content, PIECE, &payload, &pays, &err), 0);
	write_bytes("payload.zst", payload.text, payload.length);
	ck_assert_int_eq(system("zstd -q -d payload.zst -o a && cmp a content"), 0);
	strbuf_clear(&payload);
	ck_assert_int_eq(compress_delta(compressor, content, PIECE, base, 2 * PIECE, PIECE,
				 &payload, &pays, &err),
		0);
	write_bytes("delta.zst", payload.text, payload.length);
	ck_assert_int_eq(system("zstd -q -d --patch-from=base delta.zst -o b && cmp b content"), 0);
	/* And its frames, with content size and check sum, are read here. */
	ck_assert_int_eq(system("zstd -q -5 --patch-from=base content -o c.zst"), 0);
	strbuf_clear(&payload);
	ck_assert_int_eq(file_read("c.zst", 0, &payload, &err), 0);
	ck_assert_int_eq(compress_decode(compressor, payload.text, payload.length, base, 2 * PIECE,
				 back, PIECE, &err),
		0);
	ck_assert_int_eq(memcmp(back, content, PIECE), 0);
}
END_TEST

START_TEST(a_bomb_takes_no_memory)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(compressor_free) struct compressor *compressor = make();
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	struct rusage before, after;
	char back[1000];
	if (!have_zstd())
		return;
	/* 1 GiB of zeros behind a window of 1 GiB, its size said and not said. */
	ck_assert_int_eq(system("head -c 1073741824 /dev/zero | zstd -q -1 --long=30 > bomb"), 0);
	ck_assert_int_eq(file_read("bomb", 0, &payload, &err), 0);
	getrusage(RUSAGE_SELF, &before);
	ck_assert_int_eq(compress_decode(compressor, payload.text, payload.length, NULL, 0, back,
				 sizeof back, &err),
		-ERROR_CORRUPT);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 8 << 10);
}
END_TEST

UNIT_MAIN("store/compress", contents_come_back, noise_is_stored, a_delta_costs_bytes_by_the_edit,
	a_delta_over_its_limit_is_given_up, bytes_do_not_depend_on_history,
	damage_is_noticed_within_bounds, the_zstd_tool_reads_and_writes_the_same,
	a_bomb_takes_no_memory)
