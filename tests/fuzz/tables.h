/*
 * tables: any bytes as a data file. The plain way on one thread and the vectorised one on two must
 * give the same table or the same error, and what is read must be written so that it reads back equal.
 */
#ifndef MLOPS_FUZZ_TABLES_H
#define MLOPS_FUZZ_TABLES_H

#include <stdlib.h>
#include <string.h>

#include "mlops/data/writer.h"

static void tables_equal(const struct table *a, const struct table *b)
{
	static const size_t sizes[COLUMN_TYPE_COUNT] = { 8, 8, 1, 4, 8, 8 };
	if (a->n_rows != b->n_rows || a->n_columns != b->n_columns)
		BUG("another shape");
	for (size_t c = 0; c < a->n_columns; c++) {
		const struct column *x = &a->columns[c], *y = &b->columns[c];
		if (strcmp(x->name, y->name) != 0 || x->type != y->type ||
			x->n_missing != y->n_missing || x->n_categories != y->n_categories ||
			memcmp(x->float64, y->float64, sizes[x->type] * a->n_rows) != 0)
			BUG("another column '%s'", x->name);
		for (size_t r = 0; r < a->n_rows; r++) {
			if (column_is_missing(x, r) != column_is_missing(y, r) ||
				(!column_is_numeric(x) &&
					!text_equal(column_text(x, r), column_text(y, r))))
				BUG("another value in row %zu of '%s'", r, x->name);
		}
	}
}

static int tables_collect(void *context, const void *bytes, size_t count, struct error *err)
{
	strbuf_add_bytes(context, bytes, count);
	return strbuf_check(context, err);
}

static void tables_write_and_read(const struct table *table, enum data_format format)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO(table_release) struct table again = { 0 };
	struct error err = ERROR_INIT;
	const struct write_options writing = { .format = format };
	struct read_type *types = memory_allocate(table->n_columns, sizeof *types, &err);
	if (table_write(table, &writing, tables_collect, &text, &err) < 0) {
		memory_free(types);
		if (err.code != ERROR_UNSUPPORTED) /* JSON has no infinities */
			BUG("not written: %s", err.message);
		return;
	}
	for (size_t c = 0; c < table->n_columns; c++)
		types[c] = (struct read_type){ table->columns[c].name, table->columns[c].type };
	struct read_options reading = { .bytes = text.text,
		.n_bytes = text.length,
		.format = format,
		.types = types,
		.n_types = table->n_columns };
	if (table_read(&reading, &again, NULL, &err) < 0)
		BUG("%s in what was written", err.message);
	tables_equal(table, &again);
	memory_free(types);
}

static inline int tables_fuzz(const uint8_t *data, size_t size, enum data_format format)
{
	AUTO(table_release) struct table plain = { 0 }, fast = { 0 };
	struct error first = ERROR_INIT, second = ERROR_INIT;
	struct read_options options = {
		.bytes = (const char *)data, .n_bytes = size, .format = format, .threads = 1
	};
	setenv("MLOPS_CPU", "portable", 1);
	int one = table_read(&options, &plain, NULL, &first);
	setenv("MLOPS_CPU", "avx512", 1);
	options.threads = 2;
	int two = table_read(&options, &fast, NULL, &second);
	if (one != two || strcmp(first.message, second.message) != 0 ||
		first.at.line != second.at.line || first.at.column != second.at.column)
		BUG("'%s' and '%s'", first.message, second.message);
	if (one < 0) {
		if (first.code != ERROR_INVALID && first.code != ERROR_UNSUPPORTED)
			BUG("a wrong error: %s", first.message);
		return 0;
	}
	tables_equal(&plain, &fast);
	tables_write_and_read(&plain, DATA_CSV);
	tables_write_and_read(&plain, DATA_JSONL);
	return 0;
}

#endif
