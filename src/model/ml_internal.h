/* What the operators of ai.onnx.ml share: class labels and what is done to scores at the end. */
#ifndef MLOPS_MODEL_ML_INTERNAL_H
#define MLOPS_MODEL_ML_INTERNAL_H

#include "operator_internal.h"

enum ml_transform { ML_NONE, ML_SOFTMAX, ML_LOGISTIC, ML_SOFTMAX_ZERO };

/* The attribute post_transform; PROBIT is ERROR_UNSUPPORTED. */
int ml_transform_read(
	const struct operator_setup *setup, enum ml_transform *ret, struct error *err);
void ml_transform_apply(enum ml_transform transform, double *scores, size_t count);
double ml_logistic(double x);

/* Labels of a classifier: one of the two lists. */
struct ml_labels {
	const struct text *strings;
	const int64_t *integers;
	size_t count;
};
int ml_labels_read(const struct operator_setup *setup, const char *integers, struct ml_labels *ret,
	struct error *err);
enum element_type ml_labels_type(const struct ml_labels *labels);
/* out[row] = label number `index`; beyond the list the index itself, or "" */
void ml_labels_write(const struct ml_labels *labels, size_t index, struct tensor *out, size_t row);

/* infer for [N, C] or [C] inputs: rows, and *ret_columns (TENSOR_SIZE_UNKNOWN if not known). */
int ml_matrix(const struct tensor *in, int64_t *ret_rows, int64_t *ret_columns, struct error *err);

#endif
