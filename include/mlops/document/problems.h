/*
 * problems: everything that is wrong with a document, and how a person sees it.
 *
 * A check collects instead of stopping at the first. The list keeps the first PROBLEMS_MOST in
 * order of place and counts the rest, so hostile input cannot grow it.
 *
 *	mlops.yaml:12:9: error: model.type: 'logstic' is not one of baseline, linear, logistic
 *	   12 |   type: logstic
 *	      |         ^~~~~~~  did you mean 'logistic'?
 */
#ifndef MLOPS_DOCUMENT_PROBLEMS_H
#define MLOPS_DOCUMENT_PROBLEMS_H

#include <stdint.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"

enum { PROBLEMS_MOST = 20 };

struct problem {
	struct position at;
	uint32_t
		length; /* bytes of the line to underline from `at` on; 0: as far as the word goes */
	bool warning;
	char message[512];
	char hint[256];
};

struct problems {
	struct problem items[PROBLEMS_MOST]; /* sorted by line, then column, then order of coming */
	size_t count; /* held */
	uint64_t errors, warnings; /* found, also those that were left out */
};

#define PROBLEMS_INIT ((struct problems){ .count = 0 })

/*
 * Adds an error; returns the item, to set length and hint, or NULL if it was only counted. One that
 * is held already is neither added nor counted again.
 */
struct problem *problems_add(struct problems *problems, const struct position *at,
	const char *format, ...) PRINTF_LIKE(3, 4);
struct problem *problems_warn(struct problems *problems, const struct position *at,
	const char *format, ...) PRINTF_LIKE(3, 4);
void problem_hint(struct problem *problem, const char *format, ...) /* problem may be NULL */
	PRINTF_LIKE(2, 3);

/* The error of a reader as a problem; nothing if it is not set. */
void problems_add_error(struct problems *problems, const struct error *err);

/*
 * 0 if there are no errors, else -ERROR_INVALID with the first one in *err; with more, the hint
 * says how many.
 */
int problems_check(const struct problems *problems, struct error *err);

/* How to show them. */
struct problems_style {
	bool colour, ascii; /* ascii: the terminal takes no UTF-8 */
	size_t width; /* columns of the terminal; 0: do not cut lines */
};

/*
 * One problem as in the picture above, with a newline at the end. Bytes of the document are
 * escaped, tabs become spaces, long lines are cut around the mark. source may be NULL: then the
 * hint follows in parentheses.
 */
void problem_format(const struct problem *problem, struct text source,
	const struct problems_style *style, struct strbuf *buffer);

/*
 * All of them, and "… and 3 more errors". The source is that of the first file with a line among
 * them; lines of other files are not shown.
 */
void problems_format(const struct problems *problems, struct text source,
	const struct problems_style *style, struct strbuf *buffer);

#endif
