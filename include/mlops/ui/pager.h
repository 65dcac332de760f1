/*
 * pager: long answers page by page, on a terminal only.
 *
 * The program is the one asked for, $PAGER or less, with LESS=FRX if LESS is not set, so that an
 * answer that fits one screen is simply printed. "cat" is no pager; nor is what cannot be started.
 */
#ifndef MLOPS_UI_PAGER_H
#define MLOPS_UI_PAGER_H

#include "mlops/system/process.h"
#include "mlops/ui/output.h"

struct pager {
	struct process process;
	bool running;
};

/*
 * Starts it and points the output to it, if stdout is a terminal. Never fails: no pager then.
 * program: of the settings; NULL or "" if none is set there.
 */
void pager_start(struct pager *pager, const char *program, struct output *output);

/* Closes the pipe and waits until the person has finished reading. */
void pager_finish(struct pager *pager, struct output *output);

#endif
