/*
 * table_internal: building tables, for the readers of this floor. Nothing here is thread-safe.
 */
#ifndef MLOPS_DATA_TABLE_INTERNAL_H
#define MLOPS_DATA_TABLE_INTERNAL_H

#include "mlops/data/table.h"

/* Room for n_columns columns that hold nothing yet: table_release() may be called at any time. */
int table_init(struct table *table, size_t n_columns, struct error *err);

/* The values of a column whose name is set already; not zeroed (the offsets of text are). */
int column_allocate(struct column *column, enum column_type type, size_t n_rows, struct error *err);

/* A mask without a missing row. */
int column_allocate_mask(struct column *column, size_t n_rows, struct error *err);

/* Frees the values, not the name; the column can be allocated again. */
void column_clear(struct column *column);

/* Sets n_missing from the mask, and drops a mask without a missing row. */
void column_count_missing(struct column *column, size_t n_rows);

/* Bytes of one value; of text, of one offset. */
size_t column_value_size(enum column_type type);

/* Makes `categories` of n texts, copied. */
int column_set_categories(
	struct column *column, const struct text *texts, size_t n, struct error *err);

static inline void column_set_missing(struct column *column, size_t row)
{
	column->missing[row / 64] |= (uint64_t)1 << (row % 64);
}

#endif
