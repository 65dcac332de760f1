#include "diff_table.h"

#include <inttypes.h>
#include <math.h>

#include "mlops/base/path.h"
#include "mlops/data/reader.h"
#include "mlops/data/table_diff.h"

enum { DIFF_TABLE_EXAMPLES = 5 };

enum {
	COLUMN_NAME,
	COLUMN_KIND,
	COLUMN_OLD_TYPE,
	COLUMN_NEW_TYPE,
	COLUMN_CELLS,
	COLUMN_OLD_MISSING,
	COLUMN_NEW_MISSING,
	COLUMN_OLD_MEAN,
	COLUMN_NEW_MEAN,
	COLUMN_KS,
	COLUMN_TOTAL_VARIATION,
	COLUMN_PSI,
	COLUMN_APPEARED,
	COLUMN_VANISHED
};
static const struct row_spec diff_table_rows[] = {
	[COLUMN_NAME] = { "name", "column", ROW_TEXT, ROW_SHRINK },
	[COLUMN_KIND] = { "kind", "change", ROW_TEXT },
	[COLUMN_OLD_TYPE] = { "old_type", "", ROW_TEXT, ROW_JSON_ONLY },
	[COLUMN_NEW_TYPE] = { "new_type", "", ROW_TEXT, ROW_JSON_ONLY },
	[COLUMN_CELLS] = { "changed_cells", "cells", ROW_COUNT, ROW_OPTIONAL },
	[COLUMN_OLD_MISSING] = { "old_missing", "", ROW_COUNT, ROW_JSON_ONLY },
	[COLUMN_NEW_MISSING] = { "new_missing", "", ROW_COUNT, ROW_JSON_ONLY },
	[COLUMN_OLD_MEAN] = { "old_mean", "old mean", ROW_NUMBER, ROW_OPTIONAL },
	[COLUMN_NEW_MEAN] = { "new_mean", "new mean", ROW_NUMBER, ROW_OPTIONAL },
	[COLUMN_KS] = { "ks", "KS", ROW_NUMBER, ROW_OPTIONAL },
	[COLUMN_TOTAL_VARIATION] = { "total_variation", "TV", ROW_NUMBER, ROW_OPTIONAL },
	[COLUMN_PSI] = { "psi", "PSI", ROW_NUMBER, ROW_OPTIONAL },
	[COLUMN_APPEARED] = { "values_appeared", "new values", ROW_COUNT, ROW_OPTIONAL },
	[COLUMN_VANISHED] = { "values_vanished", "gone values", ROW_COUNT, ROW_OPTIONAL },
	ROW_END,
};

static enum data_format diff_table_format(const char *path)
{
	static const struct {
		const char *ending;
		enum data_format format;
	} formats[] = { { ".csv", DATA_CSV }, { ".tsv", DATA_TSV }, { ".jsonl", DATA_JSONL },
		{ ".ndjson", DATA_JSONL } };
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (text_is(text_of(path_extension(path)), formats[i].ending))
			return formats[i].format;
	}
	return DATA_AUTO;
}

bool diff_table_is_table(const char *path)
{
	return diff_table_format(path) != DATA_AUTO;
}

/* hash NULL: the file in the workspace. The table holds its own memory. */
static int diff_table_read(struct invocation *invocation, struct object_store *store,
	const char *path, const struct hash *hash, struct table *table, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO_FREE char *full = path_join(invocation->workspace.root, path, err);
	struct read_options options = {
		.name = path, .format = diff_table_format(path), .events = &invocation->sink
	};
	if (!full || (hash && object_get_bytes(store, hash, 0, &bytes, err) < 0))
		return -err->code;
	if (hash) {
		options.bytes = bytes.text;
		options.n_bytes = bytes.length;
	} else {
		options.path = full;
	}
	return table_read(&options, table, NULL, err);
}

/* ---- columns ---- */

static void diff_table_number(struct rows *rows, size_t column, double value)
{
	if (isfinite(value))
		rows_number(rows, column, value);
}

static const char *diff_table_kind(const struct table_diff_column *column)
{
	switch (column->kind) {
	case TABLE_DIFF_ADDED:
		return "added";
	case TABLE_DIFF_REMOVED:
		return "removed";
	default:
		return column->type_changed ? "type changed" : "kept";
	}
}

/* Did anything become of it that a person wants to see? */
static bool diff_table_moved(const struct table_diff_column *column)
{
	return column->kind != TABLE_DIFF_KEPT || column->type_changed || column->n_changed ||
	       column->ks > 0 || column->total_variation > 0 ||
	       (column->old_profile && column->new_profile &&
		       column->old_profile->missing != column->new_profile->missing);
}

static void diff_table_column(struct rows *rows, const struct table_diff_column *column)
{
	const struct column_profile *old = column->old_profile, *new = column->new_profile;
	bool numbers = column->measure == TABLE_DIFF_NUMBERS;
	bool texts = column->measure == TABLE_DIFF_TEXTS;
	rows_next(rows);
	rows_text(rows, COLUMN_NAME, column->name);
	rows_text(rows, COLUMN_KIND, diff_table_kind(column));
	if (old) {
		rows_text(rows, COLUMN_OLD_TYPE, column_type_name(old->type));
		rows_count(rows, COLUMN_OLD_MISSING, old->missing);
	}
	if (new) {
		rows_text(rows, COLUMN_NEW_TYPE, column_type_name(new->type));
		rows_count(rows, COLUMN_NEW_MISSING, new->missing);
	}
	if (column->kind == TABLE_DIFF_KEPT)
		rows_count(rows, COLUMN_CELLS, column->n_changed);
	if (numbers && old && new) {
		diff_table_number(rows, COLUMN_OLD_MEAN, old->mean);
		diff_table_number(rows, COLUMN_NEW_MEAN, new->mean);
		diff_table_number(rows, COLUMN_KS, column->ks);
	}
	if (texts) {
		diff_table_number(rows, COLUMN_TOTAL_VARIATION, column->total_variation);
		rows_count(rows, COLUMN_APPEARED, column->appeared.n_distinct);
		rows_count(rows, COLUMN_VANISHED, column->vanished.n_distinct);
	}
	if (numbers || texts)
		diff_table_number(rows, COLUMN_PSI, column->psi);
}

static int diff_table_columns(
	struct output *output, const struct table_diff *diff, struct error *err)
{
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, diff_table_rows);
	for (size_t i = 0; i < diff->n_columns; i++) {
		if (output->json || diff_table_moved(&diff->columns[i]))
			diff_table_column(&rows, &diff->columns[i]);
	}
	return output->json || rows.n_rows ? output_rows(output, "columns", &rows, err) : 0;
}

/* ---- text ---- */

static void diff_table_add_keys(const struct table_diff *diff, struct strbuf *out)
{
	if (!diff->n_keys) {
		strbuf_add(out, ", by content (no column names a row)");
		return;
	}
	strbuf_add(out, ", by ");
	for (size_t i = 0; i < diff->n_keys; i++)
		strbuf_printf(out, "%s'%s'", i ? ", " : "", diff->keys[i]);
	if (diff->key_was_found)
		strbuf_add(out, ", which was found");
}

static int diff_table_text(
	struct invocation *invocation, const struct table_diff *diff, struct error *err)
{
	struct strbuf *out = output_text(&invocation->output);
	const char *arrow = invocation->output.style.utf8 ? "→" : "->";
	strbuf_printf(out, "\nrows     %zu %s %zu: %" PRIu64 " added, %" PRIu64 " removed",
		diff->old_table->n_rows, arrow, diff->new_table->n_rows, diff->n_added,
		diff->n_removed);
	if (diff->n_keys)
		strbuf_printf(out, ", %" PRIu64 " changed (%" PRIu64 " cells)", diff->n_changed,
			diff->n_changed_cells);
	diff_table_add_keys(diff, out);
	if (diff->n_keys && !diff->same_order)
		strbuf_add(out, "; their order changed");
	strbuf_printf(out, "\ncolumns  %zu %s %zu: %zu added, %zu removed, %zu of another type\n",
		diff->old_table->n_columns, arrow, diff->new_table->n_columns,
		diff->n_added_columns, diff->n_removed_columns, diff->n_type_changes);
	strbuf_add_char(out, '\n');
	if (strbuf_check(out, err) < 0)
		return -err->code;
	return diff_table_columns(&invocation->output, diff, err);
}

/* ---- JSON ---- */

static int diff_table_json_side(struct json_writer *json, const char *name,
	const struct table *table, size_t row, struct error *err)
{
	json_key(json, name);
	if (row == SIZE_MAX) {
		json_null(json);
		return 0;
	}
	json_object(json);
	for (size_t c = 0; c < table->n_columns; c++) {
		AUTO(strbuf_release) struct strbuf cell = STRBUF_INIT;
		if (column_is_missing(&table->columns[c], row)) {
			json_key_string(json, table->columns[c].name, NULL);
			continue;
		}
		column_format(&table->columns[c], row, &cell);
		if (strbuf_check(&cell, err) < 0)
			return -err->code;
		json_key_string(json, table->columns[c].name, cell.text);
	}
	json_end(json);
	return 0;
}

static int diff_table_json_rows(struct json_writer *json, const char *name,
	const struct table_diff *diff, const struct table_diff_row *rows, size_t count,
	struct error *err)
{
	json_key(json, name);
	json_array(json);
	for (size_t i = 0; i < count; i++) {
		json_object(json);
		if (diff_table_json_side(json, "old", diff->old_table, rows[i].old_row, err) < 0 ||
			diff_table_json_side(json, "new", diff->new_table, rows[i].new_row, err) <
				0)
			return -err->code;
		json_end(json);
	}
	json_end(json);
	return 0;
}

static int diff_table_json(struct output *output, const struct table_diff *diff, struct error *err)
{
	struct json_writer *json = output_json(output);
	json_key(json, "table");
	json_object(json);
	json_key_integer(json, "old_rows", (int64_t)diff->old_table->n_rows);
	json_key_integer(json, "new_rows", (int64_t)diff->new_table->n_rows);
	json_key_integer(json, "rows_added", (int64_t)diff->n_added);
	json_key_integer(json, "rows_removed", (int64_t)diff->n_removed);
	json_key_integer(json, "rows_changed", (int64_t)diff->n_changed);
	json_key_integer(json, "rows_same", (int64_t)diff->n_same);
	json_key_integer(json, "cells_changed", (int64_t)diff->n_changed_cells);
	json_key(json, "keys");
	json_array(json);
	for (size_t i = 0; i < diff->n_keys; i++)
		json_string(json, diff->keys[i]);
	json_end(json);
	json_key_boolean(json, "key_was_found", diff->key_was_found);
	if (diff_table_json_rows(json, "added", diff, diff->added, diff->n_added_listed, err) < 0 ||
		diff_table_json_rows(
			json, "removed", diff, diff->removed, diff->n_removed_listed, err) < 0 ||
		diff_table_json_rows(
			json, "changed", diff, diff->changed, diff->n_changed_listed, err) < 0 ||
		diff_table_columns(output, diff, err) < 0)
		return -err->code;
	json_end(json);
	return 0;
}

/* The file differs, and that is said already: that its rows cannot be compared is no failure. */
static int diff_table_cannot(struct invocation *invocation, const char *path, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct json_writer *json = output_json(&invocation->output);
	if (err->code == ERROR_CANCELLED || err->code == ERROR_MEMORY)
		return -err->code;
	strbuf_printf(&text, "the rows of '%s' are not compared: %s", path, err->message);
	error_clear(err);
	message_warning(&invocation->messages, NULL, text.text);
	if (json) {
		json_key(json, "table");
		json_null(json);
	}
	return 0;
}

int diff_table_run(struct invocation *invocation, struct object_store *store,
	const struct diff_table_request *request, struct error *err)
{
	AUTO(table_release) struct table old_table = { .n_columns = 0 };
	AUTO(table_release) struct table new_table = { .n_columns = 0 };
	AUTO(table_diff_release) struct table_diff diff = { .columns = NULL };
	struct table_diff_options options = { .keys = request->keys->items,
		.n_keys = request->keys->count,
		.examples = DIFF_TABLE_EXAMPLES };
	if (diff_table_read(invocation, store, request->path, request->old_hash, &old_table, err) <
			0 ||
		diff_table_read(
			invocation, store, request->path, request->new_hash, &new_table, err) < 0)
		return diff_table_cannot(invocation, request->path, err);
	if (table_diff_make(&old_table, &new_table, &options, &diff, err) < 0)
		return -err->code;
	return invocation->globals.json ? diff_table_json(&invocation->output, &diff, err)
					: diff_table_text(invocation, &diff, err);
}
