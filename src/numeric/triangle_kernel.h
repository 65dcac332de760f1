/*
 * The text of triangle_add(), compiled once per level (see numeric/lanes.h).
 *
 * For column j the reflector is H = I - f v v', v = [v0; b], b the block's column j, which takes
 * [R_jj; b] to [-sign(R_jj) norm; 0] (Golub and Van Loan, algorithm 5.1.1, unscaled). b stays in
 * vector registers while it is applied to the columns behind.
 */
#include "mlops/numeric/lanes.h"

#include <math.h>

#include "mlops/numeric/triangle.h"
#include "triangle_internal.h"

enum { TRIANGLE_VECTORS = TRIANGLE_ROWS / LANES };

/* Applies I - f v v' to one column of [R; B]. */
LANES_INLINE void triangle_reflect(double *top, double *column, const lanes *b, double v0, double f)
{
	lanes c[TRIANGLE_VECTORS];
	LANES_UNROLL
	for (int i = 0; i < TRIANGLE_VECTORS; i++)
		c[i] = lanes_load(column + i * LANES);
	lanes even = lanes_multiply(b[0], c[0]), odd = lanes_multiply(b[1], c[1]);
	LANES_UNROLL
	for (int i = 2; i < TRIANGLE_VECTORS; i += 2) {
		even = lanes_fma(b[i], c[i], even);
		odd = lanes_fma(b[i + 1], c[i + 1], odd);
	}
	double w = -f * (v0 * *top + lanes_sum(lanes_add(even, odd)));
	*top += w * v0;
	lanes all = lanes_all(w);
	LANES_UNROLL
	for (int i = 0; i < TRIANGLE_VECTORS; i++)
		lanes_store(column + i * LANES, lanes_fma(all, b[i], c[i]));
}

LANES_TARGET void LANES_NAME(triangle_add)(double *r, size_t q, double *columns)
{
	for (size_t j = 0; j < q; j++) {
		const double *column = columns + j * TRIANGLE_ROWS;
		lanes b[TRIANGLE_VECTORS];
		LANES_UNROLL
		for (int i = 0; i < TRIANGLE_VECTORS; i++)
			b[i] = lanes_load(column + i * LANES);
		lanes even = lanes_multiply(b[0], b[0]), odd = lanes_multiply(b[1], b[1]);
		LANES_UNROLL
		for (int i = 2; i < TRIANGLE_VECTORS; i += 2) {
			even = lanes_fma(b[i], b[i], even);
			odd = lanes_fma(b[i + 1], b[i + 1], odd);
		}
		double squares = lanes_sum(lanes_add(even, odd));
		if (squares == 0)
			continue;
		double *row = r + j * q;
		double norm = sqrt(row[j] * row[j] + squares);
		double v0 = row[j] < 0 ? row[j] - norm : row[j] + norm;
		double f = 1 / (norm * fabs(v0));
		row[j] = row[j] < 0 ? norm : -norm;
		for (size_t k = j + 1; k < q; k++)
			triangle_reflect(&row[k], columns + k * TRIANGLE_ROWS, b, v0, f);
	}
}
