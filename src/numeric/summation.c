#include "mlops/numeric/summation.h"

#include <math.h>

void sum_add(struct sum *sum, double term)
{
	double total = sum->value + term;
	if (fabs(sum->value) >= fabs(term))
		sum->compensation += (sum->value - total) + term;
	else
		sum->compensation += (term - total) + sum->value;
	sum->value = total;
}

double sum_result(const struct sum *sum)
{
	double total = sum->value + sum->compensation;
	/* Infinity minus infinity in the compensation must not turn an infinite sum into NaN. */
	return isfinite(sum->value) ? total : sum->value;
}

double sum_of(const double *values, size_t count)
{
	struct sum sum = SUM_INIT;
	for (size_t i = 0; i < count; i++)
		sum_add(&sum, values[i]);
	return sum_result(&sum);
}

double sum_dot(const double *a, const double *b, size_t count)
{
	struct sum sum = SUM_INIT;
	for (size_t i = 0; i < count; i++) {
		double product = a[i] * b[i];
		sum_add(&sum, product);
		if (isfinite(product))
			sum.compensation += fma(a[i], b[i], -product);
	}
	return sum_result(&sum);
}

double sum_mean(const double *values, const double *weights, size_t count)
{
	if (!weights)
		return count ? sum_of(values, count) / (double)count : (double)NAN;
	return sum_dot(values, weights, count) / sum_of(weights, count);
}

double sum_variance(const double *values, const double *weights, size_t count, double *ret_mean)
{
	double mean = sum_mean(values, weights, count);
	struct sum squares = SUM_INIT, rest = SUM_INIT, total = SUM_INIT;
	for (size_t i = 0; i < count; i++) {
		double difference = values[i] - mean, weight = weights ? weights[i] : 1;
		sum_add(&squares, weight * difference * difference);
		sum_add(&rest, weight * difference);
		sum_add(&total, weight);
	}
	double weight = sum_result(&total), left = sum_result(&rest) / weight;
	if (ret_mean)
		*ret_mean = mean;
	return sum_result(&squares) / weight - left * left;
}
