#include "unit.h"

#include <string.h>

#include "mlops/base/utf8.h"
#include "mlops/ui/text_table.h"

static void render_is(struct text_table *table, size_t width, bool utf8, const char *expected)
{
	struct error err = ERROR_INIT;
	struct style style = { .utf8 = utf8, .width = width };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	ck_assert_int_eq(text_table_render(table, &style, &text, &err), 0);
	ck_assert_str_eq(text.text, expected);
}

static void fill(struct text_table *table, const char *const *cells)
{
	for (; *cells; cells++)
		text_table_cell(table, text_of(*cells), COLOUR_NONE);
}

START_TEST(columns_are_aligned)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "name", TABLE_LEFT);
	text_table_column(&table, "value", TABLE_RIGHT);
	text_table_column(&table, "note", TABLE_LEFT);
	fill(&table, (const char *const[]){ "a", "1.5", "x", "longer", "22.25", "", NULL });
	render_is(&table, 80, true,
		"name    value  note\n"
		"a         1.5  x\n"
		"longer  22.25\n");
}
END_TEST

START_TEST(wide_and_hostile_text_is_measured_and_escaped)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "a", TABLE_LEFT);
	text_table_column(&table, "b", TABLE_LEFT);
	fill(&table,
		(const char *const[]){ "日本", "x", "a\033[2J\nb", "y", "e\u0301", "z", NULL });
	render_is(&table, 80, true,
		"a            b\n"
		"日本         x\n"
		"a\\x1b[2J\\nb  y\n"
		"e\u0301            z\n");
}
END_TEST

START_TEST(columns_that_may_shrink_do)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "id", TABLE_LEFT);
	text_table_column(&table, "text", TABLE_LEFT | TABLE_SHRINK);
	text_table_column(&table, "n", TABLE_RIGHT);
	fill(&table, (const char *const[]){ "1234567", "abcdefghijklmnopqrstuvwxyz", "5", NULL });
	render_is(&table, 24, true,
		"id       text          n\n"
		"1234567  abcdefghijk…  5\n");
	render_is(&table, 24, false,
		"id       text          n\n"
		"1234567  abcdefghi...  5\n");
}
END_TEST

START_TEST(equals_shrink_alike)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "a", TABLE_LEFT | TABLE_SHRINK);
	text_table_column(&table, "b", TABLE_LEFT | TABLE_SHRINK);
	fill(&table, (const char *const[]){
			     "abcdefghijklmnopqrst", "abcdefghijklmnopqrstuvwxyz", NULL });
	render_is(&table, 26, true,
		"a             b\n"
		"abcdefghijk…  abcdefghijk…\n");
}
END_TEST

START_TEST(what_is_left_out_gives_its_width_back)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "id", TABLE_LEFT);
	text_table_column(&table, "name", TABLE_LEFT | TABLE_SHRINK);
	text_table_column(&table, "heading", TABLE_RIGHT);
	fill(&table, (const char *const[]){ "1234567", "abcdefghijkl", "5", NULL });
	render_is(&table, 25, true,
		"id       name\n"
		"1234567  abcdefghijkl\n"
		"(1 more column: use a wider terminal or --json)\n");
}
END_TEST

START_TEST(signs_become_ascii_where_they_must)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "a", TABLE_LEFT);
	text_table_column(&table, "b", TABLE_LEFT);
	fill(&table, (const char *const[]){ "x ≤ 3", "0.9 – 1 µs", "ÄÖ", "2 × 3 → −∞", NULL });
	render_is(&table, 80, false,
		"a       b\n"
		"x <= 3  0.9 - 1 us\n"
		"ÄÖ      2 x 3 -> -inf\n");
}
END_TEST

START_TEST(lines_break_between_words)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct style style = { .utf8 = true, .width = 14 };
	style_add_wrapped(&text, &style, 2, "one two three four exceedingly-long five");
	ck_assert_str_eq(text.text, "one two\n  three four\n  exceedingly-long\n  five");
	strbuf_clear(&text);
	style.width = SIZE_MAX;
	style_add_wrapped(&text, &style, 2, "one two three four");
	ck_assert_str_eq(text.text, "one two three four");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_and_said)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	for (int i = 0; i < 5; i++)
		text_table_column(&table, "heading", TABLE_LEFT);
	fill(&table, (const char *const[]){ "1", "2", "3", "4", "5", NULL });
	render_is(&table, 26, true,
		"heading  heading  heading\n"
		"1        2        3\n"
		"(2 more columns: use a wider terminal or --json)\n");
}
END_TEST

START_TEST(empty_optional_columns_are_not_shown)
{
	AUTO(text_table_release) struct text_table table;
	text_table_init(&table);
	text_table_column(&table, "a", TABLE_LEFT);
	text_table_column(&table, "tags", TABLE_LEFT | TABLE_OPTIONAL);
	text_table_column(&table, "b", TABLE_LEFT);
	text_table_cell(&table, text_of("1"), COLOUR_NONE);
	text_table_end_row(&table);
	text_table_cell(&table, text_of("2"), COLOUR_NONE);
	render_is(&table, 80, true, "a  b\n1\n2\n");
}
END_TEST

START_TEST(colour_does_not_count_as_width)
{
	struct error err = ERROR_INIT;
	struct style style = { .utf8 = true, .colour = true, .width = 80 };
	AUTO(text_table_release) struct text_table table;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	text_table_init(&table);
	table.no_heading = true;
	text_table_column(&table, "a", TABLE_LEFT);
	text_table_column(&table, "b", TABLE_LEFT);
	text_table_cell(&table, text_of("ab"), COLOUR_GOOD);
	text_table_cell_format(&table, COLOUR_NONE, "%d", 1);
	text_table_cell(&table, text_of("abcd"), COLOUR_NONE);
	text_table_cell_format(&table, COLOUR_NONE, "%d", 2);
	ck_assert_int_eq(text_table_render(&table, &style, &text, &err), 0);
	ck_assert_str_eq(text.text, "\033[32mab\033[0m    1\nabcd  2\n");
}
END_TEST

/* No line is wider than asked for, whatever the cells, unless the first column alone is. */
START_TEST(any_table_fits)
{
	unsigned state = 7;
	for (int round = 0; round < 300; round++) {
		AUTO(text_table_release) struct text_table table;
		text_table_init(&table);
		size_t columns = 1 + (state = state * 1103515245 + 12345) / 65536 % 6;
		for (size_t i = 0; i < columns; i++)
			text_table_column(
				&table, "h", (state >> (16 + i)) & 1 ? TABLE_SHRINK : TABLE_RIGHT);
		for (size_t i = 0; i < 3 * columns; i++) {
			state = state * 1103515245 + 12345;
			char cell[64] = "";
			memset(cell, 'x', i % columns ? state / 65536 % 40 : 5);
			text_table_cell(&table, text_of(cell), COLOUR_NONE);
		}
		struct error err = ERROR_INIT;
		size_t width = 20 + state / 65536 % 80;
		struct style style = { .utf8 = true, .width = width };
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		ck_assert_int_eq(text_table_render(&table, &style, &text, &err), 0);
		struct text rest = { text.text, text.length }, line;
		while (text_split(&rest, '\n', &line))
			if (!text_starts_with(line, "("))
				ck_assert_uint_le(utf8_width(line), width);
	}
}
END_TEST

UNIT_MAIN("ui/text_table", columns_are_aligned, wide_and_hostile_text_is_measured_and_escaped,
	columns_that_may_shrink_do, equals_shrink_alike, what_is_left_out_gives_its_width_back,
	signs_become_ascii_where_they_must, lines_break_between_words,
	what_does_not_fit_is_left_out_and_said, empty_optional_columns_are_not_shown,
	colour_does_not_count_as_width, any_table_fits)
