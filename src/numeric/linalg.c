#include "mlops/numeric/linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg_internal.h"
#include "mlops/base/parallel.h"
#include "mlops/numeric/blas.h"
#include "mlops/numeric/summation.h"
#include "mlops/numeric/triangle.h"

/* Rows looked at to choose shift and scale; any choice gives the same solution but for rounding. */
enum { LINALG_SAMPLE = 1024 };

/* Up to this many columns our own kernel is at the speed of the machine: a block stays in cache. */
enum { LINALG_NARROW = 160 };

/*
 * The problem in the columns [1, (x - shift) scale, (y - shift) scale], with rows times sqrt(w).
 * Shifting towards the mean saves the digits that a far-off mean would cost; scales are powers of
 * two, so they round nothing and keep squares from overflowing.
 */
struct linalg_reduction {
	const struct least_squares_problem *problem;
	const struct triangle_kernels *kernels;
	const struct blas *blas; /* wide problems only */
	size_t q, m; /* columns with y, without y */
	size_t first; /* the first feature's column: 0 or 1 */
	double *shift, *scale; /* of features and y: n_features + 1 */
	size_t block_rows, n_blocks, scratch_size;
	double *triangles; /* n_blocks × q × q */
	double *scratch; /* scratch_size a worker */
};

static double linalg_value(const struct least_squares_problem *problem, size_t row, size_t column)
{
	return column < problem->x.n_columns ? matrix_view_row(&problem->x, row)[column]
					     : problem->y[row];
}

static void linalg_choose_scale(struct linalg_reduction *reduction)
{
	const struct least_squares_problem *problem = reduction->problem;
	size_t n = problem->x.n_rows, count = n < LINALG_SAMPLE ? n : LINALG_SAMPLE;
	for (size_t j = 0; j <= problem->x.n_columns; j++) {
		double mean = 0, largest = 0;
		for (size_t i = 0; problem->intercept && i < count; i++)
			mean += linalg_value(problem, i * (n / count), j) / (double)count;
		double first = linalg_value(problem, 0, j);
		bool constant = true;
		for (size_t i = 0; i < count; i++) {
			double value = linalg_value(problem, i * (n / count), j);
			constant = constant && value == first;
			largest = fmax(largest, fabs(value - mean));
		}
		if (constant && problem->intercept)
			mean = first, largest = 0; /* exactly zero after the shift */
		int exponent = 0;
		if (largest > 0 && isfinite(largest))
			frexp(largest, &exponent);
		exponent = exponent < -1000 ? -1000 : exponent > 1000 ? 1000 : exponent;
		reduction->shift[j] = mean;
		reduction->scale[j] = ldexp(1, -exponent);
	}
}

/* Rows first .. first + count - 1 as columns of `stride` elements; the rest stays as it is. */
static void linalg_load(const struct linalg_reduction *reduction, size_t first, size_t count,
	double *columns, size_t stride)
{
	const struct least_squares_problem *problem = reduction->problem;
	const double *shift = reduction->shift, *scale = reduction->scale;
	size_t p = problem->x.n_columns;
	for (size_t i = 0; i < count; i++) {
		const double *row = matrix_view_row(&problem->x, first + i);
		double root = problem->weights ? sqrt(problem->weights[first + i]) : 1;
		double *at = columns + i;
		if (problem->intercept) {
			*at = root;
			at += stride;
		}
		for (size_t j = 0; j < p; j++, at += stride)
			*at = (row[j] - shift[j]) * scale[j] * root;
		*at = (problem->y[first + i] - shift[p]) * scale[p] * root;
	}
}

/* The same for TRIANGLE_ROWS rows at most, zeros behind, with the vector kernel for the features. */
static void linalg_load_block(
	const struct linalg_reduction *reduction, size_t first, size_t count, double *columns)
{
	const struct least_squares_problem *problem = reduction->problem;
	size_t p = problem->x.n_columns;
	double factors[TRIANGLE_ROWS], *y = columns + reduction->m * TRIANGLE_ROWS;
	for (size_t i = 0; i < TRIANGLE_ROWS; i++) {
		bool real = i < count;
		factors[i] = !real ? 0 : problem->weights ? sqrt(problem->weights[first + i]) : 1;
		double value = real ? problem->y[first + i] : 0;
		y[i] = (value - reduction->shift[p]) * reduction->scale[p] * factors[i];
	}
	if (problem->intercept)
		memcpy(columns, factors, sizeof factors);
	struct triangle_rows rows = { .x = matrix_view_row(&problem->x, first),
		.stride = problem->x.stride,
		.count = count,
		.p = p,
		.shift = reduction->shift,
		.scale = reduction->scale,
		.factors = factors };
	if (problem->x.n_rows - first >= 2 * TRIANGLE_ROWS)
		rows.ahead = matrix_view_row(&problem->x, first + TRIANGLE_ROWS);
	reduction->kernels->load(&rows, columns + reduction->first * TRIANGLE_ROWS);
}

static void linalg_reduce_narrow(const struct linalg_reduction *reduction, size_t first,
	size_t count, double *r, double *scratch)
{
	for (size_t done = 0; done < count; done += TRIANGLE_ROWS) {
		size_t rows = count - done < TRIANGLE_ROWS ? count - done : TRIANGLE_ROWS;
		linalg_load_block(reduction, first + done, rows, scratch);
		reduction->kernels->add(r, reduction->q, scratch);
	}
}

/* The triangle of a column-major m × n matrix, which is destroyed, added into row-major r. */
static int linalg_reduce_wide(const struct linalg_reduction *reduction, size_t rows, double *a,
	double *r, struct error *err)
{
	size_t q = reduction->q;
	int m = (int)rows, n = (int)q, info = 0, work_size = n * 32;
	double *tau = a + rows * q, *work = tau + q;
	reduction->blas->dgeqrf(&m, &n, a, &m, tau, work, &work_size, &info);
	if (info != 0)
		return error_set(err, ERROR_BUG, "dgeqrf returned %d", info);
	for (size_t i = 0; i < q && i < rows; i++) {
		for (size_t j = i; j < q; j++)
			r[i * q + j] = a[j * rows + i];
	}
	return 0;
}

static int linalg_reduce_block(void *context, size_t index, size_t worker, struct error *err)
{
	const struct linalg_reduction *reduction = context;
	size_t q = reduction->q, first = index * reduction->block_rows;
	size_t left = reduction->problem->x.n_rows - first;
	size_t count = left < reduction->block_rows ? left : reduction->block_rows;
	double *r = reduction->triangles + index * q * q;
	double *scratch = reduction->scratch + worker * reduction->scratch_size;
	if (q <= LINALG_NARROW) {
		linalg_reduce_narrow(reduction, first, count, r, scratch);
		return 0;
	}
	linalg_load(reduction, first, count, scratch, count);
	return linalg_reduce_wide(reduction, count, scratch, r, err);
}

/* Adds triangle `other` into triangle 0, in order of the blocks. */
static int linalg_merge(const struct linalg_reduction *reduction, size_t other, struct error *err)
{
	size_t q = reduction->q;
	double *r = reduction->triangles, *next = r + other * q * q, *a = reduction->scratch;
	if (q <= LINALG_NARROW) {
		triangle_merge(reduction->kernels, r, next, q, a);
		return 0;
	}
	memset(a, 0, 2 * q * q * sizeof *a);
	for (size_t i = 0; i < q; i++) {
		for (size_t j = i; j < q; j++) {
			a[j * 2 * q + i] = r[i * q + j];
			a[j * 2 * q + q + i] = next[i * q + j];
		}
	}
	return linalg_reduce_wide(reduction, 2 * q, a, r, err);
}

/* The rows sqrt(ridge) I of the augmented system, in scaled columns. */
static void linalg_add_ridge(const struct linalg_reduction *reduction)
{
	size_t q = reduction->q, p = reduction->problem->x.n_columns;
	double root = sqrt(reduction->problem->ridge), *scratch = reduction->scratch;
	for (size_t first = 0; first < p; first += TRIANGLE_ROWS) {
		memset(scratch, 0, q * TRIANGLE_ROWS * sizeof *scratch);
		for (size_t j = first; j < p && j < first + TRIANGLE_ROWS; j++)
			scratch[(reduction->first + j) * TRIANGLE_ROWS + (j - first)] =
				root * reduction->scale[j];
		reduction->kernels->add(reduction->triangles, q, scratch);
	}
}

static int linalg_reduce(struct linalg_reduction *reduction, struct error *err)
{
	const struct least_squares_problem *problem = reduction->problem;
	size_t threads = problem->threads ? problem->threads : parallel_threads();
	threads = threads < reduction->n_blocks ? threads : reduction->n_blocks;
	size_t q = reduction->q, bytes;
	if (__builtin_mul_overflow(reduction->scratch_size * sizeof(double), threads, &bytes))
		return error_set(err, ERROR_MEMORY, "too many columns: %zu", q);
	AUTO_FREE double *scratch = memory_allocate_aligned(bytes, err);
	if (!scratch)
		return -err->code;
	reduction->scratch = scratch;
	if (parallel_for(threads, reduction->n_blocks, linalg_reduce_block, reduction, err) < 0)
		return -err->code;
	for (size_t i = 1; i < reduction->n_blocks; i++) {
		if (linalg_merge(reduction, i, err) < 0)
			return -err->code;
	}
	if (problem->ridge > 0)
		linalg_add_ridge(reduction);
	double *r = reduction->triangles, check = 0;
	for (size_t i = 0; i < q * q; i++)
		check += r[i] - r[i];
	if (check != 0) /* NaN */
		return error_set(err, ERROR_NUMERIC,
			"least squares: a value is not finite, or so large that its square is not");
	return 0;
}

/* Coefficients in scaled columns (m) to the caller's: undo scale and shift. */
static void linalg_finish(const struct linalg_reduction *reduction, const double *scaled,
	struct least_squares *solution)
{
	const struct least_squares_problem *problem = reduction->problem;
	size_t p = problem->x.n_columns, q = reduction->q;
	double y_scale = reduction->scale[p];
	struct sum intercept = SUM_INIT, penalty = SUM_INIT;
	for (size_t j = 0; j < p; j++) {
		double value = scaled[reduction->first + j] * reduction->scale[j] / y_scale;
		solution->coefficients[j] = value;
		sum_add(&intercept, -value * reduction->shift[j]);
		sum_add(&penalty, problem->ridge * value * value);
	}
	if (problem->intercept) {
		sum_add(&intercept, scaled[0] / y_scale);
		sum_add(&intercept, reduction->shift[p]);
		solution->intercept = sum_result(&intercept);
	}
	double last = reduction->triangles[q * q - 1] / y_scale;
	solution->residual_squares = fmax(0, last * last - sum_result(&penalty));
}

static int linalg_solve_triangle(
	const struct linalg_reduction *reduction, struct least_squares *solution, struct error *err)
{
	size_t m = reduction->m, q = reduction->q;
	AUTO(matrix_release) struct matrix a = { 0 };
	AUTO_FREE double *scaled = memory_allocate(m, sizeof *scaled, err);
	if (!scaled || matrix_init(m, m + 1, &a, err) < 0)
		return -err->code;
	for (size_t i = 0; i < m;
		i++) /* to column-major, with the right-hand side as last column */
		for (size_t j = i; j <= m; j++)
			a.values[j * m + i] = reduction->triangles[i * q + j];
	/* The norm that is made least is that of the caller's coefficients. */
	AUTO_FREE double *units = memory_allocate(m, sizeof *units, err);
	if (!units)
		return -err->code;
	for (size_t j = reduction->first; j < m; j++)
		units[j] = reduction->scale[j - reduction->first];
	if (linalg_minimum_norm(a.values, m, units, scaled, &solution->rank, err) < 0)
		return -err->code;
	linalg_finish(reduction, scaled, solution);
	return 0;
}

static void linalg_plan(struct linalg_reduction *reduction)
{
	const struct least_squares_problem *problem = reduction->problem;
	reduction->first = problem->intercept ? 1 : 0;
	reduction->m = problem->x.n_columns + reduction->first;
	size_t q = reduction->q = reduction->m + 1, n = problem->x.n_rows;
	bool narrow = q <= LINALG_NARROW;
	reduction->block_rows = narrow ? 64 * TRIANGLE_ROWS : 32 * q;
	if (reduction->block_rows > n)
		reduction->block_rows = n;
	reduction->n_blocks = (n + reduction->block_rows - 1) / reduction->block_rows;
	size_t tall = reduction->block_rows > 2 * q ? reduction->block_rows : 2 * q;
	size_t rows = narrow || tall < TRIANGLE_ROWS ? TRIANGLE_ROWS : tall;
	reduction->scratch_size = (rows + 40) * q / LINALG_LINE * LINALG_LINE + LINALG_LINE;
}

int least_squares_solve(const struct least_squares_problem *problem,
	struct least_squares *ret_solution, struct error *err)
{
	struct linalg_reduction reduction = { .problem = problem,
		.kernels = triangle_kernels_for(cpu_level()),
		.blas = blas_load(err) };
	*ret_solution = (struct least_squares){ 0 };
	if (!reduction.blas)
		return -err->code;
	size_t p = problem->x.n_columns;
	if (!problem->x.n_rows || p > LINALG_COLUMNS_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
			"least squares on %zu rows and %zu columns (1 row at least, %d columns at most)",
			problem->x.n_rows, p, LINALG_COLUMNS_MAX);
	linalg_plan(&reduction);
	AUTO(least_squares_release) struct least_squares solution = { .n_columns = reduction.m };
	AUTO_FREE double *shift = memory_allocate(p + 1, sizeof *shift, err);
	AUTO_FREE double *scale = memory_allocate(p + 1, sizeof *scale, err);
	AUTO_FREE double *triangles = memory_allocate(
		reduction.n_blocks, reduction.q * reduction.q * sizeof *triangles, err);
	solution.coefficients = memory_allocate(p, sizeof *solution.coefficients, err);
	if (!shift || !scale || !triangles || !solution.coefficients)
		return -err->code;
	reduction.shift = shift, reduction.scale = scale, reduction.triangles = triangles;
	linalg_choose_scale(&reduction);
	if (linalg_reduce(&reduction, err) < 0 ||
		linalg_solve_triangle(&reduction, &solution, err) < 0)
		return -err->code;
	*ret_solution = solution;
	solution = (struct least_squares){ 0 };
	return 0;
}

void least_squares_release(struct least_squares *solution)
{
	memory_free(solution->coefficients);
	*solution = (struct least_squares){ 0 };
}
