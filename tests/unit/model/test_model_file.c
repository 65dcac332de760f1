#include "mlops/model/model_file.h"
#include "mlops/model/onnx.h"

#include <math.h>
#include <string.h>

#include "unit.h"

enum { ROWS = 5000 };

/* A table by hand: x float64 with gaps, n int64 with gaps, b boolean, t timestamp, c category. */
struct model_example {
	struct table table;
	struct column columns[5];
	double x[ROWS];
	int64_t n[ROWS], t[ROWS];
	uint8_t b[ROWS];
	uint32_t c[ROWS];
	uint64_t x_missing[ROWS / 64 + 1], n_missing[ROWS / 64 + 1], c_missing[ROWS / 64 + 1];
	struct text categories[3];
};

static void model_set_missing(uint64_t *mask, size_t row)
{
	mask[row / 64] |= UINT64_C(1) << row % 64;
}

static void model_make_table(struct model_example *e)
{
	memset(e, 0, sizeof *e);
	e->categories[0] = TEXT("red");
	e->categories[1] = TEXT("green");
	e->categories[2] = TEXT("blue");
	size_t missing[3] = { 0 };
	for (size_t r = 0; r < ROWS; r++) {
		e->x[r] = sin((double)r) * 3;
		e->n[r] = (int64_t)(r * 7 % 23) - 11;
		e->b[r] = r % 3 == 0;
		e->t[r] = (int64_t)r * 500000;
		e->c[r] = (uint32_t)(r % 3);
		if (r % 10 == 4) {
			e->x[r] = NAN;
			model_set_missing(e->x_missing, r);
			missing[0]++;
		}
		if (r % 10 == 5) {
			e->n[r] = 0;
			model_set_missing(e->n_missing, r);
			missing[1]++;
		}
		if (r % 10 == 6) {
			e->c[r] = 0;
			model_set_missing(e->c_missing, r);
			missing[2]++;
		}
	}
	static char names[5][2] = { "x", "n", "b", "t", "c" };
	e->columns[0] = (struct column){ .name = names[0],
		.type = COLUMN_FLOAT64,
		.float64 = e->x,
		.missing = e->x_missing,
		.n_missing = missing[0] };
	e->columns[1] = (struct column){ .name = names[1],
		.type = COLUMN_INT64,
		.int64 = e->n,
		.missing = e->n_missing,
		.n_missing = missing[1] };
	e->columns[2] =
		(struct column){ .name = names[2], .type = COLUMN_BOOLEAN, .boolean = e->b };
	e->columns[3] =
		(struct column){ .name = names[3], .type = COLUMN_TIMESTAMP, .int64 = e->t };
	e->columns[4] = (struct column){ .name = names[4],
		.type = COLUMN_CATEGORY,
		.codes = e->c,
		.categories = e->categories,
		.n_categories = 3,
		.missing = e->c_missing,
		.n_missing = missing[2] };
	e->table = (struct table){ .n_rows = ROWS, .n_columns = 5, .columns = e->columns };
}

/* score = nan0(x) + 2 nan0(n) - b + t / 1000 + 10 [c is green] - 1 */
static double model_by_hand(const struct model_example *e, size_t r)
{
	double score = r % 10 == 4 ? 0 : e->x[r];
	score += 2 * (r % 10 == 5 ? 0 : (double)e->n[r]);
	score -= e->b[r];
	score += (double)r * 0.5 / 1000;
	score += r % 10 != 6 && r % 3 == 1 ? 10 : 0;
	return score - 1;
}

/* The graph of that formula, [N, 1]. */
static const char *model_score(struct graph *graph)
{
	static const char *const names[] = { "x", "n", "b", "t" };
	int64_t column[2] = { GRAPH_BATCH, 1 };
	graph_init(graph);
	for (size_t i = 0; i < 4; i++)
		graph_add_input(graph, names[i], ELEMENT_DOUBLE, 2, column);
	graph_add_input(graph, "c", ELEMENT_STRING, 2, column);
	const char *x = graph_apply(graph, "Concat", "", "columns", names, 4);
	node_set_int(graph_last_node(graph), "axis", 1);
	const char *gone = graph_apply(graph, "IsNaN", "", "gone", &x, 1);
	const char *zero = graph_add_initializer_double(
		graph, "zero", 2, (int64_t[]){ 1, 1 }, (double[]){ 0 });
	x = graph_apply(graph, "Where", "", "filled", (const char *[]){ gone, zero, x }, 3);
	const char *w = graph_add_initializer_double(
		graph, "w", 2, (int64_t[]){ 4, 1 }, (double[]){ 1, 2, -1, 0.001 });
	x = graph_apply(graph, "MatMul", "", "product", (const char *[]){ x, w }, 2);
	const char *green = graph_apply(
		graph, "LabelEncoder", GRAPH_DOMAIN_ML, "green", (const char *[]){ "c" }, 1);
	node_set_strings(
		graph_last_node(graph), "keys_strings", (struct text[]){ TEXT("green") }, 1);
	node_set_floats(graph_last_node(graph), "values_floats", (float[]){ 10 }, 1);
	node_set_float(graph_last_node(graph), "default_float", 0);
	const char *cast = graph_apply(graph, "Cast", "", "green_double", &green, 1);
	node_set_int(graph_last_node(graph), "to", ELEMENT_DOUBLE);
	x = graph_apply(graph, "Add", "", "sum", (const char *[]){ x, cast }, 2);
	const char *one =
		graph_add_initializer_double(graph, "one", 2, (int64_t[]){ 1, 1 }, (double[]){ 1 });
	return graph_apply(graph, "Sub", "", "score", (const char *[]){ x, one }, 2);
}

static void model_load(struct graph *graph, struct model *model)
{
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	ck_assert_msg(onnx_write(graph, &bytes, &err) == 0, "%s", err.message);
	ck_assert_msg(model_read(bytes.text, bytes.length, model, &err) == 0, "%s", err.message);
	graph_release(graph);
}

static void model_regression(struct model *model)
{
	struct graph graph;
	graph_rename_output(&graph, model_score(&graph), "prediction");
	graph_add_output(&graph, "prediction", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 1 });
	graph_add_metadata(&graph, "mlops.task", "regression");
	model_load(&graph, model);
}

static void model_classifier(struct model *model)
{
	struct graph graph;
	const char *score = model_score(&graph);
	const char *yes = graph_apply(&graph, "Sigmoid", "", "yes", &score, 1);
	const char *minus = graph_apply(&graph, "Neg", "", "minus", &score, 1);
	const char *no = graph_apply(&graph, "Sigmoid", "", "no", &minus, 1);
	const char *both =
		graph_apply(&graph, "Concat", "", "both", (const char *[]){ no, yes }, 2);
	node_set_int(graph_last_node(&graph), "axis", 1);
	const char *best = graph_apply(&graph, "ArgMax", "", "best", &both, 1);
	node_set_int(graph_last_node(&graph), "axis", 1);
	node_set_int(graph_last_node(&graph), "keepdims", 0);
	const char *names = graph_add_initializer_strings(&graph, "classes", 1, (int64_t[]){ 2 },
		(struct text[]){ TEXT("low"), TEXT("high") });
	const char *label =
		graph_apply(&graph, "Gather", "", "text", (const char *[]){ names, best }, 2);
	graph_rename_output(&graph, label, "label");
	graph_rename_output(&graph, both, "probabilities");
	graph_add_output(&graph, "label", ELEMENT_STRING, 1, (int64_t[]){ GRAPH_BATCH });
	graph_add_output(&graph, "probabilities", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 2 });
	graph_add_metadata(&graph, "mlops.task", "binary");
	graph_add_metadata(&graph, "mlops.classes", "[\"low\", \"high\"]");
	model_load(&graph, model);
}

START_TEST(regression_on_a_table)
{
	static struct model_example e;
	static double scores[ROWS];
	struct error err = ERROR_INIT;
	AUTO(model_release) struct model model;
	model_make_table(&e);
	model_regression(&model);
	ck_assert_int_eq(model.task, MODEL_REGRESSION);
	ck_assert_uint_eq(model.n_inputs, 5);
	ck_assert_int_eq(model.inputs[4].kind, MODEL_INPUT_STRING);
	struct model_rows rows = { .table = &e.table, .n_rows = ROWS };
	struct model_predictions out = { .scores = scores };
	ck_assert_msg(model_predict_table(&model, &rows, &out, &err) == 0, "%s", err.message);
	for (size_t r = 0; r < ROWS; r++)
		ck_assert_double_eq_tol(scores[r], model_by_hand(&e, r), 1e-12);
}
END_TEST

START_TEST(threads_and_ranges_give_the_same_bits)
{
	static struct model_example e;
	static double whole[ROWS * 2], part[ROWS * 2];
	static uint32_t labels[ROWS], part_labels[ROWS];
	struct error err = ERROR_INIT;
	AUTO(model_release) struct model model;
	model_make_table(&e);
	model_classifier(&model);
	ck_assert_int_eq(model.task, MODEL_CLASSIFICATION);
	ck_assert_uint_eq(model.n_classes, 2);
	struct model_rows rows = { .table = &e.table, .n_rows = ROWS, .threads = 1 };
	struct model_predictions out = { whole, labels };
	ck_assert_msg(model_predict_table(&model, &rows, &out, &err) == 0, "%s", err.message);
	for (size_t r = 0; r < ROWS; r++) {
		double score = model_by_hand(&e, r);
		ck_assert_double_eq_tol(whole[2 * r + 1], 1 / (1 + exp(-score)), 1e-12);
		ck_assert_double_eq_tol(whole[2 * r] + whole[2 * r + 1], 1, 1e-15);
		ck_assert_uint_eq(labels[r], score > 0);
	}
	for (size_t threads = 2; threads < 5; threads++) {
		rows.threads = threads;
		out = (struct model_predictions){ part, part_labels };
		ck_assert_int_eq(model_predict_table(&model, &rows, &out, &err), 0);
		ck_assert_mem_eq(whole, part, sizeof whole);
		ck_assert_mem_eq(labels, part_labels, sizeof labels);
	}
	rows = (struct model_rows){ .table = &e.table, .first_row = 777, .n_rows = 1001 };
	ck_assert_int_eq(model_predict_table(&model, &rows, &out, &err), 0);
	ck_assert_mem_eq(whole + 2 * 777, part, 2 * 1001 * sizeof *part);
	rows.n_rows = 0;
	ck_assert_int_eq(model_predict_table(&model, &rows, &out, &err), 0);
}
END_TEST

START_TEST(columns_that_do_not_fit_are_named)
{
	static struct model_example e;
	static double scores[ROWS];
	struct error err = ERROR_INIT;
	AUTO(model_release) struct model model;
	model_make_table(&e);
	model_regression(&model);
	struct model_rows rows = { .table = &e.table, .n_rows = ROWS };
	struct model_predictions out = { .scores = scores };
	static char other[] = "other", x[] = "x";
	e.columns[0].name = other;
	ck_assert_int_eq(model_predict_table(&model, &rows, &out, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "the data has no column 'x', which the model reads");
	ck_assert_int_eq(model_check_table(&model, &e.table, &err), -ERROR_INVALID);
	e.columns[0] = e.columns[4];
	e.columns[0].name = x;
	ck_assert_int_eq(model_predict_table(&model, &rows, &out, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "column 'x' is category, the model wants a number");
	model_make_table(&e);
	e.columns[4] = e.columns[1];
	e.columns[4].name = (char[]){ "c" };
	ck_assert_int_eq(model_predict_table(&model, &rows, &out, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "column 'c' is int64, the model wants a text");
	/* A column without any value has no type of its own. */
	e.columns[4].n_missing = ROWS;
	memset(e.n_missing, 0xff, sizeof e.n_missing);
	e.columns[1].n_missing = ROWS;
	ck_assert_int_eq(model_predict_table(&model, &rows, &out, &err), 0);
	ck_assert_double_eq_tol(scores[1], sin(1) * 3 + 0.0005 - 1, 1e-12);
}
END_TEST

/* A model made elsewhere: one float matrix, LinearClassifier with integer labels, no metadata. */
START_TEST(a_matrix_model_takes_the_numeric_columns)
{
	static struct model_example e;
	static double scores[ROWS * 3];
	static uint32_t labels[ROWS];
	struct error err = ERROR_INIT;
	struct graph graph;
	AUTO(model_release) struct model model;
	const float weights[6] = { 1, 0, 0, 1, -1, 0.5F };
	const char *outputs[2] = { "variable_label", "scores" };
	model_make_table(&e);
	e.columns[0].missing = NULL; /* NaN stays NaN, the mask does not matter to numbers */
	graph_init(&graph);
	graph_add_input(&graph, "X", ELEMENT_FLOAT, 2, (int64_t[]){ GRAPH_BATCH, 2 });
	struct graph_node *node = graph_add_node(&graph, "LinearClassifier", GRAPH_DOMAIN_ML,
		(const char *[]){ "X" }, 1, outputs, 2);
	node_set_floats(node, "coefficients", weights, 6);
	node_set_floats(node, "intercepts", (float[]){ 0, 0.25F, 0 }, 3);
	node_set_ints(node, "classlabels_ints", (int64_t[]){ 5, 7, 9 }, 3);
	node_set_string(node, "post_transform", "SOFTMAX");
	graph_add_output(&graph, outputs[0], ELEMENT_INT64, 1, (int64_t[]){ GRAPH_BATCH });
	graph_add_output(&graph, outputs[1], ELEMENT_FLOAT, 2, (int64_t[]){ GRAPH_BATCH, 3 });
	model_load(&graph, &model);
	ck_assert_int_eq(model.task, MODEL_CLASSIFICATION);
	ck_assert_uint_eq(model.n_classes, 3);
	ck_assert(text_is(model.classes[1], "7"));
	struct model_rows rows = { .table = &e.table, .n_rows = 3 };
	struct model_predictions out = { scores, labels };
	ck_assert_msg(model_predict_table(&model, &rows, &out, &err) == 0, "%s", err.message);
	for (size_t r = 0; r < 3; r++) {
		double x = (double)(float)e.x[r], n = (double)e.n[r];
		double s[3] = { exp(x), exp(n + 0.25), exp(-x + 0.5 * n) };
		double sum = s[0] + s[1] + s[2];
		size_t best = s[1] > s[0] ? 1 : 0;
		best = s[2] > s[best] ? 2 : best;
		ck_assert_uint_eq(labels[r], best);
		for (size_t c = 0; c < 3; c++)
			ck_assert_double_eq_tol(scores[r * 3 + c], s[c] / sum, 1e-6);
	}
}
END_TEST

UNIT_MAIN("model/model_file", regression_on_a_table, threads_and_ranges_give_the_same_bits,
	columns_that_do_not_fit_are_named, a_matrix_model_takes_the_numeric_columns)
