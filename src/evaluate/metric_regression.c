/* Regression metrics. Sums about the means are corrected for the shift of a resample's own mean. */
#include <math.h>

#include "metrics_internal.h"

#include "mlops/evaluate/ranking.h"
#include "mlops/numeric/statistics.h"

static double metric_mean(const struct metric_sums *sums, size_t index)
{
	return sums->values[index] / sums->values[SUM_WEIGHT];
}

/* sum w (a - mean a)(b - mean b), from sums about another centre. */
static double metric_centred(
	const struct metric_sums *sums, size_t product, size_t first, size_t second)
{
	const double *s = sums->values;
	return s[product] - s[first] * s[second] / s[SUM_WEIGHT];
}

double metric_mean_error(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	return metric_mean(sums, SUM_ERROR);
}

double metric_mean_absolute_error(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	return metric_mean(sums, SUM_ERROR_SIZE);
}

double metric_mean_squared_error(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	return metric_mean(sums, SUM_ERROR_SQUARE);
}

double metric_root_mean_squared_error(const struct metric_sums *sums, double parameter)
{
	return sqrt(metric_mean_squared_error(sums, parameter));
}

/* The spread of the target, or NaN with the reason if it has none. */
static double metric_target_spread(const struct metric_sums *sums)
{
	double spread = metric_centred(sums, SUM_Y_Y, SUM_Y, SUM_Y);
	double mean = sums->layout->mean_target;
	double rounding = 1e-28 * mean * mean * sums->values[SUM_WEIGHT];
	return spread > rounding ? spread
				 : metric_undefined(sums, "the target is the same in all rows");
}

double metric_r2(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	return 1.0 - sums->values[SUM_ERROR_SQUARE] / metric_target_spread(sums);
}

double metric_explained_variance(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	return 1.0 - metric_centred(sums, SUM_E_E, SUM_E, SUM_E) / metric_target_spread(sums);
}

double metric_mape(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	if (sums->values[SUM_NO_RELATIVE] > 0.0)
		return metric_undefined(sums, "a target is 0");
	return metric_mean(sums, SUM_RELATIVE);
}

double metric_smape(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	return metric_mean(sums, SUM_SYMMETRIC);
}

double metric_wape(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	if (!(sums->values[SUM_TARGET_SIZE] > 0.0))
		return metric_undefined(sums, "all targets are 0");
	return sums->values[SUM_ERROR_SIZE] / sums->values[SUM_TARGET_SIZE];
}

double metric_msle(const struct metric_sums *sums, double root)
{
	if (sums->values[SUM_NO_LOG] > 0.0)
		return metric_undefined(sums, "a target or prediction is -1 or less");
	double mean = metric_mean(sums, SUM_LOG_SQUARE);
	return root != 0.0 ? sqrt(mean) : mean;
}

/* alpha max(y - p, 0) + (1 - alpha) max(p - y, 0) */
double metric_pinball(const struct metric_sums *sums, double alpha)
{
	return alpha * metric_mean(sums, SUM_UNDER) + (1.0 - alpha) * metric_mean(sums, SUM_OVER);
}

double metric_poisson_deviance(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	if (sums->values[SUM_NO_POISSON] > 0.0)
		return metric_undefined(sums, "a target is negative or a prediction not positive");
	return metric_mean(sums, SUM_POISSON);
}

double metric_gamma_deviance(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	if (sums->values[SUM_NO_GAMMA] > 0.0)
		return metric_undefined(sums, "a target or prediction is not positive");
	return metric_mean(sums, SUM_GAMMA);
}

/* Pearson's r of two weighted arrays; NaN if one is constant. */
static double metric_correlation(
	const double *a, const double *b, const double *weights, size_t count)
{
	double mean_a = 0.0, mean_b = 0.0, total = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;
	for (size_t i = 0; i < count; i++) {
		double weight = weights ? weights[i] : 1.0;
		total += weight;
		mean_a += weight * a[i];
		mean_b += weight * b[i];
	}
	mean_a /= total;
	mean_b /= total;
	for (size_t i = 0; i < count; i++) {
		double weight = weights ? weights[i] : 1.0, da = a[i] - mean_a, db = b[i] - mean_b;
		aa += weight * da * da;
		bb += weight * db * db;
		ab += weight * da * db;
	}
	double floor_a = 1e-28 * mean_a * mean_a * total, floor_b = 1e-28 * mean_b * mean_b * total;
	if (!(aa > floor_a) || !(bb > floor_b))
		return NAN;
	return fmax(-1.0, fmin(1.0, ab / sqrt(aa) / sqrt(bb)));
}

static void metric_set_correlation(const struct metric_rows *rows, const double *a, const double *b,
	bool spearman, struct metric_value *ret_value)
{
	const struct predictions *predictions = rows->layout->predictions;
	ret_value->value = metric_correlation(a, b, predictions->weights, predictions->n_rows);
	if (isnan(ret_value->value))
		ret_value->undefined = "the target or the prediction is the same in all rows";
	else if (rows->options->confidence > 0.0)
		ret_value->interval = interval_fisher(ret_value->value,
			interval_effective_count(predictions->weights, predictions->n_rows),
			spearman, rows->options->confidence);
}

int metric_pearson(const struct metric_rows *rows, double parameter, struct metric_value *ret_value,
	struct error *err)
{
	(void)parameter;
	(void)err;
	const struct predictions *predictions = rows->layout->predictions;
	metric_set_correlation(
		rows, predictions->target_values, predictions->values, false, ret_value);
	return 0;
}

/* Mid-ranks: a row's rank is the weight above it plus half of its ties' (its own included). */
static int metric_ranks(const double *values, const double *weights, size_t count,
	double *ret_ranks, struct error *err)
{
	AUTO_FREE uint32_t *order = memory_allocate(count, sizeof *order, err);
	if (!order || ranking_order(values, count, order, err) < 0)
		return -err->code;
	double above = 0.0;
	for (size_t begin = 0, end; begin < count; begin = end) {
		double tied = 0.0;
		for (end = begin; end < count && values[order[end]] == values[order[begin]]; end++)
			tied += weights ? weights[order[end]] : 1.0;
		for (size_t i = begin; i < end; i++)
			ret_ranks[order[i]] = above + tied / 2.0;
		above += tied;
	}
	return 0;
}

int metric_spearman(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err)
{
	(void)parameter;
	const struct predictions *predictions = rows->layout->predictions;
	size_t n = predictions->n_rows;
	AUTO_FREE double *ranks = memory_allocate(2 * n, sizeof *ranks, err);
	if (!ranks ||
		metric_ranks(predictions->target_values, predictions->weights, n, ranks, err) < 0 ||
		metric_ranks(predictions->values, predictions->weights, n, ranks + n, err) < 0)
		return -err->code;
	metric_set_correlation(rows, ranks, ranks + n, true, ret_value);
	return 0;
}

int metric_median_absolute_error(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err)
{
	(void)parameter;
	const struct predictions *predictions = rows->layout->predictions;
	size_t n = predictions->n_rows;
	AUTO_FREE double *sizes = memory_allocate(n, sizeof *sizes, err);
	if (!sizes)
		return -err->code;
	for (size_t i = 0; i < n; i++)
		sizes[i] = fabs(predictions->values[i] - predictions->target_values[i]);
	if (predictions->weights) /* order statistics of weighted rows have no such interval */
		return statistics_weighted_quantile(
			sizes, predictions->weights, n, 0.5, &ret_value->value, err);
	statistics_sort(sizes, n);
	ret_value->value = statistics_quantile_sorted(sizes, n, 0.5);
	if (rows->options->confidence > 0.0)
		ret_value->interval = interval_median(sizes, n, rows->options->confidence);
	return 0;
}

int metric_max_error(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err)
{
	(void)parameter;
	(void)err;
	const struct predictions *predictions = rows->layout->predictions;
	ret_value->value = 0.0;
	for (size_t i = 0; i < predictions->n_rows; i++) {
		double size = fabs(predictions->values[i] - predictions->target_values[i]);
		if (prediction_weight(predictions, i) > 0.0 && size > ret_value->value)
			ret_value->value = size;
	}
	return 0;
}
