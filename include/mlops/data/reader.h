/*
 * reader: a data source (CSV, TSV, JSON Lines, a SQLite table or query) into a typed table.
 *
 * Nothing is dropped and nothing is coerced in silence: each record of the source is one row of the
 * table, in order, and what breaks the format is an error that names file, line and column. The
 * result depends on the bytes and the options only, never on the number of threads or the
 * processor.
 *
 * CSV and TSV are RFC 4180: fields in double quotes may hold delimiters, newlines and doubled
 * quotes; lines end with LF or CR LF, mixed as they come; a UTF-8 byte order mark and a missing
 * final newline are accepted. A quote inside an unquoted field, text behind a closing quote, a row
 * with more or fewer fields than the header, NUL bytes and invalid UTF-8 are errors. The first line
 * holds the names. An empty line is a missing value if there is one column; with more it is an
 * error, unless only empty lines follow.
 *
 * JSON Lines is one flat object a line, strict JSON; empty lines hold no row. null and an absent
 * key are missing, a nested value is an error, columns come in order of first appearance. A SQLite
 * file is opened read-only.
 *
 * What counts as missing: an unquoted CSV field equal to one of the missing texts; a quoted one
 * too, unless the column is category or text, where quotes say "this is a text": so "NA" in
 * quotes can be Namibia, and every table can be written so that it reads back equal. JSON strings
 * are as quoted fields.
 *
 * Types, from ALL rows (missing ones have no say; a column with no value at all is float64):
 *
 *	boolean    every value is true or false
 *	int64      every value is a decimal integer without leading zeros that fits
 *	float64    every value is a decimal number (1, 1.5, .5, 1e-3, inf, -Infinity; not 1e400), at
 *	           least one of them no int64, and every integer among them is exact as a double: so
 *	           long identifiers never lose digits; they stay texts
 *	timestamp  every value is an ISO 8601 date or time as clock_parse() takes it
 *	category   else, if at most CATEGORY_ALWAYS texts are distinct, or at most a tenth of the values
 *	           that are there and CATEGORY_MOST
 *	text       else
 *
 * In CSV each field says what it is by its text, quoted or not ("12" is a number). In JSON and
 * SQLite a string is never a number or a boolean, but may be a timestamp; strings among numbers or
 * booleans are an error that names them. A declared type is checked for
 * every value: one that does not fit is an error that names the cell. A declared number may have
 * leading zeros or be an integer too long to be exact (it is rounded), a declared category any
 * number of distinct texts. Floating-point numbers are rounded correctly: the same bits as
 * strtod's.
 */
#ifndef MLOPS_DATA_READER_H
#define MLOPS_DATA_READER_H

#include "mlops/base/event.h"
#include "mlops/data/table.h"
#include "mlops/document/problems.h"

enum data_format {
	DATA_AUTO, /* by the name: .csv .tsv .jsonl .ndjson .db .sqlite .sqlite3; else by its start */
	DATA_CSV,
	DATA_TSV,
	DATA_JSONL,
	DATA_SQLITE,
	DATA_FORMAT_COUNT
};

enum { CATEGORY_ALWAYS = 50, CATEGORY_MOST = 100000 };

/* The texts that count as missing unless told otherwise: "", NA, N/A, NaN, null. */
enum { READ_MISSING_DEFAULTS = 5 };
extern const char *const read_missing_defaults[READ_MISSING_DEFAULTS];

struct read_type {
	const char *column;
	enum column_type type;
};

struct read_options {
	const char *path; /* a file; "-" is standard input; NULL if the bytes are given */
	const char *bytes; /* the source itself, borrowed during the call; not for SQLite */
	size_t n_bytes;
	const char *name; /* of the source in messages; NULL is the path */
	enum data_format format;
	char delimiter; /* CSV; 0 is ',' and for TSV a tab */
	const char
		*query; /* SQLite: the name of a table or view, or a SELECT; NULL if it has one */
	const char *const *missing; /* NULL is the defaults */
	size_t n_missing;
	const struct read_type *types; /* declared; a name that the source lacks is an error */
	size_t n_types;
	const char *const *columns; /* wanted, in the order of the source; NULL is all */
	size_t n_columns;
	size_t threads; /* 0 is parallel_threads() */
	const struct event_sink *events; /* progress in bytes or rows; may be NULL */
	struct problems *problems; /* what is wrong is added, if not NULL, by line and byte */
};

/* What was read. rows is the number of records in the source and of rows in the table. */
struct read_counts {
	uint64_t bytes, rows, lines; /* lines: physical, with the header */
};

/*
 * Reads the whole source. ret_counts may be NULL. ERROR_INVALID names the first problem and its
 * place and hints how many more there are; ERROR_NOT_FOUND no such file, table or column; ERROR_IO
 * also if the file changed during the reading; ERROR_CANCELLED if the event sink said stop.
 */
int table_read(const struct read_options *options, struct table *ret_table,
	struct read_counts *ret_counts, struct error *err) MUST_CHECK;

const char *data_format_name(enum data_format format); /* "csv", "jsonl", … */
bool data_format_from_name(const char *name, enum data_format *ret);

#endif
