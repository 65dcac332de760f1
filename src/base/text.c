#include "mlops/base/text.h"

#include <stdint.h>
#include <string.h>

#include "mlops/base/error.h"

struct text text_of(const char *string)
{
	return (struct text){ string ? string : "", string ? strlen(string) : 0 };
}

bool text_equal(struct text a, struct text b)
{
	return a.length == b.length && (!a.length || memcmp(a.at, b.at, a.length) == 0);
}

bool text_is(struct text a, const char *string)
{
	return text_equal(a, text_of(string));
}

int text_compare(struct text a, struct text b)
{
	size_t shorter = a.length < b.length ? a.length : b.length;
	int order = shorter ? memcmp(a.at, b.at, shorter) : 0;
	return order ? order : (a.length > b.length) - (a.length < b.length);
}

bool text_starts_with(struct text a, const char *prefix)
{
	size_t length = strlen(prefix);
	return a.length >= length && memcmp(a.at, prefix, length) == 0;
}

bool text_ends_with(struct text a, const char *suffix)
{
	size_t length = strlen(suffix);
	return a.length >= length && memcmp(a.at + a.length - length, suffix, length) == 0;
}

static bool text_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text text_trim(struct text a)
{
	while (a.length && text_is_blank(a.at[0])) {
		a.at++;
		a.length--;
	}
	while (a.length && text_is_blank(a.at[a.length - 1]))
		a.length--;
	return a;
}

bool text_split(struct text *rest, char separator, struct text *ret_part)
{
	/* What is left of "a," behind the comma: empty, but unlike the empty text still a part. */
	static const char last[1];
	if (!rest->length && rest->at != last)
		return false;
	const char *end = rest->length ? memchr(rest->at, separator, rest->length) : NULL;
	*ret_part = (struct text){ rest->at, end ? (size_t)(end - rest->at) : rest->length };
	if (!end)
		*rest = (struct text){ NULL, 0 };
	else if (ret_part->length + 1 == rest->length)
		*rest = (struct text){ last, 0 };
	else
		*rest = (struct text){ end + 1, rest->length - ret_part->length - 1 };
	return true;
}

static const char *text_glob_class(const char *pattern, char c, bool *ret_match)
{
	bool negated = *pattern == '!' || *pattern == '^', match = false;
	if (negated)
		pattern++;
	for (bool first = true; *pattern && (first || *pattern != ']'); first = false) {
		char low = *pattern++, high = low;
		if (pattern[0] == '-' && pattern[1] && pattern[1] != ']') {
			high = pattern[1];
			pattern += 2;
		}
		match |= (unsigned char)low <= (unsigned char)c &&
			 (unsigned char)c <= (unsigned char)high;
	}
	*ret_match = match != negated && c != '/';
	return *pattern == ']' ? pattern + 1 : NULL;
}

/* Matches one pattern element other than '*'; NULL if it does not match. */
static const char *text_glob_one(const char *pattern, char c)
{
	bool match;
	switch (*pattern) {
	case '?':
		return c && c != '/' ? pattern + 1 : NULL;
	case '[':
		pattern = text_glob_class(pattern + 1, c, &match);
		return c && match ? pattern : NULL;
	case '\\':
		if (pattern[1])
			pattern++;
		FALLTHROUGH;
	default:
		return *pattern == c && c ? pattern + 1 : NULL;
	}
}

/*
 * Where to go on after a mismatch. A '*' goes on one character further, a double star too, across
 * slashes, and a double star that stands for whole folders behind the next slash.
 */
struct text_glob_star {
	enum { GLOB_NAME, GLOB_ANY, GLOB_FOLDERS } kind;
	const char *pattern, *string;
};

static bool text_glob_retry(struct text_glob_star *star, const char **pattern, const char **string)
{
	const char *at = star->string;
	if (!star->pattern || !*at || (*at == '/' && star->kind == GLOB_NAME))
		return false;
	if (star->kind == GLOB_FOLDERS) {
		at = strchr(at, '/');
		if (!at)
			return false;
	}
	*pattern = star->pattern;
	*string = star->string = at + 1;
	return true;
}

/* Takes a star or double star off the pattern; `start` is the whole pattern. */
static struct text_glob_star text_glob_take_star(
	const char **pattern, const char *start, const char *string)
{
	const char *at = *pattern;
	bool any = at[1] == '*';
	bool folders = any && at[2] == '/' && (at == start || at[-1] == '/');
	*pattern = at + (folders ? 3 : any ? 2 : 1);
	return (struct text_glob_star){ folders ? GLOB_FOLDERS
					: any   ? GLOB_ANY
						: GLOB_NAME,
		*pattern, string };
}

bool text_glob(const char *pattern, const char *string)
{
	/* A '*' that cannot reach beyond a slash gives way to the last double star before it. */
	struct text_glob_star name = { .pattern = NULL }, deep = { .pattern = NULL };
	const char *start = pattern;
	for (;;) {
		if (*pattern == '*') {
			struct text_glob_star star = text_glob_take_star(&pattern, start, string);
			if (star.kind != GLOB_NAME)
				deep = star;
			name = star.kind == GLOB_NAME ? star : (struct text_glob_star){ 0 };
			continue;
		}
		if (!*pattern && !*string)
			return true;
		const char *next = *pattern ? text_glob_one(pattern, *string) : NULL;
		if (next) {
			pattern = next;
			string++;
			continue;
		}
		if (text_glob_retry(&name, &pattern, &string))
			continue;
		name.pattern = NULL;
		if (!text_glob_retry(&deep, &pattern, &string))
			return false;
	}
}

enum { TEXT_DISTANCE_MAX = 64 };

size_t text_distance(const char *a, const char *b)
{
	size_t rows = strlen(a), columns = strlen(b);
	if (rows > TEXT_DISTANCE_MAX || columns > TEXT_DISTANCE_MAX)
		return SIZE_MAX;
	uint8_t cost[3][TEXT_DISTANCE_MAX + 1]; /* the row before last, the last, the present one */
	uint8_t *before = cost[0], *last = cost[1], *now = cost[2];
	for (size_t j = 0; j <= columns; j++)
		last[j] = (uint8_t)j;
	for (size_t i = 1; i <= rows; i++) {
		now[0] = (uint8_t)i;
		for (size_t j = 1; j <= columns; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);
			if (last[j] + 1u < best)
				best = last[j] + 1u;
			if (now[j - 1] + 1u < best)
				best = now[j - 1] + 1u;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1u < best)
				best = before[j - 2] + 1u;
			now[j] = (uint8_t)best;
		}
		uint8_t *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[columns];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
	size_t allowed = strlen(word) / 3 ? strlen(word) / 3 : 1;
	const char *nearest = NULL;
	size_t best = allowed + 1;
	for (; *candidates; candidates++) {
		size_t distance = text_distance(word, *candidates);
		if (distance < best) {
			best = distance;
			nearest = *candidates;
		}
	}
	return nearest;
}
