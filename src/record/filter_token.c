#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mlops/base/parse.h"
#include "mlops/base/strbuf.h"
#include "mlops/base/utf8.h"
#include "filter_internal.h"

int filter_fail(struct error *err, size_t column, const char *hint, const char *format, ...)
{
	char message[512];
	struct position at;
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	position_set(&at, "--filter", 1, column);
	error_set_at(err, ERROR_USAGE, &at, "%s", message);
	return hint && hint[0] ? error_hint(err, "%s", hint) : -ERROR_USAGE;
}

bool filter_token_is(const struct filter_token *token, const char *keyword)
{
	return token->kind == TOKEN_WORD && !token->quoted && strcasecmp(token->name, keyword) == 0;
}

static bool token_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool token_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || token_is_digit(c) ||
	       (unsigned char)c >= 0x80 || (c && strchr("_-./@", c));
}

/* '…' with the quote doubled inside; *at stands on the opening quote and moves behind the closing. */
static int token_quoted(struct text source, size_t *at, struct strbuf *ret, struct error *err)
{
	size_t start = *at;
	char quote = source.at[start];
	for (size_t i = start + 1; i < source.length; i++) {
		if (source.at[i] != quote) {
			strbuf_add_char(ret, source.at[i]);
		} else if (i + 1 < source.length && source.at[i + 1] == quote) {
			strbuf_add_char(ret, quote);
			i++;
		} else {
			*at = i + 1;
			return strbuf_check(ret, err);
		}
	}
	char hint[64];
	snprintf(hint, sizeof hint, "end it with %c", quote);
	return filter_fail(err, start + 1, hint, "the quote that begins here is never closed");
}

static int token_word(struct arena *arena, struct text source, size_t *offset,
	struct filter_token *token, struct error *err)
{
	AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
	size_t at = *offset, quoted = SIZE_MAX;
	if (source.at[at] != '`') {
		while (at < source.length && token_is_name(source.at[at]))
			strbuf_add_char(&name, source.at[at++]);
	}
	/* metrics.`my metric`, metrics."my metric" */
	bool after_dot = name.length && name.text[name.length - 1] == '.';
	if (at < source.length &&
		(source.at[at] == '`' || (after_dot && strchr("'\"", source.at[at])))) {
		quoted = name.length;
		if (token_quoted(source, &at, &name, err) < 0)
			return -err->code;
	}
	if (strbuf_check(&name, err) < 0)
		return -err->code;
	char *copy = arena_copy_bytes(arena, name.text, name.length, err);
	if (!copy)
		return -err->code;
	token->kind = TOKEN_WORD;
	token->name = copy;
	token->quoted = quoted == SIZE_MAX ? NULL : copy + quoted;
	*offset = at;
	return 0;
}

/* -0.5, 1e-3, 5m, -7d, 1h30m, 2026-11-24T15:03:11Z */
static int token_number(struct arena *arena, struct text source, size_t *offset,
	struct filter_token *token, struct error *err)
{
	size_t at = *offset + 1;
	for (; at < source.length; at++) {
		char c = source.at[at], before = source.at[at - 1];
		bool exponent = strchr("+-", c) && c && (before == 'e' || before == 'E');
		bool date = c == '-' || c == ':' || c == '+';
		if (!exponent && !(date && at - *offset >= 4 && token_is_digit(before)) &&
			!token_is_digit(c) && c != '.' && c != '_' && c != '%' &&
			!((c | 32) >= 'a' && (c | 32) <= 'z'))
			break;
	}
	struct text text = { source.at + *offset, at - *offset };
	char *copy = arena_copy_bytes(arena, text.at, text.length, err);
	if (!copy)
		return -err->code;
	token->name = copy;
	token->kind = parse_f64(text, &token->number) ? TOKEN_NUMBER : TOKEN_QUANTITY;
	*offset = at;
	return 0;
}

static bool token_symbol(struct text rest, enum filter_token_kind *ret_kind, size_t *ret_length)
{
	static const struct {
		const char *text;
		enum filter_token_kind kind;
	} symbols[] = { { "==", TOKEN_EQUAL }, { "!=", TOKEN_UNEQUAL }, { "<>", TOKEN_UNEQUAL },
		{ "<=", TOKEN_LESS_EQUAL }, { ">=", TOKEN_GREATER_EQUAL }, { "=", TOKEN_EQUAL },
		{ "<", TOKEN_LESS }, { ">", TOKEN_GREATER }, { "(", TOKEN_OPEN },
		{ ")", TOKEN_CLOSE }, { ",", TOKEN_COMMA } };
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		if (text_starts_with(rest, symbols[i].text)) {
			*ret_kind = symbols[i].kind;
			*ret_length = strlen(symbols[i].text);
			return true;
		}
	}
	return false;
}

static int token_refuse(struct text rest, size_t column, struct error *err)
{
	static const struct {
		const char *text, *hint;
	} remedies[] = { { "&", "write 'and'" }, { "|", "write 'or'" },
		{ "!", "write 'not' or '!='" }, { "~", "write 'like', with % for any text" },
		{ ";", "one filter, without ';'" }, { "*", "write 'like', with % for any text" },
		{ "[", "write a list in ( )" } };
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	struct text one = rest;
	utf8_take(&one);
	utf8_escape(&shown, (struct text){ rest.at, rest.length - one.length });
	for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++) {
		if (text_starts_with(rest, remedies[i].text))
			return filter_fail(err, column, remedies[i].hint, "'%s' is not understood",
				shown.text);
	}
	return filter_fail(err, column, NULL, "'%s' is not understood", shown.text);
}

int filter_take_token(struct arena *arena, struct text source, size_t *offset,
	struct filter_token *ret, struct error *err)
{
	size_t at = *offset, length;
	while (at < source.length && source.at[at] && strchr(" \t\r\n", source.at[at]))
		at++;
	*ret = (struct filter_token){ .kind = TOKEN_END, .column = at + 1 };
	struct text rest = { source.at + at, source.length - at };
	if (!rest.length) {
		*offset = at;
		return 0;
	}
	char c = rest.at[0], next = rest.length > 1 ? rest.at[1] : '\0';
	int status = 0;
	size_t start = at;
	if (c == '\'' || c == '"') {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		status = token_quoted(source, &at, &text, err);
		ret->kind = TOKEN_STRING;
		ret->name =
			status == 0 ? arena_copy_bytes(arena, text.text, text.length, err) : NULL;
		if (!ret->name)
			return -err->code;
	} else if (token_is_digit(c) ||
		   (strchr("+-.", c) && c && (token_is_digit(next) || (c != '.' && next == '.')))) {
		status = token_number(arena, source, &at, ret, err);
	} else if (token_is_name(c) || c == '`') {
		status = token_word(arena, source, &at, ret, err);
	} else if (token_symbol(rest, &ret->kind, &length)) {
		at += length;
	} else {
		return token_refuse(rest, at + 1, err);
	}
	if (status < 0)
		return status;
	ret->text = (struct text){ source.at + start, at - start };
	*offset = at;
	return 0;
}
