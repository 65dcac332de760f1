/*
 * compare: two sets of predictions of the same rows, pair by pair.
 *
 * The difference of each metric (first minus second) with an interval that knows that both were
 * measured on the same rows: DeLong for the ROC area, influences for average precision, the paired
 * stratified bootstrap for all functions of sums. McNemar's test asks whether one is right more
 * often.
 */
#ifndef MLOPS_EVALUATE_COMPARE_H
#define MLOPS_EVALUATE_COMPARE_H

#include "mlops/evaluate/metrics.h"

struct metric_difference {
	const struct metric *metric;
	double first, second, difference; /* NaN if undefined */
	struct interval interval; /* of the difference */
	double p_value; /* DeLong's z test for ROC areas, else NaN */
	/* The interval excludes 0: which is better? 1 the first, -1 the second, 0 not known. */
	int better;
};

/*
 * Both must have the same rows: task, n_rows, classes, targets and weights are compared, and a
 * difference is -ERROR_INVALID. ret_differences: count.
 */
int compare_metrics(const struct predictions *first, const struct predictions *second,
	const struct metric *const *metrics, size_t count, const struct metric_options *options,
	struct metric_difference *ret_differences, struct error *err) MUST_CHECK;

/* McNemar, Psychometrika 12 (1947). Weights play no part. */
struct mcnemar {
	uint64_t only_first, only_second; /* rows that only one of them labels rightly */
	double statistic; /* chi² with continuity correction; NaN if exact */
	double p_value; /* two-sided; exact binomial if fewer than 25 rows differ */
	bool exact;
};
struct mcnemar compare_mcnemar(uint64_t only_first, uint64_t only_second);
int compare_labels(const struct predictions *first, const struct predictions *second,
	double threshold, struct mcnemar *ret, struct error *err) MUST_CHECK;

#endif
