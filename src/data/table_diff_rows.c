/*
 * Which row is which. Rows are found by 64-bit hashes of their key in a table of open addressing;
 * equal hashes of keys are confirmed by comparing the cells.
 */
#include <string.h>
#include <strings.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/vec.h"

#include "row_hash_internal.h"
#include "table_diff_internal.h"

/* The columns by which rows are compared, seen in each of the tables. Columns are borrowed. */
struct table_diff_view {
	struct table old_table, new_table;
};

static void table_diff_view_release(struct table_diff_view *view)
{
	memory_free(view->old_table.columns);
	memory_free(view->new_table.columns);
}
AUTO_RELEASE(struct table_diff_view, table_diff_view_release)

/* Common columns that are keys, or those that are not. */
static int table_diff_view_make(
	const struct table_diff *diff, bool keys, struct table_diff_view *ret, struct error *err)
{
	size_t n = 0;
	*ret = (struct table_diff_view){ { .n_rows = diff->old_table->n_rows },
		{ .n_rows = diff->new_table->n_rows } };
	ret->old_table.columns =
		memory_allocate(diff->n_columns, sizeof *ret->old_table.columns, err);
	ret->new_table.columns =
		memory_allocate(diff->n_columns, sizeof *ret->new_table.columns, err);
	if (!ret->old_table.columns || !ret->new_table.columns) {
		table_diff_view_release(ret);
		*ret = (struct table_diff_view){ { .n_rows = 0 }, { .n_rows = 0 } };
		return -err->code;
	}
	for (size_t i = 0; i < diff->n_columns; i++) {
		const struct table_diff_column *column = &diff->columns[i];
		if (column->kind != TABLE_DIFF_KEPT || column->is_key != keys)
			continue;
		ret->old_table.columns[n] = *column->old_column;
		ret->new_table.columns[n++] = *column->new_column;
	}
	ret->old_table.n_columns = ret->new_table.n_columns = n;
	return 0;
}

/* Row numbers by hash; 0 is an empty slot, else 1 + row. */
struct table_diff_map {
	uint32_t *slots;
	size_t mask;
	uint64_t *hashes; /* of each row */
	const struct table *cells; /* which hashes are confirmed by; NULL: the hash is enough */
};

static void table_diff_map_release(struct table_diff_map *map)
{
	memory_free(map->slots);
	memory_free(map->hashes);
}
AUTO_RELEASE(struct table_diff_map, table_diff_map_release)

static int table_diff_map_make(const struct table *table, bool confirm, size_t threads,
	struct table_diff_map *ret, struct error *err)
{
	size_t size = 16;
	while (size < table->n_rows + table->n_rows / 3)
		size *= 2;
	*ret = (struct table_diff_map){ .mask = size - 1, .cells = confirm ? table : NULL };
	ret->slots = memory_allocate(size, sizeof *ret->slots, err);
	ret->hashes = memory_allocate(table->n_rows, sizeof *ret->hashes, err);
	if (!ret->slots || !ret->hashes)
		return -err->code;
	return row_hash_table(table, NULL, threads, ret->hashes, err);
}

static bool table_diff_same_row(
	const struct table *a, size_t a_row, const struct table *b, size_t b_row)
{
	for (size_t c = 0; c < a->n_columns; c++) {
		if (!table_diff_same_cell(&a->columns[c], a_row, &b->columns[c], b_row))
			return false;
	}
	return true;
}

/* The slot of the row with this hash (and the cells of `row` of `table`), or the empty one. */
static uint32_t *table_diff_map_slot(
	const struct table_diff_map *map, uint64_t hash, const struct table *table, size_t row)
{
	for (size_t at = hash & map->mask;; at = (at + 1) & map->mask) {
		uint32_t *slot = &map->slots[at];
		if (!*slot)
			return slot;
		if (map->hashes[*slot - 1] == hash &&
			(!map->cells || table_diff_same_row(map->cells, *slot - 1, table, row)))
			return slot;
	}
}

/* Enters all rows. False: rows ret_twice[0] < ret_twice[1] have the same key. */
static bool table_diff_map_fill(
	struct table_diff_map *map, const struct table *table, size_t ret_twice[2])
{
	for (size_t row = 0; row < table->n_rows; row++) {
		uint32_t *slot = table_diff_map_slot(map, map->hashes[row], table, row);
		if (*slot) {
			ret_twice[0] = *slot - 1;
			ret_twice[1] = row;
			return false;
		}
		*slot = (uint32_t)row + 1;
	}
	return true;
}

/* Rows by key: 1 + the row of the old table that each row of the new one is; 0: none. */
struct table_diff_match {
	uint32_t *partners;
	uint64_t *is_matched; /* a bit for each row of the old table */
	size_t count;
	bool is_unique;
	const char *table; /* not unique: the table's word, and the rows */
	size_t twice[2];
};

static void table_diff_match_release(struct table_diff_match *match)
{
	memory_free(match->partners);
	memory_free(match->is_matched);
	*match = (struct table_diff_match){ .partners = NULL };
}
AUTO_RELEASE(struct table_diff_match, table_diff_match_release)

static int table_diff_match_find(const struct table_diff_view *view,
	const struct table_diff_map *old_map, const struct table_diff_map *new_map,
	struct table_diff_match *match, struct error *err)
{
	match->partners = memory_allocate(view->new_table.n_rows, sizeof *match->partners, err);
	match->is_matched =
		memory_allocate(view->old_table.n_rows / 64 + 1, sizeof *match->is_matched, err);
	if (!match->partners || !match->is_matched)
		return -err->code;
	for (size_t row = 0; row < view->new_table.n_rows; row++) {
		uint32_t slot =
			*table_diff_map_slot(old_map, new_map->hashes[row], &view->new_table, row);
		match->partners[row] = slot;
		if (!slot)
			continue;
		match->is_matched[(slot - 1) / 64] |= UINT64_C(1) << (slot - 1) % 64;
		match->count++;
	}
	return 0;
}

/* By the columns whose is_key is set. */
static int table_diff_match_make(const struct table_diff *diff, size_t threads,
	struct table_diff_match *ret, struct error *err)
{
	AUTO(table_diff_view_release)
	struct table_diff_view view = { { .n_rows = 0 }, { .n_rows = 0 } };
	AUTO(table_diff_map_release) struct table_diff_map old_map = { .slots = NULL };
	AUTO(table_diff_map_release) struct table_diff_map new_map = { .slots = NULL };
	*ret = (struct table_diff_match){ .table = "old" };
	if (table_diff_view_make(diff, true, &view, err) < 0 ||
		table_diff_map_make(&view.old_table, true, threads, &old_map, err) < 0)
		return -err->code;
	if (!table_diff_map_fill(&old_map, &view.old_table, ret->twice))
		return 0;
	ret->table = "new";
	if (table_diff_map_make(&view.new_table, true, threads, &new_map, err) < 0)
		return -err->code;
	if (!table_diff_map_fill(&new_map, &view.new_table, ret->twice))
		return 0;
	ret->is_unique = true;
	if (table_diff_match_find(&view, &old_map, &new_map, ret, err) < 0) {
		table_diff_match_release(ret);
		return -err->code;
	}
	return 0;
}

static struct table_diff_column *table_diff_column(struct table_diff *diff, const char *name)
{
	for (size_t i = 0; i < diff->n_columns; i++) {
		if (strcmp(diff->columns[i].name, name) == 0)
			return &diff->columns[i];
	}
	return NULL;
}

static int table_diff_not_unique(
	struct table_diff *diff, const struct table_diff_match *match, struct error *err)
{
	bool is_old = strcmp(match->table, "old") == 0;
	AUTO(strbuf_release) struct strbuf names = STRBUF_INIT, values = STRBUF_INIT;
	for (size_t i = 0; i < diff->n_keys; i++) {
		const struct table_diff_column *column = table_diff_column(diff, diff->keys[i]);
		strbuf_printf(&names, "%s'%s'", i ? ", " : "", diff->keys[i]);
		strbuf_add(&values, i ? ", " : "");
		column_format(
			is_old ? column->old_column : column->new_column, match->twice[0], &values);
	}
	error_set(err, ERROR_INVALID,
		"the key %s does not name rows: %zu and %zu of the %s table "
		"both have '%.200s'",
		names.text, match->twice[0] + 1, match->twice[1] + 1, match->table, values.text);
	return error_hint(err, "name more columns as the key, or compare rows by content");
}

static int table_diff_set_keys(struct table_diff *diff, const struct table_diff_options *options,
	struct table_diff_match *ret, struct error *err)
{
	diff->keys = memory_allocate(options->n_keys, sizeof *diff->keys, err);
	if (!diff->keys)
		return -err->code;
	for (size_t i = 0; i < options->n_keys; i++) {
		struct table_diff_column *column = table_diff_column(diff, options->keys[i]);
		if (!column || column->kind != TABLE_DIFF_KEPT)
			return error_set(err, ERROR_NOT_FOUND, "the key '%s' is not a column of %s",
				options->keys[i],
				!column                              ? "the tables"
				: column->kind == TABLE_DIFF_REMOVED ? "the new table"
								     : "the old table");
		if (column->is_key)
			continue;
		column->is_key = true;
		diff->keys[diff->n_keys++] = column->name;
	}
	if (table_diff_match_make(diff, options->threads, ret, err) < 0)
		return -err->code;
	return ret->is_unique ? 0 : table_diff_not_unique(diff, ret, err);
}

static bool table_diff_is_called_key(const char *name)
{
	size_t length = strlen(name);
	return strcasecmp(name, "id") == 0 || strcasecmp(name, "key") == 0 ||
	       strcasecmp(name, "uuid") == 0 || strcasecmp(name, "index") == 0 ||
	       (length > 3 && strcasecmp(name + length - 3, "_id") == 0);
}

static bool table_diff_can_be_key(const struct column *column)
{
	return !column->n_missing && (column->type == COLUMN_INT64 || column->type == COLUMN_TEXT ||
					     column->type == COLUMN_CATEGORY);
}

/* Tries one column; is it the key? */
static int table_diff_try_key(struct table_diff *diff, struct table_diff_column *column,
	size_t threads, struct table_diff_match *ret, bool *ret_found, struct error *err)
{
	size_t n_old = diff->old_table->n_rows, n_new = diff->new_table->n_rows;
	*ret_found = false;
	if (column->kind != TABLE_DIFF_KEPT || !table_diff_can_be_key(column->old_column) ||
		!table_diff_can_be_key(column->new_column))
		return 0;
	column->is_key = true;
	if (table_diff_match_make(diff, threads, ret, err) < 0)
		return -err->code;
	*ret_found =
		ret->is_unique && ret->count && ret->count >= (n_old < n_new ? n_old : n_new) / 2;
	if (*ret_found) {
		diff->keys[0] = column->name;
		diff->n_keys = 1;
		diff->key_was_found = true;
		return 0;
	}
	column->is_key = false;
	table_diff_match_release(ret);
	return 0;
}

static int table_diff_find_key(
	struct table_diff *diff, size_t threads, struct table_diff_match *ret, struct error *err)
{
	bool found = false;
	diff->keys = memory_allocate(1, sizeof *diff->keys, err);
	if (!diff->keys)
		return -err->code;
	for (size_t i = 0; !found && i < diff->n_columns; i++) {
		if (table_diff_is_called_key(diff->columns[i].name) &&
			table_diff_try_key(diff, &diff->columns[i], threads, ret, &found, err) < 0)
			return -err->code;
	}
	if (!found && diff->n_columns && diff->columns[0].old_column == diff->old_table->columns &&
		table_diff_try_key(diff, &diff->columns[0], threads, ret, &found, err) < 0)
		return -err->code;
	return 0;
}

/* Examples, while they are found. Cells are numbers until all are there: the array may move. */
struct table_diff_lists {
	size_t most;
	VEC(struct table_diff_row) added, removed, changed;
	VEC(uint32_t) cells;
};

static void table_diff_lists_release(struct table_diff_lists *lists)
{
	vec_release(&lists->added);
	vec_release(&lists->removed);
	vec_release(&lists->changed);
	vec_release(&lists->cells);
}
AUTO_RELEASE(struct table_diff_lists, table_diff_lists_release)

static void table_diff_found_added(
	struct table_diff *diff, struct table_diff_lists *lists, size_t row)
{
	if (diff->n_added++ < lists->most)
		vec_push(&lists->added, (struct table_diff_row){ SIZE_MAX, row, NULL, 0 });
}

static void table_diff_found_removed(
	struct table_diff *diff, struct table_diff_lists *lists, size_t row)
{
	if (diff->n_removed++ < lists->most)
		vec_push(&lists->removed, (struct table_diff_row){ row, SIZE_MAX, NULL, 0 });
}

static void table_diff_found_changed(
	struct table_diff *diff, struct table_diff_lists *lists, size_t old_row, size_t new_row)
{
	bool listed = diff->n_changed++ < lists->most;
	struct table_diff_row row = { old_row, new_row, NULL, 0 };
	for (size_t i = 0; i < diff->n_columns; i++) {
		struct table_diff_column *column = &diff->columns[i];
		if (column->kind != TABLE_DIFF_KEPT || column->is_key ||
			table_diff_same_cell(
				column->old_column, old_row, column->new_column, new_row))
			continue;
		column->n_changed++;
		diff->n_changed_cells++;
		row.n_cells++;
		if (listed)
			vec_push(&lists->cells, (uint32_t)i);
	}
	if (listed)
		vec_push(&lists->changed, row);
}

static int table_diff_lists_give(
	struct table_diff *diff, struct table_diff_lists *lists, struct error *err)
{
	if (vec_check(&lists->added, err) < 0 || vec_check(&lists->removed, err) < 0 ||
		vec_check(&lists->changed, err) < 0 || vec_check(&lists->cells, err) < 0)
		return -err->code;
	const uint32_t *cells = lists->cells.items;
	for (size_t i = 0; i < lists->changed.count; i++) {
		lists->changed.items[i].cells = cells;
		cells += lists->changed.items[i].n_cells;
	}
	diff->n_added_listed = lists->added.count;
	diff->n_removed_listed = lists->removed.count;
	diff->n_changed_listed = lists->changed.count;
	diff->added = TAKE(lists->added.items);
	diff->removed = TAKE(lists->removed.items);
	diff->changed = TAKE(lists->changed.items);
	diff->cell_storage = TAKE(lists->cells.items);
	return 0;
}

static int table_diff_by_key(struct table_diff *diff, const struct table_diff_match *match,
	size_t threads, struct table_diff_lists *lists, struct error *err)
{
	size_t n_old = diff->old_table->n_rows, n_new = diff->new_table->n_rows, behind = 0;
	AUTO(table_diff_view_release)
	struct table_diff_view view = { { .n_rows = 0 }, { .n_rows = 0 } };
	AUTO_FREE uint64_t *old_hashes = memory_allocate(n_old, sizeof *old_hashes, err);
	AUTO_FREE uint64_t *new_hashes = memory_allocate(n_new, sizeof *new_hashes, err);
	if (!old_hashes || !new_hashes || table_diff_view_make(diff, false, &view, err) < 0 ||
		row_hash_table(&view.old_table, NULL, threads, old_hashes, err) < 0 ||
		row_hash_table(&view.new_table, NULL, threads, new_hashes, err) < 0)
		return -err->code;
	diff->same_order = true;
	for (size_t row = 0; row < n_new; row++) {
		size_t partner = match->partners[row];
		if (!partner) {
			table_diff_found_added(diff, lists, row);
			continue;
		}
		diff->same_order = diff->same_order && partner > behind;
		behind = partner;
		if (old_hashes[partner - 1] == new_hashes[row])
			diff->n_same++;
		else
			table_diff_found_changed(diff, lists, partner - 1, row);
	}
	for (size_t row = 0; row < n_old; row++) {
		if (!(match->is_matched[row / 64] >> row % 64 & 1))
			table_diff_found_removed(diff, lists, row);
	}
	return 0;
}

/* Each row of the new table takes one equal row of the old one away; what is left was removed. */
static int table_diff_take_away(struct table_diff *diff, const struct table_diff_view *view,
	size_t threads, struct table_diff_lists *lists, struct error *err)
{
	size_t n_old = view->old_table.n_rows, n_new = view->new_table.n_rows;
	AUTO(table_diff_map_release) struct table_diff_map map = { .slots = NULL };
	AUTO_FREE uint32_t *left = memory_allocate(n_old, sizeof *left, err); /* by first row */
	AUTO_FREE uint64_t *hashes = memory_allocate(n_new, sizeof *hashes, err);
	if (!left || !hashes ||
		table_diff_map_make(&view->old_table, false, threads, &map, err) < 0 ||
		row_hash_table(&view->new_table, NULL, threads, hashes, err) < 0)
		return -err->code;
	for (size_t row = 0; row < n_old; row++) {
		uint32_t *slot = table_diff_map_slot(&map, map.hashes[row], NULL, 0);
		*slot = *slot ? *slot : (uint32_t)row + 1;
		left[*slot - 1]++;
	}
	for (size_t row = 0; row < n_new; row++) {
		uint32_t slot = *table_diff_map_slot(&map, hashes[row], NULL, 0);
		if (slot && left[slot - 1]) {
			left[slot - 1]--;
			diff->n_same++;
		} else {
			table_diff_found_added(diff, lists, row);
		}
	}
	for (size_t row = 0; row < n_old; row++) {
		uint32_t *rest = &left[*table_diff_map_slot(&map, map.hashes[row], NULL, 0) - 1];
		if (*rest) {
			--*rest;
			table_diff_found_removed(diff, lists, row);
		}
	}
	return 0;
}

static int table_diff_by_content(
	struct table_diff *diff, size_t threads, struct table_diff_lists *lists, struct error *err)
{
	AUTO(table_diff_view_release)
	struct table_diff_view view = { { .n_rows = 0 }, { .n_rows = 0 } };
	if (table_diff_view_make(diff, false, &view, err) < 0)
		return -err->code;
	if (view.old_table.n_columns)
		return table_diff_take_away(diff, &view, threads, lists, err);
	/* Nothing to compare by: no row is one of the other table. */
	for (size_t row = 0; row < view.new_table.n_rows; row++)
		table_diff_found_added(diff, lists, row);
	for (size_t row = 0; row < view.old_table.n_rows; row++)
		table_diff_found_removed(diff, lists, row);
	return 0;
}

int table_diff_rows(
	struct table_diff *diff, const struct table_diff_options *options, struct error *err)
{
	AUTO(table_diff_match_release) struct table_diff_match match = { .partners = NULL };
	AUTO(table_diff_lists_release)
	struct table_diff_lists lists = { .most = options->examples };
	int status = options->n_keys ? table_diff_set_keys(diff, options, &match, err)
		     : options->by_content
			     ? 0
			     : table_diff_find_key(diff, options->threads, &match, err);
	if (status == 0)
		status = diff->n_keys
				 ? table_diff_by_key(diff, &match, options->threads, &lists, err)
				 : table_diff_by_content(diff, options->threads, &lists, err);
	return status < 0 ? status : table_diff_lists_give(diff, &lists, err);
}
