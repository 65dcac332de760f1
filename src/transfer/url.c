#include "url_internal.h"

#include <string.h>

static bool url_is_plain(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void url_encode(struct strbuf *buffer, struct text text, const char *safe)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (url_is_plain(c) || (c && strchr(safe, c)))
			strbuf_add_char(buffer, (char)c);
		else
			strbuf_printf(buffer, "%%%02X", c);
	}
}

static int url_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool url_decode(struct strbuf *buffer, struct text text)
{
	size_t before = buffer->length;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] != '%') {
			strbuf_add_char(buffer, text.at[i]);
			continue;
		}
		int high = i + 2 < text.length ? url_digit(text.at[i + 1]) : -1;
		int low = high >= 0 ? url_digit(text.at[i + 2]) : -1;
		if (low < 0 || (high == 0 && low == 0)) {
			strbuf_truncate(buffer, before);
			return false;
		}
		strbuf_add_char(buffer, (char)(high * 16 + low));
		i += 2;
	}
	return true;
}

static struct text url_take(struct text *rest, size_t length)
{
	struct text part = { rest->at, length };
	rest->at += length;
	rest->length -= length;
	return part;
}

static size_t url_span(struct text text, const char *stops)
{
	size_t length = 0;
	while (length < text.length && !strchr(stops, text.at[length]))
		length++;
	return length;
}

int url_check_secret(const char *url, struct error *err)
{
	const char *start = strstr(url, "://");
	struct text rest = text_of(start ? start + strlen("://") : url);
	struct text authority = { rest.at, url_span(rest, "/?#") };
	const char *colon = memchr(authority.at, ':', authority.length);
	if (!colon || !memchr(colon, '@', (size_t)(authority.at + authority.length - colon)))
		return 0;
	error_set(err, ERROR_USAGE, "the URL holds a password");
	return error_hint(
		err, "leave it out: credentials come from the environment, ~/.netrc or ssh");
}

static int url_authority(struct text authority, struct url *ret, struct error *err)
{
	size_t at = authority.length;
	while (at > 0 && authority.at[at - 1] != '@')
		at--;
	if (at > 0) {
		ret->user = (struct text){ authority.at, at - 1 };
		url_take(&authority, at);
	}
	bool bracket = authority.length && authority.at[0] == '[';
	size_t length = url_span(authority, bracket ? "]" : ":");
	length += bracket && length < authority.length;
	ret->host = url_take(&authority, length);
	if (authority.length && authority.at[0] == ':') {
		url_take(&authority, 1);
		ret->port = url_take(&authority, authority.length);
	}
	bool open_end = bracket && ret->host.at[ret->host.length - 1] != ']';
	if (!ret->host.length || authority.length || open_end)
		return error_set(err, ERROR_USAGE, "the URL names no host");
	return 0;
}

int url_parse(const char *url, struct url *ret, struct error *err)
{
	struct text rest = text_of(url);
	*ret = (struct url){ .scheme = { NULL, 0 } };
	for (size_t i = 0; i < rest.length; i++) {
		if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f)
			return error_set(err, ERROR_USAGE,
				"a URL holds no blanks and control characters (%%20 is a blank)");
	}
	const char *colon = strstr(url, "://");
	if (!colon || colon == url)
		return error_set(err, ERROR_USAGE, "'%s' is no URL", url);
	ret->scheme = url_take(&rest, (size_t)(colon - url));
	url_take(&rest, 3);
	if (url_check_secret(url, err) < 0 ||
		url_authority(url_take(&rest, url_span(rest, "/?#")), ret, err) < 0)
		return -err->code;
	rest.length = url_span(rest, "#");
	ret->path = url_take(&rest, url_span(rest, "?"));
	ret->query = rest;
	return 0;
}
