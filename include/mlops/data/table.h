/*
 * table: typed columns with missing masks, the form in which all data travel.
 *
 * A column has one type, n rows and, if any row is missing, a mask. What is stored at a missing
 * row is fixed, so that equal tables are equal bytes: NaN, 0, false, category code 0 and the empty
 * text. Names are unique and not empty. A table is immutable once built: readers on several
 * threads need no lock. Rows count from 0 here and from 1 in messages.
 */
#ifndef MLOPS_DATA_TABLE_H
#define MLOPS_DATA_TABLE_H

#include <stdint.h>

#include "mlops/base/memory.h"
#include "mlops/base/text.h"

enum column_type {
	COLUMN_FLOAT64,
	COLUMN_INT64,
	COLUMN_BOOLEAN, /* one byte, 0 or 1 */
	COLUMN_CATEGORY, /* few distinct texts: uint32 codes into `categories` */
	COLUMN_TEXT, /* many distinct texts */
	COLUMN_TIMESTAMP, /* int64 microseconds since 1970-01-01T00:00:00Z */
	COLUMN_TYPE_COUNT
};

struct column {
	char *name;
	enum column_type type;
	size_t n_missing;
	uint64_t *missing; /* bit r % 64 of word r / 64 is set if row r is missing; NULL if none */
	union {
		double *float64;
		int64_t *int64; /* also timestamps */
		uint8_t *boolean;
		uint32_t *codes;
		uint64_t *offsets; /* of text: n_rows + 1 offsets into bytes */
	};
	char *bytes; /* of text */
	struct text *categories; /* in order of first appearance in the data; NUL-terminated */
	size_t n_categories;
	char *category_bytes; /* storage behind `categories` */
};

struct table {
	size_t n_rows, n_columns;
	struct column *columns;
};

void table_release(struct table *table);
AUTO_RELEASE(struct table, table_release)

const char *column_type_name(enum column_type type); /* "float64", "category", … */
bool column_type_from_name(const char *name, enum column_type *ret);

/* The column of that name and its index (ret_index may be NULL); NULL if there is none. */
const struct column *table_column(const struct table *table, const char *name, size_t *ret_index);

static inline bool column_is_missing(const struct column *column, size_t row)
{
	return column->missing && (column->missing[row / 64] >> (row % 64) & 1);
}

/*
 * The value as a number: float64, int64, boolean as 0 and 1, timestamps as seconds since 1970;
 * NaN if missing. A category or text column is a bug.
 */
double column_number(const struct column *column, size_t row);

/* The text of a category or text column; the empty view if missing. Other types are a bug. */
struct text column_text(const struct column *column, size_t row);

bool column_is_numeric(const struct column *column); /* all but category and text */

/* Appends the value as it would stand in a CSV field, unquoted; nothing if missing. */
struct strbuf;
void column_format(const struct column *column, size_t row, struct strbuf *buffer);

/*
 * A new table of the given rows (in that order; repeats allowed) and of the named columns (all if
 * names is NULL). Categories keep their codes.
 */
int table_take(const struct table *table, const size_t *rows, size_t n_rows,
	const char *const *names, size_t n_names, struct table *ret_table, struct error *err);

#endif
