#include "row_hash_internal.h"

#include <string.h>

#include "mlops/base/parallel.h"

enum { ROW_HASH_BLOCK = 1 << 14 };

enum row_hash_kind {
	ROW_HASH_MISSING,
	ROW_HASH_NUMBER,
	ROW_HASH_LONG,
	ROW_HASH_TEXT,
	ROW_HASH_TIME
};

static uint64_t row_hash_mix(uint64_t hash, uint64_t word)
{
	uint64_t product = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return product ^ product >> 32;
}

uint64_t row_hash_last(uint64_t hash)
{
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
	return hash ^ hash >> 31;
}

uint64_t row_hash_bytes(const void *bytes, size_t n)
{
	const unsigned char *from = bytes;
	uint64_t hash = 0;
	for (size_t at = 0; at < n; at += 8) {
		uint64_t word = 0;
		for (size_t i = at; i < n && i < at + 8; i++)
			word |= (uint64_t)from[i] << (8 * (i - at));
		hash = row_hash_mix(hash, word);
	}
	return row_hash_last(row_hash_mix(hash, n));
}

static uint64_t row_hash_value(uint64_t name, enum row_hash_kind kind, uint64_t value)
{
	return row_hash_last(row_hash_mix(row_hash_mix(name, kind), value));
}

static uint64_t row_hash_double(uint64_t name, double value)
{
	uint64_t bits;
	value += 0.0; /* -0 is 0 */
	memcpy(&bits, &value, sizeof bits);
	return row_hash_value(name, ROW_HASH_NUMBER, bits);
}

static uint64_t row_hash_integer(uint64_t name, int64_t value)
{
	double real = (double)value;
	/* 2^63 is a double, but no int64. */
	if (real < 0x1p63 && (int64_t)real == value)
		return row_hash_double(name, real);
	return row_hash_value(name, ROW_HASH_LONG, (uint64_t)value);
}

static uint64_t row_hash_text(uint64_t name, struct text text)
{
	return row_hash_value(name, ROW_HASH_TEXT, row_hash_bytes(text.at, text.length));
}

struct row_hash_column {
	const struct column *column;
	uint64_t name, missing, truth[2];
	uint64_t *categories; /* by code */
};

static uint64_t row_hash_cell(const struct row_hash_column *hashed, size_t row)
{
	const struct column *column = hashed->column;
	if (column_is_missing(column, row))
		return hashed->missing;
	switch (column->type) {
	case COLUMN_FLOAT64:
		return row_hash_double(hashed->name, column->float64[row]);
	case COLUMN_INT64:
		return row_hash_integer(hashed->name, column->int64[row]);
	case COLUMN_BOOLEAN:
		return hashed->truth[column->boolean[row]];
	case COLUMN_TIMESTAMP:
		return row_hash_value(hashed->name, ROW_HASH_TIME, (uint64_t)column->int64[row]);
	case COLUMN_CATEGORY:
		return hashed->categories[column->codes[row]];
	default:
		return row_hash_text(hashed->name, column_text(column, row));
	}
}

static int row_hash_prepare(
	struct row_hash_column *hashed, const struct column *column, struct error *err)
{
	*hashed = (struct row_hash_column){ .column = column };
	hashed->name = row_hash_bytes(column->name, strlen(column->name));
	hashed->missing = row_hash_value(hashed->name, ROW_HASH_MISSING, 0);
	hashed->truth[0] = row_hash_text(hashed->name, TEXT("false"));
	hashed->truth[1] = row_hash_text(hashed->name, TEXT("true"));
	if (column->type != COLUMN_CATEGORY)
		return 0;
	hashed->categories = memory_allocate(column->n_categories, sizeof *hashed->categories, err);
	if (!hashed->categories)
		return -(int)err->code;
	for (size_t i = 0; i < column->n_categories; i++)
		hashed->categories[i] = row_hash_text(hashed->name, column->categories[i]);
	return 0;
}

struct row_hash_job {
	struct row_hash_column *columns;
	size_t n_columns, n_rows;
	uint64_t *ret;
};

static int row_hash_block(void *context, size_t index, size_t worker, struct error *err)
{
	const struct row_hash_job *job = context;
	size_t start = index * ROW_HASH_BLOCK, end = start + ROW_HASH_BLOCK;
	end = end < job->n_rows ? end : job->n_rows;
	(void)worker;
	(void)err;
	memset(job->ret + start, 0, (end - start) * sizeof *job->ret);
	for (size_t c = 0; c < job->n_columns; c++) {
		for (size_t r = start; r < end; r++)
			job->ret[r] += row_hash_cell(&job->columns[c], r);
	}
	for (size_t r = start; r < end; r++)
		job->ret[r] = row_hash_last(job->ret[r]);
	return 0;
}

int row_hash_table(const struct table *table, const struct column *column, size_t threads,
	uint64_t *ret, struct error *err)
{
	struct row_hash_job job = {
		.n_columns = column ? 1 : table->n_columns, .n_rows = table->n_rows, .ret = ret
	};
	job.columns = memory_allocate(job.n_columns, sizeof *job.columns, err);
	for (size_t c = 0; job.columns && c < job.n_columns && !err->code; c++)
		row_hash_prepare(&job.columns[c], column ? column : &table->columns[c], err);
	if (!err->code)
		parallel_for(threads, (table->n_rows + ROW_HASH_BLOCK - 1) / ROW_HASH_BLOCK,
			row_hash_block, &job, err);
	for (size_t c = 0; job.columns && c < job.n_columns; c++)
		memory_free(job.columns[c].categories);
	memory_free(job.columns);
	return -(int)err->code;
}
