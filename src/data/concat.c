#include "concat_internal.h"

#include <string.h>

#include "mlops/base/map.h"
#include "table_internal.h"

static bool concat_is_exact(const struct column *column, size_t n)
{
	for (size_t r = 0; r < n; r++) {
		double real = (double)column->int64[r];
		if (real >= 0x1p63 || (int64_t)real != column->int64[r])
			return false;
	}
	return true;
}

enum column_type concat_type(const struct column *a, size_t n_a, const struct column *b, size_t n_b)
{
	if (a->type == b->type || b->n_missing == n_b)
		return a->type;
	if (a->n_missing == n_a)
		return b->type;
	if (a->type == COLUMN_INT64 && b->type == COLUMN_FLOAT64)
		return concat_is_exact(a, n_a) ? COLUMN_FLOAT64 : COLUMN_CATEGORY;
	if (a->type == COLUMN_FLOAT64 && b->type == COLUMN_INT64)
		return concat_is_exact(b, n_b) ? COLUMN_FLOAT64 : COLUMN_CATEGORY;
	return a->type == COLUMN_TEXT || b->type == COLUMN_TEXT ? COLUMN_TEXT : COLUMN_CATEGORY;
}

/* The same column of each table. */
struct concat {
	const struct column **from;
	const size_t *n_rows;
	size_t n_tables;
	struct column *to;
};

static int concat_categories(const struct concat *concat, struct error *err)
{
	AUTO(map_release) struct map seen;
	size_t most = 0, n = 0, at = 0;
	map_init(&seen, NULL);
	for (size_t t = 0; t < concat->n_tables; t++)
		most += concat->from[t]->n_categories;
	AUTO_FREE struct text *texts = memory_allocate(most, sizeof *texts, err);
	AUTO_FREE uint32_t *codes = memory_allocate(most, sizeof *codes, err);
	if (!texts || !codes)
		return -(int)err->code;
	for (size_t t = 0; t < concat->n_tables; t++) {
		const struct column *from = concat->from[t];
		for (size_t i = 0; i < from->n_categories; i++) {
			const char *key = from->categories[i].at;
			/* The code + 1, as a pointer that is never followed. */
			uintptr_t code = (uintptr_t)map_get(&seen, key);
			if (!code) {
				texts[n++] = from->categories[i];
				code = n;
				if (map_put(&seen, key, (void *)code, err) < 0)
					return -(int)err->code;
			}
			codes[i] = (uint32_t)code - 1;
		}
		for (size_t r = 0; r < concat->n_rows[t]; r++, at++)
			concat->to->codes[at] =
				column_is_missing(from, r) ? 0 : codes[from->codes[r]];
	}
	return column_set_categories(concat->to, texts, n, err);
}

static int concat_texts(const struct concat *concat, struct error *err)
{
	uint64_t length = 0;
	for (size_t t = 0; t < concat->n_tables; t++)
		length += concat->from[t]->offsets[concat->n_rows[t]];
	concat->to->bytes = memory_allocate_aligned(length, err);
	if (!concat->to->bytes)
		return -(int)err->code;
	uint64_t at = 0;
	size_t row = 0;
	for (size_t t = 0; t < concat->n_tables; t++) {
		const struct column *from = concat->from[t];
		uint64_t bytes = from->offsets[concat->n_rows[t]];
		if (bytes)
			memcpy(concat->to->bytes + at, from->bytes, bytes);
		for (size_t r = 0; r < concat->n_rows[t]; r++)
			concat->to->offsets[++row] = at + from->offsets[r + 1];
		at += bytes;
	}
	return 0;
}

static int concat_values(const struct concat *concat, struct error *err)
{
	if (concat->to->type == COLUMN_CATEGORY)
		return concat_categories(concat, err);
	if (concat->to->type == COLUMN_TEXT)
		return concat_texts(concat, err);
	size_t size = column_value_size(concat->to->type), at = 0;
	for (size_t t = 0; t < concat->n_tables; t++) {
		memcpy((char *)concat->to->float64 + at * size, concat->from[t]->float64,
			concat->n_rows[t] * size);
		at += concat->n_rows[t];
	}
	return 0;
}

static int concat_column(const struct concat *concat, size_t n_rows, struct error *err)
{
	struct column *to = concat->to;
	to->name = memory_copy_string(concat->from[0]->name, err);
	if (!to->name || column_allocate(to, concat->from[0]->type, n_rows, err) < 0 ||
		column_allocate_mask(to, n_rows, err) < 0 || concat_values(concat, err) < 0)
		return -(int)err->code;
	size_t at = 0;
	for (size_t t = 0; t < concat->n_tables; t++) {
		for (size_t r = 0; r < concat->n_rows[t]; r++, at++) {
			if (column_is_missing(concat->from[t], r))
				column_set_missing(to, at);
		}
	}
	column_count_missing(to, n_rows);
	return 0;
}

int concat_tables(const struct table *tables, size_t n, struct table *ret_table, struct error *err)
{
	AUTO(table_release) struct table result = { 0 };
	AUTO_FREE const struct column **from = memory_allocate(n, sizeof *from, err);
	AUTO_FREE size_t *n_rows = memory_allocate(n, sizeof *n_rows, err);
	if (!from || !n_rows || table_init(&result, tables[0].n_columns, err) < 0)
		return -(int)err->code;
	for (size_t t = 0; t < n; t++) {
		n_rows[t] = tables[t].n_rows;
		result.n_rows += n_rows[t];
	}
	for (size_t c = 0; c < result.n_columns; c++) {
		for (size_t t = 0; t < n; t++)
			from[t] = table_column(&tables[t], tables[0].columns[c].name, NULL);
		struct concat concat = { from, n_rows, n, &result.columns[c] };
		if (concat_column(&concat, result.n_rows, err) < 0)
			return -(int)err->code;
	}
	*ret_table = result;
	result = (struct table){ .n_rows = 0 };
	return 0;
}
