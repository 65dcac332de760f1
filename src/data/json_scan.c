#include "json_scan_internal.h"

#include <string.h>

#include "mlops/base/utf8.h"

static void json_scan_blanks(struct json_scan *scan)
{
	while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r'))
		scan->at++;
}

static int json_scan_wrong(struct json_scan *scan, const char *message)
{
	scan->message = message;
	return -1;
}

static bool json_scan_is(const struct json_scan *scan, char c)
{
	return scan->at < scan->end && *scan->at == c;
}

static int json_scan_hex(const char *at)
{
	int value = 0;
	for (int i = 0; i < 4; i++) {
		char c = at[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* The escape at a backslash: its length, 0 if it is none. */
static size_t json_scan_escape(const char *at, const char *end)
{
	if (end - at < 2)
		return 0;
	if (at[1] != 'u')
		return strchr("\"\\/bfnrt", at[1]) && at[1] ? 2 : 0;
	int unit = end - at < 6 ? -1 : json_scan_hex(at + 2);
	if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000))
		return 0;
	if (unit < 0xd800 || unit >= 0xe000)
		return 6;
	/* The first half of a pair: the second must follow. */
	if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
		return 0;
	int low = json_scan_hex(at + 8);
	return low >= 0xdc00 && low < 0xe000 ? 12 : 0;
}

static int json_scan_string(struct json_scan *scan, struct text *ret, bool *ret_escaped)
{
	const char *start = ++scan->at;
	*ret_escaped = false;
	for (; scan->at < scan->end && *scan->at != '"';) {
		if ((unsigned char)*scan->at < 0x20)
			return json_scan_wrong(scan, "a control character inside a string");
		size_t length = 1;
		if (*scan->at == '\\') {
			*ret_escaped = true;
			length = json_scan_escape(scan->at, scan->end);
			if (!length)
				return json_scan_wrong(scan, "an escape that JSON does not know");
		}
		scan->at += length;
	}
	if (scan->at == scan->end)
		return json_scan_wrong(scan, "the line ends inside a string");
	*ret = (struct text){ start, (size_t)(scan->at - start) };
	scan->at++;
	return 0;
}

static size_t json_scan_digits(const char *at, const char *end)
{
	const char *start = at;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return (size_t)(at - start);
}

/* The length of a number; 0 if it is none. */
static size_t json_scan_number(const char *start, const char *end)
{
	const char *at = start;
	at += at < end && *at == '-';
	size_t whole = json_scan_digits(at, end);
	if (!whole || (whole > 1 && *at == '0'))
		return 0;
	at += whole;
	if (at < end && *at == '.') {
		size_t fraction = json_scan_digits(++at, end);
		if (!fraction)
			return 0;
		at += fraction;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		size_t exponent = json_scan_digits(at, end);
		if (!exponent)
			return 0;
		at += exponent;
	}
	return (size_t)(at - start);
}

static int json_scan_value(struct json_scan *scan, struct json_scan_member *ret)
{
	struct text rest = { scan->at, (size_t)(scan->end - scan->at) };
	ret->value_escaped = false;
	if (json_scan_is(scan, '"')) {
		ret->kind = JSON_SCAN_STRING;
		return json_scan_string(scan, &ret->value, &ret->value_escaped);
	}
	if (json_scan_is(scan, '{') || json_scan_is(scan, '[')) {
		scan->nested = scan->at;
		return json_scan_wrong(scan, "a value is nested; only flat objects are rows");
	}
	ret->kind = JSON_SCAN_BARE;
	size_t length = json_scan_number(scan->at, scan->end);
	if (text_starts_with(rest, "true"))
		length = 4;
	else if (text_starts_with(rest, "false"))
		length = 5;
	else if (text_starts_with(rest, "null"))
		length = 4;
	if (!length)
		return json_scan_wrong(scan, "this is no JSON value");
	if (*scan->at == 'n')
		ret->kind = JSON_SCAN_NULL;
	ret->value = (struct text){ scan->at, length };
	scan->at += length;
	return 0;
}

bool json_scan_open(struct json_scan *scan, struct text line)
{
	*scan = (struct json_scan){ line.at, line.at + line.length, true, NULL, NULL };
	json_scan_blanks(scan);
	if (!json_scan_is(scan, '{')) {
		json_scan_wrong(scan, "the line is no JSON object");
		return false;
	}
	scan->at++;
	return true;
}

static int json_scan_close(struct json_scan *scan)
{
	scan->at++;
	json_scan_blanks(scan);
	return scan->at == scan->end ? 0 : json_scan_wrong(scan, "text behind the object");
}

int json_scan_next(struct json_scan *scan, struct json_scan_member *ret)
{
	json_scan_blanks(scan);
	if (json_scan_is(scan, '}'))
		return json_scan_close(scan);
	if (!scan->first) {
		if (!json_scan_is(scan, ','))
			return json_scan_wrong(scan, "a comma or '}' is missing");
		scan->at++;
		json_scan_blanks(scan);
	}
	scan->first = false;
	if (!json_scan_is(scan, '"'))
		return json_scan_wrong(scan, "a key in double quotes is missing");
	if (json_scan_string(scan, &ret->key, &ret->key_escaped) < 0)
		return -1;
	json_scan_blanks(scan);
	if (!json_scan_is(scan, ':'))
		return json_scan_wrong(scan, "a colon is missing");
	scan->at++;
	json_scan_blanks(scan);
	return json_scan_value(scan, ret) < 0 ? -1 : 1;
}

bool json_scan_unescape(struct text raw, struct strbuf *out)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *at = raw.at, *end = raw.at + raw.length;
	bool clean = true;
	while (at < end) {
		const char *slash = memchr(at, '\\', (size_t)(end - at));
		const char *stop = slash ? slash : end;
		strbuf_add_bytes(out, at, (size_t)(stop - at));
		if (!slash)
			break;
		size_t length = json_scan_escape(slash, end);
		if (slash[1] == 'u') {
			uint32_t code = (uint32_t)json_scan_hex(slash + 2);
			if (length == 12)
				code = 0x10000 + ((code - 0xd800) << 10) +
				       ((uint32_t)json_scan_hex(slash + 8) - 0xdc00);
			clean &= code != 0;
			utf8_add(out, code);
		} else {
			const char *name = strchr(names, slash[1]);
			strbuf_add_char(out, name ? values[name - names] : slash[1]);
		}
		at = slash + length;
	}
	return clean;
}
