/*
 * colour: what a stream can show, and the few roles that have a colour. Colour is never the only
 * carrier of a fact. The 16 colours of the terminal's own theme are used, so that dark and light
 * both read well.
 */
#ifndef MLOPS_UI_COLOUR_H
#define MLOPS_UI_COLOUR_H

#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"
#include "mlops/system/terminal.h"

struct style {
	bool terminal, colour, utf8;
	size_t width; /* columns; SIZE_MAX where lines may be of any length */
};

/* Of a descriptor. Where it is no terminal, width comes from COLUMNS, else there is no limit. */
struct style style_of(int fd, enum terminal_choice choice);

/* Without colour, UTF-8, 80 columns: for tests and files. */
extern const struct style style_plain;

enum colour {
	COLOUR_NONE,
	COLOUR_ERROR, /* bold red */
	COLOUR_WARNING, /* yellow */
	COLOUR_HINT, /* cyan */
	COLOUR_GOOD, /* green: added, passed, better */
	COLOUR_BAD, /* red: removed, failed, worse */
	COLOUR_HEADING, /* bold */
	COLOUR_ID, /* yellow, as git shows commits */
	COLOUR_DIM,
	COLOUR_COUNT
};

/* Append nothing unless style->colour. */
void colour_begin(struct strbuf *buffer, const struct style *style, enum colour colour);
void colour_end(struct strbuf *buffer, const struct style *style, enum colour colour);

/* begin, text, end */
void colour_add(
	struct strbuf *buffer, const struct style *style, enum colour colour, const char *text);

/* Appends the text; where UTF-8 cannot be shown, signs such as ×, – and → become ASCII. */
void style_add_signs(struct strbuf *buffer, const struct style *style, struct text text);

/* Appends words, broken into lines where the terminal ends; further lines are indented. */
void style_add_wrapped(
	struct strbuf *buffer, const struct style *style, size_t indent, const char *text);

#endif
