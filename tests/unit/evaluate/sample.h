/* A whole made-up project: validation and test predictions, a baseline, and columns for slices. */
#ifndef MLOPS_UNIT_SAMPLE_H
#define MLOPS_UNIT_SAMPLE_H

#include "mlops/data/table.h"
#include "mlops/document/yaml.h"
#include "mlops/evaluate/evaluation.h"
#include "synthetic.h"

static const enum prediction_task sample_tasks[] = { PREDICTION_BINARY, PREDICTION_MULTICLASS,
	PREDICTION_REGRESSION };

struct sample_part {
	struct synthetic model, baseline;
	struct table table;
	struct column columns[2];
	struct text regions[5];
	uint64_t *missing;
};

struct sample {
	struct sample_part parts[2];
};

static inline void sample_columns(struct sample_part *part, size_t n, struct random_stream *stream)
{
	static const char *const names[] = { "north", "east", "south", "west", "<i>abroad</i>" };
	for (int i = 0; i < 5; i++)
		part->regions[i] = text_of(names[i]);
	part->missing = calloc(n / 64 + 1, sizeof *part->missing);
	part->columns[0] = (struct column){ .name = (char *)"region",
		.type = COLUMN_CATEGORY,
		.codes = calloc(n, sizeof(uint32_t)),
		.categories = part->regions,
		.n_categories = 5 };
	part->columns[1] = (struct column){ .name = (char *)"age",
		.type = COLUMN_FLOAT64,
		.float64 = calloc(n, sizeof(double)),
		.missing = part->missing };
	for (size_t i = 0; i < n; i++) {
		part->columns[0].codes[i] = i % 50 == 7 ? 4 : (uint32_t)random_below(stream, 4);
		part->columns[1].float64[i] = floor(40 + 15 * random_normal(stream));
		if (i % 40 == 3) {
			part->missing[i / 64] |= UINT64_C(1) << (i % 64);
			part->columns[1].n_missing++;
			part->columns[1].float64[i] = NAN;
		}
	}
	part->table = (struct table){ .n_rows = n, .n_columns = 2, .columns = part->columns };
}

/* In the south the model knows nothing. */
static inline void sample_spoil(struct sample_part *part, struct random_stream *stream)
{
	struct predictions *p = &part->model.predictions;
	for (size_t i = 0; i < p->n_rows; i++) {
		if (part->columns[0].codes[i] != 2)
			continue;
		part->model.values[i] += 4.0 * random_normal(stream);
		for (size_t c = 0; c < p->n_classes; c++)
			part->model.probabilities[i * p->n_classes + c] =
				part->baseline.probabilities[i * p->n_classes + c];
	}
}

static inline void sample_make(
	struct sample *sample, enum prediction_task task, size_t n_validation, size_t n_test)
{
	size_t sizes[] = { n_validation, n_test };
	for (int i = 0; i < 2; i++) {
		struct sample_part *part = &sample->parts[i];
		struct random_stream stream = random_stream((uint64_t)i, "test.sample");
		synthetic_make(&part->model, task, sizes[i], (uint64_t)i + 10);
		synthetic_make(&part->baseline, task, sizes[i], (uint64_t)i + 10);
		for (size_t r = 0; r < sizes[i]; r++) {
			part->baseline.values[r] = 20.0;
			size_t k = part->model.predictions.n_classes;
			for (size_t c = 0; c < k; c++)
				part->baseline.probabilities[r * k + c] = 1.0 / (double)k;
		}
		sample_columns(part, sizes[i], &stream);
		sample_spoil(part, &stream);
	}
}

static inline void sample_release(struct sample *sample)
{
	for (int i = 0; i < 2; i++) {
		struct sample_part *part = &sample->parts[i];
		synthetic_release(&part->model);
		synthetic_release(&part->baseline);
		free(part->columns[0].codes);
		free(part->columns[1].float64);
		free(part->missing);
	}
}

static inline int sample_try(struct sample *sample, const char *yaml,
	struct evaluation *ret_evaluation, struct error *err)
{
	AUTO(document_release) struct document document = { 0 };
	AUTO(evaluation_options_release) struct evaluation_options options = { 0 };
	struct evaluation_input inputs[2] = { { 0 }, { 0 } };
	static const char *const names[] = { "validation", "test" };
	for (int i = 0; i < 2; i++)
		inputs[i] = (struct evaluation_input){ names[i],
			&sample->parts[i].model.predictions, &sample->parts[i].baseline.predictions,
			&sample->parts[i].table, 1.3e-6 };
	enum prediction_task task = inputs[0].predictions->task;
	if (yaml_read(text_of(yaml), "mlops.yaml", &document, err) < 0 ||
		evaluation_options_read(document.root, task, "mlops.yaml", &options, err) < 0)
		return -err->code;
	return evaluation_make(&options, inputs, 2, ret_evaluation, err);
}

/* yaml NULL: slices by both columns, and costs for the binary task. */
static inline void sample_evaluate(
	struct sample *sample, const char *yaml, struct evaluation *ret_evaluation)
{
	struct error err = ERROR_INIT;
	bool binary = sample->parts[0].model.predictions.task == PREDICTION_BINARY;
	const char *otherwise =
		binary ? "{slices: [region, age], costs: {false_negative: 10, false_positive: 1}}"
		       : "{slices: [region, age]}";
	ck_assert_msg(sample_try(sample, yaml ? yaml : otherwise, ret_evaluation, &err) == 0, "%s",
		err.message);
}

#endif
