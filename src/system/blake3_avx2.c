#include "blake3_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

/* 8 inputs at once: word i of all of them stands in one register. */
enum { LANES = 8 };
#define INLINE __attribute__((target("avx2"), always_inline)) static inline

#define ROTATE(x, right)                                                                           \
	_mm256_or_si256(_mm256_srli_epi32(x, right), _mm256_slli_epi32(x, 32 - (right)))

/* By whole bytes: one shuffle instead of two shifts and an or. */
INLINE __m256i blake3_rotate16(__m256i x)
{
	const __m256i order = _mm256_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2,
		13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2);
	return _mm256_shuffle_epi8(x, order);
}

INLINE __m256i blake3_rotate8(__m256i x)
{
	const __m256i order = _mm256_set_epi8(12, 15, 14, 13, 8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1,
		12, 15, 14, 13, 8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1);
	return _mm256_shuffle_epi8(x, order);
}

INLINE void blake3_mix(__m256i *a, __m256i *b, __m256i *c, __m256i *d, __m256i x, __m256i y)
{
	*a = _mm256_add_epi32(_mm256_add_epi32(*a, x), *b); /* b comes last */
	*d = blake3_rotate16(_mm256_xor_si256(*d, *a));
	*c = _mm256_add_epi32(*c, *d);
	*b = _mm256_xor_si256(*b, *c);
	*b = ROTATE(*b, 12);
	*a = _mm256_add_epi32(_mm256_add_epi32(*a, y), *b);
	*d = blake3_rotate8(_mm256_xor_si256(*d, *a));
	*c = _mm256_add_epi32(*c, *d);
	*b = _mm256_xor_si256(*b, *c);
	*b = ROTATE(*b, 7);
}

INLINE void blake3_round(__m256i v[16], const __m256i m[16], int round)
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
INLINE void blake3_transpose(__m256i r[8])
{
	__m256i pairs[8], fours[8];
	for (int i = 0; i < 8; i += 2) {
		pairs[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
		pairs[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
	}
	for (int i = 0; i < 8; i += 4) {
		fours[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
		fours[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
		fours[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
		fours[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		r[i] = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x20);
		r[i + 4] = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x31);
	}
}

INLINE void blake3_load(__m256i m[16], const unsigned char *const lanes[LANES], size_t offset)
{
	for (int half = 0; half < 2; half++) {
		for (int lane = 0; lane < LANES; lane++)
			m[half * 8 + lane] = _mm256_loadu_si256(
				(const __m256i_u *)(lanes[lane] + offset + half * 32));
		blake3_transpose(m + (ptrdiff_t)half * 8);
	}
}

struct blake3_lanes {
	__m256i cv[BLAKE3_WORDS], low, high; /* chaining values; halves of the counters */
};

INLINE void blake3_step(struct blake3_lanes *lanes, const __m256i m[16], uint32_t flags)
{
	__m256i v[16];
	for (int i = 0; i < BLAKE3_WORDS; i++)
		v[i] = lanes->cv[i];
	for (int i = 0; i < 4; i++)
		v[8 + i] = _mm256_set1_epi32((int)blake3_iv[i]);
	v[12] = lanes->low;
	v[13] = lanes->high;
	v[14] = _mm256_set1_epi32(BLAKE3_BLOCK);
	v[15] = _mm256_set1_epi32((int)flags);
	/* Written out so that the compiler knows the schedule and keeps everything in registers. */
	blake3_round(v, m, 0);
	blake3_round(v, m, 1);
	blake3_round(v, m, 2);
	blake3_round(v, m, 3);
	blake3_round(v, m, 4);
	blake3_round(v, m, 5);
	blake3_round(v, m, 6);
	for (int i = 0; i < BLAKE3_WORDS; i++)
		lanes->cv[i] = _mm256_xor_si256(v[i], v[i + 8]);
}

INLINE void blake3_begin(struct blake3_lanes *lanes, const struct blake3_job *job)
{
	uint32_t low[LANES], high[LANES];
	for (size_t lane = 0; lane < LANES; lane++) {
		uint64_t counter = job->counter + (job->is_chunks ? lane : 0);
		low[lane] = (uint32_t)counter;
		high[lane] = (uint32_t)(counter >> 32);
	}
	lanes->low = _mm256_loadu_si256((const __m256i_u *)low);
	lanes->high = _mm256_loadu_si256((const __m256i_u *)high);
	for (int i = 0; i < BLAKE3_WORDS; i++)
		lanes->cv[i] = _mm256_set1_epi32((int)blake3_iv[i]);
}

__attribute__((target("avx2"))) void blake3_many_avx2(
	const struct blake3_job *job, size_t count, uint32_t (*out)[BLAKE3_WORDS])
{
	const unsigned char *inputs[LANES];
	uint32_t words[BLAKE3_WORDS][LANES];
	struct blake3_lanes lanes;
	__m256i m[16];
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
		_mm256_storeu_si256((__m256i_u *)words[i], lanes.cv[i]);
	for (size_t lane = 0; lane < count; lane++) {
		for (int i = 0; i < BLAKE3_WORDS; i++)
			out[lane][i] = words[i][lane];
	}
}

#endif
