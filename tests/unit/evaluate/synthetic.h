/* Predictions of a made-up model, good but not perfect, from a seed. */
#ifndef MLOPS_UNIT_SYNTHETIC_H
#define MLOPS_UNIT_SYNTHETIC_H

#include <math.h>
#include <string.h>

#include "unit.h"

#include "mlops/evaluate/predictions.h"
#include "mlops/numeric/random.h"

enum { SYNTHETIC_CLASSES = 3 };

struct synthetic {
	struct predictions predictions;
	uint32_t *targets;
	double *probabilities, *target_values, *values;
	double *weights; /* 0 to 3; not used unless a test sets them */
};

static const char *const synthetic_names[] = { "red", "green", "blue" };
static const char *const synthetic_yes_no[] = { "no", "yes" };

static inline void synthetic_alloc(struct synthetic *data, enum prediction_task task, size_t n)
{
	size_t k = task == PREDICTION_BINARY ? 2 : task == PREDICTION_MULTICLASS ? 3 : 0;
	*data = (struct synthetic){ .targets = calloc(n, sizeof(uint32_t)),
		.probabilities = calloc(n * (k ? k : 1), sizeof(double)),
		.target_values = calloc(n, sizeof(double)),
		.values = calloc(n, sizeof(double)),
		.weights = calloc(n, sizeof(double)) };
	data->predictions = (struct predictions){ .task = task,
		.n_rows = n,
		.n_classes = k,
		.classes = k == 2 ? synthetic_yes_no : synthetic_names,
		.positive = 1,
		.targets = data->targets,
		.probabilities = data->probabilities,
		.target_values = data->target_values,
		.values = data->values };
}

static inline void synthetic_release(struct synthetic *data)
{
	free(data->targets);
	free(data->probabilities);
	free(data->target_values);
	free(data->values);
	free(data->weights);
}

static inline void synthetic_row(struct synthetic *data, size_t i, struct random_stream *stream)
{
	size_t k = data->predictions.n_classes;
	double sum = 0.0, *p = data->probabilities + i * (k ? k : 1);
	data->targets[i] = k ? (uint32_t)random_below(stream, k) : 0;
	for (size_t c = 0; c < k; c++) {
		double z = (c == data->targets[i] ? 1.6 : 0.0) + random_normal(stream);
		p[c] = exp(k == 2 ? round(8.0 * z) / 8.0 : z); /* binary: with ties */
		sum += p[c];
	}
	for (size_t c = 0; c < k; c++)
		p[c] /= sum;
	data->target_values[i] = 20.0 + 5.0 * random_normal(stream);
	data->values[i] = data->target_values[i] + 0.3 + 2.0 * random_normal(stream);
	data->weights[i] = (double)random_below(stream, 4);
}

static inline void synthetic_make(
	struct synthetic *data, enum prediction_task task, size_t n, uint64_t seed)
{
	struct random_stream stream = random_stream(seed, "test.synthetic");
	synthetic_alloc(data, task, n);
	for (size_t i = 0; i < n; i++)
		synthetic_row(data, i, &stream);
	data->weights[0] = 1.0;
}

static inline void synthetic_copy_row(
	const struct synthetic *from, size_t i, struct synthetic *to, size_t j)
{
	size_t k = from->predictions.n_classes;
	to->targets[j] = from->targets[i];
	to->target_values[j] = from->target_values[i];
	to->values[j] = from->values[i];
	to->weights[j] = from->weights[i];
	memcpy(to->probabilities + j * k, from->probabilities + i * k, k * sizeof(double));
}

/* Each row as often as its weight says. */
static inline void synthetic_repeat(const struct synthetic *from, struct synthetic *to)
{
	size_t n = 0, at = 0;
	for (size_t i = 0; i < from->predictions.n_rows; i++)
		n += (size_t)from->weights[i];
	synthetic_alloc(to, from->predictions.task, n);
	for (size_t i = 0; i < from->predictions.n_rows; i++)
		for (size_t r = 0; r < (size_t)from->weights[i]; r++)
			synthetic_copy_row(from, i, to, at++);
}

/* Rows shuffled and classes renamed (code c becomes n_classes - 1 - c). */
static inline void synthetic_permute(
	const struct synthetic *from, struct synthetic *to, uint64_t seed)
{
	size_t n = from->predictions.n_rows, k = from->predictions.n_classes;
	struct random_stream stream = random_stream(seed, "test.permute");
	size_t *order = calloc(n, sizeof *order);
	synthetic_alloc(to, from->predictions.task, n);
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	random_shuffle(&stream, order, n);
	for (size_t i = 0; i < n; i++) {
		synthetic_copy_row(from, order[i], to, i);
		if (!k)
			continue;
		to->targets[i] = (uint32_t)k - 1 - to->targets[i];
		for (size_t c = 0; c < k; c++)
			to->probabilities[i * k + c] =
				from->probabilities[order[i] * k + (k - 1 - c)];
	}
	to->predictions.positive = k ? k - 1 - from->predictions.positive : 0;
	free(order);
}

#endif
