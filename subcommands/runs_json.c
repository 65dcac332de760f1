#include "runs_json.h"

#include <math.h>

#include "mlops/record/code.h"
#include "mlops/record/environment.h"
#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "mlops/record/run.h"
#include "mlops/record/tags.h"

/* A number that is not there is null, not "NaN". */
static void runs_json_known(struct json_writer *json, const char *key, double value)
{
	json_key(json, key);
	if (isnan(value))
		json_null(json);
	else
		json_number(json, value);
}

static void runs_json_time(struct json_writer *json, const char *key, int64_t time)
{
	json_key(json, key);
	if (time)
		json_time(json, time);
	else
		json_null(json);
}

static void runs_json_count(struct json_writer *json, const char *key, int64_t count)
{
	json_key(json, key);
	if (count >= 0)
		json_integer(json, count);
	else
		json_null(json);
}

static void runs_json_facts(struct json_writer *json, const struct run *run)
{
	json_key_string(json, "run", run->id);
	json_key_string(json, "name", run->name);
	json_key_string(json, "status", run_status_name(run->status));
	json_key_string(json, "reason", run->reason);
	runs_json_time(json, "started", run->started);
	runs_json_time(json, "ended", run->ended);
	runs_json_known(json, "duration", run_duration(run));
	json_key_string(json, "command", run->command);
	json_key_string(json, "project", run->project);
	json_key_string(json, "task", run->task);
	json_key_string(json, "model", run->model);
	runs_json_count(json, "seed", run->seed);
	json_key_string(json, "user", run->user);
	json_key_string(json, "parent", run->parent);
	json_key_string(json, "note", run->note);
	runs_json_time(json, "removed", run->removed);
}

int runs_json_summary(
	struct json_writer *json, struct record *record, int64_t number, struct error *err)
{
	AUTO(run_release) struct run run = { .number = 0 };
	AUTO(params_release) struct params params = { .items = NULL };
	AUTO(metrics_release) struct run_metrics metrics = { .items = NULL };
	AUTO(tags_release) struct tags tags = { .items = NULL };
	if (run_load(record, number, &run, err) < 0 ||
		params_load(record, number, &params, err) < 0 ||
		metrics_load_last(record, number, &metrics, err) < 0 ||
		tags_load(record, number, &tags, err) < 0)
		return -err->code;
	runs_json_facts(json, &run);
	json_key(json, "params");
	json_object(json);
	for (size_t i = 0; i < params.count; i++)
		json_key_string(json, params.items[i].name, params.items[i].value);
	json_end(json);
	json_key(json, "metrics");
	json_object(json);
	for (size_t i = 0; i < metrics.count; i++)
		json_key_number(json, metrics.items[i].name, metrics.items[i].value);
	json_end(json);
	json_key(json, "tags");
	json_object(json);
	for (size_t i = 0; i < tags.count; i++)
		json_key_string(json, tags.items[i].name, tags.items[i].value);
	json_end(json);
	return 0;
}

int runs_json_files(
	struct json_writer *json, const char *key, const struct run_files *files, struct error *err)
{
	(void)err;
	json_key(json, key);
	json_array(json);
	for (size_t i = 0; i < files->count; i++) {
		const struct run_file *file = &files->items[i];
		json_object(json);
		json_key_string(json, "path", file->path);
		json_key_string(json, "hash", file->hash);
		json_key_string(json, "kind", file->kind);
		runs_json_count(json, "bytes", file->size);
		runs_json_count(json, "rows", file->n_rows);
		runs_json_count(json, "columns", file->n_columns);
		json_end(json);
	}
	json_end(json);
	return 0;
}

static int runs_json_series(
	struct json_writer *json, struct record *record, int64_t run, struct error *err)
{
	AUTO(metrics_release) struct run_metrics metrics = { .items = NULL };
	if (metrics_load(record, run, &metrics, err) < 0)
		return -err->code;
	json_key(json, "series");
	json_array(json);
	for (size_t i = 0; i < metrics.count; i++) {
		const struct run_metric *metric = &metrics.items[i];
		json_object(json);
		json_key_string(json, "metric", metric->name);
		json_key_number(json, "value", metric->value);
		json_key_integer(json, "step", metric->step);
		runs_json_known(json, "low", metric->low);
		runs_json_known(json, "high", metric->high);
		runs_json_known(json, "minimum", metric->minimum);
		runs_json_known(json, "maximum", metric->maximum);
		json_key_integer(json, "points", (int64_t)metric->n_points);
		json_end(json);
	}
	json_end(json);
	return 0;
}

static int runs_json_code(
	struct json_writer *json, struct record *record, int64_t run, struct error *err)
{
	AUTO(run_code_release) struct run_code code = { .commit = NULL };
	if (run_code_load(record, run, &code, err) < 0)
		return -err->code;
	json_key(json, "code");
	json_object(json);
	json_key_string(json, "commit", code.commit);
	json_key_string(json, "branch", code.branch);
	json_key_string(json, "remote", code.remote);
	json_key_string(json, "describe", code.describe);
	json_key_boolean(json, "dirty", code.dirty);
	json_key_integer(json, "changed", code.n_changed);
	json_key_integer(json, "untracked", code.n_untracked);
	json_key_string(json, "patch", code.patch);
	json_key_string(json, "untracked_files", code.untracked);
	json_key_string(json, "lost", code.lost);
	json_end(json);
	return 0;
}

static int runs_json_environment(
	struct json_writer *json, struct record *record, int64_t run, struct error *err)
{
	AUTO(facts_release) struct facts facts = { .items = NULL };
	struct run_resources resources;
	bool known;
	if (run_environment_load(record, run, &facts, err) < 0 ||
		run_resources_load(record, run, &resources, &known, err) < 0)
		return -err->code;
	json_key(json, "environment");
	json_object(json);
	for (size_t i = 0; i < facts.count; i++)
		json_key_string(json, facts.items[i].name, facts.items[i].value);
	json_end(json);
	json_key(json, "resources");
	if (!known) {
		json_null(json);
		return 0;
	}
	json_object(json);
	json_key_number(json, "wall", resources.wall);
	json_key_number(json, "user", resources.user);
	json_key_number(json, "system", resources.system);
	json_key_integer(json, "peak_memory", resources.peak_memory);
	json_key_integer(json, "threads", resources.threads);
	json_end(json);
	return 0;
}

int runs_json_details(
	struct json_writer *json, struct record *record, int64_t run, struct error *err)
{
	static const char *const keys[] = { "inputs", "outputs", "artifacts" };
	if (runs_json_series(json, record, run, err) < 0 ||
		runs_json_code(json, record, run, err) < 0)
		return -err->code;
	for (int role = 0; role < FILE_ROLE_COUNT; role++) {
		AUTO(run_files_release) struct run_files files = { .items = NULL };
		if (run_files_load(record, run, (enum file_role)role, &files, err) < 0 ||
			runs_json_files(json, keys[role], &files, err) < 0)
			return -err->code;
	}
	return runs_json_environment(json, record, run, err);
}
