#include "mlops/train/weights.h"

#include <math.h>

static int weights_by_class(const struct weights_plan *plan, double *weights, struct error *err)
{
	AUTO_FREE double *factors = memory_allocate(plan->n_classes, sizeof *factors, err);
	AUTO_FREE size_t *counts = memory_allocate(plan->n_classes, sizeof *counts, err);
	if (!factors || !counts)
		return -err->code;
	size_t present = 0;
	for (size_t i = 0; i < plan->n_rows; i++)
		present += counts[plan->classes[i]]++ == 0;
	for (size_t k = 0; k < plan->n_classes; k++) {
		factors[k] = plan->class_weighting == CLASS_WEIGHT_GIVEN ? plan->class_weights[k]
			     : counts[k]
				     ? (double)plan->n_rows / ((double)present * (double)counts[k])
				     : 0;
		if (!(factors[k] >= 0) || !isfinite(factors[k]))
			return error_set(err, ERROR_INVALID,
				"the weight of class %zu is negative or not finite", k + 1);
	}
	for (size_t i = 0; i < plan->n_rows; i++)
		weights[i] *= factors[plan->classes[i]];
	return 0;
}

static int weights_by_column(const struct weights_plan *plan, double *weights, struct error *err)
{
	for (size_t i = 0; i < plan->n_rows; i++) {
		double weight = plan->column[i];
		if (!(weight >= 0) || !isfinite(weight))
			return error_set(err, ERROR_INVALID,
				"the weight of row %zu is negative, missing or not finite", i + 1);
		weights[i] *= weight;
	}
	return 0;
}

static int weights_by_age(const struct weights_plan *plan, double *weights, struct error *err)
{
	if (!(plan->half_life > 0) || !isfinite(plan->half_life))
		return error_set(
			err, ERROR_INVALID, "the half-life of a weight must be over 0 seconds");
	int64_t newest = INT64_MIN;
	for (size_t i = 0; i < plan->n_rows; i++)
		newest = plan->times[i] > newest ? plan->times[i] : newest;
	for (size_t i = 0; i < plan->n_rows; i++) {
		/* In floating point: the difference of two int64 may not fit. */
		double age = ((double)newest - (double)plan->times[i]) * 1e-6;
		weights[i] *= exp2(-age / plan->half_life);
	}
	return 0;
}

int weights_build(const struct weights_plan *plan, double **ret_weights, struct error *err)
{
	*ret_weights = NULL;
	if (plan->class_weighting == CLASS_WEIGHT_NONE && !plan->column && !plan->times)
		return 0;
	AUTO_FREE double *weights = memory_allocate(plan->n_rows, sizeof *weights, err);
	if (!weights)
		return -err->code;
	for (size_t i = 0; i < plan->n_rows; i++)
		weights[i] = 1;
	if (plan->class_weighting != CLASS_WEIGHT_NONE && weights_by_class(plan, weights, err) < 0)
		return -err->code;
	if (plan->column && weights_by_column(plan, weights, err) < 0)
		return -err->code;
	if (plan->times && weights_by_age(plan, weights, err) < 0)
		return -err->code;
	double total = 0;
	for (size_t i = 0; i < plan->n_rows; i++)
		total += weights[i];
	if (!(total > 0) || !isfinite(total))
		return error_set(err, ERROR_INVALID,
			"the weights of all %zu rows are 0, or their sum is not finite",
			plan->n_rows);
	*ret_weights = TAKE(weights);
	return 0;
}
