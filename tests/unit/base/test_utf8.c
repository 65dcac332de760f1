#include "unit.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "mlops/base/utf8.h"

START_TEST(ill_formed_bytes_are_found)
{
	static const struct {
		const char *text;
		size_t length, at;
	} cases[] = { { "", 0, 0 }, { "abc", 3, 3 }, { "ä€😀", 9, 9 }, { "a\x80", 2, 1 },
		{ "\xc0\xaf", 2, 0 }, /* overlong '/' */
		{ "\xc1\xbf", 2, 0 }, { "\xe0\x80\xaf", 3, 0 }, { "\xf0\x80\x80\xaf", 4, 0 },
		{ "\xe0\x9f\xbf", 3, 0 }, { "\xed\xa0\x80", 3, 0 }, /* surrogate */
		{ "\xed\x9f\xbf", 3, 3 }, { "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\xf4\x90\x80\x80", 4, 0 }, { "\xf5\x80\x80\x80", 4, 0 }, { "ab\xe2\x82", 4, 2 },
		{ "\xc3", 1, 0 }, { "\xc3(", 2, 0 }, { "\xff", 1, 0 }, { "a\0b", 3, 3 },
		{ "\xf0\x90\x80(", 4, 0 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_uint_eq(
			utf8_check((struct text){ cases[i].text, cases[i].length }), cases[i].at);
}
END_TEST

/* The ill-formed sequences of Unicode's tables 3-8 to 3-11: each bad byte alone. */
START_TEST(bad_bytes_are_taken_one_by_one)
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

START_TEST(every_character_comes_back)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		strbuf_clear(&text);
		utf8_add(&text, code);
		struct text view = { text.text, text.length };
		ck_assert(utf8_check(view) == text.length);
		ck_assert(utf8_take(&view) == code && view.length == 0);
	}
	strbuf_clear(&text);
	utf8_add(&text, 0xd800);
	utf8_add(&text, 0x110000);
	ck_assert_str_eq(text.text, "\xef\xbf\xbd\xef\xbf\xbd");
	ck_assert_uint_eq(utf8_count(TEXT("a€\xff\xfe😀")), 5);
}
END_TEST

/*
 * glibc's table is made from the same standard by others. Where it knows the character (wcwidth
 * >= 0) the two may differ in few places: unassigned code points and newer versions of Unicode.
 */
START_TEST(widths_agree_with_glibc)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return;
	int known = 0, different = 0;
	for (uint32_t code = 0x20; code < 0x20000; code++) {
		int theirs = wcwidth((wchar_t)code);
		if (theirs < 0)
			continue;
		known++;
		different += (size_t)theirs != utf8_code_width(code);
	}
	setlocale(LC_CTYPE, "C");
	ck_assert_int_gt(known, 60000);
	ck_assert_int_lt(different, 20);
}
END_TEST

START_TEST(widths)
{
	ck_assert_uint_eq(utf8_width(TEXT("abc")), 3);
	ck_assert_uint_eq(utf8_width(TEXT("日本")), 4);
	ck_assert_uint_eq(utf8_width(TEXT("e\xcc\x81")), 1); /* with combining acute */
	ck_assert_uint_eq(utf8_width(TEXT("\xe2\x80\x8b")), 0); /* zero width space */
	ck_assert_uint_eq(utf8_width(TEXT("😀…█")), 4);
	ck_assert_uint_eq(utf8_width(TEXT("\x1b\n\xff")), 1);
	ck_assert_uint_eq(utf8_width(TEXT("ｱＡ가")), 5); /* halfwidth, fullwidth, Hangul */
}
END_TEST

static void assert_escaped(const char *text, const char *expected)
{
	AUTO(strbuf_release) struct strbuf escaped = STRBUF_INIT;
	utf8_escape(&escaped, text_of(text));
	ck_assert_str_eq(escaped.text, expected);
}

START_TEST(nothing_dangerous_gets_through)
{
	assert_escaped("plain ä 日", "plain ä 日");
	assert_escaped("\x1b[31m", "\\x1b[31m");
	assert_escaped("a\nb\tc\rd\\e\x7f", "a\\nb\\tc\\rd\\\\e\\x7f");
	assert_escaped("\xff\xc3", "\\xff\\xc3");
	assert_escaped("\xc2\x9b"
		       "31m",
		"\\u{9b}31m"); /* C1 control sequence introducer */
	assert_escaped("\xe2\x80\xae"
		       "abc",
		"\\u{202e}abc");
}
END_TEST

static void assert_cut(const char *text, size_t width, const char *wide, const char *ascii)
{
	AUTO(strbuf_release) struct strbuf cut = STRBUF_INIT;
	utf8_truncate(&cut, text_of(text), width, false);
	ck_assert_str_eq(cut.text, wide);
	ck_assert_uint_le(utf8_width(text_of(cut.text)), width);
	strbuf_clear(&cut);
	utf8_truncate(&cut, text_of(text), width, true);
	ck_assert_str_eq(cut.text, ascii);
	ck_assert_uint_le(utf8_width(text_of(cut.text)), width);
}

START_TEST(cutting)
{
	assert_cut("abcdef", 6, "abcdef", "abcdef");
	assert_cut("abcdef", 5, "abcd…", "ab...");
	assert_cut("日本語", 5, "日本…", "日...");
	assert_cut("日本語", 4, "日…", "...");
	assert_cut("e\xcc\x81tude", 3, "e\xcc\x81t…", "...");
	assert_cut("abc", 2, "a…", "..");
	assert_cut("abc", 0, "", "");
	assert_cut("", 0, "", "");
}
END_TEST

UNIT_MAIN("base/utf8", ill_formed_bytes_are_found, bad_bytes_are_taken_one_by_one,
	every_character_comes_back, widths_agree_with_glibc, widths, nothing_dangerous_gets_through,
	cutting)
