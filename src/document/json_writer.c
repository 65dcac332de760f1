#include "mlops/document/json_writer.h"

#include <inttypes.h>
#include <math.h>

#include "mlops/base/clock.h"
#include "mlops/base/utf8.h"
#include "mlops/document/value.h"

void json_begin(struct json_writer *json, struct strbuf *out, unsigned indent)
{
	*json = (struct json_writer){ .out = out, .indent = indent };
	json->levels[0].empty = true;
}

static void json_new_line(struct json_writer *json)
{
	if (!json->indent)
		return;
	strbuf_add_char(json->out, '\n');
	strbuf_add_repeated(json->out, ' ', (size_t)json->indent * json->depth);
}

/* Before each value: the comma and the line it needs, or the check that its key has come. */
static void json_place(struct json_writer *json)
{
	if (json->levels[json->depth].object) {
		if (!json->levels[json->depth].key_pending)
			BUG("a JSON member without a key");
		json->levels[json->depth].key_pending = false;
		return;
	}
	if (!json->depth) {
		if (!json->levels[0].empty)
			BUG("a second JSON document");
	} else {
		if (!json->levels[json->depth].empty)
			strbuf_add_char(json->out, ',');
		json_new_line(json);
	}
	json->levels[json->depth].empty = false;
}

static void json_open(struct json_writer *json, bool object)
{
	json_place(json);
	if (json->depth == JSON_DEPTH)
		BUG("JSON nested deeper than %d", JSON_DEPTH);
	strbuf_add_char(json->out, object ? '{' : '[');
	json->depth++;
	json->levels[json->depth].object = object;
	json->levels[json->depth].empty = true;
	json->levels[json->depth].key_pending = false;
}

void json_object(struct json_writer *json)
{
	json_open(json, true);
}

void json_array(struct json_writer *json)
{
	json_open(json, false);
}

void json_end(struct json_writer *json)
{
	if (!json->depth || json->levels[json->depth].key_pending)
		BUG("nothing to end in JSON, or a key without a value");
	bool object = json->levels[json->depth].object, empty = json->levels[json->depth].empty;
	json->depth--;
	if (!empty)
		json_new_line(json);
	strbuf_add_char(json->out, object ? '}' : ']');
}

/* C1 and DEL need no escape in JSON, but a terminal may act on them. */
static void json_add_code(struct strbuf *out, uint32_t code)
{
	static const char short_form[] = "btn?fr"; /* U+0008 .. U+000D */
	if (code == '"' || code == '\\')
		strbuf_printf(out, "\\%c", (char)code);
	else if (code >= 8 && code <= 13 && code != 11)
		strbuf_printf(out, "\\%c", short_form[code - 8]);
	else if (code < 0x20 || (code >= 0x7F && code < 0xA0))
		strbuf_printf(out, "\\u%04x", (unsigned)code);
	else
		utf8_add(out, code);
}

static bool json_is_plain(char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void json_quote(struct strbuf *out, struct text text)
{
	strbuf_add_char(out, '"');
	while (text.length) {
		size_t plain = 0;
		while (plain < text.length && json_is_plain(text.at[plain]))
			plain++;
		strbuf_add_bytes(out, text.at, plain);
		text = (struct text){ text.at + plain, text.length - plain };
		if (text.length)
			json_add_code(out, utf8_take(&text));
	}
	strbuf_add_char(out, '"');
}

void json_key(struct json_writer *json, const char *key)
{
	if (!json->levels[json->depth].object || json->levels[json->depth].key_pending)
		BUG("a JSON key '%s' where none may be", key);
	if (!json->levels[json->depth].empty)
		strbuf_add_char(json->out, ',');
	json->levels[json->depth].empty = false;
	json->levels[json->depth].key_pending = true;
	json_new_line(json);
	json_quote(json->out, text_of(key));
	strbuf_add(json->out, json->indent ? ": " : ":");
}

void json_text(struct json_writer *json, struct text text)
{
	json_place(json);
	json_quote(json->out, text);
}

void json_string(struct json_writer *json, const char *text)
{
	if (text)
		json_text(json, text_of(text));
	else
		json_null(json);
}

void json_number(struct json_writer *json, double value)
{
	json_place(json);
	if (!isfinite(value))
		strbuf_add_char(json->out, '"');
	strbuf_add_double(json->out, value);
	if (!isfinite(value))
		strbuf_add_char(json->out, '"');
}

void json_integer(struct json_writer *json, int64_t value)
{
	json_place(json);
	strbuf_printf(json->out, "%" PRId64, value);
}

void json_unsigned(struct json_writer *json, uint64_t value)
{
	json_place(json);
	strbuf_printf(json->out, "%" PRIu64, value);
}

void json_boolean(struct json_writer *json, bool value)
{
	json_place(json);
	strbuf_add(json->out, value ? "true" : "false");
}

void json_null(struct json_writer *json)
{
	json_place(json);
	strbuf_add(json->out, "null");
}

void json_time(struct json_writer *json, int64_t microseconds)
{
	json_place(json);
	strbuf_add_char(json->out, '"');
	clock_format(json->out, microseconds);
	strbuf_add_char(json->out, '"');
}

void json_key_string(struct json_writer *json, const char *key, const char *text)
{
	json_key(json, key);
	json_string(json, text);
}

void json_key_number(struct json_writer *json, const char *key, double value)
{
	json_key(json, key);
	json_number(json, value);
}

void json_key_integer(struct json_writer *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_integer(json, value);
}

void json_key_boolean(struct json_writer *json, const char *key, bool value)
{
	json_key(json, key);
	json_boolean(json, value);
}

void json_key_time(struct json_writer *json, const char *key, int64_t microseconds)
{
	json_key(json, key);
	json_time(json, microseconds);
}

static void json_scalar(struct json_writer *json, const struct value *value)
{
	switch (value->kind) {
	case VALUE_BOOLEAN:
		json_boolean(json, value->boolean);
		break;
	case VALUE_INTEGER:
		json_integer(json, value->integer);
		break;
	case VALUE_FLOAT:
		json_number(json, value->number);
		break;
	case VALUE_STRING:
		json_text(json, value->string);
		break;
	default:
		json_null(json);
		break;
	}
}

void json_value(struct json_writer *json, const struct value *value)
{
	if (value && value->kind == VALUE_MAPPING) {
		json_object(json);
		for (size_t i = 0; i < value->mapping.count; i++) {
			json_key(json, value->mapping.entries[i].key);
			json_value(json, value->mapping.entries[i].value);
		}
		json_end(json);
	} else if (value && value->kind == VALUE_SEQUENCE) {
		json_array(json);
		for (size_t i = 0; i < value->sequence.count; i++)
			json_value(json, value->sequence.items[i]);
		json_end(json);
	} else if (value) {
		json_scalar(json, value);
	} else {
		json_null(json);
	}
}
