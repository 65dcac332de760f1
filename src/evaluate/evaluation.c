#include "mlops/evaluate/evaluation.h"

#include <math.h>
#include <string.h>

#include "evaluation_internal.h"

enum { EVALUATION_CURVE_CLASSES = 10 };

static void evaluation_part_release(struct evaluation_part *part)
{
	memory_free(part->name);
	memory_free(part->metrics);
	memory_free(part->baseline);
	memory_free(part->difference);
	memory_free(part->classes);
	confusion_matrix_release(&part->confusion);
	curve_release(&part->roc);
	curve_release(&part->precision_recall);
	curve_release(&part->gain);
	for (size_t c = 0; part->class_roc && c < part->n_class_roc; c++)
		curve_release(&part->class_roc[c]);
	memory_free(part->class_roc);
	residuals_release(&part->residuals);
	slices_release(&part->slices);
}

void evaluation_release(struct evaluation *evaluation)
{
	for (size_t i = 0; evaluation->parts && i < evaluation->n_parts; i++)
		evaluation_part_release(&evaluation->parts[i]);
	memory_free(evaluation->parts);
	for (size_t c = 0; evaluation->classes && c < evaluation->n_classes; c++)
		memory_free(evaluation->classes[c]);
	memory_free(evaluation->classes);
	memory_free(evaluation->costs);
	memory_free(evaluation->metrics);
	*evaluation = (struct evaluation){ 0 };
}

static int evaluation_check_inputs(
	const struct evaluation_input *inputs, size_t count, struct error *err)
{
	if (count == 0)
		return error_set(err, ERROR_INVALID, "no part to evaluate");
	const struct predictions *first = inputs[0].predictions;
	for (size_t i = 0; i < count; i++) {
		const struct predictions *predictions = inputs[i].predictions;
		if (predictions->task != first->task ||
			predictions->n_classes != first->n_classes ||
			predictions->positive != first->positive)
			return error_set(err, ERROR_INVALID,
				"part '%s' has another task or other classes", inputs[i].name);
		if (predictions_check(predictions, err) < 0)
			return error_prefix(err, "part '%s'", inputs[i].name);
		if (inputs[i].baseline && predictions_check(inputs[i].baseline, err) < 0)
			return error_prefix(err, "baseline of part '%s'", inputs[i].name);
	}
	return 0;
}

static int evaluation_copy_classes(
	struct evaluation *evaluation, const struct predictions *predictions, struct error *err)
{
	size_t k = predictions->n_classes;
	evaluation->classes = memory_allocate(k, sizeof *evaluation->classes, err);
	if (!evaluation->classes)
		return -err->code;
	evaluation->n_classes = k;
	evaluation->positive = predictions->positive;
	for (size_t c = 0; c < k; c++) {
		evaluation->classes[c] = memory_copy_string(predictions->classes[c], err);
		if (!evaluation->classes[c])
			return -err->code;
	}
	return 0;
}

static int evaluation_classification(const struct evaluation *evaluation,
	const struct predictions *predictions, const struct metric_options *options,
	struct evaluation_part *part, struct error *err)
{
	part->classes = memory_allocate(predictions->n_classes, sizeof *part->classes, err);
	if (!part->classes || metrics_per_class(predictions, options, part->classes, err) < 0 ||
		confusion_matrix_of(predictions, options->threshold, &part->confusion, err) < 0 ||
		(evaluation->costs && cost_of(predictions, options->threshold, evaluation->costs,
					      &part->cost, err) < 0))
		return -err->code;
	if (!predictions->probabilities)
		return 0;
	calibration_of(predictions, options->confidence, &part->calibration);
	if (predictions->task == PREDICTION_BINARY) {
		size_t yes = predictions->positive;
		score_histograms(predictions, part->scores);
		threshold_table(predictions, part->thresholds);
		if (curve_roc(predictions, yes, &part->roc, err) < 0 ||
			curve_precision_recall(predictions, yes, &part->precision_recall, err) <
				0 ||
			curve_gain(predictions, yes, &part->gain, err) < 0)
			return -err->code;
		return 0;
	}
	if (predictions->n_classes > EVALUATION_CURVE_CLASSES)
		return 0;
	part->class_roc = memory_allocate(predictions->n_classes, sizeof *part->class_roc, err);
	if (!part->class_roc)
		return -err->code;
	for (; part->n_class_roc < predictions->n_classes; part->n_class_roc++)
		if (curve_roc(predictions, part->n_class_roc, &part->class_roc[part->n_class_roc],
			    err) < 0)
			return -err->code;
	return 0;
}

/*
 * Where resampling never changes a difference (a model without a mistake) it has no interval. A
 * baseline outside of the metric's own interval settles it all the same.
 */
static void evaluation_decide(struct evaluation_part *part, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct metric_difference *difference = &part->difference[i];
		struct interval own = part->metrics[i].interval;
		double baseline = difference->second;
		if (difference->interval.method == INTERVAL_NONE && own.method != INTERVAL_NONE &&
			(baseline < own.low || baseline > own.high))
			difference->better =
				metric_better(difference->metric, difference->first, baseline) ? 1
											       : -1;
	}
}

static int evaluation_baseline(const struct evaluation *evaluation,
	const struct evaluation_input *input, const struct metric_options *options, bool main,
	struct evaluation_part *part, struct error *err)
{
	if (!input->baseline)
		return 0;
	size_t n = evaluation->n_metrics;
	part->baseline = memory_allocate(n, sizeof *part->baseline, err);
	struct metric_options points = *options;
	points.confidence = 0.0;
	if (!part->baseline || metrics_compute(input->baseline, evaluation->metrics, n, &points,
				       part->baseline, err) < 0)
		return -err->code;
	if (evaluation->task != PREDICTION_REGRESSION &&
		compare_labels(input->predictions, input->baseline, options->threshold,
			&part->mcnemar, err) < 0)
		return -err->code;
	if (!main) /* only the main part's verdict is read; each costs a bootstrap */
		return 0;
	part->difference = memory_allocate(n, sizeof *part->difference, err);
	if (!part->difference)
		return -err->code;
	if (compare_metrics(input->predictions, input->baseline, evaluation->metrics, n, options,
		    part->difference, err) < 0)
		return -err->code;
	evaluation_decide(part, n);
	return 0;
}

static int evaluation_slices(const struct evaluation *evaluation,
	const struct evaluation_options *options, const struct evaluation_input *input,
	const struct metric_options *compute, struct evaluation_part *part, struct error *err)
{
	if (!input->table || options->n_slices == 0)
		return 0;
	struct slices_request request = { .table = input->table,
		.columns = options->slices,
		.n_columns = options->n_slices,
		.metrics = evaluation->metrics,
		.n_metrics = evaluation->n_headline,
		.whole = part->metrics };
	return slices_compute(input->predictions, &request, compute, &part->slices, err);
}

static int evaluation_make_part(const struct evaluation *evaluation,
	const struct evaluation_options *options, const struct evaluation_input *input, bool main,
	struct evaluation_part *part, struct error *err)
{
	const struct predictions *predictions = input->predictions;
	struct metric_options compute = options->compute;
	compute.costs = evaluation->costs;
	part->seconds_per_row = input->seconds_per_row;
	part->n_rows = predictions->n_rows;
	for (size_t i = 0; i < predictions->n_rows; i++) {
		part->weight += prediction_weight(predictions, i);
		part->n_positive += predictions->task == PREDICTION_BINARY &&
				    predictions->targets[i] == predictions->positive;
	}
	part->name = memory_copy_string(input->name, err);
	part->metrics = memory_allocate(evaluation->n_metrics, sizeof *part->metrics, err);
	if (!part->name || !part->metrics ||
		metrics_compute(predictions, evaluation->metrics, evaluation->n_metrics, &compute,
			part->metrics, err) < 0 ||
		mistakes_find(predictions, compute.threshold, &part->mistakes, err) < 0 ||
		evaluation_baseline(evaluation, input, &compute, main, part, err) < 0)
		return -err->code;
	int result =
		predictions->task == PREDICTION_REGRESSION
			? residuals_of(predictions, &part->residuals, err)
			: evaluation_classification(evaluation, predictions, &compute, part, err);
	if (result < 0)
		return result;
	return evaluation_slices(evaluation, options, input, &compute, part, err);
}

int evaluation_make(const struct evaluation_options *options, const struct evaluation_input *inputs,
	size_t n_inputs, struct evaluation *ret_evaluation, struct error *err)
{
	*ret_evaluation = (struct evaluation){ 0 };
	if (evaluation_check_inputs(inputs, n_inputs, err) < 0)
		return -err->code;
	const struct predictions *first = inputs[0].predictions;
	AUTO(evaluation_release)
	struct evaluation evaluation = { .task = first->task,
		.has_probabilities = first->probabilities != NULL,
		.has_weights = first->weights != NULL,
		.threshold = options->compute.threshold,
		.confidence = options->compute.confidence,
		.bootstrap = options->compute.bootstrap };
	if (evaluation_copy_classes(&evaluation, first, err) < 0 ||
		cost_read(options->costs, first, options->file, &evaluation.costs, err) < 0 ||
		evaluation_choose_metrics(options, first, &evaluation, err) < 0)
		return -err->code;
	evaluation.parts = memory_allocate(n_inputs, sizeof *evaluation.parts, err);
	if (!evaluation.parts)
		return -err->code;
	for (size_t i = 0; i < n_inputs; i++) {
		evaluation.n_parts++;
		if (evaluation_make_part(&evaluation, options, &inputs[i], i + 1 == n_inputs,
			    &evaluation.parts[i], err) < 0)
			return error_prefix(err, "part '%s'", inputs[i].name);
	}
	*ret_evaluation = evaluation;
	evaluation = (struct evaluation){ 0 };
	return 0;
}

const struct evaluation_part *evaluation_part(const struct evaluation *evaluation, const char *name)
{
	for (size_t i = 0; i < evaluation->n_parts; i++)
		if (strcmp(evaluation->parts[i].name, name) == 0)
			return &evaluation->parts[i];
	return NULL;
}

const struct evaluation_part *evaluation_main_part(const struct evaluation *evaluation)
{
	return evaluation->n_parts ? &evaluation->parts[evaluation->n_parts - 1] : NULL;
}

const struct metric_value *evaluation_metric(
	const struct evaluation *evaluation, const struct evaluation_part *part, const char *name)
{
	const struct metric *metric = metric_find(name);
	for (size_t i = 0; metric && i < evaluation->n_metrics; i++)
		if (evaluation->metrics[i] == metric)
			return &part->metrics[i];
	return NULL;
}
