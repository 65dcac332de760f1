/*
 * statistics: quantiles and moments of a sample.
 *
 * Values must be finite and not missing unless said; the caller has filtered them. Nothing here
 * depends on the order of the values except the last bits of sums.
 */
#ifndef MLOPS_NUMERIC_STATISTICS_H
#define MLOPS_NUMERIC_STATISTICS_H

#include <stdint.h>

#include "mlops/base/memory.h"

/*
 * The q-quantile of 0 .. 1, linear between order statistics (type 7 of Hyndman and Fan, The
 * American Statistician 50, 1996: the default of NumPy, pandas and R). Reorders `values`
 * (selection, O(n)). NaN for no values.
 */
double statistics_quantile(double *values, size_t count, double q);
double statistics_median(double *values, size_t count);

/* Several quantiles at once of a sorted sample. */
double statistics_quantile_sorted(const double *sorted, size_t count, double q);

/* The weighted quantile: the smallest value whose cumulated weight reaches q times the total; at
 * an exact tie the mean of it and the next value of positive weight. weights >= 0. */
int statistics_weighted_quantile(const double *values, const double *weights, size_t count,
	double q, double *ret_quantile, struct error *err) MUST_CHECK;

void statistics_sort(double *values, size_t count); /* ascending, -0 before 0, NaN last */

struct moments {
	uint64_t count;
	double mean, variance; /* of the sample: divided by count - 1; NaN for fewer than two */
	double skewness, kurtosis; /* g1, and g2 = m4 / m2² - 3; NaN for a constant sample */
	double minimum, maximum;
};
struct moments statistics_moments(const double *values, size_t count);

#endif
