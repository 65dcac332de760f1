#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/numeric/optimiser.h"

static const struct optimiser_options strict = { .iterations_max = 500, .gap = 1e-15 };

/* Rosenbrock's function in n/2 pairs: minimum 0 at (1, …, 1). */
static int rosenbrock(
	void *context, const double *x, double *ret_value, double *ret_gradient, struct error *err)
{
	size_t n = *(const size_t *)context;
	(void)err;
	*ret_value = 1; /* so that relative gaps mean something */
	for (size_t i = 0; i < n; i += 2) {
		double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
		*ret_value += 100 * a * a + b * b;
		ret_gradient[i] = -400 * a * x[i] - 2 * b;
		ret_gradient[i + 1] = 200 * a;
	}
	return 0;
}

static int rosenbrock_hessian(
	void *context, const double *x, double *ret_hessian, struct error *err)
{
	size_t n = *(const size_t *)context;
	(void)err;
	memset(ret_hessian, 0, n * n * sizeof *ret_hessian);
	for (size_t i = 0; i < n; i += 2) {
		ret_hessian[i * n + i] = 1200 * x[i] * x[i] - 400 * x[i + 1] + 2;
		ret_hessian[i * n + i + 1] = -400 * x[i];
		ret_hessian[(i + 1) * n + i + 1] = 200;
	}
	return 0;
}

START_TEST(rosenbrock_is_solved)
{
	struct error err = ERROR_INIT;
	size_t n = 6;
	for (int newton = 0; newton < 2; newton++) {
		double x[6] = { -1.2, 1, -3, 4, 10, -10 };
		struct optimiser_function function = { .n = n,
			.context = &n,
			.evaluate = rosenbrock,
			.hessian = newton ? rosenbrock_hessian : NULL };
		struct optimiser_report report;
		int result = newton ? optimiser_newton(&function, &strict, x, &report, &err)
				    : optimiser_lbfgs(&function, &strict, x, &report, &err);
		ck_assert_msg(result == 0, "%s", err.message);
		ck_assert_int_ne(report.status, OPTIMISER_ITERATIONS);
		ck_assert_uint_lt(report.iterations, 200);
		for (size_t i = 0; i < n; i++)
			ck_assert_double_eq_tol(x[i], 1, 1e-6);
		ck_assert_double_eq_tol(report.value, 1, 1e-12);
	}
}
END_TEST

/* 1/2 sum d_i (x_i - c_i)² */
static const double bowl_d[4] = { 1, 10, 1000, 3 }, bowl_c[4] = { 3, -0.5, 0.02, -0.1 };
static int bowl(
	void *context, const double *x, double *ret_value, double *ret_gradient, struct error *err)
{
	int *calls = context;
	*ret_value = 0.125;
	if (++*calls > 1000)
		return error_set(err, ERROR_BUG, "too many calls");
	for (int i = 0; i < 4; i++) {
		ret_gradient[i] = bowl_d[i] * (x[i] - bowl_c[i]);
		*ret_value += 0.5 * ret_gradient[i] * (x[i] - bowl_c[i]);
	}
	return 0;
}

static void bowl_inverse(void *context, double *vector)
{
	(void)context;
	for (int i = 0; i < 4; i++)
		vector[i] /= bowl_d[i];
}

START_TEST(an_exact_metric_needs_one_step)
{
	struct error err = ERROR_INIT;
	int calls = 0;
	double x[4] = { 0 };
	struct optimiser_function function = {
		.n = 4, .context = &calls, .evaluate = bowl, .precondition = bowl_inverse
	};
	struct optimiser_report report;
	ck_assert_int_eq(optimiser_lbfgs(&function, &strict, x, &report, &err), 0);
	ck_assert_int_eq(report.status, OPTIMISER_CONVERGED);
	ck_assert_uint_le(report.iterations, 2);
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq_tol(x[i], bowl_c[i], 1e-12);
}
END_TEST

/* With l1 the minimum of the bowl is soft thresholding: sign(c) max(|c| - l1 / d, 0). */
START_TEST(l1_thresholds_softly)
{
	struct error err = ERROR_INIT;
	static const double l1[4] = { 2, 6, 1, 0 };
	static const double expected[4] = { 1, 0, 0.019, -0.1 };
	int calls = 0;
	double x[4] = { 0.3, 0.3, -0.3, 0 };
	struct optimiser_function function = {
		.n = 4, .context = &calls, .evaluate = bowl, .l1 = l1
	};
	struct optimiser_report report;
	ck_assert_msg(
		optimiser_owlqn(&function, &strict, x, &report, &err) == 0, "%s", err.message);
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq_tol(x[i], expected[i], 1e-9);
	ck_assert(x[1] == 0);
	double value = 0.125 + 2 + 1.25 + 0.0005 + 2 * 1 + 1 * 0.019;
	ck_assert_double_eq_tol(report.value, value, 1e-12);
}
END_TEST

struct listener {
	uint64_t heard;
	double last;
	bool falling;
};

static void hear(void *context, const struct event *event)
{
	struct listener *listener = context;
	ck_assert_int_eq(event->kind, EVENT_ITERATION);
	listener->heard++;
	ck_assert_uint_eq(event->iteration, listener->heard);
	listener->falling = listener->falling && event->value <= listener->last;
	listener->last = event->value;
}

static bool stop_after_three(void *context)
{
	return ((struct listener *)context)->heard >= 3;
}

START_TEST(stopping_keeps_the_best_point)
{
	struct error err = ERROR_INIT;
	size_t n = 2;
	struct listener listener = { .last = (double)INFINITY, .falling = true };
	struct event_sink sink = { hear, stop_after_three, &listener };
	struct optimiser_options options = { .iterations_max = 500, .gap = 1e-15, .sink = &sink };
	struct optimiser_function function = { .n = n, .context = &n, .evaluate = rosenbrock };
	struct optimiser_report report;
	double x[2] = { -1.2, 1 }, value, gradient[2];
	ck_assert_int_eq(optimiser_lbfgs(&function, &options, x, &report, &err), 0);
	ck_assert_int_eq(report.status, OPTIMISER_CANCELLED);
	ck_assert_uint_eq(report.iterations, 3);
	ck_assert(listener.falling);
	rosenbrock(&n, x, &value, gradient, &err);
	ck_assert_double_eq(value, report.value);
	options = (struct optimiser_options){ .iterations_max = 2, .gap = 1e-15 };
	ck_assert_int_eq(optimiser_lbfgs(&function, &options, x, &report, &err), 0);
	ck_assert_int_eq(report.status, OPTIMISER_ITERATIONS);
}
END_TEST

START_TEST(failures_are_passed_on)
{
	struct error err = ERROR_INIT;
	int calls = 1000;
	double x[4] = { 1, 2, 3, 4 };
	struct optimiser_function function = { .n = 4, .context = &calls, .evaluate = bowl };
	struct optimiser_report report;
	ck_assert_int_eq(optimiser_lbfgs(&function, &strict, x, &report, &err), -ERROR_BUG);
	calls = 0;
	x[0] = (double)NAN;
	ck_assert_int_eq(optimiser_lbfgs(&function, &strict, x, &report, &err), -ERROR_NUMERIC);
}
END_TEST

UNIT_MAIN("numeric/optimiser", rosenbrock_is_solved, an_exact_metric_needs_one_step,
	l1_thresholds_softly, stopping_keeps_the_best_point, failures_are_passed_on)
