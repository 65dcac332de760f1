#include <math.h>
#include <string.h>

#include "render_internal.h"

void render_count(struct strbuf *out, double count)
{
	if (!isfinite(count)) {
		strbuf_add(out, "–");
		return;
	}
	if (count != floor(count) || fabs(count) >= 1e15) {
		strbuf_printf(out, "%.6g", count);
		return;
	}
	AUTO(strbuf_release) struct strbuf digits = STRBUF_INIT;
	strbuf_printf(&digits, "%.0f", fabs(count));
	strbuf_inherit(out, &digits);
	if (count < 0.0)
		strbuf_add(out, "−");
	for (size_t i = 0; i < digits.length; i++) {
		if (i && (digits.length - i) % 3 == 0)
			strbuf_add_char(out, ',');
		strbuf_add_char(out, digits.text[i]);
	}
}

void evaluation_format_number(struct strbuf *out, double value)
{
	double size = fabs(value);
	if (isnan(value)) {
		strbuf_add(out, "–");
		return;
	}
	if (value < 0.0 && size >= 5e-324)
		strbuf_add(out, "−");
	if (isinf(value))
		strbuf_add(out, "∞");
	else if (size >= 1e7 || (size < 0.0005 && size > 0.0))
		strbuf_printf(out, "%.3g", size);
	else if (size >= 999.5)
		render_count(out, round(size));
	else if (size >= 99.95)
		strbuf_printf(out, "%.1f", size);
	else if (size >= 9.995)
		strbuf_printf(out, "%.2f", size);
	else
		strbuf_printf(out, "%.3f", size);
}

void evaluation_format_interval(struct strbuf *out, struct interval interval)
{
	if (interval.method == INTERVAL_NONE) {
		strbuf_add(out, "–");
		return;
	}
	evaluation_format_number(out, interval.low);
	strbuf_add(out, " – ");
	evaluation_format_number(out, interval.high);
}

const char *render_class(const struct evaluation *evaluation, size_t class)
{
	return class < evaluation->n_classes ? evaluation->classes[class] : "?";
}

const char *render_method(enum interval_method method)
{
	static const char *const names[INTERVAL_METHOD_COUNT] = { "", "Wilson", "Zou and Donner",
		"DeLong", "Newcombe", "influences, logit scale", "Fisher's z", "order statistics",
		"bootstrap, percentile", "bootstrap, BCa" };
	return (unsigned int)method < INTERVAL_METHOD_COUNT ? names[method] : "";
}

void render_slice_name(const struct slice *slice, struct strbuf *out)
{
	/* The names of numeric ranges begin with their own sign. */
	bool range = strncmp(slice->value, "≤ ", strlen("≤ ")) == 0 ||
		     strncmp(slice->value, "> ", 2) == 0;
	strbuf_printf(out, range ? "%s %s" : "%s = %s", slice->column, slice->value);
}

/* The difference that the verdict is about: of the first metric that has one. */
static const struct metric_difference *render_difference(const struct evaluation *evaluation)
{
	const struct evaluation_part *part = evaluation_main_part(evaluation);
	for (size_t i = 0; part && part->difference && i < evaluation->n_headline; i++)
		if (!isnan(part->difference[i].difference))
			return &part->difference[i];
	return NULL;
}

const char *render_tone(const struct evaluation *evaluation)
{
	const struct metric_difference *difference = render_difference(evaluation);
	if (!difference || difference->better == 0)
		return "plain";
	return difference->better > 0 ? "good" : "bad";
}

static void render_signed(struct strbuf *out, double value)
{
	if (value > 0.0)
		strbuf_add(out, "+");
	evaluation_format_number(out, value);
}

void evaluation_verdict(const struct evaluation *evaluation, struct strbuf *out)
{
	const struct evaluation_part *part = evaluation_main_part(evaluation);
	const struct metric_difference *difference = render_difference(evaluation);
	if (!part || evaluation->n_metrics == 0)
		return;
	if (!difference) {
		const struct metric_value *value = &part->metrics[0];
		strbuf_printf(out, "%s ", value->metric->name);
		evaluation_format_number(out, value->value);
		if (value->undefined)
			strbuf_printf(out, " (%s)", value->undefined);
		if (value->interval.method != INTERVAL_NONE) {
			strbuf_add(out, " (");
			evaluation_format_interval(out, value->interval);
			strbuf_add(out, ")");
		}
		strbuf_printf(out, " on %zu %s rows", part->n_rows, part->name);
		return;
	}
	strbuf_add(out, difference->better > 0   ? "better than the baseline: "
			: difference->better < 0 ? "worse than the baseline: "
						 : "not shown to differ from the baseline: ");
	strbuf_printf(out, "%s ", difference->metric->name);
	evaluation_format_number(out, difference->first);
	strbuf_add(out, ", ");
	render_signed(out, difference->difference);
	if (difference->interval.method != INTERVAL_NONE) {
		strbuf_add(out, " (");
		evaluation_format_interval(out, difference->interval);
		strbuf_add(out, ")");
	}
	strbuf_printf(out, " on %zu %s rows", part->n_rows, part->name);
}

size_t evaluation_rows(
	const struct evaluation *evaluation, struct evaluation_row *ret_rows, size_t capacity)
{
	const struct evaluation_part *main = evaluation_main_part(evaluation);
	size_t count = evaluation->n_headline < capacity ? evaluation->n_headline : capacity;
	size_t parts = evaluation->n_parts < EVALUATION_ROW_PARTS ? evaluation->n_parts
								  : EVALUATION_ROW_PARTS;
	for (size_t i = 0; main && i < count; i++) {
		struct evaluation_row *row = &ret_rows[i];
		*row = (struct evaluation_row){ .metric = evaluation->metrics[i],
			.n_parts = parts,
			.interval = main->metrics[i].interval,
			.baseline = main->baseline ? main->baseline[i].value : NAN };
		for (size_t p = 0; p < parts; p++)
			row->values[p] =
				evaluation->parts[evaluation->n_parts - parts + p].metrics[i].value;
	}
	return main ? count : 0;
}
