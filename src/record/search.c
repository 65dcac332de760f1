#include "mlops/record/search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "search_internal.h"

/* Conditions that fewer runs meet than this are looked up first. */
enum { SEARCH_RARE = 2000, SEARCH_CONJUNCTS = 64, SEARCH_COUNTED = 32 };

struct searcher {
	struct record *record;
	const struct search *search;
	int64_t now;
	const struct filter_node *conjuncts[SEARCH_CONJUNCTS]; /* that all must hold */
	size_t n_conjuncts;
	struct {
		const struct filter_node *node;
		int64_t runs;
	} counted[SEARCH_COUNTED]; /* comparisons that an index has answered */
	size_t n_counted;
	size_t wanted; /* numbers to find: limit + offset + 1, SIZE_MAX if there is no limit */
	VEC(int64_t) numbers;
	struct search_result *result;
};

static struct search_sql searcher_sql(const struct searcher *searcher)
{
	return (struct search_sql){ .record = searcher->record,
		.now = searcher->now,
		.text = STRBUF_INIT,
		.dead = STRBUF_INIT };
}

/* What the SQL found out about names that nobody has. */
static void searcher_keep_unknown(struct searcher *searcher, struct search_sql *sql)
{
	if (!searcher->result || searcher->result->unknown)
		return;
	searcher->result->unknown = TAKE(sql->unknown);
	searcher->result->nearest = TAKE(sql->nearest);
}

static void searcher_conjuncts(struct searcher *searcher, const struct filter_node *node)
{
	if (!node)
		return;
	if (node->operation == FILTER_AND) {
		searcher_conjuncts(searcher, node->left);
		searcher_conjuncts(searcher, node->right);
	} else if (searcher->n_conjuncts < SEARCH_CONJUNCTS) {
		searcher->conjuncts[searcher->n_conjuncts++] = node;
	}
}

/* " <joined by> r.removed … AND (filter)" */
static int searcher_where(
	struct searcher *searcher, struct search_sql *sql, const char *joined, struct error *err)
{
	static const char *const removed[] = { "r.removed IS NULL", "1", "r.removed IS NOT NULL" };
	strbuf_printf(&sql->text, " %s %s", joined, removed[searcher->search->removed]);
	const struct filter *filter = searcher->search->filter;
	if (!filter || !filter->root)
		return 0;
	strbuf_add(&sql->text, " AND (");
	if (search_sql_filter(sql, filter->root, err) < 0)
		return -err->code;
	strbuf_add(&sql->text, ")");
	return 0;
}

static int searcher_order(struct searcher *searcher, struct search_sql *sql, struct error *err)
{
	const struct sort_keys *sort = searcher->search->sort;
	strbuf_add(&sql->text, " ORDER BY ");
	for (size_t i = 0; sort && i < sort->count; i++) {
		if (search_sql_order(sql, &sort->fields[i], sort->descending[i], err) < 0)
			return -err->code;
		strbuf_add(&sql->text, ", ");
	}
	strbuf_add(&sql->text,
		sort && sort->count ? "r.number DESC" : "r.started DESC, r.number DESC");
	return 0;
}

/* Runs the SELECT of numbers and adds them, up to what is wanted. */
static int searcher_collect(struct searcher *searcher, struct search_sql *sql, struct error *err)
{
	size_t left = searcher->wanted - searcher->numbers.count;
	if (searcher->wanted != SIZE_MAX) {
		strbuf_add(&sql->text, " LIMIT ");
		search_sql_integer(sql, (int64_t)left);
	}
	AUTO(statement_finish) struct statement *query = search_sql_prepare(sql, err);
	if (!query)
		return -err->code;
	int row;
	while ((row = statement_step(query, err)) > 0)
		vec_push(&searcher->numbers, row_integer(query, 0));
	searcher_keep_unknown(searcher, sql);
	return row < 0 ? row : vec_check(&searcher->numbers, err);
}

/* How many runs meet the condition, counted up to SEARCH_RARE. */
static int searcher_count(struct searcher *searcher, const struct filter_node *node,
	int64_t *ret_count, struct error *err)
{
	AUTO(search_sql_release) struct search_sql sql = searcher_sql(searcher);
	strbuf_add(&sql.text, "SELECT count(*) FROM (SELECT 1 FROM ");
	if (search_sql_index(&sql, node, err) < 0)
		return -err->code;
	strbuf_add(&sql.text, " LIMIT ");
	search_sql_integer(&sql, SEARCH_RARE);
	strbuf_add(&sql.text, ")");
	AUTO(statement_finish) struct statement *query = search_sql_prepare(&sql, err);
	if (!query)
		return -err->code;
	int row = statement_step(query, err);
	if (row > 0)
		*ret_count = row_integer(query, 0);
	return row < 0 ? row : 0;
}

/*
 * At most how many runs can pass, as far as indexes tell: of an "and" the rarer side, of an "or"
 * both together; SEARCH_RARE is "many". Each comparison is counted once, a few dozen at most, so
 * that asking again gives the same answer.
 */
static int searcher_estimate(
	struct searcher *searcher, const struct filter_node *node, int64_t *ret, struct error *err)
{
	int64_t left = SEARCH_RARE, right = SEARCH_RARE;
	*ret = SEARCH_RARE;
	if (!node || node->operation == FILTER_NOT)
		return 0;
	if (node->operation == FILTER_AND || node->operation == FILTER_OR) {
		if (searcher_estimate(searcher, node->left, &left, err) < 0 ||
			searcher_estimate(searcher, node->right, &right, err) < 0)
			return -err->code;
		*ret = node->operation == FILTER_OR ? left + right : left < right ? left : right;
		return 0;
	}
	for (size_t i = 0; i < searcher->n_counted; i++) {
		if (searcher->counted[i].node == node) {
			*ret = searcher->counted[i].runs;
			return 0;
		}
	}
	if (!search_sql_is_indexed(node) || searcher->n_counted >= SEARCH_COUNTED)
		return 0;
	if (searcher_count(searcher, node, ret, err) < 0)
		return -err->code;
	searcher->counted[searcher->n_counted].node = node;
	searcher->counted[searcher->n_counted++].runs = *ret;
	return 0;
}

/* Appends "SELECT run …": the runs that the estimate counted. Only for what is rare. */
static int searcher_add_rare(struct searcher *searcher, struct search_sql *sql,
	const struct filter_node *node, struct error *err)
{
	if (node->operation == FILTER_AND) {
		int64_t left, right;
		if (searcher_estimate(searcher, node->left, &left, err) < 0 ||
			searcher_estimate(searcher, node->right, &right, err) < 0)
			return -err->code;
		return searcher_add_rare(
			searcher, sql, left < right ? node->left : node->right, err);
	}
	if (node->operation == FILTER_OR) {
		if (searcher_add_rare(searcher, sql, node->left, err) < 0)
			return -err->code;
		strbuf_add(&sql->text, " UNION ");
		return searcher_add_rare(searcher, sql, node->right, err);
	}
	strbuf_add(&sql->text, "SELECT d.run AS run FROM ");
	return search_sql_index(sql, node, err);
}

/* From the few runs that one part of the filter leaves, through all of it, sorted at the end. */
static int searcher_from_rare(
	struct searcher *searcher, const struct filter_node *root, struct error *err)
{
	AUTO(search_sql_release) struct search_sql sql = searcher_sql(searcher);
	strbuf_add(&sql.text, "SELECT r.number FROM (");
	if (searcher_add_rare(searcher, &sql, root, err) < 0)
		return -err->code;
	strbuf_add(&sql.text, ") AS found CROSS JOIN runs r ON r.number = found.run");
	if (searcher_where(searcher, &sql, "WHERE", err) < 0 ||
		searcher_order(searcher, &sql, err) < 0)
		return -err->code;
	return searcher_collect(searcher, &sql, err);
}

/* Through all runs, newest first or sorted at the end. */
static int searcher_from_runs(struct searcher *searcher, struct error *err)
{
	AUTO(search_sql_release) struct search_sql sql = searcher_sql(searcher);
	strbuf_add(&sql.text, "SELECT r.number FROM runs r");
	if (searcher_where(searcher, &sql, "WHERE", err) < 0 ||
		searcher_order(searcher, &sql, err) < 0)
		return -err->code;
	return searcher_collect(searcher, &sql, err);
}

/* Conditions on the sort key itself bound the walk along its index. */
static int searcher_bound_walk(struct searcher *searcher, struct search_sql *sql,
	const struct field *key, struct error *err)
{
	for (size_t i = 0; i < searcher->n_conjuncts; i++) {
		const struct filter_node *node = searcher->conjuncts[i];
		if (!search_sql_is_indexed(node) || node->operation == FILTER_HAS ||
			node->field.kind != key->kind || strcmp(node->field.name, key->name) != 0)
			continue;
		strbuf_add(&sql->text, " AND ");
		if (search_sql_condition(sql, node, err) < 0)
			return -err->code;
	}
	return 0;
}

/*
 * Along the index of a metric, param or tag: runs with a number, then (not numbers) those with NaN
 * or a text.
 */
static int searcher_walk(struct searcher *searcher, bool numbers, struct error *err)
{
	static const struct {
		const char *table, *number, *rest;
	} sources[] = { [FIELD_METRIC] = { "metrics", "d.value", "d.run" },
		[FIELD_PARAM] = { "params", "d.number", "d.value" },
		[FIELD_TAG] = { "tags", "d.number", "d.value" } };
	const struct field *key = &searcher->search->sort->fields[0];
	bool descending = searcher->search->sort->descending[0];
	AUTO(search_sql_release) struct search_sql sql = searcher_sql(searcher);
	strbuf_printf(&sql.text,
		"SELECT d.run FROM %s d CROSS JOIN runs r ON r.number = d.run WHERE d.key = ",
		sources[key->kind].table);
	if (search_sql_key(&sql, key, err) < 0)
		return -err->code;
	strbuf_printf(
		&sql.text, " AND %s IS %sNULL", sources[key->kind].number, numbers ? "NOT " : "");
	if (searcher_bound_walk(searcher, &sql, key, err) < 0 ||
		searcher_where(searcher, &sql, "AND", err) < 0)
		return -err->code;
	strbuf_add(&sql.text, " ORDER BY ");
	if (numbers || key->kind != FIELD_METRIC)
		strbuf_printf(&sql.text, "%s%s, ",
			numbers ? sources[key->kind].number : sources[key->kind].rest,
			descending ? " DESC" : "");
	strbuf_add(&sql.text, "d.run DESC");
	return searcher_collect(searcher, &sql, err);
}

static int searcher_without_key(struct searcher *searcher, struct error *err)
{
	static const char *const tables[] = {
		[FIELD_METRIC] = "metrics", [FIELD_PARAM] = "params", [FIELD_TAG] = "tags"
	};
	const struct field *key = &searcher->search->sort->fields[0];
	AUTO(search_sql_release) struct search_sql sql = searcher_sql(searcher);
	strbuf_printf(&sql.text,
		"SELECT r.number FROM runs r WHERE NOT EXISTS "
		"(SELECT 1 FROM %s d WHERE d.run = r.number AND d.key = ",
		tables[key->kind]);
	if (search_sql_key(&sql, key, err) < 0)
		return -err->code;
	strbuf_add(&sql.text, ")");
	if (searcher_where(searcher, &sql, "AND", err) < 0)
		return -err->code;
	strbuf_add(&sql.text, " ORDER BY r.number DESC");
	return searcher_collect(searcher, &sql, err);
}

static int searcher_along_key(struct searcher *searcher, struct error *err)
{
	if (searcher_walk(searcher, true, err) < 0)
		return -err->code;
	if (searcher->numbers.count < searcher->wanted && searcher_walk(searcher, false, err) < 0)
		return -err->code;
	if (searcher->numbers.count < searcher->wanted)
		return searcher_without_key(searcher, err);
	return 0;
}

static int searcher_find(struct searcher *searcher, struct error *err)
{
	const struct search *search = searcher->search;
	const struct filter_node *root = search->filter ? search->filter->root : NULL;
	int64_t most;
	searcher_conjuncts(searcher, root);
	if (searcher_estimate(searcher, root, &most, err) < 0)
		return -err->code;
	if (most < SEARCH_RARE)
		return searcher_from_rare(searcher, root, err);
	if (search->sort && search->sort->count == 1 &&
		search->sort->fields[0].kind != FIELD_ATTRIBUTE)
		return searcher_along_key(searcher, err);
	return searcher_from_runs(searcher, err);
}

static int search_read_attribute(struct searcher *searcher, int64_t number,
	const struct field *field, struct search_cell *cell, struct error *err)
{
	AUTO(search_sql_release) struct search_sql sql = searcher_sql(searcher);
	strbuf_add(&sql.text, "SELECT ");
	if (search_sql_attribute(&sql, field->attribute, err) < 0)
		return -err->code;
	strbuf_add(&sql.text, " FROM runs r WHERE r.number = ");
	search_sql_integer(&sql, number);
	AUTO(statement_finish) struct statement *query = search_sql_prepare(&sql, err);
	if (!query)
		return -err->code;
	int row = statement_step(query, err);
	if (row <= 0 || row_is_null(query, 0))
		return row < 0 ? row : 0;
	switch (field->type) {
	case FIELD_DATE:
		cell->kind = SEARCH_TIME;
		cell->time = row_integer(query, 0);
		return 0;
	case FIELD_NUMBER:
	case FIELD_DURATION:
	case FIELD_BOOLEAN:
		cell->kind = field->type == FIELD_BOOLEAN ? SEARCH_BOOLEAN : SEARCH_NUMBER;
		cell->number = row_number(query, 0);
		return 0;
	case FIELD_STATUS:
		cell->kind = SEARCH_STRING;
		cell->text = memory_copy_string(
			run_status_name((enum run_status)row_integer(query, 0)), err);
		return cell->text ? 0 : -ERROR_MEMORY;
	default:
		cell->kind = SEARCH_STRING;
		return record_copy_text(query, 0, &cell->text, err);
	}
}

static int search_read_cell(struct searcher *searcher, int64_t number, const struct field *field,
	struct search_cell *cell, struct error *err)
{
	static const char *const queries[] = {
		[FIELD_METRIC] = "SELECT value, NULL FROM metrics WHERE run = ?1 AND key = "
				 "(SELECT id FROM keys WHERE kind = 1 AND name = ?2)",
		[FIELD_PARAM] = "SELECT number, value FROM params WHERE run = ?1 AND key = "
				"(SELECT id FROM keys WHERE kind = 0 AND name = ?2)",
		[FIELD_TAG] = "SELECT number, value FROM tags WHERE run = ?1 AND key = "
			      "(SELECT id FROM keys WHERE kind = 2 AND name = ?2)"
	};
	if (field->kind == FIELD_ATTRIBUTE)
		return search_read_attribute(searcher, number, field, cell, err);
	AUTO(statement_finish)
	struct statement *query =
		statement_prepare(searcher->record->database, queries[field->kind], err);
	if (!query)
		return -err->code;
	bind_integer(query, 1, number);
	bind_string(query, 2, field->name);
	int row = statement_step(query, err);
	if (row <= 0)
		return row;
	bool number_cell = field->kind == FIELD_METRIC || !row_is_null(query, 0);
	cell->kind = number_cell ? SEARCH_NUMBER : SEARCH_STRING;
	cell->number = row_number(query, 0);
	return record_copy_text(query, 1, &cell->text, err);
}

static int search_read_run(
	struct searcher *searcher, int64_t number, struct search_run *run, struct error *err)
{
	const struct search *search = searcher->search;
	AUTO(statement_finish)
	struct statement *query = statement_prepare(searcher->record->database,
		"SELECT id, status, removed, process FROM runs WHERE number = ?1", err);
	if (!query)
		return -err->code;
	bind_integer(query, 1, number);
	int row = statement_step(query, err);
	if (row < 0)
		return row;
	run->number = number;
	run->cells = memory_allocate(search->n_columns, sizeof *run->cells, err);
	if (!run->cells)
		return -err->code;
	if (!row)
		return error_set(
			err, ERROR_CORRUPT, "run number %lld has no row", (long long)number);
	snprintf(run->id, sizeof run->id, "%s", row_string(query, 0));
	run->status = (enum run_status)row_integer(query, 1);
	run->removed = !row_is_null(query, 2);
	const char *process = row_string(query, 3);
	if (run->status == RUN_RUNNING && (!process || record_process_gone(process)))
		run->status = RUN_CRASHED;
	for (size_t i = 0; i < search->n_columns; i++) {
		if (search_read_cell(searcher, number, &search->columns[i], &run->cells[i], err) <
			0)
			return -err->code;
	}
	return 0;
}

/* Fills the result with the rows that limit and offset leave. */
static int search_read(struct searcher *searcher, struct error *err)
{
	const struct search *search = searcher->search;
	struct search_result *result = searcher->result;
	size_t found = searcher->numbers.count;
	size_t first = search->offset < found ? search->offset : found;
	size_t count = found - first;
	result->more = search->limit && count > search->limit;
	if (result->more)
		count = search->limit;
	result->n_columns = search->n_columns;
	result->runs = memory_allocate(count, sizeof *result->runs, err);
	if (!result->runs)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		result->count++; /* a half-read row is released too */
		if (search_read_run(searcher, searcher->numbers.items[first + i], &result->runs[i],
			    err) < 0)
			return -err->code;
	}
	return 0;
}

int search_runs(struct record *record, const struct search *search, struct search_result *ret,
	struct error *err)
{
	struct search_result result = { .runs = NULL };
	struct searcher searcher = { .record = record,
		.search = search,
		.now = clock_now(),
		.wanted = SIZE_MAX,
		.numbers = VEC_INIT,
		.result = &result };
	size_t wanted;
	if (search->limit && !__builtin_add_overflow(search->limit, search->offset, &wanted) &&
		wanted < INT64_MAX)
		searcher.wanted = wanted + 1;
	/* One view of the database for the several queries. */
	AUTO(transaction_end) struct transaction view = TRANSACTION_INIT;
	int status = transaction_is_open(record->database)
			     ? 0
			     : transaction_begin(&view, record->database, TRANSACTION_READ, err);
	if (status == 0)
		status = searcher_find(&searcher, err);
	if (status == 0)
		status = search_read(&searcher, err);
	vec_release(&searcher.numbers);
	if (status < 0) {
		search_result_release(&result);
		return status;
	}
	*ret = result;
	return 0;
}

int search_count(
	struct record *record, const struct search *search, uint64_t *ret, struct error *err)
{
	struct searcher searcher = { .record = record, .search = search, .now = clock_now() };
	AUTO(search_sql_release) struct search_sql sql = searcher_sql(&searcher);
	strbuf_add(&sql.text, "SELECT count(*) FROM runs r");
	if (searcher_where(&searcher, &sql, "WHERE", err) < 0)
		return -err->code;
	AUTO(statement_finish) struct statement *query = search_sql_prepare(&sql, err);
	if (!query)
		return -err->code;
	int row = statement_step(query, err);
	if (row > 0)
		*ret = (uint64_t)row_integer(query, 0);
	return row < 0 ? row : 0;
}

void search_result_release(struct search_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		for (size_t c = 0; result->runs[i].cells && c < result->n_columns; c++)
			memory_free(result->runs[i].cells[c].text);
		memory_free(result->runs[i].cells);
	}
	memory_free(result->runs);
	memory_free(result->unknown);
	memory_free(result->nearest);
	*result = (struct search_result){ .runs = NULL };
}

int search_usual_metrics(struct record *record, size_t most, struct names *ret, struct error *err)
{
	AUTO(names_release) struct names names = { .items = NULL };
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"WITH newest AS (SELECT number FROM runs WHERE removed IS NULL "
		"ORDER BY started DESC, number DESC LIMIT 50), "
		"asked AS (SELECT value, CAST(substr(name, 18) AS INTEGER) AS place "
		"FROM params JOIN keys ON id = key WHERE kind = 0 "
		"AND name GLOB 'evaluate.metrics.[0-9]*' AND run = (SELECT max(run) FROM params "
		"JOIN keys ON id = key WHERE kind = 0 AND name = 'evaluate.metrics.0' "
		"AND run IN newest)) "
		"SELECT name FROM newest JOIN metrics ON run = number JOIN keys ON id = key "
		"LEFT JOIN asked ON asked.value = name GROUP BY key "
		"ORDER BY instr(name, '/') > 0 OR name LIKE 'train%', place NULLS LAST, "
		"(SELECT place FROM (SELECT 0 AS place, 'roc_auc' AS known UNION VALUES "
		"(1, 'log_loss'), (2, 'accuracy'), (3, 'r2'), (4, 'rmse'), (5, 'mae')) "
		"WHERE known = name) NULLS LAST, count(*) DESC, name LIMIT ?1",
		err);
	if (!list)
		return -err->code;
	names.items = memory_allocate(most + 1, sizeof *names.items, err);
	if (!names.items)
		return -err->code;
	bind_integer(list, 1, (int64_t)most);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		char *name;
		if (record_copy_text(list, 0, &name, err) < 0)
			return -err->code;
		names.items[names.count++] = name;
	}
	if (row < 0)
		return row;
	*ret = names;
	names = (struct names){ .items = NULL };
	return 0;
}
