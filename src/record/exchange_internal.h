/*
 * exchange_internal: how the parts of a run stand in a bundle; between the files that write and
 * merge them.
 *
 * A table's rows are arrays of cells under the table's name, in order of their key. A cell is a
 * text, a number or null; NaN is null, infinities are "Infinity" and "-Infinity".
 */
#ifndef MLOPS_RECORD_EXCHANGE_INTERNAL_H
#define MLOPS_RECORD_EXCHANGE_INTERNAL_H

#include "mlops/base/arena.h"
#include "mlops/document/json_writer.h"
#include "mlops/document/value.h"
#include "mlops/record/exchange.h"
#include "record_internal.h"

#define EXCHANGE_SCHEMA "mlops.bundle/1"

enum { EXCHANGE_CELLS = 12, EXCHANGE_TABLES = 9, EXCHANGE_POINTS = 1 << 16 };

enum exchange_cell {
	CELL_END,
	CELL_PARAM_KEY, /* a name, kept as the number of a key */
	CELL_METRIC_KEY,
	CELL_TAG_KEY,
	CELL_TEXT_NEEDED,
	CELL_TEXT_IF_ANY,
	CELL_HASH,
	CELL_HASH_IF_ANY,
	CELL_PATH, /* inside the project */
	CELL_INTEGER_NEEDED,
	CELL_INTEGER_IF_ANY,
	CELL_REAL
};

struct exchange_table {
	const char *name;
	enum exchange_cell cells[EXCHANGE_CELLS];
	const char *select; /* ?1: the run; the cells in this order, sorted */
	/*
	 * In this order. ?1: the run, the cells from ?2, and in the first, behind them, the cell
	 * `number_of` as a number.
	 */
	const char *merge[3];
	int number_of; /* cell whose text is bound once more as a number, or -1 */
};
extern const struct exchange_table exchange_tables[EXCHANGE_TABLES];

/* The columns of the row of a run, in the order of bundle and statements. */
enum exchange_column {
	COLUMN_ID,
	COLUMN_STATUS,
	COLUMN_STARTED,
	COLUMN_ENDED,
	COLUMN_REASON,
	COLUMN_NAME,
	COLUMN_NAME_CHANGED,
	COLUMN_NOTE,
	COLUMN_NOTE_CHANGED,
	COLUMN_REMOVED,
	COLUMN_REMOVED_CHANGED,
	COLUMN_PARENT,
	COLUMN_COMMAND,
	COLUMN_PROJECT,
	COLUMN_TASK,
	COLUMN_MODEL,
	COLUMN_USER,
	COLUMN_HOST,
	COLUMN_SEED,
	COLUMN_LOG,
	COLUMN_ARGUMENTS,
	COLUMN_ENVIRONMENT,
	COLUMN_DOCUMENT,
	EXCHANGE_COLUMNS
};
extern const struct exchange_column_facts {
	const char *key;
	enum exchange_cell cell;
} exchange_columns[EXCHANGE_COLUMNS];

/* Appends the lines of a run. */
int exchange_write_run(
	struct record *record, int64_t run, struct strbuf *buffer, struct error *err) MUST_CHECK;

/*
 * Series are texts: steps and times as differences to the one before, values in the shortest form,
 * with blanks between. exchange_points_write() continues where *cursor stands, for at most
 * EXCHANGE_POINTS points, as the array under the key "points"; *ret_more: there are more.
 */
struct exchange_cursor {
	size_t series;
	int64_t step;
	bool inside;
};
int exchange_points_write(struct record *record, int64_t run, struct exchange_cursor *cursor,
	struct json_writer *json, bool *ret_more, struct error *err) MUST_CHECK;
int exchange_points_merge(struct record *record, int64_t run, const struct value *points,
	struct error *err) MUST_CHECK;

/* A cell bound to a parameter. ERROR_INVALID says what it should be. */
int exchange_bind(struct record *record, struct statement *statement, int parameter,
	enum exchange_cell cell, const struct value *value, struct error *err) MUST_CHECK;

/* The number of a peer; 0 if it is not known and not to be made. */
int exchange_peer(struct record *record, const char *peer, bool make, int64_t *ret,
	struct error *err) MUST_CHECK;

/* The peer has the run as it is here now. */
int exchange_remember(
	struct record *record, int64_t peer, int64_t run, struct error *err) MUST_CHECK;

#endif
