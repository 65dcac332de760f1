/*
 * bootstrap: resampling of sums, fast enough to be on by default.
 *
 * Every statistic that is resampled here is a function of sums over rows (of losses, of cells of
 * the confusion matrix, of products). So the rows are first put into units: up to
 * BOOTSTRAP_ROW_UNITS rows each row is one unit; beyond, rows of one stratum are dealt at random
 * into about BOOTSTRAP_GROUPS groups of equal size, and a group is resampled as a whole. The error
 * of a standard error so found is 1 / sqrt(2 × groups), 2 %, for any number of rows, and the cost
 * no longer depends on it.
 *
 * Resampling is stratified: each stratum (class) keeps its number of units. Replicate b draws from
 * the stream ("evaluate.bootstrap", b) of the seed, so the result does not depend on threads.
 */
#ifndef MLOPS_EVALUATE_BOOTSTRAP_H
#define MLOPS_EVALUATE_BOOTSTRAP_H

#include <stdint.h>

#include "mlops/base/memory.h"
#include "mlops/evaluate/interval.h"

enum { BOOTSTRAP_ROW_UNITS = 2048, BOOTSTRAP_GROUPS = 1024 };

struct bootstrap_options {
	size_t replicates; /* 0: no bootstrap; 2,000 is the default */
	bool percentile; /* else BCa */
	uint64_t seed;
	size_t threads; /* 0: as many as the work is worth */
};

/* The sums of each unit, sparse: unit u has entries start[u] .. start[u + 1] - 1. */
struct bootstrap_units {
	size_t n_units, n_sums, n_strata;
	size_t *stratum_start; /* n_strata + 1 unit numbers: units are sorted by stratum */
	size_t *start; /* n_units + 1 */
	uint32_t *index; /* which sum */
	double *value;
};

/*
 * Adds what row `row` contributes: sums[i] += …. What it has touched it also says, in
 * touched[0 .. return value), so that sums may be many; at most BOOTSTRAP_TOUCHED.
 */
enum { BOOTSTRAP_TOUCHED = 64 };
typedef size_t bootstrap_row(void *context, size_t row, double *sums, uint32_t *touched);

/* strata: n_rows numbers < n_strata, or NULL for one stratum. Rows of weight 0 make no unit. */
struct bootstrap_rows {
	size_t n_rows, n_sums, n_strata;
	const uint32_t *strata;
	const double *weights; /* to leave out rows of weight 0; NULL: none is */
	bootstrap_row *row;
	void *context;
};

int bootstrap_units_make(const struct bootstrap_rows *rows, uint64_t seed,
	struct bootstrap_units *ret_units, struct error *err) MUST_CHECK;
void bootstrap_units_release(struct bootstrap_units *units);
AUTO_RELEASE(struct bootstrap_units, bootstrap_units_release)

/* n_statistics values from the n_sums sums; called from several threads at once. */
typedef void bootstrap_statistic(const void *context, const double *sums, double *ret_values);

struct bootstrap_plan {
	const struct bootstrap_units *units;
	size_t n_statistics;
	bootstrap_statistic *statistic;
	const void *context;
	const double *estimates; /* the statistics of the whole data */
};

/*
 * ret_intervals: n_statistics. BCa: Efron, JASA 82 (1987), with the acceleration from leaving out
 * each unit. Replicates in which a statistic is NaN (undefined) are left out; if they are more than
 * one in ten, or all replicates are equal, its interval is unknown.
 */
int bootstrap_intervals(const struct bootstrap_plan *plan, const struct bootstrap_options *options,
	double confidence, struct interval *ret_intervals, struct error *err) MUST_CHECK;

#endif
