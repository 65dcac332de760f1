/* Loading: what a graph's inputs and outputs mean to the rest of the program. */
#include "mlops/model/model_file.h"

#include <inttypes.h>
#include <string.h>

#include "mlops/document/json_reader.h"
#include "mlops/model/onnx.h"

const char *model_metadata(const struct model *model, const char *key)
{
	return graph_metadata(&model->graph, key);
}

/* A JSON array of texts in the metadata; NULL and 0 if the key is absent. In the graph's arena. */
static int model_list(struct model *model, const char *key, struct text **ret, size_t *ret_count,
	struct error *err)
{
	AUTO(document_release) struct document document = { .file = NULL };
	const char *json = model_metadata(model, key);
	*ret = NULL;
	*ret_count = 0;
	if (!json)
		return 0;
	if (json_read(text_of(json), key, &document, err) < 0)
		return error_prefix(err, "the model's metadata");
	const struct value *root = document.root;
	if (!root || root->kind != VALUE_SEQUENCE)
		return error_set(err, ERROR_INVALID, "the model's metadata '%s' is no list", key);
	size_t count = root->sequence.count;
	struct text *texts = arena_allocate(&model->graph.arena, count, sizeof *texts, err);
	for (size_t i = 0; texts && i < count; i++) {
		const struct value *item = root->sequence.items[i];
		if (item->kind != VALUE_STRING)
			return error_set(err, ERROR_INVALID,
				"the model's metadata '%s' holds something else than texts", key);
		texts[i].length = item->string.length;
		texts[i].at = arena_copy_bytes(
			&model->graph.arena, item->string.at, item->string.length, err);
		if (!texts[i].at)
			return -(int)err->code;
	}
	*ret = texts;
	*ret_count = count;
	return texts ? 0 : -(int)err->code;
}

static bool model_is_number(enum element_type type)
{
	switch (type) {
	case ELEMENT_DOUBLE:
	case ELEMENT_FLOAT:
	case ELEMENT_INT64:
	case ELEMENT_INT32:
	case ELEMENT_BOOL:
		return true;
	default:
		return false;
	}
}

static int model_add_input(struct model *model, size_t index, struct error *err)
{
	const struct tensor *tensor = executor_input(model->plan, index);
	struct model_input *input = &model->inputs[index];
	char text[TENSOR_TEXT];
	*input = (struct model_input){ .name = executor_input_name(model->plan, index),
		.type = tensor->type,
		.width = 1,
		.rank = tensor->rank < 0 ? 0 : (size_t)tensor->rank };
	bool fits = tensor->rank >= 1 && tensor->rank <= 2 &&
		    (tensor->shape[0] == TENSOR_SIZE_UNKNOWN) &&
		    (model_is_number(tensor->type) || tensor->type == ELEMENT_STRING);
	bool matrix = fits && tensor->rank == 2 && tensor->shape[1] != 1;
	if (matrix) {
		input->kind = MODEL_INPUT_MATRIX;
		input->width = tensor->shape[1] < 0 ? 0 : (size_t)tensor->shape[1];
		fits = model->n_inputs == 1 &&
		       (tensor->type == ELEMENT_DOUBLE || tensor->type == ELEMENT_FLOAT);
	} else {
		input->kind =
			tensor->type == ELEMENT_STRING ? MODEL_INPUT_STRING : MODEL_INPUT_NUMBER;
	}
	if (fits)
		return 0;
	error_set(err, ERROR_UNSUPPORTED, "the model's input '%s' is %s, no column", input->name,
		tensor_describe(tensor, text));
	return error_hint(err,
		"inputs are columns of shape [N, 1] or [N], or one matrix [N, F] of float or double, "
		"with any number of rows N");
}

/* Names by which exporters call the two outputs of a classifier and that of a regressor. */
static bool model_name_is(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool model_is_label(const struct tensor *tensor)
{
	return (tensor->type == ELEMENT_STRING || tensor->type == ELEMENT_INT64) &&
	       (tensor->rank == 1 || (tensor->rank == 2 && tensor->shape[1] == 1));
}

static bool model_is_score(const struct tensor *tensor)
{
	return (tensor->type == ELEMENT_DOUBLE || tensor->type == ELEMENT_FLOAT) &&
	       (tensor->rank == 1 || tensor->rank == 2);
}

static int model_find_outputs(struct model *model, struct error *err)
{
	static const char *const labels[] = { "label", "output_label", NULL };
	static const char *const scores[] = { "probabilities", "output_probability", "prediction",
		"variable", NULL };
	model->label_output = model->score_output = -1;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < executor_n_outputs(model->plan); i++) {
			const struct tensor *tensor = executor_output(model->plan, i);
			const char *name = executor_output_name(model->plan, i);
			if (model->label_output < 0 && model_is_label(tensor) &&
				(pass || model_name_is(name, labels)))
				model->label_output = (int)i;
			if (model->score_output < 0 && model_is_score(tensor) &&
				(pass || model_name_is(name, scores)))
				model->score_output = (int)i;
		}
	if (model->label_output < 0 && model->score_output < 0) {
		error_set(err, ERROR_UNSUPPORTED,
			"no output of the model is a label or a list of numbers for each row");
		return error_hint(err, "its outputs must not depend on the data in shape");
	}
	return 0;
}

static int model_allocate_classes(struct model *model, size_t count, struct error *err)
{
	model->n_classes = count;
	model->classes = arena_allocate(&model->graph.arena, count, sizeof *model->classes, err);
	return model->classes ? 0 : -(int)err->code;
}

/* Class i is called by a number. */
static int model_number_class(struct model *model, size_t i, int64_t number, struct error *err)
{
	const char *text = arena_format(&model->graph.arena, err, "%" PRId64, number);
	model->classes[i] = text_of(text);
	return text ? 0 : -(int)err->code;
}

/* The labels that the node of a classifier carries. */
static int model_labels_of_node(struct model *model, struct error *err)
{
	static const char *const integers[] = { "classlabels_ints", "classlabels_int64s" };
	vec_each (node, &model->graph.nodes) {
		const struct graph_attribute *one = node_attribute(*node, "classlabels_strings");
		for (int i = 0; i < 2 && !one; i++)
			one = node_attribute(*node, integers[i]);
		if (!one || !one->count ||
			(one->kind != ATTRIBUTE_STRINGS && one->kind != ATTRIBUTE_INTS))
			continue;
		if (model_allocate_classes(model, one->count, err) < 0)
			return -(int)err->code;
		for (size_t i = 0; i < one->count; i++)
			if (one->kind == ATTRIBUTE_STRINGS)
				model->classes[i] = one->strings[i];
			else if (model_number_class(model, i, one->integers[i], err) < 0)
				return -(int)err->code;
		return 0;
	}
	return 0;
}

static int model_number_classes(struct model *model, size_t count, struct error *err)
{
	if (model_allocate_classes(model, count, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < count; i++)
		if (model_number_class(model, i, (int64_t)i, err) < 0)
			return -(int)err->code;
	return 0;
}

/* Columns of the score output: 1 for [N], 0 if only a run can tell. */
static size_t model_score_width(const struct model *model)
{
	if (model->score_output < 0)
		return 0;
	const struct tensor *score = executor_output(model->plan, (size_t)model->score_output);
	if (score->rank == 1)
		return 1;
	return score->shape[1] < 0 ? 0 : (size_t)score->shape[1];
}

static int model_find_classes(struct model *model, struct error *err)
{
	const char *task = model_metadata(model, "mlops.task");
	size_t width = model_score_width(model);
	bool regression =
		task ? strcmp(task, "regression") == 0 : model->label_output < 0 && width <= 1;
	model->task = regression ? MODEL_REGRESSION : MODEL_CLASSIFICATION;
	if (regression) {
		if (model->score_output < 0 || width > 1)
			return error_set(err, ERROR_UNSUPPORTED,
				"a regression must have one number a row as its output");
		return 0;
	}
	if (model_list(model, "mlops.classes", &model->classes, &model->n_classes, err) < 0)
		return -(int)err->code;
	if (!model->n_classes && model_labels_of_node(model, err) < 0)
		return -(int)err->code;
	if (!model->n_classes && width > 1 && model_number_classes(model, width, err) < 0)
		return -(int)err->code;
	if (!model->n_classes)
		return error_set(err, ERROR_UNSUPPORTED, "the model does not say its classes");
	if (width && width != model->n_classes && !(width == 1 && model->n_classes == 2))
		return error_set(err, ERROR_INVALID, "the model has %zu classes and %zu scores",
			model->n_classes, width);
	return 0;
}

static int model_fill(struct model *model, struct error *err)
{
	struct arena *arena = &model->graph.arena;
	struct text *columns;
	if (executor_plan_new(&model->graph, &model->plan, err) < 0)
		return -(int)err->code;
	model->n_inputs = executor_n_inputs(model->plan);
	model->inputs = arena_allocate(arena, model->n_inputs, sizeof *model->inputs, err);
	if (!model->inputs)
		return -(int)err->code;
	for (size_t i = 0; i < model->n_inputs; i++)
		if (model_add_input(model, i, err) < 0)
			return -(int)err->code;
	if (model_find_outputs(model, err) < 0 || model_find_classes(model, err) < 0 ||
		model_list(model, "mlops.columns", &columns, &model->n_columns, err) < 0)
		return -(int)err->code;
	if (!model->n_columns || model->n_inputs != 1 ||
		model->inputs[0].kind != MODEL_INPUT_MATRIX) {
		model->n_columns = 0;
		return 0;
	}
	if (model->inputs[0].width && model->inputs[0].width != model->n_columns)
		return error_set(err, ERROR_INVALID, "the model names %zu columns and reads %zu",
			model->n_columns, model->inputs[0].width);
	model->columns = arena_allocate(arena, model->n_columns, sizeof *model->columns, err);
	for (size_t i = 0; model->columns && i < model->n_columns; i++)
		model->columns[i] = columns[i].at; /* copies end with NUL */
	return model->columns ? 0 : -(int)err->code;
}

int model_read(const void *bytes, size_t length, struct model *ret_model, struct error *err)
{
	*ret_model = (struct model){ .label_output = -1, .score_output = -1 };
	int r = onnx_read(bytes, length, &ret_model->graph, err);
	if (r == 0)
		r = model_fill(ret_model, err);
	if (r < 0)
		model_release(ret_model);
	return r;
}

void model_release(struct model *model)
{
	executor_plan_free(model->plan);
	graph_release(&model->graph);
	*model = (struct model){ .label_output = -1, .score_output = -1 };
}
