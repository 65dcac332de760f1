/* The charts that are tables at heart: values with intervals by row, and the confusion matrix. */
#include <math.h>
#include <string.h>

#include "svg_internal.h"

#include "mlops/base/utf8.h"
#include "mlops/base/vec.h"
#include "mlops/report/markup.h"

enum { DOT_LINE = 24, DOT_LABEL = 34, DOT_TICKS = 6 };

static void svg_dots_range(const struct svg_frame *frame, const struct svg_dot *dots, size_t count,
	double reference, struct svg_scale *scale)
{
	scale->low = 1.0;
	scale->high = 0.0;
	if (frame->x.low < frame->x.high) {
		scale->low = frame->x.low;
		scale->high = frame->x.high;
		return;
	}
	svg_stretch(&reference, 1, &scale->low, &scale->high);
	for (size_t i = 0; i < count; i++) {
		svg_stretch(&dots[i].value, 1, &scale->low, &scale->high);
		svg_stretch(&dots[i].low, 1, &scale->low, &scale->high);
		svg_stretch(&dots[i].high, 1, &scale->low, &scale->high);
	}
	if (scale->low > scale->high) {
		scale->low = 0.0;
		scale->high = 1.0;
	} else if (scale->low == scale->high) {
		double half = scale->low != 0.0 ? fabs(scale->low) / 10.0 : 0.5;
		scale->low -= half;
		scale->high += half;
	}
}

static void svg_dot_row(struct strbuf *out, const struct svg_dot *dot,
	const struct svg_scale *scale, double y, double right)
{
	svg_label(out, scale->from - 12, y + 4, SVG_END, dot->muted ? "axis" : NULL, dot->label,
		DOT_LABEL);
	svg_segment(out, scale->from, y, scale->to, y,
		"stroke=\"var(--line)\" stroke-dasharray=\"1 3\"");
	const char *colour = dot->strong ? "var(--series-2)" : "var(--series-1)";
	AUTO(strbuf_release) struct strbuf style = STRBUF_INIT;
	if (isfinite(dot->low) && isfinite(dot->high)) {
		double low = fmax(dot->low, scale->low), high = fmin(dot->high, scale->high);
		strbuf_printf(&style, "stroke=\"%s\" stroke-width=\"2\"%s", colour,
			dot->muted ? " stroke-opacity=\"0.5\"" : "");
		strbuf_inherit(out, &style);
		if (low <= high)
			svg_segment(out, svg_place(scale, low), y, svg_place(scale, high), y,
				style.text);
	}
	if (isfinite(dot->value)) {
		strbuf_clear(&style);
		/* Hollow for what says little, a square for what stands out: not by colour alone. */
		strbuf_printf(&style, "fill=\"%s\" stroke=\"%s\" stroke-width=\"1.5\"",
			dot->muted ? "var(--ground)" : colour, colour);
		strbuf_inherit(out, &style);
		double x = svg_place(scale, dot->value);
		if (dot->strong)
			svg_rectangle(out, x - 4.5, y - 4.5, 9, 9, style.text);
		else
			svg_circle(out, x, y, 4.5, style.text);
	}
	if (dot->note)
		svg_label(out, right, y + 4, SVG_END, "axis", dot->note, 28);
}

void svg_dots(struct strbuf *out, const struct svg_frame *frame, const struct svg_dot *dots,
	size_t count, double reference)
{
	double width = frame->width > 0.0 ? frame->width : 900.0, ticks[DOT_TICKS];
	size_t shown = count < SVG_ROWS ? count : SVG_ROWS, labels = 0, notes = 0;
	for (size_t i = 0; i < shown; i++) {
		size_t label = utf8_width(text_of(dots[i].label));
		size_t note = utf8_width(text_of(dots[i].note));
		labels = label > labels ? label : labels;
		notes = note > notes ? note : notes;
	}
	labels = labels < DOT_LABEL ? labels : DOT_LABEL;
	notes = notes < 28 ? notes : 28;
	struct svg_scale scale = { .from = 30.0 + 6.8 * (double)labels,
		.to = width - 24.0 - 6.8 * (double)notes };
	double bottom = 10.0 + DOT_LINE * (double)shown;
	svg_dots_range(frame, dots, shown, reference, &scale);
	size_t n_ticks = svg_ticks(&scale.low, &scale.high, DOT_TICKS, true, ticks);
	svg_begin(out, frame->title, frame->description, width, bottom + 44.0);
	for (size_t i = 0; i < n_ticks; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		double x = svg_place(&scale, ticks[i]);
		svg_format_tick(
			&text, ticks[i], n_ticks > 1 ? ticks[1] - ticks[0] : 1.0, frame->x.percent);
		strbuf_inherit(out, &text);
		svg_segment(out, x, 6, x, bottom, "stroke=\"var(--line)\"");
		svg_label(out, x, bottom + 18, SVG_MIDDLE, "axis", text.text, 0);
	}
	if (isfinite(reference))
		svg_segment(out, svg_place(&scale, reference), 4, svg_place(&scale, reference),
			bottom, "stroke=\"var(--ink)\" stroke-dasharray=\"4 3\"");
	for (size_t i = 0; i < shown; i++)
		svg_dot_row(
			out, &dots[i], &scale, 10.0 + DOT_LINE * ((double)i + 0.5), width - 4.0);
	if (frame->x.label)
		svg_label(out, (scale.from + scale.to) / 2, bottom + 36, SVG_MIDDLE, "axis",
			frame->x.label, 60);
	svg_end(out);
}

/* The matrix as it is drawn: all classes, or the first and one "other" for the rest. */
struct svg_grid {
	size_t n;
	VEC(double) counts; /* n × n */
	double left, top, cell;
};

static void svg_grid_fill(struct svg_grid *grid, const double *counts, size_t n)
{
	grid->n = n <= SVG_MATRIX ? n : SVG_MATRIX;
	if (!vec_reserve(&grid->counts, grid->n * grid->n))
		return;
	grid->counts.count = grid->n * grid->n;
	memset(grid->counts.items, 0, grid->counts.count * sizeof *grid->counts.items);
	for (size_t t = 0; t < n; t++)
		for (size_t l = 0; l < n; l++) {
			size_t row = t < grid->n ? t : grid->n - 1;
			size_t column = l < grid->n ? l : grid->n - 1;
			grid->counts.items[row * grid->n + column] += counts[t * n + l];
		}
}

static void svg_grid_cell(
	struct strbuf *out, const struct svg_grid *grid, size_t row, size_t column)
{
	double sum = 0.0, value = grid->counts.items[row * grid->n + column];
	for (size_t c = 0; c < grid->n; c++)
		sum += grid->counts.items[row * grid->n + c];
	double share = sum > 0.0 ? value / sum : 0.0;
	double x = grid->left + grid->cell * (double)column;
	double y = grid->top + grid->cell * (double)row;
	AUTO(strbuf_release) struct strbuf style = STRBUF_INIT;
	strbuf_add(&style, "fill=\"var(--heat)\" fill-opacity=\"");
	markup_coordinate(&style, share > 0.0 ? fmax(share * 0.92, 0.04) : 0.0);
	strbuf_printf(&style, "\" stroke=\"%s\"", row == column ? "var(--muted)" : "var(--line)");
	strbuf_inherit(out, &style);
	svg_rectangle(out, x + 1, y + 1, grid->cell - 2, grid->cell - 2, style.text);
	if (grid->cell < 26.0 || value == 0.0)
		return;
	/* On a dark cell the text takes the colour of the ground. */
	strbuf_printf(out, "<g%s>", share > 0.72 ? " class=\"inverse\"" : "");
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	svg_format_count(&text, value);
	strbuf_inherit(out, &text);
	bool both = grid->cell >= 50.0;
	double middle = y + grid->cell / 2.0;
	svg_label(out, x + grid->cell / 2.0, middle + (both ? -1 : 4), SVG_MIDDLE, NULL, text.text,
		grid->cell < 40.0 ? 5 : 8);
	if (both) {
		strbuf_clear(&text);
		strbuf_printf(&text, share > 0.9995 || share < 0.0005 ? "%.0f%%" : "%.1f%%",
			100.0 * share);
		strbuf_inherit(out, &text);
		svg_label(out, x + grid->cell / 2.0, middle + 15, SVG_MIDDLE, NULL, text.text, 0);
	}
	strbuf_add(out, "</g>");
}

static const char *svg_grid_name(
	const struct svg_grid *grid, const char *const *names, size_t n, size_t i)
{
	return n > grid->n && i + 1 == grid->n ? "(other)" : names[i];
}

static void svg_grid_labels(struct strbuf *out, const struct svg_grid *grid,
	const char *const *names, size_t n, bool upright)
{
	size_t most = upright ? 16 : (size_t)(grid->cell / 7.0);
	for (size_t i = 0; i < grid->n; i++) {
		const char *name = svg_grid_name(grid, names, n, i);
		double middle = grid->cell * ((double)i + 0.5);
		svg_label(out, grid->left - 8, grid->top + middle + 4, SVG_END, NULL, name, 18);
		if (!upright) {
			svg_label(out, grid->left + middle, grid->top - 8, SVG_MIDDLE, NULL, name,
				most ? most : 1);
			continue;
		}
		strbuf_add(out, "<g transform=\"translate(");
		markup_coordinate(out, grid->left + middle + 4);
		strbuf_add_char(out, ' ');
		markup_coordinate(out, grid->top - 8);
		strbuf_add(out, ") rotate(-90)\">");
		svg_label(out, 0, 0, SVG_START, NULL, name, most);
		strbuf_add(out, "</g>");
	}
}

void svg_matrix(struct strbuf *out, const struct svg_frame *frame, const char *const *names,
	const double *counts, size_t n)
{
	struct svg_grid grid = { .counts = VEC_INIT };
	svg_grid_fill(&grid, counts, n);
	if (grid.counts.state.failed) {
		out->failed = true;
		return;
	}
	size_t widest = 1;
	for (size_t i = 0; i < grid.n; i++) {
		size_t width = utf8_width(text_of(svg_grid_name(&grid, names, n, i)));
		widest = width > widest ? width : widest;
	}
	widest = widest < 18 ? widest : 18;
	grid.cell = fmin(84.0, fmax(16.0, 460.0 / (double)(grid.n ? grid.n : 1)));
	bool upright = (double)widest * 7.0 > grid.cell;
	grid.left = 44.0 + 7.0 * (double)widest;
	grid.top = upright ? 40.0 + 7.0 * (double)(widest < 16 ? widest : 16) : 46.0;
	double side = grid.cell * (double)grid.n;
	svg_begin(out, frame->title, frame->description, grid.left + side + 10.0,
		grid.top + side + 10.0);
	svg_label(out, grid.left + side / 2.0, 14, SVG_MIDDLE, "axis", "predicted", 0);
	strbuf_add(out, "<g transform=\"translate(12 ");
	markup_coordinate(out, grid.top + side / 2.0);
	strbuf_add(out, ") rotate(-90)\">");
	svg_label(out, 0, 0, SVG_MIDDLE, "axis", "true", 0);
	strbuf_add(out, "</g>");
	svg_grid_labels(out, &grid, names, n, upright);
	for (size_t row = 0; row < grid.n; row++)
		for (size_t column = 0; column < grid.n; column++)
			svg_grid_cell(out, &grid, row, column);
	svg_end(out);
	vec_release(&grid.counts);
}
