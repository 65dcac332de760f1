/*
 * predictions: what a model said about rows whose truth is known.
 *
 * A view: nothing here is owned. All arrays have n_rows entries, in one order, which the table for
 * slices shares. predictions_check() is called once, before anything else reads the arrays; the
 * other rooms of this floor rely on what it has established.
 *
 * Weights say how much each row counts: a point value with integer weights is the value of the
 * data with each row repeated so often. Intervals treat a row as one observation, whatever its
 * weight. A row of weight 0 is as if it were not there.
 */
#ifndef MLOPS_EVALUATE_PREDICTIONS_H
#define MLOPS_EVALUATE_PREDICTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "mlops/base/error.h"

/* Bits, so that a metric can name the tasks it is for. The values are those of trainer_task. */
enum prediction_task {
	PREDICTION_BINARY = 1,
	PREDICTION_MULTICLASS = 2,
	PREDICTION_REGRESSION = 4
};
const char *prediction_task_name(enum prediction_task task); /* "binary", … */

/* More classes than this cost too much memory in a confusion matrix: ERROR_UNSUPPORTED. */
enum { PREDICTIONS_MAX_CLASSES = 1000 };

struct predictions {
	enum prediction_task task;
	size_t n_rows;
	const double *weights; /* >= 0, finite, not all 0; NULL: all 1 */
	const uint64_t *row_numbers; /* in the data file, from 1; NULL: 1, 2, 3, … */

	/* classification; binary has n_classes 2 */
	size_t n_classes;
	const char *const *classes; /* names by code */
	size_t positive; /* binary: the code of "yes" */
	const uint32_t *targets; /* codes, < n_classes */
	const double *probabilities; /* n_rows × n_classes, row-major; NULL: labels only */
	const uint32_t *labels; /* codes; NULL: by the threshold (binary), else the most probable */

	/* regression */
	const double *target_values, *values;
};

/*
 * Refuses, naming the row: no rows, a code out of range, a number that is not finite, a
 * probability out of 0 .. 1, rows of probabilities that do not sum to 1 (within 1e-4), weights
 * that are negative or all 0. -ERROR_INVALID; -ERROR_UNSUPPORTED for too many classes.
 */
int predictions_check(const struct predictions *predictions, struct error *err) MUST_CHECK;

/*
 * The labels that follow from the probabilities: binary, positive where its probability is at
 * least the threshold; multiclass, the most probable class, of equals the lowest code. Copies
 * predictions->labels where those are given. ret_labels: n_rows.
 */
void predictions_label(
	const struct predictions *predictions, double threshold, uint32_t *ret_labels);

static inline double prediction_weight(const struct predictions *predictions, size_t row)
{
	return predictions->weights ? predictions->weights[row] : 1.0;
}

static inline uint64_t prediction_row_number(const struct predictions *predictions, size_t row)
{
	return predictions->row_numbers ? predictions->row_numbers[row] : (uint64_t)row + 1;
}

#endif
