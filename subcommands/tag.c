#include <string.h>

#include "mlops/database/transaction.h"
#include "mlops/record/tags.h"
#include "runs.h"

struct tag_options {
	const char *revision, *note, *name;
	struct option_list tags, deleted;
};

static const struct option_spec tag_option_table[] = {
	OPTION_LIST(struct tag_options, deleted, 0, "delete", "TAG", "take TAG off (repeatable)",
		.complete = COMPLETE_TAG),
	OPTION_STRING(struct tag_options, name, 0, "name", "NAME", "give the run another name"),
	OPTION_STRING(struct tag_options, note, 0, "note", "TEXT",
		"set the run's note; an empty one removes it"),
	OPTION_END,
};

static const struct operand_spec tag_operands[] = {
	OPERAND(struct tag_options, revision, 1, "RUN", COMPLETE_RUN, "the run"),
	OPERAND_LIST(struct tag_options, tags, 0, "TAG", COMPLETE_TAG,
		"tags to put on it, TAG or TAG=VALUE; without any they are listed"),
	OPERAND_END,
};

enum { TAG_NAME, TAG_VALUE, TAG_TIME };
static const struct row_spec tag_rows[] = {
	[TAG_NAME] = { "name", "tag", ROW_TEXT },
	[TAG_VALUE] = { "value", "value", ROW_TEXT, ROW_OPTIONAL | ROW_SHRINK },
	[TAG_TIME] = { "set", "set", ROW_AGE },
	ROW_END,
};

static int tag_list(
	struct invocation *invocation, struct record *record, int64_t run, struct error *err)
{
	AUTO(tags_release) struct tags tags = { .items = NULL };
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, tag_rows);
	if (tags_load(record, run, &tags, err) < 0)
		return -err->code;
	for (size_t i = 0; i < tags.count; i++) {
		rows_next(&rows);
		rows_text(&rows, TAG_NAME, tags.items[i].name);
		rows_text(&rows, TAG_VALUE, tags.items[i].value);
		rows_time(&rows, TAG_TIME, tags.items[i].time);
	}
	return output_rows(&invocation->output, "tags", &rows, err);
}

static int tag_put(struct invocation *invocation, struct record *record, int64_t run,
	const char *text, struct error *err)
{
	const char *equal = strchr(text, '=');
	const char *name =
		equal ? arena_copy_bytes(&invocation->arena, text, (size_t)(equal - text), err)
		      : text;
	return name ? tag_set(record, run, name, equal ? equal + 1 : NULL, err) : -(int)err->code;
}

/* All of it or nothing. */
static int tag_change(struct invocation *invocation, const struct tag_options *options,
	struct record *record, int64_t run, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, record_database(record), TRANSACTION_NORMAL, err) < 0)
		return -err->code;
	for (size_t i = 0; i < options->deleted.count; i++) {
		if (tag_remove(record, run, options->deleted.items[i], err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < options->tags.count; i++) {
		if (tag_put(invocation, record, run, options->tags.items[i], err) < 0)
			return -err->code;
	}
	if (options->name && run_rename(record, run, options->name, err) < 0)
		return -err->code;
	if (options->note &&
		run_set_note(record, run, options->note[0] ? options->note : NULL, err) < 0)
		return -err->code;
	return transaction_commit(&change, err);
}

static int tag_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct tag_options *options = raw_options;
	AUTO(record_close) struct record *record = NULL;
	int64_t run;
	if (runs_open_to_write(invocation, &record, err) < 0 ||
		runs_resolve(invocation, record, options->revision, &run, err) < 0)
		return -err->code;
	bool changes =
		options->tags.count || options->deleted.count || options->name || options->note;
	if (changes && tag_change(invocation, options, record, run, err) < 0)
		return -err->code;
	if (changes && !invocation->globals.json)
		return 0;
	return tag_list(invocation, record, run, err);
}

const struct command command_tag = {
	.name = "tag",
	.summary = "put tags on a run, take them off, or list them",
	.group = COMMAND_RUNS,
	.options = tag_option_table,
	.operands = tag_operands,
	.rows = tag_rows,
	.options_size = sizeof(struct tag_options),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = tag_run,
};
