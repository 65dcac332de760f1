/*
 * special: the special functions behind the distributions.
 *
 * Accuracy is the largest relative error seen against 50-digit references in the tests, in units
 * of 2^-52, for arguments that are not near a zero of the function. Out of the domain: NaN.
 */
#ifndef MLOPS_NUMERIC_SPECIAL_H
#define MLOPS_NUMERIC_SPECIAL_H

/* log Gamma(a) - ((a - 1/2) log a - a + 1/2 log 2 pi), a >= 10: Stirling's series. */
double special_stirling_error(double a);

/* log Gamma(x), x > 0: libm's, which is accurate; the thread-safe form. */
double special_log_gamma(double x);

/* log B(a, b) = log Gamma(a) + log Gamma(b) - log Gamma(a + b), a, b > 0, without cancellation for
 * large arguments (Stirling corrections, Didonato and Morris, ACM TOMS 18, 1992). */
double special_log_beta(double a, double b);

/* x log(x / m) + m - x, x, m > 0, also for x near m (Loader, "Fast and accurate computation of
 * binomial probabilities", 2000). */
double special_deviance(double x, double m);

/*
 * Regularised incomplete gamma: P(a, x) = 1/Gamma(a) integral_0^x t^(a-1) e^-t dt and Q = 1 - P.
 * a > 0, x >= 0. Series (DLMF 8.11.4) for x < a + 1, Legendre's continued fraction (DLMF 8.9.2)
 * beyond; the number of terms grows as sqrt(a). Each tail is computed as such where it is small,
 * but for Q where a and x are both under 1: there the error is absolute.
 */
double special_gamma_lower(double a, double x);
double special_gamma_upper(double a, double x);

/*
 * Regularised incomplete beta I_x(a, b), a, b > 0, and its complement. `y` is 1 - x, given by the
 * caller so that both tails keep their digits. Continued fraction (DLMF 8.17.22) with the symmetry
 * I_x(a, b) = 1 - I_y(b, a); the number of terms grows as sqrt(max(a, b)).
 */
double special_beta_lower(double a, double b, double x, double y);
double special_beta_upper(double a, double b, double x, double y);

/*
 * The normal quantile: x with Phi(x) = 1/2 + excess, where tail = 1/2 - |excess| is given too, so
 * that digits are lost neither in the middle nor in the tails. Wichura, algorithm AS 241 (PPND16),
 * Applied Statistics 37, 1988.
 */
double special_probit(double excess, double tail);

/* The inverse error function, |x| <= 1; erf and erfc are those of libm. */
double special_erf_inverse(double x);

/* log(1 + exp(x)) and 1 / (1 + exp(-x)), without overflow. */
double special_softplus(double x);
double special_sigmoid(double x);

#endif
