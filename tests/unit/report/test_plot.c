#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/base/utf8.h"
#include "mlops/report/plot.h"

static void assert_sparkline(const double *values, size_t count, size_t width,
	enum plot_charset charset, const char *expected)
{
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	plot_sparkline(&out, values, count, width, charset);
	ck_assert_str_eq(out.text, expected);
}

START_TEST(sparklines)
{
	double ramp[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	assert_sparkline(ramp, 8, 8, PLOT_UNICODE, "▁▂▃▄▅▆▇█");
	assert_sparkline(ramp, 8, 80, PLOT_UNICODE, "▁▂▃▄▅▆▇█");
	assert_sparkline(ramp, 8, 4, PLOT_UNICODE, "▁▃▆█");
	assert_sparkline(ramp, 8, 8, PLOT_ASCII, "__..--=#");
	double flat[] = { 3, 3 }, gap[] = { 0, NAN, 1 }, none[] = { NAN };
	assert_sparkline(flat, 2, 8, PLOT_UNICODE, "▁▁");
	assert_sparkline(gap, 3, 8, PLOT_UNICODE, "▁ █");
	assert_sparkline(none, 1, 8, PLOT_UNICODE, "");
	assert_sparkline(ramp, 0, 8, PLOT_UNICODE, "");
	double wide[] = { -1.7e308, 1.7e308 };
	assert_sparkline(wide, 2, 8, PLOT_UNICODE, "▁█");
}
END_TEST

static void assert_bar(double value, size_t width, enum plot_charset charset, const char *expected)
{
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	plot_bar(&out, value, 1.0, width, charset);
	ck_assert_str_eq(out.text, expected);
}

START_TEST(bars)
{
	assert_bar(0.5, 4, PLOT_UNICODE, "██  ");
	assert_bar(1.0, 4, PLOT_UNICODE, "████");
	assert_bar(9.0, 4, PLOT_UNICODE, "████");
	assert_bar(0.0, 4, PLOT_UNICODE, "    ");
	assert_bar(NAN, 4, PLOT_UNICODE, "    ");
	assert_bar(0.40625, 4, PLOT_UNICODE, "█▋  ");
	assert_bar(0.40625, 4, PLOT_ASCII, "##  ");
}
END_TEST

START_TEST(bar_charts_fit_the_width)
{
	struct plot_item items[] = { { "area", 12.25 }, { "長い名前の列", 6 },
		{ "a name that is far too long to be shown whole anywhere", 3 },
		{ "escape \x1b[31m", NAN } };
	for (size_t width = 30; width < 120; width += 7) {
		AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
		plot_bars(&out, items, 4, width, PLOT_UNICODE);
		ck_assert_ptr_null(strchr(out.text, '\x1b'));
		struct text rest = text_of(out.text), line;
		size_t lines = 0;
		while (text_split(&rest, '\n', &line)) {
			if (line.length)
				ck_assert_uint_eq(utf8_width(line), width);
			lines += line.length > 0;
		}
		ck_assert_uint_eq(lines, 4);
	}
}
END_TEST

START_TEST(histograms)
{
	double counts[] = { 1, 4, 2, 0 };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	plot_histogram(&out, counts, 4, 0, 8, 2, PLOT_UNICODE);
	ck_assert_str_eq(out.text, " █\n▄██\n────\n0  8\n");
	strbuf_clear(&out);
	plot_histogram(&out, counts, 4, 0, 8, 2, PLOT_ASCII);
	ck_assert_str_eq(out.text, " #\n###\n----\n0  8\n");
}
END_TEST

START_TEST(line_plots)
{
	double x[] = { 0, 1, 2, 3, 4 }, y[] = { 0, 1, 2, 3, 4 };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	plot_line(&out, x, y, 5, 11, 4, PLOT_ASCII);
	ck_assert_str_eq(out.text, "4 |      **\n  |    **\n  |  ***\n0 |**\n   0      4\n");
	strbuf_clear(&out);
	plot_line(&out, x, y, 5, 12, 2, PLOT_UNICODE);
	ck_assert_uint_eq(utf8_count(text_of(out.text)) > 10, 1);
	strbuf_clear(&out);
	double odd[] = { NAN, 1, INFINITY, 2, 2 };
	plot_line(&out, x, odd, 5, 20, 3, PLOT_UNICODE);
	ck_assert(!out.failed && out.length > 0);
	strbuf_clear(&out);
	plot_line(&out, x, odd, 1, 20, 3, PLOT_UNICODE);
	ck_assert_str_eq(out.text, "");
}
END_TEST

UNIT_MAIN("report/plot", sparklines, bars, bar_charts_fit_the_width, histograms, line_plots)
