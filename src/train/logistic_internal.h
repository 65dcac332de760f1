/*
 * Logistic regression from the inside: kernels over rows, the objective over blocks of rows, and
 * the solvers that minimise it.
 *
 * The objective is scikit-learn's: C sum_i w_i loss_i + (1 - l1_ratio) / 2 |b|² + l1_ratio |b|_1,
 * intercepts not penalised. Parameters theta are, per output, n_features coefficients and then,
 * if one is fitted, the intercept; a kernel wants them padded: per output `width` elements, width a
 * multiple of 8 over n_features, element n_features the intercept and zeros behind.
 */
#ifndef MLOPS_TRAIN_LOGISTIC_INTERNAL_H
#define MLOPS_TRAIN_LOGISTIC_INTERNAL_H

#include "mlops/base/cpu.h"
#include "mlops/numeric/optimiser.h"
#include "mlops/train/trainer.h"

struct logistic_rows {
	const double *x; /* n × p, rows `stride` apart */
	size_t stride, n, p, width;
	const double *signed_weights; /* binary: w for class 1, -w for class 0 */
	const uint32_t *classes; /* softmax */
	const double *weights; /* softmax; NULL: all 1 */
};

/* Everything is added to what the results hold, except arrays of n. */
struct logistic_kernels {
	/* gradient: width; curvature (n, may be NULL): w p (1 - p) */
	void (*binary)(const struct logistic_rows *rows, const double *theta, double *gradient,
		double *loss, double *curvature);
	/* theta, gradient: n_outputs × width; scratch: n_outputs × 8; probabilities: n_outputs × n
	 * (one output after the other) or NULL */
	void (*softmax)(const struct logistic_rows *rows, size_t n_outputs, const double *theta,
		double *gradient, double *loss, double *scratch, double *probabilities);
	/* h, (p + 1) × width, upper part: sum_i c_i (x_i, 1) (x_i, 1)'. scratch: 16 × width */
	void (*gram)(const struct logistic_rows *rows, const double *c, double *h, double *scratch);
};

extern const struct logistic_kernels logistic_kernels_portable;
extern const struct logistic_kernels logistic_kernels_avx2, logistic_kernels_avx512;
const struct logistic_kernels *logistic_kernels_for(enum cpu_level level);

struct logistic_objective {
	const struct logistic_kernels *kernels;
	struct matrix_view x;
	const uint32_t *classes; /* softmax: 0 .. n_outputs - 1 */
	const double *weights; /* softmax */
	double *signed_weights; /* binary */
	size_t n_outputs, p, width, n_parameters;
	bool intercept;
	double c, l2;
	size_t threads, block_rows, n_blocks;
	double *padded; /* n_outputs × width */
	double *partials; /* n_blocks × (n_outputs × width + 1) */
	double *scratch; /* a worker: n_outputs × 8 + 16 × width */
	double *curvature; /* n × (binary: 1, softmax: n_outputs); made on the first Hessian */
};

/* n_outputs 1 is binary, with classes 0 and 1. Borrows x, classes and weights. */
int logistic_objective_init(struct logistic_objective *objective, const struct trainer_data *data,
	size_t n_outputs, bool intercept, size_t threads, struct error *err);
void logistic_objective_release(struct logistic_objective *objective);
AUTO_RELEASE(struct logistic_objective, logistic_objective_release)

/* For struct optimiser_function; context is the objective. */
int logistic_evaluate(void *context, const double *theta, double *ret_value, double *ret_gradient,
	struct error *err);
int logistic_hessian(void *context, const double *theta, double *ret_hessian, struct error *err);

struct logistic_settings {
	double c, l2, l1; /* of the penalty; both 0: none */
	bool intercept;
	enum { LOGISTIC_AUTO, LOGISTIC_LBFGS, LOGISTIC_NEWTON } solver;
	size_t iterations_max;
	double tolerance;
	uint64_t seed;
	size_t threads;
	const struct event_sink *sink;
};

/* Minimises; theta: objective->n_parameters, start and result. */
int logistic_solve(struct logistic_objective *objective, const struct trainer_data *data,
	const struct logistic_settings *settings, double *theta,
	struct optimiser_report *ret_report, struct error *err);

#endif
