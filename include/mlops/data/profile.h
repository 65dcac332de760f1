/*
 * profile: what the columns of a table look like, compactly; kept in a model's metadata as the
 * reference for drift, and shown to people.
 *
 * Numeric columns (float64, int64, boolean, timestamp as seconds since 1970): count, missing, min,
 * max, mean, standard deviation (n - 1), quantiles and a histogram, all over the finite values;
 * infinite ones are only counted. Category and text: number of distinct texts and the most frequent
 * with their counts, ties in order of first appearance.
 *
 * Quantiles are exact, linear between order statistics (R type 7, NumPy's default). The histogram
 * has PROFILE_BINS bins of equal width from min to max (one if min = max), the last closed. Each
 * column is worked on by one thread, so the numbers are the same for any number of threads.
 */
#ifndef MLOPS_DATA_PROFILE_H
#define MLOPS_DATA_PROFILE_H

#include "mlops/base/strbuf.h"
#include "mlops/data/table.h"

enum { PROFILE_BINS = 20, PROFILE_QUANTILES = 11, PROFILE_TOP = 20 };

/* 0.01, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95, 0.99 */
extern const double profile_probabilities[PROFILE_QUANTILES];

struct profile_top {
	char *text;
	uint64_t count;
};

struct column_profile {
	char *name;
	enum column_type type;
	uint64_t count, missing; /* rows with and without a value */
	/* numeric */
	uint64_t infinite; /* among count */
	double min, max, mean, deviation; /* NaN if there is no finite value */
	double quantiles[PROFILE_QUANTILES];
	size_t n_bins;
	uint64_t bins[PROFILE_BINS];
	/* category and text */
	uint64_t distinct;
	struct profile_top *top;
	size_t n_top;
};

struct profile {
	size_t n_rows, n_columns;
	struct column_profile *columns;
};

void profile_release(struct profile *profile);
AUTO_RELEASE(struct profile, profile_release)

/* Of the rows given, or of all if rows is NULL. threads 0 is parallel_threads(). */
int table_profile(const struct table *table, const size_t *rows, size_t n_rows, size_t threads,
	struct profile *ret_profile, struct error *err) MUST_CHECK;

/* {"rows": 455, "columns": [{"name": …, "type": …, …}]}; numbers as the JSON writer shows them. */
void profile_to_json(const struct profile *profile, struct strbuf *buffer, unsigned indent);

#endif
