#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/report/svg.h"
#include "well_formed.h"

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, part)); at++)
		count++;
	return count;
}

START_TEST(ticks_are_round_and_cover)
{
	static const double cases[][2] = { { 0, 1 }, { 0, 0.97 }, { 3, 17 }, { -1e-5, 3.2e-5 },
		{ 1e6, 1.4e6 }, { -250, 250 }, { 0.123, 0.124 }, { 1, 1e9 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double low = cases[i][0], high = cases[i][1], ticks[6];
		size_t count = svg_ticks(&low, &high, 6, true, ticks);
		ck_assert_msg(count >= 3 && count <= 6, "case %zu: %zu ticks", i, count);
		ck_assert_double_le(ticks[0], cases[i][0] + 1e-9 * fabs(cases[i][0]));
		ck_assert_double_ge(ticks[count - 1], cases[i][1] - 1e-9 * fabs(cases[i][1]));
		ck_assert_double_le(low, cases[i][0]);
		ck_assert_double_ge(high, cases[i][1]);
		for (size_t t = 2; t < count; t++)
			ck_assert_double_eq_tol(
				ticks[t] - ticks[t - 1], ticks[1] - ticks[0], 1e-9 * (high - low));
	}
}
END_TEST

START_TEST(ticks_of_no_span)
{
	double low = 1, high = 1, ticks[6];
	ck_assert_uint_eq(svg_ticks(&low, &high, 6, true, ticks), 0);
	low = 1.0;
	high = nextafter(1.0, 2.0);
	ck_assert_uint_le(svg_ticks(&low, &high, 6, true, ticks), 6);
	low = -1e308;
	high = 1e308;
	ck_assert_uint_eq(svg_ticks(&low, &high, 6, true, ticks), 0);
	low = NAN;
	ck_assert_uint_eq(svg_ticks(&low, &high, 6, true, ticks), 0);
}
END_TEST

START_TEST(lines_have_title_and_legend)
{
	double x[] = { 0, 0.5, 1 }, y[] = { 0, 0.9, 1 }, low[] = { 0, 0.8, 0.9 },
	       high[] = { 0.1, 1, 1 };
	struct svg_series series[] = { { .name = "model <a>",
					       .x = x,
					       .y = y,
					       .count = 3,
					       .markers = true,
					       .low = low,
					       .high = high },
		{ .name = "chance", .x = x, .y = x, .count = 3, .reference = true },
		{ .x = x, .y = y, .count = 3, .steps = true } };
	struct svg_frame frame = { .title = "ROC & more",
		.description = "d",
		.x = { "false positive rate", 0, 1, true },
		.y = { "recall", 0, 1, false } };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	svg_lines(&out, &frame, series, 3);
	assert_well_formed(out.text);
	ck_assert_ptr_nonnull(strstr(out.text, "<title>ROC &amp; more</title>"));
	ck_assert_ptr_nonnull(strstr(out.text, "role=\"img\""));
	ck_assert_ptr_nonnull(strstr(out.text, "model &lt;a&gt;"));
	ck_assert_ptr_nonnull(strstr(out.text, ">100%<"));
	ck_assert_uint_eq(occurrences(out.text, "<path"), 3);
	ck_assert_uint_eq(occurrences(out.text, "<circle"), 3);
	ck_assert_ptr_null(strstr(out.text, "nan"));
}
END_TEST

START_TEST(charts_survive_odd_numbers)
{
	double odd[] = { NAN, INFINITY, -INFINITY, 1e308, -1e308, 0, 5e-324, 3 };
	double none[] = { NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
	double same[] = { 7, 7, 7, 7, 7, 7, 7, 7 };
	double *sets[] = { odd, none, same };
	const char *names[] = { "a", "b" };
	struct svg_frame frame = { .title = "t" };
	for (size_t i = 0; i < 9; i++) {
		double *x = sets[i % 3], *y = sets[i / 3];
		AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
		strbuf_add(&out, "<g>");
		struct svg_series series = { .name = "n",
			.x = x,
			.y = y,
			.count = 8,
			.low = y,
			.high = x,
			.markers = true };
		svg_lines(&out, &frame, &series, 1);
		svg_scatter(&out, &frame, x, y, 8, (enum svg_guide)(i % 3));
		struct svg_bars bars = { "b", x };
		svg_histogram(&out, &frame, &bars, 1, 8);
		struct svg_dot dots[8];
		for (size_t d = 0; d < 8; d++)
			dots[d] = (struct svg_dot){ "l", "n", x[d], y[d], x[7 - d], d % 2, d % 3 };
		svg_dots(&out, &frame, dots, 8, y[0]);
		svg_sparkline(&out, "s", x, 8);
		svg_matrix(&out, &frame, names, same, 2);
		svg_lines(&out, &frame, NULL, 0);
		svg_scatter(&out, &frame, NULL, NULL, 0, SVG_GUIDE_NONE);
		svg_dots(&out, &frame, NULL, 0, NAN);
		strbuf_add(&out, "</g>");
		ck_assert(!out.failed);
		assert_well_formed(out.text);
		ck_assert_ptr_null(strstr(out.text, "nan"));
		ck_assert_ptr_null(strstr(out.text, "inf"));
	}
}
END_TEST

START_TEST(sizes_are_bounded)
{
	enum { MANY = 200000 };
	static double values[MANY];
	for (size_t i = 0; i < MANY; i++)
		values[i] = sin((double)i) * 1e3;
	struct svg_frame frame = { .title = "t" };
	struct svg_series series = { .x = values, .y = values, .count = MANY, .markers = true };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	svg_lines(&out, &frame, &series, 1);
	svg_scatter(&out, &frame, values, values, MANY, SVG_GUIDE_NONE);
	svg_sparkline(&out, "s", values, MANY);
	ck_assert_uint_lt(out.length, 300000);
	strbuf_clear(&out);
	const char *names[300];
	for (size_t i = 0; i < 300; i++)
		names[i] = "a class with quite a long name, longer than there is room for";
	svg_matrix(&out, &frame, names, values, 300);
	ck_assert_uint_lt(out.length, 400000);
	ck_assert_ptr_nonnull(strstr(out.text, "(other)"));
	assert_well_formed(out.text);
	strbuf_clear(&out);
	struct svg_dot dots[300];
	for (size_t i = 0; i < 300; i++)
		dots[i] = (struct svg_dot){ names[i], "n 1", 0.5, 0.4, 0.6, false, false };
	svg_dots(&out, &frame, dots, 300, 0.5);
	ck_assert_uint_eq(occurrences(out.text, "<circle"), SVG_ROWS);
}
END_TEST

START_TEST(matrix_shows_counts_and_shares)
{
	const char *names[] = { "B", "M" };
	double counts[] = { 70, 2, 1, 1041 };
	struct svg_frame frame = { .title = "confusion" };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	svg_matrix(&out, &frame, names, counts, 2);
	assert_well_formed(out.text);
	ck_assert_ptr_nonnull(strstr(out.text, ">1,041<"));
	ck_assert_ptr_nonnull(strstr(out.text, ">97.2%<"));
	ck_assert_uint_eq(occurrences(out.text, "<rect"), 4);
}
END_TEST

UNIT_MAIN("report/svg", ticks_are_round_and_cover, ticks_of_no_span, lines_have_title_and_legend,
	charts_survive_odd_numbers, sizes_are_bounded, matrix_shows_counts_and_shares)
