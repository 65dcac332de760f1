#include <math.h>
#include <string.h>

#include "render_internal.h"

#include "mlops/report/page.h"

enum { HTML_TILES = 4, HTML_COLUMNS = 12, HTML_TEXT = 4096 };

/* A row of cells, each text of its own; sticky like a strbuf. */
struct html_row {
	struct strbuf cells[HTML_COLUMNS];
	size_t count;
};

static void html_row_begin(struct html_row *row)
{
	for (size_t i = 0; i < HTML_COLUMNS; i++)
		row->cells[i] = STRBUF_INIT;
	row->count = 0;
}

static struct strbuf *html_cell(struct html_row *row)
{
	if (row->count == HTML_COLUMNS)
		BUG("a row of more than %d cells", HTML_COLUMNS);
	return &row->cells[row->count++];
}

static void html_row_end(
	struct strbuf *out, const struct page_column *columns, struct html_row *row, bool strong)
{
	const char *texts[HTML_COLUMNS];
	for (size_t i = 0; i < row->count; i++) {
		texts[i] = row->cells[i].text;
		strbuf_inherit(out, &row->cells[i]);
	}
	page_table_row(out, columns, texts, row->count, strong);
	for (size_t i = 0; i < row->count; i++)
		strbuf_release(&row->cells[i]);
}

static void html_tiles(const struct evaluation *evaluation, struct strbuf *out)
{
	const struct evaluation_part *part = evaluation_main_part(evaluation);
	struct page_tile tiles[HTML_TILES];
	struct strbuf texts[2 * HTML_TILES];
	size_t count = 0;
	for (size_t i = 0; i < evaluation->n_metrics && count < HTML_TILES; i++) {
		const struct metric_value *value = &part->metrics[i];
		struct strbuf *number = &texts[2 * count], *note = &texts[2 * count + 1];
		*number = *note = STRBUF_INIT;
		evaluation_format_number(number, value->value);
		if (value->undefined)
			strbuf_add(note, value->undefined);
		else if (value->interval.method != INTERVAL_NONE)
			evaluation_format_interval(note, value->interval);
		if (part->baseline && !isnan(part->baseline[i].value)) {
			strbuf_add(note, note->length ? "; baseline " : "baseline ");
			evaluation_format_number(note, part->baseline[i].value);
		}
		tiles[count++] = (struct page_tile){ value->metric->name, number->text,
			note->length ? note->text : NULL };
	}
	page_tiles(out, tiles, count);
	for (size_t i = 0; i < 2 * count; i++) {
		strbuf_inherit(out, &texts[i]);
		strbuf_release(&texts[i]);
	}
}

/* "113 rows of part test, 42 of them M", … */
static void html_subtitle(const struct evaluation *evaluation,
	const struct evaluation_heading *heading, struct strbuf *out)
{
	const struct evaluation_part *part = evaluation_main_part(evaluation);
	if (heading->subtitle)
		strbuf_printf(out, "%s · ", heading->subtitle);
	render_count(out, (double)part->n_rows);
	strbuf_printf(out, " %s rows", part->name);
	if (evaluation->task == PREDICTION_BINARY) {
		strbuf_add(out, ", ");
		render_count(out, (double)part->n_positive);
		strbuf_printf(out, " of them %s", render_class(evaluation, evaluation->positive));
	}
	if (!isnan(part->seconds_per_row)) {
		strbuf_add(out, " · ");
		strbuf_printf(out, "%.3g µs a row", part->seconds_per_row * 1e6);
	}
}

static void html_metrics(const struct evaluation *evaluation, struct strbuf *out)
{
	const struct evaluation_part *main = evaluation_main_part(evaluation);
	size_t parts = evaluation->n_parts < EVALUATION_ROW_PARTS ? evaluation->n_parts
								  : EVALUATION_ROW_PARTS;
	struct page_column columns[HTML_COLUMNS] = { { "metric", false } };
	size_t n = 1;
	for (size_t p = 0; p < parts; p++)
		columns[n++] = (struct page_column){
			evaluation->parts[evaluation->n_parts - parts + p].name, true
		};
	AUTO(strbuf_release) struct strbuf title = STRBUF_INIT;
	strbuf_printf(&title, "%g%% interval", 100.0 * evaluation->confidence);
	strbuf_inherit(out, &title);
	columns[n++] = (struct page_column){ title.text, true };
	columns[n++] = (struct page_column){ "by", false };
	if (main->baseline) {
		columns[n++] = (struct page_column){ "baseline", true };
		columns[n++] = (struct page_column){ "difference", true };
	}
	columns[n++] = (struct page_column){ "what it is", false };
	page_table_begin(out, columns, n);
	for (size_t i = 0; i < evaluation->n_metrics; i++) {
		const struct metric_value *value = &main->metrics[i];
		struct html_row row;
		html_row_begin(&row);
		strbuf_add(html_cell(&row), value->metric->name);
		for (size_t p = 0; p < parts; p++)
			evaluation_format_number(
				html_cell(&row), evaluation->parts[evaluation->n_parts - parts + p]
							 .metrics[i]
							 .value);
		evaluation_format_interval(html_cell(&row), value->interval);
		strbuf_add(html_cell(&row), render_method(value->interval.method));
		if (main->baseline) {
			evaluation_format_number(html_cell(&row), main->baseline[i].value);
			struct strbuf *cell = html_cell(&row);
			double gap = main->difference ? main->difference[i].difference : NAN;
			if (gap > 0.0)
				strbuf_add(cell, "+");
			evaluation_format_number(cell, gap);
		}
		strbuf_add(
			html_cell(&row), value->undefined ? value->undefined : value->metric->text);
		html_row_end(out, columns, &row, i < evaluation->n_headline);
	}
	page_table_end(out);
}

static void html_classes(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	static const struct page_column columns[] = { { "class", false }, { "rows", true },
		{ "precision", true }, { "interval", true }, { "recall", true },
		{ "interval", true }, { "F1", true }, { "ROC area", true } };
	if (evaluation->task != PREDICTION_MULTICLASS)
		return;
	page_section_begin(out, "Classes", NULL);
	page_table_begin(out, columns, 8);
	for (size_t c = 0; c < evaluation->n_classes && c < RENDER_CLASSES; c++) {
		const struct class_value *value = &part->classes[c];
		struct html_row row;
		html_row_begin(&row);
		strbuf_add(html_cell(&row), evaluation->classes[c]);
		render_count(html_cell(&row), value->support);
		evaluation_format_number(html_cell(&row), value->precision);
		evaluation_format_interval(html_cell(&row), value->precision_interval);
		evaluation_format_number(html_cell(&row), value->recall);
		evaluation_format_interval(html_cell(&row), value->recall_interval);
		evaluation_format_number(html_cell(&row), value->f1);
		evaluation_format_number(html_cell(&row), value->roc_area);
		html_row_end(out, columns, &row, false);
	}
	page_table_end(out);
	if (evaluation->n_classes > RENDER_CLASSES)
		page_note(out, "Further classes are in the JSON form.");
	page_section_end(out);
}

static void html_slices(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	if (part->slices.count == 0)
		return;
	page_section_begin(out, "Slices", NULL);
	render_slice_dots(evaluation, part, out);
	if (part->slices.count > RENDER_SLICES)
		page_note(out, "Further slices, all better than these, are in the JSON form.");
	page_section_end(out);
}

static void html_mistakes(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	static const struct page_column class_columns[] = { { "row", true }, { "truth", false },
		{ "said", false }, { "with probability", true } };
	static const struct page_column value_columns[] = { { "row", true }, { "target", true },
		{ "prediction", true }, { "residual", true } };
	bool values = evaluation->task == PREDICTION_REGRESSION;
	const struct page_column *columns = values ? value_columns : class_columns;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (!values) {
		render_count(&text, (double)part->mistakes.n_wrong);
		strbuf_add(&text, " of ");
		render_count(&text, (double)part->n_rows);
		strbuf_add(&text, " rows are labelled wrongly. Row numbers are those of the data.");
	}
	strbuf_inherit(out, &text);
	page_section_begin(out, values ? "Largest residuals" : "Most confidently wrong",
		values ? "Row numbers are those of the data." : text.text);
	if (part->mistakes.count) {
		page_table_begin(out, columns, 4);
		for (size_t i = 0; i < part->mistakes.count; i++) {
			const struct mistake *mistake = &part->mistakes.items[i];
			struct html_row row;
			html_row_begin(&row);
			render_count(html_cell(&row), (double)mistake->row_number);
			if (values) {
				evaluation_format_number(html_cell(&row), mistake->target_value);
				evaluation_format_number(html_cell(&row), mistake->value);
				evaluation_format_number(
					html_cell(&row), mistake->value - mistake->target_value);
			} else {
				strbuf_add(
					html_cell(&row), render_class(evaluation, mistake->target));
				strbuf_add(
					html_cell(&row), render_class(evaluation, mistake->label));
				evaluation_format_number(html_cell(&row), mistake->probability);
			}
			html_row_end(out, columns, &row, false);
		}
		page_table_end(out);
	}
	page_section_end(out);
}

static void html_thresholds(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	static const struct page_column columns[] = { { "threshold", true }, { "hits", true },
		{ "false alarms", true }, { "missed", true }, { "precision", true },
		{ "recall", true }, { "specificity", true }, { "F1", true } };
	if (evaluation->task != PREDICTION_BINARY || !evaluation->has_probabilities)
		return;
	page_details_begin(out, "What each threshold does");
	page_table_begin(out, columns, 8);
	for (size_t t = 0; t < THRESHOLD_ROWS; t++) {
		const struct threshold_row *at = &part->thresholds[t];
		struct html_row row;
		html_row_begin(&row);
		strbuf_printf(html_cell(&row), "%.2f", at->threshold);
		render_count(html_cell(&row), at->true_positives);
		render_count(html_cell(&row), at->false_positives);
		render_count(html_cell(&row), at->false_negatives);
		evaluation_format_number(html_cell(&row), at->precision);
		evaluation_format_number(html_cell(&row), at->recall);
		evaluation_format_number(html_cell(&row), at->specificity);
		evaluation_format_number(html_cell(&row), at->f1);
		html_row_end(
			out, columns, &row, fabs(at->threshold - evaluation->threshold) < 1e-9);
	}
	page_table_end(out);
	page_details_end(out);
}

static void html_cost_fact(struct strbuf *out, const char *name, double value, double threshold)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (isnan(value))
		return;
	evaluation_format_number(&text, value);
	if (!isnan(threshold)) {
		strbuf_add(&text, " at threshold ");
		evaluation_format_number(&text, threshold);
	}
	strbuf_inherit(out, &text);
	page_fact(out, name, text.text);
}

static void html_cost(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	if (!evaluation->costs)
		return;
	bool binary = evaluation->task == PREDICTION_BINARY;
	page_section_begin(out, "Cost of a row", NULL);
	page_facts_begin(out);
	html_cost_fact(out, "as used", part->cost.mean, binary ? evaluation->threshold : NAN);
	html_cost_fact(
		out, "at best on these rows", part->cost.best_mean, part->cost.best_threshold);
	html_cost_fact(out, "always no", part->cost.mean_all_no, NAN);
	html_cost_fact(out, "always yes", part->cost.mean_all_yes, NAN);
	html_cost_fact(out, "threshold for true probabilities", part->cost.bayes_threshold, NAN);
	page_facts_end(out);
	if (binary)
		page_note(out,
			"The best threshold was found on the same rows: choose it on validation "
			"rows.");
	page_section_end(out);
}

static void html_facts(const struct evaluation_heading *heading, struct strbuf *out)
{
	if (heading->n_facts == 0)
		return;
	page_section_begin(out, "Made from", NULL);
	page_facts_begin(out);
	for (size_t i = 0; i < heading->n_facts && i < RENDER_FACTS; i++) {
		AUTO(strbuf_release) struct strbuf value = STRBUF_INIT;
		const char *text = heading->facts[i].value;
		size_t length = strlen(text);
		strbuf_add_bytes(&value, text, length < HTML_TEXT ? length : HTML_TEXT);
		strbuf_inherit(out, &value);
		page_fact(out, heading->facts[i].name, value.text);
	}
	page_facts_end(out);
	page_section_end(out);
}

static void html_how(const struct evaluation *evaluation, struct strbuf *out)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text,
		"Intervals hold with %g%% confidence for rows drawn as these were. Bootstrap: "
		"%zu replicates%s, seed %llu. Differences are paired: both models on the same "
		"rows.",
		100.0 * evaluation->confidence, evaluation->bootstrap.replicates,
		evaluation->task == PREDICTION_REGRESSION ? "" : ", stratified by class",
		(unsigned long long)evaluation->bootstrap.seed);
	if (evaluation->has_weights)
		strbuf_add(&text, " Rows are weighted.");
	strbuf_inherit(out, &text);
	page_note(out, text.text);
}

int evaluation_html(const struct evaluation *evaluation, const struct evaluation_heading *heading,
	struct strbuf *out, struct error *err)
{
	const struct evaluation_part *main = evaluation_main_part(evaluation);
	AUTO(strbuf_release) struct strbuf subtitle = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf verdict = STRBUF_INIT;
	html_subtitle(evaluation, heading, &subtitle);
	evaluation_verdict(evaluation, &verdict);
	strbuf_inherit(out, &subtitle);
	strbuf_inherit(out, &verdict);
	page_begin(out, heading->title, subtitle.text);
	page_verdict(out, render_tone(evaluation), verdict.text);
	html_tiles(evaluation, out);
	page_section_begin(
		out, evaluation->task == PREDICTION_REGRESSION ? "Residuals" : "Curves", NULL);
	render_curves(evaluation, main, out);
	html_thresholds(evaluation, main, out);
	page_section_end(out);
	html_classes(evaluation, main, out);
	html_slices(evaluation, main, out);
	html_mistakes(evaluation, main, out);
	html_cost(evaluation, main, out);
	page_section_begin(out, "All metrics", NULL);
	html_metrics(evaluation, out);
	html_how(evaluation, out);
	page_section_end(out);
	html_facts(heading, out);
	page_end(out, NULL);
	return strbuf_check(out, err);
}
