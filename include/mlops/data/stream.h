/*
 * stream: CSV, TSV or JSON Lines from a file or a pipe, some rows at a time, in constant memory.
 *
 * The column types are given, not inferred. A block is a table of at most block_rows rows, in order
 * of the source; it has the given columns in the order given and then, if asked for, all others
 * of the header as text (of a JSON Lines source: those of the first object). A given column that
 * the source lacks is an error if it is required; if not, all its rows are missing. Category codes
 * are the block's own: compare texts. A record longer than STREAM_RECORD_MOST bytes is an error.
 *
 *	while ((got = row_stream_next(stream, &block, err)) > 0) {
 *		use(&block);
 *		table_release(&block);
 *	}
 */
#ifndef MLOPS_DATA_STREAM_H
#define MLOPS_DATA_STREAM_H

#include "mlops/data/reader.h"

enum { STREAM_BLOCK_ROWS = 4096, STREAM_RECORD_MOST = 64 << 20 };

struct stream_column {
	const char *name;
	enum column_type type;
	bool required;
};

struct stream_options {
	const char *path; /* "-" is standard input */
	const char *name; /* in messages; NULL is the path */
	enum data_format format; /* DATA_AUTO goes by the name, and is CSV for standard input */
	char delimiter;
	const char *const *missing; /* as in read_options */
	size_t n_missing;
	const struct stream_column *columns;
	size_t n_columns;
	bool keep_others; /* also the columns that are not given, as text */
	size_t block_rows; /* 0 is STREAM_BLOCK_ROWS */
};

struct row_stream;

/* Opens the source and reads its header; the options are copied. */
struct row_stream *row_stream_new(
	const struct stream_options *options, struct error *err) MUST_CHECK;
void row_stream_free(struct row_stream *stream);
AUTO_FREE_OF(struct row_stream, row_stream_free)

/* 1 and a block of at least one row, 0 at the end, or -code. After an error only free it. */
int row_stream_next(
	struct row_stream *stream, struct table *ret_block, struct error *err) MUST_CHECK;

uint64_t row_stream_rows(const struct row_stream *stream); /* given out so far */

#endif
