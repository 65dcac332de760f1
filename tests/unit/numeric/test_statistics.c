#include "unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "mlops/numeric/random.h"
#include "mlops/numeric/statistics.h"
#include "mlops/numeric/summation.h"

START_TEST(sums_keep_their_digits)
{
	double values[] = { 1, 1e100, 1, -1e100 };
	ck_assert_double_eq(sum_of(values, 4), 2);
	double tenths[1000];
	for (int i = 0; i < 1000; i++)
		tenths[i] = 0.1;
	ck_assert_double_eq(sum_of(tenths, 1000), 100);
	double a[] = { 1e8 + 1, 1e8 }, b[] = { 1e8 - 1, -1e8 };
	ck_assert_double_eq(sum_dot(a, b, 2), -1); /* (10^16 - 1) - 10^16 */
	double infinite[] = { 1, (double)INFINITY, 2 }, none[] = { 1, (double)NAN };
	ck_assert_double_eq(sum_of(infinite, 3), (double)INFINITY);
	ck_assert(isnan(sum_of(none, 2)));
	ck_assert_double_eq(sum_of(NULL, 0), 0);
}
END_TEST

/* NIST StRD univariate set NumAcc4: mean 10000000.2, standard deviation 0.1 (ddof 1) exactly. */
START_TEST(variance_has_the_certified_digits)
{
	static double values[1001];
	values[0] = 10000000.2;
	for (int i = 1; i < 1001; i++)
		values[i] = i % 2 ? 10000000.1 : 10000000.3;
	double mean, variance = sum_variance(values, NULL, 1001, &mean);
	ck_assert_double_eq_tol(mean, 10000000.2, 2e-9);
	/* 1e-8: the digits that the data lose as doubles */
	ck_assert_double_eq_tol(sqrt(variance * 1001 / 1000), 0.1, 1e-8);
	double x[] = { 1, 2, 4, 8 }, w[] = { 2, 0, 1, 3 };
	double repeated[] = { 1, 1, 4, 8, 8, 8 };
	ck_assert_double_eq_tol(
		sum_variance(x, w, 4, &mean), sum_variance(repeated, NULL, 6, NULL), 1e-14);
	ck_assert_double_eq_tol(mean, sum_mean(repeated, NULL, 6), 1e-15);
	ck_assert(isnan(sum_mean(x, NULL, 0)));
}
END_TEST

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void fill(struct random_stream *stream, int pattern, double *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		values[i] = pattern == 0   ? random_normal(stream)
			    : pattern == 1 ? (double)random_below(stream, 3)
			    : pattern == 2 ? (double)i
			    : pattern == 3 ? -(double)i
			    : pattern == 4 ? 5
					   : (double)(i % 17 * (count - i)); /* teeth */
	}
}

START_TEST(sorting_and_selection_agree_with_qsort)
{
	struct random_stream stream = random_stream(4, "sorting");
	for (int pattern = 0; pattern < 6; pattern++) {
		for (size_t count = 1; count < 3000; count += 1 + count / 7) {
			double values[3000], sorted[3000], selected[3000];
			fill(&stream, pattern, values, count);
			memcpy(sorted, values, count * sizeof *values);
			memcpy(selected, values, count * sizeof *values);
			qsort(sorted, count, sizeof *sorted, compare);
			statistics_sort(values, count);
			for (size_t i = 0; i < count; i++)
				ck_assert_double_eq(values[i], sorted[i]);
			double q = random_uniform(&stream);
			ck_assert_double_eq(statistics_quantile(selected, count, q),
				statistics_quantile_sorted(sorted, count, q));
		}
	}
	double ends[] = { (double)NAN, 1, -(double)INFINITY, 0.0, -0.0, (double)INFINITY };
	statistics_sort(ends, 6);
	ck_assert(ends[0] == -(double)INFINITY && signbit(ends[1]) && !signbit(ends[2]));
	ck_assert(ends[3] == 1 && isinf(ends[4]) && isnan(ends[5]));
}
END_TEST

/* numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], q) of NumPy 1.24 */
START_TEST(quantiles_are_those_of_numpy)
{
	static const double q[] = { 0, 0.1, 0.25, 0.5, 0.77, 1 };
	static const double expected[] = { 1, 1, 1.75, 3.5, 5.39, 9 };
	for (size_t i = 0; i < 6; i++) {
		double values[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
		ck_assert_double_eq_tol(statistics_quantile(values, 8, q[i]), expected[i], 1e-14);
	}
	ck_assert(isnan(statistics_median(NULL, 0)));
}
END_TEST

START_TEST(weighted_quantile_counts_weight)
{
	struct error err = ERROR_INIT;
	double values[] = { 10, 30, 20 }, weights[] = { 1, 2, 0 }, q;
	ck_assert_int_eq(statistics_weighted_quantile(values, weights, 3, 0.5, &q, &err), 0);
	ck_assert_double_eq(q, 30);
	double equal[] = { 1, 1, 1 };
	ck_assert_int_eq(statistics_weighted_quantile(values, equal, 3, 0.5, &q, &err), 0);
	ck_assert_double_eq(q, 20);
	ck_assert_int_eq(statistics_weighted_quantile(values, equal, 2, 0.5, &q, &err), 0);
	ck_assert_double_eq(q, 20); /* between 10 and 30 */
}
END_TEST

/* numpy.var(ddof=1), scipy.stats.skew and kurtosis of SciPy 1.10 on the values */
START_TEST(moments_are_those_of_scipy)
{
	double values[] = { 2, 8, 0, 4, 1, 9, 9, 0 };
	struct moments moments = statistics_moments(values, 8);
	ck_assert_double_eq_tol(moments.mean, 4.125, 1e-15);
	ck_assert_double_eq_tol(moments.variance, 15.839285714285714, 1e-13);
	ck_assert_double_eq_tol(moments.skewness, 0.2650554122698573, 1e-14);
	ck_assert_double_eq_tol(moments.kurtosis, -1.6660010752838508, 1e-14);
	ck_assert_double_eq(moments.minimum, 0);
	ck_assert_double_eq(moments.maximum, 9);
	double constant[] = { 0.1, 0.1, 0.1 };
	ck_assert_double_eq(statistics_moments(constant, 3).variance, 0);
	ck_assert(isnan(statistics_moments(constant, 1).variance));
	ck_assert(isnan(statistics_moments(NULL, 0).mean));
}
END_TEST

UNIT_MAIN("numeric/statistics", sums_keep_their_digits, variance_has_the_certified_digits,
	sorting_and_selection_agree_with_qsort, quantiles_are_those_of_numpy,
	weighted_quantile_counts_weight, moments_are_those_of_scipy)
