#include "mlops/evaluate/ranking.h"

#include <math.h>
#include <string.h>

struct ranking_key {
	uint64_t key;
	uint32_t index;
};

/* The bits of a finite double, so that unsigned order is descending order of the values. */
static uint64_t ranking_descending_bits(double value)
{
	uint64_t bits;
	value += 0.0; /* -0 becomes 0: they are equal scores */
	memcpy(&bits, &value, sizeof bits);
	bits ^= bits >> 63 ? ~UINT64_C(0) : UINT64_C(1) << 63; /* ascending */
	return ~bits;
}

/* Least significant digit first, eight digits of eight bits: stable, and 200,000 rows in 5 ms. */
int ranking_order(const double *scores, size_t n_rows, uint32_t *ret_order, struct error *err)
{
	AUTO_FREE struct ranking_key *keys = memory_allocate(2 * n_rows, sizeof *keys, err);
	if (!keys)
		return -err->code;
	struct ranking_key *from = keys, *to = keys + n_rows;
	size_t counts[8][256] = { 0 };
	for (size_t i = 0; i < n_rows; i++) {
		uint64_t key = ranking_descending_bits(scores[i]);
		from[i] = (struct ranking_key){ key, (uint32_t)i };
		for (int digit = 0; digit < 8; digit++)
			counts[digit][key >> (8 * digit) & 255]++;
	}
	for (int digit = 0; digit < 8; digit++) {
		size_t *count = counts[digit], start = 0;
		if (n_rows && count[from[0].key >> (8 * digit) & 255] == n_rows)
			continue; /* all the same: nothing to move */
		for (size_t value = 0; value < 256; value++) {
			size_t here = count[value];
			count[value] = start;
			start += here;
		}
		for (size_t i = 0; i < n_rows; i++)
			to[count[from[i].key >> (8 * digit) & 255]++] = from[i];
		struct ranking_key *swap = from;
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < n_rows; i++)
		ret_order[i] = from[i].index;
	return 0;
}

static double ranking_weight(const struct ranking *ranking, size_t row)
{
	return ranking->weights ? ranking->weights[row] : 1.0;
}

/* A run of rows with equal scores, in descending order, and the weight above it. */
struct ranking_group {
	size_t begin, end; /* positions in the order */
	double positive, negative; /* weight in the group */
};

static bool ranking_next_group(
	const struct ranking *ranking, const uint32_t *order, struct ranking_group *group)
{
	size_t i = group->end;
	*group = (struct ranking_group){ .begin = i };
	if (i >= ranking->n_rows)
		return false;
	double score = ranking->scores[order[i]];
	for (; i < ranking->n_rows && ranking->scores[order[i]] == score; i++) {
		double weight = ranking_weight(ranking, order[i]);
		if (ranking->positive[order[i]])
			group->positive += weight;
		else
			group->negative += weight;
	}
	group->end = i;
	return true;
}

static void ranking_totals(
	const struct ranking *ranking, double *ret_positive, double *ret_negative)
{
	*ret_positive = *ret_negative = 0.0;
	for (size_t i = 0; i < ranking->n_rows; i++)
		*(ranking->positive[i] ? ret_positive : ret_negative) += ranking_weight(ranking, i);
}

static void ranking_no_influence(const struct ranking *ranking, double *influence)
{
	if (influence && ranking->n_rows)
		memset(influence, 0, ranking->n_rows * sizeof *influence);
}

int ranking_roc_area(
	const struct ranking *ranking, double *ret_area, double *ret_influence, struct error *err)
{
	double positives, negatives;
	ranking_totals(ranking, &positives, &negatives);
	*ret_area = NAN;
	ranking_no_influence(ranking, ret_influence);
	if (!(positives > 0.0) || !(negatives > 0.0))
		return 0;
	AUTO_FREE uint32_t *order = memory_allocate(ranking->n_rows, sizeof *order, err);
	if (!order || ranking_order(ranking->scores, ranking->n_rows, order, err) < 0)
		return -err->code;
	double above = 0.0, negatives_above = 0.0, pairs = 0.0;
	for (struct ranking_group group = { 0 }; ranking_next_group(ranking, order, &group);) {
		/* Shares of the other class that a positive, and a negative, of this group beats. */
		double below = negatives - negatives_above - group.negative;
		double v10 = (below + group.negative / 2.0) / negatives;
		double v01 = (above + group.positive / 2.0) / positives;
		pairs += group.positive * v10;
		for (size_t i = group.begin; ret_influence && i < group.end; i++)
			ret_influence[order[i]] = ranking->positive[order[i]] ? v10 : v01;
		above += group.positive;
		negatives_above += group.negative;
	}
	*ret_area = pairs / positives;
	for (size_t i = 0; ret_influence && i < ranking->n_rows; i++)
		ret_influence[i] = ranking_weight(ranking, i) * (ret_influence[i] - *ret_area) /
				   (ranking->positive[i] ? positives : negatives);
	return 0;
}

/*
 * With T the weight of positives and N of all rows at or above the threshold of group g, and d its
 * own positives: AP = sum_g d_g T_g / N_g / P. A row in group h enters T and N of all g >= h, so its
 * influence is a suffix sum of d_g (y / N_g - T_g / N_g²) / P, and for a positive (T_h/N_h - AP) / P.
 */
static int ranking_precision_influence(const struct ranking *ranking, const uint32_t *order,
	double positives, double area, double *influence, struct error *err)
{
	AUTO_FREE double *share = memory_allocate(2 * ranking->n_rows, sizeof *share, err);
	if (!share)
		return -err->code;
	double *slope = share + ranking->n_rows, true_positives = 0.0, rows = 0.0;
	for (struct ranking_group group = { 0 }; ranking_next_group(ranking, order, &group);) {
		true_positives += group.positive;
		rows += group.positive + group.negative;
		/* Of a group, at its last position; the suffix sums below pass it on. */
		double precision = rows > 0.0 ? true_positives / rows : 0.0;
		share[group.end - 1] = precision;
		slope[group.end - 1] = rows > 0.0 ? group.positive / rows : 0.0;
	}
	double gain = 0.0, loss = 0.0, precision = 0.0, score = NAN;
	for (size_t i = ranking->n_rows; i-- > 0;) {
		uint32_t row = order[i];
		if (i + 1 == ranking->n_rows || ranking->scores[row] != score) {
			score = ranking->scores[row];
			precision = share[i];
			gain += slope[i];
			loss += slope[i] * precision;
		}
		double own = ranking->positive[row] ? gain + precision - area : 0.0;
		influence[row] = ranking_weight(ranking, row) * (own - loss) / positives;
	}
	return 0;
}

int ranking_average_precision(
	const struct ranking *ranking, double *ret_area, double *ret_influence, struct error *err)
{
	double positives, negatives;
	ranking_totals(ranking, &positives, &negatives);
	*ret_area = NAN;
	ranking_no_influence(ranking, ret_influence);
	if (!(positives > 0.0))
		return 0;
	AUTO_FREE uint32_t *order = memory_allocate(ranking->n_rows, sizeof *order, err);
	if (!order || ranking_order(ranking->scores, ranking->n_rows, order, err) < 0)
		return -err->code;
	double true_positives = 0.0, rows = 0.0, area = 0.0;
	for (struct ranking_group group = { 0 }; ranking_next_group(ranking, order, &group);) {
		true_positives += group.positive;
		rows += group.positive + group.negative;
		if (group.positive > 0.0)
			area += group.positive * true_positives / rows;
	}
	*ret_area = area / positives;
	return ret_influence ? ranking_precision_influence(
				       ranking, order, positives, *ret_area, ret_influence, err)
			     : 0;
}

int ranking_variance(const double *influence, const double *weights, const uint32_t *strata,
	size_t n_strata, size_t n_rows, double *ret_variance, struct error *err)
{
	AUTO_FREE double *means = memory_allocate(3 * n_strata, sizeof *means, err);
	if (!means)
		return -err->code;
	double *counts = means + n_strata, *squares = counts + n_strata;
	for (size_t i = 0; i < n_rows; i++) {
		if (weights && weights[i] == 0.0)
			continue;
		counts[strata[i]] += 1.0;
		means[strata[i]] += influence[i];
	}
	for (size_t s = 0; s < n_strata; s++)
		means[s] = counts[s] > 0.0 ? means[s] / counts[s] : 0.0;
	for (size_t i = 0; i < n_rows; i++) {
		if (weights && weights[i] == 0.0)
			continue;
		double off = influence[i] - means[strata[i]];
		squares[strata[i]] += off * off;
	}
	*ret_variance = 0.0;
	for (size_t s = 0; s < n_strata; s++)
		if (counts[s] > 0.0)
			*ret_variance +=
				counts[s] > 1.0 ? squares[s] * counts[s] / (counts[s] - 1.0) : NAN;
	return 0;
}

struct interval ranking_roc_interval(
	double area, double variance, double positives, double negatives, double confidence)
{
	if (isnan(area) || isnan(variance))
		return INTERVAL_UNKNOWN; /* Newcombe's is unknown too for counts of 0 */
	/* Rounding of equal influences leaves about 1e-33. */
	if (variance < 1e-24)
		return interval_newcombe(area, positives, negatives, confidence);
	double half = interval_z(confidence) * sqrt(variance);
	return (struct interval){ fmax(area - half, 0.0), fmin(area + half, 1.0), INTERVAL_DELONG };
}
