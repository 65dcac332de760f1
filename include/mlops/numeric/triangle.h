/*
 * triangle: the running triangle R of a QR decomposition, fed with blocks of rows.
 *
 * R is q × q, upper, row-major with stride q. Adding a block B replaces R by the triangle of
 * [R; B]: one Householder reflector a column, R = H_q … H_1 [R; B] (Golub and Van Loan, Matrix
 * Computations, 4th ed., 5.2 and 6.5.3). The rows of a block are TRIANGLE_ROWS at most, stored
 * column by column, so that a reflector stays in vector registers; each column is
 * TRIANGLE_ROWS long, rows that are not used are zero.
 */
#ifndef MLOPS_NUMERIC_TRIANGLE_H
#define MLOPS_NUMERIC_TRIANGLE_H

#include <stddef.h>

#include "mlops/base/cpu.h"

enum { TRIANGLE_ROWS = 64 };

/*
 * columns: q × TRIANGLE_ROWS, 64-byte aligned, destroyed. The adders of AVX2 and AVX-512 give the
 * same bits; the portable one differs in rounding (no fused product).
 */
typedef void triangle_adder(double *r, size_t q, double *columns);

/* The adder for a level that this machine has; see base/cpu.h. */
triangle_adder *triangle_adder_for(enum cpu_level level);

/* R := the triangle of [R; other]. scratch: q × TRIANGLE_ROWS, 64-byte aligned. */
void triangle_merge(triangle_adder *add, double *r, const double *other, size_t q, double *scratch);

#endif
