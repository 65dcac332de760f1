#include "unit.h"

#include <string.h>

#include "mlops/base/utf8.h"

START_TEST(utf8_round_trips_every_code_point)
{
	for (uint32_t code = 0; code <= 0x10FFFF; code++) {
		if (code >= 0xD800 && code <= 0xDFFF)
			continue;
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		utf8_add(&text, code);
		struct text rest = { text.text, text.length };
		ck_assert_uint_eq(utf8_take(&rest), code);
		ck_assert_uint_eq(rest.length, 0);
	}
}
END_TEST

/* The ill-formed sequences of Unicode 15, tables 3-8 to 3-11: each bad byte alone. */
START_TEST(utf8_takes_bad_bytes_one_by_one)
{
	static const struct {
		const char *bytes;
		size_t length, good;
		const char *shown;
	} cases[] = {
		{ "\xC0\xAF\xE0\x80\xBF\x41", 6, 0, "?????A" },
		{ "\xED\xA0\x80\xED\xBF\xBF\x41", 7, 0, "??????A" },
		{ "A\xF4\x91\x92\x93\xFF\x41\x80\x42", 9, 1, "A?????A?B" },
		{ "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 9, 0, "????????A" },
		{ "ok\xF0\x9F\x98", 5, 2, "ok???" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text rest = { cases[i].bytes, cases[i].length };
		char shown[16] = "";
		size_t count = 0;
		ck_assert_uint_eq(utf8_check(rest), cases[i].good);
		ck_assert_uint_eq(utf8_count(rest), strlen(cases[i].shown));
		while (rest.length) {
			uint32_t code = utf8_take(&rest);
			shown[count++] = code == UTF8_BAD ? '?' : (char)code;
		}
		ck_assert_str_eq(shown, cases[i].shown);
	}
	ck_assert_uint_eq(utf8_check(TEXT("\u6771\u00e9")), 5);
}
END_TEST

START_TEST(utf8_knows_widths)
{
	ck_assert_uint_eq(utf8_width(TEXT("abc")), 3);
	ck_assert_uint_eq(utf8_width(TEXT("\u00e9")), 1);
	ck_assert_uint_eq(utf8_width(TEXT("e\u0301")), 1);
	ck_assert_uint_eq(utf8_width(TEXT("\u6771\u4eac")), 4);
	ck_assert_uint_eq(utf8_width(TEXT("\U0001F600")), 2);
	ck_assert_uint_eq(utf8_width(TEXT("\u200d\n\x1b")), 0);
	ck_assert_uint_eq(utf8_width(TEXT("\u2581\u2588")), 2);
	ck_assert_uint_eq(utf8_width(TEXT("\xff")), 1);
}
END_TEST

START_TEST(utf8_escapes_what_a_terminal_would_obey)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	utf8_escape(&text, TEXT("a\x1b[31m\n\t\r\x7f\xc2\x9b\u202e\xff\xe1\x80 \\ \u00fc"));
	ck_assert_str_eq(
		text.text, "a\\x1b[31m\\n\\t\\r\\x7f\\x9b\\u{202e}\\xff\\xe1\\x80 \\\\ \u00fc");
}
END_TEST

static void assert_truncated(const char *text, size_t width, bool ascii, const char *expected)
{
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	utf8_truncate(&out, text_of(text), width, ascii);
	ck_assert_str_eq(out.text, expected);
	ck_assert_uint_le(utf8_width(text_of(out.text)), width);
}

START_TEST(utf8_truncates_whole_characters)
{
	assert_truncated("calm-otter", 10, false, "calm-otter");
	assert_truncated("calm-otter", 9, false, "calm-ott\u2026");
	assert_truncated("calm-otter", 9, true, "calm-o...");
	assert_truncated("\u6771\u4eac\u90fd", 4, false, "\u6771\u2026");
	assert_truncated("e\u0301e\u0301e\u0301", 2, false, "e\u0301\u2026");
	assert_truncated("abcdef", 2, true, "..");
	assert_truncated("abcdef", 0, false, "");
}
END_TEST

UNIT_MAIN("base/utf8", utf8_round_trips_every_code_point, utf8_takes_bad_bytes_one_by_one,
	utf8_knows_widths, utf8_escapes_what_a_terminal_would_obey, utf8_truncates_whole_characters)
