/*
 * The text of the triangle kernels, compiled once per level (see numeric/lanes.h).
 *
 * For column j the reflector is H = I - f v v', v = [v0; b], b the block's column j, which takes
 * [R_jj; b] to [-sign(R_jj) norm; 0] (Golub and Van Loan, algorithm 5.1.1, unscaled). Two of them
 * are applied to a column behind at once: it is then loaded and stored half as often. With
 * w_1 = -f_1 v_1'c, the second sees c + w_1 b_1, so w_2 = -f_2 (v_2'c + w_1 b_2'b_1).
 */
#include "mlops/numeric/lanes.h"

#include <math.h>

#include "triangle_internal.h"

enum { TRIANGLE_VECTORS = TRIANGLE_ROWS / LANES };

struct triangle_reflector {
	lanes b[TRIANGLE_VECTORS];
	double v0, f;
};

LANES_INLINE void triangle_fetch(const double *column, lanes b[TRIANGLE_VECTORS])
{
	LANES_UNROLL
	for (int i = 0; i < TRIANGLE_VECTORS; i++)
		b[i] = lanes_load(column + i * LANES);
}

LANES_INLINE double triangle_dot(const lanes a[TRIANGLE_VECTORS], const lanes b[TRIANGLE_VECTORS])
{
	lanes even = lanes_multiply(a[0], b[0]), odd = lanes_multiply(a[1], b[1]);
	LANES_UNROLL
	for (int i = 2; i < TRIANGLE_VECTORS; i += 2) {
		even = lanes_fma(a[i], b[i], even);
		odd = lanes_fma(a[i + 1], b[i + 1], odd);
	}
	return lanes_sum(lanes_add(even, odd));
}

/* From the column in reflector->b; a column of zeros gives f = 0, which changes nothing. */
LANES_INLINE void triangle_make(struct triangle_reflector *reflector, double *diagonal)
{
	double squares = triangle_dot(reflector->b, reflector->b);
	reflector->v0 = reflector->f = 0;
	if (squares == 0)
		return;
	double norm = sqrt(*diagonal * *diagonal + squares);
	reflector->v0 = *diagonal < 0 ? *diagonal - norm : *diagonal + norm;
	reflector->f = 1 / (norm * fabs(reflector->v0));
	*diagonal = *diagonal < 0 ? norm : -norm;
}

/* Applies one reflector to the column [*top; c]. */
LANES_INLINE void triangle_apply(
	const struct triangle_reflector *one, double *top, lanes c[TRIANGLE_VECTORS])
{
	double w = -one->f * (one->v0 * *top + triangle_dot(one->b, c));
	*top += w * one->v0;
	lanes all = lanes_all(w);
	LANES_UNROLL
	for (int i = 0; i < TRIANGLE_VECTORS; i++)
		c[i] = lanes_fma(all, one->b[i], c[i]);
}

/* The multiples of b_1 and b_2 that a column behind takes; its elements of R are done here. */
struct triangle_weights {
	double w1, w2;
};

LANES_INLINE struct triangle_weights triangle_weigh(const struct triangle_reflector *one,
	const struct triangle_reflector *two, double cross, double *top, double *below,
	const double *column)
{
	lanes c[TRIANGLE_VECTORS];
	triangle_fetch(column, c);
	double first = triangle_dot(one->b, c), second = triangle_dot(two->b, c);
	struct triangle_weights weights;
	weights.w1 = -one->f * (one->v0 * *top + first);
	weights.w2 = -two->f * (two->v0 * *below + (second + weights.w1 * cross));
	*top += weights.w1 * one->v0;
	*below += weights.w2 * two->v0;
	return weights;
}

LANES_INLINE void triangle_move(const struct triangle_reflector *one,
	const struct triangle_reflector *two, struct triangle_weights weights, double *column)
{
	lanes all1 = lanes_all(weights.w1), all2 = lanes_all(weights.w2);
	LANES_UNROLL
	for (int i = 0; i < TRIANGLE_VECTORS; i++) {
		lanes sum = lanes_fma(all1, one->b[i], lanes_load(column + i * LANES));
		lanes_store(column + i * LANES, lanes_fma(all2, two->b[i], sum));
	}
}

/* Applies `one`, then `two`, to columns j .. q - 1. The weights of a column are found while the one
 * before it moves: the long chain of a dot product hides behind independent work. */
LANES_INLINE void triangle_apply_both(const struct triangle_reflector *one,
	const struct triangle_reflector *two, double *row, double *next, double *columns, size_t j,
	size_t q)
{
	double cross = triangle_dot(one->b, two->b);
	struct triangle_weights weights =
		triangle_weigh(one, two, cross, &row[j], &next[j], columns + j * TRIANGLE_ROWS);
	for (; j + 1 < q; j++) {
		double *column = columns + j * TRIANGLE_ROWS;
		struct triangle_weights ahead = triangle_weigh(
			one, two, cross, &row[j + 1], &next[j + 1], column + TRIANGLE_ROWS);
		triangle_move(one, two, weights, column);
		weights = ahead;
	}
	triangle_move(one, two, weights, columns + j * TRIANGLE_ROWS);
}

static LANES_TARGET void LANES_NAME(triangle_add)(double *r, size_t q, double *columns)
{
	for (size_t j = 0; j + 1 < q; j += 2) {
		struct triangle_reflector one, two;
		double *row = r + j * q, *next = row + q;
		triangle_fetch(columns + j * TRIANGLE_ROWS, one.b);
		triangle_fetch(columns + (j + 1) * TRIANGLE_ROWS, two.b);
		triangle_make(&one, &row[j]);
		triangle_apply(&one, &row[j + 1], two.b);
		triangle_make(&two, &next[j + 1]);
		if (j + 2 < q)
			triangle_apply_both(&one, &two, row, next, columns, j + 2, q);
	}
	if (q % 2) {
		struct triangle_reflector last;
		triangle_fetch(columns + (q - 1) * TRIANGLE_ROWS, last.b);
		triangle_make(&last, &r[q * q - 1]);
	}
}

/* Eight rows by up to eight columns, turned on the way. */
LANES_INLINE void triangle_turn(
	const struct triangle_rows *rows, size_t first, size_t column, double *columns)
{
	size_t left = rows->p - column, count = left < LANES ? left : LANES;
	lanes group[LANES];
	lanes shift = count < LANES ? lanes_load_some(rows->shift + column, count)
				    : lanes_load(rows->shift + column);
	lanes scale = count < LANES ? lanes_load_some(rows->scale + column, count)
				    : lanes_load(rows->scale + column);
	LANES_UNROLL
	for (size_t i = 0; i < LANES; i++) {
		size_t at = first + i < rows->count ? first + i : first;
		const double *row = rows->x + at * rows->stride + column;
		if (rows->ahead) /* eight rows at a time is no order that the processor foresees */
			__builtin_prefetch(rows->ahead + at * rows->stride + column, 0, 2);
		lanes value = count < LANES ? lanes_load_some(row, count) : lanes_load(row);
		value = lanes_multiply(lanes_subtract(value, shift), scale);
		group[i] = lanes_multiply(value, lanes_all(rows->factors[first + i]));
	}
	lanes_transpose(group);
	double *at = columns + column * TRIANGLE_ROWS + first;
	LANES_UNROLL
	for (size_t i = 0; i < LANES; i++) {
		if (i < count)
			lanes_store(at + i * TRIANGLE_ROWS, group[i]);
	}
}

static LANES_TARGET void LANES_NAME(triangle_load)(
	const struct triangle_rows *rows, double *columns)
{
	for (size_t first = 0; first < TRIANGLE_ROWS; first += LANES) {
		for (size_t column = 0; first < rows->count && column < rows->p; column += LANES)
			triangle_turn(rows, first, column, columns);
		for (size_t column = 0; first >= rows->count && column < rows->p; column++)
			lanes_store(columns + column * TRIANGLE_ROWS + first, lanes_all(0));
	}
}

const struct triangle_kernels LANES_NAME(triangle_kernels) = {
	.add = LANES_NAME(triangle_add),
	.load = LANES_NAME(triangle_load),
};
