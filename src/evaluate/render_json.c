#include <math.h>

#include "render_internal.h"

static void render_json_number(struct json_writer *json, double value)
{
	if (isnan(value))
		json_null(json);
	else
		json_number(json, value); /* infinity as text: the first ROC threshold */
}

static void render_json_key(struct json_writer *json, const char *key, double value)
{
	json_key(json, key);
	render_json_number(json, value);
}

static void render_json_key_count(struct json_writer *json, const char *key, size_t value)
{
	json_key(json, key);
	json_unsigned(json, value);
}

static void render_json_array(
	struct json_writer *json, const char *key, const double *values, size_t count)
{
	json_key(json, key);
	json_array(json);
	for (size_t i = 0; i < count; i++)
		render_json_number(json, values[i]);
	json_end(json);
}

/* low, high and method, as members. */
static void render_json_interval(struct json_writer *json, struct interval interval)
{
	render_json_key(json, "low", interval.low);
	render_json_key(json, "high", interval.high);
	json_key_string(json, "method",
		interval.method == INTERVAL_NONE ? NULL : interval_method_name(interval.method));
}

static void render_json_difference(
	struct json_writer *json, const struct metric_difference *difference)
{
	static const char *const better[] = { "baseline", "unknown", "model" };
	json_key(json, "difference");
	json_object(json);
	render_json_key(json, "value", difference->difference);
	render_json_interval(json, difference->interval);
	render_json_key(json, "p_value", difference->p_value);
	json_key_string(json, "better", better[difference->better + 1]);
	json_end(json);
}

static void render_json_metrics(const struct evaluation *evaluation,
	const struct evaluation_part *part, struct json_writer *json)
{
	static const char *const directions[] = { "higher", "lower", "zero" };
	json_key(json, "metrics");
	json_object(json);
	for (size_t i = 0; i < evaluation->n_metrics; i++) {
		const struct metric_value *value = &part->metrics[i];
		json_key(json, value->metric->name);
		json_object(json);
		render_json_key(json, "value", value->value);
		render_json_interval(json, value->interval);
		json_key_string(json, "better", directions[value->metric->direction]);
		if (value->undefined)
			json_key_string(json, "undefined", value->undefined);
		if (value->zero_divisions)
			render_json_key_count(json, "zero_divisions", value->zero_divisions);
		if (part->baseline)
			render_json_key(json, "baseline", part->baseline[i].value);
		if (part->difference)
			render_json_difference(json, &part->difference[i]);
		json_end(json);
	}
	json_end(json);
}

static void render_json_classes(const struct evaluation *evaluation,
	const struct evaluation_part *part, struct json_writer *json)
{
	size_t k = evaluation->n_classes;
	json_key(json, "classes");
	json_array(json);
	for (size_t c = 0; c < k; c++) {
		const struct class_value *value = &part->classes[c];
		json_object(json);
		json_key_string(json, "class", evaluation->classes[c]);
		render_json_key(json, "support", value->support);
		render_json_key(json, "precision", value->precision);
		render_json_key(json, "recall", value->recall);
		render_json_key(json, "f1", value->f1);
		render_json_key(json, "roc_auc", value->roc_area);
		render_json_key_count(json, "zero_divisions", value->zero_divisions);
		json_end(json);
	}
	json_end(json);
	json_key(json, "confusion_matrix");
	if (k > RENDER_JSON_MATRIX) {
		json_null(json);
		return;
	}
	json_array(json);
	for (size_t t = 0; t < k; t++) {
		json_array(json);
		for (size_t l = 0; l < k; l++)
			json_number(json, part->confusion.counts[t * k + l]);
		json_end(json);
	}
	json_end(json);
}

static void render_json_curve(struct json_writer *json, const char *key, const struct curve *curve)
{
	if (curve->count == 0)
		return;
	json_key(json, key);
	json_object(json);
	render_json_array(json, "x", curve->x, curve->count);
	render_json_array(json, "y", curve->y, curve->count);
	if (curve->threshold)
		render_json_array(json, "threshold", curve->threshold, curve->count);
	json_end(json);
}

static void render_json_curves(const struct evaluation *evaluation,
	const struct evaluation_part *part, struct json_writer *json)
{
	json_key(json, "curves");
	json_object(json);
	render_json_curve(json, "roc", &part->roc);
	render_json_curve(json, "precision_recall", &part->precision_recall);
	render_json_curve(json, "gain", &part->gain);
	if (part->class_roc) {
		json_key(json, "roc_by_class");
		json_object(json);
		for (size_t c = 0; c < part->n_class_roc; c++)
			render_json_curve(json, evaluation->classes[c], &part->class_roc[c]);
		json_end(json);
	}
	json_end(json);
}

static void render_json_calibration(const struct calibration *calibration, struct json_writer *json)
{
	json_key(json, "calibration");
	json_object(json);
	render_json_key(json, "expected_error", calibration->expected_error);
	render_json_key(json, "largest_error", calibration->largest_error);
	json_key(json, "bins");
	json_array(json);
	for (size_t b = 0; b < CALIBRATION_BINS; b++) {
		const struct calibration_bin *bin = &calibration->bins[b];
		json_object(json);
		render_json_key_count(json, "rows", bin->n_rows);
		render_json_key(json, "mean_probability", bin->mean_probability);
		render_json_key(json, "share", bin->share);
		render_json_interval(json, bin->interval);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}

static void render_json_thresholds(const struct evaluation_part *part, struct json_writer *json)
{
	json_key(json, "thresholds");
	json_array(json);
	for (size_t t = 0; t < THRESHOLD_ROWS; t++) {
		const struct threshold_row *row = &part->thresholds[t];
		json_object(json);
		render_json_key(json, "threshold", row->threshold);
		render_json_key(json, "true_positives", row->true_positives);
		render_json_key(json, "false_positives", row->false_positives);
		render_json_key(json, "true_negatives", row->true_negatives);
		render_json_key(json, "false_negatives", row->false_negatives);
		render_json_key(json, "precision", row->precision);
		render_json_key(json, "recall", row->recall);
		render_json_key(json, "f1", row->f1);
		json_end(json);
	}
	json_end(json);
}

static void render_json_residuals(const struct residuals *residuals, struct json_writer *json)
{
	json_key(json, "residuals");
	json_object(json);
	render_json_array(json, "quantiles", residuals->quantiles, 5);
	json_key(json, "histogram");
	json_object(json);
	render_json_key(json, "low", residuals->histogram.low);
	render_json_key(json, "high", residuals->histogram.high);
	render_json_array(json, "counts", residuals->histogram.counts, residuals->histogram.n_bins);
	json_end(json);
	json_end(json);
}

static void render_json_cost(const struct cost_summary *cost, struct json_writer *json)
{
	json_key(json, "cost");
	json_object(json);
	render_json_key(json, "mean", cost->mean);
	render_json_key(json, "best_threshold", cost->best_threshold);
	render_json_key(json, "best_mean", cost->best_mean);
	render_json_key(json, "bayes_threshold", cost->bayes_threshold);
	render_json_key(json, "mean_all_no", cost->mean_all_no);
	render_json_key(json, "mean_all_yes", cost->mean_all_yes);
	json_end(json);
}

static void render_json_slices(const struct slices *slices, struct json_writer *json)
{
	json_key(json, "slices");
	json_array(json);
	for (size_t i = 0; i < slices->count && i < RENDER_JSON_SLICES; i++) {
		const struct slice *slice = &slices->items[i];
		json_object(json);
		json_key_string(json, "column", slice->column);
		json_key_string(json, "value", slice->value);
		render_json_key_count(json, "rows", slice->n_rows);
		json_key_boolean(json, "small", slice->small);
		json_key_boolean(json, "worse", slice->worse);
		json_key(json, "metrics");
		json_object(json);
		for (size_t m = 0; m < slice->n_metrics; m++) {
			json_key(json, slice->metrics[m].metric->name);
			json_object(json);
			render_json_key(json, "value", slice->metrics[m].value);
			render_json_interval(json, slice->metrics[m].interval);
			json_end(json);
		}
		json_end(json);
		json_end(json);
	}
	json_end(json);
}

static void render_json_mistakes(const struct evaluation *evaluation,
	const struct evaluation_part *part, struct json_writer *json)
{
	json_key(json, "mistakes");
	json_object(json);
	if (evaluation->task != PREDICTION_REGRESSION)
		render_json_key_count(json, "wrong", part->mistakes.n_wrong);
	json_key(json, "rows");
	json_array(json);
	for (size_t i = 0; i < part->mistakes.count; i++) {
		const struct mistake *mistake = &part->mistakes.items[i];
		json_object(json);
		json_key(json, "row");
		json_unsigned(json, mistake->row_number);
		if (evaluation->task == PREDICTION_REGRESSION) {
			render_json_key(json, "target", mistake->target_value);
			render_json_key(json, "prediction", mistake->value);
		} else {
			json_key_string(json, "target", render_class(evaluation, mistake->target));
			json_key_string(
				json, "prediction", render_class(evaluation, mistake->label));
			render_json_key(json, "probability", mistake->probability);
		}
		json_end(json);
	}
	json_end(json);
	json_end(json);
}

static void render_json_mcnemar(const struct mcnemar *test, struct json_writer *json)
{
	json_key(json, "mcnemar");
	json_object(json);
	render_json_key_count(json, "only_model", test->only_first);
	render_json_key_count(json, "only_baseline", test->only_second);
	json_key_boolean(json, "exact", test->exact);
	render_json_key(json, "statistic", test->statistic);
	render_json_key(json, "p_value", test->p_value);
	json_end(json);
}

static void render_json_part(const struct evaluation *evaluation,
	const struct evaluation_part *part, struct json_writer *json)
{
	json_object(json);
	json_key_string(json, "name", part->name);
	render_json_key_count(json, "rows", part->n_rows);
	if (evaluation->task == PREDICTION_BINARY)
		render_json_key_count(json, "positives", part->n_positive);
	render_json_key(json, "weight", part->weight);
	render_json_key(json, "seconds_per_row", part->seconds_per_row);
	render_json_metrics(evaluation, part, json);
	if (evaluation->task == PREDICTION_REGRESSION) {
		render_json_residuals(&part->residuals, json);
	} else {
		if (part->baseline)
			render_json_mcnemar(&part->mcnemar, json);
		render_json_classes(evaluation, part, json);
	}
	if (evaluation->has_probabilities) {
		render_json_curves(evaluation, part, json);
		render_json_calibration(&part->calibration, json);
		if (evaluation->task == PREDICTION_BINARY)
			render_json_thresholds(part, json);
	}
	if (evaluation->costs)
		render_json_cost(&part->cost, json);
	render_json_slices(&part->slices, json);
	render_json_mistakes(evaluation, part, json);
	json_end(json);
}

static void render_json_heading(const struct evaluation_heading *heading, struct json_writer *json)
{
	json_key_string(json, "title", heading->title);
	json_key_string(json, "subtitle", heading->subtitle);
	json_key(json, "made_from");
	json_array(json);
	for (size_t i = 0; i < heading->n_facts && i < RENDER_FACTS; i++) {
		json_object(json);
		json_key_string(json, "name", heading->facts[i].name);
		json_key_string(json, "value", heading->facts[i].value);
		json_end(json);
	}
	json_end(json);
}

static void render_json_setting(const struct evaluation *evaluation, struct json_writer *json)
{
	size_t k = evaluation->n_classes;
	json_key_string(json, "task", prediction_task_name(evaluation->task));
	render_json_key(json, "confidence", evaluation->confidence);
	json_key(json, "bootstrap");
	json_object(json);
	render_json_key_count(json, "replicates", evaluation->bootstrap.replicates);
	json_key(json, "seed");
	json_unsigned(json, evaluation->bootstrap.seed);
	json_end(json);
	json_key(json, "headline");
	json_array(json);
	for (size_t i = 0; i < evaluation->n_headline; i++)
		json_string(json, evaluation->metrics[i]->name);
	json_end(json);
	if (evaluation->task == PREDICTION_REGRESSION)
		return;
	if (evaluation->task == PREDICTION_BINARY) {
		json_key_string(json, "positive", render_class(evaluation, evaluation->positive));
		render_json_key(json, "threshold", evaluation->threshold);
	}
	json_key(json, "class_names");
	json_array(json);
	for (size_t c = 0; c < k; c++)
		json_string(json, evaluation->classes[c]);
	json_end(json);
}

void evaluation_json_members(const struct evaluation *evaluation,
	const struct evaluation_heading *heading, struct json_writer *json)
{
	AUTO(strbuf_release) struct strbuf verdict = STRBUF_INIT;
	if (heading)
		render_json_heading(heading, json);
	render_json_setting(evaluation, json);
	evaluation_verdict(evaluation, &verdict);
	strbuf_inherit(json->out, &verdict);
	json_key_string(json, "verdict", verdict.text);
	json_key(json, "parts");
	json_array(json);
	for (size_t i = 0; i < evaluation->n_parts; i++)
		render_json_part(evaluation, &evaluation->parts[i], json);
	json_end(json);
}

void evaluation_json(const struct evaluation *evaluation, const struct evaluation_heading *heading,
	struct json_writer *json)
{
	json_object(json);
	json_key_string(json, "schema", "mlops.eval/1");
	evaluation_json_members(evaluation, heading, json);
	json_end(json);
}
