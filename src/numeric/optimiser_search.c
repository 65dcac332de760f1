#include <math.h>

#include "optimiser_internal.h"

/*
 * Line search for the strong Wolfe conditions: Nocedal and Wright, Numerical Optimization (2nd
 * ed.), algorithms 3.5 (bracketing) and 3.6 (zoom). Near the minimum, where differences of f are
 * rounding only, the sufficient decrease is judged by the slope instead (Hager and Zhang, SIAM J.
 * Optim. 16, 2005, equation 1.4).
 */
enum { SEARCH_TRIALS = 40 };
static const double search_decrease = 1e-4, search_curvature = 0.9;

struct search_trial {
	double step, value, slope;
};

static int search_try(
	struct optimiser_run *run, double step, struct search_trial *ret_trial, struct error *err)
{
	size_t n = run->function->n;
	for (size_t i = 0; i < n; i++)
		run->next.x[i] = run->now.x[i] + step * run->direction[i];
	if (optimiser_evaluate(run, &run->next, err) < 0)
		return -err->code;
	*ret_trial = (struct search_trial){ step, run->next.value,
		optimiser_dot(run->next.gradient, run->direction, n) };
	return 0;
}

static bool search_decreases(const struct search_trial *start, const struct search_trial *trial)
{
	if (!isfinite(trial->value) || !isfinite(trial->slope))
		return false;
	if (trial->value <= start->value + search_decrease * trial->step * start->slope)
		return true;
	double noise = 0x1p-45 * fabs(start->value);
	return trial->value <= start->value + noise &&
	       trial->slope <= (2 * search_decrease - 1) * start->slope;
}

static bool search_is_flat(const struct search_trial *start, const struct search_trial *trial)
{
	return fabs(trial->slope) <= -search_curvature * start->slope;
}

/* The minimiser of the cubic through both trials (equation 3.59), kept off the ends. */
static double search_interpolate(const struct search_trial *a, const struct search_trial *b)
{
	double width = b->step - a->step;
	double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->step - b->step);
	double root = d1 * d1 - a->slope * b->slope;
	double d2 = copysign(sqrt(fmax(root, 0)), width);
	double step = b->step - width * (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
	double share = (step - a->step) / width;
	if (!(share >= 0.1))
		share = isfinite(share) && isfinite(b->value) ? 0.1 : 0.5;
	return a->step + fmin(share, 0.9) * width;
}

static int search_zoom(struct optimiser_run *run, const struct search_trial *start,
	struct search_trial low, struct search_trial high, bool *ret_found, struct error *err)
{
	struct search_trial trial = low;
	for (int i = 0; i < SEARCH_TRIALS; i++) {
		if (search_try(run, search_interpolate(&low, &high), &trial, err) < 0)
			return -err->code;
		if (!search_decreases(start, &trial) || trial.value > low.value) {
			high = trial;
		} else {
			if (search_is_flat(start, &trial)) {
				*ret_found = true;
				return 0;
			}
			if (trial.slope * (high.step - low.step) >= 0)
				high = low;
			low = trial;
		}
		if (fabs(high.step - low.step) <= 1e-10 * fabs(high.step))
			break;
	}
	/* No flat point: the lowest one is still a step down. */
	*ret_found = low.step > 0 && low.value < start->value;
	if (*ret_found && trial.step != low.step)
		return search_try(run, low.step, &trial, err);
	return 0;
}

int optimiser_search_wolfe(
	struct optimiser_run *run, double slope, double step, bool *ret_found, struct error *err)
{
	const struct search_trial start = { 0, run->now.value, slope };
	struct search_trial before = start, trial;
	*ret_found = false;
	for (int i = 0; i < SEARCH_TRIALS; i++) {
		if (search_try(run, step, &trial, err) < 0)
			return -err->code;
		if (!search_decreases(&start, &trial) || (i > 0 && trial.value >= before.value))
			return search_zoom(run, &start, before, trial, ret_found, err);
		if (search_is_flat(&start, &trial)) {
			*ret_found = true;
			return 0;
		}
		if (trial.slope >= 0)
			return search_zoom(run, &start, trial, before, ret_found, err);
		before = trial;
		step *= 4;
	}
	*ret_found = true; /* it goes down for ever: the last trial is in hand */
	return 0;
}
