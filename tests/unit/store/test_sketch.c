#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "mlops/base/memory.h"
#include "mlops/store/sketch.h"

#include "store/sketch_internal.h"

enum { CHUNK = 1 << 20, ROW = 140, CHUNKS = 12 };

static struct error err;

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Rows of digits and commas, without long repeats. */
static void fill_rows(char *rows, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		rows[i] = i % ROW == ROW - 1 ? '\n'
			  : i % 10 == 9      ? ','
					     : (char)('0' + next(&seed) % 10);
}

static char *rows_make(size_t count, uint64_t seed)
{
	char *rows = memory_allocate(count, 1, &err);
	ck_assert_ptr_nonnull(rows);
	fill_rows(rows, count, seed);
	return rows;
}

static int equal(const struct sketch *a, const struct sketch *b)
{
	int n = 0;
	for (int k = 0; k < SKETCH_FEATURES; k++)
		n += a->features[k] == b->features[k];
	return n;
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

START_TEST(every_level_samples_the_same)
{
#if defined(__x86_64__)
	enum { COUNT = 10000 };
	AUTO_FREE char *rows = rows_make(COUNT + 64, 1);
	uint32_t plain[COUNT], fast[COUNT];
	uint64_t state = 2;
	if (!__builtin_cpu_supports("avx2"))
		return;
	for (int round = 0; round < 300; round++) {
		size_t from = next(&state) % 33, count = next(&state) % (COUNT - 33);
		if (round == 150) /* from here on, any bytes */
			for (size_t i = 0; i < COUNT + 64; i++)
				rows[i] = (char)next(&state);
		const unsigned char *at = (const unsigned char *)rows + from;
		size_t n = sketch_sample_portable(at, count, plain);
		ck_assert_uint_eq(sketch_sample_avx2(at, count, fast), n);
		qsort(fast, n, sizeof *fast, compare);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(fast[i], plain[i]);
		ck_assert(count < 5000 || (n > count / 512 && n < count / 128));
	}
#endif
}
END_TEST

START_TEST(a_sketch_is_written_and_read)
{
	AUTO_FREE char *rows = rows_make(CHUNK, 3);
	unsigned char bytes[SKETCH_SIZE];
	struct sketch sketch, again;
	sketch_make(rows, CHUNK, &sketch);
	sketch_write(&sketch, bytes);
	ck_assert_uint_eq(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24,
		sketch.features[0]);
	sketch_read(bytes, &again);
	ck_assert_int_eq(equal(&sketch, &again), SKETCH_FEATURES);
	/* Less than a window has no features; nor do two such resemble each other. */
	size_t chosen[SKETCH_BASES];
	AUTO(sketch_index_free) struct sketch_index *index = NULL;
	sketch_make(rows, 31, &sketch);
	for (int k = 0; k < SKETCH_FEATURES; k++)
		ck_assert_uint_eq(sketch.features[k], UINT32_MAX);
	ck_assert_int_eq(sketch_index_make(&sketch, 1, &index, &err), 0);
	ck_assert_uint_eq(sketch_choose(index, &sketch, 0, chosen), 0);
}
END_TEST

/* Jaccard's index of the windows is about 1 - edits × (window + edit) / bytes. */
START_TEST(edited_chunks_keep_their_features)
{
	AUTO_FREE char *old = rows_make(CHUNK, 4);
	AUTO_FREE char *new = rows_make(CHUNK, 4);
	uint64_t state = 5;
	int same = 0, rounds = 40;
	struct sketch a, b;
	sketch_make(old, CHUNK, &a);
	for (int round = 0; round < rounds; round++) {
		memcpy(new, old, CHUNK);
		for (int edit = 0; edit < CHUNK / ROW / 100; edit++)
			fill_rows(new + next(&state) % (CHUNK / ROW) * ROW + 10, 5, next(&state));
		sketch_make(new, CHUNK, &b);
		same += equal(&a, &b);
	}
	ck_assert_int_gt(same, rounds * SKETCH_FEATURES * 95 / 100);
	fill_rows(new, CHUNK, 6);
	sketch_make(new, CHUNK, &b);
	ck_assert_int_eq(equal(&a, &b), 0);
}
END_TEST

struct version {
	char *rows;
	struct sketch_index *index;
};

/* CHUNKS chunks of CHUNK / 4 bytes. */
static struct version version_make(void)
{
	struct version version;
	struct sketch sketches[CHUNKS];
	version.rows = rows_make(CHUNKS * (CHUNK / 4), 7);
	for (size_t i = 0; i < CHUNKS; i++)
		sketch_make(version.rows + i * (CHUNK / 4), CHUNK / 4, &sketches[i]);
	ck_assert_int_eq(sketch_index_make(sketches, CHUNKS, &version.index, &err), 0);
	return version;
}

static void version_release(struct version *version)
{
	memory_free(version->rows);
	sketch_index_free(version->index);
}
AUTO_RELEASE(struct version, version_release)

START_TEST(counterparts_are_found_wherever_they_are)
{
	AUTO(version_release) struct version version = version_make();
	size_t chosen[SKETCH_BASES];
	struct sketch sketch;
	for (size_t i = 0; i < CHUNKS; i++) {
		sketch_make(version.rows + i * (CHUNK / 4), CHUNK / 4, &sketch);
		for (size_t near = 0; near < CHUNKS + 3; near++) {
			ck_assert_uint_eq(sketch_choose(version.index, &sketch, near, chosen), 1);
			ck_assert_uint_eq(chosen[0], i);
		}
	}
	AUTO_FREE char *other = rows_make(CHUNK, 8);
	sketch_make(other, CHUNK, &sketch);
	ck_assert_uint_eq(sketch_choose(version.index, &sketch, 0, chosen), 0);
}
END_TEST

START_TEST(a_merged_chunk_finds_both_halves)
{
	AUTO(version_release) struct version version = version_make();
	size_t chosen[SKETCH_BASES], both = 0;
	for (size_t i = 0; i + 1 < CHUNKS; i++) {
		struct sketch sketch;
		sketch_make(version.rows + i * (CHUNK / 4), CHUNK / 2, &sketch);
		size_t n = sketch_choose(version.index, &sketch, i, chosen);
		ck_assert(n == 1 || n == 2);
		ck_assert(chosen[0] == i || chosen[0] == i + 1);
		ck_assert(n == 1 || chosen[1] == i + 1);
		both += n == 2;
	}
	/* A half has none of the features with probability 2^-16. */
	ck_assert_uint_ge(both, CHUNKS - 2);
	/* Six into one: four of them, ascending. */
	struct sketch sketch;
	sketch_make(version.rows + 3 * (CHUNK / 4), 6 * (CHUNK / 4), &sketch);
	size_t n = sketch_choose(version.index, &sketch, 0, chosen);
	ck_assert_uint_eq(n, SKETCH_BASES);
	for (size_t i = 0; i < n; i++)
		ck_assert(chosen[i] >= 3 && chosen[i] < 9 && (!i || chosen[i] > chosen[i - 1]));
}
END_TEST

START_TEST(of_equal_chunks_the_nearest_is_chosen)
{
	enum { COUNT = 100 };
	struct sketch sketches[COUNT];
	AUTO_FREE char *rows = rows_make(CHUNK, 9);
	AUTO(sketch_index_free) struct sketch_index *index = NULL;
	for (size_t i = 0; i < COUNT; i++)
		sketch_make(rows, CHUNK, &sketches[i]);
	ck_assert_int_eq(sketch_index_make(sketches, COUNT, &index, &err), 0);
	for (size_t near = 0; near < COUNT + 20; near += 7) {
		size_t chosen[SKETCH_BASES];
		ck_assert_uint_eq(sketch_choose(index, &sketches[0], near, chosen), 1);
		ck_assert_uint_eq(chosen[0], near < COUNT ? near : COUNT - 1);
	}
}
END_TEST

UNIT_MAIN("store/sketch", every_level_samples_the_same, a_sketch_is_written_and_read,
	edited_chunks_keep_their_features, counterparts_are_found_wherever_they_are,
	a_merged_chunk_finds_both_halves, of_equal_chunks_the_nearest_is_chosen)
