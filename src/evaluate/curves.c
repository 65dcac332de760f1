#include "mlops/evaluate/curves.h"

#include <math.h>
#include <string.h>

#include "mlops/base/vec.h"
#include "mlops/evaluate/ranking.h"

void curve_release(struct curve *curve)
{
	memory_free(curve->x);
	memory_free(curve->y);
	memory_free(curve->threshold);
	*curve = (struct curve){ 0 };
}

struct curve_point {
	double x, y, threshold;
};

/* The points of a walk down the scores, one a group of equal scores. */
struct curve_walk {
	VEC(struct curve_point) points;
	double *scores;
	uint32_t *order;
	double positives, rows; /* all weights */
};

static void curve_walk_release(struct curve_walk *walk)
{
	vec_release(&walk->points);
	memory_free(walk->scores);
	memory_free(walk->order);
}
AUTO_RELEASE(struct curve_walk, curve_walk_release)

enum curve_kind { CURVE_ROC, CURVE_PRECISION_RECALL, CURVE_GAIN };

static struct curve_point curve_point_of(const struct curve_walk *walk, enum curve_kind kind,
	double positives, double rows, double threshold)
{
	double recall = walk->positives > 0.0 ? positives / walk->positives : 0.0;
	double negatives = walk->rows - walk->positives;
	switch (kind) {
	case CURVE_ROC:
		return (struct curve_point){ (rows - positives) / negatives, recall, threshold };
	case CURVE_PRECISION_RECALL:
		return (struct curve_point){ recall, positives / rows, threshold };
	case CURVE_GAIN:
		break;
	}
	return (struct curve_point){ rows / walk->rows, recall, threshold };
}

static int curve_walk_fill(const struct predictions *predictions, size_t positive,
	enum curve_kind kind, struct curve_walk *walk, struct error *err)
{
	size_t n = predictions->n_rows, k = predictions->n_classes;
	walk->scores = memory_allocate(n, sizeof *walk->scores, err);
	walk->order = memory_allocate(n, sizeof *walk->order, err);
	if (!walk->scores || !walk->order)
		return -err->code;
	for (size_t i = 0; i < n; i++) {
		walk->scores[i] = predictions->probabilities[i * k + positive];
		walk->rows += prediction_weight(predictions, i);
		if (predictions->targets[i] == positive)
			walk->positives += prediction_weight(predictions, i);
	}
	bool one_class = !(walk->positives > 0.0) ||
			 (kind == CURVE_ROC && !(walk->rows - walk->positives > 0.0));
	if (one_class)
		return 0;
	if (ranking_order(walk->scores, n, walk->order, err) < 0)
		return -err->code;
	struct curve_point start = { 0.0, kind == CURVE_PRECISION_RECALL ? 1.0 : 0.0, INFINITY };
	vec_push(&walk->points, start);
	double positives = 0.0, rows = 0.0;
	for (size_t i = 0; i < n; i++) {
		double weight = prediction_weight(predictions, walk->order[i]);
		double score = walk->scores[walk->order[i]];
		rows += weight;
		if (predictions->targets[walk->order[i]] == positive)
			positives += weight;
		bool last = i + 1 == n || walk->scores[walk->order[i + 1]] != score;
		if (last && rows > 0.0)
			vec_push(&walk->points, curve_point_of(walk, kind, positives, rows, score));
	}
	return vec_check(&walk->points, err);
}

/* Keeps the ends and, between them, points at equal steps of the way along the curve. */
static size_t curve_thin(struct curve_point *points, size_t count)
{
	if (count <= CURVE_POINTS)
		return count;
	double length = 0.0, done = 0.0;
	for (size_t i = 1; i < count; i++)
		length += fabs(points[i].x - points[i - 1].x) + fabs(points[i].y - points[i - 1].y);
	size_t kept = 1;
	double last_x = points[0].x, last_y = points[0].y;
	for (size_t i = 1; i + 1 < count && kept + 1 < CURVE_POINTS; i++) {
		done += fabs(points[i].x - last_x) + fabs(points[i].y - last_y);
		last_x = points[i].x;
		last_y = points[i].y;
		if (done >= length * (double)kept / (double)(CURVE_POINTS - 1))
			points[kept++] = points[i];
	}
	points[kept++] = points[count - 1];
	return kept;
}

static int curve_of(const struct predictions *predictions, size_t positive, enum curve_kind kind,
	struct curve *ret_curve, struct error *err)
{
	*ret_curve = (struct curve){ 0 };
	AUTO(curve_walk_release) struct curve_walk walk = { .points = VEC_INIT };
	if (curve_walk_fill(predictions, positive, kind, &walk, err) < 0)
		return -err->code;
	size_t count = curve_thin(walk.points.items, walk.points.count);
	ret_curve->x = memory_allocate(count, sizeof *ret_curve->x, err);
	ret_curve->y = memory_allocate(count, sizeof *ret_curve->y, err);
	ret_curve->threshold = memory_allocate(count, sizeof *ret_curve->threshold, err);
	if (!ret_curve->x || !ret_curve->y || !ret_curve->threshold) {
		curve_release(ret_curve);
		return -err->code;
	}
	for (size_t i = 0; i < count; i++) {
		ret_curve->x[i] = walk.points.items[i].x;
		ret_curve->y[i] = walk.points.items[i].y;
		ret_curve->threshold[i] = walk.points.items[i].threshold;
	}
	ret_curve->count = count;
	return 0;
}

int curve_roc(const struct predictions *predictions, size_t positive, struct curve *ret_curve,
	struct error *err)
{
	return curve_of(predictions, positive, CURVE_ROC, ret_curve, err);
}

int curve_precision_recall(const struct predictions *predictions, size_t positive,
	struct curve *ret_curve, struct error *err)
{
	return curve_of(predictions, positive, CURVE_PRECISION_RECALL, ret_curve, err);
}

int curve_gain(const struct predictions *predictions, size_t positive, struct curve *ret_curve,
	struct error *err)
{
	return curve_of(predictions, positive, CURVE_GAIN, ret_curve, err);
}

/* The class whose probability a reliability diagram is about. */
static size_t calibration_class(const struct predictions *predictions, size_t row)
{
	if (predictions->task == PREDICTION_BINARY)
		return predictions->positive;
	const double *p = predictions->probabilities + row * predictions->n_classes;
	size_t best = 0;
	for (size_t c = 1; c < predictions->n_classes; c++)
		if (p[c] > p[best])
			best = c;
	return best;
}

void calibration_of(
	const struct predictions *predictions, double confidence, struct calibration *ret)
{
	double squares[CALIBRATION_BINS] = { 0 }, hits[CALIBRATION_BINS] = { 0 }, total = 0.0;
	*ret = (struct calibration){ 0 };
	for (size_t i = 0; i < predictions->n_rows; i++) {
		double weight = prediction_weight(predictions, i);
		if (weight == 0.0)
			continue;
		size_t class = calibration_class(predictions, i);
		double p = predictions->probabilities[i * predictions->n_classes + class];
		size_t at = (size_t)(p * CALIBRATION_BINS);
		at = at < CALIBRATION_BINS ? at : CALIBRATION_BINS - 1;
		ret->bins[at].n_rows++;
		ret->bins[at].weight += weight;
		ret->bins[at].mean_probability += weight * p;
		squares[at] += weight * weight;
		hits[at] += predictions->targets[i] == class ? weight : 0.0;
		total += weight;
	}
	for (size_t b = 0; b < CALIBRATION_BINS; b++) {
		struct calibration_bin *bin = &ret->bins[b];
		bin->interval = INTERVAL_UNKNOWN;
		if (bin->n_rows == 0) {
			bin->mean_probability = bin->share = NAN;
			continue;
		}
		bin->mean_probability /= bin->weight;
		bin->share = hits[b] / bin->weight;
		double gap = fabs(bin->mean_probability - bin->share);
		ret->expected_error += gap * bin->weight / total;
		ret->largest_error = fmax(ret->largest_error, gap);
		double trials = bin->weight * bin->weight / squares[b];
		if (confidence > 0.0)
			bin->interval =
				interval_wilson(fmin(bin->share, 1.0) * trials, trials, confidence);
	}
}

void confusion_matrix_release(struct confusion_matrix *matrix)
{
	memory_free(matrix->counts);
	*matrix = (struct confusion_matrix){ 0 };
}

int confusion_matrix_of(const struct predictions *predictions, double threshold,
	struct confusion_matrix *ret_matrix, struct error *err)
{
	size_t k = predictions->n_classes;
	*ret_matrix = (struct confusion_matrix){ .n_classes = k };
	AUTO_FREE uint32_t *labels = memory_allocate(predictions->n_rows, sizeof *labels, err);
	AUTO_FREE double *counts = memory_allocate(k * k, sizeof *counts, err);
	if (!labels || !counts)
		return -err->code;
	predictions_label(predictions, threshold, labels);
	for (size_t i = 0; i < predictions->n_rows; i++)
		counts[predictions->targets[i] * k + labels[i]] +=
			prediction_weight(predictions, i);
	ret_matrix->counts = TAKE(counts);
	return 0;
}

static void threshold_finish(struct threshold_row *row)
{
	double tp = row->true_positives, fp = row->false_positives;
	double tn = row->true_negatives, fn = row->false_negatives;
	row->precision = tp + fp > 0.0 ? tp / (tp + fp) : 0.0;
	row->recall = tp + fn > 0.0 ? tp / (tp + fn) : 0.0;
	row->specificity = tn + fp > 0.0 ? tn / (tn + fp) : 0.0;
	row->f1 = tp > 0.0 ? 2.0 * tp / (2.0 * tp + fp + fn) : 0.0;
}

void threshold_table(
	const struct predictions *predictions, struct threshold_row ret_rows[THRESHOLD_ROWS])
{
	/* Weights by class and by how many of the thresholds a row reaches. */
	double reached[2][THRESHOLD_ROWS + 1] = { { 0 } };
	for (size_t t = 0; t < THRESHOLD_ROWS; t++)
		ret_rows[t] =
			(struct threshold_row){ .threshold = (double)t / (THRESHOLD_ROWS - 1) };
	for (size_t i = 0; i < predictions->n_rows; i++) {
		double p = predictions->probabilities[2 * i + predictions->positive];
		size_t count = (size_t)(p * (THRESHOLD_ROWS - 1)); /* near; then exactly: */
		count = count < THRESHOLD_ROWS ? count : THRESHOLD_ROWS - 1;
		while (count > 0 && p < ret_rows[count - 1].threshold)
			count--;
		while (count < THRESHOLD_ROWS && p >= ret_rows[count].threshold)
			count++;
		reached[predictions->targets[i] == predictions->positive][count] +=
			prediction_weight(predictions, i);
	}
	for (size_t t = 0; t < THRESHOLD_ROWS; t++) {
		struct threshold_row *row = &ret_rows[t];
		for (size_t r = 0; r <= THRESHOLD_ROWS; r++) {
			bool yes = r > t;
			*(yes ? &row->true_positives : &row->false_negatives) += reached[1][r];
			*(yes ? &row->false_positives : &row->true_negatives) += reached[0][r];
		}
		threshold_finish(row);
	}
}

void score_histograms(const struct predictions *predictions, struct histogram ret[2])
{
	for (int side = 0; side < 2; side++)
		ret[side] = (struct histogram){ .low = 0.0, .high = 1.0, .n_bins = HISTOGRAM_BINS };
	for (size_t i = 0; i < predictions->n_rows; i++) {
		double p = predictions->probabilities[2 * i + predictions->positive];
		size_t bin = (size_t)(p * HISTOGRAM_BINS);
		bin = bin < HISTOGRAM_BINS ? bin : HISTOGRAM_BINS - 1;
		ret[predictions->targets[i] == predictions->positive].counts[bin] +=
			prediction_weight(predictions, i);
	}
}
