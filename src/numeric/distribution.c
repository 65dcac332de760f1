#include "mlops/numeric/distribution.h"

#include <float.h>
#include <math.h>

#include "mlops/numeric/special.h"

static bool distribution_is_probability(double p)
{
	return p >= 0 && p <= 1;
}

double distribution_normal_cdf(double x, bool upper)
{
	/* 1 / sqrt(2) as a sum of two doubles: x / sqrt(2) is corrected to first order, since erfc
	 * multiplies an error of its argument by x² in the tail. */
	static const double high = 0.70710678118654752440, low = -4.83364665672645672552e-17;
	double z = upper ? x : -x;
	double u = z * high, rest = fma(z, high, -u) + z * low;
	double value = erfc(u);
	if (value > 0 && isfinite(u))
		value -= 1.12837916709551257390 * exp(-u * u) * rest; /* 2 / sqrt(pi) */
	return 0.5 * value;
}

double distribution_normal_log_cdf(double x, bool upper)
{
	double z = upper ? x : -x; /* log P(X > z) */
	if (z < 0)
		return log1p(-distribution_normal_cdf(z, false));
	if (z < 10)
		return log(distribution_normal_cdf(z, true));
	if (isinf(z))
		return -(double)INFINITY;
	/* Asymptotic series, DLMF 7.12.1 */
	double term = 1, sum = 1, square = 1 / (z * z);
	for (int n = 1; n < 50; n++) {
		term *= -(2 * n - 1) * square;
		sum += term;
	}
	return -0.5 * z * z - log(z) - 0.91893853320467274178 + log(sum);
}

double distribution_normal_quantile(double p, bool upper)
{
	if (!distribution_is_probability(p))
		return (double)NAN;
	double x = special_probit(p - 0.5, p < 0.5 ? p : 1 - p);
	return upper ? -x : x;
}

/* Everything that an inversion needs to know: the tail at a point t of a line without ends. */
struct distribution_inversion {
	double (*tail)(const struct distribution_inversion *inversion, double t);
	double a, b; /* parameters */
	double p;
	bool upper;
};

static double distribution_miss(const struct distribution_inversion *inversion, double t)
{
	double tail = inversion->tail(inversion, t);
	double miss = log(tail / inversion->p); /* tail 0: -inf, which is a sign as well */
	return inversion->upper ? -miss : miss;
}

/*
 * The zero of the increasing miss(t): doubling until it is bracketed, then Chandrupatla's method
 * (Adv. Eng. Software 28, 1997), which falls back on bisection.
 */
static double distribution_invert(const struct distribution_inversion *inversion)
{
	double low = -1, high = 1, f_low = distribution_miss(inversion, low),
	       f_high = distribution_miss(inversion, high);
	while (f_low > 0 && low > -2000) {
		high = low, f_high = f_low;
		low *= 2, f_low = distribution_miss(inversion, low);
	}
	while (f_high < 0 && high < 2000) {
		low = high, f_low = f_high;
		high *= 2, f_high = distribution_miss(inversion, high);
	}
	double share = 0.5;
	for (int i = 0; i < 300 && f_low != 0 && f_high != 0; i++) {
		double width = high - low;
		if (width <= DBL_EPSILON * fmax(fabs(low), fabs(high)))
			break;
		double t = low + share * width;
		double f = distribution_miss(inversion, t), x1 = t, x2, x3, f1 = f, f2, f3;
		if (f <= 0)
			x3 = low, f3 = f_low, x2 = high, f2 = f_high, low = t, f_low = f;
		else
			x3 = high, f3 = f_high, x2 = low, f2 = f_low, high = t, f_high = f;
		/* Inverse quadratic interpolation where it is safe, else bisection. */
		double xi = (x1 - x2) / (x3 - x2), phi = (f1 - f2) / (f3 - f2);
		share = 0.5;
		if (isfinite(phi) && phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi) {
			double guess =
				f1 / (f2 - f1) * f3 / (f2 - f3) * (x2 - x1) +
				(x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2) * (x2 - x1);
			double at = (x1 + guess - low) / (high - low);
			if (at > 0 && at < 1)
				share = fmin(fmax(at, 1e-3), 1 - 1e-3);
		}
	}
	return fabs(f_low) < fabs(f_high) ? low : high;
}

static double distribution_t_tail(const struct distribution_inversion *inversion, double t)
{
	return distribution_t_cdf(exp(t), inversion->a, inversion->upper);
}

double distribution_t_cdf(double t, double freedom, bool upper)
{
	if (!(freedom > 0) || isnan(t))
		return (double)NAN;
	double square = t * t;
	if (isinf(square))
		return (t > 0) == upper ? 0 : 1;
	double x = freedom / (freedom + square), y = square / (freedom + square);
	bool near = (t > 0) == upper; /* the tail beyond |t| is asked for */
	if (near)
		return 0.5 * special_beta_lower(freedom / 2, 0.5, x, y);
	return 0.5 + 0.5 * special_beta_upper(freedom / 2, 0.5, x, y);
}

double distribution_t_quantile(double p, double freedom, bool upper)
{
	if (!distribution_is_probability(p) || !(freedom > 0))
		return (double)NAN;
	if (p == 0.5)
		return 0;
	if (p == 0 || p == 1)
		return (p == 0) == upper ? (double)INFINITY : -(double)INFINITY;
	double tail = p < 0.5 ? p : 1 - p;
	struct distribution_inversion inversion = {
		.tail = distribution_t_tail, .a = freedom, .p = tail, .upper = true
	};
	double x = exp(distribution_invert(&inversion));
	return (p < 0.5) == upper ? x : -x;
}

double distribution_gamma_cdf(double x, double shape, double scale, bool upper)
{
	if (!(scale > 0))
		return (double)NAN;
	double z = x < 0 ? 0 : x / scale;
	return upper ? special_gamma_upper(shape, z) : special_gamma_lower(shape, z);
}

double distribution_chi_square_cdf(double x, double freedom, bool upper)
{
	return distribution_gamma_cdf(x, freedom / 2, 2, upper);
}

static double distribution_chi_square_tail(const struct distribution_inversion *inversion, double t)
{
	return distribution_chi_square_cdf(exp(t), inversion->a, inversion->upper);
}

double distribution_chi_square_quantile(double p, double freedom, bool upper)
{
	if (!distribution_is_probability(p) || !(freedom > 0))
		return (double)NAN;
	if (p == 0 || p == 1)
		return (p == 0) == upper ? (double)INFINITY : 0;
	struct distribution_inversion inversion = {
		.tail = distribution_chi_square_tail, .a = freedom, .p = p, .upper = upper
	};
	return exp(distribution_invert(&inversion));
}

double distribution_f_cdf(double x, double freedom_1, double freedom_2, bool upper)
{
	if (!(freedom_1 > 0) || !(freedom_2 > 0) || isnan(x))
		return (double)NAN;
	if (x <= 0 || isinf(x))
		return (x <= 0) == upper ? 1 : 0;
	double ratio = freedom_1 / freedom_2 * x;
	double share = isinf(ratio) ? 1 : ratio / (1 + ratio), rest = 1 / (1 + ratio);
	return upper ? special_beta_upper(freedom_1 / 2, freedom_2 / 2, share, rest)
		     : special_beta_lower(freedom_1 / 2, freedom_2 / 2, share, rest);
}

static double distribution_f_tail(const struct distribution_inversion *inversion, double t)
{
	return distribution_f_cdf(exp(t), inversion->a, inversion->b, inversion->upper);
}

double distribution_f_quantile(double p, double freedom_1, double freedom_2, bool upper)
{
	if (!distribution_is_probability(p) || !(freedom_1 > 0) || !(freedom_2 > 0))
		return (double)NAN;
	if (p == 0 || p == 1)
		return (p == 0) == upper ? (double)INFINITY : 0;
	struct distribution_inversion inversion = {
		.tail = distribution_f_tail, .a = freedom_1, .b = freedom_2, .p = p, .upper = upper
	};
	return exp(distribution_invert(&inversion));
}

double distribution_beta_cdf(double x, double a, double b, bool upper)
{
	double inside = x < 0 ? 0 : x > 1 ? 1 : x;
	return upper ? special_beta_upper(a, b, inside, 1 - inside)
		     : special_beta_lower(a, b, inside, 1 - inside);
}

/* x = 1 / (1 + e^-t), so that x and 1 - x both keep their digits. */
static double distribution_beta_tail(const struct distribution_inversion *inversion, double t)
{
	double x = special_sigmoid(t), y = special_sigmoid(-t);
	return inversion->upper ? special_beta_upper(inversion->a, inversion->b, x, y)
				: special_beta_lower(inversion->a, inversion->b, x, y);
}

double distribution_beta_quantile(double p, double a, double b, bool upper)
{
	if (!distribution_is_probability(p) || !(a > 0) || !(b > 0))
		return (double)NAN;
	if (p == 0 || p == 1)
		return (p == 0) == upper ? 1 : 0;
	struct distribution_inversion inversion = {
		.tail = distribution_beta_tail, .a = a, .b = b, .p = p, .upper = upper
	};
	return special_sigmoid(distribution_invert(&inversion));
}

double distribution_binomial_cdf(int64_t k, int64_t n, double p, bool upper)
{
	if (n < 0 || !distribution_is_probability(p))
		return (double)NAN;
	if (k < 0 || k >= n)
		return (k < 0) == upper ? 1 : 0;
	double a = (double)k + 1, b = (double)(n - k);
	return upper ? special_beta_lower(a, b, p, 1 - p) : special_beta_upper(a, b, p, 1 - p);
}

/* log(n!) - (n log n - n + 1/2 log(2 pi n)) */
static double distribution_factorial_error(double n)
{
	if (n >= 10)
		return special_stirling_error(n);
	return special_log_gamma(n + 1) - (n * log(n) - n + 0.5 * log(6.28318530717958647693 * n));
}

double distribution_binomial_pmf(int64_t k, int64_t n, double p)
{
	if (n < 0 || !distribution_is_probability(p))
		return (double)NAN;
	if (k < 0 || k > n)
		return 0;
	if (p == 0 || p == 1)
		return (p == 0 ? k == 0 : k == n) ? 1 : 0;
	double hits = (double)k, trials = (double)n, misses = trials - hits;
	if (k == 0)
		return exp(trials * log1p(-p));
	if (k == n)
		return exp(trials * log(p));
	double error = distribution_factorial_error(trials) - distribution_factorial_error(hits) -
		       distribution_factorial_error(misses);
	double exponent = error - special_deviance(hits, trials * p) -
			  special_deviance(misses, trials * (1 - p));
	return exp(exponent) * sqrt(trials / (6.28318530717958647693 * hits * misses));
}

double distribution_kolmogorov_cdf(double x, bool upper)
{
	if (isnan(x))
		return x;
	if (x <= 0)
		return upper ? 1 : 0;
	double sum = 0;
	if (x < 1) { /* theta function form, quick for small x */
		double base = -1.23370055013616982735 / (x * x); /* pi² / 8 */
		for (int k = 1; k <= 20; k++)
			sum += exp((2 * k - 1) * (2 * k - 1) * base);
		double lower = 2.50662827463100050242 / x * sum;
		return upper ? 1 - lower : lower;
	}
	for (int k = 20; k >= 1; k--)
		sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
	return upper ? sum : 1 - sum;
}
