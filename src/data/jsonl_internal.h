/*
 * jsonl_internal: JSON Lines into a table. The keys of all objects are gathered first, then the
 * lines become blocks of cells (json_rows_internal.h).
 */
#ifndef MLOPS_DATA_JSONL_INTERNAL_H
#define MLOPS_DATA_JSONL_INTERNAL_H

#include "cells_internal.h"
#include "origin_internal.h"

int jsonl_read(const struct origin *origin, const struct read_options *options, size_t chunk,
	struct table *ret_table, struct read_counts *ret_counts,
	struct cells_problems *ret_problems, struct error *err);

#endif
