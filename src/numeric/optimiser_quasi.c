#include <math.h>
#include <string.h>

#include "mlops/base/memory.h"
#include "optimiser_internal.h"

/* The last pairs s = x_k+1 - x_k, y = g_k+1 - g_k; pair i of a run lives at i % size. */
struct quasi_memory {
	size_t n, size, count; /* count: pairs ever stored */
	double *s, *y, *curvature; /* curvature: s . y */
	double *alpha;
};

static int quasi_memory_init(struct quasi_memory *memory, size_t n, size_t size, struct error *err)
{
	*memory = (struct quasi_memory){ .n = n, .size = size ? size : 10 };
	memory->s = memory_allocate(memory->size * n, sizeof(double), err);
	memory->y = memory_allocate(memory->size * n, sizeof(double), err);
	memory->curvature = memory_allocate(2 * memory->size, sizeof(double), err);
	if (!memory->s || !memory->y || !memory->curvature)
		return -err->code;
	memory->alpha = memory->curvature + memory->size;
	return 0;
}

static void quasi_memory_release(struct quasi_memory *memory)
{
	memory_free(memory->s);
	memory_free(memory->y);
	memory_free(memory->curvature);
}
AUTO_RELEASE(struct quasi_memory, quasi_memory_release)

static void quasi_remember(struct quasi_memory *memory, const struct optimiser_point *from,
	const struct optimiser_point *to)
{
	size_t n = memory->n, at = memory->count % memory->size;
	double *s = memory->s + at * n, *y = memory->y + at * n;
	for (size_t i = 0; i < n; i++) {
		s[i] = to->x[i] - from->x[i];
		y[i] = to->gradient[i] - from->gradient[i];
	}
	double curvature = optimiser_dot(s, y, n);
	/* A pair without curvature would make the metric indefinite. */
	if (!(curvature > 0x1p-50 * optimiser_dot(y, y, n)) && !(curvature > 0 && n == 1))
		return;
	memory->curvature[at] = curvature;
	memory->count++;
}

/* vector := H vector, by the two-loop recursion (Nocedal and Wright, algorithm 7.4). */
static void quasi_apply(
	struct quasi_memory *memory, const struct optimiser_function *function, double *vector)
{
	size_t n = memory->n, kept = memory->count < memory->size ? memory->count : memory->size;
	for (size_t k = 0; k < kept; k++) {
		size_t at = (memory->count - 1 - k) % memory->size;
		const double *s = memory->s + at * n, *y = memory->y + at * n;
		double alpha = optimiser_dot(s, vector, n) / memory->curvature[at];
		memory->alpha[at] = alpha;
		for (size_t i = 0; i < n; i++)
			vector[i] -= alpha * y[i];
	}
	if (function->precondition) {
		function->precondition(function->context, vector);
	} else if (kept) {
		size_t at = (memory->count - 1) % memory->size;
		const double *y = memory->y + at * n;
		double scale = memory->curvature[at] / optimiser_dot(y, y, n);
		for (size_t i = 0; i < n; i++)
			vector[i] *= scale;
	}
	for (size_t k = kept; k-- > 0;) {
		size_t at = (memory->count - 1 - k) % memory->size;
		const double *s = memory->s + at * n, *y = memory->y + at * n;
		double beta =
			memory->alpha[at] - optimiser_dot(y, vector, n) / memory->curvature[at];
		for (size_t i = 0; i < n; i++)
			vector[i] += beta * s[i];
	}
}

static double quasi_first_step(
	const struct quasi_memory *memory, const struct optimiser_function *function, double slope)
{
	if (memory->count || function->precondition)
		return 1;
	double length = sqrt(-slope);
	return length > 1 ? 1 / length : 1;
}

static int quasi_lbfgs_steps(
	struct optimiser_run *run, struct quasi_memory *memory, struct error *err)
{
	size_t n = run->function->n;
	for (;;) {
		for (size_t i = 0; i < n; i++)
			run->direction[i] = -run->now.gradient[i];
		quasi_apply(memory, run->function, run->direction);
		double slope = optimiser_dot(run->now.gradient, run->direction, n);
		double gradient = optimiser_largest(run->now.gradient, n);
		if (optimiser_finished(run, -slope / 2, gradient))
			return 0;
		bool found = slope < 0;
		double step = quasi_first_step(memory, run->function, slope);
		if (found && optimiser_search_wolfe(run, slope, step, &found, err) < 0)
			return -err->code;
		if (!found && memory->count) {
			memory->count = 0; /* once more, from the plain metric */
			continue;
		}
		if (!found) {
			run->report->status = OPTIMISER_STALLED;
			return 0;
		}
		quasi_remember(memory, &run->now, &run->next);
		optimiser_accept(run);
	}
}

int optimiser_lbfgs(const struct optimiser_function *function,
	const struct optimiser_options *options, double *x, struct optimiser_report *ret_report,
	struct error *err)
{
	struct optimiser_run run = { function, options, ret_report, .storage = NULL };
	AUTO(quasi_memory_release) struct quasi_memory memory;
	int result = quasi_memory_init(&memory, function->n, options->memory, err);
	if (result == 0)
		result = optimiser_begin(&run, x, err);
	if (result == 0)
		result = quasi_lbfgs_steps(&run, &memory, err);
	optimiser_end(&run, result == 0 ? x : NULL);
	return result;
}

/* Share of the promised decrease that a step must bring (Armijo). */
static const double search_share = 1e-4;

/* OWL-QN: equation numbers are those of Andrew and Gao 2007. */

/* The steepest descent among the one-sided derivatives (4). */
static void owlqn_pseudo_gradient(const struct optimiser_run *run, double *pseudo)
{
	const double *l1 = run->function->l1, *x = run->now.x, *g = run->now.gradient;
	for (size_t i = 0; i < run->function->n; i++) {
		if (x[i] != 0)
			pseudo[i] = g[i] + copysign(l1[i], x[i]);
		else if (g[i] + l1[i] < 0)
			pseudo[i] = g[i] + l1[i];
		else if (g[i] - l1[i] > 0)
			pseudo[i] = g[i] - l1[i];
		else
			pseudo[i] = 0;
	}
}

/* Steps within the orthant of x, or of -pseudo where x is 0 (5, 6). */
static void owlqn_project(struct optimiser_run *run, const double *pseudo, double step)
{
	const double *x = run->now.x, *l1 = run->function->l1;
	for (size_t i = 0; i < run->function->n; i++) {
		double to = x[i] + step * run->direction[i];
		double side = x[i] != 0 ? x[i] : -pseudo[i];
		run->next.x[i] = l1[i] == 0 || to * side > 0 ? to : 0;
	}
}

static int owlqn_search(struct optimiser_run *run, const double *pseudo, double step,
	bool *ret_found, struct error *err)
{
	size_t n = run->function->n;
	double noise = 2 * 0x1p-52 * fabs(run->now.value);
	*ret_found = false;
	for (int i = 0; i < 50; i++, step /= 2) {
		owlqn_project(run, pseudo, step);
		double slope = 0;
		for (size_t j = 0; j < n; j++)
			slope += pseudo[j] * (run->next.x[j] - run->now.x[j]);
		if (!(slope < 0))
			return 0;
		if (optimiser_evaluate(run, &run->next, err) < 0)
			return -err->code;
		if (run->next.value <= run->now.value + search_share * slope) {
			*ret_found = true;
			return 0;
		}
		if (-slope <= noise)
			return 0;
	}
	return 0;
}

static int owlqn_steps(
	struct optimiser_run *run, struct quasi_memory *memory, double *pseudo, struct error *err)
{
	size_t n = run->function->n;
	for (;;) {
		owlqn_pseudo_gradient(run, pseudo);
		for (size_t i = 0; i < n; i++)
			run->direction[i] = -pseudo[i];
		quasi_apply(memory, run->function, run->direction);
		double slope = 0;
		for (size_t i = 0; i < n; i++) { /* keeps the signs of steepest descent */
			if (run->function->l1[i] > 0 && run->direction[i] * pseudo[i] >= 0)
				run->direction[i] = 0;
			slope += run->direction[i] * pseudo[i];
		}
		if (optimiser_finished(run, -slope / 2, optimiser_largest(pseudo, n)))
			return 0;
		bool found = slope < 0;
		double step = quasi_first_step(memory, run->function, slope);
		if (found && owlqn_search(run, pseudo, step, &found, err) < 0)
			return -err->code;
		if (!found && memory->count) {
			memory->count = 0;
			continue;
		}
		if (!found) {
			run->report->status = OPTIMISER_STALLED;
			return 0;
		}
		quasi_remember(memory, &run->now, &run->next);
		optimiser_accept(run);
	}
}

int optimiser_owlqn(const struct optimiser_function *function,
	const struct optimiser_options *options, double *x, struct optimiser_report *ret_report,
	struct error *err)
{
	struct optimiser_run run = { function, options, ret_report, .storage = NULL };
	AUTO(quasi_memory_release) struct quasi_memory memory;
	AUTO_FREE double *pseudo = memory_allocate(function->n, sizeof *pseudo, err);
	int result = pseudo ? 0 : -ERROR_MEMORY;
	int made = quasi_memory_init(&memory, function->n, options->memory, err);
	result = result == 0 ? made : result;
	if (result == 0)
		result = optimiser_begin(&run, x, err);
	if (result == 0)
		result = owlqn_steps(&run, &memory, pseudo, err);
	optimiser_end(&run, result == 0 ? x : NULL);
	return result;
}
