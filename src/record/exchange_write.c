#include "exchange_internal.h"

#include <math.h>

#include "mlops/record/run.h"

static const char exchange_row_sql[] =
	"SELECT runs.id, status, started, ended, reason, name, name_changed, note, note_changed, "
	"removed, removed_changed, parent, command, project, task, model, user, host, seed, log, "
	"arguments, facts, documents.text FROM runs "
	"LEFT JOIN environments ON environments.id = environment "
	"LEFT JOIN documents ON documents.id = document WHERE number = ?1";

static void exchange_write_cell(struct json_writer *json, const struct statement *row, int column)
{
	switch (row_type(row, column)) {
	case CELL_INTEGER:
		json_integer(json, row_integer(row, column));
		break;
	case CELL_NUMBER:
		json_number(json, row_number(row, column));
		break;
	case CELL_TEXT:
		json_text(json, row_text(row, column));
		break;
	default:
		json_null(json);
	}
}

static int exchange_write_row(
	struct record *record, int64_t run, struct json_writer *json, struct error *err)
{
	AUTO(statement_finish)
	struct statement *row = statement_prepare(record->database, exchange_row_sql, err);
	if (!row)
		return -err->code;
	bind_integer(row, 1, run);
	int status = statement_step(row, err);
	if (status < 0)
		return status;
	if (!status)
		return error_set(
			err, ERROR_NOT_FOUND, "there is no run number %lld", (long long)run);
	for (int i = 0; i < EXCHANGE_COLUMNS; i++) {
		if (row_is_null(row, i))
			continue;
		json_key(json, exchange_columns[i].key);
		if (i == COLUMN_STATUS)
			json_string(json, run_status_name((enum run_status)row_integer(row, i)));
		else
			exchange_write_cell(json, row, i);
	}
	return 0;
}

static int exchange_write_table(struct record *record, int64_t run,
	const struct exchange_table *table, struct json_writer *json, struct error *err)
{
	AUTO(statement_finish)
	struct statement *rows = statement_prepare(record->database, table->select, err);
	if (!rows)
		return -err->code;
	bind_integer(rows, 1, run);
	int row;
	bool any = false;
	while ((row = statement_step(rows, err)) > 0) {
		if (!any) {
			json_key(json, table->name);
			json_array(json);
		}
		any = true;
		json_array(json);
		for (int i = 0; i < row_cells(rows); i++)
			exchange_write_cell(json, rows, i);
		json_end(json);
	}
	if (any)
		json_end(json);
	return row;
}

int exchange_write_run(struct record *record, int64_t run, struct strbuf *buffer, struct error *err)
{
	struct exchange_cursor cursor = { .series = 0 };
	struct json_writer json;
	bool more;
	json_begin(&json, buffer, 0);
	json_object(&json);
	json_key_string(&json, "kind", "run");
	if (exchange_write_row(record, run, &json, err) < 0)
		return -err->code;
	for (size_t i = 0; i < EXCHANGE_TABLES; i++) {
		if (exchange_write_table(record, run, &exchange_tables[i], &json, err) < 0)
			return -err->code;
	}
	if (exchange_points_write(record, run, &cursor, &json, &more, err) < 0)
		return -err->code;
	json_end(&json);
	strbuf_add_char(buffer, '\n');
	while (more) {
		json_begin(&json, buffer, 0);
		json_object(&json);
		json_key_string(&json, "kind", "points");
		if (exchange_points_write(record, run, &cursor, &json, &more, err) < 0)
			return -err->code;
		json_end(&json);
		strbuf_add_char(buffer, '\n');
	}
	return strbuf_check(buffer, err);
}

static const char exchange_pending_sql[] =
	"SELECT number, runs.changed FROM runs LEFT JOIN exchanged ON peer = ?1 AND run = number "
	"WHERE status BETWEEN 1 AND 3 AND exchanged.changed IS NOT runs.changed ORDER BY number";

int exchange_pending(struct record *record, const char *peer, size_t *ret, struct error *err)
{
	int64_t number;
	if (exchange_peer(record, peer, false, &number, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *pending = statement_prepare(record->database, exchange_pending_sql, err);
	if (!pending)
		return -err->code;
	bind_integer(pending, 1, number);
	size_t count = 0;
	int row;
	while ((row = statement_step(pending, err)) > 0)
		count++;
	*ret = count;
	return row;
}

void exchange_part_release(struct exchange_part *part)
{
	memory_free(part->runs);
	*part = (struct exchange_part){ .runs = NULL };
}

static int exchange_part_add(struct exchange_part *part, int64_t run, int64_t changed,
	size_t *capacity, struct error *err)
{
	if (part->count == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 64;
		struct exchange_sent_run *runs = memory_resize(part->runs, more, sizeof *runs, err);
		if (!runs)
			return -ERROR_MEMORY;
		part->runs = runs;
		*capacity = more;
	}
	part->runs[part->count++] = (struct exchange_sent_run){ run, changed };
	return 0;
}

/* One view of the database over all queries, so that each run is written as its count says. */
int exchange_write(struct record *record, const char *peer, struct strbuf *buffer,
	struct exchange_part *ret_part, struct error *err)
{
	AUTO(exchange_part_release) struct exchange_part part = { .runs = NULL };
	AUTO(transaction_end) struct transaction view = TRANSACTION_INIT;
	size_t capacity = 0, start = buffer->length;
	int64_t number;
	enum transaction_kind kind =
		transaction_is_open(record->database) ? TRANSACTION_JOIN : TRANSACTION_READ;
	if (transaction_begin(&view, record->database, kind, err) < 0 ||
		exchange_peer(record, peer, false, &number, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *pending = statement_prepare(record->database, exchange_pending_sql, err);
	if (!pending)
		return -err->code;
	bind_integer(pending, 1, number);
	int row;
	while (buffer->length - start < EXCHANGE_BYTES &&
		(row = statement_step(pending, err)) != 0) {
		if (row < 0)
			return row;
		if (!part.count)
			strbuf_add(buffer, "{\"schema\":\"" EXCHANGE_SCHEMA "\"}\n");
		int64_t run = row_integer(pending, 0);
		if (exchange_part_add(&part, run, row_integer(pending, 1), &capacity, err) < 0 ||
			exchange_write_run(record, run, buffer, err) < 0)
			return -err->code;
	}
	*ret_part = part;
	part = (struct exchange_part){ .runs = NULL };
	return 0;
}
