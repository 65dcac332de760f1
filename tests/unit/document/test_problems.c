#include "unit.h"

#include <string.h>

#include "mlops/document/problems.h"

static struct problems_style plain = { .width = 80 };

static void add(struct problems *problems, unsigned line, unsigned column, const char *text)
{
	struct position at;
	position_set(&at, "mlops.yaml", line, column);
	problems_add(problems, &at, "%s", text);
}

static void assert_shown(
	const char *source, unsigned line, unsigned column, const char *hint, const char *expected)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct problems problems = PROBLEMS_INIT;
	struct position at;
	position_set(&at, "mlops.yaml", line, column);
	problem_hint(problems_add(&problems, &at, "bad"), "%s", hint);
	problem_format(&problems.items[0], text_of(source), &plain, &text);
	ck_assert_str_eq(text.text, expected);
}

START_TEST(problems_are_shown_where_they_stand)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct problems problems = PROBLEMS_INIT;
	struct position at;
	position_set(&at, "mlops.yaml", 3, 9);
	problem_hint(problems_add(&problems, &at,
			     "model.type: 'logstic' is not one of baseline, linear, logistic"),
		"did you mean '%s'?", "logistic");
	problems_format(&problems, TEXT("name: x\nmodel:\n  type: logstic\n"), &plain, &text);
	ck_assert_str_eq(text.text,
		"mlops.yaml:3:9: error: model.type: 'logstic' is not one of baseline, linear, "
		"logistic\n"
		"    3 |   type: logstic\n"
		"      |         ^~~~~~~  did you mean 'logistic'?\n");
}
END_TEST

START_TEST(problems_mark_words)
{
	assert_shown("a: \"x y\" # c", 1, 4, "h",
		"mlops.yaml:1:4: error: bad\n    1 | a: \"x y\" # c\n      |    ^~~~~  h\n");
	assert_shown("{a: 12, b: 3}", 1, 5, "",
		"mlops.yaml:1:5: error: bad\n    1 | {a: 12, b: 3}\n      |     ^~\n");
	assert_shown(
		"key: v", 1, 1, "", "mlops.yaml:1:1: error: bad\n    1 | key: v\n      | ^~~\n");
	assert_shown("a:\r\nb:", 2, 3, "", "mlops.yaml:2:3: error: bad\n    2 | b:\n      |   ^\n");
	/* A line that is not there, and no source: the hint goes behind the message. */
	assert_shown("a", 7, 1, "h", "mlops.yaml:7:1: error: bad (h)\n");
	assert_shown(NULL, 7, 1, "h", "mlops.yaml:7:1: error: bad (h)\n");
}
END_TEST

START_TEST(problems_align_tabs_and_wide_characters)
{
	assert_shown("\tab\tbad", 1, 5, "",
		"mlops.yaml:1:5: error: bad\n    1 |         ab      bad\n"
		"      |                 ^~~\n");
	assert_shown("\u6771\u4eac: \u6771", 1, 9, "",
		"mlops.yaml:1:9: error: bad\n    1 | \u6771\u4eac: \u6771\n      |       ^~\n");
	assert_shown("a: \x1b[31m\xff\\d", 1, 4, "\x1b]0;x",
		"mlops.yaml:1:4: error: bad\n    1 | a: \\x1b[31m\\xff\\d\n"
		"      |    ^~~~~~~~~~~~~~  \\x1b]0;x\n");
}
END_TEST

START_TEST(problems_cut_long_lines_around_the_mark)
{
	AUTO(strbuf_release) struct strbuf source = STRBUF_INIT, text = STRBUF_INIT;
	struct problems problems = PROBLEMS_INIT;
	strbuf_add_repeated(&source, 'a', 300);
	strbuf_add(&source, " here ");
	strbuf_add_repeated(&source, 'b', 300);
	add(&problems, 1, 302, "bad");
	struct problems_style narrow = { .width = 40 };
	problem_format(&problems.items[0], text_of(source.text), &narrow, &text);
	ck_assert_str_eq(text.text, "mlops.yaml:1:302: error: bad\n"
				    "    1 | \u2026aaaaaaaaa here bbbbbbbbbbbbbbb\u2026\n"
				    "      |            ^~~~\n");
}
END_TEST

START_TEST(problems_are_coloured)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, bare = STRBUF_INIT;
	struct problems problems = PROBLEMS_INIT;
	add(&problems, 1, 1, "bad");
	struct problems_style colour = { .width = 80, .colour = true };
	problem_format(&problems.items[0], TEXT("abc"), &colour, &text);
	for (const char *at = text.text; *at; at++) {
		if (*at == '\x1b')
			at = strchr(at, 'm');
		else
			strbuf_add_char(&bare, *at);
	}
	ck_assert_ptr_nonnull(strstr(text.text, "\x1b[1;31merror:\x1b[0m"));
	ck_assert_str_eq(bare.text, "mlops.yaml:1:1: error: bad\n    1 | abc\n      | ^~~\n");
}
END_TEST

START_TEST(problems_are_sorted_and_counted)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct problems problems = PROBLEMS_INIT;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(problems_check(&problems, &err), 0);
	for (unsigned line = 30; line; line--) {
		add(&problems, line, 2, "second");
		add(&problems, line, 1, "first");
	}
	struct position at;
	position_set(&at, "mlops.yaml", 99, 1);
	ck_assert_ptr_null(problems_warn(&problems, &at, "late"));
	ck_assert_uint_eq(problems.count, PROBLEMS_MOST);
	for (size_t i = 0; i < problems.count; i++) {
		ck_assert_uint_eq(problems.items[i].at.line, i / 2 + 1);
		ck_assert_uint_eq(problems.items[i].at.column, i % 2 + 1);
	}
	problems_format(&problems, (struct text){ NULL, 0 }, &plain, &text);
	ck_assert_ptr_nonnull(
		strstr(text.text, "\n\u2026 and 40 more errors and 1 more warning\n"));
	ck_assert_int_eq(problems_check(&problems, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "first");
	ck_assert_str_eq(err.hint, "there are 59 more errors");
}
END_TEST

START_TEST(problems_without_a_line_keep_the_source_of_others)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct problems problems = PROBLEMS_INIT;
	struct position at;
	position_set(&at, "--set model.C", 0, 0);
	problems_add(&problems, &at, "is below 0");
	add(&problems, 1, 1, "bad");
	problems_format(&problems, TEXT("abc"), &plain, &text);
	ck_assert_str_eq(text.text, "--set model.C: error: is below 0\n"
				    "mlops.yaml:1:1: error: bad\n    1 | abc\n      | ^~~\n");
}
END_TEST

UNIT_MAIN("document/problems", problems_are_shown_where_they_stand, problems_mark_words,
	problems_align_tabs_and_wide_characters, problems_cut_long_lines_around_the_mark,
	problems_are_coloured, problems_are_sorted_and_counted,
	problems_without_a_line_keep_the_source_of_others)
