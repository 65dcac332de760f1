/*
 * table_diff: what became of a table: columns, rows, cells, and how each column's distribution
 * moved.
 *
 * Columns are the same if their names are. Values are the same as in data/row_hash: 1 and 1.0, a
 * category and a text of the same bytes; a missing value equals a missing one. So a column whose
 * type changed may hold the same values still.
 *
 * Rows are compared over the columns that both tables have. With key columns a row keeps its
 * identity: it is added, removed, changed or the same. Without, the tables are multisets of rows:
 * added and removed only, the order ignored, duplicates counted (an edited row is one of each).
 * Where no key is named, one is looked for: a column of integers or texts in which no value is
 * missing or comes twice in either table and that has at least half of the smaller table's values
 * in common, and that is called id, key, uuid, index or ..._id, or is the first of both tables.
 *
 * The result borrows the two tables, which must stay until it is released. It depends on the two
 * tables and the options, not on the number of threads. Beyond the tables 15 to 21 bytes a row of
 * both are needed to match them, then at most 60 a row and thread for distributions.
 */
#ifndef MLOPS_DATA_TABLE_DIFF_H
#define MLOPS_DATA_TABLE_DIFF_H

#include "mlops/base/event.h"
#include "mlops/data/profile.h"
#include "mlops/data/table.h"

struct table_diff_options {
	const char *const *keys; /* columns that together name a row; none: look for one */
	size_t n_keys;
	bool by_content; /* no key: do not look for one either */
	size_t examples; /* most rows, and values of a column, that are listed of each kind */
	size_t threads; /* 0 is parallel_threads() */
};

enum table_diff_kind { TABLE_DIFF_ADDED, TABLE_DIFF_REMOVED, TABLE_DIFF_KEPT };

/* A value that only one of the tables has: where it stands first there, and how often. */
struct table_diff_value {
	size_t row;
	uint64_t count;
};

/* Values that one table has and the other lacks; the most frequent are listed, then the first. */
struct table_diff_values {
	uint64_t n_distinct, n_rows;
	struct table_diff_value *items; /* at most options.examples */
	size_t count;
};

/* How numbers or texts are compared; what does not apply is NaN, 0 or NULL. */
enum table_diff_measure {
	TABLE_DIFF_NOTHING, /* one table lacks the column, or a number became a text */
	TABLE_DIFF_NUMBERS, /* float64, int64, timestamp: ks, psi over deciles of the old */
	TABLE_DIFF_TEXTS /* category, text, two booleans: total variation, psi, values */
};

struct table_diff_column {
	const char *name;
	enum table_diff_kind kind;
	const struct column *old_column, *new_column; /* NULL where the table lacks it */
	const struct column_profile *old_profile, *new_profile; /* the same */
	bool type_changed, is_key;
	uint64_t n_changed; /* cells, of the rows that both have; 0 by content */
	enum table_diff_measure measure; /* of the values that are there and finite */
	double ks, psi, total_variation;
	struct table_diff_values appeared, vanished; /* TABLE_DIFF_TEXTS */
};

/* One row as an example. Added: no old one; removed: no new one (SIZE_MAX). */
struct table_diff_row {
	size_t old_row, new_row;
	const uint32_t *cells; /* changed ones: indexes into columns; NULL if not by key */
	size_t n_cells;
};

struct table_diff {
	const struct table *old_table, *new_table;
	struct table_diff_column *columns; /* as in the new table, then the removed ones */
	size_t n_columns, n_added_columns, n_removed_columns, n_type_changes;

	const char **keys; /* columns by which rows were matched; n_keys 0: by content */
	size_t n_keys;
	bool key_was_found; /* nobody named it */
	uint64_t n_added, n_removed, n_changed, n_same; /* rows; n_changed by key only */
	uint64_t n_changed_cells;
	bool same_order; /* what both have stands in the same order; by key only */
	/* The first ones, at most options.examples each: in order of the old table if removed. */
	struct table_diff_row *added, *removed, *changed;
	size_t n_added_listed, n_removed_listed, n_changed_listed;

	struct profile old_profile, new_profile;
	uint32_t *cell_storage;
};

/*
 * ERROR_NOT_FOUND: a key is not a column of both. ERROR_INVALID: the keys do not name rows, two
 * rows have the same. old_table and new_table may be the same table.
 */
int table_diff_make(const struct table *old_table, const struct table *new_table,
	const struct table_diff_options *options, struct table_diff *ret,
	struct error *err) MUST_CHECK;
void table_diff_release(struct table_diff *diff);
AUTO_RELEASE(struct table_diff, table_diff_release)

/* No column, row or cell differs; the order of rows and columns does not count. */
bool table_diff_is_empty(const struct table_diff *diff);

#endif
