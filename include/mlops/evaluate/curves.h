/*
 * curves: what is drawn of predictions, as numbers.
 *
 * Curves of many rows are thinned to CURVE_POINTS points, keeping the ends and the shape: of the
 * ROC and precision-recall curve those points stay that move the most. All are computed from all
 * rows. Binary curves are those of the positive class.
 */
#ifndef MLOPS_EVALUATE_CURVES_H
#define MLOPS_EVALUATE_CURVES_H

#include "mlops/evaluate/metrics.h"

enum { CURVE_POINTS = 400, CALIBRATION_BINS = 10, THRESHOLD_ROWS = 21, HISTOGRAM_BINS = 30 };

struct curve {
	size_t count;
	double *x, *y;
	double *threshold; /* NULL where it has none; the first of the ROC curve is +inf */
};
void curve_release(struct curve *curve);
AUTO_RELEASE(struct curve, curve_release)

/* x false positive rate, y true positive rate, ascending; one class absent: count 0. */
int curve_roc(const struct predictions *predictions, size_t positive, struct curve *ret_curve,
	struct error *err) MUST_CHECK;

/* x recall ascending, y precision; starts with recall 0 at precision 1 by convention. */
int curve_precision_recall(const struct predictions *predictions, size_t positive,
	struct curve *ret_curve, struct error *err) MUST_CHECK;

/* x share of the rows, most probable first, y share of the positives found in them. */
int curve_gain(const struct predictions *predictions, size_t positive, struct curve *ret_curve,
	struct error *err) MUST_CHECK;

/*
 * Reliability: bins of equal width of the positive's probability (binary) or of the largest
 * probability (multiclass: confidence against correctness); bin b holds b/10 <= p < (b+1)/10, the
 * last also 1. share is the observed frequency, with Wilson's interval.
 */
struct calibration_bin {
	size_t n_rows;
	double weight, mean_probability, share; /* NaN in an empty bin */
	struct interval interval;
};
struct calibration {
	struct calibration_bin bins[CALIBRATION_BINS];
	double expected_error, largest_error; /* ECE and MCE (Naeini et al., AAAI 2015) */
};
void calibration_of(
	const struct predictions *predictions, double confidence, struct calibration *ret);

/* Sums of weights: counts[true × n_classes + predicted]. */
struct confusion_matrix {
	size_t n_classes;
	double *counts;
};
void confusion_matrix_release(struct confusion_matrix *matrix);
AUTO_RELEASE(struct confusion_matrix, confusion_matrix_release)
int confusion_matrix_of(const struct predictions *predictions, double threshold,
	struct confusion_matrix *ret_matrix, struct error *err) MUST_CHECK;

/* What each threshold does: 0, 0.05, …, 1. */
struct threshold_row {
	double threshold;
	double true_positives, false_positives, true_negatives, false_negatives;
	double precision, recall, specificity, f1; /* 0 where undefined */
};
void threshold_table(
	const struct predictions *predictions, struct threshold_row ret_rows[THRESHOLD_ROWS]);

/* Equal-width bins over low .. high of the values, weighted. */
struct histogram {
	double low, high;
	size_t n_bins;
	double counts[HISTOGRAM_BINS];
};

/* Regression: the residuals e = p - y. */
struct residuals {
	struct histogram histogram;
	double quantiles[5]; /* 5, 25, 50, 75, 95 % */
	struct curve points; /* x prediction, y residual, a sample of at most CURVE_POINTS rows */
	struct curve truth; /* of the same rows: x target, y prediction */
};
void residuals_release(struct residuals *residuals);
int residuals_of(
	const struct predictions *predictions, struct residuals *ret, struct error *err) MUST_CHECK;

/* Binary: the probabilities of "yes", of rows whose truth is no [0] and yes [1]; 0 .. 1. */
void score_histograms(const struct predictions *predictions, struct histogram ret[2]);

#endif
