/*
 * csv_internal: how a CSV source is cut and read.
 *
 * The data behind the header are surveyed in chunks of fixed size: each tells its newlines outside
 * quotes, for both states of quotes it may begin in. Run together from the front, they give the
 * true states, and so segments of whole records of which the first row is known: the end of the
 * first record that ends in a chunk is where a segment begins.
 */
#ifndef MLOPS_DATA_CSV_INTERNAL_H
#define MLOPS_DATA_CSV_INTERNAL_H

#include "origin_internal.h"
#include "passes_internal.h"
#include "scan_internal.h"

enum { CSV_CHUNK = 256 << 10, CSV_RECORD_MOST = 64 << 20 };

struct csv_segment {
	uint64_t offset, length;
	size_t first_row, n_rows;
	bool unterminated; /* the last newline is missing */
	bool open; /* a quote is still open at its end */
};

struct csv {
	const struct origin *origin;
	const struct scan *scan;
	const struct read_options *options;
	char delimiter;
	size_t chunk; /* CSV_CHUNK; tests take other sizes */
	bool by_line; /* quotes mean nothing: a newline always ends a record (JSON Lines) */
	uint64_t start, end; /* of the data */
	char **names;
	size_t n_fields;
	struct csv_segment *segments;
	size_t n_segments, n_rows;
	uint64_t lines;
};

void csv_release(struct csv *csv);

/* Sets start, names and n_fields. Problems of the header are found here. */
int csv_read_header(struct csv *csv, struct cells_problems **problems, struct error *err);

/* The names of a header record of n bytes that ends with a newline. */
int csv_parse_header(struct csv *csv, const char *bytes, size_t n, uint64_t offset,
	struct cells_problems **problems, struct error *err);

/* Sets end and the segments. */
int csv_plan(struct csv *csv, struct error *err);

/* The problem of a segment with a record over CSV_RECORD_MOST. */
int csv_too_long(
	const struct csv_segment *segment, struct cells_problems **problems, struct error *err);

/* A passes_source's load, with the csv as its context. */
int csv_load(void *context, size_t index, struct passes_scratch *scratch, struct cells_block *block,
	struct error *err);

/* Finds the ends of a block of n bytes that ends with a newline; problems leave it without rows. */
int csv_scan_block(const struct csv *csv, const struct csv_segment *segment, size_t n,
	struct passes_scratch *scratch, struct cells_block *block, struct error *err);

int csv_read(const struct origin *origin, const struct read_options *options, char delimiter,
	size_t chunk, struct table *ret_table, struct read_counts *ret_counts,
	struct cells_problems *ret_problems, struct error *err);

#endif
