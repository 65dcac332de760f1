#include "mlops/database/statement.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "database_internal.h"
#include "statement_internal.h"

void statement_destroy(void *pointer)
{
	struct statement *statement = pointer;
	if (!statement)
		return;
	sqlite3_finalize(statement->handle);
	memory_free(statement);
}

struct statement *statement_new(
	sqlite3 *connection, const char *path, struct text sql, struct error *err)
{
	if (sql.length > INT_MAX - 1) {
		error_set(err, ERROR_INVALID, "the query is too long");
		return NULL;
	}
	struct statement *statement = memory_allocate(1, sizeof *statement, err);
	if (!statement)
		return NULL;
	*statement = (struct statement){ .connection = connection, .path = path };
	if (sqlite3_prepare_v3(connection, sql.at, (int)sql.length, SQLITE_PREPARE_PERSISTENT,
		    &statement->handle, NULL) != SQLITE_OK) {
		database_fail(connection, path, NULL, err);
		memory_free(statement);
		return NULL;
	}
	return statement;
}

struct statement *statement_prepare(struct database *database, const char *sql, struct error *err)
{
	struct statement *statement = map_get(&database->statements, sql);
	if (statement && !statement->busy) {
		statement->busy = true;
		return statement;
	}
	bool keep = !statement && map_count(&database->statements) < DATABASE_CACHE;
	statement = statement_new(database->handle, database->path, text_of(sql), err);
	if (!statement)
		return NULL;
	statement->busy = true;
	statement->cached = keep;
	if (keep && map_put(&database->statements, sql, statement, err) < 0) {
		statement_destroy(statement);
		return NULL;
	}
	return statement;
}

void statement_finish(struct statement *statement)
{
	if (!statement)
		return;
	if (!statement->cached) {
		statement_destroy(statement);
		return;
	}
	sqlite3_reset(statement->handle);
	sqlite3_clear_bindings(statement->handle);
	statement->bind_result = SQLITE_OK;
	statement->busy = false;
}

int statement_step(struct statement *statement, struct error *err)
{
	if (statement->bind_result != SQLITE_OK)
		return database_fail_code(statement->bind_result, statement->path,
			sqlite3_errstr(statement->bind_result), err);
	int result = sqlite3_step(statement->handle);
	if (result == SQLITE_ROW)
		return 1;
	if (result == SQLITE_DONE)
		return 0;
	return database_fail(statement->connection, statement->path, NULL, err);
}

int statement_run(struct statement *statement, struct error *err)
{
	int row;
	do
		row = statement_step(statement, err);
	while (row > 0);
	sqlite3_reset(statement->handle);
	return row;
}

void statement_reset(struct statement *statement)
{
	sqlite3_reset(statement->handle);
}

static void statement_bound(struct statement *statement, int result)
{
	if (statement->bind_result == SQLITE_OK)
		statement->bind_result = result;
}

void bind_null(struct statement *statement, int parameter)
{
	statement_bound(statement, sqlite3_bind_null(statement->handle, parameter));
}

void bind_integer(struct statement *statement, int parameter, int64_t value)
{
	statement_bound(statement, sqlite3_bind_int64(statement->handle, parameter, value));
}

void bind_number(struct statement *statement, int parameter, double value)
{
	statement_bound(statement, sqlite3_bind_double(statement->handle, parameter, value));
}

void bind_string(struct statement *statement, int parameter, const char *text)
{
	if (text)
		bind_text(statement, parameter, text_of(text));
	else
		bind_null(statement, parameter);
}

void bind_text(struct statement *statement, int parameter, struct text text)
{
	statement_bound(
		statement, sqlite3_bind_text64(statement->handle, parameter, text.at ? text.at : "",
				   text.length, SQLITE_STATIC, SQLITE_UTF8));
}

void bind_bytes(struct statement *statement, int parameter, const void *bytes, size_t count)
{
	statement_bound(statement, sqlite3_bind_blob64(statement->handle, parameter,
					   bytes ? bytes : "", count, SQLITE_STATIC));
}

int row_cells(const struct statement *statement)
{
	return sqlite3_column_count(statement->handle);
}

const char *row_title(const struct statement *statement, int column)
{
	const char *title = sqlite3_column_name(statement->handle, column);
	return title ? title : "";
}

enum cell_type row_type(const struct statement *statement, int column)
{
	switch (sqlite3_column_type(statement->handle, column)) {
	case SQLITE_INTEGER:
		return CELL_INTEGER;
	case SQLITE_FLOAT:
		return CELL_NUMBER;
	case SQLITE_TEXT:
		return CELL_TEXT;
	case SQLITE_BLOB:
		return CELL_BYTES;
	default:
		return CELL_NULL;
	}
}

bool row_is_null(const struct statement *statement, int column)
{
	return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

int64_t row_integer(const struct statement *statement, int column)
{
	return sqlite3_column_int64(statement->handle, column);
}

double row_number(const struct statement *statement, int column)
{
	return row_is_null(statement, column) ? NAN
					      : sqlite3_column_double(statement->handle, column);
}

const char *row_string(const struct statement *statement, int column)
{
	return (const char *)sqlite3_column_text(statement->handle, column);
}

struct text row_text(const struct statement *statement, int column)
{
	/* sqlite3_column_blob() gives a text's bytes too, without making them NUL-terminated. */
	const char *bytes = row_type(statement, column) == CELL_TEXT
				    ? (const char *)sqlite3_column_text(statement->handle, column)
				    : sqlite3_column_blob(statement->handle, column);
	size_t length = (size_t)sqlite3_column_bytes(statement->handle, column);
	return bytes ? (struct text){ bytes, length } : (struct text){ "", 0 };
}

int database_integer(struct database *database, const char *sql, int64_t *ret, struct error *err)
{
	AUTO(statement_finish) struct statement *query = statement_prepare(database, sql, err);
	if (!query)
		return -err->code;
	int row = statement_step(query, err);
	if (row > 0)
		*ret = row_integer(query, 0);
	return row < 0 ? row : 0;
}
