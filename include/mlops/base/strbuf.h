/*
 * strbuf: bytes that grow, with a cap, and a failure that sticks.
 *
 * Appends after a failure do nothing, so a series of them is checked once, at the end:
 *
 *	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
 *	strbuf_add(&text, "run ");
 *	strbuf_printf(&text, "%s", id);
 *	if (strbuf_check(&text, err) < 0)
 *		return -err->code;
 *
 * `text` is NUL-terminated at all times (an empty buffer points to a static ""), so it is never
 * NULL; it may hold NUL bytes inside, counted by `length`. Not for two threads at once.
 */
#ifndef MLOPS_BASE_STRBUF_H
#define MLOPS_BASE_STRBUF_H

#include <stdarg.h>

#include "mlops/base/memory.h"

struct strbuf {
	char *text;
	size_t length, capacity; /* capacity 0: text is not owned */
	size_t cap; /* most bytes it may hold; 0 is the default of 1 GiB */
	bool failed;
};

extern char strbuf_empty[1];
#define STRBUF_INIT ((struct strbuf){ .text = strbuf_empty })

void strbuf_release(struct strbuf *buffer); /* leaves it as STRBUF_INIT */
void strbuf_clear(struct strbuf *buffer); /* length 0 and not failed; keeps the storage */

void strbuf_add(struct strbuf *buffer, const char *text);
void strbuf_add_bytes(struct strbuf *buffer, const void *bytes, size_t count);
/* `buffer` has failed if `part`, which something in it was made from, has. */
void strbuf_inherit(struct strbuf *buffer, const struct strbuf *part);
void strbuf_add_char(struct strbuf *buffer, char c);
void strbuf_add_repeated(struct strbuf *buffer, char c, size_t count);
void strbuf_printf(struct strbuf *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void strbuf_vprintf(struct strbuf *buffer, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* The shortest decimal text that reads back as the same double; "NaN", "Infinity", "-Infinity". */
void strbuf_add_double(struct strbuf *buffer, double value);

/* Makes room for `more` bytes to be written at text + length; false if that failed. */
bool strbuf_reserve(struct strbuf *buffer, size_t more);
void strbuf_truncate(struct strbuf *buffer, size_t length);

/* 0, or -ERROR_MEMORY with the error set if any append failed. */
int strbuf_check(const struct strbuf *buffer, struct error *err) MUST_CHECK;

/* Gives the text to the caller (memory_free) and empties the buffer; NULL if it had failed. */
char *strbuf_take(struct strbuf *buffer, struct error *err) MUST_CHECK;

AUTO_RELEASE(struct strbuf, strbuf_release)

#endif
