/*
 * message: what goes to stderr: errors, warnings, hints, the summary line.
 *
 *	mlops.yaml:12:9: error: model.type: 'logstic' is not one of baseline, linear, logistic
 *	   12 |   type: logstic
 *	      |         ^~~~~~~
 *	       hint: did you mean 'logistic'?
 *
 * A message without a place begins with "mlops: error: ". Bytes that do not come from us are
 * escaped. With --json each error and warning is one line of JSON instead:
 * {"level": "error", "code": "invalid", "message": …, "hint": …, "file": …, "line": …, "column": …}
 */
#ifndef MLOPS_UI_MESSAGE_H
#define MLOPS_UI_MESSAGE_H

#include "mlops/base/event.h"
#include "mlops/base/text.h"
#include "mlops/ui/colour.h"

enum { MESSAGE_PROBLEMS = 20 }; /* shown at most of one kind */

struct progress;
struct messages {
	int fd; /* 2; a test may redirect it */
	struct style style;
	bool json;
	int verbosity; /* -1 with -q, 0, 1 with -v, 2 with -vv */
	struct progress *progress; /* erased before each message; may be NULL */
	uint64_t n_warnings;
};

void messages_init(struct messages *messages, int fd, enum terminal_choice choice, bool json);

void message_error(struct messages *messages, const struct error *err);

/* Warnings are silenced by -q; beyond MESSAGE_PROBLEMS they are only counted. */
void message_warning(struct messages *messages, const struct position *at, const char *text);

/* Shown with -v. */
void message_note(struct messages *messages, const char *text);

/* The one line that a command which acts prints when done; not with -q, nor with --json. */
void message_summary(struct messages *messages, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Says how many warnings were not shown. Called once, at the end, by main().
 */
void messages_finish(struct messages *messages);

/*
 * All problems of a document, with the lines of `source` (of the file that they are in; may be
 * NULL at `at`); with --json one line each.
 */
struct problems;
void message_problems(
	struct messages *messages, const struct problems *problems, struct text source);

/* Text that was rendered elsewhere, as it is. */
void message_raw(struct messages *messages, struct text text);

/* Appends the error as message_error() shows it. */
void message_render(const struct error *err, const char *level, const struct style *style,
	struct strbuf *buffer);

/*
 * Appends the source line with its number, and a caret line that marks `column` (bytes, from 1) up
 * to the end of the word there. The part around the column is shown of a long line.
 */
void message_render_source(struct text source_line, uint32_t line, uint32_t column,
	const struct style *style, struct strbuf *buffer);

#endif
