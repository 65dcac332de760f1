#include "unit.h"

#include <string.h>

#include "mlops/base/memory.h"
#include "mlops/store/chunk.h"
#include "mlops/store/entry.h"

enum { SIZE = 24 << 20, MOST_CUTS = SIZE / CHUNK_LEAST + 1 };

static struct error err;

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t next(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(*state);
}

static unsigned char *noise(size_t count, uint64_t seed)
{
	unsigned char *bytes = memory_allocate(count + 8, 1, &err);
	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < count; i += 8) {
		uint64_t word = next(&seed);
		memcpy(bytes + i, &word, 8);
	}
	return bytes;
}

static size_t cut_all(const unsigned char *bytes, size_t count, size_t *lengths)
{
	size_t n = 0;
	for (size_t at = 0; at < count; at += lengths[n++]) {
		ck_assert_uint_lt(n, MOST_CUTS);
		size_t left = count - at;
		lengths[n] = chunk_length(bytes + at, left > CHUNK_MOST ? CHUNK_MOST : left);
		ck_assert_uint_gt(lengths[n], 0);
	}
	return n;
}

/* The rule as mlops-store(5) says it, a byte at a time, the hash from its definition. */
static size_t slow_length(const unsigned char *bytes, size_t count)
{
	for (size_t length = CHUNK_LEAST + 1; length <= count && length < CHUNK_MOST; length++) {
		uint64_t hash = 0;
		size_t window = length - CHUNK_LEAST < 63 ? length - CHUNK_LEAST : 63;
		for (size_t k = 0; k < window; k++)
			hash += mix((bytes[length - 1 - k] + UINT64_C(1)) *
					UINT64_C(0x9e3779b97f4a7c15))
				<< k;
		int bits = length <= CHUNK_AVERAGE ? 22 : 18;
		if (!(hash << 1 >> (64 - bits)))
			return length;
	}
	return count < CHUNK_MOST ? count : CHUNK_MOST;
}

START_TEST(cuts_are_those_of_the_rule)
{
	AUTO_FREE unsigned char *bytes = noise(4 << 20, 11);
	for (size_t at = 0; at < 4 << 20;) {
		size_t length = chunk_length(bytes + at, (4 << 20) - at);
		ck_assert_uint_eq(length, slow_length(bytes + at, (4 << 20) - at));
		at += length;
	}
	/* Text, where bytes repeat. */
	for (size_t i = 0; i < 4 << 20; i++)
		bytes[i] = (unsigned char)"0123456789,\n.e-"[bytes[i] % 15];
	ck_assert_uint_eq(chunk_length(bytes, 4 << 20), slow_length(bytes, 4 << 20));
}
END_TEST

START_TEST(pieces_of_any_size_give_the_same_cuts)
{
	AUTO_FREE unsigned char *bytes = noise(SIZE, 3);
	size_t lengths[MOST_CUTS], n = cut_all(bytes, SIZE, lengths);
	static const size_t most[] = { 1 << 20, 65537, 4096, 97 };
	for (size_t m = 0; m < sizeof most / sizeof *most; m++) {
		struct chunker chunker = CHUNKER_INIT;
		uint64_t state = m;
		size_t chunk = 0, length = 0, size = most[m] == 97 ? SIZE / 8 : SIZE;
		for (size_t at = 0; at < size;) {
			size_t piece = 1 + next(&state) % most[m];
			bool cut;
			piece = piece < size - at ? piece : size - at;
			size_t taken = chunker_feed(&chunker, bytes + at, piece, &cut);
			ck_assert(cut ? taken <= piece : taken == piece);
			at += taken;
			length += taken;
			if (cut) {
				ck_assert_uint_eq(length, lengths[chunk]);
				chunk++;
				length = 0;
			}
		}
		ck_assert(size < SIZE || chunk + (length > 0) == n);
	}
}
END_TEST

START_TEST(lengths_keep_their_bounds)
{
	AUTO_FREE unsigned char *bytes = noise(SIZE, 5);
	size_t lengths[MOST_CUTS], n = cut_all(bytes, SIZE, lengths);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_le(lengths[i], CHUNK_MOST);
		ck_assert(lengths[i] > CHUNK_LEAST || i + 1 == n);
	}
	ck_assert_uint_gt(SIZE / n, CHUNK_AVERAGE * 3 / 4);
	ck_assert_uint_lt(SIZE / n, CHUNK_AVERAGE * 3 / 2);
	ck_assert_int_le(CHUNK_MOST, ENTRY_CHUNK_MOST);
	/* Nothing to cut at: the longest chunks, whatever the byte. */
	for (int byte = 0; byte < 256; byte += 51) {
		memset(bytes, byte, CHUNK_MOST + 10);
		size_t length = chunk_length(bytes, CHUNK_MOST + 10);
		ck_assert_uint_eq(length, slow_length(bytes, CHUNK_MOST + 10));
	}
	for (size_t count = 0; count <= CHUNK_LEAST; count += 4096)
		ck_assert_uint_eq(chunk_length(bytes, count), count);
}
END_TEST

/* How many bytes of b are in chunks that a has too. */
static size_t shared(const unsigned char *a, size_t n_a, const unsigned char *b, size_t n_b)
{
	size_t of_a[MOST_CUTS], of_b[MOST_CUTS], same = 0;
	size_t k_a = cut_all(a, n_a, of_a), k_b = cut_all(b, n_b, of_b), at = 0;
	for (size_t j = 0; j < k_b; at += of_b[j++])
		for (size_t i = 0, from = 0; i < k_a; from += of_a[i++])
			if (of_a[i] == of_b[j] && !memcmp(a + from, b + at, of_a[i])) {
				same += of_a[i];
				break;
			}
	return same;
}

START_TEST(an_insertion_moves_the_cuts_near_it_only)
{
	enum { OLD = 20 << 20 };
	AUTO_FREE unsigned char *old = noise(OLD, 7);
	AUTO_FREE unsigned char *new = noise(SIZE, 8);
	uint64_t state = 9;
	for (int round = 0; round < 6; round++) {
		size_t at = next(&state) % OLD, length = 1 + next(&state) % 5000;
		memcpy(new, old, at);
		for (size_t i = at; i < at + length; i++)
			new[i] = (unsigned char)next(&state);
		memcpy(new + at + length, old + at, OLD - at);
		/* On average two chunks are new; the bound allows cuts to fall into step late. */
		ck_assert_uint_gt(shared(old, OLD, new, OLD + length), OLD - (size_t)(8 << 20));
	}
}
END_TEST

UNIT_MAIN("store/chunk", cuts_are_those_of_the_rule, pieces_of_any_size_give_the_same_cuts,
	lengths_keep_their_bounds, an_insertion_moves_the_cuts_near_it_only)
