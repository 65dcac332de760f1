#include <math.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/record/code.h"
#include "mlops/record/params.h"
#include "mlops/record/tags.h"
#include "runs.h"
#include "runs_json.h"

enum { LOG_METRICS = 3, LOG_COLUMNS = 32 };

struct log_options {
	uint64_t limit;
	const char *filter, *sort, *columns;
	bool all;
};

static const struct option_spec log_option_table[] = {
	OPTION_U64(struct log_options, limit, 0, "limit", "N", 0, 1000000,
		"show at most N runs (20 unless said; 0: all)"),
	OPTION_STRING(struct log_options, filter, 0, "filter", "FILTER",
		"only runs that pass, such as \"metrics.roc_auc > 0.9\""),
	OPTION_STRING(struct log_options, sort, 0, "sort", "KEYS",
		"order by KEYS, such as -metrics.roc_auc,started"),
	OPTION_STRING(struct log_options, columns, 0, "columns", "FIELDS",
		"show these, such as name,metrics.f1,params.model.C"),
	OPTION_FLAG(struct log_options, all, 0, "all", "removed runs too"),
	OPTION_END,
};

/* What is chosen to be shown: the fields, and a table's description made of them. */
struct log_view {
	struct field columns[LOG_COLUMNS];
	size_t n_columns;
	struct row_spec specs[LOG_COLUMNS + 2];
	size_t status; /* index of the column that says how unusual runs ended */
};

/* A field by its name and kind, without parsing. */
static void log_add_field(struct log_view *view, struct field field)
{
	if (view->n_columns + 1 < LOG_COLUMNS)
		view->columns[view->n_columns++] = field;
}

static void log_add_attribute(struct log_view *view, enum attribute attribute)
{
	log_add_field(view, (struct field){ .kind = FIELD_ATTRIBUTE,
				    .attribute = attribute,
				    .type = attribute_type(attribute),
				    .name = attribute_name(attribute) });
}

static int log_usual_columns(struct invocation *invocation, const struct log_options *options,
	struct log_view *view, const struct sort_keys *sort, struct error *err)
{
	AUTO(names_release) struct names usual = { .items = NULL };
	(void)options;
	log_add_attribute(view, ATTRIBUTE_NAME);
	log_add_attribute(view, ATTRIBUTE_STARTED);
	log_add_attribute(view, ATTRIBUTE_MODEL);
	/* What is sorted by is what one wants to see. */
	for (size_t i = 0; i < sort->count; i++) {
		if (sort->fields[i].kind != FIELD_ATTRIBUTE)
			log_add_field(view, sort->fields[i]);
	}
	if (search_usual_metrics(invocation->record, LOG_METRICS, &usual, err) < 0)
		return -err->code;
	for (size_t i = 0; i < usual.count; i++) {
		bool there = false;
		for (size_t c = 0; c < view->n_columns; c++)
			there = there ||
				(view->columns[c].kind == FIELD_METRIC &&
					strcmp(view->columns[c].name, usual.items[i]) == 0);
		char *name =
			there ? NULL : arena_copy_string(&invocation->arena, usual.items[i], err);
		if (name)
			log_add_field(view,
				(struct field){
					.kind = FIELD_METRIC, .type = FIELD_NUMBER, .name = name });
		else if (!there)
			return -err->code;
	}
	return 0;
}

/* "name,metrics.f1,params.`a,b`": commas inside backticks are part of a name. */
static int log_given_columns(
	struct invocation *invocation, const char *text, struct log_view *view, struct error *err)
{
	const char *start = text;
	bool quoted = false;
	for (const char *at = text;; at++) {
		quoted ^= *at == '`';
		if (*at && (*at != ',' || quoted))
			continue;
		char *one = arena_copy_bytes(&invocation->arena, start, (size_t)(at - start), err);
		if (!one)
			return -err->code;
		struct field field;
		if (field_parse(&invocation->arena, one, &field, err) < 0) {
			err->at.column += (uint32_t)(start - text);
			return runs_show_refused(invocation, "--columns", text, err);
		}
		if (view->n_columns + 1 >= LOG_COLUMNS)
			return error_set(err, ERROR_USAGE, "more than %d columns", LOG_COLUMNS - 1);
		log_add_field(view, field);
		if (!*at)
			return 0;
		start = at + 1;
	}
}

static enum row_kind log_kind(const struct field *field)
{
	if (field->kind != FIELD_ATTRIBUTE)
		return ROW_TEXT;
	switch (field->type) {
	case FIELD_DATE:
		return ROW_AGE;
	case FIELD_DURATION:
		return ROW_DURATION;
	case FIELD_BOOLEAN:
		return ROW_BOOLEAN;
	default:
		return ROW_TEXT;
	}
}

static void log_describe(struct log_view *view, bool usual)
{
	view->specs[0] = (struct row_spec){ "run", "run", ROW_TEXT, 0 };
	for (size_t i = 0; i < view->n_columns; i++) {
		const struct field *field = &view->columns[i];
		const char *heading = usual && field->attribute == ATTRIBUTE_STARTED &&
						      field->kind == FIELD_ATTRIBUTE
					      ? "when"
					      : field->name;
		view->specs[i + 1] = (struct row_spec){ field->name, heading, log_kind(field),
			field->type == FIELD_TEXT ? ROW_SHRINK : 0 };
	}
	view->status = view->n_columns + 1;
	view->specs[view->status] =
		(struct row_spec){ "status", "", ROW_TEXT, ROW_OPTIONAL | ROW_SHRINK };
	view->specs[view->status + 1] = (struct row_spec)ROW_END;
}

static int log_cell(struct invocation *invocation, struct rows *rows, size_t column,
	const struct search_run *run, const struct field *field, struct error *err)
{
	const struct search_cell *cell = &run->cells[column - 1];
	if (field->kind == FIELD_METRIC) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		if (runs_add_metric(invocation, invocation->record, run->number, field->name, &text,
			    err) < 0)
			return -err->code;
		rows_text(rows, column, text.length ? text.text : NULL);
		return 0;
	}
	switch (cell->kind) {
	case SEARCH_TIME:
		rows_time(rows, column, cell->time);
		break;
	case SEARCH_BOOLEAN:
		rows_boolean(rows, column, cell->number != 0);
		break;
	case SEARCH_STRING:
	case SEARCH_NUMBER:
		if (log_kind(field) == ROW_DURATION)
			rows_number(rows, column, cell->number);
		else if (cell->text)
			/* A tag without a value is there all the same. */
			rows_text(rows, column, cell->text[0] ? cell->text : "yes");
		else
			rows_text(rows, column,
				arena_format(&invocation->arena, err, "%.17g", cell->number));
		break;
	default:
		break;
	}
	return err->code ? -(int)err->code : 0;
}

/* What a reader of the list must not overlook: an end that is not "finished", and tags. */
static int log_remarks(struct invocation *invocation, const struct search_run *run,
	struct strbuf *text, struct error *err)
{
	AUTO(run_release) struct run facts = { .number = 0 };
	AUTO(tags_release) struct tags tags = { .items = NULL };
	if (run_load(invocation->record, run->number, &facts, err) < 0 ||
		tags_load(invocation->record, run->number, &tags, err) < 0)
		return -err->code;
	if (run->removed)
		strbuf_add(text, "removed");
	if (run->status != RUN_FINISHED) {
		strbuf_add(text, text->length ? ", " : "");
		runs_add_status(text, run->status, facts.reason);
	}
	for (size_t i = 0; i < tags.count; i++)
		strbuf_printf(text, "%s%s%s%s", text->length ? ", " : "", tags.items[i].name,
			tags.items[i].value[0] ? "=" : "", tags.items[i].value);
	return strbuf_check(text, err);
}

static int log_table(struct invocation *invocation, const struct log_view *view,
	const struct search_result *result, struct error *err)
{
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, view->specs);
	for (size_t i = 0; i < result->count; i++) {
		const struct search_run *run = &result->runs[i];
		AUTO(strbuf_release) struct strbuf remarks = STRBUF_INIT;
		rows_next(&rows);
		rows_text(&rows, 0, runs_short_id(invocation, invocation->record, run->id, err));
		for (size_t c = 0; c < view->n_columns; c++) {
			if (log_cell(invocation, &rows, c + 1, run, &view->columns[c], err) < 0)
				return -err->code;
		}
		if (err->code || log_remarks(invocation, run, &remarks, err) < 0)
			return -err->code;
		rows_text(&rows, view->status, remarks.length ? remarks.text : NULL);
	}
	return output_rows(&invocation->output, "runs", &rows, err);
}

static int log_json(
	struct invocation *invocation, const struct search_result *result, struct error *err)
{
	struct json_writer *json = output_json(&invocation->output);
	json_key(json, "runs");
	json_array(json);
	for (size_t i = 0; i < result->count; i++) {
		json_object(json);
		if (runs_json_summary(json, invocation->record, result->runs[i].number, err) < 0)
			return -err->code;
		json_end(json);
	}
	json_end(json);
	json_key_boolean(json, "more", result->more);
	return 0;
}

static int log_show(struct invocation *invocation, const struct log_options *options,
	const struct search *search, const struct log_view *view, struct error *err)
{
	AUTO(search_result_release) struct search_result result = { .runs = NULL };
	if (search_runs(invocation->record, search, &result, err) < 0)
		return -err->code;
	if (result.unknown) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		strbuf_printf(&text, "no run has a %s", result.unknown);
		if (result.nearest)
			strbuf_printf(&text, "; did you mean '%s'?", result.nearest);
		message_warning(&invocation->messages, NULL, text.text);
	}
	if (invocation->globals.json)
		return log_json(invocation, &result, err);
	if (result.count == 0) {
		message_summary(&invocation->messages, "%s",
			options->filter ? "no run passes the filter" : "no runs yet");
		return 0;
	}
	if (log_table(invocation, view, &result, err) < 0)
		return -err->code;
	if (result.more)
		message_summary(&invocation->messages, "there are more: --limit");
	return 0;
}

static int log_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct log_options *options = raw_options;
	AUTO(filter_release) struct filter filter = { .root = NULL };
	struct sort_keys sort = { .count = 0 };
	struct log_view view = { .n_columns = 0 };
	if (options->filter && filter_parse(options->filter, clock_now(), &filter, err) < 0)
		return runs_show_refused(invocation, "--filter", options->filter, err);
	if (options->sort && sort_parse(&invocation->arena, options->sort, &sort, err) < 0)
		return runs_show_refused(invocation, "--sort", options->sort, err);
	int status = options->columns ? log_given_columns(invocation, options->columns, &view, err)
				      : log_usual_columns(invocation, options, &view, &sort, err);
	if (status < 0)
		return status;
	log_describe(&view, !options->columns);
	struct search search = { .filter = &filter,
		.sort = &sort,
		.limit = options->limit,
		.removed = options->all ? REMOVED_SHOWN : REMOVED_HIDDEN,
		.columns = view.columns,
		.n_columns = invocation->globals.json ? 0 : view.n_columns };
	return log_show(invocation, options, &search, &view, err);
}

const struct command command_log = {
	.name = "log",
	.summary = "list runs, newest first, with what they measured",
	.group = COMMAND_RUNS,
	.options = log_option_table,
	.options_size = sizeof(struct log_options),
	.defaults = &(const struct log_options){ .limit = 20 },
	.needs = COMMAND_DATABASE | COMMAND_PAGED | COMMAND_JSON,
	.run = log_run,
};
