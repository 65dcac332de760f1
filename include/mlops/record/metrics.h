/*
 * metrics: numbers that a run measured, each a series over steps.
 *
 * A single figure is a series of one point at step 0. The last step's value is what `log`, filters
 * and sorts see; its confidence interval is kept with it if given. Logging a step again replaces
 * its value. NaN and infinities are kept. Trainers log in batches: one transaction takes hundreds
 * of thousands of points a second, a transaction for each point a few thousand.
 */
#ifndef MLOPS_RECORD_METRICS_H
#define MLOPS_RECORD_METRICS_H

#include "mlops/record/record.h"

struct metric_point {
	const char *name;
	int64_t step;
	double value;
	double low, high; /* interval; both 0 or both NaN: none */
	int64_t time; /* microseconds since 1970; 0: now */
};

/* All points, in one transaction. Fastest if points of one name follow each other. */
int metrics_log(struct record *record, int64_t run, const struct metric_point *points, size_t count,
	struct error *err) MUST_CHECK;

/* metrics_log() of one point without an interval, at step 0. */
int metric_set(struct record *record, int64_t run, const char *name, double value,
	struct error *err) MUST_CHECK;

struct run_metric {
	char *name;
	double value; /* at the last step */
	int64_t step; /* the last */
	double low, high; /* NaN: no interval */
	double minimum, maximum; /* over all steps; NaN if there is no number among them */
	uint64_t n_points;
};
struct run_metrics {
	struct run_metric *items; /* by name */
	size_t count;
};
int metrics_load(
	struct record *record, int64_t run, struct run_metrics *ret, struct error *err) MUST_CHECK;
void metrics_release(struct run_metrics *metrics);
AUTO_RELEASE(struct run_metrics, metrics_release)

/* The same without minimum, maximum and n_points (NaN and 0): costs nothing for long series. */
int metrics_load_last(
	struct record *record, int64_t run, struct run_metrics *ret, struct error *err) MUST_CHECK;

/* The points of one series, by step. */
struct metric_series {
	int64_t *steps, *times;
	double *values;
	size_t count;
};
int metric_history(struct record *record, int64_t run, const char *name, struct metric_series *ret,
	struct error *err) MUST_CHECK;

/*
 * At most about `most` points of it, spread evenly over the steps, the first and the last among
 * them: enough for a plot, in a time that does not depend on the length of the series.
 */
int metric_history_thinned(struct record *record, int64_t run, const char *name, size_t most,
	struct metric_series *ret, struct error *err) MUST_CHECK;
void metric_series_release(struct metric_series *series);
AUTO_RELEASE(struct metric_series, metric_series_release)

#endif
