/*
 * table_diff_internal: what the files of table_diff share.
 */
#ifndef MLOPS_DATA_TABLE_DIFF_INTERNAL_H
#define MLOPS_DATA_TABLE_DIFF_INTERNAL_H

#include "mlops/data/table_diff.h"

/* Row numbers are kept in 32 bits, with one to spare. */
#define TABLE_DIFF_ROWS_MOST (UINT32_MAX - 1)

/* Rows: match, count, list. Columns are set already, but for is_key and n_changed. */
int table_diff_rows(
	struct table_diff *diff, const struct table_diff_options *options, struct error *err);

/* How the distribution of each common column moved. */
int table_diff_distributions(
	struct table_diff *diff, const struct table_diff_options *options, struct error *err);

/* The same value, by the rule of row_hash: 1 and 1.0, a category and a text. */
bool table_diff_same_cell(
	const struct column *a, size_t a_row, const struct column *b, size_t b_row);

/*
 * The text of a category, text or boolean column ("false", "true"); not missing. Others are a bug.
 */
struct text table_diff_text(const struct column *column, size_t row);
bool table_diff_is_textual(const struct column *column);

#endif
