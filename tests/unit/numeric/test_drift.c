#include "unit.h"

#include <math.h>

#include "mlops/base/memory.h"
#include "mlops/numeric/drift.h"
#include "mlops/numeric/statistics.h"

/* Uniform numbers that a reference can make as well. */
static double *draw(uint64_t state, size_t count, double factor, double offset, double steps)
{
	struct error err = ERROR_INIT;
	double *values = memory_allocate(count, sizeof *values, &err);
	ck_assert_ptr_nonnull(values);
	for (size_t i = 0; i < count; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		values[i] = (double)(state >> 11) * 0x1p-53 * factor + offset;
		if (steps > 0)
			values[i] = floor(values[i] * steps);
	}
	statistics_sort(values, count);
	return values;
}

/*
 * scipy.stats.ks_2samp (SciPy 1.17.1); the index over numpy.quantile(a, 0.1 .. 0.9), made unique,
 * and searchsorted(side='left'). seeds, counts, factor and offset of b, steps, ks, psi.
 */
static const struct {
	uint64_t seed_a;
	size_t n_a;
	uint64_t seed_b;
	size_t n_b;
	double factor, offset, steps, ks, psi;
} cases[] = {
	{ 1, 1000, 2, 1000, 1, 0, 0, 0.035000000000000003, 0.017609195983101209 },
	{ 3, 200, 4, 777, 1, 0.1, 0, 0.14666023166023165, 0.32518373321335192 },
	{ 5, 50, 6, 60, 0.5, 0.25, 0, 0.44333333333333336, 2.2091580179139618 },
	{ 7, 5000, 8, 3000, 1.2, -0.1, 0, 0.087400000000000005, 0.094451063030604646 },
	{ 9, 1, 10, 1, 1, 0, 0, 1, 0.69314718055994529 },
	{ 1, 1000, 2, 1000, 1, 0, 8, 0.024, 0.014864249400122679 },
	{ 3, 200, 4, 777, 1, 0.1, 8, 0.1268082368082368, 0.43730443227258814 },
	{ 5, 50, 6, 60, 0.5, 0.25, 8, 0.34000000000000002, 2.7669379030124457 },
	{ 7, 5000, 8, 3000, 1.2, -0.1, 8, 0.08533333333333333, 0.59842404426378004 },
};

START_TEST(numbers_are_those_of_scipy)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n_a = cases[i].n_a, n_b = cases[i].n_b;
		AUTO_FREE double *a = draw(cases[i].seed_a, n_a, 1, 0, cases[i].steps);
		AUTO_FREE double *b = draw(
			cases[i].seed_b, n_b, cases[i].factor, cases[i].offset, cases[i].steps);
		ck_assert_double_eq_tol(drift_ks_sorted(a, n_a, b, n_b), cases[i].ks, 1e-14);
		ck_assert_double_eq_tol(drift_ks_sorted(b, n_b, a, n_a), cases[i].ks, 1e-14);
		ck_assert_double_eq_tol(drift_psi_sorted(a, n_a, b, n_b, 10), cases[i].psi, 1e-12);
		ck_assert_double_eq(drift_ks_sorted(a, n_a, a, n_a), 0);
		ck_assert_double_eq(drift_psi_sorted(a, n_a, a, n_a, 10), 0);
	}
}
END_TEST

START_TEST(cells_are_those_of_numpy)
{
	static const uint64_t a[] = { 10, 0, 5, 85, 0 }, b[] = { 20, 3, 0, 77, 0 };
	static const uint64_t c[] = { 30, 50, 20 }, d[] = { 25, 55, 120 };
	ck_assert_double_eq_tol(drift_total_variation(a, b, 5), 0.13, 1e-15);
	ck_assert_double_eq_tol(drift_psi(a, b, 5), 0.22563270074235858, 1e-15);
	ck_assert_double_eq_tol(drift_total_variation(c, d, 3), 0.4, 1e-15);
	ck_assert_double_eq_tol(drift_total_variation(d, c, 3), 0.4, 1e-15);
	/* scipy.stats.entropy both ways, added. */
	ck_assert_double_eq_tol(drift_psi(c, d, 3), 0.72716526967419082, 1e-15);
	ck_assert_double_eq(drift_psi(c, c, 3), 0);
	ck_assert_double_eq(drift_total_variation(c, c, 3), 0);
}
END_TEST

START_TEST(ends_of_the_range)
{
	static const double low[] = { 1, 2, 3 }, high[] = { 7, 8 };
	static const uint64_t none[] = { 0, 0 }, some[] = { 1, 2 };
	ck_assert_double_eq(drift_ks_sorted(low, 3, high, 2), 1);
	ck_assert_double_eq(drift_ks_sorted(high, 2, low, 3), 1);
	ck_assert_double_nan(drift_ks_sorted(low, 3, high, 0));
	ck_assert_double_nan(drift_psi_sorted(low, 0, high, 2, 10));
	ck_assert_double_nan(drift_total_variation(none, some, 2));
	ck_assert_double_nan(drift_psi(some, none, 2));
	/* One cell holds all; more cells than there is room for are fewer. */
	ck_assert_double_eq(drift_psi_sorted(low, 3, high, 2, 1), 0);
	ck_assert(isfinite(drift_psi_sorted(low, 3, high, 2, 1000)));
}
END_TEST

UNIT_MAIN("numeric/drift", numbers_are_those_of_scipy, cells_are_those_of_numpy, ends_of_the_range)
