/*
 * cells: the fields of a block of records into typed columns.
 *
 * A block is some records in memory with the offsets where their fields end; every reader makes
 * such blocks (JSON Lines and streams too). Several workers store different blocks into the same
 * columns at the same time: rows are disjoint, and what is shared (masks, what a column has seen)
 * is only ever added to, so the result does not depend on who comes first.
 *
 * A column is stored as the type it is presumed to have. A field that does not fit a presumed type
 * is noted in `seen` and counted; the reader then decides the type anew and reads that column
 * again. A field that does not fit a declared type is a problem of the block.
 */
#ifndef MLOPS_DATA_CELLS_INTERNAL_H
#define MLOPS_DATA_CELLS_INTERNAL_H

#include <stdatomic.h>

#include "dictionary_internal.h"
#include "field_internal.h"
#include "mlops/base/cpu.h"
#include "mlops/base/strbuf.h"
#include "mlops/document/problems.h"

struct cells_problem {
	uint64_t offset; /* of the field in the source */
	char message[200];
};

/* The first ones in order of place; all are counted. */
struct cells_problems {
	struct cells_problem items[PROBLEMS_MOST];
	size_t count;
	uint64_t total;
	bool fatal; /* what follows cannot be read */
};

struct cells_block;
struct cells_column;
typedef int cells_store(
	struct cells_block *block, size_t c, size_t row, size_t n, struct error *err);

struct cells_column {
	struct column *column;
	size_t field; /* its place in the record */
	bool declared;
	size_t category_most; /* FIELD_MANY if there are more distinct texts */
	atomic_uint seen;
	atomic_size_t misfits;
	cells_store *store;
};

struct cells_layout {
	size_t n_fields; /* of a record */
	struct cells_column *columns; /* those to be stored */
	size_t n_columns;
	struct field_missing missing;
	bool json; /* quoted fields are JSON's strings */
};

struct cells_worker {
	struct dictionary *dictionaries; /* one a column of the layout */
	struct strbuf scratch;
};

/*
 * 16 bytes before `bytes` and 64 behind its end are readable. The field f of record r ends at
 * ends[r × n_fields + f] and begins behind the end before it; ends[-1] is UINT32_MAX. The last
 * field of a record may have a carriage return at its end, which does not belong to it.
 */
struct cells_block {
	const struct cells_layout *layout;
	struct cells_worker *worker;
	const char *bytes;
	const uint32_t *ends;
	uint64_t offset; /* of bytes[0] in the source */
	const uint64_t *row_offsets; /* or: of each record; NULL if they follow from `offset` */
	size_t first_row, n_rows;
	struct strbuf *texts; /* one a column of the layout: the bytes of text columns, in order */
	struct cells_problems **problems; /* made when the first one is found */
};

static inline struct text cells_field(const struct cells_block *block, size_t row, size_t field)
{
	size_t n_fields = block->layout->n_fields;
	const uint32_t *end = block->ends + row * n_fields + field;
	uint32_t start = end[-1] + 1, stop = *end;
	if (field + 1 == n_fields && stop > start && block->bytes[stop - 1] == '\r')
		stop--;
	return (struct text){ block->bytes + start, stop - start };
}

/* Chooses how each column is stored; the types of layout->columns[].column are set. */
void cells_prepare(struct cells_layout *layout, enum cpu_level level);

int cells_worker_init(
	struct cells_worker *worker, const struct cells_layout *layout, struct error *err);
void cells_worker_release(struct cells_worker *worker, const struct cells_layout *layout);

/*
 * Stores all rows. A text column's offsets[row + 1] becomes the end in texts[c]; the reader adds
 * what came before.
 */
int cells_store_block(struct cells_block *block, struct error *err);

/* One field, whatever it is. */
int cells_store_one(
	struct cells_block *block, size_t c, size_t row, struct text raw, struct error *err);
void cells_store_missing(struct cells_block *block, size_t c, size_t row);

/* The field without quotes, doubled ones undone in the scratch of the worker. */
struct text cells_unquote(struct strbuf *scratch, struct text raw, bool *ret_quoted);

int cells_report(struct cells_problems **problems, uint64_t offset, struct error *err,
	const char *format, ...) PRINTF_LIKE(4, 5);

/* What fields of these columns could be, without storing: for a sample. */
int cells_look(struct cells_block *block, struct error *err);

/* The vector variants; NULL if there is none for the level. */
cells_store *cells_store_float64(enum cpu_level level);
cells_store *cells_store_int64(enum cpu_level level);

#endif
