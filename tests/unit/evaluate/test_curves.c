#include "unit.h"

#include <math.h>

#include "mlops/evaluate/cost.h"
#include "mlops/evaluate/curves.h"
#include "mlops/evaluate/metrics.h"
#include "mlops/evaluate/mistakes.h"
#include "synthetic.h"

static double metric_of(const struct predictions *predictions, const char *name)
{
	struct metric_options options = metric_options_default();
	options.confidence = 0.0;
	const struct metric *metric = metric_find(name);
	struct metric_value value;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(metrics_compute(predictions, &metric, 1, &options, &value, &err), 0);
	return value.value;
}

static void assert_ascending(const struct curve *curve)
{
	for (size_t i = 1; i < curve->count; i++) {
		ck_assert_double_ge(curve->x[i], curve->x[i - 1]);
		if (curve->threshold)
			ck_assert_double_lt(curve->threshold[i], curve->threshold[i - 1]);
	}
}

/* Areas under the drawn curves are the metrics: exactly as long as nothing is thinned out. */
START_TEST(areas_under_curves)
{
	struct error err = ERROR_INIT;
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct synthetic data;
		size_t n = seed < 8 ? 150 : 20000;
		synthetic_make(&data, PREDICTION_BINARY, n, seed);
		data.predictions.weights = seed % 2 ? data.weights : NULL;
		AUTO(curve_release) struct curve roc = { 0 }, pr = { 0 }, gain = { 0 };
		ck_assert_int_eq(curve_roc(&data.predictions, 1, &roc, &err), 0);
		ck_assert_int_eq(curve_precision_recall(&data.predictions, 1, &pr, &err), 0);
		ck_assert_int_eq(curve_gain(&data.predictions, 1, &gain, &err), 0);
		assert_ascending(&roc);
		assert_ascending(&pr);
		assert_ascending(&gain);
		ck_assert_uint_le(roc.count, CURVE_POINTS);
		double area = 0.0, steps = 0.0;
		for (size_t i = 1; i < roc.count; i++)
			area += (roc.x[i] - roc.x[i - 1]) * (roc.y[i] + roc.y[i - 1]) / 2;
		for (size_t i = 1; i < pr.count; i++)
			steps += (pr.x[i] - pr.x[i - 1]) * pr.y[i];
		double tolerance = n == 150 ? 1e-13 : 2e-3;
		ck_assert_double_eq_tol(area, metric_of(&data.predictions, "roc_auc"), tolerance);
		ck_assert_double_eq_tol(
			steps, metric_of(&data.predictions, "average_precision"), tolerance);
		ck_assert_double_eq_tol(roc.x[roc.count - 1], 1.0, 1e-12);
		ck_assert_double_eq_tol(roc.y[roc.count - 1], 1.0, 1e-12);
		ck_assert_double_eq_tol(gain.y[gain.count - 1], 1.0, 1e-12);
		ck_assert(isinf(roc.threshold[0]));
		synthetic_release(&data);
	}
}
END_TEST

START_TEST(curves_of_one_class_are_empty)
{
	struct synthetic data;
	struct error err = ERROR_INIT;
	synthetic_make(&data, PREDICTION_BINARY, 30, 1);
	memset(data.targets, 0, 30 * sizeof *data.targets);
	AUTO(curve_release) struct curve roc = { 0 }, pr = { 0 };
	ck_assert_int_eq(curve_roc(&data.predictions, 1, &roc, &err), 0);
	ck_assert_int_eq(curve_precision_recall(&data.predictions, 1, &pr, &err), 0);
	ck_assert_uint_eq(roc.count + pr.count, 0);
	synthetic_release(&data);
}
END_TEST

START_TEST(thresholds_agree_with_labels)
{
	struct synthetic data;
	struct error err = ERROR_INIT;
	synthetic_make(&data, PREDICTION_BINARY, 500, 4);
	for (size_t i = 0; i < 500; i += 7) { /* exactly on thresholds */
		data.probabilities[2 * i + 1] = (double)(i % 21) / 20;
		data.probabilities[2 * i] = 1.0 - data.probabilities[2 * i + 1];
	}
	struct threshold_row rows[THRESHOLD_ROWS];
	threshold_table(&data.predictions, rows);
	for (size_t t = 0; t < THRESHOLD_ROWS; t++) {
		AUTO(confusion_matrix_release) struct confusion_matrix matrix = { 0 };
		ck_assert_int_eq(
			confusion_matrix_of(&data.predictions, rows[t].threshold, &matrix, &err),
			0);
		ck_assert_double_eq(matrix.counts[3], rows[t].true_positives);
		ck_assert_double_eq(matrix.counts[2], rows[t].false_negatives);
		ck_assert_double_eq(matrix.counts[1], rows[t].false_positives);
		ck_assert_double_eq(matrix.counts[0], rows[t].true_negatives);
	}
	synthetic_release(&data);
}
END_TEST

START_TEST(calibration_agrees_with_its_metric)
{
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct synthetic data;
		synthetic_make(
			&data, seed % 2 ? PREDICTION_BINARY : PREDICTION_MULTICLASS, 400, seed);
		data.predictions.weights = seed % 4 > 1 ? data.weights : NULL;
		struct calibration calibration;
		calibration_of(&data.predictions, 0.95, &calibration);
		ck_assert_double_eq_tol(calibration.expected_error,
			metric_of(&data.predictions, "expected_calibration_error"), 1e-13);
		ck_assert_double_eq_tol(calibration.largest_error,
			metric_of(&data.predictions, "maximum_calibration_error"), 1e-13);
		for (size_t b = 0; b < CALIBRATION_BINS; b++) {
			struct calibration_bin *bin = &calibration.bins[b];
			if (bin->n_rows == 0)
				continue;
			ck_assert(bin->mean_probability >= (double)b / 10 - 1e-12 &&
				  bin->mean_probability <= (double)(b + 1) / 10 + 1e-12);
			ck_assert(bin->interval.low <= bin->share &&
				  bin->share <= bin->interval.high);
		}
		synthetic_release(&data);
	}
}
END_TEST

START_TEST(residuals_count_every_row)
{
	struct synthetic data;
	struct error err = ERROR_INIT;
	synthetic_make(&data, PREDICTION_REGRESSION, 3000, 2);
	struct residuals residuals;
	ck_assert_int_eq(residuals_of(&data.predictions, &residuals, &err), 0);
	double sum = 0.0;
	for (size_t b = 0; b < HISTOGRAM_BINS; b++)
		sum += residuals.histogram.counts[b];
	ck_assert_double_eq(sum, 3000);
	ck_assert_uint_eq(residuals.points.count, CURVE_POINTS);
	for (int q = 1; q < 5; q++)
		ck_assert_double_gt(residuals.quantiles[q], residuals.quantiles[q - 1]);
	for (size_t i = 0; i < CURVE_POINTS; i++)
		ck_assert_double_eq(
			residuals.points.y[i], residuals.truth.y[i] - residuals.truth.x[i]);
	residuals_release(&residuals);
	for (size_t i = 0; i < 3000; i++) /* all the same: still a histogram */
		data.values[i] = data.target_values[i];
	ck_assert_int_eq(residuals_of(&data.predictions, &residuals, &err), 0);
	ck_assert_double_lt(residuals.histogram.low, residuals.histogram.high);
	residuals_release(&residuals);
	synthetic_release(&data);
}
END_TEST

START_TEST(mistakes_are_the_largest)
{
	struct error err = ERROR_INIT;
	static struct mistakes mistakes;
	struct synthetic data;
	synthetic_make(&data, PREDICTION_MULTICLASS, 400, 6);
	uint64_t numbers[400];
	for (size_t i = 0; i < 400; i++)
		numbers[i] = 1000 + i;
	data.predictions.row_numbers = numbers;
	ck_assert_int_eq(mistakes_find(&data.predictions, 0.5, &mistakes, &err), 0);
	double accuracy = metric_of(&data.predictions, "accuracy");
	ck_assert_double_eq_tol((double)mistakes.n_wrong, 400 * (1 - accuracy), 1e-9);
	ck_assert_uint_eq(mistakes.count, MISTAKES_SHOWN);
	for (size_t i = 0; i < mistakes.count; i++) {
		const struct mistake *m = &mistakes.items[i];
		ck_assert_uint_eq(m->row_number, 1000 + m->row);
		ck_assert_uint_ne(m->target, m->label);
		ck_assert_double_eq(m->probability, data.probabilities[3 * m->row + m->label]);
		if (i)
			ck_assert_double_le(m->probability, mistakes.items[i - 1].probability);
	}
	size_t surer = 0; /* nobody is left out */
	uint32_t labels[400];
	predictions_label(&data.predictions, 0.5, labels);
	for (size_t i = 0; i < 400; i++)
		surer += labels[i] != data.targets[i] &&
			 data.probabilities[3 * i + labels[i]] >
				 mistakes.items[MISTAKES_SHOWN - 1].probability;
	ck_assert_uint_le(surer, MISTAKES_SHOWN - 1);
	synthetic_release(&data);
	synthetic_make(&data, PREDICTION_REGRESSION, 50, 6);
	ck_assert_int_eq(mistakes_find(&data.predictions, 0.5, &mistakes, &err), 0);
	ck_assert_double_eq_tol(fabs(mistakes.items[0].value - mistakes.items[0].target_value),
		metric_of(&data.predictions, "max_error"), 1e-15);
	synthetic_release(&data);
}
END_TEST

/* By trying every probability that occurs. */
START_TEST(best_threshold_is_the_best)
{
	struct error err = ERROR_INIT;
	for (uint64_t seed = 0; seed < 12; seed++) {
		struct synthetic data;
		synthetic_make(&data, PREDICTION_BINARY, 80, seed);
		data.predictions.weights = seed % 2 ? data.weights : NULL;
		double costs[4] = { 0, 1 + (double)(seed % 3), (double)(1 + 5 * (seed % 4)), -0.5 };
		struct cost_summary cost, other;
		ck_assert_int_eq(cost_of(&data.predictions, 0.5, costs, &cost, &err), 0);
		double least = cost.mean_all_no;
		for (size_t i = 0; i < 80; i++) {
			ck_assert_int_eq(cost_of(&data.predictions, data.probabilities[2 * i + 1],
						 costs, &other, &err),
				0);
			least = fmin(least, other.mean);
		}
		ck_assert_double_eq_tol(cost.best_mean, least, 1e-12);
		ck_assert_int_eq(
			cost_of(&data.predictions, cost.best_threshold, costs, &other, &err), 0);
		ck_assert_double_eq_tol(other.mean, least, 1e-12);
		ck_assert_double_eq_tol(
			cost.bayes_threshold, costs[1] / (costs[1] + costs[2] + 0.5), 1e-15);
		ck_assert_int_eq(cost_of(&data.predictions, 0.0, costs, &other, &err), 0);
		ck_assert_double_eq_tol(other.mean, cost.mean_all_yes, 1e-12);
		synthetic_release(&data);
	}
}
END_TEST

UNIT_MAIN("evaluate/curves", areas_under_curves, curves_of_one_class_are_empty,
	thresholds_agree_with_labels, calibration_agrees_with_its_metric, residuals_count_every_row,
	mistakes_are_the_largest, best_threshold_is_the_best)
