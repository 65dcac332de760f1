/*
 * kernels: the inner loops that decide the speed, once for each level of vector instructions.
 *
 * kernels_text.h is compiled for every level of base/cpu.h; kernels() answers the table of the level
 * in use. All levels give the same bits, but for sigmoid64: element-wise operations are exact,
 * and sums go in the order that is stated here, whatever the width of a vector.
 */
#ifndef MLOPS_MODEL_KERNELS_H
#define MLOPS_MODEL_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One step of what is done to a column before it meets its weights. */
enum kernel_step { STEP_IMPUTE, STEP_ADD, STEP_SUB, STEP_MUL, STEP_DIV };

struct kernels {
	/* Add, Sub, Mul, Div, as broadcast_row. */
	void (*float64[4])(size_t count, const void *const in[], const bool step[], void *out);
	void (*float32[4])(size_t count, const void *const in[], const bool step[], void *out);
	/* in: condition (bytes), a, b of 8 bytes each. */
	void (*where8)(size_t count, const void *const in[], const bool step[], void *out);
	void (*is_nan)(size_t count, const double *in, uint8_t *out);
	/*
	 * C: m × n = A: m × k by B: k × n, row-major, dense. Every element is the sum over k in
	 * order, from 0. Small products; large ones are OpenBLAS's.
	 */
	void (*gemm64)(size_t m, size_t n, size_t k, const double *a, const double *b, double *c);
	void (*gemm32)(size_t m, size_t n, size_t k, const float *a, const float *b, float *c);
	/* out = in (step) value; in may be out */
	void (*column64)(
		enum kernel_step step, size_t count, const double *in, double value, double *out);
	/* STEP_IMPUTE, STEP_SUB and STEP_DIV with the three constants, in one pass */
	void (*standardise64)(
		size_t count, const double *in, const double constants[3], double *out);
	/*
	 * 1 / (1 + e^-x) within 4 ulp (under x = -708 it stays at 3e-308); the portable level
	 * differs from the others in the last bits, see lanes_exp(). in may be out.
	 */
	void (*sigmoid64)(size_t count, const double *in, double *out);
	/* sums += in × weight */
	void (*accumulate64)(size_t count, const double *in, double weight, double *sums);
	/* out[i * stride] = in[i]: one column of a joined matrix. */
	void (*spread64)(size_t count, const double *in, double *out, size_t stride);
};

extern const struct kernels kernels_portable, kernels_avx2, kernels_avx512;

const struct kernels *kernels(void);

#endif
