#include "ml_internal.h"

#include <math.h>

double ml_logistic(double x)
{
	if (x >= 0)
		return 1 / (1 + exp(-x));
	double e = exp(x);
	return e / (1 + e);
}

int ml_transform_read(const struct operator_setup *setup, enum ml_transform *ret, struct error *err)
{
	static const char *const names[] = { "NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO" };
	struct text name;
	if (setup_string(setup, "post_transform", "NONE", &name, err) < 0)
		return -(int)err->code;
	for (int i = 0; i < 4; i++)
		if (text_is(name, names[i])) {
			*ret = (enum ml_transform)i;
			return 0;
		}
	return error_set(err, ERROR_UNSUPPORTED, "post_transform '%.*s' is not supported",
		(int)(name.length > 40 ? 40 : name.length), name.at);
}

/* SOFTMAX_ZERO keeps scores of 0 out of the sum, as ONNX Runtime does. */
static void ml_softmax(double *scores, size_t count, bool skip_zero)
{
	double largest = -(double)INFINITY, sum = 0;
	for (size_t i = 0; i < count; i++)
		largest = scores[i] > largest ? scores[i] : largest;
	for (size_t i = 0; i < count; i++) {
		if (skip_zero && fabs(scores[i]) <= 1e-7) {
			scores[i] *= exp(-largest);
			continue;
		}
		scores[i] = exp(scores[i] - largest);
		sum += scores[i];
	}
	for (size_t i = 0; sum != 0 && i < count; i++)
		scores[i] /= sum;
}

void ml_transform_apply(enum ml_transform transform, double *scores, size_t count)
{
	if (transform == ML_SOFTMAX || transform == ML_SOFTMAX_ZERO)
		ml_softmax(scores, count, transform == ML_SOFTMAX_ZERO);
	for (size_t i = 0; transform == ML_LOGISTIC && i < count; i++)
		scores[i] = ml_logistic(scores[i]);
}

int ml_labels_read(const struct operator_setup *setup, const char *integers, struct ml_labels *ret,
	struct error *err)
{
	size_t strings, numbers;
	if (setup_strings(setup, "classlabels_strings", &ret->strings, &strings, err) < 0 ||
		setup_ints(setup, integers, &ret->integers, &numbers, err) < 0)
		return -(int)err->code;
	if (strings && numbers)
		return error_set(err, ERROR_INVALID, "its labels are both texts and integers");
	ret->count = strings + numbers;
	if (!strings)
		ret->strings = NULL;
	return 0;
}

enum element_type ml_labels_type(const struct ml_labels *labels)
{
	return labels->strings ? ELEMENT_STRING : ELEMENT_INT64;
}

void ml_labels_write(const struct ml_labels *labels, size_t index, struct tensor *out, size_t row)
{
	if (labels->strings)
		out->strings[row] = index < labels->count ? labels->strings[index] : TEXT("");
	else
		out->int64[row] = index < labels->count ? labels->integers[index] : (int64_t)index;
}

int ml_matrix(const struct tensor *in, int64_t *ret_rows, int64_t *ret_columns, struct error *err)
{
	char text[TENSOR_TEXT];
	if (in->rank != 1 && in->rank != 2)
		return error_set(err, ERROR_INVALID, "its input is %s, not [N,C]",
			tensor_describe(in, text));
	*ret_rows = in->rank == 2 ? in->shape[0] : 1;
	*ret_columns = in->shape[in->rank - 1];
	return 0;
}
