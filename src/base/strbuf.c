#include "mlops/base/strbuf.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char strbuf_empty[1];

enum { STRBUF_DEFAULT_CAP = 1 << 30, STRBUF_FIRST = 64 };

void strbuf_release(struct strbuf *buffer)
{
	if (buffer->capacity)
		memory_free(buffer->text);
	*buffer = (struct strbuf){ .text = strbuf_empty, .cap = buffer->cap };
}

void strbuf_clear(struct strbuf *buffer)
{
	buffer->length = 0;
	buffer->failed = false;
	if (buffer->capacity)
		buffer->text[0] = '\0';
}

bool strbuf_reserve(struct strbuf *buffer, size_t more)
{
	size_t cap = buffer->cap ? buffer->cap : STRBUF_DEFAULT_CAP;
	if (buffer->failed)
		return false;
	if (more > cap || buffer->length > cap - more) {
		buffer->failed = true;
		return false;
	}
	size_t needed = buffer->length + more + 1;
	if (needed <= buffer->capacity)
		return true;
	size_t capacity = buffer->capacity ? buffer->capacity : STRBUF_FIRST;
	while (capacity < needed)
		capacity += capacity / 2;
	struct error ignored = ERROR_INIT; /* the sticky flag reports it */
	char *text = memory_resize(buffer->capacity ? buffer->text : NULL, capacity, 1, &ignored);
	if (!text) {
		buffer->failed = true;
		return false;
	}
	if (!buffer->capacity)
		text[0] = '\0';
	buffer->text = text;
	buffer->capacity = capacity;
	return true;
}

void strbuf_add_bytes(struct strbuf *buffer, const void *bytes, size_t count)
{
	if (!count || !strbuf_reserve(buffer, count))
		return;
	memcpy(buffer->text + buffer->length, bytes, count);
	buffer->length += count;
	buffer->text[buffer->length] = '\0';
}

void strbuf_add(struct strbuf *buffer, const char *text)
{
	strbuf_add_bytes(buffer, text, strlen(text));
}

void strbuf_inherit(struct strbuf *buffer, const struct strbuf *part)
{
	buffer->failed |= part->failed;
}

void strbuf_add_char(struct strbuf *buffer, char c)
{
	strbuf_add_bytes(buffer, &c, 1);
}

void strbuf_add_repeated(struct strbuf *buffer, char c, size_t count)
{
	if (!count || !strbuf_reserve(buffer, count))
		return;
	memset(buffer->text + buffer->length, c, count);
	buffer->length += count;
	buffer->text[buffer->length] = '\0';
}

void strbuf_vprintf(struct strbuf *buffer, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		buffer->failed = true;
	if (length <= 0 || !strbuf_reserve(buffer, (size_t)length))
		return;
	vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, args);
	buffer->length += (size_t)length;
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	strbuf_vprintf(buffer, format, args);
	va_end(args);
}

void strbuf_add_double(struct strbuf *buffer, double value)
{
	if (isnan(value)) {
		strbuf_add(buffer, "NaN");
		return;
	}
	if (isinf(value)) {
		strbuf_add(buffer, value < 0 ? "-Infinity" : "Infinity");
		return;
	}
	char text[40];
	/*
	 * 15 digits always survive the way through a normal double, so a shorter text shows up as
	 * trailing zeros, which %g drops; 17 suffice for all. Subnormal ones hold fewer digits.
	 */
	for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	strbuf_add(buffer, text);
}

void strbuf_truncate(struct strbuf *buffer, size_t length)
{
	if (length >= buffer->length)
		return;
	buffer->length = length;
	buffer->text[length] = '\0';
}

int strbuf_check(const struct strbuf *buffer, struct error *err)
{
	if (!buffer->failed)
		return 0;
	return error_set(err, ERROR_MEMORY, "cannot grow a text over %zu bytes", buffer->length);
}

char *strbuf_take(struct strbuf *buffer, struct error *err)
{
	if (strbuf_check(buffer, err) < 0)
		return NULL;
	if (!buffer->capacity)
		return memory_copy_string("", err);
	char *text = buffer->text;
	*buffer = (struct strbuf){ .text = strbuf_empty, .cap = buffer->cap };
	return text;
}
