#include "mlops/database/transaction.h"
#include "runs.h"

struct rm_options {
	struct option_list revisions;
	bool dry_run, restore;
};

static const struct option_spec rm_option_table[] = {
	OPTION_FLAG(struct rm_options, dry_run, 'n', "dry-run", "only say which runs it would be"),
	OPTION_FLAG(struct rm_options, restore, 0, "restore",
		"bring removed runs back; they are named by their id"),
	OPTION_END,
};

static const struct operand_spec rm_operands[] = {
	OPERAND_LIST(struct rm_options, revisions, 1, "RUN", COMPLETE_RUN, "runs to remove"),
	OPERAND_END,
};

enum { RM_RUN, RM_NAME, RM_STARTED };
static const struct row_spec rm_rows[] = {
	[RM_RUN] = { "run", "run", ROW_ID },
	[RM_NAME] = { "name", "name", ROW_TEXT },
	[RM_STARTED] = { "started", "when", ROW_AGE },
	ROW_END,
};

static int rm_one(const struct rm_options *options, struct record *record, int64_t run,
	struct rows *rows, struct error *err)
{
	AUTO(run_release) struct run facts = { .number = 0 };
	if (run_load(record, run, &facts, err) < 0)
		return -err->code;
	rows_next(rows);
	rows_text(rows, RM_RUN, facts.id);
	rows_text(rows, RM_NAME, facts.name);
	rows_time(rows, RM_STARTED, facts.started);
	return options->restore ? run_restore(record, run, err) : run_remove(record, run, err);
}

/*
 * All revisions are resolved before the first is removed: "rm @ @~1" is the last two. With
 * --dry-run the same happens and is rolled back, so that it says what would fail as well.
 */
static int rm_all(struct invocation *invocation, const struct rm_options *options,
	struct record *record, struct rows *rows, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	size_t count = options->revisions.count;
	int64_t *runs = arena_allocate(&invocation->arena, count, sizeof *runs, err);
	if (!runs)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		if (runs_resolve(invocation, record, options->revisions.items[i], &runs[i], err) <
			0)
			return -err->code;
	}
	if (transaction_begin(&change, record_database(record), TRANSACTION_NORMAL, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		if (rm_one(options, record, runs[i], rows, err) < 0)
			return -err->code;
	}
	return options->dry_run ? 0 : transaction_commit(&change, err);
}

static int rm_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct rm_options *options = raw_options;
	AUTO(record_close) struct record *record = NULL;
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, rm_rows);
	if (runs_open_to_write(invocation, &record, err) < 0 ||
		rm_all(invocation, options, record, &rows, err) < 0)
		return -err->code;
	if (options->dry_run || invocation->globals.json)
		return output_rows(&invocation->output, "runs", &rows, err);
	message_summary(&invocation->messages, "%s %zu run%s",
		options->restore ? "restored" : "removed", rows.n_rows,
		rows.n_rows == 1 ? "" : "s");
	return 0;
}

const struct command command_rm = {
	.name = "rm",
	.summary = "remove runs from sight, or restore them",
	.group = COMMAND_RUNS,
	.options = rm_option_table,
	.operands = rm_operands,
	.rows = rm_rows,
	.options_size = sizeof(struct rm_options),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = rm_run,
};
