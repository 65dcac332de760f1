/*
 * plot: small plots for a terminal, as text.
 *
 * Each fits the width it is given, in columns as base/utf8.h counts them. PLOT_ASCII uses
 * ASCII only, for terminals and logs without UTF-8. Values that are not finite leave a gap. No
 * colour: the caller adds it. Lines end with a newline; a sparkline has none.
 */
#ifndef MLOPS_REPORT_PLOT_H
#define MLOPS_REPORT_PLOT_H

#include "mlops/base/strbuf.h"

enum plot_charset { PLOT_UNICODE, PLOT_ASCII };

/*
 * One character a value, "▁▃▅▇"; more values than `width` are averaged in groups. Scaled to the
 * smallest and largest value; equal values are drawn at the lowest level.
 */
void plot_sparkline(struct strbuf *out, const double *values, size_t count, size_t width,
	enum plot_charset charset);

/* A bar of `width` columns that is filled to value / full, in eighths: "███▌    ". */
void plot_bar(
	struct strbuf *out, double value, double full, size_t width, enum plot_charset charset);

/* "label  ████▌  12.3", one line each, bars from 0 to the largest value. */
struct plot_item {
	const char *label;
	double value;
};
void plot_bars(struct strbuf *out, const struct plot_item *items, size_t count, size_t width,
	enum plot_charset charset);

/* Counts over equal bins of low .. high, standing, `height` lines with an axis below. */
void plot_histogram(struct strbuf *out, const double *counts, size_t n_bins, double low,
	double high, size_t height, enum plot_charset charset);

/* y over x as a line of braille dots (ASCII: '*'), with the limits of both axes written. */
void plot_line(struct strbuf *out, const double *x, const double *y, size_t count, size_t width,
	size_t height, enum plot_charset charset);

#endif
