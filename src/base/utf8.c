#include "mlops/base/utf8.h"

#include "utf8_internal.h"

/*
 * Length of the well-formed character at the front and its code, or 0. The second byte's limits
 * keep out overlong forms, surrogates and numbers beyond U+10FFFF (Unicode, table 3-7).
 */
static size_t utf8_decode(struct text text, uint32_t *ret)
{
	const unsigned char *at = (const unsigned char *)text.at;
	unsigned char first = at[0], low = 0x80, high = 0xbf;
	size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first < 0x80) {
		*ret = first;
		return 1;
	}
	if (first < 0xc2 || first > 0xf4 || text.length < length)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	uint32_t code = first & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	*ret = code;
	return length;
}

uint32_t utf8_take(struct text *text)
{
	uint32_t code = UTF8_BAD;
	size_t length = utf8_decode(*text, &code);
	if (!length) {
		code = UTF8_BAD;
		length = 1;
	}
	*text = (struct text){ text->at + length, text->length - length };
	return code;
}

size_t utf8_check(struct text text)
{
	struct text rest = text;
	uint32_t code;
	while (rest.length) {
		size_t length = utf8_decode(rest, &code);
		if (!length)
			break;
		rest = (struct text){ rest.at + length, rest.length - length };
	}
	return text.length - rest.length;
}

void utf8_add(struct strbuf *buffer, uint32_t code)
{
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		code = 0xfffd;
	if (code < 0x80) {
		strbuf_add_char(buffer, (char)code);
		return;
	}
	size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	unsigned char bytes[4];
	for (size_t i = length - 1; i > 0; i--, code >>= 6)
		bytes[i] = (unsigned char)(0x80 | (code & 0x3f));
	bytes[0] = (unsigned char)((0xf00u >> length & 0xf0) | code);
	strbuf_add_bytes(buffer, bytes, length);
}

size_t utf8_count(struct text text)
{
	size_t count = 0;
	for (; text.length; count++)
		utf8_take(&text);
	return count;
}

static bool utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

size_t utf8_code_width(uint32_t code)
{
	if (code == UTF8_BAD)
		return 1;
	if (code < 0x300)
		return utf8_is_control(code) ? 0 : 1;
	if (utf8_is_zero(code))
		return 0;
	return utf8_is_wide(code) ? 2 : 1;
}

size_t utf8_width(struct text text)
{
	size_t width = 0;
	while (text.length)
		width += utf8_code_width(utf8_take(&text));
	return width;
}

/* Characters that turn the direction of text around and so can hide what it says. */
static bool utf8_is_override(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void utf8_escape(struct strbuf *buffer, struct text text)
{
	while (text.length) {
		const char *at = text.at;
		uint32_t code = utf8_take(&text);
		if (code == '\n')
			strbuf_add(buffer, "\\n");
		else if (code == '\t')
			strbuf_add(buffer, "\\t");
		else if (code == '\r')
			strbuf_add(buffer, "\\r");
		else if (code == '\\')
			strbuf_add(buffer, "\\\\");
		else if (code == UTF8_BAD)
			strbuf_printf(buffer, "\\x%02x", (unsigned char)*at);
		else if (code < 0x80 && utf8_is_control(code))
			strbuf_printf(buffer, "\\x%02x", (unsigned)code);
		else if (utf8_is_control(code) || utf8_is_override(code))
			strbuf_printf(buffer, "\\u{%x}", (unsigned)code);
		else
			strbuf_add_bytes(buffer, at, (size_t)(text.at - at));
	}
}

/* The bytes of the longest front of at most `width` columns, with its marks. */
static size_t utf8_fitting(struct text text, size_t width)
{
	struct text rest = text;
	size_t used = 0, bytes = 0;
	while (rest.length) {
		used += utf8_code_width(utf8_take(&rest));
		if (used > width)
			break;
		bytes = text.length - rest.length;
	}
	return bytes;
}

void utf8_truncate(struct strbuf *buffer, struct text text, size_t width, bool ascii)
{
	if (utf8_fitting(text, width) == text.length) {
		strbuf_add_bytes(buffer, text.at, text.length);
		return;
	}
	size_t dots = ascii ? 3 : 1;
	if (width < dots) {
		strbuf_add_repeated(buffer, '.', width);
		return;
	}
	strbuf_add_bytes(buffer, text.at, utf8_fitting(text, width - dots));
	strbuf_add(buffer, ascii ? "..." : "…");
}
