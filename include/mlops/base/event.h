/*
 * event: how library code speaks without printing.
 *
 * A caller that wants to hear passes a sink; NULL is a sink that hears nothing. Events are sent
 * from the thread that called the library, never from a worker, and not more often than asked for.
 */
#ifndef MLOPS_BASE_EVENT_H
#define MLOPS_BASE_EVENT_H

#include <stdint.h>

#include "mlops/base/error.h"

enum event_kind {
	EVENT_PROGRESS, /* done of total units; total 0 is unknown */
	EVENT_ITERATION, /* a trainer's step: iteration, value of the objective */
	EVENT_WARNING, /* something the user should know, with a place if there is one */
	EVENT_NOTE /* a step taken, shown with -v */
};

struct event {
	enum event_kind kind;
	const char *text; /* what is going on ("reading"), or the message */
	const char *unit; /* of done and total: "bytes", "rows", "files" */
	uint64_t done, total; /* EVENT_PROGRESS */
	uint64_t iteration; /* EVENT_ITERATION */
	double value; /* EVENT_ITERATION */
	const struct position *at; /* EVENT_WARNING; may be NULL */
};

struct event_sink {
	void (*emit)(void *context, const struct event *event); /* may be NULL */
	bool (*stopped)(void *context); /* has the user asked to stop? may be NULL */
	void *context;
};

void event_emit(const struct event_sink *sink, const struct event *event);
void event_progress(const struct event_sink *sink, const char *text, const char *unit,
	uint64_t done, uint64_t total);
void event_warn(const struct event_sink *sink, const struct position *at, const char *format, ...)
	PRINTF_LIKE(3, 4);
void event_note(const struct event_sink *sink, const char *format, ...) PRINTF_LIKE(2, 3);

/* True once the user has asked to stop; long loops ask now and then and return ERROR_CANCELLED. */
bool event_stopped(const struct event_sink *sink);

#endif
