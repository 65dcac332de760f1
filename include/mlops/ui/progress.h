/*
 * progress: the event sink of the terminal.
 *
 * Warnings and notes go to the messages. Progress is one line on stderr that lives while something
 * takes longer than a second and then goes away:
 *
 *	reading  ██████████████░░░░░░░░  61%  612 MB of 1.0 GB  740 MB/s  0.5 s left
 *	fit  ▇▅▃▂▁▁▁  11 iterations  0.0612
 *
 * It is drawn at most ten times a second, only if stderr is a terminal, and neither with -q nor
 * with --json. Every message erases it first.
 */
#ifndef MLOPS_UI_PROGRESS_H
#define MLOPS_UI_PROGRESS_H

#include "mlops/base/event.h"
#include "mlops/ui/message.h"

enum { PROGRESS_SPARKS = 24 };

struct progress {
	struct messages *messages;
	bool enabled, drawn;
	char text[64];
	uint64_t begun, last_drawn; /* clock_monotonic() */
	uint64_t first_done; /* done when this text began */
	double values[PROGRESS_SPARKS]; /* of the last iterations */
	size_t n_values;
};

/* Connects itself to the messages. Enabled only where it may be seen. */
void progress_init(struct progress *progress, struct messages *messages);

/* A sink that draws here and whose `stopped` asks system/signals.h. */
struct event_sink progress_sink(struct progress *progress);

void progress_erase(struct progress *progress); /* the line, if one is drawn */

/* Appends the line for one event as it would be drawn; elapsed in seconds. For tests, too. */
void progress_render(const struct progress *progress, const struct event *event, double elapsed,
	const struct style *style, struct strbuf *buffer);

/* Appends one block (▁..█, or . to # in ASCII) for each value, scaled to their range. */
void progress_sparkline(struct strbuf *buffer, const double *values, size_t count, bool utf8);

#endif
