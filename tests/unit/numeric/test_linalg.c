#include "unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "mlops/base/cpu.h"
#include "mlops/numeric/blas.h"
#include "mlops/numeric/linalg.h"
#include "mlops/numeric/random.h"
#include "mlops/numeric/triangle.h"

/* NIST StRD, linear regression, "Longley" (higher difficulty): data and certified values from
 * https://www.itl.nist.gov/div898/strd/lls/data/LINKS/DATA/Longley.dat */
static const double longley_x[16][6] = {
	{ 83.0, 234289, 2356, 1590, 107608, 1947 },
	{ 88.5, 259426, 2325, 1456, 108632, 1948 },
	{ 88.2, 258054, 3682, 1616, 109773, 1949 },
	{ 89.5, 284599, 3351, 1650, 110929, 1950 },
	{ 96.2, 328975, 2099, 3099, 112075, 1951 },
	{ 98.1, 346999, 1932, 3594, 113270, 1952 },
	{ 99.0, 365385, 1870, 3547, 115094, 1953 },
	{ 100.0, 363112, 3578, 3350, 116219, 1954 },
	{ 101.2, 397469, 2904, 3048, 117388, 1955 },
	{ 104.6, 419180, 2822, 2857, 118734, 1956 },
	{ 108.4, 442769, 2936, 2798, 120445, 1957 },
	{ 110.8, 444546, 4681, 2637, 121950, 1958 },
	{ 112.6, 482704, 3813, 2552, 123366, 1959 },
	{ 114.2, 502601, 3931, 2514, 125368, 1960 },
	{ 115.7, 518173, 4806, 2572, 127852, 1961 },
	{ 116.9, 554894, 4007, 2827, 130081, 1962 },
};
static const double longley_y[16] = { 60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761, 66019,
	67857, 68169, 66513, 68655, 69564, 69331, 70551 };
static const double longley_intercept = -3482258.63459582;
static const double longley_coefficients[6] = { 15.0618722713733, -0.358191792925910E-01,
	-2.02022980381683, -1.03322686717359, -0.511041056535807E-01, 1829.15146461355 };
static const double longley_residual_squares = 836424.055505915;

START_TEST(longley_has_ten_certified_digits)
{
	struct error err = ERROR_INIT;
	struct least_squares_problem problem = {
		.x = { longley_x[0], 16, 6, 6 }, .y = longley_y, .intercept = true
	};
	AUTO(least_squares_release) struct least_squares fit;
	ck_assert_msg(least_squares_solve(&problem, &fit, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(fit.rank, 7);
	ck_assert_double_eq_tol(fit.intercept / longley_intercept, 1, 1e-10);
	for (int j = 0; j < 6; j++)
		ck_assert_double_eq_tol(fit.coefficients[j] / longley_coefficients[j], 1, 1e-10);
	ck_assert_double_eq_tol(fit.residual_squares / longley_residual_squares, 1, 1e-10);
}
END_TEST

static void fill_normal(const char *name, struct matrix *x)
{
	struct random_stream stream = random_stream(5, name);
	for (size_t i = 0; i < x->n_rows * x->n_columns; i++)
		x->values[i] = random_normal(&stream);
}

/* y = 3 + sum (j - 1.5) x_j + noise */
static void fill_target(const struct matrix *x, double noise, double *y)
{
	struct random_stream stream = random_stream(6, "noise");
	for (size_t i = 0; i < x->n_rows; i++) {
		y[i] = 3 + noise * random_normal(&stream);
		for (size_t j = 0; j < x->n_columns; j++)
			y[i] += ((double)j - 1.5) * matrix_row(x, i)[j];
	}
}

static struct least_squares solve(const struct matrix *x, const double *y, const double *weights,
	bool intercept, double ridge, size_t threads)
{
	struct error err = ERROR_INIT;
	struct least_squares_problem problem = { .x = matrix_view(x),
		.y = y,
		.weights = weights,
		.intercept = intercept,
		.ridge = ridge,
		.threads = threads };
	struct least_squares fit;
	ck_assert_msg(least_squares_solve(&problem, &fit, &err) == 0, "%s", err.message);
	return fit;
}

/* At the minimum X' W (y - b0 - X b) = ridge b and, with an intercept, sum w (…) = 0. */
static void check_stationary(const struct matrix *x, const double *y, const double *weights,
	bool intercept, double ridge, const struct least_squares *fit)
{
	size_t p = x->n_columns;
	double gradient[600] = { 0 }, size[600] = { 0 };
	for (size_t i = 0; i < x->n_rows; i++) {
		double residual = y[i] - fit->intercept, weight = weights ? weights[i] : 1;
		double terms = fabs(y[i]) + fabs(fit->intercept);
		for (size_t j = 0; j < p; j++) {
			double term = fit->coefficients[j] * matrix_row(x, i)[j];
			residual -= term;
			terms += fabs(term);
		}
		for (size_t j = 0; j <= p; j++) {
			double value = j < p ? matrix_row(x, i)[j] : 1;
			gradient[j] += weight * residual * value;
			size[j] += weight * terms * fabs(value);
		}
	}
	for (size_t j = 0; j < p; j++)
		ck_assert_double_le(fabs(gradient[j] - ridge * fit->coefficients[j]),
			1e-13 * (size[j] + DBL_MIN));
	if (intercept)
		ck_assert_double_le(fabs(gradient[p]), 1e-13 * size[p]);
}

START_TEST(minima_are_stationary_for_many_shapes)
{
	static const size_t shapes[][2] = { { 1, 1 }, { 5, 3 }, { 64, 7 }, { 65, 7 }, { 129, 50 },
		{ 9000, 10 }, { 700, 170 }, { 3, 8 }, { 40, 200 }, { 12000, 165 } };
	struct error err = ERROR_INIT;
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
		AUTO(matrix_release) struct matrix x, y, w;
		ck_assert_int_eq(matrix_init(shapes[s][0], shapes[s][1], &x, &err), 0);
		ck_assert_int_eq(matrix_init(shapes[s][0], 1, &y, &err), 0);
		ck_assert_int_eq(matrix_init(shapes[s][0], 1, &w, &err), 0);
		fill_normal("x", &x);
		fill_target(&x, 0.5, y.values);
		for (size_t i = 0; i < w.n_rows; i++)
			w.values[i] = (double)(i % 4) + (i == 0);
		for (int form = 0; form < 8; form++) {
			const double *weights = form & 1 ? w.values : NULL;
			bool intercept = form & 2;
			double ridge = form & 4 ? 2.5 : 0;
			AUTO(least_squares_release)
			struct least_squares fit =
				solve(&x, y.values, weights, intercept, ridge, 2);
			check_stationary(&x, y.values, weights, intercept, ridge, &fit);
			AUTO(least_squares_release)
			struct least_squares alone =
				solve(&x, y.values, weights, intercept, ridge, 1);
			ck_assert_mem_eq(fit.coefficients, alone.coefficients,
				x.n_columns * sizeof *fit.coefficients);
			ck_assert_mem_eq(&fit.intercept, &alone.intercept, sizeof(double));
		}
	}
}
END_TEST

START_TEST(any_number_of_threads_gives_the_same_bits)
{
	struct error err = ERROR_INIT;
	AUTO(matrix_release) struct matrix x, y;
	ck_assert_int_eq(matrix_init(60000, 11, &x, &err), 0);
	ck_assert_int_eq(matrix_init(60000, 1, &y, &err), 0);
	fill_normal("threads", &x);
	fill_target(&x, 1, y.values);
	AUTO(least_squares_release)
	struct least_squares one = solve(&x, y.values, NULL, true, 1, 1);
	static const size_t threads[] = { 2, 3, 8 };
	for (int i = 0; i < 3; i++) {
		AUTO(least_squares_release)
		struct least_squares many = solve(&x, y.values, NULL, true, 1, threads[i]);
		ck_assert_mem_eq(one.coefficients, many.coefficients, 11 * sizeof(double));
		ck_assert_mem_eq(&one.intercept, &many.intercept, sizeof(double));
	}
}
END_TEST

START_TEST(weights_count_as_repeated_rows)
{
	struct error err = ERROR_INIT;
	AUTO(matrix_release) struct matrix x, twice;
	ck_assert_int_eq(matrix_init(30, 3, &x, &err), 0);
	ck_assert_int_eq(matrix_init(60, 3, &twice, &err), 0);
	fill_normal("repeat", &x);
	double y[30], y_twice[60], weights[30];
	fill_target(&x, 1, y);
	size_t n = 0;
	for (size_t i = 0; i < 30; i++) {
		weights[i] = (double)(i % 3);
		for (size_t k = 0; k < i % 3; k++, n++) {
			memcpy(matrix_row(&twice, n), matrix_row(&x, i), 3 * sizeof(double));
			y_twice[n] = y[i];
		}
	}
	twice.n_rows = n;
	AUTO(least_squares_release) struct least_squares a = solve(&x, y, weights, true, 0.3, 1);
	AUTO(least_squares_release)
	struct least_squares b = solve(&twice, y_twice, NULL, true, 0.3, 1);
	for (int j = 0; j < 3; j++)
		ck_assert_double_eq_tol(a.coefficients[j], b.coefficients[j], 1e-13);
	ck_assert_double_eq_tol(a.intercept, b.intercept, 1e-13);
	ck_assert_double_eq_tol(a.residual_squares, b.residual_squares, 1e-11);
}
END_TEST

START_TEST(dependent_columns_give_the_least_norm)
{
	struct error err = ERROR_INIT;
	AUTO(matrix_release) struct matrix x;
	ck_assert_int_eq(matrix_init(50, 5, &x, &err), 0);
	fill_normal("dependent", &x);
	double y[50];
	fill_target(&x, 1, y);
	for (size_t i = 0; i < 50; i++) {
		double *row = matrix_row(&x, i);
		row[2] = row[0] + row[1]; /* depends */
		row[4] = 7; /* constant */
	}
	AUTO(least_squares_release) struct least_squares fit = solve(&x, y, NULL, true, 0, 1);
	ck_assert_uint_eq(fit.rank, 4);
	ck_assert_uint_eq(fit.n_columns, 6);
	check_stationary(&x, y, NULL, true, 0, &fit);
	/* Least norm: orthogonal to the null space (1, 1, -1, 0, 0), (0, 0, 0, 0, 1). */
	const double *b = fit.coefficients;
	ck_assert_double_eq_tol(b[0] + b[1] - b[2], 0, 1e-13);
	ck_assert_double_eq_tol(b[4], 0, 1e-13);
	/* Columns of very different size are independent all the same. */
	for (size_t i = 0; i < 50; i++) {
		double *row = matrix_row(&x, i);
		row[0] *= 1e-120, row[1] *= 1e130, row[2] = sin((double)i) + 1e9,
						   row[4] = cos((double)i);
	}
	AUTO(least_squares_release) struct least_squares scaled = solve(&x, y, NULL, true, 0, 1);
	ck_assert_uint_eq(scaled.rank, 6);
	check_stationary(&x, y, NULL, true, 0, &scaled);
}
END_TEST

START_TEST(what_is_not_finite_is_an_error)
{
	struct error err = ERROR_INIT;
	double x[] = { 1, 2, (double)INFINITY, 4 }, y[] = { 1, 2, 3, 4 };
	struct least_squares_problem problem = { .x = { x, 4, 1, 1 }, .y = y, .intercept = true };
	struct least_squares fit;
	ck_assert_int_eq(least_squares_solve(&problem, &fit, &err), -ERROR_NUMERIC);
	problem.x.n_rows = 0;
	ck_assert_int_eq(least_squares_solve(&problem, &fit, &err), -ERROR_UNSUPPORTED);
}
END_TEST

START_TEST(levels_agree)
{
	struct error err = ERROR_INIT;
	for (size_t q = 1; q < 40; q += 3) {
		double *columns[3], r[3][40 * 40];
		for (enum cpu_level level = CPU_PORTABLE; level <= cpu_level(); level++) {
			struct random_stream stream = random_stream(q, "levels");
			columns[level] =
				memory_allocate_aligned(q * TRIANGLE_ROWS * sizeof(double), &err);
			memset(r[level], 0, sizeof r[level]);
			for (int block = 0; block < 3; block++) {
				for (size_t i = 0; i < q * TRIANGLE_ROWS; i++)
					columns[level][i] = random_normal(&stream);
				triangle_kernels_for(level)->add(r[level], q, columns[level]);
			}
			for (size_t i = 0; i < q * q; i++)
				ck_assert_double_eq_tol(r[level][i], r[0][i], 1e-12 * (double)q);
			memory_free(columns[level]);
		}
		if (cpu_level() == CPU_AVX512)
			ck_assert_mem_eq(r[CPU_AVX2], r[CPU_AVX512], q * q * sizeof(double));
	}
}
END_TEST

START_TEST(rows_become_columns)
{
	struct error err = ERROR_INIT;
	double x[TRIANGLE_ROWS * 21], shift[21], scale[21], factors[TRIANGLE_ROWS] = { 0 };
	for (int i = 0; i < TRIANGLE_ROWS * 21; i++)
		x[i] = i * 0.25;
	for (int j = 0; j < 21; j++)
		shift[j] = j, scale[j] = 1 + j;
	double *columns = memory_allocate_aligned(20 * TRIANGLE_ROWS * sizeof *columns, &err);
	for (enum cpu_level level = CPU_PORTABLE; level <= cpu_level(); level++) {
		for (size_t p = 1; p <= 20; p++) {
			for (size_t count = 1; count <= TRIANGLE_ROWS; count += 9) {
				for (size_t i = 0; i < TRIANGLE_ROWS; i++)
					factors[i] = i < count ? (double)i + 0.5 : 0;
				struct triangle_rows rows = { x, 21, count, p, shift, scale,
					factors };
				memset(columns, 0xff, 20 * TRIANGLE_ROWS * sizeof *columns);
				triangle_kernels_for(level)->load(&rows, columns);
				for (size_t i = 0; i < p * TRIANGLE_ROWS; i++) {
					size_t row = i % TRIANGLE_ROWS, j = i / TRIANGLE_ROWS;
					double value = (x[row * 21 + j] - shift[j]) * scale[j] *
						       factors[row];
					ck_assert_double_eq(columns[i], row < count ? value : 0);
				}
				if (p < 20)
					ck_assert(isnan(columns[p * TRIANGLE_ROWS]));
			}
		}
	}
	memory_free(columns);
}
END_TEST

START_TEST(cholesky_solves_and_refuses)
{
	struct error err = ERROR_INIT;
	double a[] = { 4, 2, -2, 0, 5, 1, 0, 0, 6 }, b[] = { 4 + 4 - 6, 2 + 10 + 3, -2 + 2 + 18 };
	ck_assert_msg(cholesky_factor(a, 3, &err) == 0, "%s", err.message);
	ck_assert_int_eq(cholesky_solve(a, 3, b, 1, &err), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_double_eq_tol(b[i], i + 1, 1e-14);
	double indefinite[] = { 1, 2, 0, 1 };
	ck_assert_int_eq(cholesky_factor(indefinite, 2, &err), -ERROR_NUMERIC);
	ck_assert_ptr_nonnull(blas_load(&err));
	ck_assert_str_ne(blas_version(), "");
	ck_assert_str_ne(blas_core(), "");
}
END_TEST

UNIT_MAIN("numeric/linalg", longley_has_ten_certified_digits, minima_are_stationary_for_many_shapes,
	any_number_of_threads_gives_the_same_bits, weights_count_as_repeated_rows,
	dependent_columns_give_the_least_norm, what_is_not_finite_is_an_error, levels_agree,
	rows_become_columns, cholesky_solves_and_refuses)
