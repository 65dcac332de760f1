#include "unit.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "mlops/ui/output.h"

enum { C_ID, C_TEXT, C_COUNT, C_BYTES, C_INT, C_NUMBER, C_TIME, C_SPAN, C_YES, C_HIDDEN, C_ONLY };
static const struct row_spec specs[] = {
	[C_ID] = { "id", "id", ROW_ID },
	[C_TEXT] = { "some_text", "text", ROW_TEXT },
	[C_COUNT] = { "count", "count", ROW_COUNT },
	[C_BYTES] = { "size", "size", ROW_BYTES },
	[C_INT] = { "step", "step", ROW_INTEGER },
	[C_NUMBER] = { "value", "value", ROW_NUMBER },
	[C_TIME] = { "started", "started", ROW_TIME },
	[C_SPAN] = { "seconds", "took", ROW_DURATION },
	[C_YES] = { "dirty", "dirty", ROW_BOOLEAN },
	[C_HIDDEN] = { "detail", "detail", ROW_TEXT, ROW_JSON_ONLY },
	[C_ONLY] = { "mark", "mark", ROW_TEXT, ROW_TEXT_ONLY },
	ROW_END,
};

static void fill(struct rows *rows)
{
	rows_init(rows, specs);
	rows_next(rows);
	rows_text(rows, C_ID, "0123456789abcdef");
	rows_text(rows, C_TEXT, "a \"b\"");
	rows_count(rows, C_COUNT, 1234567);
	rows_count(rows, C_BYTES, 3100);
	rows_integer(rows, C_INT, -4);
	rows_number(rows, C_NUMBER, 0.1);
	rows_time(rows, C_TIME, 1764000000000000);
	rows_number(rows, C_SPAN, 0.038);
	rows_boolean(rows, C_YES, true);
	rows_text(rows, C_HIDDEN, "d");
	rows_text(rows, C_ONLY, "*");
	rows_next(rows);
	rows_text(rows, C_ID, "ab");
	rows_number(rows, C_NUMBER, NAN);
	rows_text(rows, C_TEXT, NULL);
}

/* What the output has buffered after the rows. */
static void answer_is(bool json, const char *expected)
{
	struct error err = ERROR_INIT;
	AUTO(output_release) struct output output;
	ck_assert_int_eq(output_init(&output, "sample", json, TERMINAL_NEVER, &err), 0);
	output.style = (struct style){ .utf8 = true, .width = 200 };
	output.writer.indent = 0;
	AUTO(rows_release) struct rows rows;
	fill(&rows);
	ck_assert_int_eq(output_rows(&output, "items", &rows, &err), 0);
	int pipe_ends[2];
	ck_assert_int_eq(pipe(pipe_ends), 0);
	output.fd = pipe_ends[1];
	ck_assert_int_eq(output_finish(&output, &err), 0);
	close(pipe_ends[1]);
	char text[4096];
	ssize_t length = read(pipe_ends[0], text, sizeof text - 1);
	close(pipe_ends[0]);
	ck_assert_int_ge(length, 0);
	text[length] = '\0';
	ck_assert_str_eq(text, expected);
}

START_TEST(text_is_for_people)
{
	answer_is(false,
		"id       text       count    size  step   value  started            took  dirty  "
		"mark\n"
		"0123456  a \"b\"  1,234,567  3.1 kB    -4  0.1000  2025-11-24 16:00  38 ms  yes    "
		"*\n"
		"ab                                          NaN\n");
}
END_TEST

START_TEST(json_is_raw)
{
	answer_is(true, "{\n"
			"  \"schema\": \"mlops.sample/1\",\n"
			"  \"items\": [\n"
			"    {\n"
			"      \"id\": \"0123456789abcdef\",\n"
			"      \"some_text\": \"a \\\"b\\\"\",\n"
			"      \"count\": 1234567,\n"
			"      \"size\": 3100,\n"
			"      \"step\": -4,\n"
			"      \"value\": 0.1,\n"
			"      \"started\": \"2025-11-24T16:00:00Z\",\n"
			"      \"seconds\": 0.038,\n"
			"      \"dirty\": true,\n"
			"      \"detail\": \"d\"\n"
			"    },\n"
			"    {\n"
			"      \"id\": \"ab\",\n"
			"      \"some_text\": null,\n"
			"      \"count\": null,\n"
			"      \"size\": null,\n"
			"      \"step\": null,\n"
			"      \"value\": \"NaN\",\n"
			"      \"started\": null,\n"
			"      \"seconds\": null,\n"
			"      \"dirty\": null,\n"
			"      \"detail\": null\n"
			"    }\n"
			"  ]\n"
			"}\n");
}
END_TEST

START_TEST(numbers_have_human_forms)
{
	static const struct {
		double value;
		const char *text;
	} numbers[] = { { 0, "0" }, { 12, "12" }, { 0.995, "0.9950" }, { 12.345, "12.35" },
		{ 1234.56, "1234.6" }, { 1.5e10, "1.500e+10" }, { 0.00012, "1.200e-04" },
		{ -0.5, "-0.5000" }, { INFINITY, "Infinity" }, { 999999, "999999" } };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		strbuf_clear(&text);
		output_add_number(&text, numbers[i].value);
		ck_assert_str_eq(text.text, numbers[i].text);
	}
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = { { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 kB" }, { 999949, "999.9 kB" },
		{ 999950, "1.0 MB" }, { UINT64_MAX, "18.4 EB" } };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		strbuf_clear(&text);
		output_add_bytes(&text, sizes[i].bytes);
		ck_assert_str_eq(text.text, sizes[i].text);
	}
}
END_TEST

START_TEST(a_full_stdout_is_an_error)
{
	struct error err = ERROR_INIT;
	AUTO(output_release) struct output output;
	ck_assert_int_eq(output_init(&output, "sample", false, TERMINAL_NEVER, &err), 0);
	output.fd = -1;
	strbuf_add(output_text(&output), "x");
	ck_assert_int_eq(output_flush(&output, &err), -ERROR_IO);
	ck_assert(output.broken);
}
END_TEST

UNIT_MAIN("ui/output", text_is_for_people, json_is_raw, numbers_have_human_forms,
	a_full_stdout_is_an_error)
