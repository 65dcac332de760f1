#include "mlops/data/table_diff.h"

#include <math.h>

#include "table_diff_internal.h"

void table_diff_release(struct table_diff *diff)
{
	if (!diff)
		return;
	for (size_t i = 0; diff->columns && i < diff->n_columns; i++) {
		memory_free(diff->columns[i].appeared.items);
		memory_free(diff->columns[i].vanished.items);
	}
	memory_free(diff->columns);
	memory_free(diff->keys);
	memory_free(diff->added);
	memory_free(diff->removed);
	memory_free(diff->changed);
	memory_free(diff->cell_storage);
	profile_release(&diff->old_profile);
	profile_release(&diff->new_profile);
	*diff = (struct table_diff){ .old_table = NULL };
}

bool table_diff_is_textual(const struct column *column)
{
	return column->type == COLUMN_CATEGORY || column->type == COLUMN_TEXT ||
	       column->type == COLUMN_BOOLEAN;
}

struct text table_diff_text(const struct column *column, size_t row)
{
	if (column->type == COLUMN_BOOLEAN)
		return column->boolean[row] ? TEXT("true") : TEXT("false");
	return column_text(column, row);
}

static bool table_diff_same_number(int64_t integer, double number)
{
	double real = (double)integer;
	/* 2^63 is a double, but no int64. */
	return real == number && real < 0x1p63 && (int64_t)real == integer;
}

bool table_diff_same_cell(
	const struct column *a, size_t a_row, const struct column *b, size_t b_row)
{
	bool a_missing = column_is_missing(a, a_row), b_missing = column_is_missing(b, b_row);
	if (a_missing || b_missing)
		return a_missing && b_missing;
	if (table_diff_is_textual(a) || table_diff_is_textual(b))
		return table_diff_is_textual(a) && table_diff_is_textual(b) &&
		       text_equal(table_diff_text(a, a_row), table_diff_text(b, b_row));
	if (a->type == COLUMN_TIMESTAMP || b->type == COLUMN_TIMESTAMP)
		return a->type == b->type && a->int64[a_row] == b->int64[b_row];
	if (a->type == b->type)
		return a->type == COLUMN_INT64 ? a->int64[a_row] == b->int64[b_row]
					       : a->float64[a_row] == b->float64[b_row];
	return a->type == COLUMN_INT64 ? table_diff_same_number(a->int64[a_row], b->float64[b_row])
				       : table_diff_same_number(b->int64[b_row], a->float64[a_row]);
}

static enum table_diff_measure table_diff_choose(const struct column *a, const struct column *b)
{
	if (!a || !b)
		return TABLE_DIFF_NOTHING;
	if (table_diff_is_textual(a) && table_diff_is_textual(b))
		return TABLE_DIFF_TEXTS;
	if ((a->type == COLUMN_TIMESTAMP) != (b->type == COLUMN_TIMESTAMP))
		return TABLE_DIFF_NOTHING;
	return column_is_numeric(a) && column_is_numeric(b) ? TABLE_DIFF_NUMBERS
							    : TABLE_DIFF_NOTHING;
}

static void table_diff_add_column(
	struct table_diff *diff, const struct column *old_column, const struct column *new_column)
{
	const struct profile *old_profile = &diff->old_profile, *new_profile = &diff->new_profile;
	struct table_diff_column *column = &diff->columns[diff->n_columns++];
	*column = (struct table_diff_column){
		.name = new_column ? new_column->name : old_column->name,
		.kind = !old_column   ? TABLE_DIFF_ADDED
			: !new_column ? TABLE_DIFF_REMOVED
				      : TABLE_DIFF_KEPT,
		.old_column = old_column,
		.new_column = new_column,
		.type_changed = old_column && new_column && old_column->type != new_column->type,
		.measure = table_diff_choose(old_column, new_column),
		.ks = (double)NAN,
		.psi = (double)NAN,
		.total_variation = (double)NAN,
	};
	if (old_column)
		column->old_profile = &old_profile->columns[old_column - diff->old_table->columns];
	if (new_column)
		column->new_profile = &new_profile->columns[new_column - diff->new_table->columns];
	diff->n_added_columns += !old_column;
	diff->n_removed_columns += !new_column;
	diff->n_type_changes += column->type_changed;
}

static int table_diff_columns(struct table_diff *diff, struct error *err)
{
	const struct table *old_table = diff->old_table, *new_table = diff->new_table;
	diff->columns = memory_allocate(
		old_table->n_columns + new_table->n_columns, sizeof *diff->columns, err);
	if (!diff->columns)
		return -err->code;
	for (size_t i = 0; i < new_table->n_columns; i++) {
		const struct column *column = &new_table->columns[i];
		table_diff_add_column(diff, table_column(old_table, column->name, NULL), column);
	}
	for (size_t i = 0; i < old_table->n_columns; i++) {
		const struct column *column = &old_table->columns[i];
		if (!table_column(new_table, column->name, NULL))
			table_diff_add_column(diff, column, NULL);
	}
	return 0;
}

int table_diff_make(const struct table *old_table, const struct table *new_table,
	const struct table_diff_options *options, struct table_diff *ret, struct error *err)
{
	AUTO(table_diff_release)
	struct table_diff diff = { .old_table = old_table, .new_table = new_table };
	if (old_table->n_rows > TABLE_DIFF_ROWS_MOST || new_table->n_rows > TABLE_DIFF_ROWS_MOST)
		return error_set(err, ERROR_UNSUPPORTED, "tables of 2^32 rows cannot be compared");
	if (table_profile(old_table, NULL, 0, options->threads, &diff.old_profile, err) < 0 ||
		table_profile(new_table, NULL, 0, options->threads, &diff.new_profile, err) < 0 ||
		table_diff_columns(&diff, err) < 0 || table_diff_rows(&diff, options, err) < 0 ||
		table_diff_distributions(&diff, options, err) < 0)
		return -err->code;
	*ret = diff;
	/* The pointers of columns into profiles lead to the heap, not into `diff`. */
	diff = (struct table_diff){ .old_table = NULL };
	return 0;
}

bool table_diff_is_empty(const struct table_diff *diff)
{
	return !diff->n_added_columns && !diff->n_removed_columns && !diff->n_type_changes &&
	       !diff->n_added && !diff->n_removed && !diff->n_changed;
}
