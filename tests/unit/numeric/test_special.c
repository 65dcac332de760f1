#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "mlops/numeric/distribution.h"
#include "mlops/numeric/special.h"

enum function {
	LOG_GAMMA,
	LOG_BETA,
	GAMMA,
	BETA,
	ERF_INVERSE,
	NORMAL,
	NORMAL_LOG,
	NORMAL_QUANTILE,
	STUDENT,
	FISHER,
	CHI_SQUARE,
	BINOMIAL,
	BINOMIAL_PMF,
	KOLMOGOROV,
	STUDENT_QUANTILE,
	CHI_SQUARE_QUANTILE,
	BETA_QUANTILE,
	FUNCTION_COUNT
};

struct reference {
	enum function function;
	double a[4];
	double value, tolerance; /* of the relative error, in 2^-52 */
};

#include "special_reference.h"

static double evaluate(const struct reference *r)
{
	const double *a = r->a;
	switch (r->function) {
	case LOG_GAMMA:
		return special_log_gamma(a[0]);
	case LOG_BETA:
		return special_log_beta(a[0], a[1]);
	case GAMMA:
		return a[2] != 0 ? special_gamma_upper(a[0], a[1])
				 : special_gamma_lower(a[0], a[1]);
	case BETA:
		return distribution_beta_cdf(a[2], a[0], a[1], a[3] != 0);
	case ERF_INVERSE:
		return special_erf_inverse(a[0]);
	case NORMAL:
		return distribution_normal_cdf(a[0], a[1] != 0);
	case NORMAL_LOG:
		return distribution_normal_log_cdf(a[0], a[1] != 0);
	case NORMAL_QUANTILE:
		return distribution_normal_quantile(a[0], a[1] != 0);
	case STUDENT:
		return distribution_t_cdf(a[0], a[1], a[2] != 0);
	case FISHER:
		return distribution_f_cdf(a[0], a[1], a[2], a[3] != 0);
	case CHI_SQUARE:
		return distribution_chi_square_cdf(a[0], a[1], a[2] != 0);
	case BINOMIAL:
		return distribution_binomial_cdf((int64_t)a[0], (int64_t)a[1], a[2], a[3] != 0);
	case BINOMIAL_PMF:
		return distribution_binomial_pmf((int64_t)a[0], (int64_t)a[1], a[2]);
	case KOLMOGOROV:
		return distribution_kolmogorov_cdf(a[0], a[1] != 0);
	case STUDENT_QUANTILE:
		return distribution_t_quantile(a[0], a[1], a[2] != 0);
	case CHI_SQUARE_QUANTILE:
		return distribution_chi_square_quantile(a[0], a[1], a[2] != 0);
	case BETA_QUANTILE:
		return distribution_beta_quantile(a[0], a[1], a[2], a[3] != 0);
	default:
		return (double)NAN;
	}
}

START_TEST(values_agree_with_forty_digits)
{
	double worst[FUNCTION_COUNT] = { 0 };
	int missed = 0;
	for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
		const struct reference *r = &references[i];
		double got = evaluate(r), miss = got == r->value ? 0 : (double)INFINITY;
		if (isfinite(got) && isfinite(r->value) && r->value != 0)
			miss = fabs(got - r->value) / fmax(fabs(r->value), DBL_MIN) / DBL_EPSILON;
		worst[r->function] = fmax(worst[r->function], miss);
		if (!(miss <= r->tolerance)) {
			printf("# function %d (%.17g, %.17g, %.17g, %.17g): %.17g, not %.17g: %.3g eps\n",
				(int)r->function, r->a[0], r->a[1], r->a[2], r->a[3], got, r->value,
				miss);
			missed++;
		}
	}
	for (int i = 0; i < FUNCTION_COUNT; i++)
		printf("# function %d: worst %.3g eps\n", i, worst[i]);
	fflush(stdout); /* the test runs in a child */
	ck_assert_int_eq(missed, 0);
}
END_TEST

static void check_inverse(double q_of_p, double p)
{
	ck_assert_double_eq_tol(q_of_p / p, 1, 1e-11);
}

/* q(p(x)) = x, over parameters and both tails. */
START_TEST(quantiles_invert_their_functions)
{
	static const double tails[] = { 1e-12, 1e-4, 0.03, 0.4, 0.5, 0.8, 0.999 };
	static const double freedoms[] = { 0.7, 1, 2, 5.5, 40, 3000 };
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		for (size_t j = 0; j < sizeof freedoms / sizeof *freedoms; j++) {
			for (int upper = 0; upper < 2; upper++) {
				double p = tails[i], v = freedoms[j];
				double t = distribution_t_quantile(p, v, upper);
				check_inverse(distribution_t_cdf(t, v, upper), p);
				double x = distribution_chi_square_quantile(p, v, upper);
				check_inverse(distribution_chi_square_cdf(x, v, upper), p);
				double r = distribution_f_quantile(p, v, 7, upper);
				check_inverse(distribution_f_cdf(r, v, 7, upper), p);
				double z = distribution_normal_quantile(p, upper);
				check_inverse(distribution_normal_cdf(z, upper), p);
			}
		}
	}
}
END_TEST

START_TEST(identities_hold)
{
	for (int n = 1; n <= 60; n++) {
		double sum = 0;
		for (int k = 0; k <= n; k++)
			sum += distribution_binomial_pmf(k, n, 0.37);
		ck_assert_double_eq_tol(sum, 1, 64 * DBL_EPSILON);
		ck_assert_double_eq_tol(distribution_t_cdf(1.3, n, true) * 2,
			distribution_f_cdf(1.3 * 1.3, 1, n, true), 64 * DBL_EPSILON);
	}
	for (double x = -30; x < 30; x += 0.37) {
		ck_assert_double_eq_tol(
			special_sigmoid(x) + special_sigmoid(-x), 1, 2 * DBL_EPSILON);
		ck_assert_double_eq_tol(special_softplus(x) - special_softplus(-x), x, 1e-14);
	}
	ck_assert(isfinite(special_softplus(1e300)));
}
END_TEST

START_TEST(ends_and_domains)
{
	ck_assert(isnan(special_log_gamma(-1)));
	ck_assert(isnan(special_beta_lower(0, 1, 0.5, 0.5)));
	ck_assert(isnan(distribution_normal_quantile(1.5, false)));
	ck_assert(isnan(distribution_t_quantile(0.1, -1, false)));
	ck_assert_double_eq(distribution_normal_quantile(0, false), -(double)INFINITY);
	ck_assert_double_eq(distribution_normal_quantile(0, true), (double)INFINITY);
	ck_assert_double_eq(distribution_t_quantile(1, 3, false), (double)INFINITY);
	ck_assert_double_eq(distribution_beta_quantile(0, 2, 3, false), 0);
	ck_assert_double_eq(distribution_beta_quantile(0, 2, 3, true), 1);
	ck_assert_double_eq(distribution_chi_square_cdf(0, 3, true), 1);
	ck_assert_double_eq(distribution_chi_square_cdf(-1, 3, false), 0);
	ck_assert_double_eq(distribution_f_cdf((double)INFINITY, 2, 3, true), 0);
	ck_assert_double_eq(distribution_binomial_cdf(10, 10, 0.5, false), 1);
	ck_assert_double_eq(distribution_binomial_cdf(-1, 10, 0.5, true), 1);
	ck_assert_double_eq(distribution_binomial_pmf(0, 5, 0), 1);
	ck_assert_double_eq(distribution_kolmogorov_cdf(-1, true), 1);
}
END_TEST

UNIT_MAIN("numeric/special", values_agree_with_forty_digits, quantiles_invert_their_functions,
	identities_hold, ends_and_domains)
