/*
 * search: runs by filter and order, with the columns asked for.
 *
 * Runs are ordered by the sort keys, equals by their numbers, the last recorded first. Whatever the
 * direction, numbers come first, then texts or NaN, then runs that do not have the key. Only the
 * rows asked for are loaded: a search among
 * 100,000 runs walks an index, from the rarest condition or in the order asked for.
 */
#ifndef MLOPS_RECORD_SEARCH_H
#define MLOPS_RECORD_SEARCH_H

#include "mlops/record/filter.h"
#include "mlops/record/run.h"

enum removed_runs { REMOVED_HIDDEN, REMOVED_SHOWN, REMOVED_ONLY };

struct search {
	const struct filter *filter; /* NULL: all */
	const struct sort_keys *sort; /* NULL: newest first */
	size_t limit, offset; /* limit 0: no limit */
	enum removed_runs removed;
	const struct field *columns;
	size_t n_columns;
};

struct search_cell {
	enum { SEARCH_NONE, SEARCH_NUMBER, SEARCH_STRING, SEARCH_TIME, SEARCH_BOOLEAN } kind;
	double number; /* seconds of a duration; 0 or 1 of a boolean */
	int64_t time;
	char *text; /* of a string; also of params and tags that are numbers */
};

struct search_run {
	int64_t number;
	char id[ID_LENGTH + 1];
	enum run_status status;
	bool removed;
	struct search_cell *cells; /* n_columns */
};

struct search_result {
	struct search_run *runs;
	size_t count, n_columns;
	bool more; /* the limit cut something off */
	char *unknown, *nearest; /* the first name in filter or sort that no run has ever had, as
	                            "metric 'rocauc'", and the nearest that exists; or NULL */
};
int search_runs(struct record *record, const struct search *search, struct search_result *ret,
	struct error *err) MUST_CHECK;
void search_result_release(struct search_result *result);
AUTO_RELEASE(struct search_result, search_result_release)

/* How many runs pass; sort, limit and columns play no part. */
int search_count(struct record *record, const struct search *search, uint64_t *ret,
	struct error *err) MUST_CHECK;

/*
 * The metrics to show when nobody said which, at most `most`, of the newest 50 runs: what the newest
 * project among them asks for (params evaluate.metrics.N), in its order; the usual figures of
 * classification and regression; what most runs have; by name. Names with a '/' or of a training set
 * come last.
 */
int search_usual_metrics(
	struct record *record, size_t most, struct names *ret, struct error *err) MUST_CHECK;

#endif
