/*
 * passes: from blocks of records to a table whose types follow from all rows.
 *
 *	1. A sample of a few rows of some blocks presumes the types.
 *	2. All blocks are stored, by all threads, each at its known first row.
 *	3. What the columns have seen by then gives their types. A column that was stored as another
 *	   one is read again, alone, until nothing changes (a text column takes two more turns at most).
 *	4. Categories that the workers numbered for themselves get their numbers in order of first
 *	   appearance; texts are joined in order of blocks.
 *
 * The presumption changes only how fast it goes: types follow from step 3.
 */
#ifndef MLOPS_DATA_PASSES_INTERNAL_H
#define MLOPS_DATA_PASSES_INTERNAL_H

#include "cells_internal.h"
#include "mlops/data/reader.h"

/* What a worker reads a block into; kept from block to block. */
struct passes_scratch {
	char *bytes;
	size_t bytes_capacity;
	uint32_t *ends;
	size_t ends_capacity;
	uint64_t *offsets;
	size_t offsets_capacity;
	struct strbuf text;
	void *slots; /* of json_rows.c */
	size_t slots_capacity;
};

struct passes_source {
	void *context;
	size_t n_blocks, n_rows, n_fields;
	char *const *names; /* n_fields */
	bool json;
	uint64_t total; /* for progress */
	const char *unit;
	/*
	 * Fills in bytes, ends, offset or row_offsets, first_row and n_rows of block->… ; with problems
	 * found, n_rows may be 0. Called from several threads.
	 */
	int (*load)(void *context, size_t index, struct passes_scratch *scratch,
		struct cells_block *block, struct error *err);
	uint64_t (*done)(void *context, size_t index); /* of total, once the block is read */
};

/*
 * ret_problems: all problems in order, or none; then the table holds nothing. Names, types and
 * wanted columns that the source lacks are ERROR_NOT_FOUND.
 */
int passes_read(const struct passes_source *source, const struct read_options *options,
	struct table *ret_table, struct cells_problems *ret_problems, struct error *err);

/* Room for n bytes with what must be readable around them; *ret is where they begin. */
int passes_room(struct passes_scratch *scratch, size_t n, char **ret, struct error *err);

/* Room for n ends; *ret is the first, behind the UINT32_MAX that stands before it. */
int passes_room_ends(struct passes_scratch *scratch, size_t n, uint32_t **ret, struct error *err);

void passes_scratch_release(struct passes_scratch *scratch);

/* What one worker's blocks and dictionaries became, for passes_finish.c. */
struct passes_block {
	size_t first_row, n_rows, worker;
	struct strbuf *texts; /* one a column of the pass; NULL if none is text */
	struct cells_problems *problems;
};

struct passes {
	const struct passes_source *source;
	const struct read_options *options;
	struct cells_layout layout; /* of the pass that runs */
	struct passes_block *blocks;
	struct cells_worker *workers;
	struct passes_scratch *scratch; /* one a worker */
	size_t n_workers;
	unsigned long caller; /* the thread that may send events */
};

/*
 * Step 4 for one column of the layout: *ret_again is set if it turns out to be text and must be
 * read once more.
 */
int passes_finish_category(struct passes *passes, size_t c, bool *ret_again, struct error *err);
int passes_finish_text(struct passes *passes, size_t c, struct error *err);

#endif
