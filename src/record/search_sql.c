#include <math.h>
#include <stdio.h>
#include <string.h>

#include "search_internal.h"

void search_sql_release(struct search_sql *sql)
{
	strbuf_release(&sql->text);
	strbuf_release(&sql->dead);
	vec_release(&sql->binds);
	memory_free(sql->unknown);
	memory_free(sql->nearest);
}

static void sql_bind(struct search_sql *sql, struct search_bind bind)
{
	vec_push(&sql->binds, bind);
	strbuf_printf(&sql->text, "?%zu", sql->binds.count);
}

void search_sql_integer(struct search_sql *sql, int64_t value)
{
	sql_bind(sql, (struct search_bind){ .kind = BIND_INTEGER, .integer = value });
}

static void sql_number(struct search_sql *sql, double value)
{
	sql_bind(sql, (struct search_bind){ .kind = BIND_NUMBER, .number = value });
}

static void sql_string(struct search_sql *sql, const char *value)
{
	sql_bind(sql, (struct search_bind){ .kind = BIND_STRING, .text = value });
}

static void sql_add(struct search_sql *sql, const char *text)
{
	strbuf_add(&sql->text, text);
}

struct statement *search_sql_prepare(struct search_sql *sql, struct error *err)
{
	if (strbuf_check(&sql->text, err) < 0 || vec_check(&sql->binds, err) < 0)
		return NULL;
	struct statement *statement = statement_prepare(sql->record->database, sql->text.text, err);
	for (size_t i = 0; statement && i < sql->binds.count; i++) {
		const struct search_bind *bind = &sql->binds.items[i];
		if (bind->kind == BIND_INTEGER)
			bind_integer(statement, (int)i + 1, bind->integer);
		else if (bind->kind == BIND_NUMBER)
			bind_number(statement, (int)i + 1, bind->number);
		else
			bind_string(statement, (int)i + 1, bind->text);
	}
	return statement;
}

static enum key_kind sql_key_kind(const struct field *field)
{
	return field->kind == FIELD_METRIC  ? KEY_METRIC
	       : field->kind == FIELD_PARAM ? KEY_PARAM
					    : KEY_TAG;
}

static const char *sql_table(const struct field *field)
{
	static const char *const tables[] = { "runs", "metrics", "params", "tags" };
	return tables[field->kind];
}

static int sql_note_unknown(struct search_sql *sql, const struct field *field, struct error *err)
{
	if (sql->unknown)
		return 0;
	AUTO(names_release) struct names names = { .items = NULL };
	if (key_names(sql->record, sql_key_kind(field), &names, err) < 0)
		return -err->code;
	sql->unknown = memory_format(err, "%s '%s'", field_kind_name(field->kind), field->name);
	if (!sql->unknown)
		return -err->code;
	const char *nearest = text_nearest(field->name, names.items);
	if (nearest && !(sql->nearest = memory_copy_string(nearest, err)))
		return -err->code;
	return 0;
}

int search_sql_key(struct search_sql *sql, const struct field *field, struct error *err)
{
	int64_t key;
	if (key_find(sql->record, sql_key_kind(field), field->name, &key, err) < 0)
		return -err->code;
	search_sql_integer(sql, key);
	return key ? 0 : sql_note_unknown(sql, field, err);
}

/* Running runs whose process is gone: few, and known without a write. */
static int sql_find_dead(struct search_sql *sql, struct error *err)
{
	if (sql->dead_known)
		return 0;
	AUTO(statement_finish)
	struct statement *running = statement_prepare(
		sql->record->database, "SELECT number, process FROM runs WHERE status = 0", err);
	if (!running)
		return -err->code;
	int row;
	strbuf_add_char(&sql->dead, '[');
	while ((row = statement_step(running, err)) > 0) {
		const char *process = row_string(running, 1);
		if (!process || record_process_gone(process))
			strbuf_printf(&sql->dead, "%s%lld", sql->dead.length > 1 ? "," : "",
				(long long)row_integer(running, 0));
	}
	strbuf_add_char(&sql->dead, ']');
	if (row < 0 || strbuf_check(&sql->dead, err) < 0)
		return -err->code;
	sql->dead_known = true;
	return 0;
}

static void sql_is_dead(struct search_sql *sql)
{
	sql_add(sql, "r.number IN (SELECT value FROM json_each(");
	sql_string(sql, sql->dead.text);
	sql_add(sql, "))");
}

int search_sql_attribute(struct search_sql *sql, enum attribute attribute, struct error *err)
{
	static const char *const columns[ATTRIBUTE_COUNT] = { [ATTRIBUTE_ID] = "r.id",
		[ATTRIBUTE_NAME] = "r.name",
		[ATTRIBUTE_STARTED] = "r.started",
		[ATTRIBUTE_ENDED] = "r.ended",
		[ATTRIBUTE_MODEL] = "r.model",
		[ATTRIBUTE_TASK] = "r.task",
		[ATTRIBUTE_PROJECT] = "r.project",
		[ATTRIBUTE_COMMAND] = "r.command",
		[ATTRIBUTE_USER] = "r.user",
		[ATTRIBUTE_HOST] = "r.host",
		[ATTRIBUTE_PARENT] = "r.parent",
		[ATTRIBUTE_REASON] = "r.reason",
		[ATTRIBUTE_NOTE] = "r.note",
		[ATTRIBUTE_SEED] = "r.seed",
		[ATTRIBUTE_COMMIT] = "(SELECT \"commit\" FROM code WHERE run = r.number)",
		[ATTRIBUTE_BRANCH] = "(SELECT branch FROM code WHERE run = r.number)",
		[ATTRIBUTE_DIRTY] = "(SELECT dirty FROM code WHERE run = r.number)" };
	if (columns[attribute]) {
		sql_add(sql, columns[attribute]);
		return 0;
	}
	if (sql_find_dead(sql, err) < 0)
		return -err->code;
	sql_add(sql, "(CASE WHEN r.status <> 0 THEN ");
	sql_add(sql, attribute == ATTRIBUTE_STATUS ? "r.status WHEN "
						   : "(r.ended - r.started) / 1e6 WHEN ");
	sql_is_dead(sql);
	if (attribute == ATTRIBUTE_STATUS) {
		sql_add(sql, " THEN 4 ELSE 0 END)");
	} else {
		sql_add(sql, " THEN NULL ELSE (");
		search_sql_integer(sql, sql->now);
		sql_add(sql, " - r.started) / 1e6 END)");
	}
	return 0;
}

/*
 * A field as a condition sees it: `number` and `text` are SQL expressions (NULL if the field has
 * no such side), owned.
 */
struct sql_operand {
	const struct field *field;
	char *number, *text;
};

static void sql_operand_release(struct sql_operand *operand)
{
	memory_free(operand->number);
	memory_free(operand->text);
}
AUTO_RELEASE(struct sql_operand, sql_operand_release)

static bool sql_is_text(const struct field *field)
{
	return field->type == FIELD_TEXT;
}

static int sql_attribute_operand(
	struct search_sql *sql, struct sql_operand *operand, struct error *err)
{
	/* Made at the end of the text, then moved. */
	size_t start = sql->text.length;
	if (search_sql_attribute(sql, operand->field->attribute, err) < 0 ||
		strbuf_check(&sql->text, err) < 0)
		return -err->code;
	char *copy = memory_copy_string(sql->text.text + start, err);
	strbuf_truncate(&sql->text, start);
	*(sql_is_text(operand->field) ? &operand->text : &operand->number) = copy;
	return copy ? 0 : -ERROR_MEMORY;
}

static int sql_operand(struct search_sql *sql, const struct field *field, const char *alias,
	struct sql_operand *ret, struct error *err)
{
	*ret = (struct sql_operand){ .field = field };
	if (field->kind == FIELD_ATTRIBUTE)
		return sql_attribute_operand(sql, ret, err);
	ret->number = memory_format(
		err, "%s.%s", alias, field->kind == FIELD_METRIC ? "value" : "number");
	if (ret->number && field->kind != FIELD_METRIC)
		ret->text = memory_format(err, "%s.value", alias);
	return ret->number && (field->kind == FIELD_METRIC || ret->text) ? 0 : -ERROR_MEMORY;
}

/* The beginning of "the run has the field, and …"; sql_close() ends it. */
static int sql_open(struct search_sql *sql, const struct sql_operand *operand, const char *alias,
	struct error *err)
{
	const struct field *field = operand->field;
	if (field->kind == FIELD_ATTRIBUTE) {
		strbuf_printf(&sql->text, "(%s IS NOT NULL AND coalesce(",
			operand->text ? operand->text : operand->number);
		return 0;
	}
	strbuf_printf(&sql->text,
		"EXISTS (SELECT 1 FROM %s %s WHERE %s.run = r.number AND %s.key = ",
		sql_table(field), alias, alias, alias);
	if (search_sql_key(sql, field, err) < 0)
		return -err->code;
	sql_add(sql, " AND (");
	return 0;
}

static void sql_close(struct search_sql *sql, const struct sql_operand *operand)
{
	sql_add(sql, operand->field->kind == FIELD_ATTRIBUTE ? ", 0))" : "))");
}

static const char *sql_symbol(enum filter_operator operation)
{
	switch (operation) {
	case FILTER_UNEQUAL:
		return "<>";
	case FILTER_LESS:
		return "<";
	case FILTER_LESS_EQUAL:
		return "<=";
	case FILTER_GREATER:
		return ">";
	case FILTER_GREATER_EQUAL:
		return ">=";
	default:
		return "=";
	}
}

/* A moment against a span from first to last: see the header for what each operator means. */
static void sql_compare_date(struct search_sql *sql, const char *number,
	enum filter_operator operation, const struct filter_value *value)
{
	if (operation == FILTER_EQUAL || operation == FILTER_UNEQUAL) {
		strbuf_printf(&sql->text, "%s%s BETWEEN ", number,
			operation == FILTER_UNEQUAL ? " NOT" : "");
		search_sql_integer(sql, value->first);
		sql_add(sql, " AND ");
		search_sql_integer(sql, value->last);
		return;
	}
	bool from_end = operation == FILTER_LESS_EQUAL || operation == FILTER_GREATER;
	strbuf_printf(&sql->text, "%s %s ", number, sql_symbol(operation));
	search_sql_integer(sql, from_end ? value->last : value->first);
}

static int64_t sql_status(const char *name)
{
	enum run_status status = RUN_STATUS_COUNT;
	return run_status_from_name(name, &status) ? (int64_t)status : -1;
}

static void sql_compare(struct search_sql *sql, const struct sql_operand *operand,
	enum filter_operator operation, const struct filter_value *value)
{
	const char *symbol = sql_symbol(operation);
	if (value->kind == FILTER_DATE) {
		sql_compare_date(sql, operand->number, operation, value);
	} else if (operand->field->type == FIELD_STATUS) {
		strbuf_printf(&sql->text, "%s %s ", operand->number, symbol);
		search_sql_integer(sql, sql_status(value->text));
	} else if (value->kind == FILTER_NUMBER) {
		/* NaN and texts are unequal to every number. */
		if (operation == FILTER_UNEQUAL)
			strbuf_printf(&sql->text, "%s IS NULL OR ", operand->number);
		strbuf_printf(&sql->text, "%s %s ", operand->number, symbol);
		sql_number(sql, value->number);
	} else {
		strbuf_printf(&sql->text, "%s %s ", operand->text, symbol);
		sql_string(sql, value->text);
	}
}

static void sql_compare_list(
	struct search_sql *sql, const struct sql_operand *operand, const struct filter_node *node)
{
	for (size_t i = 0; i < node->n_values; i++) {
		sql_add(sql, i ? " OR " : "");
		sql_compare(sql, operand, FILTER_EQUAL, &node->values[i]);
	}
}

static void sql_compare_literal(
	struct search_sql *sql, const struct sql_operand *operand, const struct filter_node *node)
{
	switch (node->operation) {
	case FILTER_HAS:
		sql_add(sql, "1");
		break;
	case FILTER_IN:
		sql_compare_list(sql, operand, node);
		break;
	case FILTER_BETWEEN:
		sql_compare(sql, operand, FILTER_GREATER_EQUAL, &node->values[0]);
		sql_add(sql, " AND ");
		sql_compare(sql, operand, FILTER_LESS_EQUAL, &node->values[1]);
		break;
	case FILTER_LIKE:
	case FILTER_ILIKE: {
		const char *fold = node->operation == FILTER_ILIKE ? "lower" : "";
		strbuf_printf(&sql->text, "%s(%s) LIKE %s(", fold, operand->text, fold);
		sql_string(sql, node->values[0].text);
		sql_add(sql, ")");
		break;
	}
	default:
		sql_compare(sql, operand, node->operation, &node->values[0]);
	}
}

static void sql_compare_fields(struct search_sql *sql, const struct sql_operand *a,
	const struct sql_operand *b, enum filter_operator operation)
{
	const char *symbol = sql_symbol(operation);
	if (a->number && a->text && b->number && b->text)
		strbuf_printf(&sql->text,
			"CASE WHEN %s IS NOT NULL AND %s IS NOT NULL THEN %s %s %s ELSE %s %s %s END",
			a->number, b->number, a->number, symbol, b->number, a->text, symbol,
			b->text);
	else if (a->text && b->text)
		strbuf_printf(&sql->text, "%s %s %s", a->text, symbol, b->text);
	else if (operation == FILTER_UNEQUAL)
		strbuf_printf(&sql->text, "%s IS NULL OR %s IS NULL OR %s <> %s", a->number,
			b->number, a->number, b->number);
	else
		strbuf_printf(&sql->text, "%s %s %s", a->number, symbol, b->number);
}

static int sql_comparison(struct search_sql *sql, const struct filter_node *node, struct error *err)
{
	AUTO(sql_operand_release) struct sql_operand a = { NULL }, b = { NULL };
	bool fields = node->n_values && node->values[0].kind == FILTER_FIELD;
	if (node->operation == FILTER_NULL)
		sql_add(sql, "NOT ");
	if (sql_operand(sql, &node->field, "f", &a, err) < 0 || sql_open(sql, &a, "f", err) < 0)
		return -err->code;
	if (node->operation == FILTER_NULL) {
		sql_add(sql, "1");
	} else if (fields) {
		if (sql_operand(sql, &node->values[0].field, "g", &b, err) < 0 ||
			sql_open(sql, &b, "g", err) < 0)
			return -err->code;
		sql_compare_fields(sql, &a, &b, node->operation);
		sql_close(sql, &b);
	} else {
		sql_compare_literal(sql, &a, node);
	}
	sql_close(sql, &a);
	return strbuf_check(&sql->text, err);
}

int search_sql_filter(struct search_sql *sql, const struct filter_node *node, struct error *err)
{
	if (node->operation == FILTER_NOT) {
		sql_add(sql, "(NOT (");
		if (search_sql_filter(sql, node->left, err) < 0)
			return -err->code;
		sql_add(sql, "))");
		return 0;
	}
	if (node->operation != FILTER_AND && node->operation != FILTER_OR)
		return sql_comparison(sql, node, err);
	/* A chain of one kind needs no parentheses of its own on the left. */
	bool same = node->left->operation == node->operation;
	sql_add(sql, same ? "" : "(");
	if (search_sql_filter(sql, node->left, err) < 0)
		return -err->code;
	sql_add(sql, same ? "" : ")");
	sql_add(sql, node->operation == FILTER_AND ? " AND (" : " OR (");
	if (search_sql_filter(sql, node->right, err) < 0)
		return -err->code;
	sql_add(sql, ")");
	return 0;
}

bool search_sql_is_indexed(const struct filter_node *node)
{
	if (node->field.kind == FIELD_ATTRIBUTE ||
		(node->n_values && node->values[0].kind == FILTER_FIELD))
		return false;
	switch (node->operation) {
	case FILTER_HAS:
	case FILTER_EQUAL:
	case FILTER_LESS:
	case FILTER_LESS_EQUAL:
	case FILTER_GREATER:
	case FILTER_GREATER_EQUAL:
	case FILTER_BETWEEN:
	case FILTER_IN:
		return true;
	default:
		return false;
	}
}

int search_sql_condition(struct search_sql *sql, const struct filter_node *node, struct error *err)
{
	AUTO(sql_operand_release) struct sql_operand operand = { NULL };
	if (sql_operand(sql, &node->field, "d", &operand, err) < 0)
		return -err->code;
	sql_add(sql, "(");
	sql_compare_literal(sql, &operand, node);
	sql_add(sql, ")");
	return 0;
}

int search_sql_index(struct search_sql *sql, const struct filter_node *node, struct error *err)
{
	strbuf_printf(&sql->text, "%s d WHERE d.key = ", sql_table(&node->field));
	if (search_sql_key(sql, &node->field, err) < 0)
		return -err->code;
	sql_add(sql, " AND ");
	return search_sql_condition(sql, node, err);
}

/* "(SELECT <expression> FROM <table> WHERE run = r.number AND key = ?)" */
static int sql_lookup(struct search_sql *sql, const struct field *field, const char *expression,
	struct error *err)
{
	strbuf_printf(&sql->text, "(SELECT %s FROM %s WHERE run = r.number AND key = ", expression,
		sql_table(field));
	if (search_sql_key(sql, field, err) < 0)
		return -err->code;
	sql_add(sql, ")");
	return 0;
}

int search_sql_order(
	struct search_sql *sql, const struct field *field, bool descending, struct error *err)
{
	const char *direction = descending ? " DESC" : "";
	if (field->kind == FIELD_ATTRIBUTE) {
		if (search_sql_attribute(sql, field->attribute, err) < 0)
			return -err->code;
		strbuf_printf(&sql->text, "%s NULLS LAST", direction);
		return 0;
	}
	bool metric = field->kind == FIELD_METRIC;
	const char *number = metric ? "value" : "number";
	sql_add(sql, "coalesce(");
	if (sql_lookup(sql, field, metric ? "value IS NULL" : "number IS NULL", err) < 0)
		return -err->code;
	sql_add(sql, ", 2), ");
	if (sql_lookup(sql, field, number, err) < 0)
		return -err->code;
	sql_add(sql, direction);
	if (metric)
		return 0;
	sql_add(sql, ", ");
	if (sql_lookup(sql, field, "CASE WHEN number IS NULL THEN value END", err) < 0)
		return -err->code;
	sql_add(sql, direction);
	return 0;
}
