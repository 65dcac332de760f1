#include "mlops/evaluate/predictions.h"

#include <math.h>
#include <string.h>

#include "mlops/base/error.h"

const char *prediction_task_name(enum prediction_task task)
{
	switch (task) {
	case PREDICTION_BINARY:
		return "binary";
	case PREDICTION_MULTICLASS:
		return "multiclass";
	case PREDICTION_REGRESSION:
		return "regression";
	}
	return "unknown";
}

static int predictions_bad_row(
	const struct predictions *predictions, size_t row, const char *what, struct error *err)
{
	return error_set(err, ERROR_INVALID, "row %llu: %s",
		(unsigned long long)prediction_row_number(predictions, row), what);
}

static int predictions_check_weights(const struct predictions *predictions, struct error *err)
{
	bool any = false;
	for (size_t i = 0; i < predictions->n_rows; i++) {
		double weight = predictions->weights[i];
		if (!(weight >= 0.0) || isinf(weight))
			return predictions_bad_row(predictions, i,
				"the weight is not a finite number of at least 0", err);
		any |= weight > 0.0;
	}
	if (!any)
		return error_set(err, ERROR_INVALID, "all weights are 0");
	return 0;
}

static int predictions_check_probabilities(const struct predictions *predictions, struct error *err)
{
	size_t k = predictions->n_classes;
	for (size_t i = 0; i < predictions->n_rows; i++) {
		double sum = 0.0;
		for (size_t c = 0; c < k; c++) {
			double p = predictions->probabilities[i * k + c];
			if (!(p >= 0.0 && p <= 1.0))
				return predictions_bad_row(predictions, i,
					"a probability is not between 0 and 1", err);
			sum += p;
		}
		if (fabs(sum - 1.0) > 1e-4)
			return predictions_bad_row(
				predictions, i, "the probabilities do not sum to 1", err);
	}
	return 0;
}

static int predictions_check_classes(const struct predictions *predictions, struct error *err)
{
	size_t k = predictions->n_classes;
	if (k < 2 || (predictions->task == PREDICTION_BINARY && k != 2))
		return error_set(err, ERROR_INVALID, "%zu classes for a %s task", k,
			prediction_task_name(predictions->task));
	if (k > PREDICTIONS_MAX_CLASSES)
		return error_set(err, ERROR_UNSUPPORTED, "%zu classes, more than %d", k,
			PREDICTIONS_MAX_CLASSES);
	if (predictions->task == PREDICTION_BINARY && predictions->positive > 1)
		return error_set(err, ERROR_INVALID, "the positive class is none of the two");
	if (!predictions->targets || !predictions->classes)
		return error_set(err, ERROR_INVALID, "the true classes are not known");
	if (!predictions->probabilities && !predictions->labels)
		return error_set(err, ERROR_INVALID, "neither probabilities nor labels");
	for (size_t i = 0; i < predictions->n_rows; i++) {
		if (predictions->targets[i] >= k)
			return predictions_bad_row(
				predictions, i, "the true class is out of range", err);
		if (predictions->labels && predictions->labels[i] >= k)
			return predictions_bad_row(
				predictions, i, "the predicted class is out of range", err);
	}
	return predictions->probabilities ? predictions_check_probabilities(predictions, err) : 0;
}

static int predictions_check_values(const struct predictions *predictions, struct error *err)
{
	if (!predictions->target_values || !predictions->values)
		return error_set(err, ERROR_INVALID, "targets or predictions are missing");
	for (size_t i = 0; i < predictions->n_rows; i++) {
		if (!isfinite(predictions->target_values[i]))
			return predictions_bad_row(
				predictions, i, "the target is not a finite number", err);
		if (!isfinite(predictions->values[i]))
			return predictions_bad_row(
				predictions, i, "the prediction is not a finite number", err);
	}
	return 0;
}

int predictions_check(const struct predictions *predictions, struct error *err)
{
	if (predictions->n_rows == 0)
		return error_set(err, ERROR_INVALID, "no rows to evaluate");
	if (predictions->n_rows >= UINT32_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "more than 4 billion rows");
	if (predictions->weights && predictions_check_weights(predictions, err) < 0)
		return -err->code;
	if (predictions->task == PREDICTION_REGRESSION)
		return predictions_check_values(predictions, err);
	return predictions_check_classes(predictions, err);
}

void predictions_label(
	const struct predictions *predictions, double threshold, uint32_t *ret_labels)
{
	size_t n = predictions->n_rows, k = predictions->n_classes;
	if (predictions->labels) {
		memcpy(ret_labels, predictions->labels, n * sizeof *ret_labels);
		return;
	}
	if (predictions->task == PREDICTION_BINARY) {
		uint32_t yes = (uint32_t)predictions->positive;
		for (size_t i = 0; i < n; i++)
			ret_labels[i] = predictions->probabilities[2 * i + yes] >= threshold
						? yes
						: 1 - yes;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const double *p = predictions->probabilities + i * k;
		uint32_t best = 0;
		for (uint32_t c = 1; c < k; c++)
			if (p[c] > p[best])
				best = c;
		ret_labels[i] = best;
	}
}
