#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "data/jsonl_internal.h"
#include "mlops/data/reader.h"
#include "tables.h"

static void check_read(const char *text, const char *wanted)
{
	AUTO(table_release) struct table table = { 0 };
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	struct read_options options = { .bytes = text, .n_bytes = strlen(text) };
	struct read_counts counts;
	struct error err = ERROR_INIT;
	ck_assert_msg(table_read(&options, &table, &counts, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(counts.rows, table.n_rows);
	table_show(&table, &shown);
	ck_assert_str_eq(shown.text, wanted);
}

static void check_fails(const char *text, size_t n, const char *wanted, uint64_t total)
{
	struct table table;
	struct problems problems = { .count = 0 };
	struct read_options options = { .bytes = text,
		.n_bytes = n,
		.name = "a.jsonl",
		.format = DATA_JSONL,
		.problems = &problems };
	struct error err = ERROR_INIT;
	char shown[600];
	ck_assert_int_eq(table_read(&options, &table, NULL, &err), -ERROR_INVALID);
	snprintf(shown, sizeof shown, "%u:%u: %.500s", err.at.line, err.at.column, err.message);
	ck_assert_str_eq(shown, wanted);
	ck_assert_uint_eq(problems.errors, total);
}

START_TEST(types_follow_from_the_values)
{
	check_read("{\"i\":1,\"r\":1.5,\"b\":true,\"c\":\"x\",\"t\":\"2026-01-02\",\"z\":\"007\"}\n"
		   " { \"r\" : 2 , \"i\" : -2, \"c\":\"12\",\"b\":null,\"z\":\"1\",\"m\":null}\r\n",
		"i:int64|r:float64|b:boolean|c:category|t:timestamp|z:category|m:float64\n"
		"1|1.5|true|x#0|2026-01-02T00:00:00Z|007#0|~\n-2|2|~|12#1|~|1#1|~\n");
}
END_TEST

START_TEST(keys_are_joined_in_order_of_appearance)
{
	check_read("{\"b\":1}\n\n{\"a\":2,\"b\":3}\n{}\n{\"c\":\"x\"}\n{\"c\":\"\"}",
		"b:int64|a:int64|c:category\n1|~|~#0\n3|2|~#0\n~|~|~#0\n~|~|x#0\n~|~|#1\n");
}
END_TEST

START_TEST(strings_are_unescaped)
{
	check_read("{\"a\\u0062\":\"x\\\"y\\\\\\/\\n\\u00e4\\ud83d\\ude00,\"}\n{\"ab\":\"NA\"}\n",
		"ab:category\nx\"y\\/\n\xc3\xa4\xf0\x9f\x98\x80,#0\nNA#1\n");
	/* A missing text in a column of numbers is missing there. */
	check_read("{\"a\":1}\n{\"a\":\"NA\"}\n", "a:int64\n1\n~\n");
}
END_TEST

START_TEST(what_is_wrong_is_named_by_line)
{
#define FAILS(text, wanted, total) check_fails(text, sizeof(text) - 1, wanted, total)
	FAILS("", "1:1: there are no rows", 1);
	FAILS("{}\n{}\n", "1:1: there are no keys", 1);
	FAILS("{\"a\":1}\n[1]\n", "2:1: the line is no JSON object", 1);
	FAILS("{\"a\":1}\n{\"a\":1} x\n{\"a\":}\n", "2:9: text behind the object", 2);
	FAILS("{\"a\":1,}\n", "1:8: a key in double quotes is missing", 1);
	FAILS("{\"a\" 1}\n", "1:6: a colon is missing", 1);
	FAILS("{\"a\":1 \"b\":2}\n", "1:8: a comma or '}' is missing", 1);
	FAILS("{\"a\":01}\n", "1:6: this is no JSON value", 1);
	FAILS("{\"a\":1.}\n", "1:6: this is no JSON value", 1);
	FAILS("{\"a\":NaN}\n", "1:6: this is no JSON value", 1);
	FAILS("{\"a\":truex}\n", "1:10: a comma or '}' is missing", 1);
	FAILS("{\"a\":\"\\x\"}\n", "1:7: an escape that JSON does not know", 1);
	FAILS("{\"a\":\"\\ud800\"}\n", "1:7: an escape that JSON does not know", 1);
	FAILS("{\"a\":\"\t\"}\n", "1:7: a control character inside a string", 1);
	FAILS("{\"a\":\"x\n", "1:8: the line ends inside a string", 1);
	FAILS("{\"a\":1}\n{\"b\":{\"c\":1}}\n",
		"2:6: column 'b': a value is nested; only flat objects are rows", 1);
	FAILS("{\"a\":1}\n{\"a\":1,\"b\":2,\"a\":3}\n", "2:15: the key stands twice in the object",
		1);
	FAILS("{\"\":1}\n", "1:3: a key is empty", 1);
	FAILS("{\"a\":\"\\u0000\"}\n", "1:7: a string holds a NUL character", 1);
	FAILS("{\"a\":\"\xe4\"}\n", "1:7: a byte that is not valid UTF-8", 1);
	FAILS("{\"a\":1}\n{\"a\":\0}\n", "2:6: a NUL byte", 1);
}
END_TEST

START_TEST(strings_and_numbers_do_not_mix)
{
	FAILS("{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":\"3\"}\n", "2:1: column 'a': 'x' is not an int64",
		2);
	FAILS("{\"a\":\"x\"}\n{\"a\":1.5}\n", "1:1: column 'a': 'x' is not a float64", 1);
	FAILS("{\"a\":\"x\"}\n{\"a\":true}\n", "1:1: column 'a': 'x' is not a boolean", 1);
	FAILS("{\"a\":\"2026-01-01\"}\n{\"a\":7}\n",
		"1:1: column 'a': '2026-01-01' is not an int64", 1);
}
END_TEST

START_TEST(cuts_and_threads_change_nothing)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, wanted = STRBUF_INIT;
	for (int i = 0; i < 60; i++)
		strbuf_printf(&text, "{\"k%d\":%d,\"s\":\"v\\n%d\",\"n\":%s}\n%s", i % 7, i, i % 5,
			i % 9 ? "1.25" : "null", i % 11 ? "" : "\n");
	for (size_t chunk = 1; chunk <= text.length + 1; chunk += 1 + chunk / 8) {
		AUTO(table_release) struct table table = { 0 };
		AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
		struct read_options options = {
			.bytes = text.text, .n_bytes = text.length, .threads = 1 + chunk % 3
		};
		struct origin origin;
		struct read_counts counts;
		struct cells_problems problems = { .count = 0 };
		struct error err = ERROR_INIT;
		ck_assert_int_eq(origin_open(&origin, &options, &err), 0);
		jsonl_read(&origin, &options, chunk, &table, &counts, &problems, &err);
		ck_assert_msg(!err.code && !problems.total, "%s", err.message);
		ck_assert_uint_eq(counts.rows, 60);
		table_show(&table, chunk == 1 ? &wanted : &shown);
		ck_assert(chunk == 1 || strcmp(shown.text, wanted.text) == 0);
		origin_close(&origin);
	}
	ck_assert(text_starts_with((struct text){ wanted.text, wanted.length },
		"k0:int64|s:category|n:float64|k1:int64|k2:int64"));
}
END_TEST

UNIT_MAIN("data/jsonl", types_follow_from_the_values, keys_are_joined_in_order_of_appearance,
	strings_are_unescaped, what_is_wrong_is_named_by_line, strings_and_numbers_do_not_mix,
	cuts_and_threads_change_nothing)
