#include "cells_internal.h"

#include <math.h>
#include <stdio.h>

#include "mlops/base/clock.h"
#include "mlops/base/parse.h"
#include "mlops/base/utf8.h"
#include "number_internal.h"
#include "table_internal.h"

/* Rows of one turn: their bytes and ends stay in the nearest cache from column to column. */
enum { CELLS_TILE = 256 };

int cells_report(struct cells_problems **problems, uint64_t offset, struct error *err,
	const char *format, ...)
{
	if (!*problems)
		*problems = memory_allocate(1, sizeof **problems, err);
	if (!*problems)
		return -(int)err->code;
	struct cells_problems *list = *problems;
	list->total++;
	/* The first ones in order of place are kept: columns are not walked in that order. */
	size_t at = list->count;
	while (at && list->items[at - 1].offset > offset)
		at--;
	if (at == PROBLEMS_MOST)
		return 0;
	if (list->count < PROBLEMS_MOST)
		list->count++;
	memmove(&list->items[at + 1], &list->items[at],
		(list->count - at - 1) * sizeof *list->items);
	struct cells_problem *item = &list->items[at];
	*item = (struct cells_problem){ .offset = offset };
	va_list args;
	va_start(args, format);
	vsnprintf(item->message, sizeof item->message, format, args);
	va_end(args);
	return 0;
}

struct text cells_unquote(struct strbuf *scratch, struct text raw, bool *ret_quoted)
{
	*ret_quoted = raw.length > 1 && raw.at[0] == '"';
	if (!*ret_quoted)
		return raw;
	struct text inner = { raw.at + 1, raw.length - 2 };
	if (!inner.length || !memchr(inner.at, '"', inner.length))
		return inner;
	strbuf_clear(scratch);
	/* The dictionary reads 16 bytes from any text on. */
	if (!strbuf_reserve(scratch, inner.length + DICTIONARY_KEY))
		return inner;
	for (size_t i = 0; i < inner.length; i++) {
		scratch->text[scratch->length++] = inner.at[i];
		i += inner.at[i] == '"';
	}
	return (struct text){ scratch->text, scratch->length };
}

static int cells_misfit(struct cells_block *block, size_t c, size_t row, struct text raw,
	struct text value, bool quoted, struct error *err)
{
	struct cells_column *cell = &block->layout->columns[c];
	if (!cell->declared) {
		unsigned seen = field_classify(value, quoted && block->layout->json);
		atomic_fetch_or_explicit(&cell->seen, seen, memory_order_relaxed);
		atomic_fetch_add_explicit(&cell->misfits, 1, memory_order_relaxed);
		return 0;
	}
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT, cut = STRBUF_INIT;
	utf8_escape(&shown, (struct text){ value.at, value.length < 200 ? value.length : 200 });
	utf8_truncate(&cut, (struct text){ shown.text, shown.length }, 40, false);
	uint64_t offset = block->row_offsets ? block->row_offsets[row]
					     : block->offset + (uint64_t)(raw.at - block->bytes);
	return cells_report(block->problems, offset, err, "column '%s': '%s' is not %s %s",
		cell->column->name, cut.text, cell->column->type == COLUMN_INT64 ? "an" : "a",
		column_type_name(cell->column->type));
}

void cells_store_missing(struct cells_block *block, size_t c, size_t row)
{
	struct column *column = block->layout->columns[c].column;
	size_t at = block->first_row + row;
	__atomic_fetch_or(&column->missing[at / 64], (uint64_t)1 << (at % 64), __ATOMIC_RELAXED);
	switch (column->type) {
	case COLUMN_FLOAT64:
		column->float64[at] = (double)NAN;
		break;
	case COLUMN_BOOLEAN:
		column->boolean[at] = 0;
		break;
	case COLUMN_CATEGORY:
		column->codes[at] = 0;
		break;
	case COLUMN_TEXT:
		column->offsets[at + 1] = block->texts[c].length;
		break;
	default:
		column->int64[at] = 0;
	}
}

/* What JSON writes without quotes in a column of texts, unless it means missing. */
static unsigned cells_bare(const struct cells_block *block, struct text value)
{
	if (field_is_missing(&block->layout->missing, value))
		return 0;
	return field_classify(value, false) & ~(unsigned)(FIELD_TEXT | FIELD_TIMESTAMP);
}

static inline int cells_store_text(struct cells_block *block, size_t c, size_t row,
	struct text value, bool quoted, struct error *err)
{
	struct cells_column *cell = &block->layout->columns[c];
	size_t at = block->first_row + row;
	if (block->layout->json && !quoted && !cell->declared)
		atomic_fetch_or_explicit(
			&cell->seen, cells_bare(block, value), memory_order_relaxed);
	if (cell->column->type == COLUMN_TEXT) {
		strbuf_add_bytes(&block->texts[c], value.at, value.length);
		cell->column->offsets[at + 1] = block->texts[c].length;
		return strbuf_check(&block->texts[c], err);
	}
	struct dictionary *dictionary = &block->worker->dictionaries[c];
	struct dictionary_entry *entry = dictionary_find(dictionary, value, err);
	if (!entry)
		return -(int)err->code;
	if (entry->missing && !quoted) {
		cells_store_missing(block, c, row);
		return 0;
	}
	if (entry->code == DICTIONARY_NO_CODE) {
		dictionary_number(dictionary, entry, at);
		if (dictionary->n_codes > cell->category_most)
			atomic_fetch_or_explicit(&cell->seen, FIELD_MANY, memory_order_relaxed);
	}
	cell->column->codes[at] = entry->code;
	return 0;
}

/* Numbers as the column wants them; false: it does not fit. */
static bool cells_store_number(const struct cells_column *cell, size_t at, struct text value,
	bool string, atomic_uint *seen)
{
	struct number number;
	number_read(value, &number);
	bool real = cell->column->type == COLUMN_FLOAT64;
	bool integer = number.kind == NUMBER_INTEGER || number.kind == NUMBER_LONG;
	if (string || (number.leading_zero && !cell->declared))
		return false;
	if (cell->declared ? number.kind == NUMBER_NONE && !(real && number.integer)
			   : number.kind == NUMBER_NONE || (real && number.kind == NUMBER_LONG))
		return false;
	if (real) {
		cell->column->float64[at] = number.real;
		return true;
	}
	if (!integer)
		return false;
	if (number.kind == NUMBER_LONG)
		atomic_fetch_or_explicit(seen, FIELD_LONG, memory_order_relaxed);
	cell->column->int64[at] = number.integer;
	return true;
}

int cells_store_one(
	struct cells_block *block, size_t c, size_t row, struct text raw, struct error *err)
{
	struct cells_column *cell = &block->layout->columns[c];
	enum column_type type = cell->column->type;
	size_t at = block->first_row + row;
	bool quoted, truth = false, fits;
	struct text value = cells_unquote(&block->worker->scratch, raw, &quoted);
	if (strbuf_check(&block->worker->scratch, err) < 0)
		return -(int)err->code;
	bool texts = type == COLUMN_CATEGORY || type == COLUMN_TEXT;
	if ((!quoted || !texts) && field_is_missing(&block->layout->missing, value)) {
		cells_store_missing(block, c, row);
		return 0;
	}
	switch (type) {
	case COLUMN_FLOAT64:
	case COLUMN_INT64:
		fits = cells_store_number(
			cell, at, value, quoted && block->layout->json, &cell->seen);
		break;
	case COLUMN_BOOLEAN:
		fits = !(quoted && block->layout->json) && parse_bool(value, &truth);
		cell->column->boolean[at] = truth;
		break;
	case COLUMN_TIMESTAMP:
		fits = clock_parse(value, &cell->column->int64[at]);
		break;
	default:
		return cells_store_text(block, c, row, value, quoted, err);
	}
	return fits ? 0 : cells_misfit(block, c, row, raw, value, quoted, err);
}

static int cells_store_plain(
	struct cells_block *block, size_t c, size_t row, size_t n, struct error *err)
{
	size_t field = block->layout->columns[c].field;
	for (size_t r = row; r < row + n; r++) {
		if (cells_store_one(block, c, r, cells_field(block, r, field), err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int cells_store_category(
	struct cells_block *block, size_t c, size_t row, size_t n, struct error *err)
{
	struct cells_column *cell = &block->layout->columns[c];
	if (atomic_load_explicit(&cell->seen, memory_order_relaxed) & FIELD_MANY)
		return 0; /* it will be read again, as text */
	struct strbuf *scratch = &block->worker->scratch;
	for (size_t r = row; r < row + n; r++) {
		bool quoted;
		struct text raw = cells_field(block, r, cell->field);
		struct text value = cells_unquote(scratch, raw, &quoted);
		if (cells_store_text(block, c, r, value, quoted, err) < 0)
			return -(int)err->code;
	}
	return strbuf_check(scratch, err);
}

void cells_prepare(struct cells_layout *layout, enum cpu_level level)
{
	for (size_t c = 0; c < layout->n_columns; c++) {
		struct cells_column *cell = &layout->columns[c];
		cell->store = NULL;
		/* The fast ways do not ask whether a number means missing. */
		if (cell->column->type == COLUMN_FLOAT64 && !layout->missing.values)
			cell->store = cells_store_float64(level);
		if (cell->column->type == COLUMN_INT64 && !layout->missing.values)
			cell->store = cells_store_int64(level);
		if (cell->column->type == COLUMN_CATEGORY)
			cell->store = cells_store_category;
		if (!cell->store)
			cell->store = cells_store_plain;
	}
}

int cells_worker_init(
	struct cells_worker *worker, const struct cells_layout *layout, struct error *err)
{
	*worker = (struct cells_worker){ .scratch = STRBUF_INIT };
	worker->dictionaries =
		memory_allocate(layout->n_columns, sizeof *worker->dictionaries, err);
	for (size_t c = 0; worker->dictionaries && c < layout->n_columns; c++) {
		if (layout->columns[c].column->type == COLUMN_CATEGORY &&
			dictionary_init(&worker->dictionaries[c], layout->missing.texts,
				layout->missing.count, err) < 0) {
			cells_worker_release(worker, layout);
			return -(int)err->code;
		}
	}
	return worker->dictionaries ? 0 : -(int)err->code;
}

void cells_worker_release(struct cells_worker *worker, const struct cells_layout *layout)
{
	for (size_t c = 0; worker->dictionaries && c < layout->n_columns; c++)
		dictionary_release(&worker->dictionaries[c]);
	memory_free(worker->dictionaries);
	strbuf_release(&worker->scratch);
	worker->dictionaries = NULL;
}

int cells_store_block(struct cells_block *block, struct error *err)
{
	const struct cells_layout *layout = block->layout;
	for (size_t row = 0; row < block->n_rows; row += CELLS_TILE) {
		size_t n = block->n_rows - row < CELLS_TILE ? block->n_rows - row : CELLS_TILE;
		for (size_t c = 0; c < layout->n_columns; c++) {
			if (layout->columns[c].store(block, c, row, n, err) < 0)
				return -(int)err->code;
		}
	}
	return 0;
}

int cells_look(struct cells_block *block, struct error *err)
{
	for (size_t c = 0; c < block->layout->n_columns; c++) {
		struct cells_column *cell = &block->layout->columns[c];
		for (size_t r = 0; r < block->n_rows; r++) {
			bool quoted;
			struct text value = cells_unquote(&block->worker->scratch,
				cells_field(block, r, cell->field), &quoted);
			if (!field_is_missing(&block->layout->missing, value))
				cell->seen |= field_classify(value, quoted && block->layout->json);
		}
	}
	return strbuf_check(&block->worker->scratch, err);
}
