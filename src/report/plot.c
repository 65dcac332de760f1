#include "mlops/report/plot.h"

#include <math.h>
#include <string.h>

#include "mlops/base/utf8.h"

static const char *const plot_levels[2][8] = {
	[PLOT_UNICODE] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
	[PLOT_ASCII] = { "_", "_", ".", ".", "-", "-", "=", "#" },
};

/* Smallest and largest finite value; false if there is none. */
static bool plot_limits(const double *values, size_t count, double *low, double *high)
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		if (!isfinite(values[i]))
			continue;
		*low = any ? fmin(*low, values[i]) : values[i];
		*high = any ? fmax(*high, values[i]) : values[i];
		any = true;
	}
	return any;
}

/* The mean of the finite values of a group; NaN if there is none. */
static double plot_group_mean(const double *values, size_t begin, size_t end)
{
	double sum = 0.0, used = 0.0;
	for (size_t i = begin; i < end; i++) {
		if (!isfinite(values[i]))
			continue;
		used += 1.0;
		sum += (values[i] - sum) / used;
	}
	return used > 0.0 ? sum : NAN;
}

void plot_sparkline(struct strbuf *out, const double *values, size_t count, size_t width,
	enum plot_charset charset)
{
	double low, high;
	if (count == 0 || width == 0 || !plot_limits(values, count, &low, &high))
		return;
	size_t columns = count < width ? count : width;
	for (size_t c = 0; c < columns; c++) {
		double mean =
			plot_group_mean(values, c * count / columns, (c + 1) * count / columns);
		if (isnan(mean)) {
			strbuf_add_char(out, ' ');
			continue;
		}
		/* Halves, so that a range over the whole of double does not overflow. */
		double share = high > low ? (mean / 2 - low / 2) / (high / 2 - low / 2) : 0.0;
		int level = (int)(share * 8.0);
		strbuf_add(out, plot_levels[charset][level < 0 ? 0 : level > 7 ? 7 : level]);
	}
}

void plot_bar(
	struct strbuf *out, double value, double full, size_t width, enum plot_charset charset)
{
	static const char *const parts[8] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	double share = isfinite(value) && full > 0.0 ? fmin(fmax(value / full, 0.0), 1.0) : 0.0;
	size_t eighths = (size_t)lround(share * 8.0 * (double)width);
	if (charset == PLOT_ASCII)
		eighths = (eighths + 4) / 8 * 8;
	size_t whole = eighths / 8, used = whole;
	for (size_t i = 0; i < whole; i++)
		strbuf_add(out, charset == PLOT_ASCII ? "#" : "█");
	if (eighths % 8) {
		strbuf_add(out, parts[eighths % 8]);
		used++;
	}
	if (used < width)
		strbuf_add_repeated(out, ' ', width - used);
}

static void plot_number(struct strbuf *out, double value)
{
	if (!isfinite(value))
		strbuf_add(out, "-");
	else if (fabs(value) < 1e7 && value == floor(value))
		strbuf_printf(out, "%.0f", value);
	else
		strbuf_printf(out, "%.4g", value);
}

void plot_bars(struct strbuf *out, const struct plot_item *items, size_t count, size_t width,
	enum plot_charset charset)
{
	size_t labels = 0, numbers = 0;
	double full = 0.0;
	for (size_t i = 0; i < count; i++) {
		AUTO(strbuf_release) struct strbuf number = STRBUF_INIT;
		plot_number(&number, items[i].value);
		size_t label = utf8_width(text_of(items[i].label));
		labels = label > labels ? label : labels;
		numbers = number.length > numbers ? number.length : numbers;
		if (isfinite(items[i].value))
			full = fmax(full, items[i].value);
	}
	/* At least 8 columns of bar; long labels give way. */
	if (labels + numbers + 12 > width)
		labels = width > numbers + 20 ? width - numbers - 12 : 8;
	size_t bar = width > labels + numbers + 12 ? width - labels - numbers - 4 : 8;
	for (size_t i = 0; i < count; i++) {
		AUTO(strbuf_release) struct strbuf label = STRBUF_INIT;
		AUTO(strbuf_release) struct strbuf safe = STRBUF_INIT;
		AUTO(strbuf_release) struct strbuf number = STRBUF_INIT;
		utf8_escape(&safe, text_of(items[i].label));
		utf8_truncate(&label, text_of(safe.text), labels, charset == PLOT_ASCII);
		plot_number(&number, items[i].value);
		strbuf_inherit(out, &safe);
		strbuf_inherit(out, &label);
		strbuf_inherit(out, &number);
		size_t used = utf8_width(text_of(label.text));
		strbuf_add(out, label.text);
		strbuf_add_repeated(out, ' ', (used < labels ? labels - used : 0) + 2);
		plot_bar(out, items[i].value, full, bar, charset);
		strbuf_add_repeated(out, ' ', 2 + numbers - number.length);
		strbuf_add(out, number.text);
		strbuf_add_char(out, '\n');
	}
}

/* "low          high", in `width` columns where it fits. */
static void plot_axis(struct strbuf *out, double low, double high, size_t width)
{
	AUTO(strbuf_release) struct strbuf left = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf right = STRBUF_INIT;
	plot_number(&left, low);
	plot_number(&right, high);
	strbuf_inherit(out, &left);
	strbuf_inherit(out, &right);
	size_t used = left.length + right.length;
	strbuf_add(out, left.text);
	strbuf_add_repeated(out, ' ', used < width ? width - used : 1);
	strbuf_add(out, right.text);
	strbuf_add_char(out, '\n');
}

void plot_histogram(struct strbuf *out, const double *counts, size_t n_bins, double low,
	double high, size_t height, enum plot_charset charset)
{
	double full = 0.0;
	for (size_t i = 0; i < n_bins; i++)
		if (isfinite(counts[i]))
			full = fmax(full, counts[i]);
	for (size_t line = height; line-- > 0;) {
		size_t end = 0; /* without blanks at the end of the line */
		for (size_t i = 0; i < n_bins; i++)
			if (full > 0.0 &&
				counts[i] / full * 8.0 * (double)height >= 8.0 * (double)line + 0.5)
				end = i + 1;
		for (size_t i = 0; i < end; i++) {
			double eighths = isfinite(counts[i])
						 ? round(counts[i] / full * 8.0 * (double)height) -
							   8.0 * (double)line
						 : 0.0;
			if (eighths < 1.0)
				strbuf_add_char(out, ' ');
			else
				strbuf_add(out,
					charset == PLOT_ASCII
						? "#"
						: plot_levels[charset]
							     [eighths >= 8.0 ? 7
									     : (int)eighths - 1]);
		}
		strbuf_add_char(out, '\n');
	}
	for (size_t i = 0; i < n_bins; i++)
		strbuf_add(out, charset == PLOT_ASCII ? "-" : "─");
	strbuf_add_char(out, '\n');
	plot_axis(out, low, high, n_bins);
}

/* Dots of a line plot: 2 × 4 a character in braille, 1 × 1 in ASCII. */
struct plot_grid {
	size_t columns, lines, dots_x, dots_y;
	uint8_t *cells; /* the braille bits, or 1 */
};

static void plot_set_dot(struct plot_grid *grid, size_t x, size_t y)
{
	static const uint8_t bits[4][2] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 },
		{ 0x40, 0x80 } };
	size_t cell = y / grid->dots_y * grid->columns + x / grid->dots_x;
	grid->cells[cell] |= bits[y % grid->dots_y][x % grid->dots_x];
}

/* A segment between two points in dots, y down. */
static void plot_segment(struct plot_grid *grid, const double from[2], const double to[2])
{
	double steps = ceil(fmax(fabs(to[0] - from[0]), fabs(to[1] - from[1])));
	for (double s = 0.0; s <= steps; s += 1.0) {
		double share = steps > 0.0 ? s / steps : 0.0;
		plot_set_dot(grid, (size_t)lround(from[0] + share * (to[0] - from[0])),
			(size_t)lround(from[1] + share * (to[1] - from[1])));
	}
}

struct plot_range {
	double low, high;
};

static double plot_place(double value, struct plot_range range, double dots)
{
	double span = range.high / 2 - range.low / 2;
	return span > 0.0 ? (value / 2 - range.low / 2) / span * (dots - 1.0) : (dots - 1.0) / 2.0;
}

static void plot_draw_line(struct plot_grid *grid, const double *x, const double *y, size_t count,
	struct plot_range x_range, struct plot_range y_range)
{
	double wide = (double)(grid->columns * grid->dots_x);
	double high = (double)(grid->lines * grid->dots_y);
	double last[2] = { 0.0, 0.0 };
	bool joined = false;
	for (size_t i = 0; i < count; i++) {
		if (!isfinite(x[i]) || !isfinite(y[i])) {
			joined = false;
			continue;
		}
		double here[2] = { plot_place(x[i], x_range, wide),
			high - 1.0 - plot_place(y[i], y_range, high) };
		plot_segment(grid, joined ? last : here, here);
		memcpy(last, here, sizeof last);
		joined = true;
	}
}

static void plot_print_grid(struct strbuf *out, const struct plot_grid *grid,
	const struct strbuf *high, const struct strbuf *low, enum plot_charset charset)
{
	size_t margin = high->length > low->length ? high->length : low->length;
	for (size_t line = 0; line < grid->lines; line++) {
		const struct strbuf *label = line == 0                 ? high
					     : line + 1 == grid->lines ? low
								       : NULL;
		strbuf_add_repeated(out, ' ', margin - (label ? label->length : 0));
		strbuf_add(out, label ? label->text : "");
		strbuf_add(out, charset == PLOT_ASCII ? " |" : " ┤");
		size_t end = grid->columns;
		while (end && !grid->cells[line * grid->columns + end - 1])
			end--;
		for (size_t c = 0; c < end; c++) {
			uint8_t dots = grid->cells[line * grid->columns + c];
			if (!dots)
				strbuf_add_char(out, ' ');
			else if (charset == PLOT_ASCII)
				strbuf_add_char(out, '*');
			else
				utf8_add(out, 0x2800u + dots);
		}
		strbuf_add_char(out, '\n');
	}
	strbuf_add_repeated(out, ' ', margin + 2);
}

void plot_line(struct strbuf *out, const double *x, const double *y, size_t count, size_t width,
	size_t height, enum plot_charset charset)
{
	struct plot_range x_range, y_range;
	if (height < 2 || !plot_limits(x, count, &x_range.low, &x_range.high) ||
		!plot_limits(y, count, &y_range.low, &y_range.high))
		return;
	AUTO(strbuf_release) struct strbuf low = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf high = STRBUF_INIT;
	plot_number(&low, y_range.low);
	plot_number(&high, y_range.high);
	strbuf_inherit(out, &low);
	strbuf_inherit(out, &high);
	size_t margin = (high.length > low.length ? high.length : low.length) + 2;
	struct plot_grid grid = { .columns = width > margin + 8 ? width - margin : 8,
		.lines = height,
		.dots_x = charset == PLOT_ASCII ? 1 : 2,
		.dots_y = charset == PLOT_ASCII ? 1 : 4 };
	struct error err = ERROR_INIT;
	AUTO_FREE uint8_t *cells = memory_allocate(grid.columns, grid.lines, &err);
	if (!cells) {
		out->failed = true;
		return;
	}
	grid.cells = cells;
	plot_draw_line(&grid, x, y, count, x_range, y_range);
	plot_print_grid(out, &grid, &high, &low, charset);
	plot_axis(out, x_range.low, x_range.high, grid.columns);
}
