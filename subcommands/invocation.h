/*
 * invocation: what a command gets from main().
 *
 * What the command's `needs` name is open when run() begins; main() closes it all, and prints the
 * error that run() returns. run() prints nothing itself but through `output` and `messages`.
 */
#ifndef MLOPS_SUBCOMMANDS_INVOCATION_H
#define MLOPS_SUBCOMMANDS_INVOCATION_H

#include "mlops/base/arena.h"
#include "mlops/base/event.h"
#include "mlops/ui/command.h"
#include "mlops/ui/globals.h"
#include "mlops/ui/message.h"
#include "mlops/ui/output.h"
#include "mlops/ui/pager.h"
#include "mlops/ui/progress.h"

struct invocation {
	const struct command *command, *parent; /* parent of a child like "config list", or NULL */
	struct globals globals;
	struct arena arena; /* lives as long as the command runs */
	struct output output;
	struct messages messages;
	struct progress progress;
	struct event_sink sink; /* for library calls: progress, warnings, Ctrl-C */
	struct pager pager;
};

#endif
