/*
 * weights: one weight a row, from class weights, a weight column and recency.
 *
 * The weight of row i is the product of those that are given:
 *	class weight   `balanced`: n / (n_classes_present × count of the class), counts of rows, as
 *	               scikit-learn does; or a number for each class
 *	weight column  finite, >= 0
 *	recency        2^-((newest - time_i) / half_life), newest being the latest time among the
 *rows
 */
#ifndef MLOPS_TRAIN_WEIGHTS_H
#define MLOPS_TRAIN_WEIGHTS_H

#include <stdint.h>

#include "mlops/base/memory.h"

enum class_weighting { CLASS_WEIGHT_NONE, CLASS_WEIGHT_BALANCED, CLASS_WEIGHT_GIVEN };

struct weights_plan {
	size_t n_rows;
	enum class_weighting class_weighting;
	const uint32_t *classes; /* n_rows; needed unless CLASS_WEIGHT_NONE */
	size_t n_classes;
	const double *class_weights; /* n_classes; CLASS_WEIGHT_GIVEN */
	const double *column; /* n_rows, or NULL */
	const int64_t *times; /* n_rows, microseconds since 1970, or NULL */
	double half_life; /* seconds, > 0; with times */
};

/*
 * *ret_weights: n_rows weights, freed by memory_free(); NULL if the plan asks for none (all 1).
 * -ERROR_INVALID with the row (from 1) of a weight that is negative or not finite, or if all are 0.
 */
int weights_build(
	const struct weights_plan *plan, double **ret_weights, struct error *err) MUST_CHECK;

#endif
