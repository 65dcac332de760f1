/*
 * ai.onnx.ml against ONNX Runtime: each file of tests/unit/model/ml holds a model, its inputs and
 * what ONNX Runtime answered, as initializers that no node reads (see make.py there). Floats agree to
 * 1e-6 + 1e-5 (results are float32, ours are summed in double), labels exactly.
 */
#include "mlops/model/executor.h"
#include "mlops/model/onnx.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static void ml_read(const char *path, struct strbuf *bytes)
{
	char block[65536];
	size_t count;
	FILE *stream = fopen(path, "rb");
	ck_assert_msg(stream != NULL, "%s", path);
	while ((count = fread(block, 1, sizeof block, stream)))
		strbuf_add_bytes(bytes, block, count);
	fclose(stream);
}

static const struct tensor *ml_stored(const struct graph *graph, const char *kind, const char *name)
{
	char key[200];
	snprintf(key, sizeof key, "%s:%s", kind, name);
	const struct tensor *tensor = graph_initializer(graph, key);
	ck_assert_msg(tensor != NULL, "%s", key);
	return tensor;
}

static void ml_compare(const char *file, const struct tensor *got, const struct tensor *want)
{
	char one[TENSOR_TEXT], two[TENSOR_TEXT];
	size_t count;
	ck_assert_msg(got->type == want->type && tensor_same_shape(got, want), "%s: %s, not %s",
		file, tensor_describe(got, one), tensor_describe(want, two));
	ck_assert(tensor_count(want, &count));
	for (size_t i = 0; i < count; i++) {
		if (got->type == ELEMENT_FLOAT) {
			double a = (double)got->float32[i], b = (double)want->float32[i];
			ck_assert_msg(fabs(a - b) <= 1e-6 + 1e-5 * fabs(b),
				"%s: %zu: %.9g, not %.9g", file, i, a, b);
		} else if (got->type == ELEMENT_STRING) {
			ck_assert_msg(
				text_equal(got->strings[i], want->strings[i]), "%s: %zu", file, i);
		} else {
			ck_assert_int_eq(got->type, ELEMENT_INT64);
			ck_assert_msg(got->int64[i] == want->int64[i], "%s: %zu", file, i);
		}
	}
}

static void ml_case(const char *folder, const char *file)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(graph_release) struct graph graph;
	AUTO(executor_plan_free) struct executor_plan *plan = NULL;
	AUTO(executor_workspace_free) struct executor_workspace *workspace = NULL;
	struct error err = ERROR_INIT;
	struct tensor inputs[8];
	char path[512];
	ck_assert_int_lt(snprintf(path, sizeof path, "%s/%s", folder, file), (int)sizeof path);
	ml_read(path, &bytes);
	ck_assert_msg(onnx_read(bytes.text, bytes.length, &graph, &err) == 0, "%s: %s", file,
		err.message);
	ck_assert_msg(executor_plan_new(&graph, &plan, &err) == 0, "%s: %s", file, err.message);
	ck_assert_int_eq(executor_workspace_new(plan, &workspace, &err), 0);
	for (size_t i = 0; i < executor_n_inputs(plan); i++)
		inputs[i] = *ml_stored(&graph, "input", executor_input_name(plan, i));
	ck_assert_msg(executor_run(workspace, inputs, &err) == 0, "%s: %s", file, err.message);
	for (size_t i = 0; i < executor_n_outputs(plan); i++)
		ml_compare(file, executor_result(workspace, i),
			ml_stored(&graph, "expected", executor_output_name(plan, i)));
}

static int ml_wanted(const struct dirent *entry)
{
	return strstr(entry->d_name, ".onnx") != NULL;
}

START_TEST(answers_are_those_of_onnx_runtime)
{
	char folder[400];
	struct dirent **entries;
	snprintf(folder, sizeof folder, "%s/tests/unit/model/ml", getenv("MLOPS_SOURCE_ROOT"));
	int n = scandir(folder, &entries, ml_wanted, alphasort);
	ck_assert_int_ge(n, 60);
	for (int i = 0; i < n; i++) {
		ml_case(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}
END_TEST

UNIT_MAIN("model/onnx_ml", answers_are_those_of_onnx_runtime)
