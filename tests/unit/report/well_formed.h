/* A strict reader of tags, entities and attributes: enough of XML for what report/ writes. */
#ifndef MLOPS_UNIT_WELL_FORMED_H
#define MLOPS_UNIT_WELL_FORMED_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "unit.h"

enum { WELL_FORMED_DEPTH = 64 };

static inline const char *well_formed_entity(const char *at)
{
	static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strncmp(at, known[i], strlen(known[i])) == 0)
			return at + strlen(known[i]);
	ck_abort_msg("a bare '&': %.40s", at);
	return NULL;
}

static inline const char *well_formed_attributes(const char *at)
{
	while (*at == ' ') {
		const char *name = ++at;
		while (isalnum((unsigned char)*at) || *at == '-')
			at++;
		ck_assert_msg(at > name && at[0] == '=' && at[1] == '"', "attribute: %.40s", name);
		for (at += 2; *at != '"';) {
			ck_assert_msg(*at && *at != '<', "attribute without end: %.40s", name);
			at = *at == '&' ? well_formed_entity(at) : at + 1;
		}
		at++;
	}
	return at;
}

/* The text must be one element, properly nested, with nothing but white space behind it. */
static inline void assert_well_formed(const char *text)
{
	char open[WELL_FORMED_DEPTH][32];
	size_t depth = 0;
	bool any = false;
	for (const char *at = text; *at;) {
		if (*at != '<') {
			ck_assert_msg(
				depth > 0 || isspace((unsigned char)*at), "outside: %.40s", at);
			ck_assert_msg(
				*at != '>' || strstr(open[depth - 1], "style"), "'>': %.40s", at);
			bool style = depth > 0 && strcmp(open[depth - 1], "style") == 0;
			at = *at == '&' && !style ? well_formed_entity(at) : at + 1;
			continue;
		}
		bool closing = at[1] == '/';
		const char *name = at + 1 + closing, *end = name;
		while (isalnum((unsigned char)*end))
			end++;
		size_t length = (size_t)(end - name);
		ck_assert_msg(length > 0 && length < 32, "tag: %.40s", at);
		if (closing) {
			ck_assert_msg(depth > 0 && strlen(open[depth - 1]) == length &&
					      strncmp(open[depth - 1], name, length) == 0,
				"</%.*s> closes <%s>", (int)length, name,
				depth ? open[depth - 1] : "nothing");
			depth--;
			ck_assert_int_eq(*end, '>');
			at = end + 1;
			continue;
		}
		ck_assert_msg(depth > 0 || !any, "a second element: %.40s", at);
		any = true;
		end = well_formed_attributes(end);
		if (end[0] == '/' && end[1] == '>') {
			at = end + 2;
			continue;
		}
		ck_assert_msg(*end == '>', "tag without end: %.40s", at);
		ck_assert_uint_lt(depth, WELL_FORMED_DEPTH);
		memcpy(open[depth], name, length);
		open[depth++][length] = '\0';
		at = end + 1;
	}
	ck_assert_msg(any && depth == 0, "%zu elements are open at the end", depth);
}

#endif
