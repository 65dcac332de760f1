/*
 * How the distribution of each common column moved. One column is worked on by one thread.
 */
#include <math.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/base/sort.h"
#include "mlops/numeric/drift.h"
#include "mlops/numeric/statistics.h"

#include "row_hash_internal.h"
#include "table_diff_internal.h"

enum { TABLE_DIFF_DECILES = 10 };

/* The finite values, ascending. */
static double *table_diff_sorted(
	const struct column *column, size_t n_rows, size_t *ret_count, struct error *err)
{
	double *values = memory_allocate(n_rows, sizeof *values, err);
	size_t n = 0;
	for (size_t row = 0; values && row < n_rows; row++) {
		double value = column_number(column, row); /* NaN if missing */
		if (isfinite(value))
			values[n++] = value;
	}
	if (values)
		statistics_sort(values, n);
	*ret_count = n;
	return values;
}

static int table_diff_numbers(
	const struct table_diff *diff, struct table_diff_column *column, struct error *err)
{
	size_t n_old, n_new;
	AUTO_FREE double *old_values =
		table_diff_sorted(column->old_column, diff->old_table->n_rows, &n_old, err);
	AUTO_FREE double *new_values = old_values ? table_diff_sorted(column->new_column,
							    diff->new_table->n_rows, &n_new, err)
						  : NULL;
	if (!new_values)
		return -err->code;
	column->ks = drift_ks_sorted(old_values, n_old, new_values, n_new);
	column->psi = drift_psi_sorted(old_values, n_old, new_values, n_new, TABLE_DIFF_DECILES);
	return 0;
}

/* A distinct text, how often it comes, and where first. */
struct table_diff_word {
	uint64_t hash;
	uint32_t first, count;
};
struct table_diff_words {
	struct table_diff_word *items; /* by hash, each once */
	size_t count;
};

static int table_diff_compare_words(const void *a, const void *b, void *context)
{
	const struct table_diff_word *left = a, *right = b;
	(void)context;
	return left->hash < right->hash ? -1 : left->hash > right->hash;
}

static struct table_diff_word table_diff_word(const struct column *column, size_t row)
{
	struct text text = table_diff_text(column, row);
	return (struct table_diff_word){ row_hash_bytes(text.at, text.length), (uint32_t)row, 1 };
}

/* Categories and booleans: by code. `items` has room for each code. */
static size_t table_diff_count_codes(
	const struct column *column, size_t n_rows, struct table_diff_word *items, size_t n_codes)
{
	size_t n = 0;
	memset(items, 0, n_codes * sizeof *items);
	for (size_t row = 0; row < n_rows; row++) {
		if (column_is_missing(column, row))
			continue;
		struct table_diff_word *word =
			&items[column->type == COLUMN_BOOLEAN ? column->boolean[row]
							      : column->codes[row]];
		word->first = word->count++ ? word->first : (uint32_t)row;
	}
	for (size_t code = 0; code < n_codes; code++) {
		struct table_diff_word word = items[code];
		if (!word.count)
			continue;
		items[n] = table_diff_word(column, word.first);
		items[n++].count = word.count;
	}
	return n;
}

static int table_diff_read_words(
	const struct column *column, size_t n_rows, struct table_diff_words *ret, struct error *err)
{
	bool text = column->type == COLUMN_TEXT;
	size_t room = text ? n_rows : column->type == COLUMN_CATEGORY ? column->n_categories : 2;
	*ret = (struct table_diff_words){ memory_allocate(room, sizeof *ret->items, err), 0 };
	if (!ret->items)
		return -err->code;
	for (size_t row = 0; text && row < n_rows; row++) {
		if (!column_is_missing(column, row))
			ret->items[ret->count++] = table_diff_word(column, row);
	}
	if (!text)
		ret->count = table_diff_count_codes(column, n_rows, ret->items, room);
	if (sort_items(ret->items, ret->count, sizeof *ret->items, table_diff_compare_words, NULL,
		    err) < 0)
		return -err->code;
	size_t n = 0;
	for (size_t i = 0; i < ret->count; i++) {
		if (n && ret->items[n - 1].hash == ret->items[i].hash)
			ret->items[n - 1].count += ret->items[i].count;
		else
			ret->items[n++] = ret->items[i];
	}
	ret->count = n;
	return 0;
}

/* Takes a value into the list of the most frequent ones, ties by place. */
static void table_diff_lead(
	struct table_diff_values *values, const struct table_diff_word *word, size_t most)
{
	struct table_diff_value *items = values->items;
	size_t at = values->count;
	values->n_distinct++;
	values->n_rows += word->count;
	while (at &&
		(items[at - 1].count < word->count ||
			(items[at - 1].count == word->count && items[at - 1].row > word->first)))
		at--;
	if (at == most)
		return;
	values->count += values->count < most;
	memmove(&items[at + 1], &items[at], (values->count - at - 1) * sizeof *items);
	items[at] = (struct table_diff_value){ word->first, word->count };
}

/* Both lists side by side: cells of the union, and what is in one only. */
static int table_diff_compare_texts(struct table_diff_column *column,
	const struct table_diff_words *a, const struct table_diff_words *b, size_t examples,
	struct error *err)
{
	size_t n = 0;
	AUTO_FREE uint64_t *in_a = memory_allocate(a->count + b->count, sizeof *in_a, err);
	AUTO_FREE uint64_t *in_b =
		in_a ? memory_allocate(a->count + b->count, sizeof *in_b, err) : NULL;
	column->appeared.items =
		in_b ? memory_allocate(examples, sizeof *column->appeared.items, err) : NULL;
	column->vanished.items =
		in_b ? memory_allocate(examples, sizeof *column->vanished.items, err) : NULL;
	if (!column->appeared.items || !column->vanished.items)
		return -err->code;
	for (size_t i = 0, j = 0; i < a->count || j < b->count; n++) {
		const struct table_diff_word *x = i < a->count ? &a->items[i] : NULL;
		const struct table_diff_word *y = j < b->count ? &b->items[j] : NULL;
		bool of_a = x && (!y || x->hash <= y->hash), of_b = y && (!x || y->hash <= x->hash);
		in_a[n] = of_a ? x->count : 0;
		in_b[n] = of_b ? y->count : 0;
		if (!of_b)
			table_diff_lead(&column->vanished, x, examples);
		if (!of_a)
			table_diff_lead(&column->appeared, y, examples);
		i += of_a;
		j += of_b;
	}
	column->total_variation = drift_total_variation(in_a, in_b, n);
	column->psi = drift_psi(in_a, in_b, n);
	return 0;
}

static int table_diff_texts(const struct table_diff *diff, struct table_diff_column *column,
	size_t examples, struct error *err)
{
	struct table_diff_words a = { .items = NULL }, b = { .items = NULL };
	if (table_diff_read_words(column->old_column, diff->old_table->n_rows, &a, err) == 0 &&
		table_diff_read_words(column->new_column, diff->new_table->n_rows, &b, err) == 0)
		table_diff_compare_texts(column, &a, &b, examples, err);
	memory_free(a.items);
	memory_free(b.items);
	return -(int)err->code;
}

struct table_diff_job {
	struct table_diff *diff;
	size_t examples;
};

static int table_diff_one(void *context, size_t index, size_t worker, struct error *err)
{
	const struct table_diff_job *job = context;
	struct table_diff_column *column = &job->diff->columns[index];
	(void)worker;
	if (column->measure == TABLE_DIFF_NUMBERS)
		return table_diff_numbers(job->diff, column, err);
	if (column->measure == TABLE_DIFF_TEXTS)
		return table_diff_texts(job->diff, column, job->examples, err);
	return 0;
}

int table_diff_distributions(
	struct table_diff *diff, const struct table_diff_options *options, struct error *err)
{
	struct table_diff_job job = { diff, options->examples };
	return parallel_for(options->threads, diff->n_columns, table_diff_one, &job, err);
}
