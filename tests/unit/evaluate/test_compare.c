#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "mlops/evaluate/compare.h"
#include "mlops/numeric/random.h"
#include "synthetic.h"

/* SciPy 1.10: 2 binom.cdf(fewer, n, 1/2) and chi2.sf((|b - c| - 1)² / (b + c), 1). */
START_TEST(mcnemar_of_known_tables)
{
	struct mcnemar test = compare_mcnemar(5, 15);
	ck_assert(test.exact);
	ck_assert_double_eq_tol(test.p_value, 0.041389465332031236, 1e-15);
	ck_assert_double_eq(compare_mcnemar(15, 5).p_value, test.p_value);
	ck_assert_double_eq_tol(compare_mcnemar(0, 9).p_value, 0.00390625, 1e-16);
	test = compare_mcnemar(10, 40);
	ck_assert(!test.exact);
	ck_assert_double_eq_tol(test.statistic, 16.82, 1e-12);
	ck_assert_double_eq_tol(test.p_value, 4.1096e-05, 1e-8);
	ck_assert_double_eq(compare_mcnemar(0, 0).p_value, 1.0);
	ck_assert_double_eq(compare_mcnemar(7, 7).p_value, 1.0);
	ck_assert_double_eq(compare_mcnemar(20, 20).p_value, 1.0);
}
END_TEST

/* Covariance of placement values by comparing all pairs: DeLong's equations as they stand. */
static double placement(const struct synthetic *data, size_t i)
{
	double sum = 0.0, count = 0.0, p = data->probabilities[2 * i + 1];
	for (size_t j = 0; j < data->predictions.n_rows; j++) {
		if (data->targets[j] == data->targets[i])
			continue;
		double q = data->probabilities[2 * j + 1];
		bool above = data->targets[i] ? p > q : p < q;
		sum += p == q ? 0.5 : above;
		count += 1.0;
	}
	return sum / count;
}

static double naive_variance(const struct synthetic *a, const struct synthetic *b, double *ret_gap)
{
	double variance = 0.0;
	for (uint32_t class = 0; class < 2; class ++) {
		double mean = 0.0, squares = 0.0, count = 0.0;
		for (int pass = 0; pass < 2; pass++) {
			for (size_t i = 0; i < a->predictions.n_rows; i++) {
				if (a->targets[i] != class)
					continue;
				double gap = placement(a, i) - placement(b, i);
				if (pass == 0) {
					mean += gap;
					count += 1.0;
				} else {
					squares += (gap - mean) * (gap - mean);
				}
			}
			if (pass == 0)
				mean /= count;
		}
		variance += squares / (count - 1.0) / count;
		*ret_gap = mean;
	}
	return variance;
}

START_TEST(difference_of_areas_is_delongs)
{
	const struct metric *metrics[] = { metric_find("roc_auc"), metric_find("gini") };
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct synthetic a, b;
		synthetic_make(&a, PREDICTION_BINARY, 60 + seed, seed);
		synthetic_make(&b, PREDICTION_BINARY, 60 + seed, seed);
		struct random_stream stream = random_stream(seed, "test.noise");
		for (size_t i = 0; i < b.predictions.n_rows; i++) {
			double p = b.probabilities[2 * i + 1];
			p = fmin(1.0, fmax(0.0, p + 0.2 * random_normal(&stream)));
			b.probabilities[2 * i + 1] = round(p * 20) / 20;
			b.probabilities[2 * i] = 1.0 - b.probabilities[2 * i + 1];
		}
		struct metric_options options = metric_options_default();
		struct metric_difference ret[2];
		struct error err = ERROR_INIT;
		ck_assert_int_eq(compare_metrics(&a.predictions, &b.predictions, metrics, 2,
					 &options, ret, &err),
			0);
		double gap, variance = naive_variance(&a, &b, &gap);
		double z = 1.959963984540054, sd = sqrt(variance);
		ck_assert_double_eq_tol(ret[0].difference, gap, 1e-13);
		ck_assert_double_eq_tol(ret[0].interval.low, gap - z * sd, 1e-12);
		ck_assert_double_eq_tol(ret[0].interval.high, gap + z * sd, 1e-12);
		ck_assert_double_eq_tol(ret[0].p_value, erfc(fabs(gap) / sd / sqrt(2.0)), 1e-12);
		ck_assert_double_eq_tol(ret[1].interval.high, 2.0 * ret[0].interval.high, 1e-12);
		ck_assert_double_eq_tol(ret[1].p_value, ret[0].p_value, 1e-12);
		ck_assert_int_eq(ret[0].better, gap - z * sd > 0 ? 1 : gap + z * sd < 0 ? -1 : 0);
		synthetic_release(&a);
		synthetic_release(&b);
	}
}
END_TEST

/* Of a mean the paired bootstrap is near the paired t interval, and narrower than an unpaired. */
START_TEST(differences_of_means_are_paired)
{
	struct synthetic a, b;
	size_t n = 400;
	synthetic_make(&a, PREDICTION_REGRESSION, n, 5);
	synthetic_make(&b, PREDICTION_REGRESSION, n, 5);
	struct random_stream stream = random_stream(5, "test.noise");
	double mean = 0.0, square = 0.0;
	for (size_t i = 0; i < n; i++) {
		b.values[i] += 0.4 * random_normal(&stream);
		double gap = fabs(a.values[i] - a.target_values[i]) -
			     fabs(b.values[i] - b.target_values[i]);
		mean += gap / (double)n;
		square += gap * gap / (double)n;
	}
	const struct metric *metrics[] = { metric_find("mae"), metric_find("r2"),
		metric_find("spearman") };
	struct metric_options options = metric_options_default();
	struct metric_difference ret[3];
	struct error err = ERROR_INIT;
	ck_assert_int_eq(
		compare_metrics(&a.predictions, &b.predictions, metrics, 3, &options, ret, &err),
		0);
	double half = 1.96 * sqrt((square - mean * mean) / (double)n);
	ck_assert_double_eq_tol(ret[0].difference, mean, 1e-12);
	ck_assert_double_eq_tol(ret[0].interval.low, mean - half, 0.15 * half);
	ck_assert_double_eq_tol(ret[0].interval.high, mean + half, 0.15 * half);
	ck_assert_int_eq(ret[0].better, ret[0].interval.high < 0 ? 1 : 0);
	ck_assert(ret[1].interval.low < ret[1].difference);
	ck_assert_int_eq(ret[2].interval.method, INTERVAL_NONE);
	ck_assert(isnan(ret[0].p_value));
	synthetic_release(&a);
	synthetic_release(&b);
}
END_TEST

START_TEST(a_model_equals_itself)
{
	struct synthetic a;
	synthetic_make(&a, PREDICTION_BINARY, 100, 9);
	const struct metric *metrics[] = { metric_find("roc_auc"), metric_find("accuracy") };
	struct metric_options options = metric_options_default();
	struct metric_difference ret[2];
	struct error err = ERROR_INIT;
	ck_assert_int_eq(
		compare_metrics(&a.predictions, &a.predictions, metrics, 2, &options, ret, &err),
		0);
	for (int i = 0; i < 2; i++) {
		ck_assert_double_eq(ret[i].difference, 0.0);
		ck_assert_int_eq(ret[i].better, 0);
	}
	struct mcnemar test;
	ck_assert_int_eq(compare_labels(&a.predictions, &a.predictions, 0.5, &test, &err), 0);
	ck_assert_double_eq(test.p_value, 1.0);
	synthetic_release(&a);
}
END_TEST

START_TEST(other_rows_are_refused)
{
	struct synthetic a, b;
	synthetic_make(&a, PREDICTION_BINARY, 50, 1);
	synthetic_make(&b, PREDICTION_BINARY, 50, 2);
	const struct metric *metric = metric_find("accuracy");
	struct metric_options options = metric_options_default();
	struct metric_difference ret;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(
		compare_metrics(&a.predictions, &b.predictions, &metric, 1, &options, &ret, &err),
		-ERROR_INVALID);
	b.predictions.n_rows = 49;
	ck_assert_int_eq(
		compare_metrics(&a.predictions, &b.predictions, &metric, 1, &options, &ret, &err),
		-ERROR_INVALID);
	synthetic_release(&a);
	synthetic_release(&b);
}
END_TEST

UNIT_MAIN("evaluate/compare", mcnemar_of_known_tables, difference_of_areas_is_delongs,
	differences_of_means_are_paired, a_model_equals_itself, other_rows_are_refused)
