#include "blake3_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

/* 16 inputs at once: word i of all of them stands in one register. */
enum { LANES = 16, AHEAD = 256 };
#define INLINE __attribute__((target("avx512f,avx512vl"), always_inline)) static inline

/* A macro, since the count must be a constant even where nothing is optimised. */
#define XOR_ROTATE(a, b, right) _mm512_ror_epi32(_mm512_xor_si512(a, b), right)

INLINE void blake3_mix(__m512i *a, __m512i *b, __m512i *c, __m512i *d, __m512i x, __m512i y)
{
	*a = _mm512_add_epi32(_mm512_add_epi32(*a, x), *b); /* b comes last */
	*d = XOR_ROTATE(*d, *a, 16);
	*c = _mm512_add_epi32(*c, *d);
	*b = XOR_ROTATE(*b, *c, 12);
	*a = _mm512_add_epi32(_mm512_add_epi32(*a, y), *b);
	*d = XOR_ROTATE(*d, *a, 8);
	*c = _mm512_add_epi32(*c, *d);
	*b = XOR_ROTATE(*b, *c, 7);
}

INLINE void blake3_round(__m512i v[16], const __m512i m[16], int round)
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

/* Rows become columns: r[i] word j to r[j] word i. */
INLINE void blake3_transpose(__m512i r[16])
{
	__m512i pairs[16], fours[16], eights[16];
	for (int i = 0; i < 16; i += 2) {
		pairs[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
		pairs[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
	}
	for (int i = 0; i < 16; i += 4) {
		fours[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
		fours[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
		fours[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
		fours[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
	}
	/* fours[4k + j] holds, of rows 4k to 4k+3, words j, j+4, j+8, j+12: one in each quarter. */
	for (int j = 0; j < 4; j++) {
		eights[j] = _mm512_shuffle_i32x4(fours[j], fours[4 + j], 0x88);
		eights[4 + j] = _mm512_shuffle_i32x4(fours[j], fours[4 + j], 0xdd);
		eights[8 + j] = _mm512_shuffle_i32x4(fours[8 + j], fours[12 + j], 0x88);
		eights[12 + j] = _mm512_shuffle_i32x4(fours[8 + j], fours[12 + j], 0xdd);
	}
	for (int j = 0; j < 4; j++) {
		r[j] = _mm512_shuffle_i32x4(eights[j], eights[8 + j], 0x88);
		r[8 + j] = _mm512_shuffle_i32x4(eights[j], eights[8 + j], 0xdd);
		r[4 + j] = _mm512_shuffle_i32x4(eights[4 + j], eights[12 + j], 0x88);
		r[12 + j] = _mm512_shuffle_i32x4(eights[4 + j], eights[12 + j], 0xdd);
	}
}

INLINE void blake3_load(__m512i m[16], const unsigned char *const lanes[LANES], size_t offset)
{
	size_t ahead = offset + AHEAD;
	if (ahead >= BLAKE3_CHUNK)
		ahead += (LANES - 1) * BLAKE3_CHUNK; /* the next call's chunks */
	/* Sixteen streams are more than the processor follows by itself. */
	for (int lane = 0; lane < LANES; lane++) {
		m[lane] = _mm512_loadu_si512(lanes[lane] + offset);
		_mm_prefetch((const char *)lanes[lane] + ahead, _MM_HINT_T0);
	}
	blake3_transpose(m);
}

struct blake3_lanes {
	__m512i cv[BLAKE3_WORDS], low, high; /* chaining values; halves of the counters */
};

INLINE void blake3_step(struct blake3_lanes *lanes, const __m512i m[16], uint32_t flags)
{
	__m512i v[16];
	for (int i = 0; i < BLAKE3_WORDS; i++)
		v[i] = lanes->cv[i];
	for (int i = 0; i < 4; i++)
		v[8 + i] = _mm512_set1_epi32((int)blake3_iv[i]);
	v[12] = lanes->low;
	v[13] = lanes->high;
	v[14] = _mm512_set1_epi32(BLAKE3_BLOCK);
	v[15] = _mm512_set1_epi32((int)flags);
	/* Written out so that the compiler knows the schedule and keeps everything in registers. */
	blake3_round(v, m, 0);
	blake3_round(v, m, 1);
	blake3_round(v, m, 2);
	blake3_round(v, m, 3);
	blake3_round(v, m, 4);
	blake3_round(v, m, 5);
	blake3_round(v, m, 6);
	for (int i = 0; i < BLAKE3_WORDS; i++)
		lanes->cv[i] = _mm512_xor_si512(v[i], v[i + 8]);
}

INLINE void blake3_begin(struct blake3_lanes *lanes, const struct blake3_job *job)
{
	uint32_t low[LANES], high[LANES];
	for (size_t lane = 0; lane < LANES; lane++) {
		uint64_t counter = job->counter + (job->is_chunks ? lane : 0);
		low[lane] = (uint32_t)counter;
		high[lane] = (uint32_t)(counter >> 32);
	}
	lanes->low = _mm512_loadu_si512(low);
	lanes->high = _mm512_loadu_si512(high);
	for (int i = 0; i < BLAKE3_WORDS; i++)
		lanes->cv[i] = _mm512_set1_epi32((int)blake3_iv[i]);
}

__attribute__((target("avx512f,avx512vl"))) void blake3_many_avx512(
	const struct blake3_job *job, size_t count, uint32_t (*out)[BLAKE3_WORDS])
{
	const unsigned char *inputs[LANES];
	uint32_t words[BLAKE3_WORDS][LANES];
	struct blake3_lanes lanes;
	__m512i m[16];
	/* Lanes without an input of their own do the first one's work again. */
	for (size_t lane = 0; lane < LANES; lane++)
		inputs[lane] = job->input + (lane < count ? lane : 0) * job->stride;
	blake3_begin(&lanes, job);
	for (size_t i = 0; i < job->blocks; i++) {
		uint32_t flags =
			job->flags | (i ? 0 : job->first) | (i + 1 == job->blocks ? job->last : 0);
		blake3_load(m, inputs, i * BLAKE3_BLOCK);
		blake3_step(&lanes, m, flags);
	}
	for (int i = 0; i < BLAKE3_WORDS; i++)
		_mm512_storeu_si512(words[i], lanes.cv[i]);
	for (size_t lane = 0; lane < count; lane++) {
		for (int i = 0; i < BLAKE3_WORDS; i++)
			out[lane][i] = words[i][lane];
	}
}

#endif
