#include "sketch_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define INLINE __attribute__((target("avx2"), always_inline)) static inline

/* Are the positions at, at + 4, .. at + 28 sampled? One bit each. */
INLINE unsigned sketch_eight(const unsigned char *at)
{
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)at);
	__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(at + 4));
	__m256i sum = _mm256_add_epi32(_mm256_mullo_epi32(a, _mm256_set1_epi32((int)SKETCH_FIRST)),
		_mm256_mullo_epi32(b, _mm256_set1_epi32((int)SKETCH_SECOND)));
	__m256i is =
		_mm256_cmpeq_epi32(_mm256_srli_epi32(sum, SKETCH_SHIFT), _mm256_setzero_si256());
	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(is));
}

__attribute__((target("avx2"))) size_t sketch_sample_avx2(
	const unsigned char *bytes, size_t count, uint32_t *ret_positions)
{
	size_t n = 0, i = 0;
	/* The last load of a round ends 4 + 3 + 32 bytes behind i; 7 behind count may be read. */
	for (; i + 32 <= count; i += 32) {
		uint32_t found = sketch_eight(bytes + i) | sketch_eight(bytes + i + 1) << 8 |
				 sketch_eight(bytes + i + 2) << 16 |
				 sketch_eight(bytes + i + 3) << 24;
		for (; found; found &= found - 1) {
			uint32_t bit = (uint32_t)__builtin_ctz(found);
			ret_positions[n++] = (uint32_t)i + (bit & 7) * 4 + bit / 8;
		}
	}
	size_t rest = sketch_sample_portable(bytes + i, count - i, ret_positions + n);
	for (size_t k = n; k < n + rest; k++)
		ret_positions[k] += (uint32_t)i;
	return n + rest;
}

#endif
