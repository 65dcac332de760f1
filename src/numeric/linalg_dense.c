#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg_internal.h"
#include "mlops/base/memory.h"
#include "mlops/numeric/blas.h"
#include "mlops/numeric/linalg.h"

/* What a pivoted triangle and its solves need. */
struct linalg_pivoted {
	const struct blas *blas;
	size_t m, rank;
	double *a; /* m × (m + 1): the factor, and Q' b */
	double *lengths; /* of the columns, before they were scaled to 1 */
	double *tau, *work;
	int *pivots; /* from 1, as LAPACK has them */
	int work_size;
};

static void linalg_scale_columns(struct linalg_pivoted *pivoted)
{
	size_t m = pivoted->m;
	for (size_t j = 0; j < m; j++) {
		double squares = 0, *column = pivoted->a + j * m;
		for (size_t i = 0; i < m; i++)
			squares += column[i] * column[i];
		double length = squares > 0 ? sqrt(squares) : 1;
		for (size_t i = 0; i < m; i++)
			column[i] /= length;
		pivoted->lengths[j] = length;
	}
}

static int linalg_pivot(struct linalg_pivoted *pivoted, struct error *err)
{
	int m = (int)pivoted->m, one = 1, info = 0;
	double *rhs = pivoted->a + pivoted->m * pivoted->m;
	pivoted->blas->dgeqp3(&m, &m, pivoted->a, &m, pivoted->pivots, pivoted->tau, pivoted->work,
		&pivoted->work_size, &info);
	if (info == 0)
		pivoted->blas->dormqr("L", "T", &m, &one, &m, pivoted->a, &m, pivoted->tau, rhs, &m,
			pivoted->work, &pivoted->work_size, &info, 1, 1);
	if (info != 0)
		return error_set(err, ERROR_BUG, "pivoted QR: LAPACK returned %d", info);
	double smallest = 16 * DBL_EPSILON * (double)m * fabs(pivoted->a[0]);
	pivoted->rank = 0;
	while (pivoted->rank < pivoted->m &&
		fabs(pivoted->a[pivoted->rank * (pivoted->m + 1)]) > smallest)
		pivoted->rank++;
	return 0;
}

/* b := R_rr^-1 b for the leading rank × rank triangle. */
static void linalg_back_substitute(const struct linalg_pivoted *pivoted, double *b)
{
	size_t m = pivoted->m;
	for (size_t i = pivoted->rank; i-- > 0;) {
		b[i] /= pivoted->a[i * m + i];
		for (size_t k = 0; k < i; k++)
			b[k] -= pivoted->a[i * m + k] * b[i];
	}
}

/* z += the combination of null vectors that makes the norm of units × z least. */
static int linalg_shorten(
	const struct linalg_pivoted *pivoted, const double *units, double *z, struct error *err)
{
	size_t m = pivoted->m, r = pivoted->rank, n = m - r;
	AUTO_FREE double *null = memory_allocate(m * n, sizeof *null, err); /* column-major */
	AUTO_FREE double *scaled = memory_allocate(m * n, sizeof *scaled, err);
	AUTO_FREE double *rhs = memory_allocate(m, sizeof *rhs, err);
	if (!null || !scaled || !rhs)
		return -err->code;
	for (size_t k = 0; k < n; k++) {
		memcpy(rhs, pivoted->a + (r + k) * m, r * sizeof *rhs);
		linalg_back_substitute(pivoted, rhs);
		for (size_t i = 0; i < r; i++) {
			size_t j = (size_t)pivoted->pivots[i] - 1;
			null[k * m + j] = -rhs[i] / pivoted->lengths[j];
		}
		size_t j = (size_t)pivoted->pivots[r + k] - 1;
		null[k * m + j] = 1 / pivoted->lengths[j];
		for (size_t i = 0; i < m; i++)
			scaled[k * m + i] = null[k * m + i] * units[i];
	}
	for (size_t i = 0; i < m; i++)
		rhs[i] = -units[i] * z[i];
	int rows = (int)m, columns = (int)n, one = 1, info = 0;
	pivoted->blas->dgeqrf(&rows, &columns, scaled, &rows, pivoted->tau, pivoted->work,
		&pivoted->work_size, &info);
	if (info == 0)
		pivoted->blas->dormqr("L", "T", &rows, &one, &columns, scaled, &rows, pivoted->tau,
			rhs, &rows, pivoted->work, &pivoted->work_size, &info, 1, 1);
	if (info == 0)
		pivoted->blas->dtrtrs(
			"U", "N", "N", &columns, &one, scaled, &rows, rhs, &rows, &info, 1, 1, 1);
	if (info != 0)
		return error_set(err, ERROR_NUMERIC, "least norm: LAPACK returned %d", info);
	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < m; i++)
			z[i] += rhs[k] * null[k * m + i];
	}
	return 0;
}

int linalg_minimum_norm(
	double *a, size_t m, const double *units, double *z, size_t *ret_rank, struct error *err)
{
	struct linalg_pivoted pivoted = { .blas = blas_load(err), .m = m, .a = a };
	*ret_rank = 0;
	if (m == 0)
		return 0;
	pivoted.work_size = (int)(2 * m + (m + 1) * 32);
	AUTO_FREE double *lengths = pivoted.lengths = memory_allocate(m, sizeof *lengths, err);
	AUTO_FREE double *tau = pivoted.tau = memory_allocate(m, sizeof *tau, err);
	AUTO_FREE double *work = pivoted.work =
		memory_allocate((size_t)pivoted.work_size, sizeof *work, err);
	AUTO_FREE int *pivots = pivoted.pivots = memory_allocate(m, sizeof *pivots, err);
	if (!pivoted.blas || !lengths || !tau || !work || !pivots)
		return -err->code;
	linalg_scale_columns(&pivoted);
	if (linalg_pivot(&pivoted, err) < 0)
		return -err->code;
	*ret_rank = pivoted.rank;
	double *rhs = a + m * m;
	linalg_back_substitute(&pivoted, rhs);
	memset(z, 0, m * sizeof *z);
	for (size_t i = 0; i < pivoted.rank; i++) {
		size_t j = (size_t)pivots[i] - 1;
		z[j] = rhs[i] / lengths[j];
	}
	return pivoted.rank < m ? linalg_shorten(&pivoted, units, z, err) : 0;
}

/* Up to this size plain loops are as quick, and the library need not be loaded at all. */
enum { LINALG_SMALL = 96 };

/* U'U = A, by rows of U (Golub and Van Loan, 4.2.5); false if A is not positive definite. */
static bool linalg_cholesky_small(double *a, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		double pivot = a[k * n + k];
		if (!(pivot > 0) || !isfinite(pivot))
			return false;
		double root = sqrt(pivot);
		for (size_t j = k; j < n; j++)
			a[k * n + j] /= root;
		for (size_t i = k + 1; i < n; i++) {
			double factor = a[k * n + i];
			for (size_t j = i; j < n; j++)
				a[i * n + j] -= factor * a[k * n + j];
		}
	}
	return true;
}

int cholesky_factor(double *a, size_t n, struct error *err)
{
	static const char *const refusal = "the matrix is not positive definite";
	if (n <= LINALG_SMALL)
		return linalg_cholesky_small(a, n) ? 0
						   : error_set(err, ERROR_NUMERIC, "%s", refusal);
	const struct blas *blas = blas_load(err);
	if (!blas)
		return -err->code;
	int size = (int)n, info = 0;
	blas->dpotrf("L", &size, a, &size, &info, 1); /* row-major upper is column-major lower */
	return info == 0 ? 0 : error_set(err, ERROR_NUMERIC, "%s", refusal);
}

static void linalg_cholesky_solve_small(const double *u, size_t n, double *b)
{
	for (size_t i = 0; i < n; i++) { /* U' z = b */
		b[i] /= u[i * n + i];
		for (size_t j = i + 1; j < n; j++)
			b[j] -= u[i * n + j] * b[i];
	}
	for (size_t i = n; i-- > 0;) { /* U x = z */
		for (size_t j = i + 1; j < n; j++)
			b[i] -= u[i * n + j] * b[j];
		b[i] /= u[i * n + i];
	}
}

int cholesky_solve(const double *factor, size_t n, double *b, size_t n_right, struct error *err)
{
	if (n <= LINALG_SMALL) {
		for (size_t k = 0; k < n_right; k++)
			linalg_cholesky_solve_small(factor, n, b + k * n);
		return 0;
	}
	const struct blas *blas = blas_load(err);
	if (!blas)
		return -err->code;
	int size = (int)n, right = (int)n_right, info = 0;
	blas->dpotrs("L", &size, &right, factor, &size, b, &size, &info, 1);
	return info == 0 ? 0 : error_set(err, ERROR_BUG, "dpotrs returned %d", info);
}
