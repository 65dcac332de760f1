/* What the charts share: the element, scales, axes, legends and texts. */
#ifndef REPORT_SVG_INTERNAL_H
#define REPORT_SVG_INTERNAL_H

#include "mlops/report/svg.h"

enum { SVG_DEFAULT_WIDTH = 516, SVG_DEFAULT_HEIGHT = 320 };

/* From values to pixels; high < low in pixels turns the axis round. */
struct svg_scale {
	double low, high, from, to;
};
double svg_place(const struct svg_scale *scale, double value);

/* <svg …><title><desc>; the other end is svg_end(). */
void svg_begin(struct strbuf *out, const char *title, const char *description, double width,
	double height);
void svg_end(struct strbuf *out);

/* attributes: name="value" pairs as they shall stand, or "" */
void svg_segment(
	struct strbuf *out, double x1, double y1, double x2, double y2, const char *attributes);
void svg_rectangle(struct strbuf *out, double x, double y, double width, double height,
	const char *attributes);
void svg_circle(struct strbuf *out, double x, double y, double radius, const char *attributes);

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };
/* Text cut to `most` characters (0: as it is); class may be NULL. */
void svg_label(struct strbuf *out, double x, double y, enum svg_anchor anchor, const char *class,
	const char *text, size_t most);

/* "0.25", "1,200", "25%": a tick of an axis whose ticks are `step` apart. */
void svg_format_tick(struct strbuf *out, double value, double step, bool percent);

/* "12,345" for whole numbers, else four digits. */
void svg_format_count(struct strbuf *out, double value);

/* The plotting area with both axes drawn; scales for what goes in. */
struct svg_area {
	double left, top, right, bottom;
	struct svg_scale x, y;
};
void svg_axes(struct strbuf *out, const struct svg_frame *frame, struct svg_area *area);

/* stroke or fill of series i, and its dash pattern (NULL: solid). */
const char *svg_series_colour(size_t i);
const char *svg_series_dash(size_t i);

/* Widens *low .. *high to take the finite values in. Start with low > high. */
void svg_stretch(const double *values, size_t count, double *low, double *high);

#endif
