#include "mlops/evaluate/metrics.h"

#include <math.h>
#include <string.h>

#include "metrics_internal.h"

#include "mlops/evaluate/ranking.h"

struct metric_options metric_options_default(void)
{
	return (struct metric_options){
		.threshold = 0.5, .confidence = 0.95, .bootstrap = { .replicates = 2000 }
	};
}

/* What is computed once for all metrics of one set of predictions. */
struct metric_work {
	const struct predictions *predictions;
	const struct metric_options *options;
	struct sums_layout layout;
	uint32_t *labels;
	double *values; /* the sums */
	double *squares; /* with squared weights; the same array if there are no weights */
	double *square_storage;
};

static void metric_work_release(struct metric_work *work)
{
	memory_free(work->labels);
	memory_free(work->values);
	memory_free(work->square_storage);
}
AUTO_RELEASE(struct metric_work, metric_work_release)

static int metric_work_make(const struct predictions *predictions,
	const struct metric_options *options, struct metric_work *work, struct error *err)
{
	work->predictions = predictions;
	work->options = options;
	if (predictions->task != PREDICTION_REGRESSION) {
		work->labels = memory_allocate(predictions->n_rows, sizeof *work->labels, err);
		if (!work->labels)
			return -err->code;
		predictions_label(predictions, options->threshold, work->labels);
	}
	sums_layout_make(predictions, work->labels, &work->layout);
	work->layout.costs = options->costs;
	work->values = memory_allocate(work->layout.n_sums, sizeof *work->values, err);
	if (!work->values || sums_total(&work->layout, work->values, err) < 0)
		return -err->code;
	work->squares = work->values;
	if (!predictions->weights)
		return 0;
	struct sums_layout squared = work->layout;
	squared.squared_weights = true;
	work->square_storage = memory_allocate(squared.n_sums, sizeof *work->values, err);
	if (!work->square_storage || sums_total(&squared, work->square_storage, err) < 0)
		return -err->code;
	work->squares = work->square_storage;
	return 0;
}

/* Wilson for the share of weighted rows: as many trials as Kish's effective number of rows. */
static struct interval metric_share_interval(const struct metric_work *work,
	void (*share)(const struct metric_sums *, double, double *, double *), double parameter)
{
	struct metric_sums sums = { .layout = &work->layout, .values = work->values };
	struct metric_sums squares = { .layout = &work->layout, .values = work->squares };
	double part, whole, square_part, square_whole;
	share(&sums, parameter, &part, &whole);
	share(&squares, parameter, &square_part, &square_whole);
	if (!(whole > 0.0) || !(square_whole > 0.0))
		return INTERVAL_UNKNOWN;
	double trials = whole * whole / square_whole;
	return interval_wilson(fmin(part / whole, 1.0) * trials, trials, work->options->confidence);
}

double metric_value_from_sums(const struct metric *metric, const struct metric_sums *sums)
{
	if (!metric->share)
		return metric->of_sums(sums, metric->parameter);
	double part, whole;
	metric->share(sums, metric->parameter, &part, &whole);
	double value = metric_quotient(sums, part, whole);
	return metric->transform ? metric->transform(value) : value;
}

static void metric_of_share(
	const struct metric_work *work, const struct metric *metric, struct metric_value *ret_value)
{
	struct metric_sums sums = { &work->layout, work->values, &ret_value->zero_divisions,
		&ret_value->undefined };
	ret_value->value = metric_value_from_sums(metric, &sums);
	if (!(work->options->confidence > 0.0))
		return;
	struct interval interval = metric_share_interval(work, metric->share, metric->parameter);
	if (metric->transform && interval.method != INTERVAL_NONE) {
		interval.low = metric->transform(interval.low);
		interval.high = metric->transform(interval.high);
	}
	ret_value->interval = interval;
}

/* hit and support of one class, for sums and for their squares. */
static void metric_class_share(
	const struct metric_sums *sums, double class, double *part, double *whole)
{
	size_t c = (size_t) class;
	*part = sums_cell(sums, c, c);
	*whole = 0.0;
	for (size_t label = 0; label < sums->layout->predictions->n_classes; label++)
		*whole += sums_cell(sums, c, label);
}

/* A mean of recalls, which are independent given the sizes of the classes. */
static int metric_mover(const struct metric_work *work, const struct metric *metric,
	struct metric_value *ret_value, struct error *err)
{
	struct metric_sums sums = { .layout = &work->layout, .values = work->values };
	size_t k = work->predictions->n_classes;
	AUTO_FREE uint32_t *classes = memory_allocate(k, sizeof *classes, err);
	AUTO_FREE double *recalls = memory_allocate(2 * k, sizeof *recalls, err);
	AUTO_FREE struct interval *intervals = memory_allocate(k, sizeof *intervals, err);
	if (!classes || !recalls || !intervals)
		return -err->code;
	size_t count = metric_recall_classes(&sums, false, classes);
	bool youden = metric->of_sums == metric_informedness;
	for (size_t i = 0; i < count; i++) {
		double part, whole;
		metric_class_share(&sums, classes[i], &part, &whole);
		recalls[i] = part / whole;
		recalls[k + i] = youden ? 1.0 : 1.0 / (double)count;
		intervals[i] = metric_share_interval(work, metric_class_share, classes[i]);
	}
	struct interval interval = interval_mover(recalls, intervals, recalls + k, count);
	if (youden) {
		interval.low -= 1.0;
		interval.high -= 1.0;
	}
	ret_value->interval = interval;
	return 0;
}

static const char *metric_cannot(const struct metric_work *work, const struct metric *metric)
{
	if (metric->needs & METRIC_NEEDS_PROBABILITIES && !work->predictions->probabilities)
		return "the model gives no probabilities";
	if (metric->needs & METRIC_NEEDS_COSTS && !work->options->costs)
		return "no costs are given";
	return NULL;
}

static int metric_value_of(const struct metric_work *work, const struct metric *metric,
	struct metric_value *ret_value, struct error *err)
{
	*ret_value = (struct metric_value){
		.metric = metric, .value = NAN, .interval = INTERVAL_UNKNOWN
	};
	if (!(metric->tasks & work->predictions->task))
		return error_set(err, ERROR_INVALID, "metric '%s' is not for a %s task",
			metric->name, prediction_task_name(work->predictions->task));
	ret_value->undefined = metric_cannot(work, metric);
	if (ret_value->undefined)
		return 0;
	if (metric->share) {
		metric_of_share(work, metric, ret_value);
		return 0;
	}
	if (metric->of_rows) {
		struct metric_rows rows = { &work->layout, work->options, work->labels };
		return metric->of_rows(&rows, metric->parameter, ret_value, err);
	}
	struct metric_sums sums = { &work->layout, work->values, &ret_value->zero_divisions,
		&ret_value->undefined };
	ret_value->value = metric->of_sums(&sums, metric->parameter);
	if (metric->interval == INTERVAL_MOVER && work->options->confidence > 0.0 &&
		!isnan(ret_value->value))
		return metric_mover(work, metric, ret_value, err);
	return 0;
}

/* The metrics that share one bootstrap. */
struct metric_batch {
	const struct sums_layout *layout;
	const struct metric **metrics;
	size_t count;
};

static void metric_batch_statistic(const void *context, const double *values, double *ret_values)
{
	const struct metric_batch *batch = context;
	struct metric_sums sums = { .layout = batch->layout, .values = values };
	for (size_t i = 0; i < batch->count; i++)
		ret_values[i] = batch->metrics[i]->of_sums(&sums, batch->metrics[i]->parameter);
}

static int metric_bootstrap_batch(const struct metric_work *work, const struct metric_batch *batch,
	const double *estimates, struct interval *ret_intervals, struct error *err)
{
	const struct predictions *predictions = work->predictions;
	bool classes = predictions->task != PREDICTION_REGRESSION;
	struct sums_layout layout = work->layout;
	sums_layout_narrow(&layout, batch->metrics, batch->count);
	struct bootstrap_rows rows = { .n_rows = predictions->n_rows,
		.n_sums = work->layout.n_sums,
		.n_strata = classes ? predictions->n_classes : 1,
		.strata = classes ? predictions->targets : NULL,
		.weights = predictions->weights,
		.row = sums_row,
		.context = &layout };
	AUTO(bootstrap_units_release) struct bootstrap_units units = { 0 };
	if (bootstrap_units_make(&rows, work->options->bootstrap.seed, &units, err) < 0)
		return -err->code;
	struct bootstrap_plan plan = { &units, batch->count, metric_batch_statistic, batch,
		estimates };
	return bootstrap_intervals(
		&plan, &work->options->bootstrap, work->options->confidence, ret_intervals, err);
}

static int metric_bootstrap(const struct metric_work *work, struct metric_value *values,
	size_t count, struct error *err)
{
	if (!(work->options->confidence > 0.0) || work->options->bootstrap.replicates == 0)
		return 0;
	AUTO_FREE const struct metric **metrics = memory_allocate(count, sizeof *metrics, err);
	AUTO_FREE size_t *places = memory_allocate(count, sizeof *places, err);
	AUTO_FREE double *estimates = memory_allocate(count, sizeof *estimates, err);
	AUTO_FREE struct interval *intervals = memory_allocate(count, sizeof *intervals, err);
	if (!metrics || !places || !estimates || !intervals)
		return -err->code;
	struct metric_batch batch = { &work->layout, metrics, 0 };
	for (size_t i = 0; i < count; i++) {
		if (values[i].metric->interval != INTERVAL_BCA || isnan(values[i].value))
			continue;
		metrics[batch.count] = values[i].metric;
		estimates[batch.count] = values[i].value;
		places[batch.count++] = i;
	}
	if (batch.count == 0)
		return 0;
	if (metric_bootstrap_batch(work, &batch, estimates, intervals, err) < 0)
		return -err->code;
	for (size_t i = 0; i < batch.count; i++)
		values[places[i]].interval = intervals[i];
	return 0;
}

int metrics_compute(const struct predictions *predictions, const struct metric *const *metrics,
	size_t count, const struct metric_options *options, struct metric_value *ret_values,
	struct error *err)
{
	AUTO(metric_work_release) struct metric_work work = { 0 };
	if (metric_work_make(predictions, options, &work, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++)
		if (metric_value_of(&work, metrics[i], &ret_values[i], err) < 0)
			return -err->code;
	return metric_bootstrap(&work, ret_values, count, err);
}

/* hit and all rows that are labelled so. */
static void metric_label_share(
	const struct metric_sums *sums, double class, double *part, double *whole)
{
	size_t c = (size_t) class;
	*part = sums_cell(sums, c, c);
	*whole = 0.0;
	for (size_t target = 0; target < sums->layout->predictions->n_classes; target++)
		*whole += sums_cell(sums, target, c);
}

static void metric_class_value(
	const struct metric_work *work, size_t class, struct class_value *ret_value)
{
	struct metric_sums sums = { &work->layout, work->values, &ret_value->zero_divisions, NULL };
	double hit, labelled;
	metric_label_share(&sums, (double)class, &hit, &labelled);
	ret_value->precision = metric_quotient(&sums, hit, labelled);
	metric_class_share(&sums, (double)class, &hit, &ret_value->support);
	ret_value->recall = metric_quotient(&sums, hit, ret_value->support);
	ret_value->f1 = metric_quotient(&sums, 2.0 * hit, labelled + ret_value->support);
	if (!(work->options->confidence > 0.0))
		return;
	ret_value->precision_interval =
		metric_share_interval(work, metric_label_share, (double)class);
	ret_value->recall_interval = metric_share_interval(work, metric_class_share, (double)class);
}

static int metric_class_areas(
	const struct predictions *predictions, struct class_value *values, struct error *err)
{
	size_t n = predictions->n_rows, k = predictions->n_classes;
	AUTO_FREE double *scores = memory_allocate(n, sizeof *scores, err);
	AUTO_FREE uint8_t *positive = memory_allocate(n, sizeof *positive, err);
	if (!scores || !positive)
		return -err->code;
	struct ranking ranking = { n, scores, positive, predictions->weights };
	for (size_t c = 0; c < k; c++) {
		for (size_t i = 0; i < n; i++) {
			scores[i] = predictions->probabilities[i * k + c];
			positive[i] = predictions->targets[i] == c;
		}
		if (ranking_roc_area(&ranking, &values[c].roc_area, NULL, err) < 0)
			return -err->code;
	}
	return 0;
}

int metrics_per_class(const struct predictions *predictions, const struct metric_options *options,
	struct class_value *ret_values, struct error *err)
{
	if (predictions->task == PREDICTION_REGRESSION)
		return error_set(err, ERROR_INVALID, "a regression task has no classes");
	AUTO(metric_work_release) struct metric_work work = { 0 };
	if (metric_work_make(predictions, options, &work, err) < 0)
		return -err->code;
	for (size_t c = 0; c < predictions->n_classes; c++) {
		ret_values[c] = (struct class_value){ .roc_area = NAN,
			.precision_interval = INTERVAL_UNKNOWN,
			.recall_interval = INTERVAL_UNKNOWN };
		metric_class_value(&work, c, &ret_values[c]);
	}
	return predictions->probabilities ? metric_class_areas(predictions, ret_values, err) : 0;
}
