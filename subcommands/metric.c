#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/parse.h"
#include "runs.h"

struct metric_options {
	const char *revision;
	struct option_list metrics;
	int64_t step;
	bool history;
};

static const struct option_spec metric_option_table[] = {
	OPTION_I64(struct metric_options, step, 0, "step", "N", INT64_MIN, INT64_MAX,
		"the step that the values belong to (0 unless said)"),
	OPTION_FLAG(struct metric_options, history, 0, "history",
		"read all steps of a metric, not only the last"),
	OPTION_END,
};

static const struct operand_spec metric_operands[] = {
	OPERAND(struct metric_options, revision, 1, "RUN", COMPLETE_RUN, "the run"),
	OPERAND_LIST(struct metric_options, metrics, 1, "METRIC", COMPLETE_METRIC,
		"metrics to log, METRIC=VALUE, or to read, METRIC"),
	OPERAND_END,
};

enum { METRIC_NAME, METRIC_STEP, METRIC_VALUE, METRIC_TIME };
static const struct row_spec metric_rows[] = {
	[METRIC_NAME] = { "metric", "metric", ROW_TEXT },
	[METRIC_STEP] = { "step", "step", ROW_INTEGER },
	[METRIC_VALUE] = { "value", "value", ROW_NUMBER },
	[METRIC_TIME] = { "time", "time", ROW_TIME },
	ROW_END,
};

/* nan and inf too: a diverged training must be able to say so. */
static bool metric_parse(const char *text, double *ret)
{
	static const struct {
		const char *name;
		double value;
	} words[] = { { "nan", NAN }, { "NaN", NAN }, { "inf", INFINITY }, { "-inf", -INFINITY },
		{ "Infinity", INFINITY }, { "-Infinity", -INFINITY } };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(text, words[i].name) == 0) {
			*ret = words[i].value;
			return true;
		}
	}
	return parse_f64(text_of(text), ret);
}

static int metric_write(
	struct invocation *invocation, const struct metric_options *options, struct error *err)
{
	AUTO(record_close) struct record *record = NULL;
	size_t count = options->metrics.count;
	struct metric_point *points =
		arena_allocate(&invocation->arena, count, sizeof *points, err);
	int64_t run;
	if (!points)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		/* The last '=': a name may hold one. */
		const char *text = options->metrics.items[i], *equal = strrchr(text, '=');
		points[i] = (struct metric_point){ .step = options->step };
		points[i].name =
			arena_copy_bytes(&invocation->arena, text, (size_t)(equal - text), err);
		if (!points[i].name)
			return -err->code;
		if (!metric_parse(equal + 1, &points[i].value))
			return error_set(err, ERROR_USAGE, "metric '%s': '%s' is not a number",
				points[i].name, equal + 1);
	}
	if (runs_open_to_write(invocation, &record, err) < 0 ||
		runs_resolve(invocation, record, options->revision, &run, err) < 0)
		return -err->code;
	return metrics_log(record, run, points, count, err);
}

static int metric_missing(
	struct record *record, const char *revision, const char *name, struct error *err)
{
	AUTO(names_release) struct names names = { .items = NULL };
	if (key_names(record, KEY_METRIC, &names, err) < 0)
		return -err->code;
	error_set(err, ERROR_NOT_FOUND, "run '%s' has no metric '%s'", revision, name);
	const char *nearest = text_nearest(name, names.items);
	return nearest ? error_hint(err, "did you mean '%s'?", nearest) : -ERROR_NOT_FOUND;
}

/* A single value, bare, so that a script can use it. */
static int metric_print(struct invocation *invocation, double value)
{
	struct strbuf *text = output_text(&invocation->output);
	strbuf_add_double(text, value);
	strbuf_add_char(text, '\n');
	return 0;
}

static int metric_read_one(struct invocation *invocation, const struct metric_options *options,
	const char *name, struct rows *rows, struct error *err)
{
	AUTO(metric_series_release) struct metric_series series = { .steps = NULL };
	int64_t run;
	if (runs_resolve(invocation, invocation->record, options->revision, &run, err) < 0 ||
		metric_history(invocation->record, run, name, &series, err) < 0)
		return -err->code;
	if (!series.count)
		return metric_missing(invocation->record, options->revision, name, err);
	if (options->metrics.count == 1 && !options->history && !invocation->globals.json)
		return metric_print(invocation, series.values[series.count - 1]);
	for (size_t i = options->history ? 0 : series.count - 1; i < series.count; i++) {
		rows_next(rows);
		rows_text(rows, METRIC_NAME, name);
		rows_integer(rows, METRIC_STEP, series.steps[i]);
		rows_number(rows, METRIC_VALUE, series.values[i]);
		rows_time(rows, METRIC_TIME, series.times[i]);
	}
	return 0;
}

static int metric_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct metric_options *options = raw_options;
	size_t values = 0;
	for (size_t i = 0; i < options->metrics.count; i++)
		values += strchr(options->metrics.items[i], '=') != NULL;
	if (values && values < options->metrics.count)
		return error_set(err, ERROR_USAGE, "some metrics have a value to log and some not");
	if (values)
		return metric_write(invocation, options, err);
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, metric_rows);
	for (size_t i = 0; i < options->metrics.count; i++) {
		if (metric_read_one(invocation, options, options->metrics.items[i], &rows, err) < 0)
			return -err->code;
	}
	return rows.n_rows || invocation->globals.json
		       ? output_rows(&invocation->output, "points", &rows, err)
		       : 0;
}

const struct command command_metric = {
	.name = "metric",
	.summary = "log metrics of a run from a script, or read them",
	.group = COMMAND_RUNS,
	.options = metric_option_table,
	.operands = metric_operands,
	.rows = metric_rows,
	.options_size = sizeof(struct metric_options),
	.needs = COMMAND_DATABASE | COMMAND_JSON,
	.run = metric_run,
};
