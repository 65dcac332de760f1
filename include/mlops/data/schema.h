/*
 * schema: the facts of a table's columns that a model needs to take the same data again.
 *
 * For each column its name, type, whether a value is required (no training row lacked one), and for
 * a category its texts in order of code. JSON, kept in the model's metadata:
 *
 *	{"columns": [{"name": "age", "type": "int64", "required": true},
 *	             {"name": "sex", "type": "category", "required": true, "categories": ["f", "m"]}]}
 */
#ifndef MLOPS_DATA_SCHEMA_H
#define MLOPS_DATA_SCHEMA_H

#include "mlops/base/strbuf.h"
#include "mlops/data/table.h"

struct table_schema_column {
	char *name;
	enum column_type type;
	bool required;
	char **categories; /* n_categories texts; NULL unless category */
	size_t n_categories;
};

struct table_schema {
	size_t n_columns;
	struct table_schema_column *columns;
};

void table_schema_release(struct table_schema *schema);
AUTO_RELEASE(struct table_schema, table_schema_release)

/* Of the named columns in that order, or of all if names is NULL. */
int table_schema_make(const struct table *table, const char *const *names, size_t n_names,
	struct table_schema *ret_schema, struct error *err) MUST_CHECK;
void table_schema_to_json(
	const struct table_schema *schema, struct strbuf *buffer, unsigned indent);

/* From the tree of a JSON document. ERROR_INVALID names what is wrong. */
struct value;
int table_schema_from_value(
	const struct value *value, struct table_schema *ret_schema, struct error *err) MUST_CHECK;

const struct table_schema_column *table_schema_column(
	const struct table_schema *schema, const char *name);

#endif
