/*
 * What the files of the metrics share: the sums over rows that most metrics are functions of, and
 * the rows themselves for those that are not.
 *
 * The sums of one set of predictions are one vector of doubles. Classification: the scalars and
 * calibration bins below, then the confusion matrix. Regression: the scalars below. The same vector
 * made with squared weights gives Kish's effective number of rows of any share.
 */
#ifndef EVALUATE_METRICS_INTERNAL_H
#define EVALUATE_METRICS_INTERNAL_H

#include "mlops/evaluate/curves.h"
#include "mlops/evaluate/metrics.h"

enum { /* classification */
	SUM_WEIGHT, /* of both tasks */
	SUM_LOG_LOSS,
	SUM_BRIER,
	SUM_TOP_2, /* the true class is among the two most probable */
	SUM_TOP_3,
	SUM_TOP_5,
	SUM_BINS, /* CALIBRATION_BINS × weight, probability, hit */
	SUM_CELLS = SUM_BINS + 3 * CALIBRATION_BINS /* n_classes × n_classes */
};

enum { /* regression; E and Y are errors and targets about their means */
	SUM_ERROR = SUM_WEIGHT + 1, /* e itself */
	SUM_ERROR_SIZE,
	SUM_ERROR_SQUARE,
	SUM_E,
	SUM_E_E,
	SUM_Y,
	SUM_Y_Y,
	SUM_TARGET_SIZE, /* |y| */
	SUM_RELATIVE, /* |e / y| */
	SUM_SYMMETRIC, /* 2 |e| / (|y| + |p|) */
	SUM_LOG_SQUARE, /* (log(1 + p) - log(1 + y))² */
	SUM_POISSON, /* deviances */
	SUM_GAMMA,
	SUM_OVER, /* e where it is positive: pinball losses are made of these */
	SUM_UNDER, /* -e where it is negative */
	SUM_NO_RELATIVE, /* weight of rows with y = 0 */
	SUM_NO_LOG, /* with y <= -1 or p <= -1 */
	SUM_NO_POISSON, /* with y < 0 or p <= 0 */
	SUM_NO_GAMMA, /* with y <= 0 or p <= 0 */
	SUM_REGRESSION_COUNT
};

struct sums_layout {
	const struct predictions *predictions;
	const uint32_t *labels; /* classification */
	size_t n_sums;
	double mean_error, mean_target; /* regression */
	bool squared_weights;
	/* What no metric at hand reads is left out while resampling. */
	bool no_bins, no_relative, no_logs;
	const double *costs;
};

struct metric_sums {
	const struct sums_layout *layout;
	const double *values;
	size_t *zero_divisions; /* NULL while resampling */
	const char **undefined; /* the same */
};

struct metric_rows {
	const struct sums_layout *layout;
	const struct metric_options *options;
	const uint32_t *labels;
};

/* labels: n_rows for classification, kept by the layout. */
void sums_layout_make(const struct predictions *predictions, const uint32_t *labels,
	struct sums_layout *ret_layout);

/* Leaves out the sums (of bins, relative errors, logarithms) that none of these metrics reads. */
void sums_layout_narrow(
	struct sums_layout *layout, const struct metric *const *metrics, size_t count);

/* What one row adds, weighted: at most 24 entries, as a bootstrap_row. context: the layout. */
size_t sums_row(void *layout, size_t row, double *sums, uint32_t *touched);

/* Compensated totals of all rows, in order. ret_sums: n_sums, zeroed here. */
int sums_total(const struct sums_layout *layout, double *ret_sums, struct error *err) MUST_CHECK;

static inline double sums_cell(const struct metric_sums *sums, size_t target, size_t label)
{
	size_t k = sums->layout->predictions->n_classes;
	return sums->values[SUM_CELLS + target * k + label];
}

/* The value of a metric that is a share or a function of sums. */
double metric_value_from_sums(const struct metric *metric, const struct metric_sums *sums);

/* part / whole, or 0 and a zero division. */
double metric_quotient(const struct metric_sums *sums, double part, double whole);

/* NaN, and the reason where one is asked for. */
double metric_undefined(const struct metric_sums *sums, const char *reason);

/* Metrics of classification: metric_classification.c */
void metric_accuracy(const struct metric_sums *sums, double parameter, double *part, double *whole);
void metric_top(const struct metric_sums *sums, double k, double *part, double *whole);
void metric_precision(
	const struct metric_sums *sums, double parameter, double *part, double *whole);
void metric_recall(const struct metric_sums *sums, double parameter, double *part, double *whole);
void metric_specificity(
	const struct metric_sums *sums, double parameter, double *part, double *whole);
void metric_npv(const struct metric_sums *sums, double parameter, double *part, double *whole);
void metric_false_positive_rate(
	const struct metric_sums *sums, double parameter, double *part, double *whole);
void metric_false_negative_rate(
	const struct metric_sums *sums, double parameter, double *part, double *whole);
void metric_jaccard(const struct metric_sums *sums, double parameter, double *part, double *whole);
double metric_f1_of_jaccard(double jaccard);
double metric_f_beta(const struct metric_sums *sums, double beta);
double metric_balanced_accuracy(const struct metric_sums *sums, double parameter);
double metric_informedness(const struct metric_sums *sums, double parameter);
double metric_mcc(const struct metric_sums *sums, double parameter);
double metric_kappa(const struct metric_sums *sums, double power); /* 0, 1 linear, 2 quadratic */
double metric_likelihood_positive(const struct metric_sums *sums, double parameter);
double metric_likelihood_negative(const struct metric_sums *sums, double parameter);
double metric_log_loss(const struct metric_sums *sums, double parameter);
double metric_brier(const struct metric_sums *sums, double parameter);
double metric_expected_calibration_error(const struct metric_sums *sums, double parameter);
double metric_largest_calibration_error(const struct metric_sums *sums, double parameter);
double metric_cost(const struct metric_sums *sums, double parameter);
/* Averages over classes; parameter: enum metric_average. */
enum metric_average { AVERAGE_MACRO, AVERAGE_WEIGHTED };
double metric_precision_average(const struct metric_sums *sums, double average);
double metric_recall_average(const struct metric_sums *sums, double average);
double metric_f1_average(const struct metric_sums *sums, double average);
double metric_jaccard_average(const struct metric_sums *sums, double average);
/* The classes that balanced_accuracy (absent_too false) and recall_macro average over. */
size_t metric_recall_classes(
	const struct metric_sums *sums, bool absent_too, uint32_t *ret_classes);

/* Metrics of the ranking: metric_ranking.c */
int metric_roc_area(const struct metric_rows *rows, double gini, struct metric_value *ret_value,
	struct error *err);
int metric_average_precision(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err);
int metric_roc_area_rest(const struct metric_rows *rows, double average,
	struct metric_value *ret_value, struct error *err);
int metric_roc_area_pairs(const struct metric_rows *rows, double average,
	struct metric_value *ret_value, struct error *err);
int metric_kolmogorov(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err);
int metric_lift(const struct metric_rows *rows, double share, struct metric_value *ret_value,
	struct error *err);

/*
 * The value and the influences (n_rows) of the metrics that have them (ROC areas and average
 * precision), for paired comparison. False if `metric` is none of these.
 */
bool metric_has_influence(const struct metric *metric);
int metric_influence(const struct metric *metric, const struct predictions *predictions,
	double *ret_value, double *ret_influence, const char **ret_undefined,
	struct error *err) MUST_CHECK;

/* Metrics of regression: metric_regression.c */
double metric_mean_error(const struct metric_sums *sums, double parameter);
double metric_mean_absolute_error(const struct metric_sums *sums, double parameter);
double metric_mean_squared_error(const struct metric_sums *sums, double parameter);
double metric_root_mean_squared_error(const struct metric_sums *sums, double parameter);
double metric_r2(const struct metric_sums *sums, double parameter);
double metric_explained_variance(const struct metric_sums *sums, double parameter);
double metric_mape(const struct metric_sums *sums, double parameter);
double metric_smape(const struct metric_sums *sums, double parameter);
double metric_wape(const struct metric_sums *sums, double parameter);
double metric_msle(const struct metric_sums *sums, double root);
double metric_pinball(const struct metric_sums *sums, double alpha);
double metric_poisson_deviance(const struct metric_sums *sums, double parameter);
double metric_gamma_deviance(const struct metric_sums *sums, double parameter);
int metric_pearson(const struct metric_rows *rows, double parameter, struct metric_value *ret_value,
	struct error *err);
int metric_spearman(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err);
int metric_median_absolute_error(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err);
int metric_max_error(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err);

#endif
