/*
 * triangle: the running triangle R of a QR decomposition, fed with blocks of rows.
 *
 * R is q × q, upper, row-major with stride q. Adding a block B replaces R by the triangle of
 * [R; B]: one Householder reflector a column, R = H_q … H_1 [R; B] (Golub and Van Loan, Matrix
 * Computations, 4th ed., 5.2 and 6.5.3). The rows of a block are TRIANGLE_ROWS at most, stored
 * column by column, so that a reflector stays in vector registers; each column is
 * TRIANGLE_ROWS long, rows that are not used are zero. The block is destroyed.
 */
#ifndef MLOPS_NUMERIC_TRIANGLE_H
#define MLOPS_NUMERIC_TRIANGLE_H

#include <stddef.h>

enum { TRIANGLE_ROWS = 64 };

/* columns: q × TRIANGLE_ROWS, 64-byte aligned. Vector code as base/cpu.h says; the AVX2 and
 * AVX-512 forms give the same bits, the portable form differs in rounding (no fused product). */
void triangle_add(double *r, size_t q, double *columns);

/* R := the triangle of [R; other]. scratch: q × TRIANGLE_ROWS, 64-byte aligned. */
void triangle_merge(double *r, const double *other, size_t q, double *scratch);

#endif
