#include <string.h>

#include "mlops/base/error.h"
#include "mlops/base/text.h"

#include "ignore_internal.h"

/*
 * Going back is bounded: to the last '*' inside a part of the path, and to the last "**" between
 * parts. Earlier ones need not be tried again: what stands between two stars has matched at the
 * earliest place, and a later one takes whatever a further place would give. A '*' cannot reach
 * over a '/', so where a part of the pattern ends is not its choice.
 */
struct ignore_matcher {
	const char *pattern, *path; /* where matching goes on */
	const char *star, *star_path; /* behind the last '*', and where it ends; or NULL */
	const char *parts, *parts_path; /* the same for "**" */
};

static bool ignore_is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* [:alpha:] and its like, of ASCII. */
static bool ignore_in_class(struct text name, unsigned char c)
{
	bool alpha = (c | 0x20) >= 'a' && (c | 0x20) <= 'z', digit = c >= '0' && c <= '9';
	bool print = c >= 0x20 && c < 0x7f;
	if (text_is(name, "alnum"))
		return alpha || digit;
	if (text_is(name, "alpha"))
		return alpha;
	if (text_is(name, "blank"))
		return c == ' ' || c == '\t';
	if (text_is(name, "cntrl"))
		return c < 0x20 || c == 0x7f;
	if (text_is(name, "digit"))
		return digit;
	if (text_is(name, "graph"))
		return print && c != ' ';
	if (text_is(name, "lower"))
		return c >= 'a' && c <= 'z';
	if (text_is(name, "print"))
		return print;
	if (text_is(name, "punct"))
		return print && c != ' ' && !ignore_is_alnum(c);
	if (text_is(name, "space"))
		return c == ' ' || (c >= '\t' && c <= '\r');
	if (text_is(name, "upper"))
		return c >= 'A' && c <= 'Z';
	if (text_is(name, "xdigit"))
		return digit || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
	return false;
}

static bool ignore_is_class(struct text name)
{
	static const char *const names[] = { "alnum", "alpha", "blank", "cntrl", "digit", "graph",
		"lower", "print", "punct", "space", "upper", "xdigit" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (text_is(name, names[i]))
			return true;
	}
	return false;
}

/* One character of a set, which a backslash may stand before; false at the pattern's end. */
static bool ignore_set_character(const char **at, unsigned char *ret)
{
	if (**at == '\\')
		(*at)++;
	*ret = (unsigned char)**at;
	if (!*ret)
		return false;
	(*at)++;
	return true;
}

/*
 * The set that begins behind '[' at *at, which moves behind its ']'. *ret: is c in it? False if
 * the set is wrong.
 */
static bool ignore_set(const char **at, unsigned char c, bool *ret)
{
	const char *p = *at;
	bool negated = *p == '!' || *p == '^', found = false;
	p += negated;
	for (bool first = true; first || *p != ']'; first = false) {
		unsigned char low, high;
		const char *end;
		if (p[0] == '[' && p[1] == ':' && (end = strchr(p + 2, ']'))) {
			struct text name = { p + 2, (size_t)(end - p) - 3 };
			/* "[:" without ":]" is an ordinary '['. */
			if (end > p + 2 && end[-1] == ':') {
				if (!ignore_is_class(name))
					return false;
				found = found || ignore_in_class(name, c);
				p = end + 1;
				continue;
			}
		}
		if (!ignore_set_character(&p, &low))
			return false;
		high = low;
		if (p[0] == '-' && p[1] && p[1] != ']') {
			p++;
			if (!ignore_set_character(&p, &high))
				return false;
		}
		found = found || (c >= low && c <= high);
	}
	*at = p + 1;
	*ret = found != negated && c != '/';
	return true;
}

/* Goes back to the last place with a choice; false if there is none. */
static bool ignore_go_back(struct ignore_matcher *m)
{
	if (m->star && *m->star_path && *m->star_path != '/') {
		m->path = ++m->star_path;
		m->pattern = m->star;
		return true;
	}
	m->star = NULL;
	if (!m->parts)
		return false;
	/* One folder more for the "**". */
	const char *slash = strchr(m->parts_path, '/');
	if (!slash)
		return false;
	m->parts_path = m->path = slash + 1;
	m->pattern = m->parts;
	return true;
}

/* A part that is nothing but stars, two or more; `behind` is what follows them. */
static bool ignore_is_parts(const char *start, const char *pattern, const char **behind)
{
	*behind = pattern + strspn(pattern, "*");
	return *behind - pattern >= 2 && (pattern == start || pattern[-1] == '/') &&
	       (**behind == '/' || !**behind);
}

/* Matches one sign of the pattern with one character; false: it does not, or is wrong. */
static bool ignore_match_one(struct ignore_matcher *m, bool *wrong)
{
	unsigned char c = (unsigned char)*m->path;
	bool matches;
	switch (*m->pattern) {
	case '\0':
		return false;
	case '?':
		matches = c && c != '/';
		m->pattern++;
		break;
	case '[':
		m->pattern++;
		if (!ignore_set(&m->pattern, c, &matches)) {
			*wrong = true;
			return false;
		}
		matches = matches && c;
		break;
	case '\\':
		m->pattern++;
		FALLTHROUGH;
	default:
		matches = c && (unsigned char)*m->pattern == c;
		m->pattern += *m->pattern != '\0';
		break;
	}
	m->path += matches;
	return matches;
}

bool ignore_wildmatch(const char *pattern, const char *path)
{
	struct ignore_matcher m = { .pattern = pattern, .path = path };
	bool wrong = false;
	for (;;) {
		const char *behind;
		if (!*m.pattern && !*m.path)
			return true;
		if (*m.pattern == '*' && ignore_is_parts(pattern, m.pattern, &behind)) {
			/* At the end it takes all that is left. */
			if (!*behind)
				return true;
			m.parts = m.pattern = behind + 1;
			m.parts_path = m.path;
			m.star = NULL;
			continue;
		}
		if (*m.pattern == '*') {
			m.star = m.pattern = behind;
			m.star_path = m.path;
			continue;
		}
		if (!ignore_match_one(&m, &wrong) && (wrong || !ignore_go_back(&m)))
			return false;
	}
}
