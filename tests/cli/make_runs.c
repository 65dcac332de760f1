/*
 * make_runs FOLDER: a project in the folder with five runs whose every word is known, for tests of
 * the commands that read runs. Times are around MLOPS_TEST_CLOCK.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/database/transaction.h"
#include "mlops/git/repository.h"
#include "mlops/record/code.h"
#include "mlops/record/environment.h"
#include "mlops/record/files.h"
#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "mlops/record/run.h"
#include "mlops/record/tags.h"
#include "mlops/store/object.h"

#define HOUR INT64_C(3600000000)

static const struct made {
	const char *id, *name, *model, *reason;
	enum run_status status;
	int64_t hours; /* before now */
	const char *c;
	double roc_auc, low, high, log_loss;
	unsigned steps;
	bool dirty;
} made_runs[] = {
	{ "c90aa170000000000000000000000001", "plain-moth", "baseline", NULL, RUN_FINISHED, 75,
		NULL, 0.5, NAN, NAN, 0.66, 1, false },
	{ "e15f00d0000000000000000000000002", "loud-crow", "logistic", "signal 9", RUN_FAILED, 50,
		"100", NAN, NAN, NAN, NAN, 1, false },
	{ "51d08be0000000000000000000000003", "shy-heron", "logistic", NULL, RUN_FINISHED, 3, "0.1",
		0.993, 0.981, 0.998, 0.097, 6, true },
	{ "7f3a9c20000000000000000000000004", "calm-otter", "logistic", NULL, RUN_FINISHED, 1, "1",
		0.995, 0.985, 1, 0.081, 12, false },
	{ "7f3a9c21000000000000000000000005", "odd \x1b[31mname", "logistic", NULL, RUN_CANCELLED,
		0, "auto", 0.9, NAN, NAN, INFINITY, 2, false },
};
enum { MADE_RUNS = sizeof made_runs / sizeof *made_runs };

static int make_metrics(
	struct record *record, int64_t run, const struct made *made, struct error *err)
{
	struct metric_point points[16] = {
		{ .name = "roc_auc", .value = made->roc_auc, .low = made->low, .high = made->high }
	};
	size_t count = 1;
	if (made->status == RUN_FAILED)
		return 0;
	for (unsigned step = 0; step < made->steps; step++)
		points[count++] = (struct metric_point){ .name = "log_loss",
			.step = step,
			.value = made->log_loss + (made->steps - 1 - step) * 0.05 };
	return metrics_log(record, run, points, count, err);
}

enum { MAKE_CONTENT = 64 };

static void make_content(const struct made *made, char ret[MAKE_CONTENT])
{
	snprintf(ret, MAKE_CONTENT, "model of %s\n", made->id);
}

/* Before the transaction that records it: the store has a connection of its own. */
static int make_object(struct object_store *objects, const struct made *made, struct error *err)
{
	char content[MAKE_CONTENT];
	struct hash hash;
	make_content(made, content);
	int status = object_put_bytes(objects, content, strlen(content), &hash, err);
	return status < 0 ? status : object_store_flush(objects, err);
}

static int make_files(
	struct record *record, int64_t run, const struct made *made, struct error *err)
{
	struct hash hash;
	char text[HASH_TEXT_SIZE], content[MAKE_CONTENT];
	struct run_file input = { .path = (char[]){ "data/a.csv" },
		.kind = (char[]){ "data" },
		.hash =
			(char[]){
				"8c1f02ab99d0000000000000000000000000000000000000000000000000000a" },
		.size = 1234,
		.n_rows = 569,
		.n_columns = 31 };
	make_content(made, content);
	hash_bytes(content, strlen(content), &hash);
	hash_format(&hash, text);
	struct run_file model = { .path = (char[]){ "model.onnx" },
		.kind = (char[]){ "model" },
		.hash = text,
		.size = (int64_t)strlen(content),
		.n_rows = -1,
		.n_columns = -1 };
	if (run_file_add(record, run, FILE_INPUT, &input, err) < 0)
		return -err->code;
	return made->status == RUN_FINISHED ? run_file_add(record, run, FILE_ARTIFACT, &model, err)
					    : 0;
}

static int make_code(struct record *record, int64_t run, const struct made *made, struct error *err)
{
	struct repository_state state = { .commit = "9c27e5500000000000000000000000000000000a",
		.branch = (char[]){ "main" },
		.dirty = made->dirty,
		.n_changed = made->dirty ? 2 : 0 };
	AUTO(facts_release) struct facts facts = { .items = NULL };
	struct run_resources used = {
		.wall = 0.038, .user = 0.03, .system = 0.004, .peak_memory = 21000000, .threads = 2
	};
	if (made->dirty)
		memcpy(state.commit, "4be11d0", 7);
	if (run_code_set(record, run, &state, NULL, NULL, err) < 0 ||
		facts_add(&facts, "cpu", "a processor", err) < 0 ||
		facts_add(&facts, "mlops", made->dirty ? "0.1.0" : "0.1.1", err) < 0 ||
		run_environment_set(record, run, &facts, err) < 0)
		return -err->code;
	return run_resources_set(record, run, &used, err);
}

static int make_run(struct record *record, struct object_store *objects, const struct made *made,
	struct error *err)
{
	struct run_start start = { .id = made->id,
		.command = "train",
		.project = "breast-cancer",
		.task = "binary",
		.model = made->model,
		.user = "ada",
		.seed = 7,
		.arguments = "mlops train" };
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	AUTO(strbuf_release) struct strbuf late = STRBUF_INIT;
	int64_t run;
	if (make_object(objects, made, err) < 0 ||
		transaction_begin(&change, record_database(record), TRANSACTION_NORMAL, err) < 0 ||
		run_begin(record, &start, &run, NULL, err) < 0 ||
		params_set(record, run, "model.type", made->model, err) < 0 ||
		(made->c && params_set(record, run, "model.C", made->c, err) < 0) ||
		make_metrics(record, run, made, err) < 0 ||
		make_files(record, run, made, err) < 0 || make_code(record, run, made, err) < 0 ||
		run_finish(record, run, made->status, made->reason, err) < 0)
		return -err->code;
	/* What no caller can choose: the name with an escape in it, the host, the times. */
	strbuf_printf(&late,
		"UPDATE runs SET name = '%s', host = 'vega', started = started - %lld, "
		"ended = started - %lld + 38000 WHERE number = %lld",
		made->name, (long long)(made->hours * HOUR), (long long)(made->hours * HOUR),
		(long long)run);
	if (strbuf_check(&late, err) < 0 ||
		database_execute(record_database(record), late.text, err) < 0)
		return -err->code;
	return transaction_commit(&change, err);
}

int main(int argc, char **argv)
{
	struct error error = ERROR_INIT, *err = &error;
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(object_store_close) struct object_store *objects = NULL;
	AUTO(record_close) struct record *record = NULL;
	if (argc != 2)
		return 2;
	int status = workspace_create(argv[1], &workspace, NULL, err);
	if (status == 0)
		status = object_store_open(&workspace, &objects, err);
	if (status == 0)
		status = record_open(workspace.database, DATABASE_CREATE, &record, err);
	for (size_t i = 0; status == 0 && i < MADE_RUNS; i++)
		status = make_run(record, objects, &made_runs[i], err);
	if (status == 0)
		status = tag_set(record, 4, "candidate", NULL, err);
	if (status == 0)
		status = tag_set(record, 3, "team", "red", err);
	if (status < 0)
		fprintf(stderr, "make_runs: %s\n", err->message);
	return status < 0;
}
