#include "mlops/model/executor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "../../../src/model/kernels.h"
#include "mlops/base/cpu.h"

/* A model as our trainers write it: columns joined, imputed, scaled, a product, both tails. */
static void executor_example(struct graph *graph, size_t n_columns)
{
	double impute[64], mean[64], scale[64], weights[64];
	const char *columns[64];
	char names[64][16];
	graph_init(graph);
	for (size_t i = 0; i < n_columns; i++) {
		snprintf(names[i], sizeof names[i], "x%zu", i);
		columns[i] = names[i];
		graph_add_input(graph, names[i], ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 1 });
		impute[i] = (double)i / 3;
		mean[i] = (double)i / 7 - 1;
		scale[i] = 1 + (double)i / 11;
		weights[i] = sin((double)i);
	}
	int64_t row[2] = { 1, (int64_t)n_columns }, column[2] = { (int64_t)n_columns, 1 };
	const char *x = graph_apply(graph, "Concat", "", "columns", columns, n_columns);
	node_set_int(graph_last_node(graph), "axis", 1);
	const char *gone = graph_apply(graph, "IsNaN", "", "gone", &x, 1);
	x = graph_apply(graph, "Where", "", "filled",
		(const char *[]){
			gone, graph_add_initializer_double(graph, "impute", 2, row, impute), x },
		3);
	x = graph_apply(graph, "Sub", "", "centred",
		(const char *[]){ x, graph_add_initializer_double(graph, "mean", 2, row, mean) },
		2);
	x = graph_apply(graph, "Div", "", "scaled",
		(const char *[]){ x, graph_add_initializer_double(graph, "scale", 2, row, scale) },
		2);
	x = graph_apply(graph, "MatMul", "", "score",
		(const char *[]){
			x, graph_add_initializer_double(graph, "weights", 2, column, weights) },
		2);
	const char *yes = graph_apply(graph, "Sigmoid", "", "yes", &x, 1);
	const char *minus = graph_apply(graph, "Neg", "", "minus", &x, 1);
	const char *no = graph_apply(graph, "Sigmoid", "", "no", &minus, 1);
	x = graph_apply(graph, "Concat", "", "probabilities", (const char *[]){ no, yes }, 2);
	node_set_int(graph_last_node(graph), "axis", 1);
	graph_add_output(graph, x, ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 2 });
}

static double executor_value(size_t row, size_t column)
{
	uint64_t z = (row * 64 + column + 1) * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return z % 17 == 0 ? (double)NAN : (double)(z >> 11) / 0x1p53 * 6 - 3;
}

static void executor_run_rows(const struct executor_plan *plan, const double *data, size_t n_rows,
	size_t n_columns, size_t block, double *ret)
{
	AUTO(executor_workspace_free) struct executor_workspace *workspace = NULL;
	struct error err = ERROR_INIT;
	struct tensor inputs[64];
	ck_assert_int_eq(executor_workspace_new(plan, &workspace, &err), 0);
	for (size_t first = 0; first < n_rows; first += block) {
		size_t rows = n_rows - first < block ? n_rows - first : block;
		for (size_t c = 0; c < n_columns; c++) {
			inputs[c] = (struct tensor){
				.type = ELEMENT_DOUBLE, .rank = 2, .shape = { (int64_t)rows, 1 }
			};
			const double *from = data + c * n_rows + first;
			memcpy(&inputs[c].data, &from, sizeof from);
		}
		ck_assert_msg(executor_run(workspace, inputs, &err) == 0, "%s", err.message);
		memcpy(ret + first * 2, executor_result(workspace, 0)->float64,
			rows * 2 * sizeof *ret);
	}
}

START_TEST(rows_do_not_depend_on_the_block)
{
	enum { ROWS = 301, COLUMNS = 9 };
	static double data[ROWS * COLUMNS], whole[ROWS * 2], cut[ROWS * 2];
	struct error err = ERROR_INIT;
	AUTO(graph_release) struct graph graph;
	AUTO(executor_plan_free) struct executor_plan *plan = NULL;
	executor_example(&graph, COLUMNS);
	ck_assert_msg(executor_plan_new(&graph, &plan, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(executor_n_inputs(plan), COLUMNS);
	ck_assert_str_eq(executor_output_name(plan, 0), "probabilities");
	ck_assert_int_eq(executor_output(plan, 0)->shape[0], TENSOR_SIZE_UNKNOWN);
	ck_assert_int_eq(executor_output(plan, 0)->shape[1], 2);
	for (size_t r = 0; r < ROWS; r++)
		for (size_t c = 0; c < COLUMNS; c++)
			data[c * ROWS + r] = executor_value(r, c);
	executor_run_rows(plan, data, ROWS, COLUMNS, ROWS, whole);
	for (size_t block = 1; block < ROWS; block = block * 3 + 1) {
		executor_run_rows(plan, data, ROWS, COLUMNS, block, cut);
		ck_assert_mem_eq(whole, cut, sizeof whole);
	}
	/* The same by hand. */
	for (size_t r = 0; r < ROWS; r++) {
		double score = 0;
		for (size_t c = 0; c < COLUMNS; c++) {
			double x = data[c * ROWS + r];
			x = isnan(x) ? (double)c / 3 : x;
			x = (x - ((double)c / 7 - 1)) / (1 + (double)c / 11);
			score += x * sin((double)c);
		}
		ck_assert_double_eq_tol(whole[r * 2 + 1], 1 / (1 + exp(-score)), 1e-15);
		ck_assert_double_eq_tol(whole[r * 2], 1 / (1 + exp(score)), 1e-15);
	}
}
END_TEST

/* A graph that also shows what is between its steps cannot be fused: the bits must be the same. */
START_TEST(the_fused_product_has_the_same_bits)
{
	enum { ROWS = 77, COLUMNS = 6 };
	static double data[ROWS * COLUMNS], fused[ROWS * 2], plain[ROWS * 2];
	struct error err = ERROR_INIT;
	AUTO(graph_release) struct graph one;
	AUTO(graph_release) struct graph two;
	AUTO(executor_plan_free) struct executor_plan *plan_one = NULL;
	AUTO(executor_plan_free) struct executor_plan *plan_two = NULL;
	for (size_t r = 0; r < ROWS; r++)
		for (size_t c = 0; c < COLUMNS; c++)
			data[c * ROWS + r] = executor_value(r, c);
	executor_example(&one, COLUMNS);
	executor_example(&two, COLUMNS);
	graph_add_output(&two, "scaled", ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, COLUMNS });
	graph_add_output(&two, "gone", ELEMENT_BOOL, 2, (int64_t[]){ GRAPH_BATCH, COLUMNS });
	ck_assert_int_eq(executor_plan_new(&one, &plan_one, &err), 0);
	ck_assert_int_eq(executor_plan_new(&two, &plan_two, &err), 0);
	executor_run_rows(plan_one, data, ROWS, COLUMNS, ROWS, fused);
	executor_run_rows(plan_two, data, ROWS, COLUMNS, ROWS, plain);
	ck_assert_mem_eq(fused, plain, sizeof plain);
}
END_TEST

/*
 * Two products of one join of a chain, a lone column, a one-hot block and a chain on a single
 * column: by parts and by hand.
 */
START_TEST(blocks_of_all_kinds_are_fused)
{
	enum { ROWS = 50 };
	struct error err = ERROR_INIT;
	AUTO(graph_release) struct graph graph;
	AUTO(executor_plan_free) struct executor_plan *plan = NULL;
	AUTO(executor_workspace_free) struct executor_workspace *workspace = NULL;
	static double a[ROWS], b[ROWS], c[ROWS];
	static const double weights[6 * 2] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	int64_t column[2] = { GRAPH_BATCH, 1 };
	graph_init(&graph);
	graph_add_input(&graph, "a", ELEMENT_DOUBLE, 2, column);
	graph_add_input(&graph, "b", ELEMENT_DOUBLE, 2, column);
	graph_add_input(&graph, "c", ELEMENT_DOUBLE, 2, column);
	const char *pair =
		graph_apply(&graph, "Concat", "", "pair", (const char *[]){ "a", "b" }, 2);
	node_set_int(graph_last_node(&graph), "axis", 1);
	const char *two = graph_add_initializer_double(&graph, "two", 0, NULL, (double[]){ 2 });
	pair = graph_apply(&graph, "Mul", "", "twice", (const char *[]){ two, pair }, 2);
	const char *codes = graph_add_initializer_double(
		&graph, "codes", 2, (int64_t[]){ 1, 2 }, (double[]){ 0, 1 });
	const char *hot =
		graph_apply(&graph, "Equal", "", "equal", (const char *[]){ "c", codes }, 2);
	hot = graph_apply(&graph, "Cast", "", "hot", &hot, 1);
	node_set_int(graph_last_node(&graph), "to", ELEMENT_DOUBLE);
	const char *shifted =
		graph_apply(&graph, "Sub", "", "shifted", (const char *[]){ "c", two }, 2);
	const char *all = graph_apply(
		&graph, "Concat", "", "all", (const char *[]){ pair, "a", hot, shifted }, 4);
	node_set_int(graph_last_node(&graph), "axis", -1);
	const char *w = graph_add_initializer_double(&graph, "w", 2, (int64_t[]){ 6, 2 }, weights);
	const char *y = graph_apply(&graph, "MatMul", "", "y", (const char *[]){ all, w }, 2);
	graph_add_output(&graph, y, ELEMENT_DOUBLE, 2, (int64_t[]){ GRAPH_BATCH, 2 });
	ck_assert_msg(executor_plan_new(&graph, &plan, &err) == 0, "%s", err.message);
	ck_assert_int_eq(executor_workspace_new(plan, &workspace, &err), 0);
	for (size_t r = 0; r < ROWS; r++) {
		a[r] = (double)r / 8;
		b[r] = -(double)r / 4;
		c[r] = (double)(r % 3);
	}
	struct tensor inputs[3] = {
		{ .type = ELEMENT_DOUBLE, .rank = 2, .shape = { ROWS, 1 }, .float64 = a },
		{ .type = ELEMENT_DOUBLE, .rank = 2, .shape = { ROWS, 1 }, .float64 = b },
		{ .type = ELEMENT_DOUBLE, .rank = 2, .shape = { ROWS, 1 }, .float64 = c },
	};
	ck_assert_msg(executor_run(workspace, inputs, &err) == 0, "%s", err.message);
	for (size_t r = 0; r < ROWS; r++) {
		double x[6] = { 2 * a[r], 2 * b[r], a[r], c[r] == 0, c[r] == 1, c[r] - 2 };
		for (size_t k = 0; k < 2; k++) {
			double sum = 0;
			for (size_t i = 0; i < 6; i++)
				sum += x[i] * weights[i * 2 + k];
			ck_assert_double_eq(executor_result(workspace, 0)->float64[r * 2 + k], sum);
		}
	}
}
END_TEST

START_TEST(an_input_that_does_not_fit_is_named)
{
	struct error err = ERROR_INIT;
	AUTO(graph_release) struct graph graph;
	AUTO(executor_plan_free) struct executor_plan *plan = NULL;
	AUTO(executor_workspace_free) struct executor_workspace *workspace = NULL;
	executor_example(&graph, 2);
	ck_assert_int_eq(executor_plan_new(&graph, &plan, &err), 0);
	ck_assert_int_eq(executor_workspace_new(plan, &workspace, &err), 0);
	double values[4] = { 1, 2, 3, 4 };
	struct tensor inputs[2] = {
		{ .type = ELEMENT_DOUBLE, .rank = 2, .shape = { 2, 1 }, .float64 = values },
		{ .type = ELEMENT_DOUBLE, .rank = 2, .shape = { 2, 2 }, .float64 = values },
	};
	ck_assert_int_eq(executor_run(workspace, inputs, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "input 'x1' is double[2,2], the model wants double[?,1]");
	inputs[1].shape[0] = 3;
	inputs[1].shape[1] = 1;
	ck_assert_int_eq(executor_run(workspace, inputs, &err), -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "node '/MatMul' (MatMul)"));
	inputs[1].shape[0] = 2; /* and it works again afterwards */
	ck_assert_int_eq(executor_run(workspace, inputs, &err), 0);
	inputs[0].shape[0] = inputs[1].shape[0] = 0; /* no rows are no error */
	ck_assert_int_eq(executor_run(workspace, inputs, &err), 0);
	ck_assert_int_eq(executor_result(workspace, 0)->shape[0], 0);
}
END_TEST

static void executor_refuses(
	struct graph *graph, enum error_code code, const char *message, const char *hint)
{
	struct error err = ERROR_INIT;
	struct executor_plan *plan = NULL;
	ck_assert_int_eq(executor_plan_new(graph, &plan, &err), -(int)code);
	ck_assert_ptr_null(plan);
	ck_assert_msg(strcmp(err.message, message) == 0, "'%s'", err.message);
	ck_assert_msg(strncmp(err.hint, hint, strlen(hint)) == 0, "'%s'", err.hint);
	graph_release(graph);
}

static void executor_one_node(
	struct graph *graph, const char *op, const char *domain, enum element_type type)
{
	graph_init(graph);
	graph_add_input(graph, "x", type, 2, (int64_t[]){ GRAPH_BATCH, 3 });
	const char *y = graph_apply(graph, op, domain, "y", (const char *[]){ "x" }, 1);
	graph_add_output(graph, y, type, 2, (int64_t[]){ GRAPH_BATCH, 3 });
}

START_TEST(what_is_not_supported_is_refused_at_load)
{
	struct graph graph;
	executor_one_node(&graph, "Sigmoidd", "", ELEMENT_DOUBLE);
	executor_refuses(&graph, ERROR_UNSUPPORTED,
		"node '/Sigmoidd' (Sigmoidd): operator 'Sigmoidd' of ai.onnx is not supported",
		"did you mean 'Sigmoid'? supported: Abs, Acos");
	executor_one_node(&graph, "Thing", "com.example", ELEMENT_DOUBLE);
	executor_refuses(&graph, ERROR_UNSUPPORTED,
		"node '/Thing' (Thing): operator 'Thing' of com.example is not supported",
		"supported domains: ai.onnx, ai.onnx.ml");
	executor_one_node(&graph, "Sqrt", "", ELEMENT_STRING);
	executor_refuses(&graph, ERROR_UNSUPPORTED,
		"node '/Sqrt' (Sqrt): its first input is of type string, which is not supported",
		"");
	executor_one_node(&graph, "Sqrt", "", ELEMENT_DOUBLE);
	node_set_int(graph_last_node(&graph), "axis", 1);
	executor_refuses(&graph, ERROR_UNSUPPORTED,
		"node '/Sqrt' (Sqrt): attribute 'axis' is not supported",
		"Sqrt has: no attributes");
	executor_one_node(&graph, "Softmax", "", ELEMENT_DOUBLE);
	node_set_int(graph_last_node(&graph), "axis", 2);
	executor_refuses(
		&graph, ERROR_INVALID, "node '/Softmax' (Softmax): axis 2 of 2 dimensions", "");
	executor_one_node(&graph, "Sqrt", "", ELEMENT_DOUBLE);
	graph.opsets.items[0].version = 5;
	executor_refuses(&graph, ERROR_UNSUPPORTED,
		"node '/Sqrt' (Sqrt): operator 'Sqrt' of ai.onnx is not supported in opset 5", "");
	executor_one_node(&graph, "Cast", "", ELEMENT_DOUBLE);
	node_set_int(graph_last_node(&graph), "to", ELEMENT_INT64);
	executor_refuses(&graph, ERROR_INVALID,
		"the graph's output 'y' is declared as double but made as int64", "");
}
END_TEST

START_TEST(constants_are_computed_while_planning)
{
	struct error err = ERROR_INIT;
	AUTO(graph_release) struct graph graph;
	AUTO(executor_plan_free) struct executor_plan *plan = NULL;
	graph_init(&graph);
	const char *a = graph_add_initializer_double(
		&graph, "a", 1, (int64_t[]){ 3 }, (double[]){ 1, 4, 9 });
	const char *b = graph_apply(&graph, "Sqrt", "", "b", &a, 1);
	graph_add_output(&graph, b, ELEMENT_DOUBLE, 1, (int64_t[]){ 3 });
	ck_assert_int_eq(executor_plan_new(&graph, &plan, &err), 0);
	ck_assert_ptr_nonnull(executor_output(plan, 0)->data);
	ck_assert_double_eq(executor_output(plan, 0)->float64[2], 3);
}
END_TEST

/* Every level of vector instructions gives the bits of the portable one, odd tails included. */
static void executor_same_kernels(const struct kernels *fast)
{
	static double a[400], b[400], one[400], two[400];
	for (size_t i = 0; i < 400; i++) {
		a[i] = executor_value(i, 1);
		b[i] = executor_value(i, 2);
	}
	for (size_t n = 0; n < 100; n++)
		for (size_t k = 0; k < 4; k++)
			for (unsigned steps = 0; steps < 4; steps++) {
				const void *in[2] = { a, b };
				bool step[2] = { steps & 1, steps & 2 };
				kernels_portable.float64[k](n, in, step, one);
				fast->float64[k](n, in, step, two);
				ck_assert_mem_eq(one, two, n * sizeof *one);
			}
	for (size_t i = 0; i < 400; i++)
		a[i] = isnan(a[i]) ? 0.5 : a[i], b[i] = isnan(b[i]) ? 0.5 : b[i];
	for (size_t m = 0; m < 8; m++)
		for (size_t n = 1; n < 19; n++)
			for (size_t k = 0; k < 20; k++) {
				kernels_portable.gemm64(m, n, k, a, b, one);
				fast->gemm64(m, n, k, a, b, two);
				ck_assert_mem_eq(one, two, m * n * sizeof *one);
				for (size_t i = 0; i < m * n; i++) {
					double sum = 0;
					for (size_t p = 0; p < k; p++)
						sum += a[i / n * k + p] * b[p * n + i % n];
					ck_assert_double_eq(one[i], sum);
				}
			}
}

/* Against libm, in all lengths; e^-x is within 2 ulp and so the whole within 4. */
static void executor_sigmoid(const struct kernels *level)
{
	double in[100], out[100], again[100];
	for (size_t i = 0; i < 100; i++)
		in[i] = executor_value(i, 3) * (i % 5 == 0 ? 200 : 5);
	in[7] = INFINITY;
	in[8] = -INFINITY;
	in[9] = NAN;
	in[10] = -0.0;
	level->sigmoid64(100, in, out);
	for (size_t i = 0; i < 100; i++) {
		double want = 1 / (1 + exp(-in[i]));
		if (isnan(in[i]))
			ck_assert(isnan(out[i]));
		else
			ck_assert_double_le(fabs(out[i] - want), 1e-307 + 4 * 0x1p-52 * want);
	}
	for (size_t n = 0; n < 100; n++) { /* where an element stands does not matter */
		level->sigmoid64(n, in + 100 - n, again);
		ck_assert_mem_eq(again, out + 100 - n, n * sizeof *out);
	}
}

START_TEST(kernels_of_all_levels_agree)
{
	executor_same_kernels(&kernels_portable);
	executor_sigmoid(&kernels_portable);
#if defined(__x86_64__)
	if (cpu_level() >= CPU_AVX2) {
		executor_same_kernels(&kernels_avx2);
		executor_sigmoid(&kernels_avx2);
	}
	if (cpu_level() >= CPU_AVX512) {
		executor_same_kernels(&kernels_avx512);
		executor_sigmoid(&kernels_avx512);
	}
#endif
}
END_TEST

UNIT_MAIN("model/executor", rows_do_not_depend_on_the_block, the_fused_product_has_the_same_bits,
	blocks_of_all_kinds_are_fused, an_input_that_does_not_fit_is_named,
	what_is_not_supported_is_refused_at_load, constants_are_computed_while_planning,
	kernels_of_all_levels_agree)
