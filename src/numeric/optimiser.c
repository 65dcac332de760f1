#include "mlops/numeric/optimiser.h"

#include <math.h>
#include <string.h>

#include "mlops/base/memory.h"
#include "mlops/numeric/linalg.h"
#include "optimiser_internal.h"

const char *optimiser_status_text(enum optimiser_status status)
{
	static const char *const texts[] = { "converged", "no further decrease",
		"limit of iterations", "cancelled" };
	return texts[status];
}

double optimiser_dot(const double *a, const double *b, size_t n)
{
	double sums[4] = { 0 };
	size_t i = 0;
	for (; i + 4 <= n; i += 4) {
		for (size_t k = 0; k < 4; k++)
			sums[k] += a[i + k] * b[i + k];
	}
	for (; i < n; i++)
		sums[i % 4] += a[i] * b[i];
	return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double optimiser_largest(const double *a, size_t n)
{
	double largest = 0;
	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(a[i]));
	return largest;
}

int optimiser_evaluate(struct optimiser_run *run, struct optimiser_point *point, struct error *err)
{
	const struct optimiser_function *function = run->function;
	run->report->evaluations++;
	if (function->evaluate(function->context, point->x, &point->value, point->gradient, err) <
		0)
		return -err->code;
	for (size_t i = 0; function->l1 && i < function->n; i++)
		point->value += function->l1[i] * fabs(point->x[i]);
	return 0;
}

int optimiser_begin(struct optimiser_run *run, const double *x, struct error *err)
{
	size_t n = run->function->n;
	*run->report = (struct optimiser_report){ 0 };
	run->storage = memory_allocate(n, 5 * sizeof(double), err);
	if (!run->storage)
		return -err->code;
	run->now = (struct optimiser_point){ run->storage, run->storage + n, 0 };
	run->next = (struct optimiser_point){ run->storage + 2 * n, run->storage + 3 * n, 0 };
	run->direction = run->storage + 4 * n;
	run->decrease = (double)INFINITY;
	memcpy(run->now.x, x, n * sizeof *x);
	if (optimiser_evaluate(run, &run->now, err) < 0)
		return -err->code;
	if (!isfinite(run->now.value) ||
		!isfinite(optimiser_dot(run->now.gradient, run->now.gradient, n)))
		return error_set(err, ERROR_NUMERIC, "the objective is not finite at the start");
	return 0;
}

void optimiser_end(struct optimiser_run *run, double *x)
{
	if (run->storage && x) {
		memcpy(x, run->now.x, run->function->n * sizeof *x);
		run->report->value = run->now.value;
	}
	memory_free(run->storage);
}

void optimiser_accept(struct optimiser_run *run)
{
	struct optimiser_point old = run->now;
	run->decrease = run->now.value - run->next.value;
	run->now = run->next;
	run->next = old;
	run->report->iterations++;
	struct event event = { .kind = EVENT_ITERATION,
		.text = "training",
		.iteration = run->report->iterations,
		.value = run->now.value };
	event_emit(run->options->sink, &event);
}

bool optimiser_finished(struct optimiser_run *run, double promise, double gradient)
{
	const struct optimiser_options *options = run->options;
	double small = options->gap * fabs(run->now.value) + options->gap_absolute;
	bool trusted = run->function->precondition || run->function->hessian;
	double last = trusted ? 0 : run->decrease;
	run->report->gradient = gradient;
	if ((promise <= small && last <= small) || gradient <= options->gradient) {
		run->report->status = OPTIMISER_CONVERGED;
		return true;
	}
	if (event_stopped(options->sink)) {
		run->report->status = OPTIMISER_CANCELLED;
		return true;
	}
	if (run->report->iterations >= options->iterations_max) {
		run->report->status = OPTIMISER_ITERATIONS;
		return true;
	}
	return false;
}

/* Newton */

/* Factor of hessian + shift I, the least shift of a growing series that is positive definite. */
static int optimiser_factor(const double *hessian, size_t n, double *factor, struct error *err)
{
	double size = 0;
	for (size_t i = 0; i < n; i++)
		size = fmax(size, fabs(hessian[i * n + i]));
	for (double shift = 0; shift <= size * 1e3 || shift == 0;
		shift = shift > 0 ? shift * 10 : size * 1e-12) {
		memcpy(factor, hessian, n * n * sizeof *factor);
		for (size_t i = 0; i < n; i++)
			factor[i * n + i] += shift;
		if (cholesky_factor(factor, n, err) == 0)
			return 0;
		if (err->code != ERROR_NUMERIC || size == 0)
			break;
		error_clear(err);
	}
	if (err->code)
		return -(int)err->code;
	return error_set(err, ERROR_NUMERIC, "the Hessian is not finite");
}

/* Halves the step until the decrease is a share of what the slope promises. */
static int optimiser_backtrack(
	struct optimiser_run *run, double slope, bool *ret_found, struct error *err)
{
	size_t n = run->function->n;
	double noise = 4 * 0x1p-52 * fabs(run->now.value);
	*ret_found = false;
	for (double step = 1; step > 1e-12; step /= 2) {
		for (size_t i = 0; i < n; i++)
			run->next.x[i] = run->now.x[i] + step * run->direction[i];
		if (optimiser_evaluate(run, &run->next, err) < 0)
			return -err->code;
		if (run->next.value <= run->now.value + 1e-4 * step * slope + noise) {
			*ret_found = run->next.value < run->now.value + noise;
			return 0;
		}
	}
	return 0;
}

static int optimiser_newton_steps(
	struct optimiser_run *run, double *hessian, double *factor, struct error *err)
{
	const struct optimiser_function *function = run->function;
	size_t n = function->n;
	for (;;) {
		if (function->hessian(function->context, run->now.x, hessian, err) < 0 ||
			optimiser_factor(hessian, n, factor, err) < 0)
			return -err->code;
		for (size_t i = 0; i < n; i++)
			run->direction[i] = -run->now.gradient[i];
		if (cholesky_solve(factor, n, run->direction, 1, err) < 0)
			return -err->code;
		double slope = optimiser_dot(run->now.gradient, run->direction, n);
		double gradient = optimiser_largest(run->now.gradient, n);
		bool found, last = optimiser_finished(run, -slope / 2, gradient);
		if (last && run->report->status != OPTIMISER_CONVERGED)
			return 0;
		/* The step in hand is taken also at the end: it squares the error. */
		if (optimiser_backtrack(run, slope, &found, err) < 0)
			return -err->code;
		if (found)
			optimiser_accept(run);
		else if (!last)
			run->report->status = OPTIMISER_STALLED;
		run->report->gradient = optimiser_largest(run->now.gradient, n);
		if (last || !found)
			return 0;
	}
}

int optimiser_newton(const struct optimiser_function *function,
	const struct optimiser_options *options, double *x, struct optimiser_report *ret_report,
	struct error *err)
{
	struct optimiser_run run = { function, options, ret_report, .storage = NULL };
	size_t n = function->n;
	AUTO_FREE double *hessian = memory_allocate(n * n, sizeof *hessian, err);
	AUTO_FREE double *factor = memory_allocate(n * n, sizeof *factor, err);
	int result = -ERROR_MEMORY;
	if (hessian && factor)
		result = optimiser_begin(&run, x, err);
	if (result == 0)
		result = optimiser_newton_steps(&run, hessian, factor, err);
	optimiser_end(&run, result == 0 ? x : NULL);
	return result;
}
