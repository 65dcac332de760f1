/*
 * Classification metrics that are functions of the confusion matrix and of sums of losses. "Yes" is
 * the positive class of a binary task. Row and column sums of the matrix are taken where needed:
 * a matrix is small beside the rows it came from.
 */
#include <math.h>

#include "metrics_internal.h"

double metric_quotient(const struct metric_sums *sums, double part, double whole)
{
	if (whole != 0.0)
		return part / whole;
	if (sums->zero_divisions)
		++*sums->zero_divisions;
	return 0.0;
}

double metric_undefined(const struct metric_sums *sums, const char *reason)
{
	if (sums->undefined)
		*sums->undefined = reason;
	return NAN;
}

/* tp, fp, fn of one class against the rest. */
struct metric_counts {
	double hit, false_alarm, missed;
};

static struct metric_counts metric_class_counts(const struct metric_sums *sums, size_t class)
{
	size_t k = sums->layout->predictions->n_classes;
	struct metric_counts counts = { .hit = sums_cell(sums, class, class) };
	for (size_t other = 0; other < k; other++) {
		if (other == class)
			continue;
		counts.false_alarm += sums_cell(sums, other, class);
		counts.missed += sums_cell(sums, class, other);
	}
	return counts;
}

static struct metric_counts metric_positive_counts(const struct metric_sums *sums)
{
	return metric_class_counts(sums, sums->layout->predictions->positive);
}

static double metric_true_negatives(const struct metric_sums *sums)
{
	size_t no = 1 - sums->layout->predictions->positive;
	return sums_cell(sums, no, no);
}

void metric_accuracy(const struct metric_sums *sums, double parameter, double *part, double *whole)
{
	(void)parameter;
	*part = 0.0;
	for (size_t c = 0; c < sums->layout->predictions->n_classes; c++)
		*part += sums_cell(sums, c, c);
	*whole = sums->values[SUM_WEIGHT];
}

void metric_top(const struct metric_sums *sums, double k, double *part, double *whole)
{
	*part = sums->values[k < 3.0 ? SUM_TOP_2 : k < 5.0 ? SUM_TOP_3 : SUM_TOP_5];
	*whole = sums->values[SUM_WEIGHT];
}

void metric_precision(const struct metric_sums *sums, double parameter, double *part, double *whole)
{
	(void)parameter;
	struct metric_counts counts = metric_positive_counts(sums);
	*part = counts.hit;
	*whole = counts.hit + counts.false_alarm;
}

void metric_recall(const struct metric_sums *sums, double parameter, double *part, double *whole)
{
	(void)parameter;
	struct metric_counts counts = metric_positive_counts(sums);
	*part = counts.hit;
	*whole = counts.hit + counts.missed;
}

void metric_specificity(
	const struct metric_sums *sums, double parameter, double *part, double *whole)
{
	(void)parameter;
	*part = metric_true_negatives(sums);
	*whole = *part + metric_positive_counts(sums).false_alarm;
}

void metric_npv(const struct metric_sums *sums, double parameter, double *part, double *whole)
{
	(void)parameter;
	*part = metric_true_negatives(sums);
	*whole = *part + metric_positive_counts(sums).missed;
}

void metric_false_positive_rate(
	const struct metric_sums *sums, double parameter, double *part, double *whole)
{
	(void)parameter;
	*part = metric_positive_counts(sums).false_alarm;
	*whole = *part + metric_true_negatives(sums);
}

void metric_false_negative_rate(
	const struct metric_sums *sums, double parameter, double *part, double *whole)
{
	(void)parameter;
	struct metric_counts counts = metric_positive_counts(sums);
	*part = counts.missed;
	*whole = counts.hit + counts.missed;
}

void metric_jaccard(const struct metric_sums *sums, double parameter, double *part, double *whole)
{
	(void)parameter;
	struct metric_counts counts = metric_positive_counts(sums);
	*part = counts.hit;
	*whole = counts.hit + counts.false_alarm + counts.missed;
}

/* F1 = 2 tp / (2 tp + fp + fn), so its interval is that of Jaccard's share, bent. */
double metric_f1_of_jaccard(double jaccard)
{
	return 2.0 * jaccard / (1.0 + jaccard);
}

double metric_f_beta(const struct metric_sums *sums, double beta)
{
	struct metric_counts counts = metric_positive_counts(sums);
	double square = beta * beta, hits = (1.0 + square) * counts.hit;
	return metric_quotient(sums, hits, hits + square * counts.missed + counts.false_alarm);
}

size_t metric_recall_classes(const struct metric_sums *sums, bool absent_too, uint32_t *ret_classes)
{
	size_t count = 0;
	for (size_t c = 0; c < sums->layout->predictions->n_classes; c++) {
		struct metric_counts counts = metric_class_counts(sums, c);
		bool present = counts.hit + counts.missed > 0.0;
		if (present || (absent_too && counts.false_alarm > 0.0))
			ret_classes[count++] = (uint32_t)c;
	}
	return count;
}

/* The mean recall of the classes that occur. */
double metric_balanced_accuracy(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	double sum = 0.0, classes = 0.0;
	for (size_t c = 0; c < sums->layout->predictions->n_classes; c++) {
		struct metric_counts counts = metric_class_counts(sums, c);
		if (counts.hit + counts.missed > 0.0) {
			sum += counts.hit / (counts.hit + counts.missed);
			classes += 1.0;
		}
	}
	return classes > 0.0 ? sum / classes : NAN;
}

double metric_informedness(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	struct metric_counts counts = metric_positive_counts(sums);
	double negatives = metric_true_negatives(sums);
	if (counts.hit + counts.missed == 0.0 || negatives + counts.false_alarm == 0.0)
		return metric_undefined(sums, "only one class occurs");
	return counts.hit / (counts.hit + counts.missed) +
	       negatives / (negatives + counts.false_alarm) - 1.0;
}

/* Gorodkin, Computational Biology and Chemistry 28 (2004), equation 8; binary is Matthews's. */
double metric_mcc(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	size_t k = sums->layout->predictions->n_classes;
	double total = sums->values[SUM_WEIGHT], correct = 0.0;
	double products = 0.0, targets = 0.0, labels = 0.0;
	for (size_t c = 0; c < k; c++) {
		struct metric_counts counts = metric_class_counts(sums, c);
		double true_sum = counts.hit + counts.missed;
		double label_sum = counts.hit + counts.false_alarm;
		correct += counts.hit;
		products += true_sum * label_sum;
		targets += true_sum * true_sum;
		labels += label_sum * label_sum;
	}
	double spread = (total * total - labels) * (total * total - targets);
	/* One class only, in truth or in the labels: rounding of weights leaves a rest. */
	if (spread <= 1e-12 * total * total * total * total)
		return metric_quotient(sums, 0.0, 0.0);
	return (correct * total - products) / sqrt(spread);
}

/* Cohen's kappa; disagreement weighs |t - l| to the power of 1 (linear) or 2 (quadratic). */
double metric_kappa(const struct metric_sums *sums, double power)
{
	size_t k = sums->layout->predictions->n_classes;
	double total = sums->values[SUM_WEIGHT], observed = 0.0, expected = 0.0;
	double row_sums[PREDICTIONS_MAX_CLASSES], column_sums[PREDICTIONS_MAX_CLASSES];
	for (size_t c = 0; c < k; c++) {
		struct metric_counts counts = metric_class_counts(sums, c);
		row_sums[c] = counts.hit + counts.missed;
		column_sums[c] = counts.hit + counts.false_alarm;
	}
	for (size_t t = 0; t < k; t++) {
		for (size_t l = 0; l < k; l++) {
			if (t == l)
				continue;
			double apart = t > l ? (double)(t - l) : (double)(l - t);
			double weight = power == 0.0 ? 1.0 : power == 1.0 ? apart : apart * apart;
			observed += weight * sums_cell(sums, t, l);
			expected += weight * row_sums[t] * column_sums[l] / total;
		}
	}
	if (expected <= 0.0)
		return metric_undefined(sums, "only one class occurs");
	return 1.0 - observed / expected;
}

double metric_likelihood_positive(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	struct metric_counts counts = metric_positive_counts(sums);
	double negatives = metric_true_negatives(sums) + counts.false_alarm;
	if (counts.hit + counts.missed == 0.0 || counts.false_alarm == 0.0)
		return metric_undefined(sums, "no false positives");
	return counts.hit / (counts.hit + counts.missed) / (counts.false_alarm / negatives);
}

double metric_likelihood_negative(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	struct metric_counts counts = metric_positive_counts(sums);
	double no = metric_true_negatives(sums);
	if (counts.hit + counts.missed == 0.0 || no == 0.0)
		return metric_undefined(sums, "no true negatives");
	return counts.missed / (counts.hit + counts.missed) / (no / (no + counts.false_alarm));
}

double metric_log_loss(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	return sums->values[SUM_LOG_LOSS] / sums->values[SUM_WEIGHT];
}

double metric_brier(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	return sums->values[SUM_BRIER] / sums->values[SUM_WEIGHT];
}

/* |mean probability - share of hits| of a bin, and the bin's weight. */
static double metric_bin_gap(const struct metric_sums *sums, size_t bin, double *ret_weight)
{
	const double *sum = sums->values + SUM_BINS + 3 * bin;
	*ret_weight = sum[0];
	return sum[0] > 0.0 ? fabs(sum[1] - sum[2]) / sum[0] : 0.0;
}

double metric_expected_calibration_error(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	double error = 0.0, weight;
	for (size_t bin = 0; bin < CALIBRATION_BINS; bin++) {
		double gap = metric_bin_gap(sums, bin, &weight);
		error += gap * weight;
	}
	return error / sums->values[SUM_WEIGHT];
}

double metric_largest_calibration_error(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	double largest = 0.0, weight;
	for (size_t bin = 0; bin < CALIBRATION_BINS; bin++)
		largest = fmax(largest, metric_bin_gap(sums, bin, &weight));
	return largest;
}

double metric_cost(const struct metric_sums *sums, double parameter)
{
	(void)parameter;
	size_t k = sums->layout->predictions->n_classes;
	double cost = 0.0;
	for (size_t i = 0; i < k * k; i++)
		cost += sums->layout->costs[i] * sums->values[SUM_CELLS + i];
	return cost / sums->values[SUM_WEIGHT];
}

enum metric_part { PART_PRECISION, PART_RECALL, PART_F1, PART_JACCARD };

static double metric_part_of(
	const struct metric_sums *sums, struct metric_counts counts, enum metric_part part)
{
	switch (part) {
	case PART_PRECISION:
		return metric_quotient(sums, counts.hit, counts.hit + counts.false_alarm);
	case PART_RECALL:
		return metric_quotient(sums, counts.hit, counts.hit + counts.missed);
	case PART_F1:
		return metric_quotient(sums, 2.0 * counts.hit,
			2.0 * counts.hit + counts.false_alarm + counts.missed);
	case PART_JACCARD:
		break;
	}
	return metric_quotient(sums, counts.hit, counts.hit + counts.false_alarm + counts.missed);
}

/* Over the classes that occur in truth or labels, as scikit-learn does by default. */
static double metric_average_of(
	const struct metric_sums *sums, enum metric_part part, double average)
{
	double sum = 0.0, weights = 0.0;
	for (size_t c = 0; c < sums->layout->predictions->n_classes; c++) {
		struct metric_counts counts = metric_class_counts(sums, c);
		double support = counts.hit + counts.missed;
		if (support == 0.0 && counts.false_alarm == 0.0)
			continue;
		double weight = average == (double)AVERAGE_WEIGHTED ? support : 1.0;
		sum += weight * metric_part_of(sums, counts, part);
		weights += weight;
	}
	return weights > 0.0 ? sum / weights : NAN;
}

double metric_precision_average(const struct metric_sums *sums, double average)
{
	return metric_average_of(sums, PART_PRECISION, average);
}

double metric_recall_average(const struct metric_sums *sums, double average)
{
	return metric_average_of(sums, PART_RECALL, average);
}

double metric_f1_average(const struct metric_sums *sums, double average)
{
	return metric_average_of(sums, PART_F1, average);
}

double metric_jaccard_average(const struct metric_sums *sums, double average)
{
	return metric_average_of(sums, PART_JACCARD, average);
}
