#include <float.h>
#include <math.h>
#include <string.h>

#include "metrics_internal.h"

#include "mlops/numeric/summation.h"

void sums_layout_make(const struct predictions *predictions, const uint32_t *labels,
	struct sums_layout *ret_layout)
{
	*ret_layout = (struct sums_layout){
		.predictions = predictions, .labels = labels, .n_sums = SUM_REGRESSION_COUNT
	};
	if (predictions->task != PREDICTION_REGRESSION) {
		ret_layout->n_sums = SUM_CELLS + predictions->n_classes * predictions->n_classes;
		return;
	}
	/* The centres only keep digits: any value near the mean will do. */
	ret_layout->mean_target =
		sum_mean(predictions->target_values, predictions->weights, predictions->n_rows);
	ret_layout->mean_error =
		sum_mean(predictions->values, predictions->weights, predictions->n_rows) -
		ret_layout->mean_target;
}

static bool sums_reads_relative(const struct metric *metric)
{
	return metric->of_sums == metric_mape || metric->of_sums == metric_smape ||
	       metric->of_sums == metric_wape || metric->of_sums == metric_pinball;
}

static bool sums_reads_logs(const struct metric *metric)
{
	return metric->of_sums == metric_msle || metric->of_sums == metric_poisson_deviance ||
	       metric->of_sums == metric_gamma_deviance;
}

void sums_layout_narrow(
	struct sums_layout *layout, const struct metric *const *metrics, size_t count)
{
	layout->no_bins = true; /* no metric of the bins is resampled */
	layout->no_relative = layout->no_logs = true;
	for (size_t i = 0; i < count; i++) {
		layout->no_relative &= !sums_reads_relative(metrics[i]);
		layout->no_logs &= !sums_reads_logs(metrics[i]);
	}
}

struct sums_adder {
	double *sums;
	uint32_t *touched;
	size_t count;
};

static void sums_add(struct sums_adder *adder, size_t index, double term)
{
	adder->sums[index] += term;
	adder->touched[adder->count++] = (uint32_t)index;
}

/* Clipped and normalised as scikit-learn 1.2's log_loss does. */
static double sums_log_loss(const double *p, size_t k, size_t target)
{
	double sum = 0.0, own = 0.0;
	for (size_t c = 0; c < k; c++) {
		double clipped = fmin(fmax(p[c], DBL_EPSILON), 1.0 - DBL_EPSILON);
		sum += clipped;
		if (c == target)
			own = clipped;
	}
	return -log(own / sum);
}

/* Binary: (p - y)² of the positive class. Multiclass: the sum over classes. */
static double sums_brier(const struct predictions *predictions, const double *p, size_t target)
{
	if (predictions->task == PREDICTION_BINARY) {
		double off = p[predictions->positive] - (target == predictions->positive);
		return off * off;
	}
	double sum = 0.0;
	for (size_t c = 0; c < predictions->n_classes; c++) {
		double off = p[c] - (c == target);
		sum += off * off;
	}
	return sum;
}

static void sums_probabilities(
	const struct sums_layout *layout, size_t row, double weight, struct sums_adder *adder)
{
	const struct predictions *predictions = layout->predictions;
	size_t k = predictions->n_classes, target = predictions->targets[row];
	const double *p = predictions->probabilities + row * k;
	sums_add(adder, SUM_LOG_LOSS, weight * sums_log_loss(p, k, target));
	sums_add(adder, SUM_BRIER, weight * sums_brier(predictions, p, target));
	if (layout->no_bins && k == 2)
		return;
	size_t best = 0, rank = 0; /* classes before the true one; of equals the lower code */
	for (size_t c = 0; c < k; c++) {
		rank += p[c] > p[target] || (p[c] == p[target] && c < target);
		if (p[c] > p[best])
			best = c;
	}
	if (rank < 2)
		sums_add(adder, SUM_TOP_2, weight);
	if (rank < 3)
		sums_add(adder, SUM_TOP_3, weight);
	if (rank < 5)
		sums_add(adder, SUM_TOP_5, weight);
	if (layout->no_bins)
		return;
	size_t shown = predictions->task == PREDICTION_BINARY ? predictions->positive : best;
	size_t bin = (size_t)(p[shown] * CALIBRATION_BINS);
	if (bin >= CALIBRATION_BINS)
		bin = CALIBRATION_BINS - 1;
	sums_add(adder, SUM_BINS + 3 * bin, weight);
	sums_add(adder, SUM_BINS + 3 * bin + 1, weight * p[shown]);
	if (target == shown)
		sums_add(adder, SUM_BINS + 3 * bin + 2, weight);
}

static void sums_regression_logs(double y, double p, double weight, struct sums_adder *adder)
{
	double log_p = p > 0.0 ? log(p) : 0.0, log_y = y > 0.0 ? log(y) : 0.0;
	if (y > -1.0 && p > -1.0) {
		double off = log1p(p) - log1p(y);
		sums_add(adder, SUM_LOG_SQUARE, weight * off * off);
	} else {
		sums_add(adder, SUM_NO_LOG, weight);
	}
	if (y >= 0.0 && p > 0.0)
		sums_add(adder, SUM_POISSON, 2.0 * weight * (y * (log_y - log_p) - y + p));
	else
		sums_add(adder, SUM_NO_POISSON, weight);
	if (y > 0.0 && p > 0.0)
		sums_add(adder, SUM_GAMMA, 2.0 * weight * (log_p - log_y + y / p - 1.0));
	else
		sums_add(adder, SUM_NO_GAMMA, weight);
}

static void sums_regression_relative(double y, double p, double weight, struct sums_adder *adder)
{
	double e = p - y;
	sums_add(adder, SUM_TARGET_SIZE, weight * fabs(y));
	sums_add(adder, e > 0.0 ? SUM_OVER : SUM_UNDER, weight * fabs(e));
	if (y != 0.0)
		sums_add(adder, SUM_RELATIVE, weight * fabs(e / y));
	else
		sums_add(adder, SUM_NO_RELATIVE, weight);
	if (e != 0.0)
		sums_add(adder, SUM_SYMMETRIC, weight * 2.0 * fabs(e) / (fabs(y) + fabs(p)));
}

static void sums_regression(
	const struct sums_layout *layout, size_t row, double weight, struct sums_adder *adder)
{
	double y = layout->predictions->target_values[row];
	double p = layout->predictions->values[row], e = p - y;
	double yc = y - layout->mean_target;
	double ec = e - layout->mean_error;
	sums_add(adder, SUM_ERROR, weight * e);
	sums_add(adder, SUM_ERROR_SIZE, weight * fabs(e));
	sums_add(adder, SUM_ERROR_SQUARE, weight * e * e);
	sums_add(adder, SUM_E, weight * ec);
	sums_add(adder, SUM_E_E, weight * ec * ec);
	sums_add(adder, SUM_Y, weight * yc);
	sums_add(adder, SUM_Y_Y, weight * yc * yc);
	if (!layout->no_relative)
		sums_regression_relative(y, p, weight, adder);
	if (!layout->no_logs)
		sums_regression_logs(y, p, weight, adder);
}

size_t sums_row(void *context, size_t row, double *sums, uint32_t *touched)
{
	const struct sums_layout *layout = context;
	const struct predictions *predictions = layout->predictions;
	double weight = prediction_weight(predictions, row);
	if (layout->squared_weights)
		weight *= weight;
	struct sums_adder adder = { sums, touched, 0 };
	sums_add(&adder, SUM_WEIGHT, weight);
	if (predictions->task == PREDICTION_REGRESSION) {
		sums_regression(layout, row, weight, &adder);
		return adder.count;
	}
	sums_add(&adder,
		SUM_CELLS + predictions->targets[row] * predictions->n_classes +
			layout->labels[row],
		weight);
	if (predictions->probabilities)
		sums_probabilities(layout, row, weight, &adder);
	return adder.count;
}

int sums_total(const struct sums_layout *layout, double *ret_sums, struct error *err)
{
	AUTO_FREE struct sum *totals = memory_allocate(layout->n_sums, sizeof *totals, err);
	if (!totals)
		return -err->code;
	memset(ret_sums, 0, layout->n_sums * sizeof *ret_sums);
	uint32_t touched[BOOTSTRAP_TOUCHED];
	for (size_t i = 0; i < layout->predictions->n_rows; i++) {
		if (prediction_weight(layout->predictions, i) == 0.0)
			continue;
		size_t count = sums_row((void *)layout, i, ret_sums, touched);
		for (size_t t = 0; t < count; t++) {
			sum_add(&totals[touched[t]], ret_sums[touched[t]]);
			ret_sums[touched[t]] = 0.0;
		}
	}
	for (size_t s = 0; s < layout->n_sums; s++)
		ret_sums[s] = sum_result(&totals[s]);
	return 0;
}
