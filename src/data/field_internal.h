/*
 * field: what a text could be, and the type that follows for a column from all of its texts.
 */
#ifndef MLOPS_DATA_FIELD_INTERNAL_H
#define MLOPS_DATA_FIELD_INTERNAL_H

#include "mlops/data/reader.h"

/* A set of these is what a column has seen; it only grows, so the order of rows does not matter. */
enum {
	FIELD_INTEGER = 1, /* int64, exact as a double */
	FIELD_LONG = 2, /* int64, not exact as a double */
	FIELD_REAL = 4, /* any other number */
	FIELD_BOOLEAN = 8, /* true, false */
	FIELD_TIMESTAMP = 16,
	FIELD_TEXT = 32,
	FIELD_MANY = 64 /* more distinct texts than a category may have */
};

/* Of a value that is not missing. In JSON a string is no number and no boolean. */
unsigned field_classify(struct text text, bool string_of_json);

/* COLUMN_CATEGORY stands for texts unless there are FIELD_MANY; float64 for the empty set. */
enum column_type field_type(unsigned seen);

/* The most distinct texts of a category, if n_values values are not missing. */
size_t field_category_most(size_t n_values);

/* The texts that mean missing, as given or as they are by default. */
struct field_missing {
	struct text *texts;
	size_t count;
	bool empty; /* is "" one of them? */
	bool values; /* is one of them a number, boolean or time as well? */
};
int field_missing_init(
	struct field_missing *missing, const char *const *texts, size_t n, struct error *err);
void field_missing_release(struct field_missing *missing);
bool field_is_missing(const struct field_missing *missing, struct text text);

#endif
