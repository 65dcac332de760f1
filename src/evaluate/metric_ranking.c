/*
 * Metrics that depend on the order of scores. All areas go through metric_influence(), so that a
 * value, its interval and the paired comparison of two models come from the same influences.
 */
#include <math.h>
#include <string.h>

#include "metrics_internal.h"

#include "mlops/evaluate/ranking.h"

/* One class against others: scores, flags and weights of the rows taking part. */
struct metric_scores {
	struct ranking ranking;
	double *scores, *weights, *influence;
	uint8_t *positive;
};

static void metric_scores_release(struct metric_scores *scores)
{
	memory_free(scores->scores);
	memory_free(scores->weights);
	memory_free(scores->influence);
	memory_free(scores->positive);
}
AUTO_RELEASE(struct metric_scores, metric_scores_release)

static int metric_scores_init(
	const struct predictions *predictions, struct metric_scores *scores, struct error *err)
{
	size_t n = predictions->n_rows;
	scores->scores = memory_allocate(n, sizeof *scores->scores, err);
	scores->positive = memory_allocate(n, sizeof *scores->positive, err);
	scores->influence = memory_allocate(n, sizeof *scores->influence, err);
	scores->weights = memory_allocate(n, sizeof *scores->weights, err);
	if (!scores->scores || !scores->positive || !scores->influence || !scores->weights)
		return -err->code;
	scores->ranking = (struct ranking){ .scores = scores->scores,
		.positive = scores->positive,
		.weights = predictions->weights ? scores->weights : NULL };
	return 0;
}

/* `rows`: those that take part, or NULL for all. */
static void metric_scores_fill(const struct predictions *predictions, size_t class,
	const uint32_t *rows, size_t count, struct metric_scores *scores)
{
	size_t k = predictions->n_classes;
	for (size_t i = 0; i < count; i++) {
		size_t row = rows ? rows[i] : i;
		scores->scores[i] = predictions->probabilities[row * k + class];
		scores->positive[i] = predictions->targets[row] == class;
		if (predictions->weights)
			scores->weights[i] = predictions->weights[row];
	}
	scores->ranking.n_rows = count;
}

typedef int metric_area(
	const struct ranking *ranking, double *ret_area, double *ret_influence, struct error *err);

/* One class against the rest; adds factor × influence to `influence` if there is one. */
static int metric_area_of_class(const struct predictions *predictions, size_t class,
	metric_area *area, struct metric_scores *scores, double *ret_value, struct error *err)
{
	metric_scores_fill(predictions, class, NULL, predictions->n_rows, scores);
	return area(&scores->ranking, ret_value, scores->influence, err);
}

static void metric_add_influence(
	double *influence, const double *part, const uint32_t *rows, size_t count, double factor)
{
	for (size_t i = 0; influence && i < count; i++)
		influence[rows ? rows[i] : i] += factor * part[i];
}

/* Sums of weights by class, and over all. */
static int metric_class_weights(const struct predictions *predictions, double **ret_weights,
	double *ret_total, struct error *err)
{
	*ret_weights = memory_allocate(predictions->n_classes, sizeof **ret_weights, err);
	if (!*ret_weights)
		return -err->code;
	*ret_total = 0.0;
	for (size_t i = 0; i < predictions->n_rows; i++) {
		(*ret_weights)[predictions->targets[i]] += prediction_weight(predictions, i);
		*ret_total += prediction_weight(predictions, i);
	}
	return 0;
}

/* The mean over classes, each against the rest. */
static int metric_area_rest(const struct predictions *predictions, metric_area *area,
	double average, double *ret_value, double *ret_influence, struct error *err)
{
	AUTO(metric_scores_release) struct metric_scores scores = { 0 };
	AUTO_FREE double *weights = NULL;
	double total, value;
	if (metric_scores_init(predictions, &scores, err) < 0 ||
		metric_class_weights(predictions, &weights, &total, err) < 0)
		return -err->code;
	*ret_value = 0.0;
	for (size_t c = 0; c < predictions->n_classes; c++) {
		double factor = average == (double)AVERAGE_WEIGHTED
					? weights[c] / total
					: 1.0 / (double)predictions->n_classes;
		if (metric_area_of_class(predictions, c, area, &scores, &value, err) < 0)
			return -err->code;
		*ret_value += factor * value;
		metric_add_influence(
			ret_influence, scores.influence, NULL, predictions->n_rows, factor);
	}
	return 0;
}

/* Row numbers by class: class c has rows[start[c] .. start[c + 1]). */
static int metric_rows_by_class(const struct predictions *predictions, uint32_t **ret_rows,
	size_t **ret_start, struct error *err)
{
	size_t k = predictions->n_classes;
	*ret_rows = memory_allocate(predictions->n_rows, sizeof **ret_rows, err);
	*ret_start = memory_allocate(k + 2, sizeof **ret_start, err);
	if (!*ret_rows || !*ret_start)
		return -err->code;
	size_t *next = *ret_start + 1;
	for (size_t i = 0; i < predictions->n_rows; i++)
		(*ret_start)[predictions->targets[i] + 2]++;
	for (size_t c = 0; c < k; c++)
		(*ret_start)[c + 2] += (*ret_start)[c + 1];
	for (size_t i = 0; i < predictions->n_rows; i++)
		(*ret_rows)[next[predictions->targets[i]]++] = (uint32_t)i;
	return 0;
}

struct metric_pair {
	const uint32_t *rows[2];
	size_t counts[2], classes[2];
	double factor;
};

/* Both areas of a pair of classes; each class's own probability ranks. */
static int metric_area_pair(const struct predictions *predictions, const struct metric_pair *pair,
	struct metric_scores *scores, uint32_t *rows, double *sum, double *influence,
	struct error *err)
{
	size_t count = pair->counts[0] + pair->counts[1];
	memcpy(rows, pair->rows[0], pair->counts[0] * sizeof *rows);
	memcpy(rows + pair->counts[0], pair->rows[1], pair->counts[1] * sizeof *rows);
	for (int side = 0; side < 2; side++) {
		double area;
		metric_scores_fill(predictions, pair->classes[side], rows, count, scores);
		if (ranking_roc_area(&scores->ranking, &area, scores->influence, err) < 0)
			return -err->code;
		*sum += pair->factor / 2.0 * area;
		metric_add_influence(influence, scores->influence, rows, count, pair->factor / 2.0);
	}
	return 0;
}

/* Hand and Till, Machine Learning 45 (2001): the mean over pairs of classes. */
static int metric_area_pairs(const struct predictions *predictions, double average,
	double *ret_value, double *ret_influence, struct error *err)
{
	size_t k = predictions->n_classes;
	AUTO(metric_scores_release) struct metric_scores scores = { 0 };
	AUTO_FREE double *weights = NULL;
	AUTO_FREE uint32_t *rows = NULL;
	AUTO_FREE size_t *start = NULL;
	AUTO_FREE uint32_t *both = memory_allocate(predictions->n_rows, sizeof *both, err);
	double total;
	if (!both || metric_scores_init(predictions, &scores, err) < 0 ||
		metric_class_weights(predictions, &weights, &total, err) < 0 ||
		metric_rows_by_class(predictions, &rows, &start, err) < 0)
		return -err->code;
	bool weighted = average == (double)AVERAGE_WEIGHTED;
	*ret_value = 0.0;
	/* Each class is in k - 1 pairs, so shares of pairs sum to k - 1. */
	double pairs = weighted ? (double)(k - 1) * total : (double)(k * (k - 1)) / 2.0;
	for (size_t a = 0; a < k; a++) {
		for (size_t b = a + 1; b < k; b++) {
			struct metric_pair pair = { { rows + start[a], rows + start[b] },
				{ start[a + 1] - start[a], start[b + 1] - start[b] }, { a, b },
				(weighted ? weights[a] + weights[b] : 1.0) / pairs };
			if (metric_area_pair(predictions, &pair, &scores, both, ret_value,
				    ret_influence, err) < 0)
				return -err->code;
		}
	}
	return 0;
}

bool metric_has_influence(const struct metric *metric)
{
	return metric->of_rows == metric_roc_area || metric->of_rows == metric_average_precision ||
	       metric->of_rows == metric_roc_area_rest || metric->of_rows == metric_roc_area_pairs;
}

static const char *metric_absent_class(const struct predictions *predictions)
{
	return predictions->task == PREDICTION_BINARY ? "only one class occurs"
						      : "a class has no rows";
}

int metric_influence(const struct metric *metric, const struct predictions *predictions,
	double *ret_value, double *ret_influence, const char **ret_undefined, struct error *err)
{
	bool roc = metric->of_rows != metric_average_precision;
	metric_area *area = roc ? ranking_roc_area : ranking_average_precision;
	*ret_undefined = NULL;
	if (ret_influence)
		memset(ret_influence, 0, predictions->n_rows * sizeof *ret_influence);
	int result;
	if (metric->of_rows == metric_roc_area_pairs) {
		result = metric_area_pairs(
			predictions, metric->parameter, ret_value, ret_influence, err);
	} else if (predictions->task == PREDICTION_MULTICLASS) {
		double average = metric->of_rows == metric_roc_area_rest ? metric->parameter
									 : (double)AVERAGE_MACRO;
		result =
			metric_area_rest(predictions, area, average, ret_value, ret_influence, err);
	} else {
		AUTO(metric_scores_release) struct metric_scores scores = { 0 };
		result = metric_scores_init(predictions, &scores, err);
		if (result == 0)
			result = metric_area_of_class(
				predictions, predictions->positive, area, &scores, ret_value, err);
		if (result == 0)
			metric_add_influence(
				ret_influence, scores.influence, NULL, predictions->n_rows, 1.0);
	}
	if (result < 0)
		return result;
	if (isnan(*ret_value))
		*ret_undefined = roc ? metric_absent_class(predictions) : "no row is positive";
	return 0;
}

/*
 * Where DeLong's variance is 0 (all areas are 1): the mean of Newcombe's limits of each class,
 * which is on the safe side however the areas depend on each other.
 */
static int metric_newcombe_mean(const struct predictions *predictions, double area,
	double confidence, struct interval *ret_interval, struct error *err)
{
	size_t k = predictions->n_classes;
	AUTO_FREE double *weights = memory_allocate(2 * k, sizeof *weights, err);
	if (!weights)
		return -err->code;
	double *squares = weights + k, total = 0.0, total_squares = 0.0;
	for (size_t i = 0; i < predictions->n_rows; i++) {
		double weight = prediction_weight(predictions, i);
		weights[predictions->targets[i]] += weight;
		squares[predictions->targets[i]] += weight * weight;
		total += weight;
		total_squares += weight * weight;
	}
	size_t first = k == 2 ? predictions->positive : 0, count = k == 2 ? 1 : k;
	*ret_interval = (struct interval){ 0.0, 0.0, INTERVAL_NEWCOMBE };
	for (size_t c = first; c < first + count; c++) {
		double rest = total - weights[c], rest_squares = total_squares - squares[c];
		struct interval one = interval_newcombe(area, weights[c] * weights[c] / squares[c],
			rest * rest / rest_squares, confidence);
		ret_interval->low += one.low / (double)count;
		ret_interval->high += one.high / (double)count;
	}
	return 0;
}

static int metric_area_value(
	const struct metric_rows *rows, struct metric_value *ret_value, struct error *err)
{
	const struct predictions *predictions = rows->layout->predictions;
	const struct metric *metric = ret_value->metric;
	bool wanted = rows->options->confidence > 0.0;
	AUTO_FREE double *influence = NULL;
	if (wanted) {
		influence = memory_allocate(predictions->n_rows, sizeof *influence, err);
		if (!influence)
			return -err->code;
	}
	if (metric_influence(metric, predictions, &ret_value->value, influence,
		    &ret_value->undefined, err) < 0)
		return -err->code;
	if (ret_value->undefined || !wanted)
		return 0;
	double variance, confidence = rows->options->confidence;
	if (ranking_variance(influence, predictions->weights, predictions->targets,
		    predictions->n_classes, predictions->n_rows, &variance, err) < 0)
		return -err->code;
	if (isnan(variance))
		return 0;
	if (metric->interval == INTERVAL_INFLUENCE) {
		ret_value->interval = interval_logit(ret_value->value, sqrt(variance), confidence);
		return 0;
	}
	ret_value->interval =
		ranking_roc_interval(ret_value->value, variance, 0.0, 0.0, confidence);
	if (ret_value->interval.method == INTERVAL_NONE)
		return metric_newcombe_mean(
			predictions, ret_value->value, confidence, &ret_value->interval, err);
	return 0;
}

int metric_roc_area(const struct metric_rows *rows, double gini, struct metric_value *ret_value,
	struct error *err)
{
	if (metric_area_value(rows, ret_value, err) < 0)
		return -err->code;
	if (gini != 0.0) {
		ret_value->value = 2.0 * ret_value->value - 1.0;
		ret_value->interval.low = 2.0 * ret_value->interval.low - 1.0;
		ret_value->interval.high = 2.0 * ret_value->interval.high - 1.0;
	}
	return 0;
}

int metric_average_precision(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err)
{
	(void)parameter;
	return metric_area_value(rows, ret_value, err);
}

int metric_roc_area_rest(const struct metric_rows *rows, double average,
	struct metric_value *ret_value, struct error *err)
{
	(void)average;
	return metric_area_value(rows, ret_value, err);
}

int metric_roc_area_pairs(const struct metric_rows *rows, double average,
	struct metric_value *ret_value, struct error *err)
{
	(void)average;
	return metric_area_value(rows, ret_value, err);
}

/* The weights of both classes in one walk down the scores, group of ties by group. */
struct metric_walk {
	struct metric_scores scores;
	uint32_t *order;
	size_t at;
	double positives, rows; /* so far */
	double group_positives, group_rows; /* of the last group */
	double all_positives, all_rows;
};

static void metric_walk_release(struct metric_walk *walk)
{
	metric_scores_release(&walk->scores);
	memory_free(walk->order);
}
AUTO_RELEASE(struct metric_walk, metric_walk_release)

static int metric_walk_begin(
	const struct predictions *predictions, struct metric_walk *walk, struct error *err)
{
	size_t n = predictions->n_rows;
	walk->order = memory_allocate(n, sizeof *walk->order, err);
	if (!walk->order || metric_scores_init(predictions, &walk->scores, err) < 0)
		return -err->code;
	metric_scores_fill(predictions, predictions->positive, NULL, n, &walk->scores);
	for (size_t i = 0; i < n; i++) {
		walk->all_rows += prediction_weight(predictions, i);
		if (walk->scores.positive[i])
			walk->all_positives += prediction_weight(predictions, i);
	}
	return ranking_order(walk->scores.scores, n, walk->order, err);
}

static bool metric_walk_next(const struct predictions *predictions, struct metric_walk *walk)
{
	if (walk->at >= predictions->n_rows)
		return false;
	walk->group_positives = walk->group_rows = 0.0;
	double score = walk->scores.scores[walk->order[walk->at]];
	while (walk->at < predictions->n_rows &&
		walk->scores.scores[walk->order[walk->at]] == score) {
		uint32_t row = walk->order[walk->at++];
		double weight = prediction_weight(predictions, row);
		walk->group_rows += weight;
		if (walk->scores.positive[row])
			walk->group_positives += weight;
	}
	walk->rows += walk->group_rows;
	walk->positives += walk->group_positives;
	return true;
}

int metric_kolmogorov(const struct metric_rows *rows, double parameter,
	struct metric_value *ret_value, struct error *err)
{
	(void)parameter;
	const struct predictions *predictions = rows->layout->predictions;
	AUTO(metric_walk_release) struct metric_walk walk = { 0 };
	if (metric_walk_begin(predictions, &walk, err) < 0)
		return -err->code;
	double negatives = walk.all_rows - walk.all_positives, largest = 0.0;
	if (!(walk.all_positives > 0.0) || !(negatives > 0.0)) {
		ret_value->undefined = "only one class occurs";
		ret_value->value = NAN;
		return 0;
	}
	while (metric_walk_next(predictions, &walk)) {
		double gap = walk.positives / walk.all_positives -
			     (walk.rows - walk.positives) / negatives;
		largest = fmax(largest, fabs(gap));
	}
	ret_value->value = largest;
	return 0;
}

/* Of ties at the cut, the share that fits. */
int metric_lift(const struct metric_rows *rows, double share, struct metric_value *ret_value,
	struct error *err)
{
	const struct predictions *predictions = rows->layout->predictions;
	AUTO(metric_walk_release) struct metric_walk walk = { 0 };
	if (metric_walk_begin(predictions, &walk, err) < 0)
		return -err->code;
	if (!(walk.all_positives > 0.0)) {
		ret_value->undefined = "no row is positive";
		ret_value->value = NAN;
		return 0;
	}
	double cut = share * walk.all_rows, found = 0.0;
	while (metric_walk_next(predictions, &walk)) {
		found = walk.positives;
		if (walk.rows < cut)
			continue;
		double over = (walk.rows - cut) / walk.group_rows;
		found -= walk.group_rows > 0.0 ? over * walk.group_positives : 0.0;
		break;
	}
	ret_value->value = found / cut / (walk.all_positives / walk.all_rows);
	return 0;
}
