/*
 * blas: OpenBLAS, loaded on first use.
 *
 * It is always told to use one thread: work is spread by base/parallel.h over fixed blocks, which
 * keeps the bits independent of the number of threads. Arrays are column-major for the LAPACK
 * calls (leading dimension in elements) and either for the CBLAS ones. Call blas_load() before
 * worker threads start; the table it returns is constant afterwards and may be used by any thread.
 */
#ifndef MLOPS_NUMERIC_BLAS_H
#define MLOPS_NUMERIC_BLAS_H

#include <stddef.h>

#include "mlops/base/error.h"

enum blas_order { BLAS_ROW_MAJOR = 101, BLAS_COLUMN_MAJOR = 102 };
enum blas_transpose { BLAS_PLAIN = 111, BLAS_TRANSPOSED = 112 };
enum blas_triangle { BLAS_UPPER = 121, BLAS_LOWER = 122 };

/* The values are those of cblas.h; sizes are int as in the 32-bit interface of Debian. */
struct blas {
	void (*dgemm)(enum blas_order order, enum blas_transpose a_form, enum blas_transpose b_form,
		int m, int n, int k, double alpha, const double *a, int a_stride, const double *b,
		int b_stride, double beta, double *c, int c_stride);
	void (*sgemm)(enum blas_order order, enum blas_transpose a_form, enum blas_transpose b_form,
		int m, int n, int k, float alpha, const float *a, int a_stride, const float *b,
		int b_stride, float beta, float *c, int c_stride);
	void (*dgemv)(enum blas_order order, enum blas_transpose form, int m, int n, double alpha,
		const double *a, int a_stride, const double *x, int x_step, double beta, double *y,
		int y_step);
	void (*dsyrk)(enum blas_order order, enum blas_triangle triangle, enum blas_transpose form,
		int n, int k, double alpha, const double *a, int a_stride, double beta, double *c,
		int c_stride);
	/* LAPACK, Fortran convention: column-major, everything by address, *info 0 is success. */
	void (*dgeqrf)(const int *m, const int *n, double *a, const int *lda, double *tau,
		double *work, const int *lwork, int *info);
	void (*dgeqp3)(const int *m, const int *n, double *a, const int *lda, int *pivot,
		double *tau, double *work, const int *lwork, int *info);
	void (*dormqr)(const char *side, const char *form, const int *m, const int *n, const int *k,
		const double *a, const int *lda, const double *tau, double *c, const int *ldc,
		double *work, const int *lwork, int *info, size_t side_length, size_t form_length);
	void (*dtrtrs)(const char *triangle, const char *form, const char *diagonal, const int *n,
		const int *n_right, const double *a, const int *lda, double *b, const int *ldb,
		int *info, size_t triangle_length, size_t form_length, size_t diagonal_length);
	void (*dpotrf)(const char *triangle, const int *n, double *a, const int *lda, int *info,
		size_t triangle_length);
	void (*dpotrs)(const char *triangle, const int *n, const int *n_right, const double *a,
		const int *lda, double *b, const int *ldb, int *info, size_t triangle_length);
	void (*dsyev)(const char *job, const char *triangle, const int *n, double *a,
		const int *lda, double *values, double *work, const int *lwork, int *info,
		size_t job_length, size_t triangle_length);
};

/* NULL with ERROR_MISSING if no library is installed. Any thread may call; loads once. */
const struct blas *blas_load(struct error *err);

/* "OpenBLAS 0.3.21" and "Zen"; "" until loaded. For `mlops doctor` and the run's environment. */
const char *blas_version(void);
const char *blas_core(void);

#endif
