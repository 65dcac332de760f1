/*
 * model_predict FOLDER [ROWS]: a logistic regression on 30 columns, as `mlops train` writes it (gaps
 * filled, standardised), over a table in memory; best of 15 runs with one and two threads, as lines
 * of JSON. Leaves model.onnx and columns.f64 (column after column) in FOLDER for model_predict.py,
 * which times ONNX Runtime on the same.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mlops/base/clock.h"
#include "mlops/model/model_file.h"
#include "mlops/model/onnx.h"

enum { COLUMNS = 30, RUNS = 15 };
static char bench_names[COLUMNS][8];

static const char *bench_step(
	struct graph *graph, const char *op, const char *x, double start, double step)
{
	double values[COLUMNS];
	for (int i = 0; i < COLUMNS; i++)
		values[i] = start + step * i;
	const char *row =
		graph_add_initializer_double(graph, op, 2, (int64_t[]){ 1, COLUMNS }, values);
	if (op[0] != 'W')
		return graph_apply(graph, op, "", op, (const char *[]){ x, row }, 2);
	const char *gone = graph_apply(graph, "IsNaN", "", "gone", &x, 1);
	return graph_apply(graph, op, "", op, (const char *[]){ gone, row, x }, 3);
}

static const char *bench_score(struct graph *graph)
{
	const char *names[COLUMNS];
	double weights[COLUMNS];
	for (int i = 0; i < COLUMNS; i++) {
		snprintf(bench_names[i], sizeof bench_names[i], "x%d", i);
		names[i] = bench_names[i];
		weights[i] = sin(i);
		graph_add_input(graph, names[i], ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 1 });
	}
	const char *x = graph_apply(graph, "Concat", "", "columns", names, COLUMNS);
	node_set_int(graph_last_node(graph), "axis", 1);
	x = bench_step(graph, "Where", x, 0, 0.1);
	x = bench_step(graph, "Sub", x, 0, 0.05);
	x = bench_step(graph, "Div", x, 1, 0.1);
	const char *w = graph_add_initializer_double(
		graph, "weights", 2, (int64_t[]){ COLUMNS, 1 }, weights);
	x = graph_apply(graph, "MatMul", "", "product", (const char *[]){ x, w }, 2);
	const char *bias = graph_add_initializer_double(
		graph, "bias", 2, (int64_t[]){ 1, 1 }, (double[]){ 0.25 });
	return graph_apply(graph, "Add", "", "score", (const char *[]){ x, bias }, 2);
}

static void bench_graph(struct graph *graph)
{
	graph_init(graph);
	const char *score = bench_score(graph), *both[2];
	both[1] = graph_apply(graph, "Sigmoid", "", "yes", &score, 1);
	both[0] = graph_apply(graph, "Neg", "", "minus", &score, 1);
	both[0] = graph_apply(graph, "Sigmoid", "", "no", both, 1);
	const char *p = graph_apply(graph, "Concat", "", "both", both, 2);
	node_set_int(graph_last_node(graph), "axis", 1);
	const char *best = graph_apply(graph, "ArgMax", "", "best", &p, 1);
	node_set_int(graph_last_node(graph), "axis", 1);
	node_set_int(graph_last_node(graph), "keepdims", 0);
	const char *classes = graph_add_initializer_strings(
		graph, "classes", 1, (int64_t[]){ 2 }, (struct text[]){ TEXT("no"), TEXT("yes") });
	const char *label =
		graph_apply(graph, "Gather", "", "text", (const char *[]){ classes, best }, 2);
	graph_rename_output(graph, label, "label");
	graph_rename_output(graph, p, "probabilities");
	graph_add_output(graph, "label", ELEMENT_STRING, 1, (int64_t[]){ GRAPH_BATCH });
	graph_add_output(graph, "probabilities", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 2 });
	graph_add_metadata(graph, "mlops.task", "binary");
	graph_add_metadata(graph, "mlops.classes", "[\"no\", \"yes\"]");
}

static void bench_check(int result, const struct error *err)
{
	if (result >= 0)
		return;
	fprintf(stderr, "%s\n", err->message);
	exit(EXIT_FAILURE);
}

static void bench_save(
	const char *folder, const char *name, const void *bytes, size_t count, const char *mode)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *stream = fopen(path, mode);
	if (!stream || fwrite(bytes, 1, count, stream) != count || fclose(stream) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

/* Columns of numbers in [-3, 3), one in 97 missing. */
static void bench_table(struct column *columns, size_t rows, const char *folder)
{
	struct error err = ERROR_INIT;
	for (size_t c = 0; c < COLUMNS; c++) {
		double *values = memory_allocate_aligned(rows * sizeof *values, &err);
		bench_check(values ? 0 : -1, &err);
		for (size_t r = 0; r < rows; r++) {
			uint64_t z = (r * 64 + c + 1) * UINT64_C(0x9e3779b97f4a7c15);
			z = (z ^ z >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
			values[r] = z % 97 ? (double)(z >> 11) * 0x1p-53 * 6 - 3 : (double)NAN;
		}
		columns[c] = (struct column){
			.name = bench_names[c], .type = COLUMN_FLOAT64, .float64 = values
		};
		bench_save(folder, "columns.f64", values, rows * sizeof *values, c ? "ab" : "wb");
	}
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	struct graph graph;
	struct model model;
	struct column columns[COLUMNS];
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	if (argc < 2) {
		fputs("usage: model_predict FOLDER [ROWS]\n", stderr);
		return 2;
	}
	size_t rows = argc > 2 ? strtoul(argv[2], NULL, 10) : 200000;
	bench_graph(&graph);
	bench_check(onnx_write(&graph, &bytes, &err), &err);
	bench_save(argv[1], "model.onnx", bytes.text, bytes.length, "wb");
	bench_check(model_read(bytes.text, bytes.length, &model, &err), &err);
	bench_table(columns, rows, argv[1]);
	struct table table = { .n_rows = rows, .n_columns = COLUMNS, .columns = columns };
	AUTO_FREE double *scores = memory_allocate(rows * 2, sizeof *scores, &err);
	AUTO_FREE uint32_t *labels = memory_allocate(rows, sizeof *labels, &err);
	bench_check(scores && labels ? 0 : -1, &err);
	for (size_t threads = 1; threads <= 2; threads++) {
		double best = INFINITY;
		for (int run = 0; run < RUNS; run++) {
			struct model_rows wanted = {
				.table = &table, .n_rows = rows, .threads = threads
			};
			struct model_predictions out = { scores, labels };
			uint64_t start = clock_monotonic();
			bench_check(model_predict_table(&model, &wanted, &out, &err), &err);
			best = fmin(best, (double)(clock_monotonic() - start) / 1e6);
		}
		printf("{\"who\": \"mlops\", \"threads\": %zu, \"rows\": %zu, \"best_ms\": %.2f}\n",
			threads, rows, best);
	}
	model_release(&model);
	graph_release(&graph);
	for (size_t c = 0; c < COLUMNS; c++)
		memory_free(columns[c].float64);
	return 0;
}
