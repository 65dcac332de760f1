/* The charts that have two axes: lines, histograms and scatter plots. */
#include <math.h>

#include "svg_internal.h"

#include "mlops/base/utf8.h"
#include "mlops/report/markup.h"

enum { SVG_LEGEND_LINE = 20 };

/* Fills limits that were not given from the data. */
static void svg_fit(struct svg_axis *axis, double low, double high)
{
	if (axis->low < axis->high)
		return;
	axis->low = low <= high ? low : 0.0;
	axis->high = low <= high ? high : 1.0;
}

struct svg_legend_entry {
	const char *name, *colour, *dash;
	bool square, hollow;
};

static double svg_entry_width(const struct svg_legend_entry *entry)
{
	size_t characters = utf8_width(text_of(entry->name));
	return 50.0 + 6.7 * (double)(characters < 36 ? characters : 36);
}

/* The lines that a legend takes: entries flow from left to right. */
static size_t svg_legend_lines(const struct svg_legend_entry *entries, size_t count, double width)
{
	size_t lines = count ? 1 : 0;
	double x = 0.0;
	for (size_t i = 0; i < count; i++) {
		double wide = svg_entry_width(&entries[i]);
		if (x > 0.0 && x + wide > width) {
			lines++;
			x = 0.0;
		}
		x += wide;
	}
	return lines;
}

static void svg_legend(struct strbuf *out, const struct svg_legend_entry *entries, size_t count,
	double left, double top, double width)
{
	double x = 0.0, y = top;
	for (size_t i = 0; i < count; i++) {
		double wide = svg_entry_width(&entries[i]);
		if (x > 0.0 && x + wide > width) {
			x = 0.0;
			y += SVG_LEGEND_LINE;
		}
		AUTO(strbuf_release) struct strbuf style = STRBUF_INIT;
		if (entries[i].square) {
			strbuf_printf(&style, "fill=\"%s\" fill-opacity=\"%s\" stroke=\"%s\"",
				entries[i].colour, entries[i].hollow ? "0.15" : "0.85",
				entries[i].colour);
			svg_rectangle(out, left + x + 6, y - 9, 12, 10, style.text);
		} else {
			strbuf_printf(&style, "stroke=\"%s\" stroke-width=\"2\"%s%s%s",
				entries[i].colour, entries[i].dash ? " stroke-dasharray=\"" : "",
				entries[i].dash ? entries[i].dash : "",
				entries[i].dash ? "\"" : "");
			svg_segment(out, left + x, y - 4, left + x + 24, y - 4, style.text);
		}
		strbuf_inherit(out, &style);
		svg_label(out, left + x + 30, y, SVG_START, NULL, entries[i].name, 36);
		x += wide;
	}
}

/* Opens the element with room for the legend below, and draws the axes. */
static void svg_open(struct strbuf *out, const struct svg_frame *frame,
	const struct svg_legend_entry *entries, size_t count, struct svg_area *area)
{
	struct svg_frame sized = *frame;
	if (!(sized.width > 0.0))
		sized.width = SVG_DEFAULT_WIDTH;
	if (!(sized.height > 0.0))
		sized.height = SVG_DEFAULT_HEIGHT;
	size_t lines = svg_legend_lines(entries, count, sized.width - 80.0);
	double below = lines ? 6.0 + SVG_LEGEND_LINE * (double)lines : 0.0;
	svg_begin(out, frame->title, frame->description, sized.width, sized.height + below);
	svg_axes(out, &sized, area);
	svg_legend(out, entries, count, area->left, sized.height + 16.0, sized.width - 80.0);
}

static void svg_path_point(struct strbuf *out, char command, double x, double y)
{
	strbuf_add_char(out, command);
	markup_coordinate(out, x);
	strbuf_add_char(out, ' ');
	markup_coordinate(out, y);
}

static void svg_line_path(
	struct strbuf *out, const struct svg_area *area, const struct svg_series *series)
{
	size_t stride = series->count / SVG_POINTS + 1;
	bool joined = false;
	double last_y = 0.0;
	for (size_t i = 0; i < series->count;) {
		if (isfinite(series->x[i]) && isfinite(series->y[i])) {
			double x = svg_place(&area->x, series->x[i]);
			double y = svg_place(&area->y, series->y[i]);
			if (joined && series->steps)
				svg_path_point(out, 'L', x, last_y);
			svg_path_point(out, joined ? 'L' : 'M', x, y);
			last_y = y;
			joined = true;
		} else {
			joined = false;
		}
		if (i + 1 == series->count)
			break;
		i = i + stride < series->count ? i + stride : series->count - 1;
	}
}

static void svg_error_bars(struct strbuf *out, const struct svg_area *area,
	const struct svg_series *series, const char *colour)
{
	AUTO(strbuf_release) struct strbuf style = STRBUF_INIT;
	strbuf_printf(&style, "stroke=\"%s\" stroke-opacity=\"0.55\"", colour);
	strbuf_inherit(out, &style);
	for (size_t i = 0; i < series->count && i < SVG_POINTS; i++) {
		if (!isfinite(series->x[i]) || !isfinite(series->low[i]) ||
			!isfinite(series->high[i]))
			continue;
		double x = svg_place(&area->x, series->x[i]);
		svg_segment(out, x, svg_place(&area->y, series->low[i]), x,
			svg_place(&area->y, series->high[i]), style.text);
	}
}

static void svg_draw_series(struct strbuf *out, const struct svg_area *area,
	const struct svg_series *series, size_t index)
{
	const char *colour = series->reference ? "var(--muted)" : svg_series_colour(index);
	const char *dash = series->reference ? "3 4" : svg_series_dash(index);
	if (series->low && series->high)
		svg_error_bars(out, area, series, colour);
	if (!series->no_line) {
		strbuf_printf(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"", colour,
			series->reference ? "1" : "2");
		if (dash)
			strbuf_printf(out, " stroke-dasharray=\"%s\"", dash);
		strbuf_add(out, " stroke-linejoin=\"round\" d=\"");
		svg_line_path(out, area, series);
		strbuf_add(out, "\"/>");
	}
	if (!series->markers)
		return;
	AUTO(strbuf_release) struct strbuf style = STRBUF_INIT;
	strbuf_printf(&style, "fill=\"%s\"", colour);
	strbuf_inherit(out, &style);
	for (size_t i = 0; i < series->count && i < SVG_POINTS; i++)
		if (isfinite(series->x[i]) && isfinite(series->y[i]))
			svg_circle(out, svg_place(&area->x, series->x[i]),
				svg_place(&area->y, series->y[i]), 3.5, style.text);
}

void svg_lines(struct strbuf *out, const struct svg_frame *frame, const struct svg_series *series,
	size_t n_series)
{
	struct svg_legend_entry entries[SVG_SERIES] = { 0 };
	size_t n_entries = 0, shown = n_series < SVG_SERIES ? n_series : SVG_SERIES;
	double x_low = 1.0, x_high = 0.0, y_low = 1.0, y_high = 0.0;
	for (size_t i = 0; i < shown; i++) {
		svg_stretch(series[i].x, series[i].count, &x_low, &x_high);
		svg_stretch(series[i].y, series[i].count, &y_low, &y_high);
		if (!series[i].name)
			continue;
		entries[n_entries++] = (struct svg_legend_entry){ series[i].name,
			series[i].reference ? "var(--muted)" : svg_series_colour(i),
			series[i].reference ? "3 4" : svg_series_dash(i), false, false };
	}
	struct svg_frame fitted = *frame;
	svg_fit(&fitted.x, x_low, x_high);
	svg_fit(&fitted.y, y_low, y_high);
	struct svg_area area;
	svg_open(out, &fitted, entries, n_entries, &area);
	for (size_t i = shown; i-- > 0;) /* the first on top */
		svg_draw_series(out, &area, &series[i], i);
	svg_end(out);
}

static void svg_bar(struct strbuf *out, const struct svg_area *area, double left, double right,
	double value, size_t set)
{
	if (!isfinite(value) || value <= 0.0)
		return;
	AUTO(strbuf_release) struct strbuf style = STRBUF_INIT;
	/* The second set is drawn as an outline: told apart without colour. */
	strbuf_printf(&style, "fill=\"%s\" fill-opacity=\"%s\" stroke=\"%s\" stroke-width=\"1\"",
		svg_series_colour(set), set % 2 ? "0.15" : "0.85", svg_series_colour(set));
	strbuf_inherit(out, &style);
	double top = svg_place(&area->y, value);
	svg_rectangle(out, left, top, right - left, area->bottom - top, style.text);
}

void svg_histogram(struct strbuf *out, const struct svg_frame *frame, const struct svg_bars *sets,
	size_t n_sets, size_t n_bins)
{
	struct svg_legend_entry entries[SVG_SERIES] = { 0 };
	struct svg_frame fitted = *frame;
	size_t shown = n_sets < SVG_SERIES ? n_sets : SVG_SERIES, n_entries = 0;
	double low = 0.0, high = 0.0;
	for (size_t s = 0; s < shown; s++) {
		svg_stretch(sets[s].values, n_bins, &low, &high);
		if (sets[s].name)
			entries[n_entries++] = (struct svg_legend_entry){ sets[s].name,
				svg_series_colour(s), NULL, true, s % 2 != 0 };
	}
	svg_fit(&fitted.y, 0.0, high > 0.0 ? high : 1.0);
	struct svg_area area;
	svg_open(out, &fitted, entries, n_entries, &area);
	double wide = (fitted.x.high - fitted.x.low) / (double)(n_bins ? n_bins : 1);
	for (size_t b = 0; b < n_bins && b < SVG_POINTS; b++) {
		double left = svg_place(&area.x, fitted.x.low + wide * (double)b);
		double right = svg_place(&area.x, fitted.x.low + wide * (double)(b + 1));
		double each = (right - left - 1.5) / (double)(shown ? shown : 1);
		for (size_t s = 0; s < shown; s++)
			svg_bar(out, &area, left + 0.75 + each * (double)s,
				left + 0.75 + each * (double)(s + 1), sets[s].values[b], s);
	}
	svg_end(out);
}

void svg_scatter(struct strbuf *out, const struct svg_frame *frame, const double *x,
	const double *y, size_t count, enum svg_guide guide)
{
	struct svg_frame fitted = *frame;
	double x_low = 1.0, x_high = 0.0, y_low = 1.0, y_high = 0.0;
	svg_stretch(x, count, &x_low, &x_high);
	svg_stretch(y, count, &y_low, &y_high);
	if (guide == SVG_GUIDE_DIAGONAL && x_low <= x_high && y_low <= y_high) {
		x_low = y_low = fmin(x_low, y_low);
		x_high = y_high = fmax(x_high, y_high);
	}
	svg_fit(&fitted.x, x_low, x_high);
	svg_fit(&fitted.y, y_low, y_high);
	struct svg_area area;
	svg_open(out, &fitted, NULL, 0, &area);
	const char *line = "stroke=\"var(--muted)\" stroke-dasharray=\"3 4\"";
	if (guide == SVG_GUIDE_DIAGONAL)
		svg_segment(out, area.left, area.bottom, area.right, area.top, line);
	if (guide == SVG_GUIDE_ZERO && area.y.low < 0.0 && area.y.high > 0.0)
		svg_segment(out, area.left, svg_place(&area.y, 0.0), area.right,
			svg_place(&area.y, 0.0), "stroke=\"var(--ink)\"");
	/* One path of empty segments with round ends: a tenth of the size of circles. */
	strbuf_add(out, "<path fill=\"none\" stroke=\"var(--series-1)\" stroke-opacity=\"0.6\" "
			"stroke-width=\"5\" stroke-linecap=\"round\" d=\"");
	size_t stride = count / SVG_SCATTER + 1;
	for (size_t i = 0; i < count; i += stride) {
		if (!isfinite(x[i]) || !isfinite(y[i]))
			continue;
		svg_path_point(out, 'M', svg_place(&area.x, x[i]), svg_place(&area.y, y[i]));
		strbuf_add(out, "h0");
	}
	strbuf_add(out, "\"/>");
	svg_end(out);
}
