/*
 * writer: a table as CSV, TSV or JSON Lines, handed to a sink in blocks.
 *
 * What is written reads back as the same table (see reader.h) if the types are declared: numbers
 * are the shortest text that gives the same bits, texts are quoted where they must be or where they
 * would be taken for missing. Without declared types a column of texts that all look like numbers
 * reads back as numbers. A long table may be written in pieces: with the header first, then
 * without.
 *
 * JSON has no infinities: ERROR_UNSUPPORTED names the cell.
 */
#ifndef MLOPS_DATA_WRITER_H
#define MLOPS_DATA_WRITER_H

#include "mlops/data/reader.h"

typedef int data_sink(void *context, const void *bytes, size_t count, struct error *err);

struct write_options {
	enum data_format format; /* DATA_CSV, DATA_TSV or DATA_JSONL */
	char delimiter; /* CSV; 0 is ',' and for TSV a tab */
	bool no_header;
	const char *missing; /* text of a missing value in CSV; NULL is "" */
	const char *const *missing_texts; /* texts to be quoted, since a reader takes them for
	                                     missing; NULL is read_missing_defaults */
	size_t n_missing_texts;
};

int table_write(const struct table *table, const struct write_options *options, data_sink *sink,
	void *context, struct error *err) MUST_CHECK;

#endif
