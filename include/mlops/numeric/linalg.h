/*
 * linalg: least squares by orthogonal triangularisation, and Cholesky solves.
 *
 * Tall problems are reduced by TSQR (Demmel, Grigori, Hoemmen, Langou, SIAM J. Sci. Comput. 34,
 * 2012): fixed blocks of rows are each reduced to a triangle by Householder reflectors while they
 * are in cache, and the triangles are combined in order of the blocks, so any number of threads
 * gives the same bits. The normal equations are never formed.
 */
#ifndef MLOPS_NUMERIC_LINALG_H
#define MLOPS_NUMERIC_LINALG_H

#include "mlops/base/memory.h"
#include "mlops/numeric/matrix.h"

/*
 * Minimises sum_i w_i (y_i - b0 - x_i' b)² + ridge |b|². The intercept b0 is not penalised.
 */
struct least_squares_problem {
	struct matrix_view x; /* n_rows × n_features, finite */
	const double *y; /* n_rows, finite */
	const double *weights; /* n_rows, >= 0, finite; NULL: all 1 */
	bool intercept;
	double ridge; /* >= 0; 0 is ordinary least squares */
	size_t threads; /* 0: parallel_threads() */
};

struct least_squares {
	double *coefficients; /* n_features */
	double intercept;
	size_t rank; /* of the columns with the intercept's, as seen by `tolerance` below */
	size_t n_columns; /* what the rank would be at most: n_features + (intercept ? 1 : 0) */
	double residual_squares; /* sum_i w_i (y_i - fitted_i)² */
};

/*
 * Rank: columns are scaled to unit length and triangularised with pivoting; diagonal elements
 * under 16 n_columns × 2^-52 of the largest count as zero. If the rank is short, the solution of least Euclidean norm of the coefficients (the intercept not counted) is
 * returned. Needs n_rows >= 1; fewer rows than features is allowed.
 * -ERROR_NUMERIC if something is not finite, also from overflow; -ERROR_MISSING without LAPACK.
 */
int least_squares_solve(const struct least_squares_problem *problem,
	struct least_squares *ret_solution, struct error *err) MUST_CHECK;
void least_squares_release(struct least_squares *solution);
AUTO_RELEASE(struct least_squares, least_squares_release)

/*
 * Solves A x = b for symmetric positive definite A (n × n, row-major, upper triangle read and
 * overwritten by the factor); b is overwritten by x. -ERROR_NUMERIC if A is not positive definite.
 */
int cholesky_factor(double *a, size_t n, struct error *err) MUST_CHECK;
int cholesky_solve(const double *factor, size_t n, double *b, size_t n_right, struct error *err)
	MUST_CHECK; /* b: n_right right-hand sides of n elements, one after the other */

#endif
