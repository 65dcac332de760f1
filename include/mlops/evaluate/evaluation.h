/*
 * evaluation: everything that is known about how good a model is, part by part.
 *
 * The caller gives predictions for one or more parts (validation, test, …) of one model; this room
 * computes metrics with intervals, the comparison with a baseline, curves, slices, mistakes and
 * costs, and owns the result: it outlives the predictions. evaluate/render.h writes it down.
 *
 * The last part is the one that counts (the test part): verdict and figures on top are its own.
 */
#ifndef MLOPS_EVALUATE_EVALUATION_H
#define MLOPS_EVALUATE_EVALUATION_H

#include "mlops/evaluate/compare.h"
#include "mlops/evaluate/cost.h"
#include "mlops/evaluate/curves.h"
#include "mlops/evaluate/mistakes.h"
#include "mlops/evaluate/slices.h"

/* The section `evaluate:` of mlops.yaml, read. Borrows nothing but the section itself. */
struct evaluation_options {
	const struct metric **metrics; /* asked for, in that order; none: the default set */
	size_t n_metrics;
	const char **slices; /* names of columns */
	size_t n_slices;
	struct metric_options compute; /* confidence, threshold, bootstrap; costs: see `costs` */
	const struct value *costs; /* as written, or NULL; read once the classes are known */
	const char *file;
};
void evaluation_options_release(struct evaluation_options *options);
AUTO_RELEASE(struct evaluation_options, evaluation_options_release)

/*
 * evaluate:
 *   metrics: [accuracy, roc_auc]     # names of the metric table
 *   slices: [age_group]
 *   confidence: 0.95
 *   threshold: 0.5
 *   costs: {false_negative: 10}
 *   bootstrap: {replicates: 2000, seed: 0}
 *
 * section may be NULL. An unknown metric or one for another task: -ERROR_INVALID at its place in
 * `file` (may be NULL), with the nearest name as a hint.
 */
int evaluation_options_read(const struct value *section, enum prediction_task task,
	const char *file, struct evaluation_options *ret_options, struct error *err) MUST_CHECK;

struct evaluation_input {
	const char *name; /* "validation", "test" */
	const struct predictions *predictions;
	const struct predictions *baseline; /* of the same rows; NULL: none */
	const struct table *table; /* of the same rows, for slices; NULL: no slices */
	double seconds_per_row; /* inference; NaN: not measured */
};

struct evaluation_part {
	char *name;
	size_t n_rows, n_positive; /* n_positive: binary */
	double weight; /* sum of weights */
	struct metric_value *metrics; /* n_metrics of the evaluation */
	struct metric_value *baseline; /* the same of the baseline, without intervals; or NULL */
	struct metric_difference *difference; /* model minus baseline, of the main part; or NULL */
	struct mcnemar mcnemar; /* classification with baseline */
	struct class_value *classes; /* classification: n_classes */
	struct confusion_matrix confusion; /* classification */
	struct curve roc, precision_recall, gain; /* binary with probabilities; else count 0 */
	struct curve *class_roc; /* multiclass with probabilities and at most 10 classes; or NULL */
	size_t n_class_roc;
	struct calibration calibration; /* classification with probabilities */
	struct histogram scores[2]; /* binary with probabilities */
	struct threshold_row thresholds[THRESHOLD_ROWS]; /* binary with probabilities */
	struct residuals residuals; /* regression */
	struct cost_summary cost; /* if the evaluation has costs */
	struct slices slices;
	struct mistakes mistakes;
	double seconds_per_row;
};

struct evaluation {
	enum prediction_task task;
	bool has_probabilities, has_weights;
	size_t n_classes, positive;
	char **classes; /* names */
	double threshold, confidence;
	struct bootstrap_options bootstrap;
	double *costs; /* n_classes², or NULL */
	const struct metric **metrics; /* n_metrics: those asked for, then the default set's rest */
	size_t n_metrics, n_headline; /* the first n_headline are what a person sees first */
	struct evaluation_part *parts;
	size_t n_parts;
};
void evaluation_release(struct evaluation *evaluation);
AUTO_RELEASE(struct evaluation, evaluation_release)

/*
 * All inputs are of one task and the same classes. Two calls with the same input and options give
 * the same bits.
 */
int evaluation_make(const struct evaluation_options *options, const struct evaluation_input *inputs,
	size_t n_inputs, struct evaluation *ret_evaluation, struct error *err) MUST_CHECK;

/* The part of that name, or NULL; and the last part, the one that counts. */
const struct evaluation_part *evaluation_part(
	const struct evaluation *evaluation, const char *name);
const struct evaluation_part *evaluation_main_part(const struct evaluation *evaluation);

/* The value of a metric of a part, by name or alias; NULL if it was not computed. */
const struct metric_value *evaluation_metric(
	const struct evaluation *evaluation, const struct evaluation_part *part, const char *name);

#endif
