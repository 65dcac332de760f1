#include "unit.h"

#include <stdint.h>
#include <string.h>

#include "mlops/base/text.h"

/* Joins the parts with '|' so that one string says it all. */
static const char *split(struct text text, char *joined)
{
	struct text part;
	*joined = '\0';
	while (text_split(&text, ',', &part)) {
		strncat(joined, part.at, part.length);
		strcat(joined, "|");
	}
	ck_assert(!text_split(&text, ',', &part));
	return joined;
}

START_TEST(splitting)
{
	char joined[100];
	ck_assert_str_eq(split(TEXT("a,,b"), joined), "a||b|");
	ck_assert_str_eq(split(TEXT(""), joined), "");
	ck_assert_str_eq(split(text_of(NULL), joined), "");
	ck_assert_str_eq(split(TEXT("a,"), joined), "a||");
	ck_assert_str_eq(split(TEXT(","), joined), "||");
	ck_assert_str_eq(split(TEXT(",,"), joined), "|||");
	ck_assert_str_eq(split(TEXT("abc"), joined), "abc|");
	/* An empty view inside a longer text does not look at what follows it. */
	ck_assert_str_eq(split((struct text){ ",x", 0 }, joined), "");
	ck_assert_str_eq(split((struct text){ "a,,x", 2 }, joined), "a||");
}
END_TEST

START_TEST(globs)
{
	static const struct {
		const char *pattern, *string;
		bool match;
	} cases[] = { { "", "", true }, { "a", "", false }, { "", "a", false },
		{ "abc", "abc", true }, { "a?c", "abc", true }, { "a?c", "a/c", false },
		{ "*", "", true }, { "*", "abc", true }, { "*", "a/b", false },
		{ "*.c", "a.c", true }, { "*.c", "a.h", false }, { "a*b*c", "axbybzc", true },
		{ "a*b*c", "axbyb", false }, { "**", "a/b/c", true }, { "**/c", "c", true },
		{ "**/c", "a/b/c", true }, { "**/c", "a/bc", false }, { "a/**/b", "a/b", true },
		{ "a/**/b", "a/x/y/b", true }, { "a/**/b", "ab", false },
		{ "a/**/b", "a/xb", false }, { "a**b", "a/x/b", true }, { "a**/b", "ab", false },
		{ "**/*.c", "a/b/c.c", true }, { "**/*.c", "c.c", true },
		{ "**/*.c", "a/b/c.h", false }, { "**/a*/b", "a/x/ab/b", true },
		{ "**/a/*/c", "a/a/b/c", true }, { "data/**", "data/a/b", true },
		{ "data/**", "data", false }, { "[a-c]x", "bx", true }, { "[a-c]x", "dx", false },
		{ "[!a-c]x", "dx", true }, { "[!a]x", "/x", false }, { "[]]", "]", true },
		{ "[a", "a", false }, { "[a-]", "-", true }, { "\\*", "*", true },
		{ "\\*", "a", false }, { "a\\", "a\\", true }, { "*/*", "a/b", true },
		{ "*/x*y", "q/xaby", true }, { "*/x*y", "q/r/xy", false },
		{ "\xc3\xa4?", "\xc3\xa4z", true } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(text_glob(cases[i].pattern, cases[i].string) == cases[i].match,
			"%s against %s", cases[i].pattern, cases[i].string);
}
END_TEST

/* The plain recursive definition, to compare with. */
static bool glob_slow(const char *pattern, const char *string, bool at_start)
{
	if (!*pattern)
		return !*string;
	if (strncmp(pattern, "**/", 3) == 0 && at_start) {
		for (const char *at = string;; at++) {
			if ((at == string || at[-1] == '/') && glob_slow(pattern + 3, at, true))
				return true;
			if (!*at)
				return false;
		}
	}
	if (*pattern == '*') {
		bool deep = pattern[1] == '*';
		for (const char *at = string;; at++) {
			if (glob_slow(pattern + (deep ? 2 : 1), at, false))
				return true;
			if (!*at || (*at == '/' && !deep))
				return false;
		}
	}
	return *string && (*pattern == *string || (*pattern == '?' && *string != '/')) &&
	       glob_slow(pattern + 1, string + 1, *pattern == '/');
}

START_TEST(globs_as_the_definition_says)
{
	uint32_t state = 1;
	int matches = 0;
	for (int i = 0; i < 300000; i++) {
		char pattern[9] = "", string[9] = "";
		for (int j = 0; j < 8; j++) {
			state = state * 1664525 + 1013904223;
			pattern[j] = "ab/*?*/"[(state >> 10) % 7];
			string[j] = "ab/"[(state >> 20) % 3];
		}
		pattern[(state >> 8) % 9] = '\0';
		string[(state >> 16) % 9] = '\0';
		if (strstr(pattern, "***"))
			continue; /* which two of the three belong together is nobody's promise */
		bool expected = glob_slow(pattern, string, true);
		ck_assert_msg(
			text_glob(pattern, string) == expected, "%s against %s", pattern, string);
		matches += expected;
	}
	ck_assert_int_gt(matches, 5000);
}
END_TEST

START_TEST(a_hostile_glob_ends)
{
	char pattern[400] = "", string[2000];
	for (int i = 0; i < 60; i++)
		strcat(pattern, "**/*a");
	memset(string, 'a', sizeof string);
	for (size_t i = 0; i < sizeof string; i += 3)
		string[i] = '/';
	string[sizeof string - 1] = '\0';
	string[sizeof string - 2] = 'b';
	ck_assert(!text_glob(pattern, string));
}
END_TEST

START_TEST(distances)
{
	ck_assert_uint_eq(text_distance("", ""), 0);
	ck_assert_uint_eq(text_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(text_distance("logstic", "logistic"), 1);
	ck_assert_uint_eq(text_distance("tarin", "train"), 1); /* a swap is one step */
	ck_assert_uint_eq(text_distance("abc", ""), 3);
	char longer[70];
	memset(longer, 'x', 69);
	longer[69] = '\0';
	ck_assert_uint_eq(text_distance(longer, "x"), SIZE_MAX);
}
END_TEST

START_TEST(the_nearest)
{
	static const char *const models[] = { "linear", "logistic", "mlp", "gbdt", NULL };
	ck_assert_str_eq(text_nearest("logstic", models), "logistic");
	ck_assert_str_eq(text_nearest("lineal", models), "linear");
	ck_assert_str_eq(text_nearest("mpl", models), "mlp");
	ck_assert_ptr_null(text_nearest("forest", models));
	ck_assert_ptr_null(text_nearest("", (const char *const[]){ NULL }));
}
END_TEST

START_TEST(comparisons)
{
	ck_assert(text_equal(TEXT("a"), TEXT("a")) && !text_equal(TEXT("a"), TEXT("ab")));
	ck_assert_int_lt(text_compare(TEXT("a"), TEXT("ab")), 0);
	ck_assert_int_gt(text_compare(TEXT("\xff"), TEXT("a")), 0);
	ck_assert_int_eq(text_compare(TEXT(""), text_of(NULL)), 0);
	ck_assert(text_starts_with(TEXT("abc"), "ab") && !text_starts_with(TEXT("a"), "ab"));
	ck_assert(text_ends_with(TEXT("abc"), "bc") && !text_ends_with(TEXT("c"), "bc"));
	ck_assert(text_is(text_trim(TEXT(" \t\r\n a b \v\f")), "a b"));
	ck_assert(text_is(text_trim(TEXT(" \n ")), ""));
}
END_TEST

UNIT_MAIN("base/text", splitting, globs, globs_as_the_definition_says, a_hostile_glob_ends,
	distances, the_nearest, comparisons)
