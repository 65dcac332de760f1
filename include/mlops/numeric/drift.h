/*
 * drift: how far apart two samples are.
 *
 * All are 0 for equal samples and NaN if one of the samples is empty. Nothing depends on the order
 * of the values or cells.
 */
#ifndef MLOPS_NUMERIC_DRIFT_H
#define MLOPS_NUMERIC_DRIFT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The two-sample Kolmogorov-Smirnov statistic, the largest distance of the two empirical
 * distribution functions: 0 .. 1 (scipy.stats.ks_2samp). Both samples ascending, without NaN.
 */
double drift_ks_sorted(const double *a, size_t n_a, const double *b, size_t n_b);

/* Half the sum of |p - q| over the shares of the cells: 0 .. 1, the share that would have to move. */
double drift_total_variation(const uint64_t *a, const uint64_t *b, size_t n_cells);

/*
 * Population stability index, the sum of (q - p) ln(q / p) over the shares of the cells (Siddiqi:
 * "Credit risk scorecards", 2006; the symmetric Kullback-Leibler divergence of Jeffreys, 1946). A
 * cell that is empty in one sample counts as half an observation there, one that is empty in both
 * is left out. By habit below 0.1 is little, above 0.25 a lot.
 */
double drift_psi(const uint64_t *a, const uint64_t *b, size_t n_cells);

/*
 * The same of numbers, over at most `n_bins` cells between quantiles of a (equal ones merged;
 * <= DRIFT_BINS): a cell holds what is above its lower bound and not above its upper one, the outer
 * cells are open. Both samples ascending, without NaN.
 */
enum { DRIFT_BINS = 64 };
double drift_psi_sorted(const double *a, size_t n_a, const double *b, size_t n_b, size_t n_bins);

#endif
