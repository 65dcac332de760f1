#include <math.h>

#include "render_internal.h"

#include "mlops/report/page.h"
#include "mlops/report/svg.h"

static const double render_diagonal[] = { 0.0, 1.0 };

/* A curve in the unit square, with a reference line beneath it. */
static void render_curve(struct strbuf *out, const char *caption, const struct svg_frame *frame,
	const struct curve *curve, const double reference[2])
{
	if (curve->count == 0)
		return;
	struct svg_series series[] = {
		{ .name = "model", .x = curve->x, .y = curve->y, .count = curve->count },
		{ .name = "chance",
			.x = render_diagonal,
			.y = reference,
			.count = 2,
			.reference = true }
	};
	page_figure_begin(out, caption);
	svg_lines(out, frame, series, 2);
	page_figure_end(out);
}

static void render_binary_curves(const struct evaluation_part *part, struct strbuf *out)
{
	double share = part->n_rows ? (double)part->n_positive / (double)part->n_rows : 0.0;
	double flat[] = { share, share };
	struct svg_frame roc = { .title = "ROC curve",
		.description = "true positive rate over false positive rate",
		.x = { "false positive rate", 0.0, 1.0, false },
		.y = { "true positive rate", 0.0, 1.0, false } };
	render_curve(
		out, "ROC: how many alarms for how many hits", &roc, &part->roc, render_diagonal);
	struct svg_frame pr = { .title = "precision-recall curve",
		.description = "precision over recall",
		.x = { "recall", 0.0, 1.0, false },
		.y = { "precision", 0.0, 1.0, false } };
	render_curve(out, "Precision and recall", &pr, &part->precision_recall, flat);
	struct svg_frame gain = { .title = "cumulative gain",
		.description = "share of the positives found over share of the rows looked at",
		.x = { "share of rows, most probable first", 0.0, 1.0, true },
		.y = { "share of positives found", 0.0, 1.0, true } };
	render_curve(out, "Gain: what looking at the top rows finds", &gain, &part->gain,
		render_diagonal);
}

static void render_class_curves(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	struct svg_series series[SVG_SERIES] = { { 0 } };
	size_t count = part->n_class_roc < SVG_SERIES ? part->n_class_roc : SVG_SERIES;
	for (size_t c = 0; c < count; c++)
		series[c] = (struct svg_series){ .name = evaluation->classes[c],
			.x = part->class_roc[c].x,
			.y = part->class_roc[c].y,
			.count = part->class_roc[c].count };
	struct svg_frame frame = { .title = "ROC curves by class",
		.description = "each class against the rest",
		.x = { "false positive rate", 0.0, 1.0, false },
		.y = { "true positive rate", 0.0, 1.0, false } };
	page_figure_begin(out, "ROC: each class against the rest");
	svg_lines(out, &frame, series, count);
	page_figure_end(out);
}

static void render_calibration(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	double x[CALIBRATION_BINS], y[CALIBRATION_BINS];
	double low[CALIBRATION_BINS], high[CALIBRATION_BINS];
	size_t count = 0;
	for (size_t b = 0; b < CALIBRATION_BINS; b++) {
		const struct calibration_bin *bin = &part->calibration.bins[b];
		if (bin->n_rows == 0)
			continue;
		x[count] = bin->mean_probability;
		y[count] = bin->share;
		low[count] = bin->interval.low;
		high[count++] = bin->interval.high;
	}
	struct svg_series series[] = { { .name = "model",
					       .x = x,
					       .y = y,
					       .count = count,
					       .markers = true,
					       .low = low,
					       .high = high },
		{ .name = "perfect",
			.x = render_diagonal,
			.y = render_diagonal,
			.count = 2,
			.reference = true } };
	bool binary = evaluation->task == PREDICTION_BINARY;
	struct svg_frame frame = { .title = "calibration curve",
		.description = "observed frequency over predicted probability, with intervals",
		.x = { binary ? "predicted probability" : "largest probability", 0.0, 1.0, false },
		.y = { binary ? "observed frequency" : "share that is right", 0.0, 1.0, false } };
	AUTO(strbuf_release) struct strbuf caption = STRBUF_INIT;
	strbuf_add(&caption, "Calibration: mean gap ");
	evaluation_format_number(&caption, part->calibration.expected_error);
	strbuf_inherit(out, &caption);
	page_figure_begin(out, caption.text);
	svg_lines(out, &frame, series, 2);
	page_figure_end(out);
}

static void render_scores(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	size_t yes = evaluation->positive;
	struct svg_bars sets[] = { { render_class(evaluation, 1 - yes), part->scores[0].counts },
		{ render_class(evaluation, yes), part->scores[1].counts } };
	struct svg_frame frame = { .title = "distribution of the scores",
		.description = "rows by predicted probability, for each true class",
		.x = { "predicted probability", 0.0, 1.0, false },
		.y = { "rows", 0.0, 0.0, false } };
	page_figure_begin(out, "Scores by true class");
	svg_histogram(out, &frame, sets, 2, HISTOGRAM_BINS);
	page_figure_end(out);
}

static void render_confusion(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	struct svg_frame frame = { .title = "confusion matrix",
		.description = "rows by true and predicted class; shares are of the true class" };
	page_figure_begin(out, "Confusion matrix; shares are of the true class");
	svg_matrix(out, &frame, (const char *const *)evaluation->classes, part->confusion.counts,
		evaluation->n_classes);
	page_figure_end(out);
}

static void render_residuals(const struct evaluation_part *part, struct strbuf *out)
{
	const struct residuals *residuals = &part->residuals;
	struct svg_frame truth = { .title = "prediction over target",
		.description = "points on the line are right",
		.x = { "target", 0.0, 0.0, false },
		.y = { "prediction", 0.0, 0.0, false } };
	page_figure_begin(out, "Prediction against target");
	svg_scatter(out, &truth, residuals->truth.x, residuals->truth.y, residuals->truth.count,
		SVG_GUIDE_DIAGONAL);
	page_figure_end(out);
	struct svg_frame points = { .title = "residuals over prediction",
		.description = "prediction minus target over prediction",
		.x = { "prediction", 0.0, 0.0, false },
		.y = { "prediction − target", 0.0, 0.0, false } };
	page_figure_begin(out, "Residuals against prediction");
	svg_scatter(out, &points, residuals->points.x, residuals->points.y, residuals->points.count,
		SVG_GUIDE_ZERO);
	page_figure_end(out);
	const struct histogram *histogram = &residuals->histogram;
	struct svg_bars bars = { NULL, histogram->counts };
	struct svg_frame frame = { .title = "distribution of the residuals",
		.description = "rows by prediction minus target",
		.x = { "prediction − target", histogram->low, histogram->high, false },
		.y = { "rows", 0.0, 0.0, false } };
	page_figure_begin(out, "Residuals");
	svg_histogram(out, &frame, &bars, 1, histogram->n_bins);
	page_figure_end(out);
}

void render_curves(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	page_figures_begin(out);
	if (evaluation->task == PREDICTION_REGRESSION) {
		render_residuals(part, out);
		page_figures_end(out);
		return;
	}
	if (evaluation->task == PREDICTION_BINARY)
		render_binary_curves(part, out);
	else if (part->class_roc)
		render_class_curves(evaluation, part, out);
	if (evaluation->has_probabilities) {
		render_calibration(evaluation, part, out);
		if (evaluation->task == PREDICTION_BINARY)
			render_scores(evaluation, part, out);
	}
	render_confusion(evaluation, part, out);
	page_figures_end(out);
}

void render_slice_dots(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	const struct slices *slices = &part->slices;
	size_t count = slices->count < RENDER_SLICES ? slices->count : RENDER_SLICES;
	struct svg_dot dots[RENDER_SLICES] = { { 0 } };
	struct strbuf labels[RENDER_SLICES], notes[RENDER_SLICES];
	for (size_t i = 0; i < count; i++) {
		const struct slice *slice = &slices->items[i];
		labels[i] = notes[i] = STRBUF_INIT;
		render_slice_name(slice, &labels[i]);
		strbuf_add(&notes[i], "n ");
		render_count(&notes[i], (double)slice->n_rows);
		if (slice->small)
			strbuf_add(&notes[i], ", few");
		else if (slice->worse)
			strbuf_add(&notes[i], ", worse");
		strbuf_inherit(out, &labels[i]);
		strbuf_inherit(out, &notes[i]);
		dots[i] = (struct svg_dot){ .label = labels[i].text,
			.note = notes[i].text,
			.value = slice->metrics[0].value,
			.low = slice->metrics[0].interval.low,
			.high = slice->metrics[0].interval.high,
			.muted = slice->small,
			.strong = slice->worse };
	}
	const struct metric_value *whole = &part->metrics[0];
	AUTO(strbuf_release) struct strbuf caption = STRBUF_INIT;
	strbuf_printf(&caption,
		"%s with %g%% intervals, worst first; the dashed line is the whole (",
		whole->metric->name, 100.0 * evaluation->confidence);
	evaluation_format_number(&caption, whole->value);
	strbuf_add(&caption, "). Hollow: few rows. Square: worse than the whole.");
	strbuf_inherit(out, &caption);
	struct svg_frame frame = { .title = "slices",
		.description = "the first metric by slice, with intervals",
		.x = { whole->metric->name, 0.0, 0.0, false } };
	page_figure_begin(out, caption.text);
	svg_dots(out, &frame, dots, count, whole->value);
	page_figure_end(out);
	for (size_t i = 0; i < count; i++) {
		strbuf_release(&labels[i]);
		strbuf_release(&notes[i]);
	}
}
