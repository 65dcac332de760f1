/*
 * metrics: the table of metrics, and their values with intervals.
 *
 * Names are those of scikit-learn's scorers and functions where it has them; their other spellings
 * are aliases. One row of the table is one metric. What is undefined (the ROC area of one class, R²
 * of a constant target) is NaN with the reason in words, never a made-up 0.5. A quotient with
 * denominator 0 (the precision of a class that was never predicted) counts as 0, as in
 * scikit-learn, and zero_divisions says how often that happened.
 *
 * Classification: t true and l predicted class, w weight, C[t][l] the confusion matrix (sum of w),
 * p the probabilities. Regression: y target, p prediction, e = p - y.
 */
#ifndef MLOPS_EVALUATE_METRICS_H
#define MLOPS_EVALUATE_METRICS_H

#include "mlops/evaluate/bootstrap.h"
#include "mlops/evaluate/interval.h"
#include "mlops/evaluate/predictions.h"

enum metric_direction { METRIC_HIGHER, METRIC_LOWER, METRIC_ZERO }; /* which is better */
enum metric_needs { METRIC_NEEDS_PROBABILITIES = 1, METRIC_NEEDS_COSTS = 2 };

struct metric_sums;
struct metric_rows;
struct metric_value;
struct metric {
	const char *name;
	const char *text; /* one line: what it is */
	unsigned int tasks; /* bits of prediction_task */
	unsigned int standard; /* tasks whose default set it is in */
	unsigned int needs; /* bits of metric_needs */
	enum metric_direction direction;
	double minimum, maximum; /* of its values; infinite: no bound */
	enum interval_method interval; /* the method that is tried first */
	/* Exactly one is set. A share of the rows, then put through `transform` if there is one: */
	void (*share)(const struct metric_sums *sums, double parameter, double *ret_part,
		double *ret_whole);
	double (*transform)(double share); /* increasing */
	/* or a function of sums, which the bootstrap can call, or of the rows. */
	double (*of_sums)(const struct metric_sums *sums, double parameter);
	int (*of_rows)(const struct metric_rows *rows, double parameter,
		struct metric_value *ret_value, struct error *err);
	double parameter; /* beta of F, alpha of pinball, k of top-k, … */
};

/* By name or alias; NULL if there is none. metric_table is sorted by topic, for help pages. */
extern const struct metric metric_table[];
extern const size_t metric_count;
const struct metric *metric_find(const char *name);

/* The name nearest to a wrong one among those of the task, or NULL: "did you mean". */
const char *metric_nearest(const char *name, enum prediction_task task);

/* a better than b (also for METRIC_ZERO); false if one is NaN. */
bool metric_better(const struct metric *metric, double a, double b);

struct metric_value {
	const struct metric *metric;
	double value; /* NaN if undefined */
	const char *undefined; /* why, or NULL */
	size_t zero_divisions; /* quotients taken as 0 */
	struct interval interval; /* method INTERVAL_NONE if there is none */
};

struct metric_options {
	double threshold; /* binary: at least this probability is a "yes" */
	double confidence; /* 0.95; 0: no intervals */
	struct bootstrap_options bootstrap;
	const double *costs; /* n_classes × n_classes, [true × n_classes + predicted]; or NULL */
};

/* 0.5, 0.95, 2,000 replicates, BCa, seed 0, no costs. */
struct metric_options metric_options_default(void);

/*
 * All values at once: the rows are read once, and one bootstrap serves all metrics that need it.
 * A metric for another task is -ERROR_INVALID. ret_values: count.
 */
int metrics_compute(const struct predictions *predictions, const struct metric *const *metrics,
	size_t count, const struct metric_options *options, struct metric_value *ret_values,
	struct error *err) MUST_CHECK;

/* Precision, recall, F1 of one class against the rest; NaN never, see zero_divisions. */
struct class_value {
	double support; /* sum of weights of its rows */
	double precision, recall, f1;
	double roc_area; /* one against the rest; NaN if undefined or without probabilities */
	struct interval precision_interval, recall_interval; /* Wilson */
	size_t zero_divisions;
};

/* ret_values: n_classes, by code. Classification only. */
int metrics_per_class(const struct predictions *predictions, const struct metric_options *options,
	struct class_value *ret_values, struct error *err) MUST_CHECK;

#endif
