/*
 * source: the `data` section of mlops.yaml, from its tree to a table and a split.
 *
 *	data:
 *	  path: data/a.csv        # relative to the project's root
 *	  format: csv             # auto unless said
 *	  delimiter: ";"
 *	  query: patients         # SQLite
 *	  types: {zip: text}
 *	  missing: ["", NA]
 *	  target: diagnosis
 *	  positive: M
 *	  split: {test: 0.2, validation: 0.1, seed: 7, stratify: true}
 *	  # or group: COLUMN, time: COLUMN, key: COLUMN, files: {train: a.csv, test: b.csv}
 *
 * `stratify` is true (the target's classes) or a column; unless said it is true for a target of
 * classes and false for a number. Without `split` it is {test: 0.2, seed: 0}.
 */
#ifndef MLOPS_DATA_SOURCE_H
#define MLOPS_DATA_SOURCE_H

#include "mlops/data/reader.h"
#include "mlops/data/split.h"
#include "mlops/document/value.h"

enum { SOURCE_CLASSES_MOST = 20 };

enum source_task {
	SOURCE_UNKNOWN, /* no target */
	SOURCE_BINARY,
	SOURCE_MULTICLASS,
	SOURCE_REGRESSION
};
const char *source_task_name(enum source_task task);

/* What the section says; texts borrow from the tree. */
struct source_settings {
	const char *file; /* of the document, for messages; may be NULL */
	const struct value *section;
	struct read_options reader; /* path is relative to the root */
	const char *files[SPLIT_PART_COUNT]; /* split.files, by part; NULL where not given */
	bool has_files;
	const char *target, *positive;
	char positive_text[64]; /* behind `positive` where the document has a number or boolean */
	bool stratify_given, stratify;
	struct split_options split;
};

/*
 * Reads the section, which the schema has checked before. The arrays behind reader.types and
 * reader.missing are freed by source_settings_release(). ERROR_INVALID has the place in the
 * document.
 */
int source_settings_read(const struct value *data_section, const char *file,
	struct source_settings *ret_settings, struct error *err) MUST_CHECK;
void source_settings_release(struct source_settings *settings);
AUTO_RELEASE(struct source_settings, source_settings_release)

/*
 * The data themselves. `classes` are the target's distinct texts in the order of class numbers:
 * numbers ascending, texts in order of bytes; with `positive` (given, or else the rarer; of equals
 * the later) as the last of two.
 */
struct source {
	struct table table; /* all rows; of split.files the parts one after another */
	struct read_counts counts;
	enum source_task task;
	size_t target; /* its column; SIZE_MAX if there is none */
	char **classes;
	size_t n_classes;
	uint32_t *class_of; /* by code of a category, by 0 and 1 of a boolean; else NULL */
	double *class_values; /* of a target of numbers, ascending; else NULL */
	size_t *class_order; /* the class of each of class_values */
	struct split split;
};

/*
 * Reads, checks and splits. root is the folder that relative paths start from. ERROR_INVALID, at
 * the document's place: the target is not a column, has missing values (with the first row), is
 * constant; `positive` is not among its values, or the target has more than two; a column of the
 * split is not there or unfit. A target of booleans or categories is classes; float64 with two
 * distinct values and int64 with at most SOURCE_CLASSES_MOST too; else numbers are a regression.
 * Text (too many classes) and times are no target.
 *
 * Files given by part must have the same columns, in any order. A column's type is that of all
 * their rows together.
 */
int source_load(const struct source_settings *settings, const char *root, size_t threads,
	const struct event_sink *events, struct problems *problems, struct source *ret_source,
	struct error *err) MUST_CHECK;
void source_release(struct source *source);
AUTO_RELEASE(struct source, source_release)

/* The class number of a row's target; -1 if it is none of them or missing. */
int64_t source_class(const struct source *source, size_t row);

#endif
