#include "mlops/document/json_reader.h"

#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/utf8.h"
#include "place_internal.h"
#include "value_internal.h"

struct json_reader {
	struct arena *arena;
	const char *file;
	struct text text;
	size_t at; /* offset of the next byte */
	uint32_t line;
	size_t line_start;
	size_t nodes;
	struct strbuf scratch; /* of the string that is being read */
	struct error *err;
};

enum { JSON_ARENA = 512 << 20 };

static struct position json_read_place(const struct json_reader *reader, size_t offset)
{
	struct position at;
	position_set(&at, reader->file, reader->line, offset - reader->line_start + 1);
	return at;
}

static int json_read_fail_at(struct json_reader *reader, size_t offset, const char *message)
{
	struct position at = json_read_place(reader, offset);
	return error_set_at(reader->err, ERROR_INVALID, &at, "%s", message);
}

static int json_read_fail(struct json_reader *reader, const char *message)
{
	bool end = reader->at >= reader->text.length;
	return json_read_fail_at(reader, reader->at, end ? "the text ends too early" : message);
}

/* The next byte, or 0 at the end (a NUL byte in the text is nowhere allowed anyway). */
static char json_read_peek(const struct json_reader *reader)
{
	return reader->at < reader->text.length ? reader->text.at[reader->at] : '\0';
}

static void json_read_blank(struct json_reader *reader)
{
	for (;; reader->at++) {
		char c = json_read_peek(reader);
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		/* CR LF is one end of line, seen at its LF; a lone CR is one too. */
		bool pair = c == '\r' && reader->at + 1 < reader->text.length &&
			    reader->text.at[reader->at + 1] == '\n';
		if (c == '\n' || (c == '\r' && !pair)) {
			reader->line++;
			reader->line_start = reader->at + 1;
		}
	}
}

static bool json_read_hex(struct json_reader *reader, uint32_t *ret)
{
	uint32_t code = 0;
	for (int i = 0; i < 4; i++, reader->at++) {
		char c = json_read_peek(reader);
		uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
				 : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
							: 16;
		if (digit == 16)
			return false;
		code = code * 16 + digit;
	}
	*ret = code;
	return true;
}

/* After \u: one code point, of two escapes if it is beyond U+FFFF. */
static int json_read_unicode(struct json_reader *reader)
{
	uint32_t code, low;
	if (!json_read_hex(reader, &code))
		return json_read_fail(reader, "\\u needs four hexadecimal digits");
	if (code >= 0xDC00 && code <= 0xDFFF)
		return json_read_fail(reader, "half a surrogate pair before this");
	if (code >= 0xD800 && code <= 0xDBFF) {
		struct text rest = { reader->text.at + reader->at,
			reader->text.length - reader->at };
		if (!text_starts_with(rest, "\\u"))
			return json_read_fail(reader, "half a surrogate pair before this");
		reader->at += 2;
		if (!json_read_hex(reader, &low) || low < 0xDC00 || low > 0xDFFF)
			return json_read_fail(reader, "half a surrogate pair before this");
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	utf8_add(&reader->scratch, code);
	return 0;
}

static int json_read_escape(struct json_reader *reader)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	char c = json_read_peek(reader);
	const char *found = c ? strchr(names, c) : NULL;
	if (found) {
		strbuf_add_char(&reader->scratch, bytes[found - names]);
		reader->at++;
		return 0;
	}
	if (c != 'u')
		return json_read_fail(reader, "this letter means nothing after a backslash");
	reader->at++;
	return json_read_unicode(reader);
}

/* A string with its quotes; *ret lives in the arena. */
static int json_read_string(struct json_reader *reader, struct text *ret)
{
	strbuf_clear(&reader->scratch);
	reader->at++;
	for (;;) {
		size_t plain = reader->at;
		char c;
		while ((c = json_read_peek(reader)) != '"' && c != '\\' && (unsigned char)c >= 0x20)
			reader->at++;
		strbuf_add_bytes(&reader->scratch, reader->text.at + plain, reader->at - plain);
		if (c == '"')
			break;
		if (c != '\\')
			return json_read_fail(reader,
				"a control character must be escaped, or a quote is not closed");
		reader->at++;
		if (json_read_escape(reader) < 0)
			return -ERROR_INVALID;
	}
	reader->at++;
	if (strbuf_check(&reader->scratch, reader->err) < 0)
		return -ERROR_MEMORY;
	ret->length = reader->scratch.length;
	ret->at = arena_copy_bytes(reader->arena, reader->scratch.text, ret->length, reader->err);
	return ret->at ? 0 : -ERROR_MEMORY;
}

static size_t json_read_digits(struct json_reader *reader)
{
	size_t start = reader->at;
	while (json_read_peek(reader) >= '0' && json_read_peek(reader) <= '9')
		reader->at++;
	return reader->at - start;
}

static int json_read_number(struct json_reader *reader, struct value *value)
{
	size_t start = reader->at;
	bool integer = true;
	reader->at += json_read_peek(reader) == '-';
	bool zero = json_read_peek(reader) == '0';
	size_t digits = json_read_digits(reader);
	if (!digits || (zero && digits > 1))
		return json_read_fail_at(reader, start, "not a number of JSON");
	if (json_read_peek(reader) == '.') {
		integer = false;
		reader->at++;
		if (!json_read_digits(reader))
			return json_read_fail(reader, "a digit must follow the point");
	}
	if (json_read_peek(reader) == 'e' || json_read_peek(reader) == 'E') {
		integer = false;
		reader->at++;
		reader->at += json_read_peek(reader) == '-' || json_read_peek(reader) == '+';
		if (!json_read_digits(reader))
			return json_read_fail(reader, "a digit must follow the e");
	}
	struct text text = { reader->text.at + start, reader->at - start };
	if (integer && parse_i64(text, &value->integer)) {
		value->kind = VALUE_INTEGER;
		return 0;
	}
	value->kind = VALUE_FLOAT;
	if (!parse_f64(text, &value->number))
		return json_read_fail_at(reader, start, "the number is too large for this program");
	return 0;
}

static int json_read_word(struct json_reader *reader, struct value *value)
{
	static const char *const words[] = { "null", "true", "false" };
	struct text rest = { reader->text.at + reader->at, reader->text.length - reader->at };
	for (size_t i = 0; i < 3; i++) {
		if (text_starts_with(rest, words[i])) {
			value->kind = i ? VALUE_BOOLEAN : VALUE_NULL;
			value->boolean = i == 1;
			reader->at += strlen(words[i]);
			return 0;
		}
	}
	return json_read_fail(reader, "a value must stand here");
}

static struct value *json_read_node(struct json_reader *reader, unsigned depth);

static int json_read_key(struct json_reader *reader, struct value_entry *entry)
{
	struct text key;
	if (json_read_peek(reader) != '"')
		return json_read_fail(reader, "a key in double quotes must stand here");
	entry->key_line = reader->line;
	entry->key_column = (uint32_t)(reader->at - reader->line_start + 1);
	int status = json_read_string(reader, &key);
	if (status < 0)
		return status;
	entry->key = key.at;
	if (strlen(key.at) != key.length)
		return json_read_fail(reader, "a key may not hold NUL");
	json_read_blank(reader);
	if (json_read_peek(reader) != ':')
		return json_read_fail(reader, "a ':' must stand here");
	reader->at++;
	json_read_blank(reader);
	return 0;
}

static int json_read_member(struct json_reader *reader, struct value *value, unsigned depth)
{
	struct value_entry entry = { .key = NULL };
	if (value->kind == VALUE_MAPPING && json_read_key(reader, &entry) < 0)
		return -(int)reader->err->code;
	entry.value = json_read_node(reader, depth);
	if (!entry.value)
		return -(int)reader->err->code;
	return value->kind == VALUE_MAPPING
		       ? value_add_entry(reader->arena, value, &entry, reader->err)
		       : value_append(reader->arena, value, entry.value, reader->err);
}

static int json_read_collection(struct json_reader *reader, struct value *value, unsigned depth)
{
	char close = value->kind == VALUE_MAPPING ? '}' : ']';
	if (depth > DOCUMENT_DEPTH)
		return json_read_fail(reader, "nested too deep");
	reader->at++;
	json_read_blank(reader);
	for (bool first = true; json_read_peek(reader) != close || !first; first = false) {
		if (json_read_member(reader, value, depth) < 0)
			return -(int)reader->err->code;
		json_read_blank(reader);
		if (json_read_peek(reader) == close)
			break;
		if (json_read_peek(reader) != ',')
			return json_read_fail(reader, close == '}'
							      ? "a ',' or '}' must stand here"
							      : "a ',' or ']' must stand here");
		reader->at++;
		json_read_blank(reader);
	}
	reader->at++;
	return value->kind == VALUE_MAPPING ? value_check_keys(value, reader->file, reader->err)
					    : 0;
}

static struct value *json_read_node(struct json_reader *reader, unsigned depth)
{
	if (++reader->nodes > DOCUMENT_NODES) {
		json_read_fail(reader, "the document has too many nodes");
		return NULL;
	}
	struct value *value = value_new(reader->arena, VALUE_NULL, reader->err);
	if (!value)
		return NULL;
	value->line = reader->line;
	value->column = (uint32_t)(reader->at - reader->line_start + 1);
	char c = json_read_peek(reader);
	int status;
	if (c == '{' || c == '[') {
		value->kind = c == '{' ? VALUE_MAPPING : VALUE_SEQUENCE;
		status = json_read_collection(reader, value, depth + 1);
	} else if (c == '"') {
		value->kind = VALUE_STRING;
		status = json_read_string(reader, &value->string);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		status = json_read_number(reader, value);
	} else {
		status = json_read_word(reader, value);
	}
	return status < 0 ? NULL : value;
}

static int json_read_check_bytes(struct json_reader *reader)
{
	if (reader->text.length > DOCUMENT_BYTES)
		return error_set(reader->err, ERROR_INVALID, "'%s' is over %d MiB", reader->file,
			DOCUMENT_BYTES >> 20);
	size_t valid = utf8_check(reader->text);
	if (valid == reader->text.length)
		return 0;
	struct place place;
	struct position at;
	place_init(&place, reader->text);
	place_to_byte(&place, valid);
	position_set(&at, reader->file, place.line, place_column(&place));
	return error_set_at(reader->err, ERROR_INVALID, &at, "the text is not UTF-8");
}

static struct value *json_read_document(struct json_reader *reader)
{
	json_read_blank(reader);
	struct value *root = json_read_node(reader, 0);
	if (!root)
		return NULL;
	json_read_blank(reader);
	if (reader->at < reader->text.length) {
		json_read_fail(reader, "the document has ended before this");
		return NULL;
	}
	return root;
}

int json_read(struct text bytes, const char *file, struct document *ret_document, struct error *err)
{
	struct document document = { .arena = ARENA_INIT(JSON_ARENA) };
	if (text_starts_with(bytes, "\xEF\xBB\xBF")) /* RFC 8259 lets readers ignore it */
		bytes = (struct text){ bytes.at + 3, bytes.length - 3 };
	struct json_reader reader = { .file = file ? file : "",
		.text = bytes,
		.line = 1,
		.scratch = STRBUF_INIT,
		.err = err };
	int status = json_read_check_bytes(&reader);
	if (status == 0)
		status = place_keep_source(&document, bytes, file, err);
	reader.arena = &document.arena;
	document.root = status == 0 ? json_read_document(&reader) : NULL;
	strbuf_release(&reader.scratch);
	if (!document.root) {
		document_release(&document);
		return -(int)err->code;
	}
	*ret_document = document;
	return 0;
}
