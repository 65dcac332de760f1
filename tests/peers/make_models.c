/*
 * make_models FOLDER: three models as our trainers write them (binary, multiclass, regression), data
 * with gaps and unknown categories, and what our executor says about each row, for run_onnx.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mlops/data/reader.h"
#include "mlops/model/model_file.h"
#include "mlops/model/onnx.h"

enum { ROWS = 3000, NUMERIC = 4, COLOURS = 3, WIDTH = NUMERIC + COLOURS + 1 };

static uint64_t make_state = 7;
static double make_random(void) /* uniform in [-1, 1) */
{
	uint64_t z = make_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) * 0x1p-52 - 1;
}

static void make_data(struct strbuf *csv)
{
	static const char *const colours[] = { "red", "green", "blue", "\"grün, dunkel\"", "" };
	strbuf_add(csv, "age,income,member,seen,colour\n");
	for (int r = 0; r < ROWS; r++) {
		if (r % 11 != 3)
			strbuf_printf(csv, "%d", 20 + r * 7 % 60);
		strbuf_add(csv, ",");
		if (r % 13 == 5)
			strbuf_add(csv, "NA");
		else
			strbuf_add_double(csv, make_random() * 1e5);
		strbuf_printf(csv, ",%s,2026-0%d-1%dT0%d:30:00Z,%s\n", r % 3 ? "true" : "false",
			1 + r % 9, r % 10, r % 10, colours[r * 5 % 17 % 5]);
	}
}

/* The matrix of features: numbers imputed and scaled, an indicator, one-hot colours. */
static const char *make_features(struct graph *graph)
{
	static const char *const names[NUMERIC] = { "age", "income", "member", "seen" };
	const double impute[NUMERIC] = { 45, 1000, 0, 1.78e9 };
	const double center[NUMERIC] = { 50, 2000, 0.5, 1.78e9 };
	const double scale[NUMERIC] = { 17, 6e4, 0.5, 7e6 };
	int64_t row[2] = { 1, NUMERIC }, column[2] = { GRAPH_BATCH, 1 };
	for (int i = 0; i < NUMERIC; i++)
		graph_add_input(graph, names[i], ELEMENT_DOUBLE, 2, column);
	graph_add_input(graph, "colour", ELEMENT_STRING, 2, column);
	const char *x = graph_apply(graph, "Concat", "", "columns", names, NUMERIC);
	node_set_int(graph_last_node(graph), "axis", 1);
	const char *gone = graph_apply(graph, "IsNaN", "", "gone", &x, 1);
	x = graph_apply(graph, "Where", "", "filled",
		(const char *[]){
			gone, graph_add_initializer_double(graph, "impute", 2, row, impute), x },
		3);
	x = graph_apply(graph, "Sub", "", "centred",
		(const char *[]){
			x, graph_add_initializer_double(graph, "center", 2, row, center) },
		2);
	x = graph_apply(graph, "Div", "", "scaled",
		(const char *[]){ x, graph_add_initializer_double(graph, "scale", 2, row, scale) },
		2);
	const char *missing = graph_apply(graph, "IsNaN", "", "age_gone", names, 1);
	missing = graph_apply(graph, "Cast", "", "age_gone_number", &missing, 1);
	node_set_int(graph_last_node(graph), "to", ELEMENT_DOUBLE);
	const char *colour = "colour";
	const char *code = graph_apply(graph, "LabelEncoder", GRAPH_DOMAIN_ML, "code", &colour, 1);
	node_set_strings(graph_last_node(graph), "keys_strings",
		(struct text[]){ TEXT("red"), TEXT("green"), TEXT("grün, dunkel") }, COLOURS);
	node_set_ints(graph_last_node(graph), "values_int64s", (int64_t[]){ 0, 1, 2 }, COLOURS);
	node_set_int(graph_last_node(graph), "default_int64", -1);
	code = graph_apply(graph, "Cast", "", "code_number", &code, 1);
	node_set_int(graph_last_node(graph), "to", ELEMENT_DOUBLE);
	const char *codes = graph_add_initializer_double(
		graph, "codes", 2, (int64_t[]){ 1, COLOURS }, (double[]){ 0, 1, 2 });
	const char *hot =
		graph_apply(graph, "Equal", "", "equal", (const char *[]){ code, codes }, 2);
	hot = graph_apply(graph, "Cast", "", "hot", &hot, 1);
	node_set_int(graph_last_node(graph), "to", ELEMENT_DOUBLE);
	x = graph_apply(graph, "Concat", "", "features", (const char *[]){ x, missing, hot }, 3);
	node_set_int(graph_last_node(graph), "axis", 1);
	return x;
}

static const char *make_scores(struct graph *graph, size_t n)
{
	double weights[WIDTH * 3], bias[3];
	const char *x = make_features(graph);
	for (size_t i = 0; i < WIDTH * n; i++)
		weights[i] = make_random();
	for (size_t i = 0; i < n; i++)
		bias[i] = make_random() / 4;
	x = graph_apply(graph, "MatMul", "", "product",
		(const char *[]){ x, graph_add_initializer_double(graph, "weights", 2,
					     (int64_t[]){ WIDTH, (int64_t)n }, weights) },
		2);
	return graph_apply(graph, "Add", "", "score",
		(const char *[]){ x, graph_add_initializer_double(graph, "bias", 2,
					     (int64_t[]){ 1, (int64_t)n }, bias) },
		2);
}

static const char *make_probabilities(struct graph *graph, size_t n_classes)
{
	const char *x = make_scores(graph, n_classes == 2 ? 1 : n_classes);
	if (n_classes > 2) {
		x = graph_apply(graph, "Softmax", "", "softmax", &x, 1);
		node_set_int(graph_last_node(graph), "axis", 1);
		return x;
	}
	const char *both[2] = { graph_apply(graph, "Neg", "", "minus", &x, 1),
		graph_apply(graph, "Sigmoid", "", "yes", &x, 1) };
	both[0] = graph_apply(graph, "Sigmoid", "", "no", both, 1);
	x = graph_apply(graph, "Concat", "", "both", both, 2);
	node_set_int(graph_last_node(graph), "axis", 1);
	return x;
}

static void make_classifier(struct graph *graph, size_t n_classes)
{
	const struct text names[] = { TEXT("low"), TEXT("high"), TEXT("zwölf") };
	int64_t n = (int64_t)n_classes;
	const char *p = make_probabilities(graph, n_classes);
	const char *best = graph_apply(graph, "ArgMax", "", "best", &p, 1);
	node_set_int(graph_last_node(graph), "axis", 1);
	node_set_int(graph_last_node(graph), "keepdims", 0);
	const char *classes = graph_add_initializer_strings(graph, "classes", 1, &n, names);
	const char *label =
		graph_apply(graph, "Gather", "", "text", (const char *[]){ classes, best }, 2);
	graph_rename_output(graph, label, "label");
	graph_rename_output(graph, p, "probabilities");
	graph_add_output(graph, "label", ELEMENT_STRING, 1, (int64_t[]){ GRAPH_BATCH });
	graph_add_output(graph, "probabilities", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, n });
	graph_add_metadata(graph, "mlops.task", n == 2 ? "binary" : "multiclass");
	graph_add_metadata(graph, "mlops.classes",
		n == 2 ? "[\"low\", \"high\"]" : "[\"low\", \"high\", \"zwölf\"]");
}

static void make_regression(struct graph *graph)
{
	graph_rename_output(graph, make_scores(graph, 1), "prediction");
	graph_add_output(graph, "prediction", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 1 });
	graph_add_metadata(graph, "mlops.task", "regression");
}

static void make_file(
	const char *folder, const char *name, const char *suffix, const struct strbuf *bytes)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
	FILE *stream = fopen(path, "wb");
	if (!stream || fwrite(bytes->text, 1, bytes->length, stream) != bytes->length ||
		fclose(stream) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

static void make_check(int result, const struct error *err)
{
	if (result >= 0)
		return;
	fprintf(stderr, "%s\n", err->message);
	exit(EXIT_FAILURE);
}

static void make_predictions(
	const struct model *model, const struct table *table, struct strbuf *csv)
{
	static double scores[ROWS * 3];
	static uint32_t labels[ROWS];
	struct error err = ERROR_INIT;
	struct model_rows rows = { .table = table, .n_rows = table->n_rows };
	struct model_predictions out = { scores, labels };
	size_t n = model->n_classes ? model->n_classes : 1;
	make_check(model_predict_table(model, &rows, &out, &err), &err);
	strbuf_add(csv, model->n_classes ? "label" : "prediction");
	for (size_t c = 0; c < model->n_classes; c++)
		strbuf_printf(csv, ",probability_%s", model->classes[c].at);
	for (size_t r = 0; r < table->n_rows; r++) {
		strbuf_add(csv, "\n");
		if (model->n_classes)
			strbuf_add(csv, model->classes[labels[r]].at);
		for (size_t c = 0; c < n; c++) {
			strbuf_add(csv, model->n_classes ? "," : "");
			strbuf_add_double(csv, scores[r * n + c]);
		}
	}
	strbuf_add(csv, "\n");
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "binary", "multiclass", "regression" };
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf data = STRBUF_INIT;
	AUTO(table_release) struct table table = { .n_rows = 0 };
	if (argc != 2)
		return EXIT_FAILURE;
	make_data(&data);
	make_file(argv[1], "data", ".csv", &data);
	struct read_options options = {
		.bytes = data.text, .n_bytes = data.length, .name = "data.csv", .format = DATA_CSV
	};
	make_check(table_read(&options, &table, NULL, &err), &err);
	for (size_t k = 0; k < 3; k++) {
		AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT, csv = STRBUF_INIT;
		AUTO(model_release) struct model model;
		struct graph graph;
		graph_init(&graph);
		if (k < 2)
			make_classifier(&graph, 2 + k);
		else
			make_regression(&graph);
		make_check(onnx_write(&graph, &bytes, &err), &err);
		graph_release(&graph);
		make_file(argv[1], kinds[k], ".onnx", &bytes);
		make_check(model_read(bytes.text, bytes.length, &model, &err), &err);
		make_predictions(&model, &table, &csv);
		make_file(argv[1], kinds[k], ".csv", &csv);
	}
	return EXIT_SUCCESS;
}
