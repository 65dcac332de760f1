#include "mlops/evaluate/compare.h"

#include <math.h>
#include <string.h>

#include "metrics_internal.h"

#include "mlops/evaluate/ranking.h"
#include "mlops/numeric/distribution.h"

static int compare_same_rows(
	const struct predictions *first, const struct predictions *second, struct error *err)
{
	if (first->task != second->task || first->n_rows != second->n_rows ||
		first->n_classes != second->n_classes || first->positive != second->positive ||
		!first->weights != !second->weights)
		return error_set(
			err, ERROR_INVALID, "the two sets of predictions are not of the same rows");
	for (size_t i = 0; i < first->n_rows; i++) {
		bool same = first->task == PREDICTION_REGRESSION
				    ? first->target_values[i] == second->target_values[i]
				    : first->targets[i] == second->targets[i];
		if (!same || prediction_weight(first, i) != prediction_weight(second, i))
			return error_set(err, ERROR_INVALID,
				"row %llu has another target or weight in the second set",
				(unsigned long long)prediction_row_number(first, i));
	}
	return 0;
}

/* Both sides' sums as one vector: the first's, then the second's. */
struct compare_pair {
	struct sums_layout layouts[2];
	uint32_t *labels[2];
	const struct metric **metrics;
	size_t *places; /* in the caller's list */
	size_t count;
};

static void compare_pair_release(struct compare_pair *pair)
{
	memory_free(pair->labels[0]);
	memory_free(pair->labels[1]);
	memory_free(pair->metrics);
	memory_free(pair->places);
}
AUTO_RELEASE(struct compare_pair, compare_pair_release)

static size_t compare_row(void *context, size_t row, double *sums, uint32_t *touched)
{
	struct compare_pair *pair = context;
	size_t count = sums_row(&pair->layouts[0], row, sums, touched);
	size_t offset = pair->layouts[0].n_sums;
	size_t more = sums_row(&pair->layouts[1], row, sums + offset, touched + count);
	for (size_t i = 0; i < more; i++)
		touched[count + i] += (uint32_t)offset;
	return count + more;
}

static void compare_statistic(const void *context, const double *values, double *ret_values)
{
	const struct compare_pair *pair = context;
	struct metric_sums first = { .layout = &pair->layouts[0], .values = values };
	struct metric_sums second = { .layout = &pair->layouts[1],
		.values = values + pair->layouts[0].n_sums };
	for (size_t i = 0; i < pair->count; i++)
		ret_values[i] = metric_value_from_sums(pair->metrics[i], &first) -
				metric_value_from_sums(pair->metrics[i], &second);
}

static int compare_pair_make(const struct predictions *first, const struct predictions *second,
	const struct metric_difference *differences, size_t count,
	const struct metric_options *options, struct compare_pair *pair, struct error *err)
{
	const struct predictions *both[] = { first, second };
	pair->metrics = memory_allocate(count, sizeof *pair->metrics, err);
	pair->places = memory_allocate(count, sizeof *pair->places, err);
	if (!pair->metrics || !pair->places)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		const struct metric *metric = differences[i].metric;
		if (metric->of_rows || metric->interval == INTERVAL_NONE ||
			isnan(differences[i].difference))
			continue;
		pair->metrics[pair->count] = metric;
		pair->places[pair->count++] = i;
	}
	for (int side = 0; side < 2; side++) {
		if (first->task != PREDICTION_REGRESSION) {
			pair->labels[side] = memory_allocate(first->n_rows, sizeof(uint32_t), err);
			if (!pair->labels[side])
				return -err->code;
			predictions_label(both[side], options->threshold, pair->labels[side]);
		}
		sums_layout_make(both[side], pair->labels[side], &pair->layouts[side]);
		sums_layout_narrow(&pair->layouts[side], pair->metrics, pair->count);
		pair->layouts[side].costs = options->costs;
	}
	return 0;
}

static int compare_bootstrap(const struct predictions *first, const struct compare_pair *pair,
	const struct metric_options *options, struct metric_difference *differences,
	struct error *err)
{
	bool classes = first->task != PREDICTION_REGRESSION;
	struct bootstrap_rows rows = { .n_rows = first->n_rows,
		.n_sums = pair->layouts[0].n_sums + pair->layouts[1].n_sums,
		.n_strata = classes ? first->n_classes : 1,
		.strata = classes ? first->targets : NULL,
		.weights = first->weights,
		.row = compare_row,
		.context = (void *)pair };
	AUTO(bootstrap_units_release) struct bootstrap_units units = { 0 };
	AUTO_FREE double *estimates = memory_allocate(pair->count, sizeof *estimates, err);
	AUTO_FREE struct interval *intervals = memory_allocate(pair->count, sizeof *intervals, err);
	if (!estimates || !intervals ||
		bootstrap_units_make(&rows, options->bootstrap.seed, &units, err) < 0)
		return -err->code;
	for (size_t i = 0; i < pair->count; i++)
		estimates[i] = differences[pair->places[i]].difference;
	struct bootstrap_plan plan = { &units, pair->count, compare_statistic, pair, estimates };
	if (bootstrap_intervals(&plan, &options->bootstrap, options->confidence, intervals, err) <
		0)
		return -err->code;
	for (size_t i = 0; i < pair->count; i++)
		differences[pair->places[i]].interval = intervals[i];
	return 0;
}

/* DeLong's test of two areas on the same rows; the same with influences of average precision. */
static int compare_areas(const struct predictions *first, const struct predictions *second,
	double confidence, struct metric_difference *difference, struct error *err)
{
	size_t n = first->n_rows;
	AUTO_FREE double *influence = memory_allocate(2 * n, sizeof *influence, err);
	if (!influence)
		return -err->code;
	double areas[2], variance;
	const char *undefined;
	if (metric_influence(difference->metric, first, &areas[0], influence, &undefined, err) <
			0 ||
		metric_influence(
			difference->metric, second, &areas[1], influence + n, &undefined, err) < 0)
		return -err->code;
	for (size_t i = 0; i < n; i++)
		influence[i] -= influence[n + i];
	if (ranking_variance(influence, first->weights, first->targets, first->n_classes, n,
		    &variance, err) < 0)
		return -err->code;
	if (!(variance > 1e-24))
		return 0;
	/* Gini is twice the area. */
	double scale = difference->difference / (areas[0] - areas[1]);
	double deviation = sqrt(variance) * (areas[0] != areas[1] ? scale : 1.0);
	double half = interval_z(confidence) * deviation;
	bool roc = difference->metric->interval == INTERVAL_DELONG;
	difference->interval = (struct interval){ difference->difference - half,
		difference->difference + half, roc ? INTERVAL_DELONG : INTERVAL_INFLUENCE };
	if (roc)
		difference->p_value = 2.0 * distribution_normal_cdf(
						    fabs(difference->difference) / deviation, true);
	return 0;
}

static void compare_decide(struct metric_difference *difference)
{
	struct interval interval = difference->interval;
	if (interval.method == INTERVAL_NONE || !(interval.low > 0.0 || interval.high < 0.0))
		return;
	difference->better =
		metric_better(difference->metric, difference->first, difference->second) ? 1 : -1;
}

static int compare_values(const struct predictions *first, const struct predictions *second,
	const struct metric *const *metrics, size_t count, const struct metric_options *options,
	struct metric_difference *ret, struct error *err)
{
	AUTO_FREE struct metric_value *values = memory_allocate(2 * count, sizeof *values, err);
	struct metric_options points = *options;
	points.confidence = 0.0;
	if (!values || metrics_compute(first, metrics, count, &points, values, err) < 0 ||
		metrics_compute(second, metrics, count, &points, values + count, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++)
		ret[i] = (struct metric_difference){ .metric = metrics[i],
			.first = values[i].value,
			.second = values[count + i].value,
			.difference = values[i].value - values[count + i].value,
			.interval = INTERVAL_UNKNOWN,
			.p_value = NAN };
	return 0;
}

int compare_metrics(const struct predictions *first, const struct predictions *second,
	const struct metric *const *metrics, size_t count, const struct metric_options *options,
	struct metric_difference *ret_differences, struct error *err)
{
	if (compare_same_rows(first, second, err) < 0 ||
		compare_values(first, second, metrics, count, options, ret_differences, err) < 0)
		return -err->code;
	if (!(options->confidence > 0.0))
		return 0;
	AUTO(compare_pair_release) struct compare_pair pair = { 0 };
	if (compare_pair_make(first, second, ret_differences, count, options, &pair, err) < 0)
		return -err->code;
	if (pair.count && options->bootstrap.replicates &&
		compare_bootstrap(first, &pair, options, ret_differences, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		if (metric_has_influence(metrics[i]) && !isnan(ret_differences[i].difference) &&
			compare_areas(
				first, second, options->confidence, &ret_differences[i], err) < 0)
			return -err->code;
		compare_decide(&ret_differences[i]);
	}
	return 0;
}

struct mcnemar compare_mcnemar(uint64_t only_first, uint64_t only_second)
{
	struct mcnemar test = { .only_first = only_first,
		.only_second = only_second,
		.statistic = NAN,
		.p_value = 1.0 };
	uint64_t differ = only_first + only_second;
	uint64_t fewer = only_first < only_second ? only_first : only_second;
	test.exact = differ < 25;
	if (test.exact) {
		if (differ && fewer * 2 != differ)
			test.p_value = fmin(1.0, 2.0 * distribution_binomial_cdf((int64_t)fewer,
							       (int64_t)differ, 0.5, false));
		return test;
	}
	double gap = (double)(differ - 2 * fewer) - 1.0;
	gap = gap > 0.0 ? gap : 0.0;
	test.statistic = gap * gap / (double)differ;
	test.p_value = distribution_chi_square_cdf(test.statistic, 1.0, true);
	return test;
}

int compare_labels(const struct predictions *first, const struct predictions *second,
	double threshold, struct mcnemar *ret, struct error *err)
{
	if (compare_same_rows(first, second, err) < 0)
		return -err->code;
	if (first->task == PREDICTION_REGRESSION)
		return error_set(err, ERROR_INVALID, "a regression task has no labels to compare");
	size_t n = first->n_rows;
	AUTO_FREE uint32_t *labels = memory_allocate(2 * n, sizeof *labels, err);
	if (!labels)
		return -err->code;
	predictions_label(first, threshold, labels);
	predictions_label(second, threshold, labels + n);
	uint64_t only[2] = { 0, 0 };
	for (size_t i = 0; i < n; i++) {
		bool a = labels[i] == first->targets[i], b = labels[n + i] == first->targets[i];
		only[0] += a && !b;
		only[1] += b && !a;
	}
	*ret = compare_mcnemar(only[0], only[1]);
	return 0;
}
