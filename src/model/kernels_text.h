/*
 * The text of the kernels, compiled once per level (see numeric/lanes.h). Products are rounded
 * before they are added on every level, so that all levels give the same bits.
 */
#include "mlops/numeric/lanes.h"

#include "kernels.h"

#define KERNELS_BINARY64(name, move, operation)                                                    \
	LANES_TARGET static void name(                                                             \
		size_t count, const void *const in[], const bool step[], void *out)                \
	{                                                                                          \
		const double *a = in[0], *b = in[1];                                               \
		double *to = out;                                                                  \
		size_t i = 0;                                                                      \
		if (step[0] && step[1]) {                                                          \
			for (; i + LANES <= count; i += LANES)                                     \
				lanes_store(to + i, move(lanes_load(a + i), lanes_load(b + i)));   \
		} else if (step[0]) {                                                              \
			lanes y = lanes_all(*b);                                                   \
			for (; i + LANES <= count; i += LANES)                                     \
				lanes_store(to + i, move(lanes_load(a + i), y));                   \
		} else if (step[1]) {                                                              \
			lanes x = lanes_all(*a);                                                   \
			for (; i + LANES <= count; i += LANES)                                     \
				lanes_store(to + i, move(x, lanes_load(b + i)));                   \
		}                                                                                  \
		for (; i < count; i++)                                                             \
			to[i] = a[step[0] ? i : 0] operation b[step[1] ? i : 0];                   \
	}
KERNELS_BINARY64(kernels_add64, lanes_add, +)
KERNELS_BINARY64(kernels_sub64, lanes_subtract, -)
KERNELS_BINARY64(kernels_mul64, lanes_multiply, *)
KERNELS_BINARY64(kernels_div64, lanes_divide, /)

#define KERNELS_BINARY32(name, operation)                                                          \
	LANES_TARGET static void name(                                                             \
		size_t count, const void *const in[], const bool step[], void *out)                \
	{                                                                                          \
		const float *a = in[0], *b = in[1];                                                \
		float *to = out;                                                                   \
		if (step[0] && step[1]) {                                                          \
			for (size_t i = 0; i < count; i++)                                         \
				to[i] = a[i] operation b[i];                                       \
		} else {                                                                           \
			for (size_t i = 0; i < count; i++)                                         \
				to[i] = a[step[0] ? i : 0] operation b[step[1] ? i : 0];           \
		}                                                                                  \
	}
KERNELS_BINARY32(kernels_add32, +)
KERNELS_BINARY32(kernels_sub32, -)
KERNELS_BINARY32(kernels_mul32, *)
KERNELS_BINARY32(kernels_div32, /)

LANES_TARGET static void kernels_where8(
	size_t count, const void *const in[], const bool step[], void *out)
{
	const uint8_t *condition = in[0];
	const uint64_t *a = in[1], *b = in[2];
	uint64_t *to = out;
	for (size_t i = 0; i < count; i++) {
		uint64_t yes = a[step[1] ? i : 0], no = b[step[2] ? i : 0];
		uint64_t mask = 0 - (uint64_t)condition[step[0] ? i : 0]; /* a blend, no branch */
		to[i] = (yes & mask) | (no & ~mask);
	}
}

LANES_TARGET static void kernels_is_nan(size_t count, const double *in, uint8_t *out)
{
	for (size_t i = 0; i < count; i++)
		out[i] = in[i] != in[i];
}

/* Four rows by eight columns of C stay in registers while k runs. */
LANES_TARGET static void kernels_tile64(
	size_t n, size_t k, const double *a, const double *b, double *c)
{
	lanes s0 = lanes_all(0), s1 = s0, s2 = s0, s3 = s0;
	for (size_t p = 0; p < k; p++) {
		lanes y = lanes_load(b + p * n);
		s0 = lanes_add(s0, lanes_multiply(lanes_all(a[p]), y));
		s1 = lanes_add(s1, lanes_multiply(lanes_all(a[k + p]), y));
		s2 = lanes_add(s2, lanes_multiply(lanes_all(a[2 * k + p]), y));
		s3 = lanes_add(s3, lanes_multiply(lanes_all(a[3 * k + p]), y));
	}
	lanes_store(c, s0);
	lanes_store(c + n, s1);
	lanes_store(c + 2 * n, s2);
	lanes_store(c + 3 * n, s3);
}

/* Four rows by one column: four sums run side by side, which hides the latency of adding. */
#define KERNELS_STRIP(name, T)                                                                     \
	LANES_TARGET static void name(size_t n, size_t k, const T *a, const T *b, T *c)            \
	{                                                                                          \
		T s0 = 0, s1 = 0, s2 = 0, s3 = 0;                                                  \
		for (size_t p = 0; p < k; p++) {                                                   \
			T y = b[p * n];                                                            \
			s0 += a[p] * y;                                                            \
			s1 += a[k + p] * y;                                                        \
			s2 += a[2 * k + p] * y;                                                    \
			s3 += a[3 * k + p] * y;                                                    \
		}                                                                                  \
		c[0] = s0;                                                                         \
		c[n] = s1;                                                                         \
		c[2 * n] = s2;                                                                     \
		c[3 * n] = s3;                                                                     \
	}                                                                                          \
	/* The rows below, one element at a time. */                                               \
	LANES_TARGET static void name##_rest(                                                      \
		size_t m, size_t n, size_t k, const T *a, const T *b, T *c)                        \
	{                                                                                          \
		for (size_t r = 0; r < m; r++)                                                     \
			for (size_t j = 0; j < n; j++) {                                           \
				T sum = 0;                                                         \
				for (size_t p = 0; p < k; p++)                                     \
					sum += a[r * k + p] * b[p * n + j];                        \
				c[r * n + j] = sum;                                                \
			}                                                                          \
	}
KERNELS_STRIP(kernels_strip64, double)
KERNELS_STRIP(kernels_strip32, float)

LANES_TARGET static void kernels_gemm64(
	size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
	size_t whole = m / 4 * 4;
	for (size_t r = 0; r < whole; r += 4) {
		size_t j = 0;
		for (; j + LANES <= n; j += LANES)
			kernels_tile64(n, k, a + r * k, b + j, c + r * n + j);
		for (; j < n; j++)
			kernels_strip64(n, k, a + r * k, b + j, c + r * n + j);
	}
	kernels_strip64_rest(m - whole, n, k, a + whole * k, b, c + whole * n);
}

LANES_TARGET static void kernels_gemm32(
	size_t m, size_t n, size_t k, const float *a, const float *b, float *c)
{
	size_t whole = m / 4 * 4;
	for (size_t r = 0; r < whole; r += 4)
		for (size_t j = 0; j < n; j++)
			kernels_strip32(n, k, a + r * k, b + j, c + r * n + j);
	kernels_strip32_rest(m - whole, n, k, a + whole * k, b, c + whole * n);
}

#define KERNELS_STEP(move, operation)                                                              \
	for (; i + LANES <= count; i += LANES) {                                                   \
		lanes x = lanes_load(in + i);                                                      \
		lanes_store(out + i, move);                                                        \
	}                                                                                          \
	for (; i < count; i++)                                                                     \
		out[i] = operation;                                                                \
	break

LANES_TARGET static void kernels_column64(
	enum kernel_step step, size_t count, const double *in, double value, double *out)
{
	lanes all = lanes_all(value);
	size_t i = 0;
	switch (step) {
	case STEP_IMPUTE:
		KERNELS_STEP(lanes_if_nan(x, all, x), in[i] != in[i] ? value : in[i]);
	case STEP_ADD:
		KERNELS_STEP(lanes_add(x, all), in[i] + value);
	case STEP_SUB:
		KERNELS_STEP(lanes_subtract(x, all), in[i] - value);
	case STEP_MUL:
		KERNELS_STEP(lanes_multiply(x, all), in[i] * value);
	case STEP_DIV:
		KERNELS_STEP(lanes_divide(x, all), in[i] / value);
	}
}

/* Reading, dividing and storing overlap in one pass, where three would wait for each in turn. */
LANES_TARGET static void kernels_standardise64(
	size_t count, const double *in, const double constants[3], double *out)
{
	lanes fill = lanes_all(constants[0]), center = lanes_all(constants[1]);
	lanes scale = lanes_all(constants[2]);
	size_t i = 0;
	for (; i + LANES <= count; i += LANES) {
		lanes x = lanes_load(in + i);
		x = lanes_subtract(lanes_if_nan(x, fill, x), center);
		lanes_store(out + i, lanes_divide(x, scale));
	}
	for (; i < count; i++)
		out[i] = ((in[i] != in[i] ? constants[0] : in[i]) - constants[1]) / constants[2];
}

/* With e = exp(-|x|): 1 / (1 + e), or e / (1 + e) for negative x; nothing overflows. */
LANES_INLINE lanes kernels_sigmoid(lanes x)
{
	lanes zero = lanes_all(0), one = lanes_all(1);
	lanes e = lanes_exp(lanes_subtract(zero, lanes_absolute(x)));
	lanes r = lanes_divide(lanes_if_negative(x, e, one), lanes_add(one, e));
	return lanes_if_nan(x, x, r);
}

LANES_TARGET static void kernels_sigmoid64(size_t count, const double *in, double *out)
{
	size_t i = 0;
	double rest[LANES];
	for (; i + LANES <= count; i += LANES)
		lanes_store(out + i, kernels_sigmoid(lanes_load(in + i)));
	if (i == count)
		return;
	lanes_store(rest, kernels_sigmoid(lanes_load_some(in + i, count - i)));
	memcpy(out + i, rest, (count - i) * sizeof *rest);
}

LANES_TARGET static void kernels_accumulate64(
	size_t count, const double *in, double weight, double *sums)
{
	lanes all = lanes_all(weight);
	size_t i = 0;
	for (; i + LANES <= count; i += LANES)
		lanes_store(sums + i,
			lanes_add(lanes_load(sums + i), lanes_multiply(lanes_load(in + i), all)));
	for (; i < count; i++)
		sums[i] += in[i] * weight;
}

static void kernels_spread64(size_t count, const double *in, double *out, size_t stride)
{
	for (size_t i = 0; i < count; i++)
		out[i * stride] = in[i];
}

const struct kernels LANES_NAME(kernels) = {
	.float64 = { kernels_add64, kernels_sub64, kernels_mul64, kernels_div64 },
	.float32 = { kernels_add32, kernels_sub32, kernels_mul32, kernels_div32 },
	.where8 = kernels_where8,
	.is_nan = kernels_is_nan,
	.gemm64 = kernels_gemm64,
	.gemm32 = kernels_gemm32,
	.column64 = kernels_column64,
	.standardise64 = kernels_standardise64,
	.sigmoid64 = kernels_sigmoid64,
	.accumulate64 = kernels_accumulate64,
	.spread64 = kernels_spread64,
};
