#include "svg_internal.h"

#include <math.h>
#include <string.h>

#include "mlops/base/utf8.h"
#include "mlops/report/markup.h"

enum { SVG_TICKS = 6 };

double svg_place(const struct svg_scale *scale, double value)
{
	double span = scale->high - scale->low;
	double share = span != 0.0 ? (value - scale->low) / span : 0.5;
	return scale->from + share * (scale->to - scale->from);
}

void svg_begin(
	struct strbuf *out, const char *title, const char *description, double width, double height)
{
	strbuf_add(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 ");
	markup_coordinate(out, width);
	strbuf_add_char(out, ' ');
	markup_coordinate(out, height);
	strbuf_add(out, "\" width=\"");
	markup_coordinate(out, width);
	strbuf_add(out, "\" height=\"");
	markup_coordinate(out, height);
	strbuf_add(out, "\">");
	markup_element(out, "title", title);
	if (description)
		markup_element(out, "desc", description);
}

void svg_end(struct strbuf *out)
{
	strbuf_add(out, "</svg>");
}

static void svg_attribute(struct strbuf *out, const char *name, double value)
{
	strbuf_printf(out, " %s=\"", name);
	markup_coordinate(out, value);
	strbuf_add_char(out, '"');
}

void svg_segment(
	struct strbuf *out, double x1, double y1, double x2, double y2, const char *attributes)
{
	strbuf_add(out, "<line");
	svg_attribute(out, "x1", x1);
	svg_attribute(out, "y1", y1);
	svg_attribute(out, "x2", x2);
	svg_attribute(out, "y2", y2);
	strbuf_printf(out, " %s/>", attributes);
}

void svg_rectangle(
	struct strbuf *out, double x, double y, double width, double height, const char *attributes)
{
	strbuf_add(out, "<rect");
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", y);
	svg_attribute(out, "width", width);
	svg_attribute(out, "height", height);
	strbuf_printf(out, " %s/>", attributes);
}

void svg_circle(struct strbuf *out, double x, double y, double radius, const char *attributes)
{
	strbuf_add(out, "<circle");
	svg_attribute(out, "cx", x);
	svg_attribute(out, "cy", y);
	svg_attribute(out, "r", radius);
	strbuf_printf(out, " %s/>", attributes);
}

void svg_label(struct strbuf *out, double x, double y, enum svg_anchor anchor, const char *class,
	const char *text, size_t most)
{
	static const char *const anchors[] = { NULL, "middle", "end" };
	AUTO(strbuf_release) struct strbuf cut = STRBUF_INIT;
	if (most)
		utf8_truncate(&cut, text_of(text), most, false);
	strbuf_inherit(out, &cut);
	strbuf_add(out, "<text");
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", y);
	if (anchors[anchor])
		strbuf_printf(out, " text-anchor=\"%s\"", anchors[anchor]);
	if (class)
		strbuf_printf(out, " class=\"%s\"", class);
	strbuf_add_char(out, '>');
	if (most && strcmp(cut.text, text) != 0)
		markup_element(out, "title", text); /* the whole of it, under the pointer */
	markup_text(out, most ? cut.text : text);
	strbuf_add(out, "</text>");
}

/* Digits of a whole number in groups of three. */
static void svg_add_grouped(struct strbuf *out, double value)
{
	AUTO(strbuf_release) struct strbuf digits = STRBUF_INIT;
	strbuf_printf(&digits, "%.0f", fabs(value));
	strbuf_inherit(out, &digits);
	if (value < 0.0)
		strbuf_add(out, "−");
	for (size_t i = 0; i < digits.length; i++) {
		if (i && (digits.length - i) % 3 == 0)
			strbuf_add_char(out, ',');
		strbuf_add_char(out, digits.text[i]);
	}
}

void svg_format_count(struct strbuf *out, double value)
{
	if (!isfinite(value))
		strbuf_add(out, "–");
	else if (value == floor(value) && fabs(value) < 1e15)
		svg_add_grouped(out, value);
	else
		strbuf_printf(out, "%.4g", value);
}

void svg_format_tick(struct strbuf *out, double value, double step, bool percent)
{
	if (percent) {
		value *= 100.0;
		step *= 100.0;
	}
	if (fabs(value) < step * 1e-6)
		value = 0.0;
	if (fabs(value) >= 1e7 || (step < 1e-5 && value != 0.0)) {
		strbuf_printf(out, "%.3g", value);
	} else if (step >= 1.0 && fabs(value - round(value)) < step * 1e-6) {
		svg_add_grouped(out, round(value));
	} else {
		int digits = (int)ceil(-log10(step) - 1e-9);
		/* Steps of 2.5 need one digit more. */
		double scaled = step * pow(10.0, digits);
		if (fabs(scaled - round(scaled)) > 1e-6)
			digits++;
		strbuf_printf(out, "%s%.*f", value < 0.0 ? "−" : "", digits < 0 ? 0 : digits,
			fabs(value));
	}
	if (percent)
		strbuf_add_char(out, '%');
}

size_t svg_ticks(double *low, double *high, size_t most, bool widen, double *ret_ticks)
{
	static const double steps[] = { 1.0, 2.0, 2.5, 5.0, 10.0, 20.0 };
	double span = *high - *low;
	if (!(span > 0.0) || !isfinite(span) || most < 2)
		return 0;
	double size = pow(10.0, floor(log10(span / (double)most)));
	for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
		double step = steps[s] * size, slack = step * 1e-9;
		double first = widen ? floor((*low + slack) / step) : ceil((*low - slack) / step);
		double last = widen ? ceil((*high - slack) / step) : floor((*high + slack) / step);
		/* Equal neighbours (a span of a few units in the last place) have no ticks. */
		if (last - first + 1.0 > (double)most || (first + 1.0) * step == first * step)
			continue;
		size_t count = (size_t)(last - first + 1.0);
		for (size_t i = 0; i < count; i++)
			ret_ticks[i] = (first + (double)i) * step;
		if (widen && count) {
			*low = fmin(*low, ret_ticks[0]);
			*high = fmax(*high, ret_ticks[count - 1]);
		}
		return count;
	}
	return 0;
}

void svg_stretch(const double *values, size_t count, double *low, double *high)
{
	for (size_t i = 0; i < count; i++) {
		/* Beyond this a span overflows; nobody plots it. */
		if (!(fabs(values[i]) < 1e300))
			continue;
		if (*low > *high) {
			*low = *high = values[i];
			continue;
		}
		*low = fmin(*low, values[i]);
		*high = fmax(*high, values[i]);
	}
}

const char *svg_series_colour(size_t i)
{
	static const char *const colours[] = { "var(--series-1)", "var(--series-2)",
		"var(--series-3)", "var(--series-4)", "var(--series-5)", "var(--series-6)",
		"var(--series-7)", "var(--series-8)" };
	return colours[i % (sizeof colours / sizeof *colours)];
}

const char *svg_series_dash(size_t i)
{
	static const char *const dashes[] = { NULL, "7 3", "2 3", "9 3 2 3", "12 4", "5 2 1 2 1 2",
		"1 4", "14 3 3 3", "4 4", "10 2" };
	return dashes[i % (sizeof dashes / sizeof *dashes)];
}

static void svg_axis_ticks(struct strbuf *out, const struct svg_area *area,
	const struct svg_axis *axis, const double *ticks, size_t count, bool vertical)
{
	double step = count > 1 ? ticks[1] - ticks[0] : 1.0;
	for (size_t i = 0; i < count; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		svg_format_tick(&text, ticks[i], step, axis->percent);
		strbuf_inherit(out, &text);
		double at = svg_place(vertical ? &area->y : &area->x, ticks[i]);
		if (vertical) {
			svg_segment(out, area->left, at, area->right, at, "stroke=\"var(--line)\"");
			svg_label(out, area->left - 7, at + 4, SVG_END, "axis", text.text, 0);
		} else {
			svg_segment(out, at, area->bottom, at, area->bottom + 4,
				"stroke=\"var(--muted)\"");
			svg_label(out, at, area->bottom + 18, SVG_MIDDLE, "axis", text.text, 0);
		}
	}
}

static void svg_axis_limits(
	const struct svg_axis *axis, struct svg_scale *scale, double *ticks, size_t *count)
{
	scale->low = axis->low;
	scale->high = axis->high;
	bool given = axis->low < axis->high;
	if (!given) { /* one value, or none: a span about it */
		double about = isfinite(axis->low) ? axis->low : 0.0;
		double half = about != 0.0 ? fabs(about) / 2.0 : 0.5;
		scale->low = about - half;
		scale->high = about + half;
	}
	*count = svg_ticks(&scale->low, &scale->high, SVG_TICKS, true, ticks);
}

void svg_axes(struct strbuf *out, const struct svg_frame *frame, struct svg_area *area)
{
	double width = frame->width > 0.0 ? frame->width : SVG_DEFAULT_WIDTH;
	double height = frame->height > 0.0 ? frame->height : SVG_DEFAULT_HEIGHT;
	double x_ticks[SVG_TICKS], y_ticks[SVG_TICKS];
	size_t n_x, n_y;
	*area = (struct svg_area){
		.left = 62.0, .top = 12.0, .right = width - 18.0, .bottom = height - 44.0
	};
	svg_axis_limits(&frame->x, &area->x, x_ticks, &n_x);
	svg_axis_limits(&frame->y, &area->y, y_ticks, &n_y);
	area->x.from = area->left;
	area->x.to = area->right;
	area->y.from = area->bottom;
	area->y.to = area->top;
	svg_axis_ticks(out, area, &frame->y, y_ticks, n_y, true);
	svg_axis_ticks(out, area, &frame->x, x_ticks, n_x, false);
	svg_segment(out, area->left, area->bottom, area->right, area->bottom,
		"stroke=\"var(--muted)\"");
	if (frame->x.label)
		svg_label(out, (area->left + area->right) / 2, area->bottom + 36, SVG_MIDDLE,
			"axis", frame->x.label, 60);
	if (!frame->y.label)
		return;
	strbuf_add(out, "<g transform=\"translate(13 ");
	markup_coordinate(out, (area->top + area->bottom) / 2);
	strbuf_add(out, ") rotate(-90)\">");
	svg_label(out, 0, 0, SVG_MIDDLE, "axis", frame->y.label, 44);
	strbuf_add(out, "</g>");
}

void svg_sparkline(struct strbuf *out, const char *title, const double *values, size_t count)
{
	enum { WIDTH = 96, HEIGHT = 18, PAD = 2 };
	double low = 1.0, high = 0.0;
	svg_stretch(values, count, &low, &high);
	if (low > high)
		return;
	struct svg_scale x = { 0.0, count > 1 ? (double)(count - 1) : 1.0, PAD, WIDTH - PAD };
	struct svg_scale y = { low, high, HEIGHT - PAD, PAD };
	svg_begin(out, title, NULL, WIDTH, HEIGHT);
	strbuf_add(out, "<path fill=\"none\" stroke=\"var(--series-1)\" stroke-width=\"1.5\" d=\"");
	size_t stride = count / (WIDTH * 4) + 1;
	char command = 'M';
	for (size_t i = 0; i < count; i += stride) {
		if (!isfinite(values[i])) {
			command = 'M';
			continue;
		}
		strbuf_add_char(out, command);
		markup_coordinate(out, svg_place(&x, (double)i));
		strbuf_add_char(out, ' ');
		markup_coordinate(out, svg_place(&y, values[i]));
		command = 'L';
	}
	strbuf_add(out, "\"/>");
	svg_end(out);
}
