/* What the minimisers share: a point with its value and gradient, and the steps between points. */
#ifndef MLOPS_NUMERIC_OPTIMISER_INTERNAL_H
#define MLOPS_NUMERIC_OPTIMISER_INTERNAL_H

#include "mlops/numeric/optimiser.h"

struct optimiser_point {
	double *x, *gradient; /* n each */
	double value; /* with the l1 penalty, if there is one */
};

struct optimiser_run {
	const struct optimiser_function *function;
	const struct optimiser_options *options;
	struct optimiser_report *report;
	struct optimiser_point now, next;
	double *direction;
	double decrease; /* of the last step; infinite before the first */
	double *storage;
};

/* Storage, and the value at the start. */
int optimiser_begin(struct optimiser_run *run, const double *x, struct error *err);
void optimiser_end(struct optimiser_run *run, double *x); /* copies the result out */

int optimiser_evaluate(struct optimiser_run *run, struct optimiser_point *point, struct error *err);
void optimiser_accept(struct optimiser_run *run); /* next becomes now; sends the event */

/* Has the run come to its end before another step? `promise` is what the model still offers. */
bool optimiser_finished(struct optimiser_run *run, double promise, double gradient);

double optimiser_dot(const double *a, const double *b, size_t n);
double optimiser_largest(const double *a, size_t n); /* magnitude */

/* From now along direction, slope = gradient . direction < 0, first trial `step`: fills next.
 * *ret_found false: no point satisfies the conditions within rounding. */
int optimiser_search_wolfe(
	struct optimiser_run *run, double slope, double step, bool *ret_found, struct error *err);

#endif
