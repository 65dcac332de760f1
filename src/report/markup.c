#include "mlops/report/markup.h"

#include <math.h>
#include <string.h>

#include "mlops/base/utf8.h"

static void markup_attributes(struct strbuf *out, va_list args)
{
	const char *name;
	while ((name = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);
		if (!value)
			continue;
		strbuf_printf(out, " %s=\"", name);
		markup_text(out, value);
		strbuf_add_char(out, '"');
	}
}

void markup_open(struct strbuf *out, const char *tag, ...)
{
	va_list args;
	va_start(args, tag);
	strbuf_printf(out, "<%s", tag);
	markup_attributes(out, args);
	strbuf_add_char(out, '>');
	va_end(args);
}

void markup_empty(struct strbuf *out, const char *tag, ...)
{
	va_list args;
	va_start(args, tag);
	strbuf_printf(out, "<%s", tag);
	markup_attributes(out, args);
	strbuf_add(out, "/>");
	va_end(args);
}

void markup_close(struct strbuf *out, const char *tag)
{
	strbuf_printf(out, "</%s>", tag);
}

/* What neither HTML nor XML may hold: C0 but for white space, DEL and C1, and non-characters. */
static bool markup_forbidden(uint32_t code)
{
	return code == UTF8_BAD || (code < 0x20 && code != '\n' && code != '\t') ||
	       (code >= 0x7f && code < 0xa0) || (code & 0xfffe) == 0xfffe ||
	       (code >= 0xfdd0 && code <= 0xfdef);
}

/* Overrides of direction would let a name rearrange the page around it. */
static bool markup_direction(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void markup_text_bytes(struct strbuf *out, const char *bytes, size_t length)
{
	struct text rest = { bytes, length };
	while (rest.length) {
		const char *start = rest.at;
		uint32_t code = utf8_take(&rest);
		if (code == '&')
			strbuf_add(out, "&amp;");
		else if (code == '<')
			strbuf_add(out, "&lt;");
		else if (code == '>')
			strbuf_add(out, "&gt;");
		else if (code == '"')
			strbuf_add(out, "&quot;");
		else if (code == '\'')
			strbuf_add(out, "&#39;");
		else if (markup_forbidden(code) || markup_direction(code))
			utf8_add(out, 0xfffd);
		else
			strbuf_add_bytes(out, start, (size_t)(rest.at - start));
	}
}

void markup_text(struct strbuf *out, const char *text)
{
	if (text)
		markup_text_bytes(out, text, strlen(text));
}

void markup_element(struct strbuf *out, const char *tag, const char *text)
{
	markup_open(out, tag, NULL);
	markup_text(out, text);
	markup_close(out, tag);
}

void markup_coordinate(struct strbuf *out, double value)
{
	if (!(fabs(value) < 1e9))
		value = 0.0;
	long long hundredths = llround(value * 100.0);
	if (hundredths < 0)
		strbuf_add_char(out, '-');
	unsigned long long size = (unsigned long long)(hundredths < 0 ? -hundredths : hundredths);
	strbuf_printf(out, "%llu", size / 100);
	if (size % 100 == 0)
		return;
	strbuf_printf(out, ".%llu", size / 10 % 10);
	if (size % 10)
		strbuf_printf(out, "%llu", size % 10);
}

/* The characters that begin mark-up somewhere in a line of GitHub's Markdown. */
static bool markdown_special(uint32_t code)
{
	return code < 0x80 && code != 0 && strchr("\\`*_{}[]()#+-!|~@:$^=", (int)code) != NULL;
}

static void markdown_character(struct strbuf *out, uint32_t code, const char *bytes, size_t length)
{
	if (code == '\n' || code == '\t')
		strbuf_add_char(out, ' ');
	else if (code == '&')
		strbuf_add(out, "&amp;");
	else if (code == '<')
		strbuf_add(out, "&lt;");
	else if (code == '>')
		strbuf_add(out, "&gt;");
	else if (markup_forbidden(code) || markup_direction(code))
		utf8_add(out, 0xfffd);
	else if (markdown_special(code))
		/* As a number: a backslash in front of '@' would still call somebody. */
		strbuf_printf(out, "&#%u;", (unsigned int)code);
	else
		strbuf_add_bytes(out, bytes, length);
}

/* '_' and '-' are common in names and harmless in the middle of a word. */
static bool markdown_inside_word(const struct text *rest, const char *start, const char *begin)
{
	bool before = start > begin && start[-1] > ' ' && !strchr("_-*`", start[-1]);
	return before && rest->length && *rest->at > ' ' && !strchr("_-*`", *rest->at);
}

void markdown_text(struct strbuf *out, const char *text, size_t limit)
{
	if (!text)
		return;
	struct text rest = text_of(text);
	while (rest.length) {
		const char *start = rest.at;
		if (limit && (size_t)(start - text) >= limit) {
			strbuf_add(out, "…");
			return;
		}
		uint32_t code = utf8_take(&rest);
		size_t length = (size_t)(rest.at - start);
		if ((code == '_' || code == '-' || code == ':' || code == '=' || code == '(' ||
			    code == ')') &&
			markdown_inside_word(&rest, start, text))
			strbuf_add_bytes(out, start, length);
		else
			markdown_character(out, code, start, length);
	}
}
