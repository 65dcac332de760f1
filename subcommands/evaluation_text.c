#include "evaluation_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/utf8.h"
#include "mlops/ui/output.h"
#include "mlops/ui/text_table.h"

enum { EVALUATION_TEXT_CLASSES = 12, EVALUATION_TEXT_ROWS = 8, SLICE_WHOLE = 40 };

static void evaluation_cell_number(struct text_table *table, double value, enum colour colour)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	evaluation_format_number(&text, value);
	text_table_cell(table, (struct text){ text.text, text.length }, colour);
}

static void evaluation_cell_interval(struct text_table *table, struct interval interval)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (interval.method != INTERVAL_NONE)
		evaluation_format_interval(&text, interval);
	text_table_cell(table, (struct text){ text.text, text.length }, COLOUR_DIM);
}

int evaluation_text_metrics(const struct evaluation *evaluation, const struct style *style,
	struct strbuf *out, struct error *err)
{
	struct evaluation_row rows[64];
	size_t n = evaluation_rows(evaluation, rows, sizeof rows / sizeof *rows);
	size_t first = evaluation->n_parts > EVALUATION_ROW_PARTS
			       ? evaluation->n_parts - EVALUATION_ROW_PARTS
			       : 0;
	bool baseline = evaluation_main_part(evaluation)->baseline != NULL;
	char heading[32];
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "", TABLE_LEFT);
	for (size_t p = first; p < evaluation->n_parts; p++)
		text_table_column(&table, evaluation->parts[p].name, TABLE_RIGHT);
	snprintf(heading, sizeof heading, "%g%% interval", evaluation->confidence * 100);
	text_table_column(&table, heading, TABLE_RIGHT | TABLE_OPTIONAL);
	if (baseline)
		text_table_column(&table, "baseline", TABLE_RIGHT);
	for (size_t i = 0; i < n; i++) {
		text_table_cell(&table, text_of(rows[i].metric->name), COLOUR_NONE);
		for (size_t p = 0; p < rows[i].n_parts; p++)
			evaluation_cell_number(&table, rows[i].values[p],
				p + 1 == rows[i].n_parts ? COLOUR_HEADING : COLOUR_NONE);
		evaluation_cell_interval(&table, rows[i].interval);
		if (baseline)
			evaluation_cell_number(&table, rows[i].baseline, COLOUR_DIM);
		text_table_end_row(&table);
	}
	return text_table_render(&table, style, out, err);
}

static int evaluation_text_confusion(const struct evaluation *evaluation,
	const struct evaluation_part *part, const struct style *style, struct strbuf *out,
	struct error *err)
{
	size_t n = evaluation->n_classes;
	if (!part->confusion.counts || n > EVALUATION_TEXT_CLASSES)
		return 0;
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "true \\ predicted", TABLE_LEFT);
	for (size_t c = 0; c < n; c++)
		text_table_column(&table, evaluation->classes[c], TABLE_RIGHT);
	for (size_t t = 0; t < n; t++) {
		text_table_cell(&table, text_of(evaluation->classes[t]), COLOUR_NONE);
		for (size_t p = 0; p < n; p++) {
			double count = part->confusion.counts[t * n + p];
			enum colour colour = t == p      ? COLOUR_NONE
					     : count > 0 ? COLOUR_BAD
							 : COLOUR_DIM;
			text_table_cell_format(&table, colour, "%.6g", count);
		}
		text_table_end_row(&table);
	}
	strbuf_add_char(out, '\n');
	return text_table_render(&table, style, out, err);
}

static size_t evaluation_longest_slice(const struct slices *slices)
{
	size_t longest = 0;
	for (size_t i = 0; i < slices->count; i++) {
		const struct slice *slice = &slices->items[i];
		size_t length =
			utf8_width(text_of(slice->column)) + utf8_width(text_of(slice->value)) + 3;
		longest = length > longest ? length : longest;
	}
	return longest;
}

static int evaluation_text_slices(const struct evaluation_part *part, const struct style *style,
	struct strbuf *out, struct error *err)
{
	const struct slices *slices = &part->slices;
	if (!slices->count)
		return 0;
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	/* The end of a slice's name tells it from the others. */
	text_table_column(&table, "slice, worst first",
		TABLE_LEFT | (evaluation_longest_slice(slices) > SLICE_WHOLE ? TABLE_SHRINK : 0));
	text_table_column(&table, "rows", TABLE_RIGHT);
	const struct slice *head = &slices->items[0];
	for (size_t m = 0; m < head->n_metrics; m++)
		text_table_column(&table, head->metrics[m].metric->name, TABLE_RIGHT);
	text_table_column(&table, "interval", TABLE_RIGHT | TABLE_OPTIONAL);
	text_table_column(&table, "", TABLE_LEFT | TABLE_OPTIONAL);
	size_t shown = slices->count < EVALUATION_TEXT_ROWS ? slices->count : EVALUATION_TEXT_ROWS;
	for (size_t i = 0; i < shown; i++) {
		const struct slice *slice = &slices->items[i];
		/* A range begins with its sign: "> 15.46". */
		bool range = slice->value[0] == '>' || strncmp(slice->value, "≤", strlen("≤")) == 0;
		text_table_cell_format(&table, COLOUR_NONE, range ? "%s %s" : "%s = %s",
			slice->column, slice->value);
		text_table_cell_format(&table, COLOUR_NONE, "%zu", slice->n_rows);
		for (size_t m = 0; m < slice->n_metrics; m++)
			evaluation_cell_number(&table, slice->metrics[m].value, COLOUR_NONE);
		evaluation_cell_interval(&table, slice->metrics[0].interval);
		text_table_cell(&table,
			text_of(slice->worse   ? "worse"
				: slice->small ? "few rows"
					       : ""),
			slice->worse ? COLOUR_BAD : COLOUR_DIM);
		text_table_end_row(&table);
	}
	strbuf_add_char(out, '\n');
	return text_table_render(&table, style, out, err);
}

static void evaluation_text_cost(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	const struct cost_summary *cost = &part->cost;
	if (!evaluation->costs)
		return;
	strbuf_printf(
		out, "\ncost a row  %.4g at threshold %.2g", cost->mean, evaluation->threshold);
	if (!isnan(cost->best_mean))
		strbuf_printf(out, "; least %.4g at %.2g; without a model %.4g", cost->best_mean,
			cost->best_threshold, fmin(cost->mean_all_no, cost->mean_all_yes));
	strbuf_add_char(out, '\n');
}

static int evaluation_text_mistakes(const struct evaluation *evaluation,
	const struct evaluation_part *part, const struct style *style, struct strbuf *out,
	struct error *err)
{
	const struct mistakes *mistakes = &part->mistakes;
	bool regression = evaluation->task == PREDICTION_REGRESSION;
	if (!mistakes->count)
		return 0;
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table,
		regression ? "largest errors: row" : "most confidently wrong: row", TABLE_RIGHT);
	text_table_column(&table, "truth", TABLE_RIGHT | TABLE_SHRINK);
	text_table_column(&table, "predicted", TABLE_RIGHT | TABLE_SHRINK);
	text_table_column(&table, regression ? "error" : "probability", TABLE_RIGHT);
	size_t shown =
		mistakes->count < EVALUATION_TEXT_ROWS ? mistakes->count : EVALUATION_TEXT_ROWS;
	for (size_t i = 0; i < shown; i++) {
		const struct mistake *mistake = &mistakes->items[i];
		text_table_cell_format(
			&table, COLOUR_NONE, "%llu", (unsigned long long)mistake->row_number);
		if (regression) {
			evaluation_cell_number(&table, mistake->target_value, COLOUR_NONE);
			evaluation_cell_number(&table, mistake->value, COLOUR_NONE);
			evaluation_cell_number(
				&table, mistake->value - mistake->target_value, COLOUR_BAD);
		} else {
			text_table_cell(
				&table, text_of(evaluation->classes[mistake->target]), COLOUR_NONE);
			text_table_cell(
				&table, text_of(evaluation->classes[mistake->label]), COLOUR_NONE);
			evaluation_cell_number(&table, mistake->probability, COLOUR_BAD);
		}
		text_table_end_row(&table);
	}
	strbuf_add_char(out, '\n');
	return text_table_render(&table, style, out, err);
}

int evaluation_text_details(const struct evaluation *evaluation, const struct style *style,
	struct strbuf *out, struct error *err)
{
	const struct evaluation_part *part = evaluation_main_part(evaluation);
	int status = evaluation_text_confusion(evaluation, part, style, out, err);
	if (status == 0)
		status = evaluation_text_slices(part, style, out, err);
	if (status < 0)
		return status;
	evaluation_text_cost(evaluation, part, out);
	return evaluation_text_mistakes(evaluation, part, style, out, err);
}
