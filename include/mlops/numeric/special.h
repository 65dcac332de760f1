/*
 * special: the special functions behind the distributions.
 *
 * Accuracy is the largest relative error seen against 50-digit references in the tests, in units
 * of 2^-52, for arguments that are not near a zero of the function. Out of the domain: NaN.
 */
#ifndef MLOPS_NUMERIC_SPECIAL_H
#define MLOPS_NUMERIC_SPECIAL_H

/* log |Gamma(x)|, x > 0. Lanczos (g = 607/128, Godfrey's coefficients); near 1 and 2 by series. */
double special_log_gamma(double x);

/* log B(a, b) = log Gamma(a) + log Gamma(b) - log Gamma(a + b), a, b > 0, without cancellation for
 * large arguments (Stirling corrections, Didonato and Morris, ACM TOMS 18, 1992). */
double special_log_beta(double a, double b);

/*
 * Regularised incomplete gamma: P(a, x) = 1/Gamma(a) integral_0^x t^(a-1) e^-t dt and Q = 1 - P,
 * each computed without the subtraction where it is small. a > 0, x >= 0. Series for x < a + 1,
 * Lentz's continued fraction beyond; Temme's uniform expansion for a > 200 near x = a.
 */
double special_gamma_lower(double a, double x);
double special_gamma_upper(double a, double x);

/*
 * Regularised incomplete beta I_x(a, b), a, b > 0, 0 <= x <= 1, and its complement. `y` is 1 - x,
 * given by the caller so that both tails keep their digits. Continued fraction (Didonato and Morris
 * equation 9), with the symmetry I_x(a, b) = 1 - I_(1-x)(b, a).
 */
double special_beta_lower(double a, double b, double x, double y);
double special_beta_upper(double a, double b, double x, double y);

/* The inverse error function; erf and erfc are those of libm. |x| <= 1. */
double special_erf_inverse(double x);

/* log(1 + exp(x)) and 1 / (1 + exp(-x)), without overflow. */
double special_softplus(double x);
double special_sigmoid(double x);

#endif
