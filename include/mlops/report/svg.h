/*
 * svg: charts as inline SVG.
 *
 * Each chart is one <svg> element with a title and a description for screen readers. Colours are
 * CSS variables of report/page.h (--ink, --muted, --line, --series-1 … --series-8, --heat), so one
 * drawing serves dark, light and print; series also differ by dash or marker, never by colour
 * alone. The palette is Okabe and Ito's. Values that are not finite are left out. Sizes are
 * bounded: a line is drawn with at most SVG_POINTS points.
 */
#ifndef MLOPS_REPORT_SVG_H
#define MLOPS_REPORT_SVG_H

#include <stdbool.h>

#include "mlops/base/strbuf.h"

enum { SVG_POINTS = 2000, SVG_SERIES = 10, SVG_MATRIX = 40, SVG_ROWS = 200, SVG_SCATTER = 2000 };

/* An axis over low .. high; equal limits: from the data, widened to round numbers. */
struct svg_axis {
	const char *label;
	double low, high;
	bool percent; /* ticks as 0% .. 100% of 0 .. 1 */
};

struct svg_frame {
	const char *title, *description;
	struct svg_axis x, y;
	double width, height; /* in CSS pixels; 0: 516 × 320, two to the width of a page */
};

struct svg_series {
	const char *name; /* in the legend; NULL: none */
	const double *x, *y;
	size_t count;
	bool steps; /* horizontal, then vertical */
	bool markers, no_line;
	bool reference; /* thin, dashed, muted: the diagonal of a ROC curve */
	const double *low, *high; /* error bars; NULL: none */
};

void svg_lines(struct strbuf *out, const struct svg_frame *frame, const struct svg_series *series,
	size_t n_series);

/* Bars over equal bins of low .. high; several sets side by side in each bin. */
struct svg_bars {
	const char *name;
	const double *values;
};
void svg_histogram(struct strbuf *out, const struct svg_frame *frame, const struct svg_bars *sets,
	size_t n_sets, size_t n_bins);

/* Points, drawn as circles; with `diagonal` the line y = x, with `zero` the line y = 0. */
enum svg_guide { SVG_GUIDE_NONE, SVG_GUIDE_DIAGONAL, SVG_GUIDE_ZERO };
void svg_scatter(struct strbuf *out, const struct svg_frame *frame, const double *x,
	const double *y, size_t count, enum svg_guide guide);

/* One row a value with its interval: what a forest plot shows. The frame's height is not used. */
struct svg_dot {
	const char *label, *note; /* note at the right edge: "n 57" */
	double value, low, high; /* NaN: not drawn */
	bool muted, strong;
};
void svg_dots(struct strbuf *out, const struct svg_frame *frame, const struct svg_dot *dots,
	size_t count, double reference); /* a vertical line; NaN: none */

/*
 * A square heat map with the number in each cell; shade is by row share. Over SVG_MATRIX classes
 * the cells of the others are summed up in one "other".
 */
void svg_matrix(struct strbuf *out, const struct svg_frame *frame, const char *const *names,
	const double *counts, size_t n);

/* A line without axes, as high as the text. */
void svg_sparkline(struct strbuf *out, const char *title, const double *values, size_t count);

/*
 * Round ticks for low .. high: steps of 1, 2, 2.5 or 5 times a power of ten, at most `most` of
 * them. Returns how many were written to ret_ticks (room for `most`); also widens the limits to the
 * ticks if asked.
 */
size_t svg_ticks(double *low, double *high, size_t most, bool widen, double *ret_ticks);

#endif
