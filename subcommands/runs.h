/*
 * runs: what the commands about runs share.
 */
#ifndef MLOPS_SUBCOMMANDS_RUNS_H
#define MLOPS_SUBCOMMANDS_RUNS_H

#include "mlops/record/metrics.h"
#include "mlops/record/run.h"
#include "mlops/record/search.h"
#include "invocation.h"

/*
 * The run that a revision names. git is asked, and libgit2 loaded, only if nothing in the record
 * has that name.
 */
int runs_resolve(struct invocation *invocation, struct record *record, const char *revision,
	int64_t *ret_run, struct error *err) MUST_CHECK;

/*
 * The record for changes that are one transaction of the database: tags, metrics, removal. They
 * need no writers' lock, so that a script can log while a training holds it.
 */
int runs_open_to_write(
	struct invocation *invocation, struct record **ret, struct error *err) MUST_CHECK;

/* "7f3a9c2", as long as needed, in the arena; NULL on failure. */
const char *runs_short_id(
	struct invocation *invocation, struct record *record, const char *id, struct error *err);

/* Shows an error that has a place in a filter or sort key, with that text and a caret. */
int runs_show_refused(
	struct invocation *invocation, const char *option, const char *text, struct error *err);

/* "0.995 ▁▃▅▆▇": the value and, if there are points enough, its history. */
int runs_add_metric(struct invocation *invocation, struct record *record, int64_t run,
	const char *name, struct strbuf *text, struct error *err) MUST_CHECK;

/* "finished", "crashed: its process …"; for a person. */
void runs_add_status(struct strbuf *text, enum run_status status, const char *reason);

/* A section's heading and an empty line before it, unless it is the first. */
void runs_heading(struct invocation *invocation, const char *title);

#endif
