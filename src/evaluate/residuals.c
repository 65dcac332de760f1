#include <math.h>
#include <string.h>

#include "mlops/evaluate/curves.h"
#include "mlops/numeric/random.h"
#include "mlops/numeric/statistics.h"

void residuals_release(struct residuals *residuals)
{
	curve_release(&residuals->points);
	curve_release(&residuals->truth);
}

static int residuals_quantiles(const struct predictions *predictions, const double *errors,
	double *sorted, double ret_quantiles[5], struct error *err)
{
	static const double levels[5] = { 0.05, 0.25, 0.5, 0.75, 0.95 };
	size_t n = predictions->n_rows;
	memcpy(sorted, errors, n * sizeof *sorted);
	statistics_sort(sorted, n);
	for (size_t q = 0; q < 5; q++) {
		if (!predictions->weights)
			ret_quantiles[q] = statistics_quantile_sorted(sorted, n, levels[q]);
		else if (statistics_weighted_quantile(errors, predictions->weights, n, levels[q],
				 &ret_quantiles[q], err) < 0)
			return -err->code;
	}
	return 0;
}

static void residuals_histogram(const struct predictions *predictions, const double *errors,
	const double *sorted, struct histogram *ret)
{
	size_t n = predictions->n_rows;
	*ret = (struct histogram){
		.low = sorted[0], .high = sorted[n - 1], .n_bins = HISTOGRAM_BINS
	};
	double span = ret->high - ret->low;
	if (!(span > 0.0) || !isfinite(span)) {
		/* One value, or more than a double can span: a single bar in the middle. */
		ret->low -= 0.5;
		ret->high += 0.5;
		span = isfinite(span) ? 1.0 : INFINITY;
	}
	for (size_t i = 0; i < n; i++) {
		double share = (errors[i] - ret->low) / span;
		size_t bin = share < 1.0 ? (size_t)(share * HISTOGRAM_BINS) : HISTOGRAM_BINS - 1;
		ret->counts[bin < HISTOGRAM_BINS ? bin : HISTOGRAM_BINS - 1] +=
			prediction_weight(predictions, i);
	}
}

static int residuals_sample(
	const struct predictions *predictions, struct residuals *ret, struct error *err)
{
	size_t n = predictions->n_rows, count = n < CURVE_POINTS ? n : CURVE_POINTS;
	size_t rows[CURVE_POINTS];
	struct random_stream stream = random_stream(0, "evaluate.residuals");
	random_sample(&stream, n, count, rows);
	struct curve *curves[] = { &ret->points, &ret->truth };
	for (int c = 0; c < 2; c++) {
		curves[c]->x = memory_allocate(count, sizeof(double), err);
		curves[c]->y = memory_allocate(count, sizeof(double), err);
		if (!curves[c]->x || !curves[c]->y)
			return -err->code;
		curves[c]->count = count;
	}
	for (size_t i = 0; i < count; i++) {
		double y = predictions->target_values[rows[i]], p = predictions->values[rows[i]];
		ret->points.x[i] = p;
		ret->points.y[i] = p - y;
		ret->truth.x[i] = y;
		ret->truth.y[i] = p;
	}
	return 0;
}

int residuals_of(const struct predictions *predictions, struct residuals *ret, struct error *err)
{
	*ret = (struct residuals){ 0 };
	size_t n = predictions->n_rows;
	AUTO_FREE double *errors = memory_allocate(2 * n, sizeof *errors, err);
	if (!errors)
		return -err->code;
	for (size_t i = 0; i < n; i++)
		errors[i] = predictions->values[i] - predictions->target_values[i];
	if (residuals_quantiles(predictions, errors, errors + n, ret->quantiles, err) < 0)
		return -err->code;
	residuals_histogram(predictions, errors, errors + n, &ret->histogram);
	if (residuals_sample(predictions, ret, err) < 0) {
		residuals_release(ret);
		return -err->code;
	}
	return 0;
}
