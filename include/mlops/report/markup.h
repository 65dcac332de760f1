/*
 * markup: HTML, SVG and Markdown text that cannot be broken by what it shows.
 *
 * Every name and value from outside goes through here. Bytes that are not UTF-8, and control
 * characters, become U+FFFD. Failures stick in the buffer.
 *
 *	markup_open(out, "td", "class", "number", NULL);
 *	markup_text(out, name);
 *	markup_close(out, "td");
 */
#ifndef MLOPS_REPORT_MARKUP_H
#define MLOPS_REPORT_MARKUP_H

#include "mlops/base/strbuf.h"

/* Attributes are pairs of name and value, ended by NULL; a pair whose value is NULL is skipped. */
void markup_open(struct strbuf *out, const char *tag, ...) __attribute__((sentinel));
void markup_empty(struct strbuf *out, const char *tag, ...) __attribute__((sentinel)); /* <x/> */
void markup_close(struct strbuf *out, const char *tag);

/* Escaped for the content of an element or of a quoted attribute. */
void markup_text(struct strbuf *out, const char *text);
void markup_text_bytes(struct strbuf *out, const char *bytes, size_t length);

/* <tag>text</tag> */
void markup_element(struct strbuf *out, const char *tag, const char *text);

/* A coordinate: at most two digits after the point, no trailing zeros, "0" for what is not finite.
 * Formats without locale. */
void markup_coordinate(struct strbuf *out, double value);

/*
 * Markdown: text in which nothing is mark-up, in one line, also inside a table cell. Long text is
 * cut after `limit` bytes at a character with "…" behind; limit 0 does not cut.
 */
void markdown_text(struct strbuf *out, const char *text, size_t limit);

#endif
