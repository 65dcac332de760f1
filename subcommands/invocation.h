/*
 * invocation: what a command gets from main().
 *
 * What the command's `needs` name is open when run() begins; main() closes it all, and prints the
 * error that run() returns. run() prints nothing itself but through `output` and `messages`.
 *
 * An error with the code ERROR_CHECK and an empty message ends with exit code 1 and says nothing
 * (`diff --exit-code`).
 */
#ifndef MLOPS_SUBCOMMANDS_INVOCATION_H
#define MLOPS_SUBCOMMANDS_INVOCATION_H

#include "mlops/base/arena.h"
#include "mlops/base/event.h"
#include "mlops/config/config.h"
#include "mlops/document/problems.h"
#include "mlops/record/record.h"
#include "mlops/store/workspace.h"
#include "mlops/ui/command.h"
#include "mlops/ui/globals.h"
#include "mlops/ui/message.h"
#include "mlops/ui/output.h"
#include "mlops/ui/pager.h"
#include "mlops/ui/progress.h"

struct invocation {
	const struct command *command, *parent; /* parent: of a child like "config list", or NULL */
	char name[64]; /* "mlops log", for locks and messages */
	struct globals globals;
	struct arena arena; /* lives as long as the command runs */
	struct output output;
	struct messages messages;
	struct progress progress;
	struct event_sink sink; /* for library calls: progress, warnings, Ctrl-C */
	struct pager pager;
	bool error_shown; /* main() does not print the error again */

	/* As `needs` say. */
	bool has_workspace;
	struct workspace workspace;
	struct record *record; /* COMMAND_DATABASE: writes only with COMMAND_WRITE_LOCK */
	struct lock lock;
	struct config *config; /* by invocation_config() */
};

/* The settings in force, read at the first call; they belong to the invocation. */
int invocation_config(
	struct invocation *invocation, const struct config **ret, struct error *err) MUST_CHECK;

/*
 * Files of the layers: CONFIG_SYSTEM, CONFIG_USER, CONFIG_REPOSITORY. NULL, without an error, if
 * there is none (no HOME, no project). Lives in the arena.
 */
const char *invocation_config_file(
	struct invocation *invocation, enum config_layer layer, struct error *err);

/* Shows all problems of a document; main() then does not repeat the error that comes of them. */
void invocation_show_problems(
	struct invocation *invocation, const struct problems *problems, struct text source);

/* The setting ui.pager, or NULL. */
const char *invocation_pager(const struct invocation *invocation);

/* For main(): what the command's needs say, and the end of it. */
int invocation_open(struct invocation *invocation, struct error *err) MUST_CHECK;
void invocation_close(struct invocation *invocation);

/* Values for the shell's completion: runs, settings, schemas. */
struct complete;
void invocation_complete_values(struct complete *complete, enum completion kind);

#endif
