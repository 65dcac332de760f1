#include "scan_internal.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Plain C: eight bytes at a time. */
#define SCAN_NAME(name) scan_portable_##name
#define SCAN_TARGET

typedef struct {
	uint64_t words[8];
} scan_portable_block;

static inline scan_portable_block scan_portable_load(const char *from)
{
	scan_portable_block block;
	memcpy(&block, from, sizeof block);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (int i = 0; i < 8; i++)
		block.words[i] = __builtin_bswap64(block.words[i]);
#endif
	return block;
}

/* The top bits of eight bytes as eight bits. */
static inline uint64_t scan_portable_gather(uint64_t tops)
{
	return ((tops >> 7) * 0x0102040810204080) >> 56;
}

static inline uint64_t scan_portable_equal(scan_portable_block block, char c)
{
	uint64_t pattern = 0x0101010101010101 * (unsigned char)c, mask = 0;
	const uint64_t low = 0x7f7f7f7f7f7f7f7f;
	for (int i = 0; i < 8; i++) {
		uint64_t rest = block.words[i] ^ pattern;
		uint64_t zero = ~(((rest & low) + low) | rest | low);
		mask |= scan_portable_gather(zero) << (8 * i);
	}
	return mask;
}

static inline uint64_t scan_portable_high(scan_portable_block block)
{
	uint64_t any = 0;
	for (int i = 0; i < 8; i++)
		any |= block.words[i] & 0x8080808080808080;
	return any;
}

static inline uint64_t scan_portable_prefix_xor(uint64_t bits)
{
	for (int shift = 1; shift < 64; shift *= 2)
		bits ^= bits << shift;
	return bits;
}

static inline uint32_t *scan_portable_write_ends(uint32_t *to, uint64_t bits, uint32_t base)
{
	for (; bits; bits &= bits - 1)
		*to++ = base + (uint32_t)__builtin_ctzll(bits);
	return to;
}

#include "scan_kernel.h"

static const struct scan scan_portable = { scan_portable_survey, scan_portable_fields };

#if defined(__x86_64__)

#undef SCAN_NAME
#undef SCAN_TARGET
#define SCAN_NAME(name) scan_avx2_##name
#define SCAN_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt,pclmul")))

typedef struct {
	__m256i low, high;
} scan_avx2_block;

SCAN_TARGET static inline scan_avx2_block scan_avx2_load(const char *from)
{
	return (scan_avx2_block){ _mm256_loadu_si256((const __m256i_u *)from),
		_mm256_loadu_si256((const __m256i_u *)(from + 32)) };
}

SCAN_TARGET static inline uint64_t scan_avx2_equal(scan_avx2_block block, char c)
{
	__m256i pattern = _mm256_set1_epi8(c);
	uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(block.low, pattern));
	uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(block.high, pattern));
	return low | (uint64_t)high << 32;
}

SCAN_TARGET static inline uint64_t scan_avx2_high(scan_avx2_block block)
{
	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(block.low, block.high));
}

SCAN_TARGET static inline uint64_t scan_avx2_prefix_xor(uint64_t bits)
{
	__m128i product =
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8(-1), 0);
	return (uint64_t)_mm_cvtsi128_si64(product);
}

/* Eight at a time, written whether they are there or not: fewer jumps to guess. */
SCAN_TARGET static inline uint32_t *scan_avx2_write_ends(uint32_t *to, uint64_t bits, uint32_t base)
{
	uint32_t *end = to + __builtin_popcountll(bits);
	while (bits) {
		for (int i = 0; i < 8; i++) {
			to[i] = base + (uint32_t)_tzcnt_u64(bits);
			bits &= bits - 1;
		}
		to += 8;
	}
	return end;
}

#include "scan_kernel.h"

static const struct scan scan_avx2 = { scan_avx2_survey, scan_avx2_fields };

#undef SCAN_NAME
#undef SCAN_TARGET
#define SCAN_NAME(name) scan_avx512_##name
#define SCAN_TARGET                                                                                \
	__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi,bmi2,"      \
			      "popcnt,lzcnt,pclmul")))

typedef __m512i scan_avx512_block;

SCAN_TARGET static inline scan_avx512_block scan_avx512_load(const char *from)
{
	return _mm512_loadu_si512(from);
}

SCAN_TARGET static inline uint64_t scan_avx512_equal(scan_avx512_block block, char c)
{
	return _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(c));
}

SCAN_TARGET static inline uint64_t scan_avx512_high(scan_avx512_block block)
{
	return _mm512_movepi8_mask(block);
}

SCAN_TARGET static inline uint64_t scan_avx512_prefix_xor(uint64_t bits)
{
	__m128i product =
		_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8(-1), 0);
	return (uint64_t)_mm_cvtsi128_si64(product);
}

#define SCAN_AVX512_QUARTER(n)                                                                     \
	_mm512_storeu_si512(to + 16 * (n),                                                         \
		_mm512_add_epi32(                                                                  \
			first, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, (n)))))

SCAN_TARGET static inline uint32_t *scan_avx512_write_ends(
	uint32_t *to, uint64_t bits, uint32_t base)
{
	const __m512i offsets = _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130,
		0x2f2e2d2c2b2a2928, 0x2726252423222120, 0x1f1e1d1c1b1a1918, 0x1716151413121110,
		0x0f0e0d0c0b0a0908, 0x0706050403020100);
	__m512i packed = _mm512_maskz_compress_epi8(bits, offsets);
	__m512i first = _mm512_set1_epi32((int)base);
	int count = __builtin_popcountll(bits);
	SCAN_AVX512_QUARTER(0);
	if (count > 16) {
		SCAN_AVX512_QUARTER(1);
		if (count > 32) {
			SCAN_AVX512_QUARTER(2);
			SCAN_AVX512_QUARTER(3);
		}
	}
	return to + count;
}

#include "scan_kernel.h"

static const struct scan scan_avx512 = { scan_avx512_survey, scan_avx512_fields };

#endif

const struct scan *scan_for(enum cpu_level level)
{
#if defined(__x86_64__)
	if (level >= CPU_AVX512)
		return &scan_avx512;
	if (level >= CPU_AVX2)
		return &scan_avx2;
#else
	(void)level;
#endif
	return &scan_portable;
}
