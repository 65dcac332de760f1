#include "mlops/data/schema.h"

#include <string.h>

#include "mlops/base/map.h"
#include "mlops/document/json_writer.h"
#include "mlops/document/value.h"

void table_schema_release(struct table_schema *schema)
{
	if (!schema)
		return;
	for (size_t c = 0; schema->columns && c < schema->n_columns; c++) {
		struct table_schema_column *column = &schema->columns[c];
		for (size_t i = 0; column->categories && i < column->n_categories; i++)
			memory_free(column->categories[i]);
		memory_free(column->categories);
		memory_free(column->name);
	}
	memory_free(schema->columns);
	*schema = (struct table_schema){ .n_columns = 0 };
}

static int schema_fill(const struct column *from, struct table_schema_column *to, struct error *err)
{
	to->type = from->type;
	to->required = from->n_missing == 0;
	to->name = memory_copy_string(from->name, err);
	if (!to->name || from->type != COLUMN_CATEGORY)
		return -(int)err->code;
	to->categories = memory_allocate(from->n_categories, sizeof *to->categories, err);
	if (!to->categories)
		return -(int)err->code;
	to->n_categories = from->n_categories;
	for (size_t i = 0; i < from->n_categories && !err->code; i++)
		to->categories[i] = memory_copy_string(from->categories[i].at, err);
	return -(int)err->code;
}

int table_schema_make(const struct table *table, const char *const *names, size_t n_names,
	struct table_schema *ret_schema, struct error *err)
{
	AUTO(table_schema_release) struct table_schema schema = { 0 };
	schema.n_columns = names ? n_names : table->n_columns;
	schema.columns = memory_allocate(schema.n_columns, sizeof *schema.columns, err);
	if (!schema.columns)
		return -(int)err->code;
	for (size_t c = 0; c < schema.n_columns; c++) {
		const struct column *from =
			names ? table_column(table, names[c], NULL) : &table->columns[c];
		if (!from)
			return error_set(err, ERROR_NOT_FOUND, "there is no column '%s'", names[c]);
		if (schema_fill(from, &schema.columns[c], err) < 0)
			return -(int)err->code;
	}
	*ret_schema = schema;
	schema = (struct table_schema){ .n_columns = 0 };
	return 0;
}

void table_schema_to_json(const struct table_schema *schema, struct strbuf *buffer, unsigned indent)
{
	struct json_writer json;
	json_begin(&json, buffer, indent);
	json_object(&json);
	json_key(&json, "columns");
	json_array(&json);
	for (size_t c = 0; c < schema->n_columns; c++) {
		const struct table_schema_column *column = &schema->columns[c];
		json_object(&json);
		json_key_string(&json, "name", column->name);
		json_key_string(&json, "type", column_type_name(column->type));
		json_key_boolean(&json, "required", column->required);
		if (column->categories) {
			json_key(&json, "categories");
			json_array(&json);
			for (size_t i = 0; i < column->n_categories; i++)
				json_string(&json, column->categories[i]);
			json_end(&json);
		}
		json_end(&json);
	}
	json_end(&json);
	json_end(&json);
}

static int schema_wrong(
	const struct value *value, size_t number, const char *what, struct error *err)
{
	struct position at;
	position_set(&at, "schema", value ? value->line : 0, value ? value->column : 0);
	return error_set_at(err, ERROR_INVALID, &at, "column %zu: %s", number + 1, what);
}

static bool schema_is(const struct value *value, enum value_kind kind)
{
	return value && value->kind == kind;
}

static int schema_read_categories(const struct value *list, size_t number,
	struct table_schema_column *column, struct error *err)
{
	if (!schema_is(list, VALUE_SEQUENCE))
		return schema_wrong(list, number, "a category needs its 'categories'", err);
	size_t n = list->sequence.count;
	column->categories = memory_allocate(n, sizeof *column->categories, err);
	if (!column->categories)
		return -(int)err->code;
	column->n_categories = n;
	for (size_t i = 0; i < n; i++) {
		const struct value *item = list->sequence.items[i];
		if (!schema_is(item, VALUE_STRING) ||
			strlen(item->string.at) != item->string.length)
			return schema_wrong(item, number, "'categories' must be texts", err);
		column->categories[i] = memory_copy_string(item->string.at, err);
		if (!column->categories[i])
			return -(int)err->code;
	}
	return 0;
}

static int schema_read_column(const struct value *value, size_t number,
	struct table_schema_column *column, struct error *err)
{
	const struct value *name = value_member(value, "name"), *type = value_member(value, "type");
	const struct value *required = value_member(value, "required");
	if (!schema_is(name, VALUE_STRING) || !name->string.length)
		return schema_wrong(value, number, "it has no 'name'", err);
	if (!schema_is(type, VALUE_STRING) ||
		!column_type_from_name(type->string.at, &column->type))
		return schema_wrong(type ? type : value, number, "its 'type' is not known", err);
	if (required && !schema_is(required, VALUE_BOOLEAN))
		return schema_wrong(required, number, "'required' must be true or false", err);
	column->required = required && required->boolean;
	column->name = memory_copy_string(name->string.at, err);
	if (!column->name)
		return -(int)err->code;
	if (column->type != COLUMN_CATEGORY)
		return 0;
	return schema_read_categories(value_member(value, "categories"), number, column, err);
}

int table_schema_from_value(
	const struct value *value, struct table_schema *ret_schema, struct error *err)
{
	AUTO(table_schema_release) struct table_schema schema = { 0 };
	AUTO(map_release) struct map names;
	map_init(&names, NULL);
	const struct value *columns = value_member(value, "columns");
	if (!schema_is(columns, VALUE_SEQUENCE))
		return error_set(err, ERROR_INVALID, "the schema has no list of 'columns'");
	size_t n = columns->sequence.count;
	schema.columns = memory_allocate(n, sizeof *schema.columns, err);
	if (!schema.columns)
		return -(int)err->code;
	schema.n_columns = n;
	for (size_t c = 0; c < n; c++) {
		if (schema_read_column(columns->sequence.items[c], c, &schema.columns[c], err) < 0)
			return -(int)err->code;
		if (map_has(&names, schema.columns[c].name))
			return schema_wrong(
				columns->sequence.items[c], c, "its name was there before", err);
		if (map_put(&names, schema.columns[c].name, NULL, err) < 0)
			return -(int)err->code;
	}
	*ret_schema = schema;
	schema = (struct table_schema){ .n_columns = 0 };
	return 0;
}

const struct table_schema_column *table_schema_column(
	const struct table_schema *schema, const char *name)
{
	for (size_t c = 0; c < schema->n_columns; c++) {
		if (strcmp(schema->columns[c].name, name) == 0)
			return &schema->columns[c];
	}
	return NULL;
}
