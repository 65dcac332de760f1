#include "mlops/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int exit_code;
} error_codes[ERROR_CODE_COUNT] = {
	[ERROR_NONE] = { "none", 0 },
	[ERROR_USAGE] = { "usage", 2 },
	[ERROR_INVALID] = { "invalid", 2 },
	[ERROR_IO] = { "io", 3 },
	[ERROR_NOT_FOUND] = { "not_found", 5 },
	[ERROR_EXISTS] = { "exists", 3 },
	[ERROR_LOCKED] = { "locked", 4 },
	[ERROR_CORRUPT] = { "corrupt", 3 },
	[ERROR_MEMORY] = { "memory", 3 },
	[ERROR_DATABASE] = { "database", 3 },
	[ERROR_NETWORK] = { "network", 3 },
	[ERROR_NUMERIC] = { "numeric", 3 },
	[ERROR_UNSUPPORTED] = { "unsupported", 3 },
	[ERROR_MISSING] = { "missing", 3 },
	[ERROR_CHECK] = { "check", 1 },
	[ERROR_CANCELLED] = { "cancelled", 3 },
	[ERROR_BUG] = { "bug", 70 },
};

PRINTF_LIKE(3, 0)
static int error_begin(struct error *err, enum error_code code, const char *format, va_list args)
{
	err->code = code;
	err->os = 0;
	err->at = (struct position){ .line = 0 };
	err->hint[0] = '\0';
	vsnprintf(err->message, sizeof err->message, format, args);
	return -(int)code;
}

int error_set(struct error *err, enum error_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	error_begin(err, code, format, args);
	va_end(args);
	return -(int)code;
}

int error_set_os(struct error *err, enum error_code code, const char *format, ...)
{
	int os = errno;
	va_list args;
	va_start(args, format);
	error_begin(err, code, format, args);
	va_end(args);
	err->os = os;
	size_t length = strlen(err->message);
	char text[128];
	/* The GNU strerror_r may return a static text and leave the buffer alone. */
	snprintf(err->message + length, sizeof err->message - length, ": %s",
		strerror_r(os, text, sizeof text));
	return -(int)code;
}

int error_set_at(
	struct error *err, enum error_code code, const struct position *at, const char *format, ...)
{
	struct position copy = *at;
	va_list args;
	va_start(args, format);
	error_begin(err, code, format, args);
	va_end(args);
	err->at = copy;
	return -(int)code;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char old[sizeof err->message];
	memcpy(old, err->message, sizeof old);
	va_list args;
	va_start(args, format);
	int length = vsnprintf(err->message, sizeof err->message, format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < sizeof err->message)
		snprintf(err->message + length, sizeof err->message - (size_t)length, ": %s", old);
	return -(int)err->code;
}

int error_hint(struct error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(err->hint, sizeof err->hint, format, args);
	va_end(args);
	return -(int)err->code;
}

void error_clear(struct error *err)
{
	*err = ERROR_INIT;
}

void position_set(struct position *at, const char *file, uint64_t line, uint64_t column)
{
	size_t length = file ? strlen(file) : 0;
	/* The end of a long path tells more than its beginning. */
	size_t skip = length >= sizeof at->file ? length - sizeof at->file + 1 : 0;
	memcpy(at->file, file ? file + skip : "", length - skip + 1);
	at->line = line > UINT32_MAX ? UINT32_MAX : (uint32_t)line;
	at->column = column > UINT32_MAX ? UINT32_MAX : (uint32_t)column;
}

const char *error_code_name(enum error_code code)
{
	return code < ERROR_CODE_COUNT ? error_codes[code].name : "unknown";
}

int error_exit_code(enum error_code code)
{
	return code < ERROR_CODE_COUNT ? error_codes[code].exit_code : 70;
}

void bug_at(const char *file, int line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "mlops: bug at %s:%d: ", file, line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}
