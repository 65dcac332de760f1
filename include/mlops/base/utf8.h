/*
 * utf8: checking, measuring and cutting text for people.
 *
 * Well-formed means RFC 3629: shortest forms, no surrogates, at most U+10FFFF. Widths are columns
 * of a terminal by an own small table (Unicode 14: East Asian Wide and Fullwidth, emoji, combining
 * and other zero-width marks), because wcwidth() answers for the locale, and under LC_ALL=C not
 * at all. Ambiguous characters count 1.
 */
#ifndef MLOPS_BASE_UTF8_H
#define MLOPS_BASE_UTF8_H

#include <stdint.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"

/* Offset of the first byte that is not part of a well-formed character; text.length if none. */
size_t utf8_check(struct text text);

/*
 * Takes one character off the front of a text that is not empty. An ill-formed byte is taken
 * alone and gives UTF8_BAD.
 */
#define UTF8_BAD UINT32_MAX
uint32_t utf8_take(struct text *text);

/* Appends the character; U+FFFD for a surrogate or a number beyond U+10FFFF. */
void utf8_add(struct strbuf *buffer, uint32_t code);

size_t utf8_count(struct text text); /* characters; an ill-formed byte counts as one */

/* Columns: 0, 1 or 2; control characters count 0, an ill-formed byte 1. */
size_t utf8_code_width(uint32_t code);
size_t utf8_width(struct text text);

/*
 * Appends the text made safe for a terminal: \n \t \r, other control characters (C0, DEL) and
 * ill-formed bytes as \x1b, C1 controls (U+0080..9F) and direction overrides (U+202A..202E,
 * U+2066..2069) as \u{202e}, and the
 * backslash as \\ so that the result is unambiguous. Everything else is kept.
 */
void utf8_escape(struct strbuf *buffer, struct text text);

/*
 * Appends the text cut to at most `width` columns, the last of them an ellipsis ("…", or "..." if
 * ascii) if anything was cut. Never cuts inside a character, nor between it and its marks.
 */
void utf8_truncate(struct strbuf *buffer, struct text text, size_t width, bool ascii);

#endif
