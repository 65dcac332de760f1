/*
 * summation: sums that do not lose digits.
 *
 * Sums are compensated (Neumaier, ZAMM 54, 1974): the error is about one rounding of the result
 * plus n eps² of the sum of magnitudes, in one thread and in order, so bits depend on the data
 * only. NaN and infinity propagate; an empty sum is 0.
 */
#ifndef MLOPS_NUMERIC_SUMMATION_H
#define MLOPS_NUMERIC_SUMMATION_H

#include <stddef.h>

struct sum {
	double value, compensation;
};

#define SUM_INIT ((struct sum){ 0.0, 0.0 })

void sum_add(struct sum *sum, double term);
double sum_result(const struct sum *sum);

double sum_of(const double *values, size_t count);
double sum_dot(const double *a, const double *b, size_t count); /* exact products by fma */

/*
 * Mean and variance with weights (NULL: all 1). Two passes: the mean, then the squares about it
 * with the correction of Chan, Golub and LeVeque (The American Statistician 37, 1983). With
 * weights, variance is sum w (x - mean)² / sum w (ddof 0). NaN for no values or no weight.
 */
double sum_mean(const double *values, const double *weights, size_t count);
double sum_variance(const double *values, const double *weights, size_t count, double *ret_mean);

#endif
