#include "mlops/train/export.h"

#include <string.h>

static const char *export_binary(
	struct graph *graph, const char *op, const char *stem, const char *a, const char *b)
{
	const char *inputs[2] = { a, b };
	return graph_apply(graph, op, "", stem, inputs, 2);
}

static const char *export_transposed(
	const struct trained_model *model, struct graph *graph, struct error *err)
{
	/* MatMul wants features × outputs. */
	size_t rows = model->n_features, columns = model->n_outputs;
	AUTO_FREE double *values = memory_allocate(rows * columns, sizeof *values, err);
	if (!values)
		return NULL;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < columns; c++)
			values[r * columns + c] = model->coefficients[c * rows + r];
	int64_t shape[2] = { (int64_t)rows, (int64_t)columns };
	return graph_add_initializer_double(graph, EXPORT_COEFFICIENTS, 2, shape, values);
}

/* [N, n_outputs] before the link. */
static const char *export_scores(
	const struct trained_model *model, struct graph *graph, const char *x, struct error *err)
{
	int64_t shape[2] = { 1, (int64_t)model->n_outputs };
	const char *intercepts =
		graph_add_initializer_double(graph, "intercepts", 2, shape, model->intercepts);
	const char *scores;
	if (model->kind == TRAINED_LINEAR_MAP) {
		const char *coefficients = export_transposed(model, graph, err);
		if (!coefficients)
			return NULL;
		scores = export_binary(graph, "MatMul", "scores", x, coefficients);
	} else {
		/* A constant still answers one row per row: 0 × rows, by a product with zeros. */
		AUTO_FREE double *zeros =
			memory_allocate(model->n_features * model->n_outputs, sizeof *zeros, err);
		if (!zeros)
			return NULL;
		int64_t zeros_shape[2] = { (int64_t)model->n_features, shape[1] };
		scores = export_binary(graph, "MatMul", "zero", x,
			graph_add_initializer_double(graph, "zeros", 2, zeros_shape, zeros));
	}
	return export_binary(graph, "Add", "scores", scores, intercepts);
}

static const char *export_probabilities(
	const struct trained_model *model, struct graph *graph, const char *scores)
{
	const char *inputs[2] = { scores, NULL };
	if (model->kind == TRAINED_CONSTANT)
		return scores;
	if (model->link == LINK_SOFTMAX) {
		const char *softmax = graph_apply(graph, "Softmax", "", "softmax", inputs, 1);
		node_set_int(graph_last_node(graph), "axis", 1);
		return softmax;
	}
	/* Both tails by Sigmoid, so that neither comes from 1 - p. */
	inputs[1] = graph_apply(graph, "Sigmoid", "", "positive", inputs, 1);
	const char *negated = graph_apply(graph, "Neg", "", "negated", inputs, 1);
	inputs[0] = graph_apply(graph, "Sigmoid", "", "negative", &negated, 1);
	const char *both = graph_apply(graph, "Concat", "", "both", inputs, 2);
	node_set_int(graph_last_node(graph), "axis", 1);
	return both;
}

static int export_label(const struct trained_model *model, const char *const *classes,
	struct graph *graph, const char *probabilities, struct error *err)
{
	AUTO_FREE struct text *names = memory_allocate(model->n_classes, sizeof *names, err);
	if (!names)
		return -ERROR_MEMORY;
	for (size_t c = 0; c < model->n_classes; c++)
		names[c] = text_of(classes[c]);
	int64_t shape[1] = { (int64_t)model->n_classes };
	const char *table = graph_add_initializer_strings(graph, "classes", 1, shape, names);
	const char *best = graph_apply(graph, "ArgMax", "", "best", &probabilities, 1);
	node_set_int(graph_last_node(graph), "axis", 1);
	node_set_int(graph_last_node(graph), "keepdims", 0);
	const char *inputs[2] = { table, best };
	const char *label = graph_apply(graph, "Gather", "", "label_text", inputs, 2);
	graph_rename_output(graph, label, "label");
	graph_add_output(graph, "label", ELEMENT_STRING, 1, (const int64_t[]){ GRAPH_BATCH });
	return 0;
}

static int export_outputs(const struct trained_model *model, const char *const *classes,
	struct graph *graph, const char *scores, struct error *err)
{
	if (model->task == TASK_REGRESSION) {
		graph_rename_output(graph, scores, "prediction");
		graph_add_output(graph, "prediction", ELEMENT_DOUBLE, 2,
			(const int64_t[]){ GRAPH_BATCH, 1 });
		return 0;
	}
	const char *probabilities = export_probabilities(model, graph, scores);
	int status = export_label(model, classes, graph, probabilities, err);
	if (status < 0)
		return status;
	graph_rename_output(graph, probabilities, "probabilities");
	graph_add_output(graph, "probabilities", ELEMENT_DOUBLE, 2,
		(const int64_t[]){ GRAPH_BATCH, (int64_t)model->n_classes });
	return 0;
}

int export_model(const struct features *features, const struct trained_model *model,
	const char *const *classes, struct graph *graph, struct error *err)
{
	static const char *const outputs[] = { "label", "probabilities", "prediction" };
	for (size_t i = 0; i < features_n_columns(features); i++) {
		for (size_t o = 0; o < sizeof outputs / sizeof *outputs; o++) {
			if (strcmp(features_column_name(features, i), outputs[o]) != 0)
				continue;
			error_set(err, ERROR_UNSUPPORTED,
				"a feature column may not be called '%s', as the model's output is",
				outputs[o]);
			return error_hint(err, "rename the column, or name it under features.drop");
		}
	}
	const char *x;
	int status = features_export(features, graph, &x, err);
	if (status < 0)
		return status;
	const char *scores = export_scores(model, graph, x, err);
	if (!scores)
		return -(int)err->code;
	status = export_outputs(model, classes, graph, scores, err);
	return status < 0 ? status : graph_check(graph, err);
}
