#include "mlops/record/tags.h"

#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/vec.h"
#include "mlops/record/revision.h"
#include "record_internal.h"

/*
 * When a tag is put on or taken off: now, but later than what was done to it before, here or by
 * somebody whose clock is ahead.
 */
static int tag_time(
	struct record *record, int64_t run, int64_t key, int64_t *ret, struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(record->database,
		"SELECT max(time) FROM (SELECT time FROM tags WHERE run = ?1 AND key = ?2 "
		"UNION ALL SELECT time FROM untagged WHERE run = ?1 AND key = ?2)",
		err);
	if (!find)
		return -err->code;
	bind_integer(find, 1, run);
	bind_integer(find, 2, key);
	int row = statement_step(find, err);
	if (row < 0)
		return row;
	*ret = clock_now();
	if (row && !row_is_null(find, 0) && row_integer(find, 0) >= *ret &&
		row_integer(find, 0) < INT64_MAX)
		*ret = row_integer(find, 0) + 1;
	return 0;
}

/* Runs SQL with ?1 the run, ?2 the key and ?3 a time. */
static int tag_execute(struct record *record, const char *sql, int64_t run, int64_t key,
	int64_t time, struct error *err)
{
	AUTO(statement_finish)
	struct statement *statement = statement_prepare(record->database, sql, err);
	if (!statement)
		return -err->code;
	bind_integer(statement, 1, run);
	bind_integer(statement, 2, key);
	bind_integer(statement, 3, time);
	return statement_run(statement, err);
}

int tag_set(
	struct record *record, int64_t run, const char *name, const char *value, struct error *err)
{
	if (!value)
		value = "";
	if (revision_check_name("tag", name, err) < 0)
		return -err->code;
	if (strlen(value) > TAG_VALUE_LONGEST)
		return error_set(err, ERROR_INVALID,
			"the value of tag '%s' is longer than %d bytes", name, TAG_VALUE_LONGEST);
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	int64_t key, time;
	if (transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0 ||
		record_check_run(record, run, NULL, err) < 0 ||
		key_intern(record, KEY_TAG, name, &key, err) < 0 ||
		tag_time(record, run, key, &time, err) < 0 ||
		tag_execute(record,
			"DELETE FROM untagged WHERE run = ?1 AND key = ?2 AND time < ?3", run, key,
			time, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database,
		"INSERT OR REPLACE INTO tags (run, key, value, number, time) "
		"VALUES (?1, ?2, ?3, ?4, ?5)",
		err);
	if (!add)
		return -err->code;
	bind_integer(add, 1, run);
	bind_integer(add, 2, key);
	bind_string(add, 3, value);
	bind_number(add, 4, record_number(value));
	bind_integer(add, 5, time);
	if (statement_run(add, err) < 0)
		return error_prefix(err, "tag '%s'", name);
	return transaction_commit(&change, err);
}

int tag_remove(struct record *record, int64_t run, const char *name, struct error *err)
{
	int64_t key, time;
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0 ||
		key_find(record, KEY_TAG, name, &key, err) < 0 ||
		tag_time(record, run, key, &time, err) < 0 ||
		tag_execute(record, "DELETE FROM tags WHERE run = ?1 AND key = ?2 AND time < ?3",
			run, key, time, err) < 0)
		return -err->code;
	if (database_changes(record->database) == 0)
		return error_set(err, ERROR_NOT_FOUND, "the run has no tag '%s'", name);
	if (tag_execute(record,
		    "INSERT OR REPLACE INTO untagged (run, key, time) VALUES (?1, ?2, ?3)", run,
		    key, time, err) < 0)
		return -err->code;
	return transaction_commit(&change, err);
}

int tags_load(struct record *record, int64_t run, struct tags *ret, struct error *err)
{
	VEC(struct tag) items = VEC_INIT;
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT name, value, time FROM tags JOIN keys ON id = key WHERE run = ?1 "
		"ORDER BY name",
		err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, run);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		vec_push(&items, (struct tag){ .time = row_integer(list, 2) });
		if (vec_check(&items, err) < 0)
			break;
		struct tag *last = &items.items[items.count - 1];
		if (record_copy_text(list, 0, &last->name, err) < 0 ||
			record_copy_text(list, 1, &last->value, err) < 0)
			break;
	}
	struct tags tags = { items.items, items.count };
	if (row == 0) {
		*ret = tags;
		return 0;
	}
	tags_release(&tags);
	return -err->code;
}

void tags_release(struct tags *tags)
{
	for (size_t i = 0; i < tags->count; i++) {
		memory_free(tags->items[i].name);
		memory_free(tags->items[i].value);
	}
	memory_free(tags->items);
	*tags = (struct tags){ .items = NULL };
}
