/*
 * The conformance data of ONNX itself (Debian's libonnx-testdata): every model there whose operators
 * and types are supported must give the stored outputs. Numbers of what passed are printed by
 * folder, with the names of what failed.
 *
 * Tolerance: upstream's runner compares with rtol 1e-3 and atol 1e-7; floats here must agree to
 * 1e-5 + 1e-6 (they are float32 results of NumPy), all other types exactly. The converted networks
 * keep upstream's tolerance.
 */
#include "mlops/model/executor.h"
#include "mlops/model/onnx.h"

#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define DATA "/usr/share/libonnx-testdata/data"

enum outcome { PASSED, FAILED, UNSUPPORTED };

struct folder {
	const char *name;
	double relative, absolute;
	int least; /* as many passed when this was written: fewer is a regression */
	bool strict; /* a failure fails the test */
};

static bool nodes_read(const char *path, struct strbuf *bytes)
{
	char block[65536];
	size_t count;
	FILE *stream = fopen(path, "rb");
	if (!stream)
		return false;
	strbuf_clear(bytes);
	while ((count = fread(block, 1, sizeof block, stream)))
		strbuf_add_bytes(bytes, block, count);
	fclose(stream);
	return true;
}

/* Paths are short: the data set's are under 200 bytes. */
enum { NODES_PATH = 512 };
static const char *nodes_path(char path[NODES_PATH], const char *format, ...) PRINTF_LIKE(2, 3);
static const char *nodes_path(char path[NODES_PATH], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	ck_assert_int_lt(vsnprintf(path, NODES_PATH, format, args), NODES_PATH);
	va_end(args);
	return path;
}

static bool nodes_close(double a, double b, const struct folder *folder)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	if (isinf(a) || isinf(b))
		return a == b;
	return fabs(a - b) <= folder->absolute + folder->relative * fabs(b);
}

/* False with the reason in err if they differ in type, shape or a value. */
static bool nodes_equal(const struct tensor *got, const struct tensor *want,
	const struct folder *folder, struct error *err)
{
	char one[TENSOR_TEXT], two[TENSOR_TEXT];
	size_t count;
	if (got->type != want->type || !tensor_same_shape(got, want) ||
		!tensor_count(want, &count)) {
		error_set(err, ERROR_CHECK, "%s instead of %s", tensor_describe(got, one),
			tensor_describe(want, two));
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		bool same;
		if (got->type == ELEMENT_FLOAT)
			same = nodes_close(
				(double)got->float32[i], (double)want->float32[i], folder);
		else if (got->type == ELEMENT_DOUBLE)
			same = nodes_close(got->float64[i], want->float64[i], folder);
		else if (got->type == ELEMENT_STRING)
			same = text_equal(got->strings[i], want->strings[i]);
		else
			same = memcmp(got->uint8 + i * element_size(got->type),
				       want->uint8 + i * element_size(got->type),
				       element_size(got->type)) == 0;
		if (!same) {
			error_set(err, ERROR_CHECK, "element %zu of %s differs%s", i,
				tensor_describe(got, one),
				got->type == ELEMENT_FLOAT ? " (float)" : "");
			if (got->type == ELEMENT_FLOAT)
				error_set(err, ERROR_CHECK, "element %zu of %s: %.9g, not %.9g", i,
					tensor_describe(got, one), (double)got->float32[i],
					(double)want->float32[i]);
			return false;
		}
	}
	return true;
}

static enum outcome nodes_data_set(const char *path, struct executor_workspace *workspace,
	const struct executor_plan *plan, const struct folder *folder, struct error *err)
{
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct tensor inputs[64] = { { .rank = 0 } }, want;
	char file[NODES_PATH];
	ck_assert(executor_n_inputs(plan) <= 64);
	for (size_t i = 0; i < executor_n_inputs(plan); i++) {
		nodes_path(file, "%s/input_%zu.pb", path, i);
		if (!nodes_read(file, &bytes))
			return FAILED;
		if (onnx_read_tensor(bytes.text, bytes.length, &arena, &inputs[i], err) < 0)
			return err->code == ERROR_UNSUPPORTED ? UNSUPPORTED : FAILED;
	}
	if (executor_run(workspace, inputs, err) < 0)
		return err->code == ERROR_UNSUPPORTED ? UNSUPPORTED : FAILED;
	for (size_t i = 0; i < executor_n_outputs(plan); i++) {
		nodes_path(file, "%s/output_%zu.pb", path, i);
		if (!nodes_read(file, &bytes))
			return FAILED;
		if (onnx_read_tensor(bytes.text, bytes.length, &arena, &want, err) < 0)
			return err->code == ERROR_UNSUPPORTED ? UNSUPPORTED : FAILED;
		if (!nodes_equal(executor_result(workspace, i), &want, folder, err))
			return FAILED;
	}
	return PASSED;
}

static enum outcome nodes_model(const char *path, const struct folder *folder, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	char file[NODES_PATH];
	nodes_path(file, "%s/model.onnx", path);
	if (!nodes_read(file, &bytes))
		return UNSUPPORTED; /* "real" names files to be downloaded */
	AUTO(graph_release) struct graph graph;
	if (onnx_read(bytes.text, bytes.length, &graph, err) < 0)
		return err->code == ERROR_UNSUPPORTED ? UNSUPPORTED : FAILED;
	AUTO(executor_plan_free) struct executor_plan *plan = NULL;
	AUTO(executor_workspace_free) struct executor_workspace *workspace = NULL;
	if (executor_plan_new(&graph, &plan, err) < 0)
		return err->code == ERROR_UNSUPPORTED ? UNSUPPORTED : FAILED;
	if (executor_workspace_new(plan, &workspace, err) < 0)
		return FAILED;
	for (int set = 0;; set++) {
		nodes_path(file, "%s/test_data_set_%d", path, set);
		DIR *exists = opendir(file);
		if (!exists)
			return set ? PASSED : FAILED;
		closedir(exists);
		enum outcome outcome = nodes_data_set(file, workspace, plan, folder, err);
		if (outcome != PASSED)
			return outcome;
	}
}

static int nodes_wanted(const struct dirent *entry)
{
	return strncmp(entry->d_name, "test_", 5) == 0;
}

static void nodes_folder(const struct folder *folder)
{
	struct dirent **entries;
	char path[NODES_PATH];
	int counts[3] = { 0 };
	nodes_path(path, DATA "/%s", folder->name);
	int n = scandir(path, &entries, nodes_wanted, alphasort);
	if (n < 0) {
		printf("# SKIPPED %s: %s is not there (package libonnx-testdata)\n", folder->name,
			path);
		return;
	}
	for (int i = 0; i < n; i++) {
		struct error err = ERROR_INIT;
		nodes_path(path, DATA "/%s/%s", folder->name, entries[i]->d_name);
		/* These have pi as 3.1415 in the model and in full in the stored result. */
		struct folder mine = *folder;
		if (strstr(entries[i]->d_name, "window"))
			mine.relative = 1e-3;
		enum outcome outcome = nodes_model(path, &mine, &err);
		counts[outcome]++;
		if (outcome == FAILED)
			printf("# FAILED %s/%s: %s\n", folder->name, entries[i]->d_name,
				err.message);
		if (outcome == UNSUPPORTED && getenv("MLOPS_TEST_VERBOSE"))
			printf("# unsupported %s/%s: %s\n", folder->name, entries[i]->d_name,
				err.message);
		free(entries[i]);
	}
	free(entries);
	printf("# %s: %d passed of %d; %d unsupported, %d failed\n", folder->name, counts[PASSED],
		n, counts[UNSUPPORTED], counts[FAILED]);
	fflush(stdout); /* a failed check ends the process at once */
	if (folder->strict)
		ck_assert_int_eq(counts[FAILED], 0);
	ck_assert_int_ge(counts[PASSED], folder->least);
}

START_TEST(single_operators)
{
	nodes_folder(&(struct folder){ "node", 1e-5, 1e-6, 563, true });
}
END_TEST

START_TEST(simple_models)
{
	nodes_folder(&(struct folder){ "simple", 1e-3, 1e-7, 7, true });
}
END_TEST

START_TEST(networks_from_pytorch)
{
	nodes_folder(&(struct folder){ "pytorch-converted", 1e-3, 1e-5, 19, true });
	nodes_folder(&(struct folder){ "pytorch-operator", 1e-3, 1e-5, 16, true });
}
END_TEST

UNIT_MAIN("model/onnx_nodes", single_operators, simple_models, networks_from_pytorch)
