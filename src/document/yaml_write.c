#include "mlops/document/yaml.h"

#include <string.h>

#include "mlops/base/utf8.h"
#include "scalar_internal.h"

enum {
	YAML_STEP = 2, /* of indentation */
	YAML_WIDTH = 100, /* up to which a sequence of scalars stays on one line */
	YAML_SIMPLE_KEY = 1000 /* bytes; parsers look no further than 1,024 for the ':' */
};

/* What YAML 1.1, which many readers still speak, would take for something else. */
static bool yaml_is_old_word(struct text text)
{
	static const char *const words[] = { "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No",
		"NO", "on", "On", "ON", "off", "Off", "OFF", "=", "<<", "---", "..." };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (text_is(text, words[i]))
			return true;
	}
	/* 1_000, 12:30, 0777, 2026-11-24: numbers, times and dates of old */
	bool number = strchr("0123456789+-.", text.at[0]) != NULL;
	for (size_t i = 0; number && i < text.length; i++)
		number = text.at[i] && strchr("0123456789+-.:_,eETtZz xXobABCDF", text.at[i]);
	return number;
}

static bool yaml_is_printable(uint32_t code)
{
	return code != UTF8_BAD && code >= 0x20 && !(code >= 0x7F && code < 0xA0) &&
	       code != 0x2028 && code != 0x2029 && code != 0xFEFF && code != 0xFFFE &&
	       code != 0xFFFF;
}

/* May the text stand without quotes and read back as itself? */
static bool yaml_is_plain(struct text text, bool flow)
{
	struct value value;
	if (!text.length || text.at[0] == ' ' || text.at[text.length - 1] == ' ' ||
		strchr("?:,[]{}#&*!|>'\"%@`", text.at[0]) || text_starts_with(text, "- ") ||
		text_starts_with(text, "--- ") || text_starts_with(text, "... ") ||
		text_is(text, "-") || text.at[text.length - 1] == ':' || yaml_is_old_word(text))
		return false;
	if (!scalar_resolve(text, &value) || value.kind != VALUE_STRING)
		return false;
	for (struct text rest = text; rest.length;) {
		char before = rest.at == text.at ? ' ' : rest.at[-1];
		uint32_t code = utf8_take(&rest);
		char after = rest.length ? rest.at[0] : ' ';
		if (!yaml_is_printable(code) || (code == '#' && before == ' ') ||
			(code == ':' && (after == ' ' || flow)) ||
			(flow && code < 0x80 && strchr(",[]{}", (int)code)))
			return false;
	}
	return true;
}

static void yaml_quote(struct strbuf *buffer, struct text text)
{
	strbuf_add_char(buffer, '"');
	while (text.length) {
		uint32_t code = utf8_take(&text);
		if (code == UTF8_BAD)
			utf8_add(buffer, 0xFFFD);
		else if (code == '"' || code == '\\')
			strbuf_printf(buffer, "\\%c", (char)code);
		else if (code == '\n')
			strbuf_add(buffer, "\\n");
		else if (code == '\t')
			strbuf_add(buffer, "\\t");
		else if (yaml_is_printable(code))
			utf8_add(buffer, code);
		else if (code < 0x100)
			strbuf_printf(buffer, "\\x%02x", (unsigned)code);
		else
			strbuf_printf(buffer, "\\u%04x", (unsigned)code);
	}
	strbuf_add_char(buffer, '"');
}

static void yaml_add_text(struct strbuf *buffer, struct text text, bool flow)
{
	if (yaml_is_plain(text, flow))
		strbuf_add_bytes(buffer, text.at, text.length);
	else
		yaml_quote(buffer, text);
}

static void yaml_add_scalar(struct strbuf *buffer, const struct value *scalar, bool flow)
{
	if (scalar->kind == VALUE_STRING)
		yaml_add_text(buffer, scalar->string, flow);
	else
		value_scalar_text(buffer, scalar);
}

void yaml_write_scalar(struct strbuf *buffer, const struct value *scalar)
{
	yaml_add_scalar(buffer, scalar, false);
}

static bool yaml_is_empty(const struct value *value)
{
	return (value->kind == VALUE_MAPPING && !value->mapping.count) ||
	       (value->kind == VALUE_SEQUENCE && !value->sequence.count);
}

static bool yaml_is_scalar(const struct value *value)
{
	return value->kind != VALUE_MAPPING && value->kind != VALUE_SEQUENCE;
}

/* Tries a sequence of scalars on one line; takes it back if it is none, or too long. */
static bool yaml_flow(struct strbuf *buffer, const struct value *value, size_t indent)
{
	size_t start = buffer->length;
	if (value->kind != VALUE_SEQUENCE)
		return false;
	strbuf_add_char(buffer, '[');
	for (size_t i = 0; i < value->sequence.count; i++) {
		const struct value *item = value->sequence.items[i];
		if (i)
			strbuf_add(buffer, ", ");
		if (yaml_is_scalar(item))
			yaml_add_scalar(buffer, item, true);
		if (!yaml_is_scalar(item) || buffer->length - start + indent > YAML_WIDTH) {
			strbuf_truncate(buffer, start);
			return false;
		}
	}
	strbuf_add_char(buffer, ']');
	return true;
}

static void yaml_block(struct strbuf *buffer, const struct value *value, size_t indent);

/* A value behind "- " or ": ", at the column where its own lines start. */
static void yaml_inline(struct strbuf *buffer, const struct value *value, size_t indent)
{
	if (yaml_is_scalar(value))
		yaml_add_scalar(buffer, value, false);
	else if (yaml_is_empty(value))
		strbuf_add(buffer, value->kind == VALUE_MAPPING ? "{}" : "[]");
	else if (!yaml_flow(buffer, value, indent))
		yaml_block(buffer, value, indent);
}

static void yaml_member(struct strbuf *buffer, const struct value_entry *entry, size_t indent)
{
	const struct value *value = entry->value;
	if (strlen(entry->key) > YAML_SIMPLE_KEY) {
		strbuf_add(buffer, "? ");
		yaml_quote(buffer, text_of(entry->key));
		strbuf_add_char(buffer, '\n');
		strbuf_add_repeated(buffer, ' ', indent);
		strbuf_add(buffer, ": ");
		yaml_inline(buffer, value, indent + YAML_STEP);
		return;
	}
	size_t start = buffer->length;
	yaml_add_text(buffer, text_of(entry->key), false);
	strbuf_add_char(buffer, ':');
	size_t column = indent + buffer->length - start;
	if (yaml_is_scalar(value) || yaml_is_empty(value)) {
		strbuf_add_char(buffer, ' ');
		yaml_inline(buffer, value, indent);
		return;
	}
	strbuf_add_char(buffer, ' ');
	if (yaml_flow(buffer, value, column))
		return;
	strbuf_truncate(buffer, buffer->length - 1);
	strbuf_add_char(buffer, '\n');
	strbuf_add_repeated(buffer, ' ', indent + YAML_STEP);
	yaml_block(buffer, value, indent + YAML_STEP);
}

/* A collection that is not empty; the first line is indented already, the last has no newline. */
static void yaml_block(struct strbuf *buffer, const struct value *value, size_t indent)
{
	bool mapping = value->kind == VALUE_MAPPING;
	size_t count = mapping ? value->mapping.count : value->sequence.count;
	for (size_t i = 0; i < count; i++) {
		if (i) {
			strbuf_add_char(buffer, '\n');
			strbuf_add_repeated(buffer, ' ', indent);
		}
		if (mapping) {
			yaml_member(buffer, &value->mapping.entries[i], indent);
		} else {
			strbuf_add(buffer, "- ");
			yaml_inline(buffer, value->sequence.items[i], indent + YAML_STEP);
		}
	}
}

void yaml_write(struct strbuf *buffer, const struct value *value)
{
	yaml_inline(buffer, value, 0);
	strbuf_add_char(buffer, '\n');
}
