/*
 * optimiser: minimisers of smooth functions, and of smooth functions plus an l1 penalty.
 *
 * All are deterministic, send EVENT_ITERATION after each step, and ask event_stopped() between
 * steps: then they keep the best point and report OPTIMISER_CANCELLED, which is not an error.
 * A failing callback ends the run with its error. A value that is not finite is a step that was
 * too long; at the start it is -ERROR_NUMERIC.
 */
#ifndef MLOPS_NUMERIC_OPTIMISER_H
#define MLOPS_NUMERIC_OPTIMISER_H

#include <stddef.h>

#include "mlops/base/error.h"
#include "mlops/base/event.h"

struct optimiser_function {
	size_t n; /* variables */
	void *context;

	/* f(x), and its gradient (n); both always. */
	int (*evaluate)(void *context, const double *x, double *ret_value, double *ret_gradient,
		struct error *err);

	/* L-BFGS: vector := H0 vector, a fixed symmetric positive definite guess of the inverse
	 * Hessian. NULL: a multiple of the identity, set from the last step. */
	void (*precondition)(void *context, double *vector);

	/* Newton only: the Hessian at x, n × n row-major, upper triangle. */
	int (*hessian)(void *context, const double *x, double *ret_hessian, struct error *err);

	/* OWL-QN only: f(x) + sum_i l1[i] |x_i| is minimised; elements >= 0. */
	const double *l1;
};

struct optimiser_options {
	size_t iterations_max;
	size_t memory; /* pairs that L-BFGS keeps; 0 is 10 */
	/* Converged when the decrease that the quadratic model still promises, and the decrease of the
	 * last step, are both at most gap × |f| + gap_absolute. With a preconditioner or a Hessian the
	 * model can be trusted, and the promise decides alone. */
	double gap, gap_absolute;
	double gradient; /* or when the largest |gradient element| is at most this; 0: never */
	const struct event_sink *sink;
};

enum optimiser_status {
	OPTIMISER_CONVERGED,
	OPTIMISER_STALLED, /* no step decreases f any more: the limit of the arithmetic */
	OPTIMISER_ITERATIONS, /* iterations_max was reached */
	OPTIMISER_CANCELLED
};

struct optimiser_report {
	enum optimiser_status status;
	size_t iterations, evaluations;
	double value; /* f + penalty at the returned x */
	double gradient; /* largest |element| of the (pseudo-)gradient there */
};

const char *optimiser_status_text(enum optimiser_status status); /* "converged", … */

/*
 * L-BFGS (Nocedal, Math. Comp. 35, 1980; two-loop recursion), line search for the strong Wolfe
 * conditions (Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6). x: start and
 * result.
 */
int optimiser_lbfgs(const struct optimiser_function *function,
	const struct optimiser_options *options, double *x, struct optimiser_report *ret_report,
	struct error *err) MUST_CHECK;

/* OWL-QN (Andrew and Gao, ICML 2007), with the projected backtracking line search. */
int optimiser_owlqn(const struct optimiser_function *function,
	const struct optimiser_options *options, double *x, struct optimiser_report *ret_report,
	struct error *err) MUST_CHECK;

/* Newton's method with a Cholesky factor (shifted until positive definite) and backtracking. */
int optimiser_newton(const struct optimiser_function *function,
	const struct optimiser_options *options, double *x, struct optimiser_report *ret_report,
	struct error *err) MUST_CHECK;

#endif
