#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/base/path.h"
#include "mlops/base/utf8.h"
#include "mlops/record/code.h"
#include "mlops/record/environment.h"
#include "mlops/record/files.h"
#include "mlops/record/params.h"
#include "mlops/record/revision.h"
#include "mlops/record/tags.h"
#include "mlops/store/object.h"
#include "mlops/system/file.h"
#include "mlops/ui/text_table.h"
#include "runs.h"
#include "runs_json.h"

enum { SHOW_LOG_LINES = 20, SHOW_LOG_BYTES = 64 << 10, SHOW_HASH_DIGITS = 12 };

struct show_options {
	const char *revision;
};

static const struct operand_spec show_operands[] = {
	OPERAND(struct show_options, revision, 0, "RUN", COMPLETE_RUN,
		"the run (the last one unless said), or RUN:PATH, an artifact of it"),
	OPERAND_END,
};

/* Of a list of artifacts. */
enum { SHOW_PATH, SHOW_KIND, SHOW_BYTES, SHOW_HASH };
static const struct row_spec show_rows[] = {
	[SHOW_PATH] = { "path", "path", ROW_TEXT },
	[SHOW_KIND] = { "kind", "kind", ROW_TEXT, ROW_OPTIONAL },
	[SHOW_BYTES] = { "bytes", "size", ROW_BYTES },
	[SHOW_HASH] = { "hash", "hash", ROW_TEXT, ROW_JSON_ONLY },
	ROW_END,
};

static int show_list(
	struct invocation *invocation, const struct run_files *files, struct error *err)
{
	if (invocation->globals.json)
		return runs_json_files(output_json(&invocation->output), "artifacts", files, err);
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, show_rows);
	for (size_t i = 0; i < files->count; i++) {
		const struct run_file *file = &files->items[i];
		rows_next(&rows);
		rows_text(&rows, SHOW_PATH, file->path);
		rows_text(&rows, SHOW_KIND, file->kind);
		if (file->size >= 0)
			rows_count(&rows, SHOW_BYTES, (uint64_t)file->size);
		rows_text(&rows, SHOW_HASH, file->hash);
	}
	return output_rows(&invocation->output, "artifacts", &rows, err);
}

static int show_no_artifact(
	const struct run_files *files, const char *revision, const char *path, struct error *err)
{
	const char *names[64];
	size_t count = 0;
	for (; count < files->count && count < 63; count++)
		names[count] = files->items[count].path;
	names[count] = NULL;
	error_set(err, ERROR_NOT_FOUND, "run '%s' has no artifact '%s'", revision, path);
	const char *nearest = text_nearest(path, names);
	if (nearest)
		return error_hint(err, "did you mean '%s'?", nearest);
	return error_hint(err, "'mlops show %s:' lists what it has", revision);
}

static int show_artifact(struct invocation *invocation, const char *text, struct error *err)
{
	struct text revision, path;
	AUTO(run_files_release) struct run_files files = { .items = NULL };
	int64_t run;
	revision_split(text, &revision, &path);
	const char *name = arena_copy_bytes(&invocation->arena, revision.at, revision.length, err);
	if (!name || runs_resolve(invocation, invocation->record, name, &run, err) < 0 ||
		run_files_load(invocation->record, run, FILE_ARTIFACT, &files, err) < 0)
		return -err->code;
	if (!path.length)
		return show_list(invocation, &files, err);
	if (invocation->globals.json)
		return error_set(
			err, ERROR_USAGE, "an artifact is written as it is, without --json");
	const struct run_file *file = run_files_find(&files, path.at);
	if (!file)
		return show_no_artifact(&files, name, path.at, err);
	struct hash hash;
	AUTO(object_store_close) struct object_store *objects = NULL;
	if (!hash_parse(text_of(file->hash), &hash))
		return error_set(err, ERROR_CORRUPT, "artifact '%s' has no valid hash", file->path);
	if (output_flush(&invocation->output, err) < 0 ||
		object_store_open(&invocation->workspace, &objects, err) < 0)
		return -err->code;
	int status =
		object_get_stream(objects, &hash, invocation->output.fd, "standard output", err);
	/* Its run came from a remote, or gc has been told that it is not needed. */
	return status == -ERROR_NOT_FOUND ? error_hint(err, "mlops pull --run %s fetches it", name)
					  : status;
}

/* A section's table: a name and what belongs to it. */
static void show_line(struct text_table *table, const char *name, const char *value)
{
	if (!value || !value[0])
		return;
	text_table_cell(table, text_of(name), COLOUR_NONE);
	text_table_cell(table, text_of(value), COLOUR_NONE);
	text_table_end_row(table);
}

static void show_table(struct text_table *table)
{
	text_table_init(table);
	table->no_heading = true;
	text_table_column(table, "", TABLE_LEFT);
	text_table_column(table, "", TABLE_LEFT);
}

static int show_render(struct invocation *invocation, struct text_table *table, struct error *err)
{
	return text_table_render(
		table, &invocation->output.style, output_text(&invocation->output), err);
}

static void show_when(struct invocation *invocation, const struct run *run, struct strbuf *text)
{
	clock_format(text, run->started);
	strbuf_add(text, ", ");
	clock_format_age(text, run->started, invocation->output.now);
	if (run->user)
		strbuf_printf(text, ", by %s", run->user);
	if (run->host && run->host[0])
		strbuf_printf(text, " on %s", run->host);
}

static void show_status(const struct run *run, struct strbuf *text)
{
	runs_add_status(text, run->status, run->reason);
	if (!isnan(run_duration(run))) {
		strbuf_add(text, run->status == RUN_RUNNING ? ", since " : ", after ");
		clock_format_duration(text, run_duration(run));
	}
	if (run->removed)
		strbuf_add(text, ", removed");
}

static int show_head(struct invocation *invocation, const struct run *run, struct error *err)
{
	AUTO(text_table_release) struct text_table table;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO(tags_release) struct tags tags = { .items = NULL };
	if (tags_load(invocation->record, run->number, &tags, err) < 0)
		return -err->code;
	show_table(&table);
	show_line(&table, "run", run->id);
	show_line(&table, "name", run->name);
	show_status(run, &text);
	show_line(&table, "status", text.text);
	strbuf_clear(&text);
	show_when(invocation, run, &text);
	show_line(&table, "started", text.text);
	show_line(&table, "command", run->arguments ? run->arguments : run->command);
	show_line(&table, "project", run->project);
	strbuf_clear(&text);
	strbuf_printf(&text, "%s%s%s%s", run->model ? run->model : "", run->task ? " (" : "",
		run->task ? run->task : "", run->task ? ")" : "");
	show_line(&table, "model", text.text);
	strbuf_clear(&text);
	if (run->seed >= 0)
		strbuf_printf(&text, "%" PRId64, run->seed);
	show_line(&table, "seed", text.text);
	show_line(&table, "parent", run->parent);
	strbuf_clear(&text);
	for (size_t i = 0; i < tags.count; i++)
		strbuf_printf(&text, "%s%s%s%s", i ? ", " : "", tags.items[i].name,
			tags.items[i].value[0] ? "=" : "", tags.items[i].value);
	show_line(&table, "tags", text.text);
	show_line(&table, "note", run->note);
	if (strbuf_check(&text, err) < 0)
		return -err->code;
	return show_render(invocation, &table, err);
}

static int show_metrics(struct invocation *invocation, int64_t run, struct error *err)
{
	AUTO(text_table_release) struct text_table table;
	AUTO(metrics_release) struct run_metrics metrics = { .items = NULL };
	if (metrics_load(invocation->record, run, &metrics, err) < 0)
		return -err->code;
	text_table_init(&table);
	if (!metrics.count)
		return 0;
	text_table_column(&table, "metric", TABLE_LEFT);
	text_table_column(&table, "value", TABLE_LEFT);
	text_table_column(&table, "95% interval", TABLE_LEFT | TABLE_OPTIONAL);
	text_table_column(&table, "steps", TABLE_RIGHT | TABLE_OPTIONAL);
	for (size_t i = 0; i < metrics.count; i++) {
		const struct run_metric *metric = &metrics.items[i];
		AUTO(strbuf_release) struct strbuf value = STRBUF_INIT, interval = STRBUF_INIT;
		if (runs_add_metric(
			    invocation, invocation->record, run, metric->name, &value, err) < 0)
			return -err->code;
		if (!isnan(metric->low)) {
			output_add_number(&interval, metric->low);
			strbuf_add(&interval, invocation->output.style.utf8 ? " – " : " to ");
			output_add_number(&interval, metric->high);
		}
		text_table_cell(&table, text_of(metric->name), COLOUR_NONE);
		text_table_cell(&table, text_of(value.text), COLOUR_NONE);
		text_table_cell(&table, text_of(interval.text), COLOUR_NONE);
		if (metric->n_points > 1)
			text_table_cell_format(&table, COLOUR_NONE, "%" PRIu64, metric->n_points);
		text_table_end_row(&table);
	}
	strbuf_add_char(output_text(&invocation->output), '\n');
	return show_render(invocation, &table, err);
}

static int show_params(struct invocation *invocation, int64_t run, struct error *err)
{
	AUTO(text_table_release) struct text_table table;
	AUTO(params_release) struct params params = { .items = NULL };
	show_table(&table);
	if (params_load(invocation->record, run, &params, err) < 0)
		return -err->code;
	if (!params.count)
		return 0;
	for (size_t i = 0; i < params.count; i++) {
		const char *value = params.items[i].value;
		show_line(&table, params.items[i].name, value[0] ? value : "''");
	}
	runs_heading(invocation, "params");
	return show_render(invocation, &table, err);
}

static void show_code_line(const struct run_code *code, struct strbuf *text)
{
	if (!code->commit)
		return;
	strbuf_printf(text, "%.10s", code->commit);
	if (code->branch)
		strbuf_printf(text, " on %s", code->branch);
	if (code->describe && strncmp(code->describe, code->commit, strlen(code->describe)) != 0)
		strbuf_printf(text, " (%s)", code->describe);
	if (code->dirty)
		strbuf_printf(text, ", dirty: %" PRId64 " file%s changed%s", code->n_changed,
			code->n_changed == 1 ? "" : "s", code->patch ? ", patch kept" : "");
	else
		strbuf_add(text, ", clean");
}

static int show_code(struct invocation *invocation, int64_t run, struct error *err)
{
	AUTO(text_table_release) struct text_table table;
	AUTO(run_code_release) struct run_code code = { .commit = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	show_table(&table);
	if (run_code_load(invocation->record, run, &code, err) < 0)
		return -err->code;
	show_code_line(&code, &text);
	if (!text.length && !code.lost)
		return 0;
	show_line(&table, "commit", text.text);
	show_line(&table, "remote", code.remote);
	struct text rest = text_of(code.lost), line;
	while (text_split(&rest, '\n', &line)) {
		text_table_cell(&table, TEXT("not kept"), COLOUR_WARNING);
		text_table_cell(&table, line, COLOUR_NONE);
		text_table_end_row(&table);
	}
	runs_heading(invocation, "code");
	return strbuf_check(&text, err) < 0 ? -(int)err->code
					    : show_render(invocation, &table, err);
}

static int show_files(
	struct invocation *invocation, int64_t run, enum file_role role, struct error *err)
{
	static const char *const titles[] = { "inputs", "outputs", "artifacts" };
	AUTO(text_table_release) struct text_table table;
	AUTO(run_files_release) struct run_files files = { .items = NULL };
	text_table_init(&table);
	table.no_heading = true;
	if (run_files_load(invocation->record, run, role, &files, err) < 0)
		return -err->code;
	if (!files.count)
		return 0;
	for (int i = 0; i < 4; i++)
		text_table_column(&table, "", i == 0 ? TABLE_SHRINK : TABLE_OPTIONAL);
	for (size_t i = 0; i < files.count; i++) {
		const struct run_file *file = &files.items[i];
		AUTO(strbuf_release) struct strbuf size = STRBUF_INIT, shape = STRBUF_INIT;
		if (file->size >= 0)
			output_add_bytes(&size, (uint64_t)file->size);
		if (file->n_rows >= 0 && file->n_columns >= 0)
			strbuf_printf(&shape, "%" PRId64 " %s %" PRId64, file->n_rows,
				invocation->output.style.utf8 ? "×" : "x", file->n_columns);
		text_table_cell(&table, text_of(file->path), COLOUR_NONE);
		text_table_cell(&table, text_of(shape.text), COLOUR_NONE);
		text_table_cell(&table, text_of(size.text), COLOUR_NONE);
		text_table_cell(&table, (struct text){ file->hash, SHOW_HASH_DIGITS }, COLOUR_DIM);
		text_table_end_row(&table);
	}
	runs_heading(invocation, titles[role]);
	return show_render(invocation, &table, err);
}

static int show_environment(struct invocation *invocation, int64_t run, struct error *err)
{
	AUTO(text_table_release) struct text_table table;
	AUTO(facts_release) struct facts facts = { .items = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct run_resources resources;
	bool known;
	show_table(&table);
	if (run_environment_load(invocation->record, run, &facts, err) < 0 ||
		run_resources_load(invocation->record, run, &resources, &known, err) < 0)
		return -err->code;
	for (size_t i = 0; i < facts.count; i++)
		show_line(&table, facts.items[i].name, facts.items[i].value);
	if (known) {
		strbuf_add(&text, "processor ");
		clock_format_duration(&text, resources.user + resources.system);
		strbuf_add(&text, ", wall ");
		clock_format_duration(&text, resources.wall);
		strbuf_add(&text, ", peak memory ");
		output_add_bytes(&text, (uint64_t)resources.peak_memory);
		show_line(&table, "used", text.text);
	}
	if (!facts.count && !known)
		return 0;
	runs_heading(invocation, "environment");
	return strbuf_check(&text, err) < 0 ? -(int)err->code
					    : show_render(invocation, &table, err);
}

/* The end of the log of a run that did not end well. */
static int show_log(struct invocation *invocation, const struct run *run, struct error *err)
{
	if (!run->log || run->status == RUN_FINISHED)
		return 0;
	AUTO_FREE char *path = path_join(invocation->workspace.folder, run->log, err);
	AUTO(strbuf_release) struct strbuf log = STRBUF_INIT;
	struct error unread = ERROR_INIT;
	if (!path)
		return -err->code;
	/* What stands there came from programs: it is escaped, and a missing log is no failure. */
	if (file_read(path, 0, &log, &unread) < 0 || !log.length)
		return 0;
	size_t start = log.length - (log.text[log.length - 1] == '\n');
	size_t lines = 0, least = start > SHOW_LOG_BYTES ? start - SHOW_LOG_BYTES : 0;
	while (start > least && lines < SHOW_LOG_LINES) {
		start--;
		lines += log.text[start] == '\n';
	}
	start += log.text[start] == '\n';
	runs_heading(invocation, "end of its log");
	struct text rest = { log.text + start, log.length - start }, line;
	while (text_split(&rest, '\n', &line)) {
		utf8_escape(output_text(&invocation->output), line);
		strbuf_add_char(output_text(&invocation->output), '\n');
	}
	return 0;
}

static int show_everything(struct invocation *invocation, int64_t number, struct error *err)
{
	AUTO(run_release) struct run run = { .number = 0 };
	if (invocation->globals.json) {
		struct json_writer *json = output_json(&invocation->output);
		return runs_json_summary(json, invocation->record, number, err) < 0
			       ? -(int)err->code
			       : runs_json_details(json, invocation->record, number, err);
	}
	if (run_load(invocation->record, number, &run, err) < 0 ||
		show_head(invocation, &run, err) < 0 || show_metrics(invocation, number, err) < 0 ||
		show_params(invocation, number, err) < 0 ||
		show_files(invocation, number, FILE_INPUT, err) < 0 ||
		show_files(invocation, number, FILE_OUTPUT, err) < 0 ||
		show_files(invocation, number, FILE_ARTIFACT, err) < 0 ||
		show_code(invocation, number, err) < 0 ||
		show_environment(invocation, number, err) < 0 ||
		show_log(invocation, &run, err) < 0)
		return -err->code;
	return 0;
}

static int show_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct show_options *options = raw_options;
	int64_t run;
	if (strchr(options->revision, ':'))
		return show_artifact(invocation, options->revision, err);
	if (runs_resolve(invocation, invocation->record, options->revision, &run, err) < 0)
		return -err->code;
	return show_everything(invocation, run, err);
}

const struct command command_show = {
	.name = "show",
	.summary = "show all of a run, or write out an artifact of it",
	.group = COMMAND_RUNS,
	.operands = show_operands,
	.rows = show_rows,
	.options_size = sizeof(struct show_options),
	.defaults = &(const struct show_options){ .revision = "@" },
	.needs = COMMAND_DATABASE | COMMAND_PAGED | COMMAND_JSON,
	.run = show_run,
};
