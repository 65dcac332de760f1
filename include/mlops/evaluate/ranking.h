/*
 * ranking: areas under the ROC and the precision-recall curve, with the influence of each row.
 *
 * An area is a smooth function of the weights of the rows; its derivative by the weight of row i is
 * that row's influence. Sums of squares of influences within each class give the variance, those
 * of the difference of two areas the variance of the difference, and those of a mean the variance
 * of the mean. For the ROC area this is exactly DeLong, DeLong and Clarke-Pearson (Biometrics 44,
 * 1988), computed by mid-ranks in O(n log n) as Sun and Xu (IEEE Signal Processing Letters 21,
 * 2014) do. Equal scores are handled as ties (1/2).
 */
#ifndef MLOPS_EVALUATE_RANKING_H
#define MLOPS_EVALUATE_RANKING_H

#include "mlops/base/memory.h"
#include "mlops/evaluate/interval.h"

/* Rows to be ranked. positive[i] is 0 or 1. A row whose class is neither is left out before. */
struct ranking {
	size_t n_rows;
	const double *scores; /* finite; higher is more positive */
	const uint8_t *positive;
	const double *weights; /* NULL: all 1 */
};

/*
 * The area under the ROC curve: P(score of a positive > of a negative) + P(equal) / 2.
 * ret_influence (n_rows; may be NULL): scaled so that the variance of the area is
 * ranking_variance(). NaN (and influences 0) if one of the classes is absent or weightless.
 */
int ranking_roc_area(const struct ranking *ranking, double *ret_area, double *ret_influence,
	struct error *err) MUST_CHECK;

/*
 * Average precision: sum over thresholds of (recall_k - recall_(k-1)) precision_k, step and not
 * trapezoid. NaN if no row is positive.
 */
int ranking_average_precision(const struct ranking *ranking, double *ret_area,
	double *ret_influence, struct error *err) MUST_CHECK;

/*
 * sum over strata of n_s / (n_s - 1) sum of (influence - mean in the stratum)². strata[i] <
 * n_strata. NaN if a stratum has only one row. Rows of weight 0 are left out.
 */
int ranking_variance(const double *influence, const double *weights, const uint32_t *strata,
	size_t n_strata, size_t n_rows, double *ret_variance, struct error *err) MUST_CHECK;

/* DeLong's interval, cut to 0 .. 1; Newcombe's where the variance is 0. */
struct interval ranking_roc_interval(
	double area, double variance, double positives, double negatives, double confidence);

/*
 * Rows by descending score, of equals in order of index: n_rows indices. Several curves of one
 * ranking share it.
 */
int ranking_order(
	const double *scores, size_t n_rows, uint32_t *ret_order, struct error *err) MUST_CHECK;

#endif
