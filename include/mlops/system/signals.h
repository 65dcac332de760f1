/*
 * signals: ending in good order.
 *
 * The first SIGINT or SIGTERM sets a flag that long work polls (through the event sink's
 * `stopped`); the second one, and SIGHUP, SIGQUIT and SIGPIPE at once, remove this process's
 * temporary files and end it by that signal, as if it had no handler.
 */
#ifndef MLOPS_SYSTEM_SIGNALS_H
#define MLOPS_SYSTEM_SIGNALS_H

#include "mlops/base/error.h"

int signals_install(struct error *err) MUST_CHECK; /* once, by main() */

/* Has the user asked to stop? signals_stop_wanted has the shape of event_sink.stopped. */
bool signals_stopped(void);
bool signals_stop_wanted(void *unused);
int signals_received(void); /* the signal's number, 0 if none */

/*
 * If a signal was received: removes temporaries and ends the process by it, so that the parent
 * sees the true cause. Otherwise returns.
 */
void signals_reraise(void);

#endif
