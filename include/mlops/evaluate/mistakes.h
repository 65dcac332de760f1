/*
 * mistakes: the rows to look at first.
 *
 * Classification: wrongly labelled rows by the probability given to the wrong label, largest
 * first. Regression: rows by the size of the residual. Of equals the earlier row. Rows of weight
 * 0 are left out.
 */
#ifndef MLOPS_EVALUATE_MISTAKES_H
#define MLOPS_EVALUATE_MISTAKES_H

#include "mlops/base/memory.h"
#include "mlops/evaluate/predictions.h"

enum { MISTAKES_SHOWN = 20 };

struct mistake {
	size_t row; /* index into the predictions */
	uint64_t row_number; /* in the data file */
	uint32_t target, label; /* classification */
	double probability; /* of the label; NaN without probabilities */
	double target_value, value; /* regression */
};

struct mistakes {
	size_t n_wrong; /* classification: all of them; regression: n_rows */
	size_t count; /* how many stand in items */
	struct mistake items[MISTAKES_SHOWN];
};

int mistakes_find(const struct predictions *predictions, double threshold,
	struct mistakes *ret_mistakes, struct error *err) MUST_CHECK;

#endif
