#include "unit.h"

#include <math.h>

#include "../../../src/train/logistic_internal.h"
#include "synthetic.h"

START_TEST(gradients_and_hessians_are_those_of_differences)
{
	struct error err = ERROR_INIT;
	for (size_t n_outputs = 1; n_outputs <= 4; n_outputs += 3) {
		struct synthetic data = synthesise(203, 11, n_outputs == 1 ? 2 : 4, "differences");
		struct trainer_data rows = {
			.x = matrix_view(&data.x), .classes = data.classes, .weights = data.weights
		};
		AUTO(logistic_objective_release) struct logistic_objective objective;
		ck_assert_int_eq(
			logistic_objective_init(&objective, &rows, n_outputs, true, 1, &err), 0);
		objective.c = 0.7, objective.l2 = 0.4;
		size_t d = objective.n_parameters;
		struct random_stream stream = random_stream(3, "theta");
		double theta[48], gradient[48], above[48], below[48], value, up, down;
		static double hessian[48 * 48];
		for (size_t i = 0; i < d; i++)
			theta[i] = random_normal(&stream);
		ck_assert_int_eq(logistic_hessian(&objective, theta, hessian, &err), 0);
		/* The gauge term is what the Hessian has more than the second derivative. */
		double gauge = 0;
		for (size_t k = 0; n_outputs > 1 && k < n_outputs; k++)
			gauge += hessian[(k * 12 + 11) * (d + 1)] / 2 / (double)n_outputs;
		logistic_evaluate(&objective, theta, &value, gradient, &err);
		for (size_t i = 0; i < d; i++) {
			double old = theta[i], step = 1e-5;
			theta[i] = old + step;
			logistic_evaluate(&objective, theta, &up, above, &err);
			theta[i] = old - step;
			logistic_evaluate(&objective, theta, &down, below, &err);
			theta[i] = old;
			ck_assert_double_eq_tol(
				(up - down) / (2 * step), gradient[i], 1e-7 * (1 + value));
			for (size_t j = i; j < d; j++) {
				double extra = i % 12 == 11 && j % 12 == 11 ? gauge : 0;
				ck_assert_double_eq_tol((above[j] - below[j]) / (2 * step),
					hessian[i * d + j] - extra, 1e-7 * (1 + value));
			}
		}
		synthetic_release(&data);
	}
}
END_TEST

START_TEST(vector_kernels_agree)
{
	struct error err = ERROR_INIT;
	for (size_t p = 1; p <= 70; p += 1 + p / 5) {
		struct synthetic data = synthesise(8 * p % 77 + 1, p, 3, "kernels");
		double value[3], gradient[3][3 * 71];
		for (int outputs = 1; outputs <= 3; outputs += 2) {
			for (enum cpu_level level = CPU_PORTABLE; level <= cpu_level(); level++) {
				struct trainer_data rows = { .x = matrix_view(&data.x),
					.classes = data.classes };
				AUTO(logistic_objective_release)
				struct logistic_objective objective;
				ck_assert_int_eq(logistic_objective_init(&objective, &rows,
							 (size_t)outputs, true, 1, &err),
					0);
				objective.kernels = logistic_kernels_for(level);
				double theta[3 * 71];
				for (size_t i = 0; i < objective.n_parameters; i++)
					theta[i] = sin((double)i) * 3;
				logistic_evaluate(
					&objective, theta, &value[level], gradient[level], &err);
				ck_assert_double_eq_tol(value[level] / value[0], 1, 1e-13);
				for (size_t i = 0; i < objective.n_parameters; i++)
					ck_assert_double_eq_tol(gradient[level][i], gradient[0][i],
						1e-13 * value[0]);
			}
			if (cpu_level() == CPU_AVX512) {
				ck_assert_mem_eq(
					gradient[1], gradient[2], (p + 1) * (size_t)outputs * 8);
				ck_assert_mem_eq(&value[1], &value[2], 8);
			}
		}
		synthetic_release(&data);
	}
}
END_TEST

/* The loss far out: exact where exp overflows, and NaN is not hidden. */
START_TEST(extreme_margins_keep_their_loss)
{
	struct error err = ERROR_INIT;
	double x[] = { 1, -1, 1e-3, 2, 700, -3000 }, value, gradient[1], theta[1];
	uint32_t classes[] = { 1, 1, 1, 0, 0, 1 };
	struct trainer_data rows = { .x = { x, 6, 1, 1 }, .classes = classes };
	AUTO(logistic_objective_release) struct logistic_objective objective;
	ck_assert_int_eq(logistic_objective_init(&objective, &rows, 1, false, 1, &err), 0);
	for (theta[0] = -50; theta[0] < 50; theta[0] += 3.7) {
		double expected = 0;
		for (int i = 0; i < 6; i++) {
			double m = (classes[i] ? 1 : -1) * x[i] * theta[0];
			expected += fmax(-m, 0) + log1p(exp(-fabs(m)));
		}
		logistic_evaluate(&objective, theta, &value, gradient, &err);
		ck_assert_double_eq_tol(value / expected, 1, 1e-14);
	}
	theta[0] = (double)NAN;
	logistic_evaluate(&objective, theta, &value, gradient, &err);
	ck_assert(isnan(value) && isnan(gradient[0]));
}
END_TEST

UNIT_MAIN("train/logistic", gradients_and_hessians_are_those_of_differences, vector_kernels_agree,
	extreme_margins_keep_their_loss)
