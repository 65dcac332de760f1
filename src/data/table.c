#include "mlops/data/table.h"

#include <math.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/strbuf.h"
#include "table_internal.h"

static const char *const table_type_names[COLUMN_TYPE_COUNT] = {
	[COLUMN_FLOAT64] = "float64",
	[COLUMN_INT64] = "int64",
	[COLUMN_BOOLEAN] = "boolean",
	[COLUMN_CATEGORY] = "category",
	[COLUMN_TEXT] = "text",
	[COLUMN_TIMESTAMP] = "timestamp",
};

static const size_t table_type_sizes[COLUMN_TYPE_COUNT] = {
	[COLUMN_FLOAT64] = sizeof(double),
	[COLUMN_INT64] = sizeof(int64_t),
	[COLUMN_BOOLEAN] = sizeof(uint8_t),
	[COLUMN_CATEGORY] = sizeof(uint32_t),
	[COLUMN_TEXT] = sizeof(uint64_t),
	[COLUMN_TIMESTAMP] = sizeof(int64_t),
};

const char *column_type_name(enum column_type type)
{
	return table_type_names[type];
}

bool column_type_from_name(const char *name, enum column_type *ret)
{
	for (enum column_type type = 0; type < COLUMN_TYPE_COUNT; type++) {
		if (strcmp(name, table_type_names[type]) == 0) {
			*ret = type;
			return true;
		}
	}
	return false;
}

size_t column_value_size(enum column_type type)
{
	return table_type_sizes[type];
}

bool column_is_numeric(const struct column *column)
{
	return column->type != COLUMN_CATEGORY && column->type != COLUMN_TEXT;
}

void column_clear(struct column *column)
{
	memory_free(column->missing);
	memory_free(column->float64); /* any member of the union */
	memory_free(column->bytes);
	memory_free(column->categories);
	memory_free(column->category_bytes);
	*column = (struct column){ .name = column->name };
}

void table_release(struct table *table)
{
	if (!table)
		return;
	for (size_t c = 0; table->columns && c < table->n_columns; c++) {
		column_clear(&table->columns[c]);
		memory_free(table->columns[c].name);
	}
	memory_free(table->columns);
	*table = (struct table){ .n_rows = 0 };
}

int table_init(struct table *table, size_t n_columns, struct error *err)
{
	*table = (struct table){ .n_columns = n_columns };
	table->columns = memory_allocate(n_columns, sizeof *table->columns, err);
	return table->columns ? 0 : -(int)err->code;
}

int column_allocate(struct column *column, enum column_type type, size_t n_rows, struct error *err)
{
	size_t bytes, count = type == COLUMN_TEXT ? n_rows + 1 : n_rows;
	column->type = type;
	if (__builtin_mul_overflow(count, table_type_sizes[type], &bytes))
		return error_set(err, ERROR_MEMORY, "a column of %zu rows is too long", n_rows);
	column->float64 = memory_allocate_small_pages(bytes, err);
	if (column->float64 && type == COLUMN_TEXT)
		memset(column->offsets, 0, bytes);
	return column->float64 ? 0 : -(int)err->code;
}

int column_allocate_mask(struct column *column, size_t n_rows, struct error *err)
{
	memory_free(column->missing);
	column->missing = memory_allocate(n_rows / 64 + 1, sizeof *column->missing, err);
	return column->missing ? 0 : -(int)err->code;
}

void column_count_missing(struct column *column, size_t n_rows)
{
	size_t count = 0;
	for (size_t i = 0; column->missing && i <= n_rows / 64; i++)
		count += (size_t)__builtin_popcountll(column->missing[i]);
	column->n_missing = count;
	if (!count) {
		memory_free(column->missing);
		column->missing = NULL;
	}
}

int column_set_categories(
	struct column *column, const struct text *texts, size_t n, struct error *err)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += texts[i].length + 1;
	AUTO_FREE char *storage = memory_allocate(bytes, 1, err);
	struct text *categories = memory_allocate(n, sizeof *categories, err);
	if (!storage || !categories) {
		memory_free(categories);
		return -(int)err->code;
	}
	char *at = storage;
	for (size_t i = 0; i < n; i++) {
		if (texts[i].length)
			memcpy(at, texts[i].at, texts[i].length);
		categories[i] = (struct text){ at, texts[i].length };
		at += texts[i].length + 1;
	}
	column->categories = categories;
	column->n_categories = n;
	column->category_bytes = TAKE(storage);
	return 0;
}

const struct column *table_column(const struct table *table, const char *name, size_t *ret_index)
{
	for (size_t c = 0; c < table->n_columns; c++) {
		if (strcmp(table->columns[c].name, name) == 0) {
			if (ret_index)
				*ret_index = c;
			return &table->columns[c];
		}
	}
	return NULL;
}

double column_number(const struct column *column, size_t row)
{
	if (column_is_missing(column, row))
		return NAN;
	switch (column->type) {
	case COLUMN_FLOAT64:
		return column->float64[row];
	case COLUMN_INT64:
		return (double)column->int64[row];
	case COLUMN_BOOLEAN:
		return column->boolean[row];
	case COLUMN_TIMESTAMP:
		return (double)column->int64[row] / 1e6;
	default:
		BUG("column '%s' holds no numbers", column->name);
	}
}

struct text column_text(const struct column *column, size_t row)
{
	if (column->type == COLUMN_TEXT) {
		uint64_t start = column->offsets[row];
		return (struct text){ column->bytes + start, column->offsets[row + 1] - start };
	}
	if (column->type != COLUMN_CATEGORY)
		BUG("column '%s' holds no texts", column->name);
	if (column_is_missing(column, row))
		return TEXT("");
	return column->categories[column->codes[row]];
}

static void table_format_integer(struct strbuf *buffer, int64_t value)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--at] = '-';
	strbuf_add_bytes(buffer, digits + at, sizeof digits - at);
}

void column_format(const struct column *column, size_t row, struct strbuf *buffer)
{
	if (column_is_missing(column, row))
		return;
	struct text text;
	switch (column->type) {
	case COLUMN_FLOAT64:
		strbuf_add_double(buffer, column->float64[row]);
		break;
	case COLUMN_INT64:
		table_format_integer(buffer, column->int64[row]);
		break;
	case COLUMN_BOOLEAN:
		strbuf_add(buffer, column->boolean[row] ? "true" : "false");
		break;
	case COLUMN_TIMESTAMP:
		clock_format(buffer, column->int64[row]);
		break;
	default:
		text = column_text(column, row);
		strbuf_add_bytes(buffer, text.at, text.length);
	}
}

static int table_take_text(const struct column *from, const size_t *rows, size_t n_rows,
	struct column *to, struct error *err)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < n_rows; i++) {
		to->offsets[i] = bytes;
		bytes += column_text(from, rows[i]).length;
	}
	to->offsets[n_rows] = bytes;
	to->bytes = memory_allocate_aligned(bytes, err);
	if (!to->bytes)
		return -(int)err->code;
	for (size_t i = 0; i < n_rows; i++) {
		struct text text = column_text(from, rows[i]);
		if (text.length)
			memcpy(to->bytes + to->offsets[i], text.at, text.length);
	}
	return 0;
}

static int table_take_values(const struct column *from, const size_t *rows, size_t n_rows,
	struct column *to, struct error *err)
{
	if (column_allocate(to, from->type, n_rows, err) < 0)
		return -(int)err->code;
	switch (table_type_sizes[from->type]) {
	case 8:
		if (from->type == COLUMN_TEXT)
			return table_take_text(from, rows, n_rows, to, err);
		for (size_t i = 0; i < n_rows; i++)
			to->int64[i] = from->int64[rows[i]];
		break;
	case 4:
		for (size_t i = 0; i < n_rows; i++)
			to->codes[i] = from->codes[rows[i]];
		return column_set_categories(to, from->categories, from->n_categories, err);
	default:
		for (size_t i = 0; i < n_rows; i++)
			to->boolean[i] = from->boolean[rows[i]];
	}
	return 0;
}

static int table_take_column(const struct column *from, const size_t *rows, size_t n_rows,
	struct column *to, struct error *err)
{
	to->name = memory_copy_string(from->name, err);
	if (!to->name || table_take_values(from, rows, n_rows, to, err) < 0)
		return -(int)err->code;
	if (!from->missing)
		return 0;
	if (column_allocate_mask(to, n_rows, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < n_rows; i++) {
		if (column_is_missing(from, rows[i]))
			column_set_missing(to, i);
	}
	column_count_missing(to, n_rows);
	return 0;
}

int table_take(const struct table *table, const size_t *rows, size_t n_rows,
	const char *const *names, size_t n_names, struct table *ret_table, struct error *err)
{
	AUTO(table_release) struct table result = { 0 };
	if (table_init(&result, names ? n_names : table->n_columns, err) < 0)
		return -(int)err->code;
	result.n_rows = n_rows;
	for (size_t c = 0; c < result.n_columns; c++) {
		const struct column *from =
			names ? table_column(table, names[c], NULL) : &table->columns[c];
		if (!from)
			return error_set(err, ERROR_NOT_FOUND, "there is no column '%s'", names[c]);
		if (table_take_column(from, rows, n_rows, &result.columns[c], err) < 0)
			return -(int)err->code;
	}
	*ret_table = result;
	result = (struct table){ .n_rows = 0 };
	return 0;
}
