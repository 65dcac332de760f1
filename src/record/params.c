#include "mlops/record/params.h"

#include <math.h>
#include <string.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/vec.h"
#include "mlops/document/value.h"
#include "record_internal.h"

/* Is it there with another value? */
static int params_check_same(struct record *record, int64_t run, int64_t key, const char *name,
	const char *value, struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		record->database, "SELECT value FROM params WHERE run = ?1 AND key = ?2", err);
	if (!find)
		return -err->code;
	bind_integer(find, 1, run);
	bind_integer(find, 2, key);
	int row = statement_step(find, err);
	if (row > 0 && strcmp(row_string(find, 0), value) != 0)
		return error_set(err, ERROR_EXISTS,
			"param '%s' of this run is '%.100s' already and cannot become '%.100s'",
			name, row_string(find, 0), value);
	return row < 0 ? row : 0;
}

int params_set(
	struct record *record, int64_t run, const char *name, const char *value, struct error *err)
{
	if (strlen(value) > PARAM_VALUE_LONGEST)
		return error_set(err, ERROR_INVALID,
			"the value of param '%s' is longer than %d bytes", name,
			PARAM_VALUE_LONGEST);
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	int64_t key;
	if (transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0 ||
		key_intern(record, KEY_PARAM, name, &key, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database,
		"INSERT INTO params (run, key, value, number) VALUES (?1, ?2, ?3, ?4) "
		"ON CONFLICT DO NOTHING",
		err);
	if (!add)
		return -err->code;
	bind_integer(add, 1, run);
	bind_integer(add, 2, key);
	bind_string(add, 3, value);
	bind_number(add, 4, record_number(value));
	if (statement_run(add, err) < 0)
		return error_prefix(err, "param '%s'", name);
	if (database_changes(record->database) == 0 &&
		params_check_same(record, run, key, name, value, err) < 0)
		return -err->code;
	return transaction_commit(&change, err);
}

struct params_writer {
	struct record *record;
	int64_t run;
	struct error *err;
};

static int params_visit(void *context, const char *path, const struct value *leaf)
{
	struct params_writer *writer = context;
	if (leaf->kind == VALUE_NULL || leaf->kind == VALUE_MAPPING ||
		leaf->kind == VALUE_SEQUENCE || !path[0])
		return 0;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	value_scalar_text(&text, leaf);
	if (strbuf_check(&text, writer->err) < 0)
		return -writer->err->code;
	return params_set(writer->record, writer->run, path, text.text, writer->err);
}

int params_set_document(
	struct record *record, int64_t run, const struct value *root, struct error *err)
{
	struct params_writer writer = { record, run, err };
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0 ||
		value_each_leaf(root, params_visit, &writer, err) < 0)
		return -err->code;
	return transaction_commit(&change, err);
}

int params_load(struct record *record, int64_t run, struct params *ret, struct error *err)
{
	VEC(struct param) items = VEC_INIT;
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT name, value, number FROM params JOIN keys ON id = key WHERE run = ?1 "
		"ORDER BY name",
		err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, run);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		vec_push(&items, (struct param){ .number = row_number(list, 2) });
		if (vec_check(&items, err) < 0)
			break;
		struct param *last = &items.items[items.count - 1];
		if (record_copy_text(list, 0, &last->name, err) < 0 ||
			record_copy_text(list, 1, &last->value, err) < 0)
			break;
	}
	struct params params = { items.items, items.count };
	if (row == 0) {
		*ret = params;
		return 0;
	}
	params_release(&params);
	return -err->code;
}

void params_release(struct params *params)
{
	for (size_t i = 0; i < params->count; i++) {
		memory_free(params->items[i].name);
		memory_free(params->items[i].value);
	}
	memory_free(params->items);
	*params = (struct params){ .items = NULL };
}
