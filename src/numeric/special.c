#include "mlops/numeric/special.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

/* Enough for a, b up to about 1e10; beyond, what has been summed is within rounding anyway. */
enum { SPECIAL_TERMS = 2000000 };

static const double special_log_sqrt_two_pi = 0.91893853320467274178;
static const double special_two_pi = 6.28318530717958647693;

double special_log_gamma(double x)
{
	int sign;
	return x > 0 ? lgamma_r(x, &sign) : (double)NAN;
}

double special_stirling_error(double a)
{
	/* B_2k / (2k (2k - 1)), DLMF 5.11.1 */
	static const double terms[] = { 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188,
		-691.0 / 360360, 1.0 / 156, -3617.0 / 122400 };
	double square = 1 / (a * a), sum = 0;
	for (size_t i = sizeof terms / sizeof *terms; i-- > 0;)
		sum = sum * square + terms[i];
	return sum / a;
}

double special_log_beta(double a, double b)
{
	double p = fmin(a, b), q = fmax(a, b);
	if (!(p > 0))
		return (double)NAN;
	double share = p / (p + q);
	if (p >= 10) {
		double correction = special_stirling_error(p) + special_stirling_error(q) -
				    special_stirling_error(p + q);
		return -0.5 * log(q) + special_log_sqrt_two_pi + correction +
		       (p - 0.5) * log(share) + q * log1p(-share);
	}
	if (q >= 10) {
		double correction = special_stirling_error(q) - special_stirling_error(p + q);
		return special_log_gamma(p) + correction + p - p * log(p + q) +
		       (q - 0.5) * log1p(-share);
	}
	return special_log_gamma(p) + special_log_gamma(q) - special_log_gamma(p + q);
}

double special_deviance(double x, double m)
{
	double difference = x - m;
	if (fabs(difference) >= 0.1 * (x + m))
		return x * log(x / m) + m - x;
	double v = difference / (x + m), square = v * v;
	double sum = difference * v, term = 2 * x * v;
	for (int j = 1; j < 1000; j++) {
		term *= square;
		double next = sum + term / (2 * j + 1);
		if (next == sum)
			break;
		sum = next;
	}
	return sum;
}

/* x^a e^-x / Gamma(a) */
static double special_gamma_power(double a, double x)
{
	if (a < 10)
		return exp(a * log(x) - x - special_log_gamma(a));
	return sqrt(a / special_two_pi) * exp(-special_deviance(a, x) - special_stirling_error(a));
}

static double special_gamma_series(double a, double x)
{
	double term = 1 / a, sum = term;
	for (int n = 1; n < SPECIAL_TERMS && fabs(term) > DBL_EPSILON / 4 * fabs(sum); n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum * special_gamma_power(a, x);
}

/* Modified Lentz (Thompson and Barnett, J. Comp. Phys. 64, 1986). */
static double special_gamma_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1 / DBL_MIN, d = 1 / b, h = d;
	for (int i = 1; i < SPECIAL_TERMS; i++) {
		double numerator = -(double)i * (i - a);
		b += 2;
		d = numerator * d + b;
		d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
		c = b + numerator / c;
		c = fabs(c) < DBL_MIN ? DBL_MIN : c;
		double factor = d * c;
		h *= factor;
		if (fabs(factor - 1) <= DBL_EPSILON)
			break;
	}
	return h * special_gamma_power(a, x);
}

static double special_gamma(double a, double x, int upper)
{
	if (!(a > 0) || !(x >= 0))
		return (double)NAN;
	if (x == 0 || isinf(x))
		return (x == 0) == (upper != 0) ? 1 : 0;
	if (x < a + 1) {
		double lower = special_gamma_series(a, x);
		return upper ? 1 - lower : lower;
	}
	double rest = special_gamma_fraction(a, x);
	return upper ? rest : 1 - rest;
}

double special_gamma_lower(double a, double x)
{
	return special_gamma(a, x, 0);
}

double special_gamma_upper(double a, double x)
{
	return special_gamma(a, x, 1);
}

/* x^a y^b / B(a, b) */
static double special_beta_power(double a, double b, double x, double y)
{
	if (a < 10 || b < 10) {
		double log_x = x < 0.5 ? log(x) : log1p(-y), log_y = y < 0.5 ? log(y) : log1p(-x);
		return exp(a * log_x + b * log_y - special_log_beta(a, b));
	}
	double n = a + b;
	double correction =
		special_stirling_error(a) + special_stirling_error(b) - special_stirling_error(n);
	return sqrt(a * (b / n) / special_two_pi) *
	       exp(-special_deviance(a, n * x) - special_deviance(b, n * y) - correction);
}

static double special_beta_guard(double value)
{
	return fabs(value) < DBL_MIN ? DBL_MIN : value;
}

static double special_beta_fraction(double a, double b, double x, double y)
{
	double c = 1, d = 1 / special_beta_guard(1 - (a + b) * x / (a + 1)), h = d;
	for (int m = 1; m < SPECIAL_TERMS; m++) {
		double even = m * (b - m) * x / ((a + 2.0 * m - 1) * (a + 2.0 * m));
		d = 1 / special_beta_guard(1 + even * d);
		c = special_beta_guard(1 + even / c);
		h *= d * c;
		double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1));
		d = 1 / special_beta_guard(1 + odd * d);
		c = special_beta_guard(1 + odd / c);
		double factor = d * c;
		h *= factor;
		if (fabs(factor - 1) <= DBL_EPSILON)
			break;
	}
	return h * special_beta_power(a, b, x, y) / a;
}

static double special_beta(double a, double b, double x, double y, int upper)
{
	if (!(a > 0) || !(b > 0) || !(x >= 0) || !(y >= 0) || x > 1 || y > 1)
		return (double)NAN;
	if (x == 0 || y == 0)
		return (x == 0) == (upper != 0) ? 1 : 0;
	if (x <= (a + 1) / (a + b + 2)) {
		double lower = special_beta_fraction(a, b, x, y);
		return upper ? 1 - lower : lower;
	}
	double rest = special_beta_fraction(b, a, y, x);
	return upper ? rest : 1 - rest;
}

double special_beta_lower(double a, double b, double x, double y)
{
	return special_beta(a, b, x, y, 0);
}

double special_beta_upper(double a, double b, double x, double y)
{
	return special_beta(a, b, x, y, 1);
}

static double special_rational(const double numerator[8], const double denominator[8], double r)
{
	double above = numerator[7], below = denominator[7];
	for (int i = 6; i >= 0; i--) {
		above = above * r + numerator[i];
		below = below * r + denominator[i];
	}
	return above / below;
}

double special_probit(double excess, double tail)
{
	static const double a[8] = { 3.3871328727963666080e0, 1.3314166789178437745e2,
		1.9715909503065514427e3, 1.3731693765509461125e4, 4.5921953931549871457e4,
		6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3 };
	static const double b[8] = { 1, 4.2313330701600911252e1, 6.8718700749205790830e2,
		5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
		2.8729085735721942674e4, 5.2264952788528545610e3 };
	static const double c[8] = { 1.42343711074968357734e0, 4.63033784615654529590e0,
		5.76949722146069140550e0, 3.64784832476320460504e0, 1.27045825245236838258e0,
		2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4 };
	static const double d[8] = { 1, 2.05319162663775882187e0, 1.67638483018380384940e0,
		6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
		5.47593808499534494600e-4, 1.05075007164441684324e-9 };
	static const double e[8] = { 6.65790464350110377720e0, 5.46378491116411436990e0,
		1.78482653991729133580e0, 2.96560571828504891230e-1, 2.65321895265761230930e-2,
		1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7 };
	static const double f[8] = { 1, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
		1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
		1.42151175831644588870e-7, 2.04426310338993978564e-15 };
	if (fabs(excess) <= 0.425)
		return excess * special_rational(a, b, 0.180625 - excess * excess);
	if (!(tail >= 0))
		return (double)NAN;
	if (tail == 0)
		return copysign((double)INFINITY, excess);
	double r = sqrt(-log(tail));
	double x = r <= 5 ? special_rational(c, d, r - 1.6) : special_rational(e, f, r - 5);
	return copysign(x, excess);
}

double special_erf_inverse(double x)
{
	if (!(fabs(x) <= 1))
		return (double)NAN;
	return special_probit(x / 2, (1 - fabs(x)) / 2) * 0.70710678118654752440;
}

double special_softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

double special_sigmoid(double x)
{
	double e = exp(-fabs(x));
	return (x < 0 ? e : 1) / (1 + e);
}
