#include "mlops/record/record.h"

#include <math.h>
#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/utf8.h"
#include "mlops/base/vec.h"
#include "record_internal.h"

int record_open(const char *path, enum database_mode mode, struct record **ret, struct error *err)
{
	AUTO(record_close) struct record *record = memory_allocate(1, sizeof *record, err);
	if (!record || database_open(path, mode, &record->database, err) < 0)
		return -err->code;
	*ret = TAKE(record);
	return 0;
}

void record_close(struct record *record)
{
	if (!record)
		return;
	database_close(record->database);
	memory_free(record);
}

struct database *record_database(struct record *record)
{
	return record->database;
}

const char *key_kind_name(enum key_kind kind)
{
	static const char *const names[] = { "param", "metric", "tag" };
	return kind < KEY_KIND_COUNT ? names[kind] : "key";
}

int record_copy_text(const struct statement *row, int column, char **ret, struct error *err)
{
	const char *text = row_string(row, column);
	*ret = NULL;
	if (!text)
		return 0;
	*ret = memory_copy_string(text, err);
	return *ret ? 0 : -ERROR_MEMORY;
}

int record_check_name(const char *what, const char *name, struct error *err)
{
	struct text text = text_of(name);
	if (!text.length)
		return error_set(err, ERROR_INVALID, "the name of a %s is empty", what);
	if (text.length > RECORD_NAME_LONGEST)
		return error_set(err, ERROR_INVALID, "the name of a %s is longer than %d bytes",
			what, RECORD_NAME_LONGEST);
	if (utf8_check(text) < text.length)
		return error_set(err, ERROR_INVALID, "the name of a %s is not UTF-8", what);
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
			return error_set(err, ERROR_INVALID,
				"the name of a %s has a control character", what);
	}
	return 0;
}

double record_number(const char *value)
{
	double number;
	return parse_f64(text_of(value), &number) ? number : NAN;
}

int record_check_run(struct record *record, int64_t run, int64_t *ret_started, struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		record->database, "SELECT started FROM runs WHERE number = ?1", err);
	if (!find)
		return -err->code;
	bind_integer(find, 1, run);
	int row = statement_step(find, err);
	if (row < 0)
		return row;
	if (!row)
		return error_set(
			err, ERROR_NOT_FOUND, "there is no run number %lld", (long long)run);
	if (ret_started)
		*ret_started = row_integer(find, 0);
	return 0;
}

int record_run_integer(struct record *record, const char *sql, int64_t value, struct error *err)
{
	AUTO(statement_finish)
	struct statement *statement = statement_prepare(record->database, sql, err);
	if (!statement)
		return -err->code;
	bind_integer(statement, 1, value);
	return statement_run(statement, err);
}

int key_find(struct record *record, enum key_kind kind, const char *name, int64_t *ret,
	struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		record->database, "SELECT id FROM keys WHERE kind = ?1 AND name = ?2", err);
	if (!find)
		return -err->code;
	bind_integer(find, 1, kind);
	bind_string(find, 2, name);
	int row = statement_step(find, err);
	if (row < 0)
		return row;
	*ret = row ? row_integer(find, 0) : 0;
	return 0;
}

/*
 * Not cached outside the database: a number that was given inside a transaction that is rolled
 * back is given again, to another name.
 */
int key_intern(struct record *record, enum key_kind kind, const char *name, int64_t *ret,
	struct error *err)
{
	int64_t key;
	if (record_check_name(key_kind_name(kind), name, err) < 0 ||
		key_find(record, kind, name, &key, err) < 0)
		return -err->code;
	if (!key) {
		AUTO(statement_finish)
		struct statement *add = statement_prepare(
			record->database, "INSERT INTO keys (kind, name) VALUES (?1, ?2)", err);
		if (!add)
			return -err->code;
		bind_integer(add, 1, kind);
		bind_string(add, 2, name);
		if (statement_run(add, err) < 0)
			return -err->code;
		key = database_last_rowid(record->database);
	}
	*ret = key;
	return 0;
}

int key_names(struct record *record, enum key_kind kind, struct names *ret, struct error *err)
{
	AUTO(names_release) struct names names = { .items = NULL };
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT name, count(*) OVER () FROM keys WHERE kind = ?1 ORDER BY name", err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, kind);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		if (!names.items) {
			names.items = memory_allocate(
				(size_t)row_integer(list, 1) + 1, sizeof *names.items, err);
			if (!names.items)
				return -err->code;
		}
		char *name;
		if (record_copy_text(list, 0, &name, err) < 0)
			return -err->code;
		names.items[names.count++] = name;
	}
	if (row < 0)
		return row;
	if (!names.items && !(names.items = memory_allocate(1, sizeof *names.items, err)))
		return -err->code;
	*ret = names;
	names = (struct names){ .items = NULL };
	return 0;
}

void names_release(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		memory_free((void *)names->items[i]);
	memory_free((void *)names->items);
	*names = (struct names){ .items = NULL };
}
