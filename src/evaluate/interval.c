#include "mlops/evaluate/interval.h"

#include <math.h>

#include "mlops/numeric/distribution.h"

const char *interval_method_name(enum interval_method method)
{
	static const char *const names[INTERVAL_METHOD_COUNT] = { "none", "wilson", "mover",
		"delong", "newcombe", "influence", "fisher", "order_statistics",
		"bootstrap_percentile", "bootstrap_bca" };
	return (unsigned int)method < INTERVAL_METHOD_COUNT ? names[method] : "none";
}

double interval_z(double confidence)
{
	return distribution_normal_quantile((1.0 - confidence) / 2.0, true);
}

struct interval interval_wilson(double successes, double trials, double confidence)
{
	if (!(trials > 0.0) || !(successes >= 0.0) || successes > trials)
		return INTERVAL_UNKNOWN;
	double z = interval_z(confidence), p = successes / trials;
	double scale = 1.0 / (1.0 + z * z / trials);
	double middle = scale * (p + z * z / (2.0 * trials));
	double half = scale * z * sqrt(p * (1.0 - p) / trials + z * z / (4.0 * trials * trials));
	struct interval interval = { middle - half, middle + half, INTERVAL_WILSON };
	/* Exactly 0 and 1 at the ends, whatever the rounding. */
	if (successes == 0.0 || interval.low < 0.0)
		interval.low = 0.0;
	if (successes == trials || interval.high > 1.0)
		interval.high = 1.0;
	return interval;
}

struct interval interval_mover(const double *estimates, const struct interval *intervals,
	const double *coefficients, size_t count)
{
	double estimate = 0.0, below = 0.0, above = 0.0;
	for (size_t i = 0; i < count; i++) {
		double down = coefficients[i] * (estimates[i] - intervals[i].low);
		double up = coefficients[i] * (intervals[i].high - estimates[i]);
		if (isnan(down) || isnan(up))
			return INTERVAL_UNKNOWN;
		estimate += coefficients[i] * estimates[i];
		below += down * down;
		above += up * up;
	}
	if (count == 0)
		return INTERVAL_UNKNOWN;
	return (struct interval){ estimate - sqrt(below), estimate + sqrt(above), INTERVAL_MOVER };
}

/* Newcombe's equation for the variance, method 5. */
static double interval_area_variance(double area, double positives, double negatives)
{
	double n = (positives + negatives) / 2.0 - 1.0;
	return area * (1.0 - area) *
	       (1.0 + n * (1.0 - area) / (2.0 - area) + n * area / (1.0 + area)) /
	       (positives * negatives);
}

/* The limit between `outer` (0 or 1) and the area at which |area - x| = z sqrt(V(x)). */
static double interval_area_limit(
	double area, double outer, double positives, double negatives, double z)
{
	double outside = outer, inside = area;
	for (int i = 0; i < 200; i++) {
		double middle = (outside + inside) / 2.0;
		double reach = z * sqrt(interval_area_variance(middle, positives, negatives));
		if (fabs(area - middle) >= reach)
			outside = middle;
		else
			inside = middle;
	}
	return outside;
}

struct interval interval_newcombe(
	double area, double positives, double negatives, double confidence)
{
	if (!(area >= 0.0 && area <= 1.0) || !(positives >= 1.0) || !(negatives >= 1.0))
		return INTERVAL_UNKNOWN;
	double z = interval_z(confidence);
	return (struct interval){
		area > 0.0 ? interval_area_limit(area, 0.0, positives, negatives, z) : 0.0,
		area < 1.0 ? interval_area_limit(area, 1.0, positives, negatives, z) : 1.0,
		INTERVAL_NEWCOMBE
	};
}

struct interval interval_fisher(double correlation, double n, bool spearman, double confidence)
{
	if (!(n > 3.0) || !(fabs(correlation) < 1.0))
		return INTERVAL_UNKNOWN;
	double variance = (spearman ? 1.0 + correlation * correlation / 2.0 : 1.0) / (n - 3.0);
	double middle = atanh(correlation), half = interval_z(confidence) * sqrt(variance);
	return (struct interval){ tanh(middle - half), tanh(middle + half), INTERVAL_FISHER };
}

struct interval interval_logit(double estimate, double standard_error, double confidence)
{
	if (!(estimate > 0.0 && estimate < 1.0) || !(standard_error > 0.0))
		return INTERVAL_UNKNOWN;
	double middle = log(estimate / (1.0 - estimate));
	double half = interval_z(confidence) * standard_error / (estimate * (1.0 - estimate));
	return (struct interval){ 1.0 / (1.0 + exp(half - middle)),
		1.0 / (1.0 + exp(-half - middle)), INTERVAL_INFLUENCE };
}

struct interval interval_median(const double *sorted, size_t n, double confidence)
{
	double tail = (1.0 - confidence) / 2.0;
	size_t low = 0, high = n / 2; /* the largest l with P(K < l) <= tail; 0 always holds */
	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;
		double p = distribution_binomial_cdf((int64_t)middle - 1, (int64_t)n, 0.5, false);
		if (p <= tail)
			low = middle;
		else
			high = middle - 1;
	}
	if (low == 0)
		return INTERVAL_UNKNOWN;
	return (struct interval){ sorted[low - 1], sorted[n - low], INTERVAL_ORDER };
}

double interval_effective_count(const double *weights, size_t count)
{
	if (!weights)
		return (double)count;
	double sum = 0.0, squares = 0.0;
	for (size_t i = 0; i < count; i++) {
		sum += weights[i];
		squares += weights[i] * weights[i];
	}
	return squares > 0.0 ? sum * sum / squares : 0.0;
}
