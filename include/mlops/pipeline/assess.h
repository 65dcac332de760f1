/*
 * assess: how good a model file is on the parts of a dataset.
 *
 * Scores come from the file itself, so what is evaluated is what is stored and served.
 */
#ifndef MLOPS_PIPELINE_ASSESS_H
#define MLOPS_PIPELINE_ASSESS_H

#include "mlops/evaluate/evaluation.h"
#include "mlops/pipeline/dataset.h"

struct assess_request {
	const struct document *project; /* its section `evaluate` */
	const struct dataset *dataset;
	const double *scores; /* of every row of the table: n_rows × width, see struct fit */
	size_t width;
	double seconds_per_row;
	const double *baseline; /* what the baseline says of any row: width; NULL: none */
};

/*
 * Is the section `evaluate` fit for these data: known metrics of the task, slices that are columns?
 * ERROR_INVALID at its place. Asked before training, since the answer does not depend on it.
 */
int assess_check(const struct document *project, const struct dataset *dataset,
	struct error *err) MUST_CHECK;

/* Validation (if it has rows) and test; the training part if neither has any. */
int assess(const struct assess_request *request, struct evaluation *ret_evaluation,
	struct error *err) MUST_CHECK;

#endif
