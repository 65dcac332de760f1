/*
 * interval: confidence intervals in closed form, and the names of all methods.
 *
 * `confidence` is the level, 0 < confidence < 1 (0.95). An interval that cannot be given has NaN
 * limits and INTERVAL_NONE. Counts may be effective counts of weighted rows (Kish), so they are
 * doubles. Normal quantiles come from numeric/distribution.h.
 */
#ifndef MLOPS_EVALUATE_INTERVAL_H
#define MLOPS_EVALUATE_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "mlops/base/error.h"

enum interval_method {
	INTERVAL_NONE,
	INTERVAL_WILSON, /* one proportion */
	INTERVAL_MOVER, /* a mean of independent proportions */
	INTERVAL_DELONG, /* area under the ROC curve */
	INTERVAL_NEWCOMBE, /* the same where DeLong's variance is 0 */
	INTERVAL_INFLUENCE, /* from the influence of each row, on the scale of the logit */
	INTERVAL_FISHER, /* a correlation */
	INTERVAL_ORDER, /* a quantile, from order statistics */
	INTERVAL_PERCENTILE, /* stratified bootstrap */
	INTERVAL_BCA, /* stratified bootstrap, bias-corrected and accelerated */
	INTERVAL_METHOD_COUNT
};
const char *interval_method_name(enum interval_method method); /* "wilson", …; none is "none" */

struct interval {
	double low, high;
	enum interval_method method;
};

#define INTERVAL_UNKNOWN ((struct interval){ __builtin_nan(""), __builtin_nan(""), INTERVAL_NONE })

/* Two-sided standard normal point: 1.96 for 0.95. */
double interval_z(double confidence);

/* Wilson, JASA 22 (1927). 0 <= successes <= trials; trials 0: unknown. */
struct interval interval_wilson(double successes, double trials, double confidence);

/*
 * A linear combination of independent estimates with their own intervals, whose limits need not
 * be symmetric: Zou and Donner, Statistics in Medicine 27 (2008), equation 5. Coefficients are
 * positive. Unknown if one of the parts is.
 */
struct interval interval_mover(const double *estimates, const struct interval *intervals,
	const double *coefficients, size_t count);

/*
 * The area under the ROC curve from its value and the numbers of positives and negatives:
 * Newcombe, Statistics in Medicine 25 (2006) 559, method 5 (a score interval with the variance of
 * Hanley and McNeil). Not degenerate at 0 and 1.
 */
struct interval interval_newcombe(
	double area, double positives, double negatives, double confidence);

/*
 * Of a correlation of n pairs, through atanh(r). `spearman` takes the variance of Bonett and
 * Wright, Psychometrika 65 (2000): (1 + r²/2) / (n - 3). Unknown for n < 4.
 */
struct interval interval_fisher(double correlation, double n, bool spearman, double confidence);

/*
 * Of an estimate in 0 .. 1 with a standard error: on the scale of the logit, so that limits stay
 * inside. Unknown at 0 and 1, and for an error of 0.
 */
struct interval interval_logit(double estimate, double standard_error, double confidence);

/*
 * Of the median, free of distribution: the order statistics l and n + 1 - l with the largest l for
 * which P(Binomial(n, 1/2) < l) <= (1 - confidence) / 2. sorted ascending. Unknown if n is too
 * small for the confidence.
 */
struct interval interval_median(const double *sorted, size_t n, double confidence);

/* (sum w)² / sum w² (Kish, Survey Sampling, 1965): how many equal rows these are worth. */
double interval_effective_count(const double *weights, size_t count); /* NULL: count */

#endif
