/*
 * error: what went wrong, where, and what to do about it.
 *
 * A function that can fail takes `struct error *err` as its last parameter and returns 0 or the
 * negative code (`-ERROR_IO`), or a pointer and NULL. The struct lives on the caller's stack and
 * its buffers are fixed, so "out of memory" can be reported without memory. `err` is never NULL.
 *
 * The first failure sets the error; each level that knows more puts its context in front once:
 *
 *	if (file_read(path, &bytes, err) < 0)
 *		return error_prefix(err, "stage '%s'", name);
 *
 * gives "stage 'fit': cannot open 'a.csv': No such file or directory". A message is lower case,
 * without a full stop, operation first, names in single quotes; advice goes in the hint. Library
 * code never prints and never exits.
 */
#ifndef MLOPS_BASE_ERROR_H
#define MLOPS_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))
/* Goes on with the next case of a switch, on purpose. */
#define FALLTHROUGH __attribute__((fallthrough))
#define MUST_CHECK __attribute__((warn_unused_result))

/* One class per remedy. The exit code of each stands in error_exit_code(). */
enum error_code {
	ERROR_NONE = 0,
	ERROR_USAGE, /* wrong options or operands */
	ERROR_INVALID, /* a document or data file breaks its format or schema */
	ERROR_IO, /* the operating system refused */
	ERROR_NOT_FOUND, /* the named thing does not exist */
	ERROR_EXISTS, /* it exists already */
	ERROR_LOCKED, /* another process holds it; trying again may help */
	ERROR_CORRUPT, /* stored bytes are not what was stored */
	ERROR_MEMORY, /* out of memory, or over a cap */
	ERROR_DATABASE, /* SQLite refused */
	ERROR_NETWORK, /* a remote refused or cannot be reached */
	ERROR_NUMERIC, /* no convergence, singular, not finite */
	ERROR_UNSUPPORTED, /* valid, but not something this program does */
	ERROR_MISSING, /* a library or program that is needed is not installed */
	ERROR_CHECK, /* the question was answered "no" */
	ERROR_CANCELLED, /* stopped by the user */
	ERROR_BUG, /* a broken invariant that was noticed in time */
	ERROR_CODE_COUNT
};

/* A place in a document. line and column count from 1; 0 is "not known". column counts bytes. */
struct position {
	char file[256];
	uint32_t line, column;
};

struct error {
	enum error_code code;
	int os; /* errno at the origin, 0 if none */
	struct position at;
	char message[1024];
	char hint[512];
};

#define ERROR_INIT ((struct error){ .code = ERROR_NONE })

/* Each setter replaces what *err holds and returns -code. */
int error_set(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* As error_set(), with ": <text of errno>" appended and errno kept in err->os. */
int error_set_os(struct error *err, enum error_code code, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* As error_set(), at a place. file may be NULL; a long path keeps its end. */
int error_set_at(struct error *err, enum error_code code, const struct position *at,
	const char *format, ...) PRINTF_LIKE(4, 5);

/* Puts "<context>: " in front of the message; returns -err->code, so that it can be returned. */
int error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets the advice, replacing an earlier one; returns -err->code. */
int error_hint(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

void error_clear(struct error *err);

/* position_set(&at, "mlops.yaml", 12, 7) */
void position_set(struct position *at, const char *file, uint64_t line, uint64_t column);

/* "invalid", "io", "not_found": the words of `--json`; never NULL. */
const char *error_code_name(enum error_code code);

/* 0, 1, 2, 3, 4, 5 or 70, as mlops(1) says. */
int error_exit_code(enum error_code code);

/* A broken invariant: prints file and line to stderr and aborts. Not for bad input. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
noreturn void bug_at(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
