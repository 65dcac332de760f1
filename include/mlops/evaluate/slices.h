/*
 * slices: the same metrics on parts of the rows, worst part first.
 *
 * A slice is one value of one column of the table that belongs to the predictions (same rows).
 * Category, text and boolean columns give one slice a value, the SLICES_VALUES most frequent, the
 * others together as "(other)"; numeric columns and timestamps are cut at their quartiles; missing
 * values are a slice of their own, "(missing)".
 */
#ifndef MLOPS_EVALUATE_SLICES_H
#define MLOPS_EVALUATE_SLICES_H

#include "mlops/data/table.h"
#include "mlops/evaluate/metrics.h"

enum { SLICES_VALUES = 50, SLICES_QUANTILES = 4, SLICES_SMALL = 30, SLICES_METRICS = 4 };

struct slice {
	char *column, *value; /* "mean_radius", "> 11.7, ≤ 13.4" */
	size_t n_rows;
	bool small; /* fewer than SLICES_SMALL rows: its values say little */
	bool worse; /* the interval of the first metric lies on the bad side of the whole's value */
	size_t n_metrics;
	struct metric_value metrics[SLICES_METRICS];
};

struct slices {
	struct slice *items; /* by the first metric, worst first; undefined last */
	size_t count;
};
void slices_release(struct slices *slices);
AUTO_RELEASE(struct slices, slices_release)

struct slices_request {
	const struct table *table; /* as many rows as the predictions */
	const char *const *columns;
	size_t n_columns;
	const struct metric *const *metrics; /* the first SLICES_METRICS are computed */
	size_t n_metrics;
	const struct metric_value *whole; /* of those metrics; may be NULL */
};

/* A column that the table lacks: -ERROR_NOT_FOUND. */
int slices_compute(const struct predictions *predictions, const struct slices_request *request,
	const struct metric_options *options, struct slices *ret_slices,
	struct error *err) MUST_CHECK;

#endif
