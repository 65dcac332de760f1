#include <math.h>
#include <string.h>

#include "render_internal.h"

#include "mlops/report/markup.h"

/* Bytes of a cell's text, and rows of a table: GitHub cuts comments at 65,536 characters. */
enum { MARKDOWN_CELL = 80, MARKDOWN_ROWS = 12, MARKDOWN_FACTS = 40, MARKDOWN_CLASSES = 12 };

static void markdown_cell(struct strbuf *out, const char *text)
{
	strbuf_add(out, " ");
	markdown_text(out, text, MARKDOWN_CELL);
	strbuf_add(out, " |");
}

static void markdown_number(struct strbuf *out, double value)
{
	strbuf_add(out, " ");
	evaluation_format_number(out, value);
	strbuf_add(out, " |");
}

static void markdown_interval(struct strbuf *out, struct interval interval)
{
	strbuf_add(out, " ");
	evaluation_format_interval(out, interval);
	strbuf_add(out, " |");
}

static void markdown_metrics(const struct evaluation *evaluation, struct strbuf *out)
{
	const struct evaluation_part *main = evaluation_main_part(evaluation);
	strbuf_add(out, "| metric |");
	for (size_t p = 0; p < evaluation->n_parts && p < EVALUATION_ROW_PARTS; p++)
		markdown_cell(out, evaluation->parts[p].name);
	strbuf_printf(out, " %g%% interval |%s\n| :-- |", 100.0 * evaluation->confidence,
		main->baseline ? " baseline | difference |" : "");
	for (size_t p = 0; p < evaluation->n_parts && p < EVALUATION_ROW_PARTS; p++)
		strbuf_add(out, " --: |");
	strbuf_add(out, main->baseline ? " :-: | --: | --: |\n" : " :-: |\n");
	for (size_t i = 0; i < evaluation->n_metrics; i++) {
		bool strong = i < evaluation->n_headline;
		strbuf_printf(out, "| %s%s%s |", strong ? "**" : "", evaluation->metrics[i]->name,
			strong ? "**" : "");
		for (size_t p = 0; p < evaluation->n_parts && p < EVALUATION_ROW_PARTS; p++)
			markdown_number(out, evaluation->parts[p].metrics[i].value);
		markdown_interval(out, main->metrics[i].interval);
		if (main->baseline) {
			markdown_number(out, main->baseline[i].value);
			strbuf_add(out, " ");
			double gap = main->difference ? main->difference[i].difference : NAN;
			if (gap > 0.0)
				strbuf_add(out, "+");
			evaluation_format_number(out, gap);
			if (main->difference && main->difference[i].better)
				strbuf_add(out, main->difference[i].better > 0 ? " ✓" : " ✗");
			strbuf_add(out, " |");
		}
		strbuf_add(out, "\n");
	}
	strbuf_add(out, "\n");
}

static void markdown_confusion(
	const struct evaluation *evaluation, const struct evaluation_part *part, struct strbuf *out)
{
	size_t k = evaluation->n_classes;
	if (evaluation->task == PREDICTION_REGRESSION || k > MARKDOWN_CLASSES)
		return;
	strbuf_add(out, "| true ＼ predicted |");
	for (size_t c = 0; c < k; c++)
		markdown_cell(out, evaluation->classes[c]);
	strbuf_add(out, "\n| :-- |");
	for (size_t c = 0; c < k; c++)
		strbuf_add(out, " --: |");
	strbuf_add(out, "\n");
	for (size_t t = 0; t < k; t++) {
		strbuf_add(out, "|");
		markdown_cell(out, evaluation->classes[t]);
		for (size_t l = 0; l < k; l++) {
			strbuf_add(out, " ");
			render_count(out, part->confusion.counts[t * k + l]);
			strbuf_add(out, " |");
		}
		strbuf_add(out, "\n");
	}
	strbuf_add(out, "\n");
}

static void markdown_slices(const struct evaluation_part *part, struct strbuf *out)
{
	if (part->slices.count == 0)
		return;
	strbuf_printf(out,
		"<details><summary>slices, worst first</summary>\n\n"
		"| slice | rows | %s | interval | |\n| :-- | --: | --: | :-: | :-- |\n",
		part->slices.items[0].metrics[0].metric->name);
	for (size_t i = 0; i < part->slices.count && i < MARKDOWN_ROWS; i++) {
		const struct slice *slice = &part->slices.items[i];
		AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
		render_slice_name(slice, &name);
		strbuf_inherit(out, &name);
		strbuf_add(out, "| ");
		markdown_text(out, name.text, 2 * MARKDOWN_CELL);
		strbuf_printf(out, " | %zu |", slice->n_rows);
		markdown_number(out, slice->metrics[0].value);
		markdown_interval(out, slice->metrics[0].interval);
		strbuf_printf(out, " %s |\n",
			slice->worse   ? "worse than the whole"
			: slice->small ? "few rows"
				       : "");
	}
	if (part->slices.count > MARKDOWN_ROWS)
		strbuf_printf(out, "\n%zu more\n", part->slices.count - MARKDOWN_ROWS);
	strbuf_add(out, "\n</details>\n\n");
}

static void markdown_facts(const struct evaluation_heading *heading, struct strbuf *out)
{
	if (heading->n_facts == 0)
		return;
	strbuf_add(out, "<details><summary>made from</summary>\n\n| | |\n| :-- | :-- |\n");
	for (size_t i = 0; i < heading->n_facts && i < MARKDOWN_FACTS; i++) {
		strbuf_add(out, "|");
		markdown_cell(out, heading->facts[i].name);
		strbuf_add(out, " ");
		markdown_text(out, heading->facts[i].value, 4 * MARKDOWN_CELL);
		strbuf_add(out, " |\n");
	}
	strbuf_add(out, "\n</details>\n");
}

int evaluation_markdown(const struct evaluation *evaluation,
	const struct evaluation_heading *heading, struct strbuf *out, struct error *err)
{
	const struct evaluation_part *main = evaluation_main_part(evaluation);
	AUTO(strbuf_release) struct strbuf verdict = STRBUF_INIT;
	evaluation_verdict(evaluation, &verdict);
	strbuf_inherit(out, &verdict);
	strbuf_add(out, "### ");
	markdown_text(out, heading->title, 2 * MARKDOWN_CELL);
	strbuf_add(out, "\n\n");
	if (heading->subtitle) {
		markdown_text(out, heading->subtitle, 4 * MARKDOWN_CELL);
		strbuf_add(out, "\n\n");
	}
	strbuf_add(out, "**");
	markdown_text(out, verdict.text, 0);
	strbuf_add(out, "**\n\n");
	markdown_metrics(evaluation, out);
	markdown_confusion(evaluation, main, out);
	markdown_slices(main, out);
	markdown_facts(heading, out);
	return strbuf_check(out, err);
}
