/*
 * page: one HTML page that needs nothing else.
 *
 * No script, no network, no font: it works offline and from a mail. Light and dark follow the
 * reader's system; print is light. Calls nest as the page does: page_begin, then sections with
 * tables, figures and facts, then page_end. Failures stick in the buffer.
 */
#ifndef MLOPS_REPORT_PAGE_H
#define MLOPS_REPORT_PAGE_H

#include "mlops/base/strbuf.h"

void page_begin(struct strbuf *out, const char *title, const char *subtitle);
void page_end(struct strbuf *out, const char *footer); /* NULL: none */

/* What the reader should know first, in one sentence; tone: "good", "bad" or "plain". */
void page_verdict(struct strbuf *out, const char *tone, const char *sentence);

/* The few figures that matter, side by side. */
struct page_tile {
	const char *name, *value, *note; /* note may be NULL */
};
void page_tiles(struct strbuf *out, const struct page_tile *tiles, size_t count);

void page_section_begin(struct strbuf *out, const char *title, const char *text); /* text: NULL */
void page_section_end(struct strbuf *out);

/* Figures flow beside each other where the window is wide. */
void page_figures_begin(struct strbuf *out);
void page_figure_begin(struct strbuf *out, const char *caption); /* then one svg_…() */
void page_figure_end(struct strbuf *out);
void page_figures_end(struct strbuf *out);

/* A table; cells are text. Columns with `number` set are aligned right. */
struct page_column {
	const char *title;
	bool number;
};
void page_table_begin(struct strbuf *out, const struct page_column *columns, size_t count);
void page_table_row(struct strbuf *out, const struct page_column *columns, const char *const *cells,
	size_t count, bool strong);
void page_table_end(struct strbuf *out);

/* A list of names and values. */
void page_facts_begin(struct strbuf *out);
void page_fact(struct strbuf *out, const char *name, const char *value);
void page_facts_end(struct strbuf *out);

void page_note(struct strbuf *out, const char *text); /* a paragraph in small print */

/* Folded away until asked for; open in print. */
void page_details_begin(struct strbuf *out, const char *summary);
void page_details_end(struct strbuf *out);

#endif
