/*
 * sqlite_internal: a table or query of a SQLite file into a table. The rows are copied into blocks
 * of cells, as JSON Lines are, since SQLite says of each value whether it is a number or a text.
 */
#ifndef MLOPS_DATA_SQLITE_INTERNAL_H
#define MLOPS_DATA_SQLITE_INTERNAL_H

#include "cells_internal.h"
#include "mlops/data/reader.h"

/* Offsets of problems are numbers of rows, from 0. */
int sqlite_read(const struct read_options *options, struct table *ret_table,
	struct read_counts *ret_counts, struct cells_problems *ret_problems, struct error *err);

#endif
