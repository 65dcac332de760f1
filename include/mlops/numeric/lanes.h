/*
 * lanes: eight doubles that move together, for kernels that are written once.
 *
 * A kernel is a header that is included by one small .c file per level; that file defines one of
 * LANES_AVX512, LANES_AVX2 or LANES_PORTABLE before. Lane i holds element i, and lanes_sum() adds
 * in one fixed tree, so the AVX2 and AVX-512 builds of a kernel give the same bits. The portable
 * build rounds products before it adds them (no fused operation is assumed), so it differs in the
 * last bits. The choice among the builds is base/cpu.h's.
 *
 * No guard: one translation unit has one level.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before a loop of a few rounds over an array of lanes: it must live in registers. */
#define LANES_UNROLL _Pragma("GCC unroll 16")

enum { LANES = 8 };

#if defined(LANES_AVX512)

#include <immintrin.h>
#define LANES_TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")))
#define LANES_INLINE static inline __attribute__((always_inline, unused)) LANES_TARGET
#define LANES_NAME(stem) stem##_avx512

typedef __m512d lanes;

LANES_INLINE lanes lanes_load(const double *p)
{
	return _mm512_loadu_pd(p);
}

/* The first `count` < 8 elements; 0 in the other lanes, whose memory is not touched. */
LANES_INLINE lanes lanes_load_some(const double *p, size_t count)
{
	return _mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1), p);
}

LANES_INLINE void lanes_store(double *p, lanes a)
{
	_mm512_storeu_pd(p, a);
}

LANES_INLINE lanes lanes_all(double value)
{
	return _mm512_set1_pd(value);
}

LANES_INLINE lanes lanes_add(lanes a, lanes b)
{
	return _mm512_add_pd(a, b);
}

LANES_INLINE lanes lanes_subtract(lanes a, lanes b)
{
	return _mm512_sub_pd(a, b);
}

LANES_INLINE lanes lanes_multiply(lanes a, lanes b)
{
	return _mm512_mul_pd(a, b);
}

LANES_INLINE lanes lanes_divide(lanes a, lanes b)
{
	return _mm512_div_pd(a, b);
}

/* a b + c, rounded once */
LANES_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
	return _mm512_fmadd_pd(a, b, c);
}

LANES_INLINE lanes lanes_max(lanes a, lanes b)
{
	return _mm512_max_pd(a, b);
}

LANES_INLINE lanes lanes_absolute(lanes a)
{
	return _mm512_abs_pd(a);
}

/* yes where condition < 0, else no */
LANES_INLINE lanes lanes_if_negative(lanes condition, lanes yes, lanes no)
{
	return _mm512_mask_blend_pd(
		_mm512_cmp_pd_mask(condition, _mm512_setzero_pd(), _CMP_LT_OQ), no, yes);
}

/* yes where condition is NaN, else no */
LANES_INLINE lanes lanes_if_nan(lanes condition, lanes yes, lanes no)
{
	return _mm512_mask_blend_pd(
		_mm512_cmp_pd_mask(condition, condition, _CMP_UNORD_Q), no, yes);
}

/* ((0+4)+(2+6)) + ((1+5)+(3+7)) of the lanes */
LANES_INLINE double lanes_sum(lanes a)
{
	__m256d four = _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
	__m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
	return _mm_cvtsd_f64(two) + _mm_cvtsd_f64(_mm_unpackhi_pd(two, two));
}

/* Lane r of the result is lanes_sum(group[r]), by the same tree. */
LANES_INLINE lanes lanes_sum_each(const lanes group[LANES])
{
	lanes half[4], quarter[2];
	LANES_UNROLL
	for (int i = 0; i < 4; i++) { /* rows 0 2, 4 6, 1 3, 5 7 side by side */
		int first = i < 2 ? 4 * i : 4 * i - 7;
		lanes a = group[first], b = group[first + 2];
		half[i] = _mm512_add_pd(
			_mm512_shuffle_f64x2(a, b, 0x44), _mm512_shuffle_f64x2(a, b, 0xee));
	}
	LANES_UNROLL
	for (int i = 0; i < 2; i++) {
		lanes a = half[2 * i], b = half[2 * i + 1];
		quarter[i] = _mm512_add_pd(
			_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd));
	}
	return _mm512_add_pd(_mm512_unpacklo_pd(quarter[0], quarter[1]),
		_mm512_unpackhi_pd(quarter[0], quarter[1]));
}

/* Lane i of group[k] and lane k of group[i] change places. */
LANES_INLINE void lanes_transpose(lanes group[LANES])
{
	lanes pairs[LANES], quads[LANES];
	LANES_UNROLL
	for (int i = 0; i < LANES; i += 2) {
		pairs[i] = _mm512_unpacklo_pd(group[i], group[i + 1]);
		pairs[i + 1] = _mm512_unpackhi_pd(group[i], group[i + 1]);
	}
	LANES_UNROLL
	for (int i = 0; i < LANES; i++) { /* 128-bit parts of rows 0-3, and of rows 4-7 */
		lanes a = pairs[i / 4 * 4 + i % 2], b = pairs[i / 4 * 4 + i % 2 + 2];
		quads[i] = i % 4 < 2 ? _mm512_shuffle_f64x2(a, b, 0x88)
				     : _mm512_shuffle_f64x2(a, b, 0xdd);
	}
	LANES_UNROLL
	for (int i = 0; i < 4; i++) { /* quads[i]: columns i % 2 + 2 (i / 2) and 4 more */
		group[i] = _mm512_shuffle_f64x2(quads[i], quads[i + 4], 0x88);
		group[i + 4] = _mm512_shuffle_f64x2(quads[i], quads[i + 4], 0xdd);
	}
}

/* Adds the integer in the low bits of `bits` to the exponents of a: a 2^k. See lanes_exp(). */
LANES_INLINE lanes lanes_scale(lanes a, lanes bits)
{
	__m512i shifted = _mm512_slli_epi64(_mm512_castpd_si512(bits), 52);
	return _mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(a), shifted));
}

#elif defined(LANES_AVX2)

#include <immintrin.h>
#define LANES_TARGET __attribute__((target("avx2,fma")))
#define LANES_INLINE static inline __attribute__((always_inline, unused)) LANES_TARGET
#define LANES_NAME(stem) stem##_avx2

typedef struct {
	__m256d low, high;
} lanes;

#define LANES_EACH(operation) ((lanes){ operation(a.low, b.low), operation(a.high, b.high) })

LANES_INLINE lanes lanes_load(const double *p)
{
	return (lanes){ _mm256_loadu_pd(p), _mm256_loadu_pd(p + 4) };
}

LANES_INLINE lanes lanes_load_some(const double *p, size_t count)
{
	double copy[LANES] = { 0 };
	memcpy(copy, p, count * sizeof *p);
	return lanes_load(copy);
}

LANES_INLINE void lanes_store(double *p, lanes a)
{
	_mm256_storeu_pd(p, a.low);
	_mm256_storeu_pd(p + 4, a.high);
}

LANES_INLINE lanes lanes_all(double value)
{
	return (lanes){ _mm256_set1_pd(value), _mm256_set1_pd(value) };
}

LANES_INLINE lanes lanes_add(lanes a, lanes b)
{
	return LANES_EACH(_mm256_add_pd);
}

LANES_INLINE lanes lanes_subtract(lanes a, lanes b)
{
	return LANES_EACH(_mm256_sub_pd);
}

LANES_INLINE lanes lanes_multiply(lanes a, lanes b)
{
	return LANES_EACH(_mm256_mul_pd);
}

LANES_INLINE lanes lanes_divide(lanes a, lanes b)
{
	return LANES_EACH(_mm256_div_pd);
}

LANES_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
	return (lanes){ _mm256_fmadd_pd(a.low, b.low, c.low),
		_mm256_fmadd_pd(a.high, b.high, c.high) };
}

LANES_INLINE lanes lanes_max(lanes a, lanes b)
{
	return LANES_EACH(_mm256_max_pd);
}

LANES_INLINE lanes lanes_absolute(lanes a)
{
	__m256d sign = _mm256_set1_pd(-0.0);
	return (lanes){ _mm256_andnot_pd(sign, a.low), _mm256_andnot_pd(sign, a.high) };
}

LANES_INLINE lanes lanes_if_negative(lanes condition, lanes yes, lanes no)
{
	__m256d zero = _mm256_setzero_pd();
	return (lanes){
		_mm256_blendv_pd(no.low, yes.low, _mm256_cmp_pd(condition.low, zero, _CMP_LT_OQ)),
		_mm256_blendv_pd(no.high, yes.high, _mm256_cmp_pd(condition.high, zero, _CMP_LT_OQ))
	};
}

LANES_INLINE lanes lanes_if_nan(lanes condition, lanes yes, lanes no)
{
	__m256d low = _mm256_cmp_pd(condition.low, condition.low, _CMP_UNORD_Q);
	__m256d high = _mm256_cmp_pd(condition.high, condition.high, _CMP_UNORD_Q);
	return (lanes){ _mm256_blendv_pd(no.low, yes.low, low),
		_mm256_blendv_pd(no.high, yes.high, high) };
}

LANES_INLINE double lanes_sum(lanes a)
{
	__m256d four = _mm256_add_pd(a.low, a.high);
	__m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
	return _mm_cvtsd_f64(two) + _mm_cvtsd_f64(_mm_unpackhi_pd(two, two));
}

LANES_INLINE __m256d lanes_sum_four(const lanes group[4])
{
	__m256d s[4], even, odd;
	LANES_UNROLL
	for (int i = 0; i < 4; i++)
		s[i] = _mm256_add_pd(group[i].low, group[i].high);
	even = _mm256_add_pd(
		_mm256_permute2f128_pd(s[0], s[2], 0x20), _mm256_permute2f128_pd(s[0], s[2], 0x31));
	odd = _mm256_add_pd(
		_mm256_permute2f128_pd(s[1], s[3], 0x20), _mm256_permute2f128_pd(s[1], s[3], 0x31));
	return _mm256_add_pd(_mm256_unpacklo_pd(even, odd), _mm256_unpackhi_pd(even, odd));
}

LANES_INLINE lanes lanes_sum_each(const lanes group[LANES])
{
	return (lanes){ lanes_sum_four(group), lanes_sum_four(group + 4) };
}

/* Four rows of four lanes, from one half of a group to the other's place. */
LANES_INLINE void lanes_transpose_four(const __m256d from[4], __m256d to[4])
{
	__m256d a = _mm256_unpacklo_pd(from[0], from[1]), b = _mm256_unpackhi_pd(from[0], from[1]);
	__m256d c = _mm256_unpacklo_pd(from[2], from[3]), d = _mm256_unpackhi_pd(from[2], from[3]);
	to[0] = _mm256_permute2f128_pd(a, c, 0x20);
	to[1] = _mm256_permute2f128_pd(b, d, 0x20);
	to[2] = _mm256_permute2f128_pd(a, c, 0x31);
	to[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

LANES_INLINE void lanes_transpose(lanes group[LANES])
{
	__m256d corner[4][4], turned[4][4];
	LANES_UNROLL
	for (int i = 0; i < 4; i++) {
		corner[0][i] = group[i].low, corner[1][i] = group[i].high;
		corner[2][i] = group[i + 4].low, corner[3][i] = group[i + 4].high;
	}
	LANES_UNROLL
	for (int i = 0; i < 4; i++)
		lanes_transpose_four(corner[i], turned[i]);
	LANES_UNROLL
	for (int i = 0; i < 4; i++) {
		group[i] = (lanes){ turned[0][i], turned[2][i] };
		group[i + 4] = (lanes){ turned[1][i], turned[3][i] };
	}
}

LANES_INLINE __m256d lanes_scale_half(__m256d a, __m256d bits)
{
	__m256i shifted = _mm256_slli_epi64(_mm256_castpd_si256(bits), 52);
	return _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(a), shifted));
}

LANES_INLINE lanes lanes_scale(lanes a, lanes b)
{
	return LANES_EACH(lanes_scale_half);
}

#else

#define LANES_TARGET
#define LANES_INLINE static inline __attribute__((always_inline, unused))
#define LANES_NAME(stem) stem##_portable

typedef struct {
	double lane[LANES];
} lanes;

#define LANES_EACH(expression)                                                                     \
	lanes r;                                                                                   \
	for (int i = 0; i < LANES; i++)                                                            \
		r.lane[i] = (expression);                                                          \
	return r

LANES_INLINE lanes lanes_load(const double *p)
{
	LANES_EACH(p[i]);
}

LANES_INLINE lanes lanes_load_some(const double *p, size_t count)
{
	lanes r = { { 0 } };
	memcpy(r.lane, p, count * sizeof *p);
	return r;
}

LANES_INLINE void lanes_store(double *p, lanes a)
{
	memcpy(p, a.lane, sizeof a.lane);
}

LANES_INLINE lanes lanes_all(double value)
{
	LANES_EACH(value);
}

LANES_INLINE lanes lanes_add(lanes a, lanes b)
{
	LANES_EACH(a.lane[i] + b.lane[i]);
}

LANES_INLINE lanes lanes_subtract(lanes a, lanes b)
{
	LANES_EACH(a.lane[i] - b.lane[i]);
}

LANES_INLINE lanes lanes_multiply(lanes a, lanes b)
{
	LANES_EACH(a.lane[i] * b.lane[i]);
}

LANES_INLINE lanes lanes_divide(lanes a, lanes b)
{
	LANES_EACH(a.lane[i] / b.lane[i]);
}

LANES_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
	LANES_EACH(a.lane[i] * b.lane[i] + c.lane[i]);
}

LANES_INLINE lanes lanes_max(lanes a, lanes b)
{
	LANES_EACH(a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]);
}

LANES_INLINE lanes lanes_absolute(lanes a)
{
	LANES_EACH(a.lane[i] < 0 ? -a.lane[i] : a.lane[i]);
}

LANES_INLINE lanes lanes_if_negative(lanes condition, lanes yes, lanes no)
{
	LANES_EACH(condition.lane[i] < 0 ? yes.lane[i] : no.lane[i]);
}

LANES_INLINE lanes lanes_if_nan(lanes condition, lanes yes, lanes no)
{
	LANES_EACH(condition.lane[i] != condition.lane[i] ? yes.lane[i] : no.lane[i]);
}

LANES_INLINE double lanes_sum(lanes a)
{
	const double *v = a.lane;
	return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

LANES_INLINE lanes lanes_sum_each(const lanes group[LANES])
{
	LANES_EACH(lanes_sum(group[i]));
}

LANES_INLINE void lanes_transpose(lanes group[LANES])
{
	for (int i = 0; i < LANES; i++) {
		for (int k = i + 1; k < LANES; k++) {
			double other = group[i].lane[k];
			group[i].lane[k] = group[k].lane[i];
			group[k].lane[i] = other;
		}
	}
}

LANES_INLINE lanes lanes_scale(lanes a, lanes bits)
{
	for (int i = 0; i < LANES; i++) {
		uint64_t value, shift;
		memcpy(&value, &a.lane[i], sizeof value);
		memcpy(&shift, &bits.lane[i], sizeof shift);
		value += shift << 52;
		memcpy(&a.lane[i], &value, sizeof value);
	}
	return a;
}

#endif

/*
 * exp(x) for x <= 0, within 2 ulp; under -708 it is exp(-708), about 3e-308. Cody and Waite's
 * reduction x = k log 2 + r, |r| <= log(2) / 2, and Taylor's polynomial of degree 13 in r, whose
 * remainder is under 2^-57.
 */
LANES_INLINE lanes lanes_exp(lanes x)
{
	static const double terms[] = { 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800,
		1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
		1.0 / 24, 1.0 / 6, 0.5, 1, 1 };
	/* Adding 1.5 × 2^52 rounds to an integer, which then stands in the low bits. */
	const lanes shift = lanes_all(0x1.8p52);
	x = lanes_max(x, lanes_all(-708));
	lanes bits = lanes_fma(x, lanes_all(0x1.71547652b82fep0), shift);
	lanes k = lanes_subtract(bits, shift);
	lanes r = lanes_fma(k, lanes_all(-0x1.62e42fefa3800p-1), x);
	r = lanes_fma(k, lanes_all(-0x1.ef35793c76730p-45), r);
	lanes sum = lanes_all(terms[0]);
	for (size_t i = 1; i < sizeof terms / sizeof *terms; i++)
		sum = lanes_fma(sum, r, lanes_all(terms[i]));
	return lanes_scale(sum, bits);
}

/*
 * log(1 + t) for 0 <= t <= 1, within 4 ulp: 2 artanh(s), s = t / (2 + t) <= 1/3, by its series to
 * s^33, whose remainder is under 2^-56.
 */
LANES_INLINE lanes lanes_log1p(lanes t)
{
	lanes s = lanes_divide(t, lanes_add(t, lanes_all(2)));
	lanes square = lanes_multiply(s, s);
	lanes sum = lanes_all(2.0 / 33);
	for (int n = 31; n >= 3; n -= 2)
		sum = lanes_fma(sum, square, lanes_all(2.0 / n));
	return lanes_fma(lanes_multiply(sum, square), s, lanes_add(s, s));
}
