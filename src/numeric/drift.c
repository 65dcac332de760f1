#include "mlops/numeric/drift.h"

#include <math.h>

#include "mlops/numeric/statistics.h"

double drift_ks_sorted(const double *a, size_t n_a, const double *b, size_t n_b)
{
	double distance = 0;
	if (!n_a || !n_b)
		return (double)NAN;
	for (size_t i = 0, j = 0; i < n_a && j < n_b;) {
		double value = a[i] < b[j] ? a[i] : b[j];
		while (i < n_a && a[i] <= value)
			i++;
		while (j < n_b && b[j] <= value)
			j++;
		double apart = fabs((double)i / (double)n_a - (double)j / (double)n_b);
		distance = apart > distance ? apart : distance;
	}
	return distance;
}

static double drift_total(const uint64_t *counts, size_t n_cells)
{
	uint64_t total = 0;
	for (size_t i = 0; i < n_cells; i++)
		total += counts[i];
	return (double)total;
}

double drift_total_variation(const uint64_t *a, const uint64_t *b, size_t n_cells)
{
	double n_a = drift_total(a, n_cells), n_b = drift_total(b, n_cells), sum = 0;
	if (n_a == 0 || n_b == 0)
		return (double)NAN;
	for (size_t i = 0; i < n_cells; i++)
		sum += fabs((double)a[i] / n_a - (double)b[i] / n_b);
	return sum / 2;
}

double drift_psi(const uint64_t *a, const uint64_t *b, size_t n_cells)
{
	double n_a = drift_total(a, n_cells), n_b = drift_total(b, n_cells), sum = 0;
	if (n_a == 0 || n_b == 0)
		return (double)NAN;
	for (size_t i = 0; i < n_cells; i++) {
		if (!a[i] && !b[i])
			continue;
		double p = (a[i] ? (double)a[i] : 0.5) / n_a;
		double q = (b[i] ? (double)b[i] : 0.5) / n_b;
		sum += (q - p) * log(q / p);
	}
	return sum;
}

/* How many of the sorted values are not above the bound. */
static size_t drift_rank(const double *sorted, size_t count, double bound)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (sorted[middle] <= bound)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

double drift_psi_sorted(const double *a, size_t n_a, const double *b, size_t n_b, size_t n_bins)
{
	uint64_t in_a[DRIFT_BINS] = { 0 }, in_b[DRIFT_BINS] = { 0 };
	size_t n_cells = 0, below_a = 0, below_b = 0;
	double last = (double)NAN;
	if (!n_a || !n_b)
		return (double)NAN;
	n_bins = n_bins < DRIFT_BINS ? n_bins : DRIFT_BINS;
	for (size_t i = 1; i < n_bins; i++) {
		double bound = statistics_quantile_sorted(a, n_a, (double)i / (double)n_bins);
		if (bound == last)
			continue;
		size_t rank_a = drift_rank(a, n_a, bound), rank_b = drift_rank(b, n_b, bound);
		in_a[n_cells] = rank_a - below_a;
		in_b[n_cells++] = rank_b - below_b;
		below_a = rank_a, below_b = rank_b, last = bound;
	}
	in_a[n_cells] = n_a - below_a;
	in_b[n_cells++] = n_b - below_b;
	return drift_psi(in_a, in_b, n_cells);
}
