/*
 * blake3_internal: the compression function of BLAKE3 and its vector forms.
 *
 * Names and constants follow the paper (sections 2.1 to 2.6). A chunk is 16 blocks of 64 bytes; the
 * chaining value of a chunk or parent is 8 words. All paths give the same words.
 */
#ifndef MLOPS_SYSTEM_BLAKE3_INTERNAL_H
#define MLOPS_SYSTEM_BLAKE3_INTERNAL_H

#include "mlops/system/hash.h"

enum { BLAKE3_WORDS = 8, BLAKE3_ROUNDS = 7, BLAKE3_MOST_LANES = 16 };
enum { BLAKE3_CHUNK_START = 1, BLAKE3_CHUNK_END = 2, BLAKE3_PARENT = 4, BLAKE3_ROOT = 8 };

/* Complete aligned subtrees up to this many chunks (1 MiB) are hashed at once. */
enum { BLAKE3_SUBTREE = 1024 };

extern const uint32_t blake3_iv[BLAKE3_WORDS];

/* Which message word each of the 16 places of a round takes. */
static const uint8_t blake3_schedule[BLAKE3_ROUNDS][16] = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
								    12, 13, 14, 15 },
	{ 2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8 },
	{ 3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1 },
	{ 10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6 },
	{ 12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4 },
	{ 9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7 },
	{ 11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13 } };

/* One block: its 64 bytes as far as `length` is less are zero. cv is replaced by the result. */
struct blake3_block {
	uint64_t counter;
	uint32_t length, flags;
};
void blake3_compress(uint32_t cv[BLAKE3_WORDS], const unsigned char bytes[BLAKE3_BLOCK],
	struct blake3_block block);

/*
 * Several inputs of `blocks` whole blocks each, `stride` bytes apart: whole chunks, whose counters
 * follow each other, or parents (counter 0).
 */
struct blake3_job {
	const unsigned char *input;
	size_t stride, blocks;
	uint64_t counter;
	uint32_t flags, first, last; /* of every block, the first, the last */
	bool is_chunks;
};

/* count of 1 .. the number of lanes; one chaining value each. */
typedef void blake3_many(const struct blake3_job *job, size_t count, uint32_t (*out)[BLAKE3_WORDS]);
blake3_many blake3_many_portable; /* 1 lane */
#if defined(__x86_64__)
blake3_many blake3_many_avx2; /* 8 lanes */
blake3_many blake3_many_avx512; /* 16 lanes */
#endif

/* The chaining value of a complete subtree of a power of two chunks, at most BLAKE3_SUBTREE. */
void blake3_subtree(
	const unsigned char *bytes, size_t n_chunks, uint64_t counter, uint32_t ret[BLAKE3_WORDS]);

/*
 * Adds the chaining value of a complete subtree of that many chunks. The number of chunks so far
 * must be a multiple of it, the present chunk empty, and more bytes must follow.
 */
void blake3_push(struct blake3 *state, const uint32_t cv[BLAKE3_WORDS], size_t n_chunks);

#endif
