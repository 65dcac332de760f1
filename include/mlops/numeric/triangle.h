/*
 * triangle: the running triangle R of a QR decomposition, fed with blocks of rows.
 *
 * R is q × q, upper, row-major with stride q. Adding a block B replaces R by the triangle of
 * [R; B]: one Householder reflector a column, R = H_q … H_1 [R; B] (Golub and Van Loan, Matrix
 * Computations, 4th ed., 5.2 and 6.5.3). The rows of a block are TRIANGLE_ROWS at most, stored
 * column by column, so that reflectors stay in vector registers; each column is TRIANGLE_ROWS
 * long, rows that are not used are zero.
 *
 * The kernels of AVX2 and AVX-512 give the same bits; the portable ones differ in rounding (no
 * fused product).
 */
#ifndef MLOPS_NUMERIC_TRIANGLE_H
#define MLOPS_NUMERIC_TRIANGLE_H

#include <stddef.h>

#include "mlops/base/cpu.h"

enum { TRIANGLE_ROWS = 64 };

/* Rows of a row-major matrix that are to become columns of a block. */
struct triangle_rows {
	const double *x; /* count × p, rows `stride` apart; count <= TRIANGLE_ROWS */
	size_t stride, count, p;
	const double *shift, *scale; /* p each */
	const double *factors; /* TRIANGLE_ROWS, of the rows */
	const double *ahead; /* count rows that come next, to be fetched early; or NULL */
};

struct triangle_kernels {
	/* columns: q × TRIANGLE_ROWS, 64-byte aligned, destroyed */
	void (*add)(double *r, size_t q, double *columns);
	/* columns, p × TRIANGLE_ROWS: ((x - shift) scale) factor; rows past the end are zero */
	void (*load)(const struct triangle_rows *rows, double *columns);
};

/* The kernels for a level that this machine has; see base/cpu.h. */
const struct triangle_kernels *triangle_kernels_for(enum cpu_level level);

/* R := the triangle of [R; other]. scratch: q × TRIANGLE_ROWS, 64-byte aligned. */
void triangle_merge(const struct triangle_kernels *kernels, double *r, const double *other,
	size_t q, double *scratch);

#endif
