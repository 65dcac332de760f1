#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "mlops/evaluate/bootstrap.h"
#include "mlops/evaluate/interval.h"
#include "mlops/evaluate/ranking.h"
#include "mlops/numeric/random.h"

static void assert_interval(struct interval interval, double low, double high, double tolerance)
{
	ck_assert_double_eq_tol(interval.low, low, tolerance);
	ck_assert_double_eq_tol(interval.high, high, tolerance);
}

/* Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3. */
START_TEST(wilson_of_newcombes_examples)
{
	assert_interval(interval_wilson(81, 263, 0.95), 0.2553, 0.3662, 5e-5);
	assert_interval(interval_wilson(15, 148, 0.95), 0.0624, 0.1605, 5e-5);
	assert_interval(interval_wilson(0, 20, 0.95), 0.0, 0.1611, 5e-5);
	assert_interval(interval_wilson(1, 29, 0.95), 0.0061, 0.1718, 5e-5);
	ck_assert_double_eq(interval_wilson(0, 20, 0.95).low, 0.0);
	ck_assert_double_eq(interval_wilson(20, 20, 0.95).high, 1.0);
	ck_assert_int_eq(interval_wilson(0, 0, 0.95).method, INTERVAL_NONE);
	ck_assert(isnan(interval_wilson(2, 1, 0.95).low));
}
END_TEST

START_TEST(mover_of_equal_parts_is_symmetric_in_its_parts)
{
	double estimates[] = { 0.9, 0.7 }, coefficients[] = { 0.5, 0.5 };
	struct interval parts[] = { interval_wilson(90, 100, 0.95), interval_wilson(35, 50, 0.95) };
	struct interval both = interval_mover(estimates, parts, coefficients, 2);
	/* From the formula, by hand: 0.8 - sqrt(0.25 (0.9 - l1)² + 0.25 (0.7 - l2)²). */
	ck_assert_double_eq_tol(both.low,
		0.8 - 0.5 * sqrt(pow(0.9 - parts[0].low, 2) + pow(0.7 - parts[1].low, 2)), 1e-15);
	ck_assert_double_eq_tol(both.high,
		0.8 + 0.5 * sqrt(pow(parts[0].high - 0.9, 2) + pow(parts[1].high - 0.7, 2)), 1e-15);
	parts[1] = INTERVAL_UNKNOWN;
	ck_assert(isnan(interval_mover(estimates, parts, coefficients, 2).low));
}
END_TEST

/* Each limit is a root: |area - x| = z sqrt(V(x)), checked with the variance written out again. */
START_TEST(newcombe_limits_are_roots)
{
	double areas[] = { 0.0, 0.5, 0.85, 0.999, 1.0 }, m = 12, n = 30;
	for (size_t i = 0; i < 5; i++) {
		struct interval interval = interval_newcombe(areas[i], m, n, 0.95);
		double limits[] = { interval.low, interval.high };
		ck_assert(interval.low <= areas[i] && areas[i] <= interval.high);
		for (int side = 0; side < 2; side++) {
			double x = limits[side], star = (m + n) / 2 - 1;
			double v = x * (1 - x) *
				   (1 + star * (1 - x) / (2 - x) + star * x / (1 + x)) / (m * n);
			if (x > 0 && x < 1)
				ck_assert_double_eq_tol(
					fabs(areas[i] - x), 1.959963984540054 * sqrt(v), 1e-9);
		}
	}
	ck_assert_double_lt(interval_newcombe(1.0, m, n, 0.95).low, 0.97);
	ck_assert_double_eq(interval_newcombe(1.0, m, n, 0.95).high, 1.0);
}
END_TEST

/* Order statistics for the median: Conover, Practical Nonparametric Statistics, table A3 values. */
START_TEST(median_takes_the_right_order_statistics)
{
	double sorted[100];
	for (size_t i = 0; i < 100; i++)
		sorted[i] = (double)(i + 1);
	assert_interval(interval_median(sorted, 10, 0.95), 2, 9, 1e-12);
	assert_interval(interval_median(sorted, 20, 0.95), 6, 15, 1e-12);
	assert_interval(interval_median(sorted, 100, 0.95), 40, 61, 1e-12);
	ck_assert(isnan(interval_median(sorted, 5, 0.95).low));
	assert_interval(interval_median(sorted, 6, 0.95), 1, 6, 1e-12);
}
END_TEST

START_TEST(kish_counts)
{
	double equal[] = { 2, 2, 2 }, one[] = { 5, 0, 0 }, mixed[] = { 1, 3 };
	ck_assert_double_eq(interval_effective_count(NULL, 3), 3);
	ck_assert_double_eq(interval_effective_count(equal, 3), 3);
	ck_assert_double_eq(interval_effective_count(one, 3), 1);
	ck_assert_double_eq(interval_effective_count(mixed, 2), 1.6);
}
END_TEST

/* How often the interval of a method covers the truth over repeated samples. */
static double coverage_of_area(size_t n, double apart, size_t trials, uint64_t seed)
{
	struct random_stream stream = random_stream(seed, "test.coverage");
	struct error err = ERROR_INIT;
	double scores[400], influence[400], truth = 0.5 * erfc(-apart / 2.0);
	uint8_t positive[400];
	uint32_t strata[400];
	size_t covered = 0;
	for (size_t t = 0; t < trials; t++) {
		for (size_t i = 0; i < n; i++) {
			strata[i] = positive[i] = i % 3 == 0;
			scores[i] = random_normal(&stream) + (positive[i] ? apart : 0.0);
		}
		struct ranking ranking = { n, scores, positive, NULL };
		double area, variance;
		ck_assert_int_eq(ranking_roc_area(&ranking, &area, influence, &err), 0);
		ck_assert_int_eq(
			ranking_variance(influence, NULL, strata, 2, n, &variance, &err), 0);
		double p = ceil((double)n / 3.0);
		struct interval interval =
			ranking_roc_interval(area, variance, p, (double)n - p, 0.95);
		covered += interval.low <= truth && truth <= interval.high;
	}
	return (double)covered / (double)trials;
}

START_TEST(delong_covers)
{
	/* 2,000 trials: a standard error of 0.5 %. DeLong is known to be a little short. */
	double wide = coverage_of_area(300, 1.5, 2000, 1),
	       narrow = coverage_of_area(90, 1.5, 2000, 2);
	printf("# DeLong covers %.3f of 300 rows, %.3f of 90\n", wide, narrow);
	ck_assert(wide > 0.93 && wide < 0.965);
	ck_assert(narrow > 0.92 && narrow < 0.965);
}
END_TEST

/* A mean and a ratio of skewed values, as sums. */
struct skewed {
	double a[5000], b[5000];
};

static size_t skewed_row(void *context, size_t row, double *sums, uint32_t *touched)
{
	struct skewed *data = context;
	double terms[] = { 1.0, data->a[row], data->b[row] };
	for (uint32_t i = 0; i < 3; i++) {
		sums[i] += terms[i];
		touched[i] = i;
	}
	return 3;
}

static void skewed_statistic(const void *context, const double *sums, double *ret_values)
{
	(void)context;
	ret_values[0] = sums[1] / sums[0];
	ret_values[1] = sums[1] / sums[2];
}

static void skewed_intervals(struct skewed *data, size_t n, const struct bootstrap_options *options,
	struct interval ret[2])
{
	struct error err = ERROR_INIT;
	AUTO(bootstrap_units_release) struct bootstrap_units units = { 0 };
	struct bootstrap_rows rows = { n, 3, 1, NULL, NULL, skewed_row, data };
	ck_assert_int_eq(bootstrap_units_make(&rows, options->seed, &units, &err), 0);
	double sums[3] = { 0 }, estimates[2];
	uint32_t touched[BOOTSTRAP_TOUCHED];
	for (size_t i = 0; i < n; i++)
		skewed_row(data, i, sums, touched);
	skewed_statistic(NULL, sums, estimates);
	struct bootstrap_plan plan = { &units, 2, skewed_statistic, NULL, estimates };
	ck_assert_int_eq(bootstrap_intervals(&plan, options, 0.95, ret, &err), 0);
}

static void skewed_sample(struct skewed *data, size_t n, struct random_stream *stream)
{
	for (size_t i = 0; i < n; i++) {
		data->a[i] = -log(1.0 - random_uniform(stream));
		data->b[i] = 1.0 - 0.5 * log(1.0 - random_uniform(stream));
	}
}

START_TEST(bootstrap_covers)
{
	static struct skewed data;
	struct random_stream stream = random_stream(3, "test.coverage");
	size_t sizes[] = { 60, 400 }, trials = 600;
	for (size_t s = 0; s < 2; s++) {
		size_t covered[2] = { 0 };
		for (size_t t = 0; t < trials; t++) {
			skewed_sample(&data, sizes[s], &stream);
			struct bootstrap_options options = { .replicates = 500, .seed = t };
			struct interval intervals[2];
			skewed_intervals(&data, sizes[s], &options, intervals);
			double truths[] = { 1.0, 1.0 / 1.5 };
			for (int k = 0; k < 2; k++) {
				ck_assert_int_eq(intervals[k].method, INTERVAL_BCA);
				covered[k] += intervals[k].low <= truths[k] &&
					      truths[k] <= intervals[k].high;
			}
		}
		printf("# BCa of %zu rows covers %.3f (mean), %.3f (ratio)\n", sizes[s],
			(double)covered[0] / (double)trials, (double)covered[1] / (double)trials);
		for (int k = 0; k < 2; k++)
			ck_assert_double_gt((double)covered[k] / (double)trials, 0.915);
	}
}
END_TEST

/* Groups of rows give the interval that rows give: compared with the normal interval of a mean. */
START_TEST(bootstrap_of_groups_agrees)
{
	static struct skewed data;
	struct random_stream stream = random_stream(5, "test.groups");
	skewed_sample(&data, 5000, &stream);
	struct interval intervals[2];
	struct bootstrap_options options = { .replicates = 2000 };
	skewed_intervals(&data, 5000, &options, intervals);
	double mean = 0.0, square = 0.0;
	for (size_t i = 0; i < 5000; i++) {
		mean += data.a[i] / 5000;
		square += data.a[i] * data.a[i] / 5000;
	}
	double half = 1.959963984540054 * sqrt((square - mean * mean) / 5000);
	assert_interval(intervals[0], mean - half, mean + half, 0.12 * half);
}
END_TEST

START_TEST(bootstrap_does_not_depend_on_threads)
{
	static struct skewed data;
	struct random_stream stream = random_stream(6, "test.threads");
	skewed_sample(&data, 1500, &stream);
	struct interval one[2], many[2], other[2];
	struct bootstrap_options options = { .replicates = 999, .seed = 1, .threads = 1 };
	skewed_intervals(&data, 1500, &options, one);
	options.threads = 5;
	skewed_intervals(&data, 1500, &options, many);
	options.seed = 2;
	skewed_intervals(&data, 1500, &options, other);
	ck_assert_double_eq(one[0].low, many[0].low);
	ck_assert_double_eq(one[1].high, many[1].high);
	ck_assert_double_ne(one[0].low, other[0].low);
}
END_TEST

START_TEST(bootstrap_of_nothing)
{
	static struct skewed data;
	for (size_t i = 0; i < 10; i++)
		data.a[i] = data.b[i] = 1.0;
	struct interval intervals[2];
	struct bootstrap_options options = { .replicates = 200 };
	skewed_intervals(&data, 10, &options, intervals); /* no spread */
	ck_assert_int_eq(intervals[0].method, INTERVAL_NONE);
	skewed_intervals(&data, 1, &options, intervals);
	ck_assert_int_eq(intervals[0].method, INTERVAL_NONE);
	options.replicates = 0;
	skewed_intervals(&data, 10, &options, intervals);
	ck_assert(isnan(intervals[1].low));
}
END_TEST

UNIT_MAIN("evaluate/interval", wilson_of_newcombes_examples,
	mover_of_equal_parts_is_symmetric_in_its_parts, newcombe_limits_are_roots,
	median_takes_the_right_order_statistics, kish_counts, delong_covers, bootstrap_covers,
	bootstrap_of_groups_agrees, bootstrap_does_not_depend_on_threads, bootstrap_of_nothing)
