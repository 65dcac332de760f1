/*
 * Numbers of up to 16 bytes, sixteen bytes at once: the field is moved to the right end of a
 * register, its point is taken out, and three multiplications make the digits a number. What this
 * cannot read (missing, quoted, longer, with an exponent) goes to cells_store_one().
 */
#include "cells_internal.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>

#define CELLS_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))

enum { CELLS_WIDE = 16 };

/* From offset n on: 16 - n zero bytes, then n bytes of ones. */
static const unsigned char cells_masks[32] = {
	[16] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
};

/*
 * From offset 16 - p on: moves the bytes before p up by one, for a point at p. Entry 16 is the
 * identity: no point.
 */
#define CELLS_MOVED(p, i) ((i) > (p) ? (i) : (i) == 0 ? 128 : (i)-1)
#define CELLS_MOVE(p)                                                                              \
	{                                                                                          \
		CELLS_MOVED(p, 0), CELLS_MOVED(p, 1), CELLS_MOVED(p, 2), CELLS_MOVED(p, 3),        \
			CELLS_MOVED(p, 4), CELLS_MOVED(p, 5), CELLS_MOVED(p, 6),                   \
			CELLS_MOVED(p, 7), CELLS_MOVED(p, 8), CELLS_MOVED(p, 9),                   \
			CELLS_MOVED(p, 10), CELLS_MOVED(p, 11), CELLS_MOVED(p, 12),                \
			CELLS_MOVED(p, 13), CELLS_MOVED(p, 14), CELLS_MOVED(p, 15)                 \
	}
static const unsigned char cells_moves[CELLS_WIDE + 1][CELLS_WIDE] = { CELLS_MOVE(0), CELLS_MOVE(1),
	CELLS_MOVE(2), CELLS_MOVE(3), CELLS_MOVE(4), CELLS_MOVE(5), CELLS_MOVE(6), CELLS_MOVE(7),
	CELLS_MOVE(8), CELLS_MOVE(9), CELLS_MOVE(10), CELLS_MOVE(11), CELLS_MOVE(12),
	CELLS_MOVE(13), CELLS_MOVE(14), CELLS_MOVE(15),
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };

/* Divisors by place of the point; exact doubles. */
static const double cells_divisors[CELLS_WIDE + 1] = { 1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8,
	1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1e0, 1e0 };

/*
 * The digits of a field that ends at `end`, without its point; ret_point is the point's place in
 * the register, 16 if there is none. False if there is anything but digits and at most one point.
 */
CELLS_TARGET static inline bool cells_digits(
	const char *end, size_t length, uint64_t *ret_digits, unsigned *ret_point)
{
	const __m128i nine = _mm_set1_epi8(9);
	__m128i bytes = _mm_loadu_si128((const __m128i_u *)(end - CELLS_WIDE));
	__m128i mask = _mm_loadu_si128((const __m128i_u *)(cells_masks + length));
	__m128i points = _mm_and_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')), mask);
	unsigned point = (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(points) | 0x10000);
	__m128i digits = _mm_and_si128(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), mask);
	digits = _mm_shuffle_epi8(digits, _mm_loadu_si128((const __m128i_u *)cells_moves[point]));
	int fit = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine));
	__m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(10 | 1 << 8));
	__m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(100 | 1 << 16));
	fours = _mm_packus_epi32(fours, fours);
	__m128i eights = _mm_madd_epi16(fours, _mm_set1_epi32(10000 | 1 << 16));
	uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
	*ret_digits = (both & UINT32_MAX) * 100000000 + (both >> 32);
	*ret_point = point;
	return fit == 0xffff && length > (point < CELLS_WIDE);
}

/* "00", "012", "01.5": these may be no numbers. (So are "0;" and "0:", needlessly.) */
static inline bool cells_leading_zero(const char *at)
{
	uint16_t two;
	memcpy(&two, at, sizeof two);
	return (two & 0xf0ff) == 0x3030;
}

/* By its sign bit, without a jump: signs come as they like, and half the guesses would be wrong. */
CELLS_TARGET static inline double cells_negate(double value, size_t negative)
{
	static const double signs[2] = { 0.0, -0.0 };
	return _mm_cvtsd_f64(_mm_xor_pd(_mm_set_sd(value), _mm_load_sd(&signs[negative])));
}

CELLS_TARGET static int cells_float64_avx2(
	struct cells_block *block, size_t c, size_t row, size_t n, struct error *err)
{
	const struct cells_column *cell = &block->layout->columns[c];
	double *values = cell->column->float64 + block->first_row;
	bool empty = block->layout->missing.empty;
	for (size_t r = row; r < row + n; r++) {
		struct text raw = cells_field(block, r, cell->field);
		uint64_t digits;
		unsigned point;
		size_t negative = *raw.at == '-', length = raw.length - negative;
		if (length - 1 < CELLS_WIDE && !cells_leading_zero(raw.at + negative) &&
			cells_digits(raw.at + raw.length, length, &digits, &point) &&
			digits <= (uint64_t)1 << 53) {
			double value = (double)(int64_t)digits / cells_divisors[point];
			values[r] = cells_negate(value, negative);
		} else if (!raw.length && empty) {
			cells_store_missing(block, c, r);
		} else if (cells_store_one(block, c, r, raw, err) < 0) {
			return -(int)err->code;
		}
	}
	return 0;
}

CELLS_TARGET static int cells_int64_avx2(
	struct cells_block *block, size_t c, size_t row, size_t n, struct error *err)
{
	const struct cells_column *cell = &block->layout->columns[c];
	int64_t *values = cell->column->int64 + block->first_row;
	bool empty = block->layout->missing.empty;
	for (size_t r = row; r < row + n; r++) {
		struct text raw = cells_field(block, r, cell->field);
		uint64_t digits;
		unsigned point;
		size_t negative = *raw.at == '-', length = raw.length - negative;
		if (length - 1 < CELLS_WIDE && !cells_leading_zero(raw.at + negative) &&
			cells_digits(raw.at + raw.length, length, &digits, &point) &&
			point == CELLS_WIDE && digits <= (uint64_t)1 << 53) {
			/* Without a jump: signs come as they like. */
			values[r] = (int64_t)((digits ^ (0 - negative)) + negative);
		} else if (!raw.length && empty) {
			cells_store_missing(block, c, r);
		} else if (cells_store_one(block, c, r, raw, err) < 0) {
			return -(int)err->code;
		}
	}
	return 0;
}
#endif

cells_store *cells_store_float64(enum cpu_level level)
{
#if defined(__x86_64__)
	return level >= CPU_AVX2 ? cells_float64_avx2 : NULL;
#else
	(void)level;
	return NULL;
#endif
}

cells_store *cells_store_int64(enum cpu_level level)
{
#if defined(__x86_64__)
	return level >= CPU_AVX2 ? cells_int64_avx2 : NULL;
#else
	(void)level;
	return NULL;
#endif
}
