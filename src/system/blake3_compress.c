#include <string.h>

#include "blake3_internal.h"

const uint32_t blake3_iv[BLAKE3_WORDS] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static inline uint32_t blake3_rotate(uint32_t word, int right)
{
	return word >> right | word << (32 - right);
}

static inline void blake3_mix(
	uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d, uint32_t x, uint32_t y)
{
	*a += *b + x;
	*d = blake3_rotate(*d ^ *a, 16);
	*c += *d;
	*b = blake3_rotate(*b ^ *c, 12);
	*a += *b + y;
	*d = blake3_rotate(*d ^ *a, 8);
	*c += *d;
	*b = blake3_rotate(*b ^ *c, 7);
}

static inline void blake3_round(uint32_t v[16], const uint32_t m[16], int round)
{
	const uint8_t *s = blake3_schedule[round];
	blake3_mix(&v[0], &v[4], &v[8], &v[12], m[s[0]], m[s[1]]);
	blake3_mix(&v[1], &v[5], &v[9], &v[13], m[s[2]], m[s[3]]);
	blake3_mix(&v[2], &v[6], &v[10], &v[14], m[s[4]], m[s[5]]);
	blake3_mix(&v[3], &v[7], &v[11], &v[15], m[s[6]], m[s[7]]);
	blake3_mix(&v[0], &v[5], &v[10], &v[15], m[s[8]], m[s[9]]);
	blake3_mix(&v[1], &v[6], &v[11], &v[12], m[s[10]], m[s[11]]);
	blake3_mix(&v[2], &v[7], &v[8], &v[13], m[s[12]], m[s[13]]);
	blake3_mix(&v[3], &v[4], &v[9], &v[14], m[s[14]], m[s[15]]);
}

static void blake3_load(uint32_t m[16], const unsigned char *bytes)
{
	for (int i = 0; i < 16; i++, bytes += 4)
		m[i] = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
		       (uint32_t)bytes[3] << 24;
}

void blake3_compress(uint32_t cv[BLAKE3_WORDS], const unsigned char bytes[BLAKE3_BLOCK],
	struct blake3_block block)
{
	uint32_t m[16], v[16];
	blake3_load(m, bytes);
	memcpy(v, cv, BLAKE3_WORDS * sizeof *v);
	memcpy(v + 8, blake3_iv, 4 * sizeof *v);
	v[12] = (uint32_t)block.counter;
	v[13] = (uint32_t)(block.counter >> 32);
	v[14] = block.length;
	v[15] = block.flags;
	/* Written out so that the compiler knows the schedule. */
	blake3_round(v, m, 0);
	blake3_round(v, m, 1);
	blake3_round(v, m, 2);
	blake3_round(v, m, 3);
	blake3_round(v, m, 4);
	blake3_round(v, m, 5);
	blake3_round(v, m, 6);
	for (int i = 0; i < BLAKE3_WORDS; i++)
		cv[i] = v[i] ^ v[i + 8];
}

void blake3_many_portable(const struct blake3_job *job, size_t count, uint32_t (*out)[BLAKE3_WORDS])
{
	for (size_t lane = 0; lane < count; lane++) {
		const unsigned char *at = job->input + lane * job->stride;
		uint64_t counter = job->counter + (job->is_chunks ? lane : 0);
		memcpy(out[lane], blake3_iv, sizeof out[lane]);
		for (size_t i = 0; i < job->blocks; i++, at += BLAKE3_BLOCK) {
			uint32_t flags = job->flags | (i ? 0 : job->first) |
					 (i + 1 == job->blocks ? job->last : 0);
			blake3_compress(out[lane], at,
				(struct blake3_block){ counter, BLAKE3_BLOCK, flags });
		}
	}
}
