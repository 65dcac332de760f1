#include "unit.h"

#include <string.h>

#include "mlops/document/json_reader.h"
#include "mlops/document/json_writer.h"

static void assert_reads(struct text text, const char *expected)
{
	AUTO(document_release) struct document document = { .root = NULL };
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;
	ck_assert_msg(
		json_read(text, "a.json", &document, &err) == 0, "%s: %s", text.at, err.message);
	struct json_writer json;
	json_begin(&json, &out, 0);
	json_value(&json, document.root);
	ck_assert_str_eq(out.text, expected);
}

static void assert_refuses(struct text text, unsigned line, unsigned column, const char *words)
{
	struct document document;
	struct error err = ERROR_INIT;
	ck_assert_msg(json_read(text, "a.json", &document, &err) == -ERROR_INVALID, "%s", text.at);
	ck_assert_msg(strstr(err.message, words) != NULL, "%s: %s", text.at, err.message);
	ck_assert_msg(err.at.line == line && err.at.column == column, "%s: at %u:%u: %s", text.at,
		err.at.line, err.at.column, err.message);
}

START_TEST(json_reader_reads)
{
	assert_reads(TEXT(" null "), "null");
	assert_reads(TEXT("\xEF\xBB\xBF[true,false]"), "[true,false]");
	assert_reads(TEXT("{\"a\": [1, -0, 1.5, 1e2, 0.1E-1, {}], \"b\":[], \"\":\"\"}"),
		"{\"a\":[1,0,1.5,100,0.01,{}],\"b\":[],\"\":\"\"}");
	assert_reads(TEXT("9223372036854775807"), "9223372036854775807");
	assert_reads(TEXT("-9223372036854775808"), "-9223372036854775808");
	assert_reads(TEXT("9223372036854775808"), "9.223372036854776e+18");
	assert_reads(TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00fc\\ud83d\\ude00\\u0000x\""),
		"\"\\\"\\\\/\\b\\f\\n\\r\\tA\u00fc\U0001F600\\u0000x\"");
}
END_TEST

START_TEST(json_reader_knows_places)
{
	AUTO(document_release) struct document document = { .root = NULL };
	struct error err = ERROR_INIT;
	ck_assert_int_eq(json_read(TEXT("{\r\n  \"\u00fc\": [1,\n 2],\r \"b\": {}}"), "a.json",
				 &document, &err),
		0);
	const struct value *list = value_at_path(document.root, "\u00fc");
	ck_assert_uint_eq(document.root->mapping.entries[0].key_line, 2);
	ck_assert_uint_eq(document.root->mapping.entries[0].key_column, 3);
	ck_assert_uint_eq(list->column, 9);
	ck_assert_uint_eq(list->sequence.items[1]->line, 3);
	ck_assert_uint_eq(list->sequence.items[1]->column, 2);
	ck_assert_uint_eq(document.root->mapping.entries[1].key_line, 4);
	ck_assert_uint_eq(document.root->mapping.entries[1].key_column, 2);
}
END_TEST

#define CASE(literal, ...)                                                                         \
	{                                                                                          \
		literal, sizeof(literal) - 1, __VA_ARGS__                                          \
	}

START_TEST(json_reader_refuses_with_the_place)
{
	static const struct {
		const char *at;
		size_t length;
		unsigned line, column;
		const char *words;
	} cases[] = {
		CASE("", 1, 1, "too early"),
		CASE("[1,]", 1, 4, "a value"),
		CASE("[1 2]", 1, 4, "',' or ']'"),
		CASE("[1", 1, 3, "too early"),
		CASE("[,1]", 1, 2, "a value"),
		CASE("{\"a\":1,}", 1, 8, "a key"),
		CASE("{a:1}", 1, 2, "a key"),
		CASE("{\"a\" 1}", 1, 6, "':'"),
		CASE("{\"a\":1,\n\"b\":2,\n\"a\":3}", 3, 1, "first at line 1, column 2"),
		CASE("{\"a\\u0000\":1}", 1, 11, "NUL"),
		CASE("01", 1, 1, "not a number"),
		CASE("-", 1, 1, "not a number"),
		CASE("1.x", 1, 3, "a digit"),
		CASE("1e+", 1, 4, "too early"),
		CASE("+1", 1, 1, "a value"),
		CASE("1e999", 1, 1, "too large"),
		CASE("NaN", 1, 1, "a value"),
		CASE("nul", 1, 1, "a value"),
		CASE("1 2", 1, 3, "ended before"),
		CASE("\"a\nb\"", 1, 3, "control character"),
		CASE("\"a", 1, 3, "too early"),
		CASE("\"\\x\"", 1, 3, "backslash"),
		CASE("\"\\u12g4\"", 1, 6, "hexadecimal"),
		CASE("\"\\ud800\"", 1, 8, "surrogate"),
		CASE("\"\\ud800\\u0041\"", 1, 14, "surrogate"),
		CASE("\"\\udc00\"", 1, 8, "surrogate"),
		CASE("[\n\"\xff\"]", 2, 2, "not UTF-8"),
		CASE("[1\0]", 1, 3, "',' or ']'"),
		CASE("// x\n1", 1, 1, "a value"),
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_refuses((struct text){ cases[i].at, cases[i].length }, cases[i].line,
			cases[i].column, cases[i].words);
	AUTO(strbuf_release) struct strbuf deep = STRBUF_INIT;
	strbuf_add_repeated(&deep, '[', 1000000);
	assert_refuses((struct text){ deep.text, deep.length }, 1, DOCUMENT_DEPTH + 1, "deep");
}
END_TEST

UNIT_MAIN("document/json_reader", json_reader_reads, json_reader_knows_places,
	json_reader_refuses_with_the_place)
