#include "unit.h"

/* The independent reader. Its constructors, which we do not call, have names of our writer. */
#define json_object jansson_object
#define json_array jansson_array
#define json_string jansson_string
#define json_integer jansson_integer
#define json_null jansson_null
#include <jansson.h>
#undef json_object
#undef json_array
#undef json_string
#undef json_integer
#undef json_null
#undef json_boolean

#include <math.h>
#include <string.h>

#include "mlops/document/json_writer.h"

static void write_sample(struct strbuf *out, unsigned indent)
{
	struct json_writer json;
	json_begin(&json, out, indent);
	json_object(&json);
	json_key_string(&json, "schema", "mlops.log/1");
	json_key_number(&json, "roc_auc", 0.995);
	json_key_integer(&json, "low", INT64_MIN);
	json_key(&json, "high");
	json_unsigned(&json, UINT64_MAX);
	json_key_boolean(&json, "clean", true);
	json_key_time(&json, "at", 1795532591000000);
	json_key_string(&json, "none", NULL);
	json_key(&json, "empty");
	json_object(&json);
	json_end(&json);
	json_key(&json, "list");
	json_array(&json);
	json_integer(&json, 1);
	json_array(&json);
	json_end(&json);
	json_null(&json);
	json_end(&json);
	json_end(&json);
}

START_TEST(json_writer_writes_compact_text)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	write_sample(&text, 0);
	ck_assert_str_eq(text.text,
		"{\"schema\":\"mlops.log/1\",\"roc_auc\":0.995,"
		"\"low\":-9223372036854775808,\"high\":18446744073709551615,\"clean\":true,"
		"\"at\":\"2026-11-24T15:03:11Z\",\"none\":null,\"empty\":{},"
		"\"list\":[1,[],null]}");
}
END_TEST

START_TEST(json_writer_indents)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct json_writer json;
	json_begin(&json, &text, 2);
	json_object(&json);
	json_key(&json, "a");
	json_array(&json);
	json_integer(&json, 1);
	json_boolean(&json, false);
	json_end(&json);
	json_key(&json, "b");
	json_array(&json);
	json_end(&json);
	json_end(&json);
	ck_assert_str_eq(text.text, "{\n  \"a\": [\n    1,\n    false\n  ],\n  \"b\": []\n}");
}
END_TEST

/* jansson is the independent reader: each code point comes back, invalid bytes as U+FFFD. */
START_TEST(json_writer_strings_read_back)
{
	char bytes[3 * 256 + 8];
	size_t length = 0;
	for (unsigned i = 1; i < 0x80; i++)
		bytes[length++] = (char)i;
	memcpy(bytes + length, "\xc2\x85\u00fc\u6771\U0001F600", 12);
	length += 11;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct json_writer json;
	json_begin(&json, &text, 0);
	json_array(&json);
	json_text(&json, (struct text){ bytes, length });
	json_text(&json, TEXT("a\0b"));
	json_text(&json, TEXT("\xff\xe1\x80."));
	json_end(&json);
	for (size_t i = 0; i < text.length; i++)
		ck_assert((unsigned char)text.text[i] >= 0x20 && text.text[i] != 0x7f);
	json_error_t error;
	json_t *read = json_loads(text.text, JSON_ALLOW_NUL, &error);
	ck_assert_msg(read != NULL, "%s", error.text);
	ck_assert_uint_eq(json_string_length(json_array_get(read, 0)), length);
	ck_assert_mem_eq(json_string_value(json_array_get(read, 0)), bytes, length);
	ck_assert_uint_eq(json_string_length(json_array_get(read, 1)), 3);
	ck_assert_mem_eq(json_string_value(json_array_get(read, 1)), "a\0b", 3);
	ck_assert_str_eq(json_string_value(json_array_get(read, 2)), "\ufffd\ufffd\ufffd.");
	json_decref(read);
}
END_TEST

START_TEST(json_writer_numbers_read_back)
{
	static const double numbers[] = { 0, 0.1, 1e300, -1.5e-9, 5e-324, 123456789012345680.0,
		0x1.fffffffffffffp1023, 1.0 / 3 };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct json_writer json;
	json_begin(&json, &text, 0);
	json_array(&json);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		json_number(&json, numbers[i]);
	json_number(&json, (double)NAN);
	json_number(&json, (double)-INFINITY);
	json_end(&json);
	json_t *read = json_loads(text.text, JSON_DECODE_INT_AS_REAL, NULL);
	ck_assert_ptr_nonnull(read);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		ck_assert(json_real_value(json_array_get(read, i)) == numbers[i]);
	ck_assert_str_eq(json_string_value(json_array_get(read, 8)), "NaN");
	ck_assert_str_eq(json_string_value(json_array_get(read, 9)), "-Infinity");
	json_decref(read);
}
END_TEST

START_TEST(json_writer_keeps_a_failure)
{
	AUTO(strbuf_release) struct strbuf text = { .text = strbuf_empty, .cap = 16 };
	struct error err = ERROR_INIT;
	write_sample(&text, 0);
	ck_assert_int_eq(strbuf_check(&text, &err), -ERROR_MEMORY);
}
END_TEST

UNIT_MAIN("document/json_writer", json_writer_writes_compact_text, json_writer_indents,
	json_writer_strings_read_back, json_writer_numbers_read_back, json_writer_keeps_a_failure)
