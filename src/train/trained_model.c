#include <math.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/numeric/special.h"
#include "trainer_internal.h"

enum { PREDICT_ROWS = 4096 };

int trained_model_init(
	struct trained_model *model, size_t n_outputs, size_t n_features, struct error *err)
{
	model->n_outputs = n_outputs;
	model->n_features = n_features;
	model->intercepts = memory_allocate(n_outputs, sizeof(double), err);
	if (!model->intercepts)
		return -err->code;
	if (model->kind == TRAINED_CONSTANT)
		return 0;
	size_t count;
	if (__builtin_mul_overflow(n_outputs, n_features, &count))
		return error_set(
			err, ERROR_MEMORY, "%zu × %zu coefficients", n_outputs, n_features);
	model->coefficients = memory_allocate(count, sizeof(double), err);
	return model->coefficients ? 0 : -err->code;
}

void trained_model_release(struct trained_model *model)
{
	memory_free(model->coefficients);
	memory_free(model->intercepts);
	*model = (struct trained_model){ 0 };
}

size_t trained_model_width(const struct trained_model *model)
{
	return model->task == TASK_REGRESSION ? 1 : model->n_classes;
}

struct predict_job {
	const struct trained_model *model;
	const struct matrix_view *x;
	double *predictions;
};

static double predict_margin(const struct trained_model *model, size_t output, const double *row)
{
	const double *coefficients = model->coefficients + output * model->n_features;
	double sum = model->intercepts[output];
	for (size_t j = 0; j < model->n_features; j++)
		sum += coefficients[j] * row[j];
	return sum;
}

static void predict_softmax(double *z, size_t count)
{
	double largest = z[0], sum = 0;
	for (size_t k = 1; k < count; k++)
		largest = fmax(largest, z[k]);
	for (size_t k = 0; k < count; k++)
		sum += z[k] = exp(z[k] - largest);
	for (size_t k = 0; k < count; k++)
		z[k] /= sum;
}

static void predict_row(const struct trained_model *model, const double *row, double *out)
{
	for (size_t k = 0; k < model->n_outputs; k++)
		out[k] = predict_margin(model, k, row);
	if (model->link == LINK_SOFTMAX) {
		predict_softmax(out, model->n_outputs);
	} else if (model->link == LINK_LOGISTIC) {
		double z = out[0];
		out[0] = special_sigmoid(-z);
		out[1] = special_sigmoid(z);
	}
}

static int predict_block(void *context, size_t index, size_t worker, struct error *err)
{
	const struct predict_job *job = context;
	const struct trained_model *model = job->model;
	size_t first = index * PREDICT_ROWS, width = trained_model_width(model);
	size_t left = job->x->n_rows - first, count = left < PREDICT_ROWS ? left : PREDICT_ROWS;
	(void)worker;
	(void)err;
	for (size_t i = first; i < first + count; i++) {
		double *out = job->predictions + i * width;
		if (model->kind == TRAINED_CONSTANT)
			memcpy(out, model->intercepts, width * sizeof *out);
		else
			predict_row(model, matrix_view_row(job->x, i), out);
	}
	return 0;
}

int trained_model_predict(const struct trained_model *model, const struct matrix_view *x,
	size_t threads, double *predictions, struct error *err)
{
	struct predict_job job = { model, x, predictions };
	size_t blocks = (x->n_rows + PREDICT_ROWS - 1) / PREDICT_ROWS;
	return parallel_for(threads, blocks, predict_block, &job, err);
}
