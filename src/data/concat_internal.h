/*
 * concat: several tables with the same columns, one after another.
 */
#ifndef MLOPS_DATA_CONCAT_INTERNAL_H
#define MLOPS_DATA_CONCAT_INTERNAL_H

#include "mlops/data/table.h"

/*
 * The type that holds the values of both columns without loss: int64 and float64 make float64 if
 * every integer is exact as a double; a column without any value gives way; else the texts count.
 */
enum column_type concat_type(
	const struct column *a, size_t n_a, const struct column *b, size_t n_b);

/*
 * Tables of the same columns (by name, in any order) and types, in the order of the first table's
 * columns. Categories are numbered in order of first appearance.
 */
int concat_tables(const struct table *tables, size_t n, struct table *ret_table, struct error *err);

#endif
