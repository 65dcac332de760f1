/* What the forms of an evaluation share. */
#ifndef EVALUATE_RENDER_INTERNAL_H
#define EVALUATE_RENDER_INTERNAL_H

#include "mlops/evaluate/render.h"

/* No form shows more than this of what could be many. */
enum {
	RENDER_CLASSES = 40,
	RENDER_SLICES = 60,
	RENDER_FACTS = 200,
	RENDER_JSON_MATRIX = 200, /* classes whose confusion matrix is written out */
	RENDER_JSON_SLICES = 2000
};

/* The tone of the verdict: "good", "bad" or "plain". */
const char *render_tone(const struct evaluation *evaluation);

/* "12,345" */
void render_count(struct strbuf *out, double count);

/* The name of a class; "?" for a code out of range. */
const char *render_class(const struct evaluation *evaluation, size_t class);

/* How an interval was made, for a reader: "DeLong", "bootstrap (BCa)", … */
const char *render_method(enum interval_method method);

/* "region = south", "age > 38, ≤ 50" */
void render_slice_name(const struct slice *slice, struct strbuf *out);

/* The charts of the page: render_figures.c */
void render_curves(const struct evaluation *evaluation, const struct evaluation_part *part,
	struct strbuf *out);
void render_slice_dots(const struct evaluation *evaluation, const struct evaluation_part *part,
	struct strbuf *out);

#endif
