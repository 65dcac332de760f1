/*
 * split: which rows train, which validate, which test.
 *
 * random      A row's side depends on its content (or on the value of a key column) and the seed,
 *             not on its position: u = hash(seed, row) in [0, 1), test if u < test, validation if
 *             u < test + validation, else training. So appended, deleted or reordered rows leave
 *             the others where they were, and equal rows never straddle. Shares are hit in
 *             expectation: within 3 sqrt(p (1 - p) / n).
 * stratified  Within each class of a column (missing is a class) the rows in order of u are cut at
 *             round(test × n) and round((test + validation) × n), moved up to the end of a run of
 *             equal rows: proportions are exact but for that. An appended row moves at most the
 *             rows at the cuts.
 * grouped     As random, by the value of a column: a group is never divided. A missing group is
 *             an error.
 * time        The latest rows test, those before validate. Cuts are at the value whose rank is
 *             n - round(test × n) (and likewise), and equal times go to the later side, so every
 *             training time is before every validation time, and that before every test time. A
 *             missing time is an error.
 * files       The parts were given as separate files; see data/source.h.
 *
 * The hash of a row is a sum over its columns of hash(name, value), so the order of columns does
 * not matter; numbers hash by value, so that 1 in an int64 column equals 1 in a float64 one. The
 * assignment is the same for any number of threads.
 */
#ifndef MLOPS_DATA_SPLIT_H
#define MLOPS_DATA_SPLIT_H

#include "mlops/base/strbuf.h"
#include "mlops/data/table.h"

enum split_part { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLIT_PART_COUNT };

enum split_method { SPLIT_RANDOM, SPLIT_STRATIFIED, SPLIT_GROUPED, SPLIT_TIME, SPLIT_FILES };

struct split_options {
	enum split_method method;
	double test, validation; /* shares in [0, 1), together below 1 */
	uint64_t seed;
	const char *column; /* stratified: the class; grouped: the group; time: int64 or timestamp,
	                       or float64 without NaN */
	const char *key; /* random, stratified: identifies a row; NULL is its whole content */
	size_t threads;
};

struct split {
	enum split_method method;
	struct split_options options; /* as asked; the texts belong to the split */
	size_t n_rows;
	uint8_t *parts; /* n_rows of enum split_part */
	size_t counts[SPLIT_PART_COUNT];
	uint64_t fingerprint; /* of the assignment, in order of rows */
};

void split_release(struct split *split);
AUTO_RELEASE(struct split, split_release)

/* ERROR_INVALID if a part that was asked for (or training) comes out empty, or as said above. */
int split_make(const struct table *table, const struct split_options *options,
	struct split *ret_split, struct error *err) MUST_CHECK;

/* From parts known already (SPLIT_FILES): copies them and counts. */
int split_from_parts(
	const uint8_t *parts, size_t n_rows, struct split *ret_split, struct error *err) MUST_CHECK;

/* The rows of a part, ascending; freed by memory_free(). */
size_t *split_rows(const struct split *split, enum split_part part, struct error *err) MUST_CHECK;

const char *split_part_name(enum split_part part); /* "train", "validation", "test" */
const char *split_method_name(enum split_method method); /* "random", … */

/* What the run records: {"method": …, "seed": …, "counts": {…}, "fingerprint": "…", …}. */
void split_describe(const struct split *split, struct strbuf *buffer);

#endif
