/*
 * json_rows: lines of flat JSON objects as a block of cells.
 *
 * The values of each object are put in the order of the columns, written as CSV fields: strings in
 * quotes, numbers and booleans bare, null and absent ones empty. So one code stores cells of all
 * formats.
 */
#ifndef MLOPS_DATA_JSON_ROWS_INTERNAL_H
#define MLOPS_DATA_JSON_ROWS_INTERNAL_H

#include "mlops/base/map.h"
#include "passes_internal.h"

/* More columns than this are no table. */
enum { JSON_ROWS_COLUMNS_MOST = 10000 };

struct json_rows {
	const struct text *names;
	size_t n_fields;
	const struct map *index; /* name to its number + 1, as a pointer */
};

/* Calls for each line that is not blank; a line is without its newline. */
typedef int json_rows_visit(void *context, struct text line, struct error *err);
int json_rows_each(
	const char *bytes, size_t n, json_rows_visit *visit, void *context, struct error *err);

/*
 * Fills block->bytes, ends, row_offsets and n_rows. `offset` is that of bytes[0] in the source.
 * Keys that are no column are left out. Problems leave the block without rows.
 */
int json_rows_encode(const struct json_rows *rows, const char *bytes, size_t n, uint64_t offset,
	size_t n_rows, struct passes_scratch *scratch, struct cells_block *block,
	struct error *err);

/* The key as a name: unescaped and NUL-terminated in `scratch`; false if it holds a NUL. */
bool json_rows_name(struct text raw, bool escaped, struct strbuf *scratch);

#endif
