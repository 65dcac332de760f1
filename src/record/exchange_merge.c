#include "exchange_internal.h"

#include <math.h>
#include <string.h>

#include "mlops/base/path.h"
#include "mlops/document/json_reader.h"
#include "mlops/record/params.h"
#include "mlops/record/revision.h"
#include "mlops/record/run.h"
#include "mlops/record/tags.h"
#include "mlops/system/hash.h"

struct exchange_merger {
	struct record *record;
	int64_t peer; /* 0: none */
	const char *name;
	struct exchange_summary *summary;

	/* The run whose lines are being read; 0: none, or one that is left out. */
	int64_t run, changed_before;
	bool added;
	struct text lines; /* of it */
};

static int exchange_wrong(const char *what, enum exchange_cell cell, struct error *err)
{
	static const char *const wanted[] = { [CELL_TEXT_NEEDED] = "a text",
		[CELL_PARAM_KEY] = "a name",
		[CELL_METRIC_KEY] = "a name",
		[CELL_TAG_KEY] = "a name",
		[CELL_TEXT_IF_ANY] = "a text or null",
		[CELL_HASH] = "a hash of 64 digits",
		[CELL_HASH_IF_ANY] = "a hash of 64 digits or null",
		[CELL_PATH] = "a plain path inside the project",
		[CELL_INTEGER_NEEDED] = "a whole number",
		[CELL_INTEGER_IF_ANY] = "a whole number or null",
		[CELL_REAL] = "a number or null" };
	return error_set(err, ERROR_INVALID, "%s is not %s", what, wanted[cell]);
}

static bool exchange_is_plain(const char *path)
{
	struct error ignored = ERROR_INIT;
	AUTO_FREE char *normal = path_normalise(path, &ignored);
	return normal && path[0] && strcmp(normal, path) == 0 && !path_is_absolute(path) &&
	       strcmp(path, ".") != 0 && strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0;
}

static int exchange_bind_text(struct statement *statement, int parameter, enum exchange_cell cell,
	const struct value *value, struct error *err)
{
	struct hash hash;
	bool optional = cell == CELL_TEXT_IF_ANY || cell == CELL_HASH_IF_ANY;
	if (optional && value->kind == VALUE_NULL) {
		bind_null(statement, parameter);
		return 0;
	}
	if (value->kind != VALUE_STRING || memchr(value->string.at, '\0', value->string.length) ||
		(cell == CELL_PATH && !exchange_is_plain(value->string.at)) ||
		((cell == CELL_HASH || cell == CELL_HASH_IF_ANY) &&
			!hash_parse(value->string, &hash)))
		return exchange_wrong("a cell", cell, err);
	bind_text(statement, parameter, value->string);
	return 0;
}

static int exchange_bind_real(
	struct statement *statement, int parameter, const struct value *value, struct error *err)
{
	if (value->kind == VALUE_FLOAT)
		bind_number(statement, parameter, value->number);
	else if (value->kind == VALUE_INTEGER)
		bind_number(statement, parameter, (double)value->integer);
	else if (value->kind == VALUE_NULL)
		bind_null(statement, parameter);
	else if (value->kind == VALUE_STRING && text_is(value->string, "Infinity"))
		bind_number(statement, parameter, INFINITY);
	else if (value->kind == VALUE_STRING && text_is(value->string, "-Infinity"))
		bind_number(statement, parameter, -INFINITY);
	else
		return exchange_wrong("a cell", CELL_REAL, err);
	return 0;
}

static int exchange_bind_key(struct record *record, struct statement *statement, int parameter,
	enum exchange_cell cell, const struct value *value, struct error *err)
{
	int64_t key;
	enum key_kind kind = cell == CELL_PARAM_KEY    ? KEY_PARAM
			     : cell == CELL_METRIC_KEY ? KEY_METRIC
						       : KEY_TAG;
	if (value->kind != VALUE_STRING || memchr(value->string.at, '\0', value->string.length))
		return exchange_wrong("a cell", cell, err);
	if (kind == KEY_TAG && revision_check_name("tag", value->string.at, err) < 0)
		return -err->code;
	if (key_intern(record, kind, value->string.at, &key, err) < 0)
		return -err->code;
	bind_integer(statement, parameter, key);
	return 0;
}

int exchange_bind(struct record *record, struct statement *statement, int parameter,
	enum exchange_cell cell, const struct value *value, struct error *err)
{
	static const struct value null = { .kind = VALUE_NULL };
	if (!value)
		value = &null;
	switch (cell) {
	case CELL_PARAM_KEY:
	case CELL_METRIC_KEY:
	case CELL_TAG_KEY:
		return exchange_bind_key(record, statement, parameter, cell, value, err);
	case CELL_REAL:
		return exchange_bind_real(statement, parameter, value, err);
	case CELL_INTEGER_NEEDED:
	case CELL_INTEGER_IF_ANY:
		if (value->kind == VALUE_INTEGER)
			bind_integer(statement, parameter, value->integer);
		else if (value->kind == VALUE_NULL && cell == CELL_INTEGER_IF_ANY)
			bind_null(statement, parameter);
		else
			return exchange_wrong("a cell", cell, err);
		return 0;
	default:
		return exchange_bind_text(statement, parameter, cell, value, err);
	}
}

static size_t exchange_table_cells(const struct exchange_table *table)
{
	size_t count = 0;
	while (count < EXCHANGE_CELLS && table->cells[count] != CELL_END)
		count++;
	return count;
}

static int exchange_merge_row(struct exchange_merger *merger, const struct exchange_table *table,
	int step, const struct value *row, struct error *err)
{
	AUTO(statement_finish)
	struct statement *statement =
		statement_prepare(merger->record->database, table->merge[step], err);
	if (!statement)
		return -err->code;
	size_t n_cells = exchange_table_cells(table);
	if (row->kind != VALUE_SEQUENCE || row->sequence.count != n_cells)
		return error_set(err, ERROR_INVALID, "a row is not an array of %zu cells", n_cells);
	bind_integer(statement, 1, merger->run);
	for (size_t i = 0; i < n_cells; i++) {
		if (exchange_bind(merger->record, statement, (int)i + 2, table->cells[i],
			    row->sequence.items[i], err) < 0)
			return -err->code;
	}
	if (table->number_of >= 0 && step == 0)
		bind_number(statement, (int)n_cells + 2,
			record_number(row->sequence.items[table->number_of]->string.at));
	return statement_run(statement, err);
}

static int exchange_merge_rows(struct exchange_merger *merger, const struct exchange_table *table,
	const struct value *rows, struct error *err)
{
	if (!rows)
		return 0;
	if (rows->kind != VALUE_SEQUENCE)
		return error_set(err, ERROR_INVALID, "it is not an array");
	for (size_t i = 0; i < rows->sequence.count; i++) {
		for (int step = 0; step < 3 && table->merge[step]; step++) {
			if (exchange_merge_row(merger, table, step, rows->sequence.items[i], err) <
				0)
				return -err->code;
		}
	}
	return 0;
}

/* Texts that many runs share: their rows are made, if they are not there. */
static int exchange_intern(
	struct record *record, const char *sql, const struct value *text, struct error *err)
{
	if (!text || text->kind != VALUE_STRING)
		return 0;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database, sql, err);
	if (!add)
		return -err->code;
	bind_text(add, 1, text->string);
	return statement_run(add, err);
}

static const char exchange_insert_sql[] =
	"INSERT INTO runs (id, status, started, ended, reason, name, name_changed, note, "
	"note_changed, removed, removed_changed, parent, command, project, task, model, user, "
	"host, seed, log, arguments, environment, document) "
	"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
	"?19, ?20, ?21, (SELECT id FROM environments WHERE facts = ?22), "
	"(SELECT id FROM documents WHERE text = ?23))";

#define EXCHANGE_GREATER(column, parameter)                                                        \
	"UPDATE runs SET " column " = " parameter " WHERE id = ?1 AND " parameter " > "            \
	"coalesce(" column ", '')"

/* One statement for each part that is decided by itself; each changes nothing if ours stands. */
static const struct {
	int columns; /* parameters */
	const char *sql;
} exchange_updates[] = {
	{ 5, "UPDATE runs SET status = ?2, ended = ?4, reason = ?5, process = NULL WHERE id = ?1 AND "
	     "(?4, ?2, coalesce(?5, '')) > (CASE WHEN status IN (0, 4) THEN -9223372036854775808 ELSE "
	     "coalesce(ended, -9223372036854775808) END, status, coalesce(reason, ''))" },
	{ 7, "UPDATE runs SET name = ?6, name_changed = ?7 WHERE id = ?1 AND "
	     "(?7, ?6) > (name_changed, name)" },
	{ 9, "UPDATE runs SET note = ?8, note_changed = ?9 WHERE id = ?1 AND "
	     "(?9, coalesce(?8, '')) > (note_changed, coalesce(note, ''))" },
	{ 11, "UPDATE runs SET removed = ?10, removed_changed = ?11 WHERE id = ?1 AND "
	      "(?11, ?10 IS NOT NULL, coalesce(?10, 0)) > "
	      "(removed_changed, removed IS NOT NULL, coalesce(removed, 0))" },
	{ 3, "UPDATE runs SET started = ?3 WHERE id = ?1 AND ?3 > started" },
	{ 12, EXCHANGE_GREATER("parent", "?12") },
	{ 13, EXCHANGE_GREATER("command", "?13") },
	{ 14, EXCHANGE_GREATER("project", "?14") },
	{ 15, EXCHANGE_GREATER("task", "?15") },
	{ 16, EXCHANGE_GREATER("model", "?16") },
	{ 17, EXCHANGE_GREATER("user", "?17") },
	{ 18, EXCHANGE_GREATER("host", "?18") },
	{ 19, "UPDATE runs SET seed = ?19 WHERE id = ?1 AND ?19 > coalesce(seed, -1)" },
	{ 20, EXCHANGE_GREATER("log", "?20") },
	{ 21, EXCHANGE_GREATER("arguments", "?21") },
	{ 22, "UPDATE runs SET environment = (SELECT id FROM environments WHERE facts = ?22) WHERE "
	      "id = ?1 AND ?22 > coalesce((SELECT facts FROM environments WHERE id = environment), '')" },
	{ 23, "UPDATE runs SET document = (SELECT id FROM documents WHERE text = ?23) WHERE "
	      "id = ?1 AND ?23 > coalesce((SELECT text FROM documents WHERE id = document), '')" },
};

static int exchange_bind_columns(struct exchange_merger *merger, struct statement *statement,
	int columns, const struct value *line, struct error *err)
{
	for (int i = 0; i < columns; i++) {
		const struct value *value = value_member(line, exchange_columns[i].key);
		if (i == COLUMN_STATUS) {
			enum run_status status = RUN_RUNNING;
			if (!value || value->kind != VALUE_STRING ||
				!run_status_from_name(value->string.at, &status) ||
				status == RUN_RUNNING || status == RUN_CRASHED)
				return error_set(err, ERROR_INVALID,
					"status is not that of a run that has ended");
			bind_integer(statement, i + 1, status);
			continue;
		}
		if (exchange_bind(merger->record, statement, i + 1, exchange_columns[i].cell, value,
			    err) < 0)
			return error_prefix(err, "%s", exchange_columns[i].key);
	}
	return 0;
}

static int exchange_run_columns(struct exchange_merger *merger, const char *sql, int columns,
	const struct value *line, struct error *err)
{
	AUTO(statement_finish)
	struct statement *statement = statement_prepare(merger->record->database, sql, err);
	if (!statement || exchange_bind_columns(merger, statement, columns, line, err) < 0)
		return -err->code;
	return statement_run(statement, err);
}

static int exchange_find_run(struct exchange_merger *merger, const char *id, int64_t *ret_run,
	int64_t *ret_changed, struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		merger->record->database, "SELECT number, changed FROM runs WHERE id = ?1", err);
	if (!find)
		return -err->code;
	bind_string(find, 1, id);
	int row = statement_step(find, err);
	*ret_run = row > 0 ? row_integer(find, 0) : 0;
	*ret_changed = row > 0 ? row_integer(find, 1) : 0;
	return row < 0 ? row : 0;
}

static int exchange_is_purged(
	struct exchange_merger *merger, const char *id, bool *ret, struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		merger->record->database, "SELECT 1 FROM purged WHERE id = ?1", err);
	if (!find)
		return -err->code;
	bind_string(find, 1, id);
	int row = statement_step(find, err);
	*ret = row > 0;
	return row < 0 ? row : 0;
}

/* Is what is here now what the lines say? Then the peer lacks nothing of it. */
static int exchange_finish_run(struct exchange_merger *merger, struct error *err)
{
	int64_t run = merger->run, changed;
	if (!run)
		return 0;
	merger->run = 0;
	AUTO(strbuf_release) struct strbuf ours = STRBUF_INIT;
	AUTO(statement_finish)
	struct statement *count = statement_prepare(
		merger->record->database, "SELECT changed FROM runs WHERE number = ?1", err);
	if (!count)
		return -err->code;
	bind_integer(count, 1, run);
	if (statement_step(count, err) < 0)
		return -err->code;
	changed = row_integer(count, 0);
	if (merger->added)
		merger->summary->added++;
	else if (changed != merger->changed_before)
		merger->summary->changed++;
	else
		merger->summary->same++;
	if (!merger->peer)
		return 0;
	if (exchange_write_run(merger->record, run, &ours, err) < 0)
		return -err->code;
	if (!text_equal((struct text){ ours.text, ours.length }, merger->lines))
		return 0;
	return exchange_remember(merger->record, merger->peer, run, err);
}

static int exchange_check_run(const struct value *line, const char **ret_id, struct error *err)
{
	const struct value *id = value_member(line, "id");
	const struct value *name = value_member(line, "name");
	const struct value *facts = value_member(line, "environment");
	if (!id || id->kind != VALUE_STRING || !id_is(id->string))
		return error_set(err, ERROR_INVALID, "a run has no id of 32 digits");
	if (!name || name->kind != VALUE_STRING ||
		memchr(name->string.at, '\0', name->string.length))
		return error_set(err, ERROR_INVALID, "a run has no name");
	if (revision_check_name("run", name->string.at, err) < 0)
		return -err->code;
	*ret_id = id->string.at;
	if (!facts || facts->kind != VALUE_STRING)
		return 0;
	/* Read by SQLite's own JSON functions later on: it must be an object. */
	AUTO(document_release) struct document document = { .root = NULL };
	if (json_read(facts->string, "environment", &document, err) < 0)
		return -err->code;
	if (document.root->kind != VALUE_MAPPING)
		return error_set(err, ERROR_INVALID, "environment is not an object");
	return 0;
}

static int exchange_merge_run(
	struct exchange_merger *merger, const struct value *line, struct error *err)
{
	struct record *record = merger->record;
	const char *id = NULL;
	bool purged = false;
	if (exchange_finish_run(merger, err) < 0 || exchange_check_run(line, &id, err) < 0 ||
		exchange_find_run(merger, id, &merger->run, &merger->changed_before, err) < 0 ||
		exchange_is_purged(merger, id, &purged, err) < 0)
		return -err->code;
	merger->added = !merger->run;
	if (merger->added && purged) {
		merger->summary->skipped++;
		return 0;
	}
	if (exchange_intern(record,
		    "INSERT INTO environments (facts) VALUES (?1) ON CONFLICT DO NOTHING",
		    value_member(line, "environment"), err) < 0 ||
		exchange_intern(record,
			"INSERT INTO documents (text) VALUES (?1) ON CONFLICT DO NOTHING",
			value_member(line, "document"), err) < 0)
		return -err->code;
	if (merger->added) {
		if (exchange_run_columns(merger, exchange_insert_sql, EXCHANGE_COLUMNS, line, err) <
			0)
			return -err->code;
		merger->run = database_last_rowid(record->database);
	} else {
		size_t count = sizeof exchange_updates / sizeof *exchange_updates;
		for (size_t i = 0; i < count; i++) {
			if (exchange_run_columns(merger, exchange_updates[i].sql,
				    exchange_updates[i].columns, line, err) < 0)
				return -err->code;
		}
	}
	for (size_t i = 0; i < EXCHANGE_TABLES; i++) {
		const struct exchange_table *table = &exchange_tables[i];
		if (exchange_merge_rows(merger, table, value_member(line, table->name), err) < 0)
			return error_prefix(err, "%s", table->name);
	}
	return exchange_points_merge(record, merger->run, value_member(line, "points"), err);
}

static int exchange_merge_line(
	struct exchange_merger *merger, struct text text, bool first, struct error *err)
{
	AUTO(document_release) struct document document = { .root = NULL };
	if (json_read(text, merger->name, &document, err) < 0)
		return -err->code;
	const struct value *kind = value_member(document.root, "kind");
	if (first) {
		const struct value *schema = value_member(document.root, "schema");
		if (!schema || schema->kind != VALUE_STRING ||
			!text_is(schema->string, EXCHANGE_SCHEMA))
			return error_set(err, ERROR_INVALID,
				"the first line is not {\"schema\":\"" EXCHANGE_SCHEMA "\"}");
		return 0;
	}
	if (!kind || kind->kind != VALUE_STRING)
		return error_set(err, ERROR_INVALID, "a line has no kind");
	if (text_is(kind->string, "run")) {
		int status = exchange_merge_run(merger, document.root, err);
		merger->lines = text;
		merger->lines.length++; /* its newline */
		return status;
	}
	if (text_is(kind->string, "points")) {
		merger->lines.length += text.length + 1;
		return merger->run ? exchange_points_merge(merger->record, merger->run,
					     value_member(document.root, "points"), err)
				   : 0;
	}
	merger->summary->skipped++;
	return exchange_finish_run(merger, err);
}

static int exchange_merge_lines(
	struct exchange_merger *merger, const char *bytes, size_t count, struct error *err)
{
	size_t number = 0;
	for (size_t at = 0; at < count; number++) {
		const char *newline = memchr(bytes + at, '\n', count - at);
		if (!newline)
			return error_set(err, ERROR_INVALID, "%s: line %zu is cut off",
				merger->name, number + 1);
		struct text line = { bytes + at, (size_t)(newline - bytes) - at };
		if (exchange_merge_line(merger, line, number == 0, err) < 0)
			return error_prefix(err, "%s: line %zu", merger->name, number + 1);
		at += line.length + 1;
	}
	if (!number)
		return error_set(err, ERROR_INVALID, "%s is empty", merger->name);
	return exchange_finish_run(merger, err);
}

int exchange_merge(struct record *record, const char *peer, const char *name, const char *bytes,
	size_t count, struct exchange_summary *summary, struct error *err)
{
	struct exchange_summary sum = *summary;
	struct exchange_merger merger = { .record = record, .name = name, .summary = &sum };
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0 ||
		(peer && exchange_peer(record, peer, true, &merger.peer, err) < 0) ||
		exchange_merge_lines(&merger, bytes, count, err) < 0 ||
		transaction_commit(&change, err) < 0)
		return -err->code;
	*summary = sum;
	return 0;
}
