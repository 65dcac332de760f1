/*
 * distribution: distribution functions, both tails, and quantiles.
 *
 * `upper` chooses P(X > x) instead of P(X <= x); small tail probabilities are computed as such,
 * never as 1 - p. Quantiles take the same flag: distribution_t_quantile(0.025, 9, true) is the
 * 97.5 % point. Parameters out of their domain and probabilities outside 0 .. 1: NaN. Quantiles
 * other than the normal one are found by bracketing the distribution function, to a few 2^-52 of
 * its argument.
 */
#ifndef MLOPS_NUMERIC_DISTRIBUTION_H
#define MLOPS_NUMERIC_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double distribution_normal_cdf(double x, bool upper);
double distribution_normal_log_cdf(double x, bool upper); /* full digits in the far tail */
/* Algorithm AS 241, see special_probit(). */
double distribution_normal_quantile(double p, bool upper);

double distribution_t_cdf(double t, double freedom, bool upper);
double distribution_t_quantile(double p, double freedom, bool upper);

double distribution_chi_square_cdf(double x, double freedom, bool upper);
double distribution_chi_square_quantile(double p, double freedom, bool upper);

double distribution_f_cdf(double x, double freedom_1, double freedom_2, bool upper);
double distribution_f_quantile(double p, double freedom_1, double freedom_2, bool upper);

double distribution_beta_cdf(double x, double a, double b, bool upper);
double distribution_beta_quantile(double p, double a, double b, bool upper);

double distribution_gamma_cdf(double x, double shape, double scale, bool upper);

/* P(K <= k), or P(K > k); and P(K = k) (Loader's saddle point form, 2000). */
double distribution_binomial_cdf(int64_t k, int64_t n, double p, bool upper);
double distribution_binomial_pmf(int64_t k, int64_t n, double p);

/* P(sqrt(n) D > x) in the limit of large n: Kolmogorov's distribution. */
double distribution_kolmogorov_cdf(double x, bool upper);

#endif
