#include "mlops/numeric/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mlops/base/error.h"
#include "mlops/numeric/summation.h"

static void statistics_swap(double *a, double *b)
{
	double value = *a;
	*a = *b;
	*b = value;
}

/*
 * Order of keys: sign-magnitude bits turned into an unsigned number that sorts as the doubles do,
 * -0 before 0, NaN above infinity.
 */
static uint64_t statistics_key(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	if (isnan(value))
		return UINT64_MAX;
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static bool statistics_less(double a, double b)
{
	return a < b || (!(a > b) && statistics_key(a) < statistics_key(b));
}

static void statistics_insertion(double *values, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		double value = values[i];
		size_t j = i;
		for (; j > 0 && statistics_less(value, values[j - 1]); j--)
			values[j] = values[j - 1];
		values[j] = value;
	}
}

static void statistics_sift(double *values, size_t root, size_t count)
{
	double value = values[root];
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && statistics_less(values[child], values[child + 1]))
			child++;
		if (!statistics_less(value, values[child]))
			break;
		values[root] = values[child];
	}
	values[root] = value;
}

static void statistics_heap_sort(double *values, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		statistics_sift(values, i, count);
	for (size_t i = count; i-- > 1;) {
		statistics_swap(&values[0], &values[i]);
		statistics_sift(values, 0, i);
	}
}

/* Median of three to the middle, then Hoare's partition: 0..ret-1 <= pivot <= ret..count-1, both
 * sides not empty. count >= 3. */
static size_t statistics_partition(double *values, size_t count)
{
	size_t middle = count / 2;
	if (statistics_less(values[middle], values[0]))
		statistics_swap(&values[middle], &values[0]);
	if (statistics_less(values[count - 1], values[0]))
		statistics_swap(&values[count - 1], &values[0]);
	if (statistics_less(values[count - 1], values[middle]))
		statistics_swap(&values[count - 1], &values[middle]);
	double pivot = values[middle];
	size_t i = 0, j = count - 1;
	for (;;) {
		while (statistics_less(values[i], pivot))
			i++;
		while (statistics_less(pivot, values[j]))
			j--;
		if (i >= j)
			return j + 1 < count ? j + 1 : j;
		statistics_swap(&values[i++], &values[j--]);
	}
}

static size_t statistics_depth(size_t count)
{
	size_t depth = 4;
	for (; count; count >>= 1)
		depth += 2;
	return depth;
}

/* Introsort (Musser 1997): quicksort that turns to heapsort where the pivots are bad. */
static void statistics_sort_deep(double *values, size_t count, size_t depth)
{
	while (count > 24) {
		if (!depth--) {
			statistics_heap_sort(values, count);
			return;
		}
		size_t left = statistics_partition(values, count);
		if (left <= count - left) {
			statistics_sort_deep(values, left, depth);
			values += left, count -= left;
		} else {
			statistics_sort_deep(values + left, count - left, depth);
			count = left;
		}
	}
	statistics_insertion(values, count);
}

void statistics_sort(double *values, size_t count)
{
	statistics_sort_deep(values, count, statistics_depth(count));
}

/* Puts the value of rank `wanted` at its place, smaller ones before it (Hoare's FIND). */
static void statistics_select(double *values, size_t count, size_t wanted)
{
	for (size_t depth = statistics_depth(count); count > 24; depth--) {
		if (!depth) {
			statistics_heap_sort(values, count);
			return;
		}
		size_t left = statistics_partition(values, count);
		if (wanted < left) {
			count = left;
		} else {
			values += left, count -= left, wanted -= left;
		}
	}
	statistics_insertion(values, count);
}

double statistics_quantile_sorted(const double *sorted, size_t count, double q)
{
	if (!count || !(q >= 0 && q <= 1))
		return (double)NAN;
	double at = q * (double)(count - 1), below = floor(at), share = at - below;
	size_t i = (size_t)below;
	if (share == 0 || i + 1 >= count)
		return sorted[i];
	/* As NumPy interpolates: from the nearer end, so that it is monotone and exact at both. */
	double step = sorted[i + 1] - sorted[i];
	return share < 0.5 ? sorted[i] + share * step : sorted[i + 1] - (1 - share) * step;
}

double statistics_quantile(double *values, size_t count, double q)
{
	if (!count || !(q >= 0 && q <= 1))
		return (double)NAN;
	size_t i = (size_t)floor(q * (double)(count - 1));
	statistics_select(values, count, i);
	if (i + 1 < count) { /* the next order statistic is the least of what follows */
		size_t least = i + 1;
		for (size_t j = i + 2; j < count; j++) {
			if (statistics_less(values[j], values[least]))
				least = j;
		}
		statistics_swap(&values[i + 1], &values[least]);
	}
	return statistics_quantile_sorted(values, count, q);
}

double statistics_median(double *values, size_t count)
{
	return statistics_quantile(values, count, 0.5);
}

struct statistics_pair {
	double value, weight;
};

static int statistics_compare_pairs(const void *a, const void *b)
{
	double x = ((const struct statistics_pair *)a)->value;
	double y = ((const struct statistics_pair *)b)->value;
	return (x > y) - (x < y);
}

int statistics_weighted_quantile(const double *values, const double *weights, size_t count,
	double q, double *ret_quantile, struct error *err)
{
	AUTO_FREE struct statistics_pair *pairs = memory_allocate(count, sizeof *pairs, err);
	if (!pairs)
		return -err->code;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (weights[i] > 0)
			pairs[kept++] = (struct statistics_pair){ values[i], weights[i] };
	}
	*ret_quantile = (double)NAN;
	if (!kept || !(q >= 0 && q <= 1))
		return 0;
	qsort(pairs, kept, sizeof *pairs, statistics_compare_pairs);
	struct sum total = SUM_INIT, before = SUM_INIT;
	for (size_t i = 0; i < kept; i++)
		sum_add(&total, pairs[i].weight);
	double goal = q * sum_result(&total);
	for (size_t i = 0; i < kept; i++) {
		sum_add(&before, pairs[i].weight);
		double reached = sum_result(&before);
		*ret_quantile = pairs[i].value;
		if (reached == goal && i + 1 < kept)
			*ret_quantile = pairs[i].value / 2 + pairs[i + 1].value / 2;
		if (reached >= goal)
			break;
	}
	return 0;
}

struct moments statistics_moments(const double *values, size_t count)
{
	struct moments moments = { .count = count, .minimum = (double)NAN, .maximum = (double)NAN };
	double variance = sum_variance(values, NULL, count, &moments.mean);
	struct sum third = SUM_INIT, fourth = SUM_INIT;
	for (size_t i = 0; i < count; i++) {
		double d = values[i] - moments.mean;
		sum_add(&third, d * d * d);
		sum_add(&fourth, d * d * d * d);
		if (i == 0 || values[i] < moments.minimum)
			moments.minimum = values[i];
		if (i == 0 || values[i] > moments.maximum)
			moments.maximum = values[i];
	}
	double n = (double)count;
	moments.variance = count > 1 ? variance * n / (n - 1) : (double)NAN;
	bool constant = !count || moments.minimum == moments.maximum;
	if (constant && count > 1)
		moments.variance = 0;
	moments.skewness =
		constant ? (double)NAN : sum_result(&third) / n / (variance * sqrt(variance));
	moments.kurtosis =
		constant ? (double)NAN : sum_result(&fourth) / n / (variance * variance) - 3;
	return moments;
}
