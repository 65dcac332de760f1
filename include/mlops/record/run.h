/*
 * run: one execution and how it ended.
 *
 * A run begins as `running`, with the identity of its process, and ends as finished, failed or
 * cancelled. One whose process is gone without having ended it is `crashed`: every reader sees it
 * so at once (by process number, its start time, pid namespace, boot and host name: a number that
 * is used again is not mistaken, and of a process that cannot be seen from here nothing is said),
 * and the next run_begin() writes it down. Finished runs never change but by tags, notes, late
 * metrics and removal.
 */
#ifndef MLOPS_RECORD_RUN_H
#define MLOPS_RECORD_RUN_H

#include "mlops/base/id.h"
#include "mlops/record/record.h"

enum run_status {
	RUN_RUNNING,
	RUN_FINISHED,
	RUN_FAILED,
	RUN_CANCELLED,
	RUN_CRASHED,
	RUN_STATUS_COUNT
};
const char *run_status_name(enum run_status status); /* "running", … */
bool run_status_from_name(const char *name, enum run_status *ret);

struct run_start {
	const char *name; /* NULL: a readable one made from the id */
	const char *id; /* NULL: a new one */
	const char *parent; /* id of the run that this one is a part of (tuning), or NULL */
	const char *command; /* "train": which command made it */
	const char *project; /* name in mlops.yaml, or NULL */
	const char *task; /* "binary", "multiclass", "regression", or NULL */
	const char *model; /* type of model, "logistic", or NULL */
	const char *user; /* NULL: of the process */
	const char *log; /* path of its log, from the workspace's folder, or NULL */
	const char *arguments; /* the command line, quoted for a shell, or NULL */
	const char *document; /* the text of the project's document as it was used, or NULL */
	int64_t seed; /* -1: none */
};

/*
 * *ret_number is how the other functions of this floor name the run; ret_id may be NULL. A name
 * that could be read as another revision ("@…", 4 or more hexadecimal digits, with ':' or a
 * control character) is ERROR_INVALID.
 */
int run_begin(struct record *record, const struct run_start *start, int64_t *ret_number,
	struct id *ret_id, struct error *err) MUST_CHECK;

/* Facts that are known later than the start; NULL leaves what is there. */
int run_describe(struct record *record, int64_t run, const char *task, const char *model,
	struct error *err) MUST_CHECK;

/*
 * status: finished, failed or cancelled; reason: why it failed ("signal 9"), or NULL. Ending a run
 * that is not running is ERROR_INVALID.
 */
int run_finish(struct record *record, int64_t run, enum run_status status, const char *reason,
	struct error *err) MUST_CHECK;

/* Writes down as crashed what has died; their count (ret may be NULL). */
int runs_bury(struct record *record, size_t *ret_count, struct error *err) MUST_CHECK;

int run_rename(struct record *record, int64_t run, const char *name, struct error *err) MUST_CHECK;
int run_set_note(
	struct record *record, int64_t run, const char *note, struct error *err) MUST_CHECK;

/* Removed runs are hidden, not gone, until run_purge(). A running one cannot be removed. */
int run_remove(struct record *record, int64_t run, struct error *err) MUST_CHECK;
int run_restore(struct record *record, int64_t run, struct error *err) MUST_CHECK;
int run_purge(struct record *record, int64_t run, struct error *err) MUST_CHECK;

/*
 * Purges all that were removed before that time (microseconds since 1970), and what only they
 * referred to (environments, documents). visit (may be NULL) is called for the log of each, as in
 * run_start, once they are gone for good.
 */
typedef int runs_log(void *context, const char *log, struct error *err);
int runs_purge(struct record *record, int64_t removed_before, runs_log *visit, void *context,
	size_t *ret_count, struct error *err) MUST_CHECK;

/* Calls visit for every run in order of number, removed ones too (removed: when, or 0). */
typedef int runs_visit(
	void *context, int64_t run, const char *id, int64_t removed, struct error *err);
int runs_each(
	struct record *record, runs_visit *visit, void *context, struct error *err) MUST_CHECK;

/* The row of a run; texts are owned, NULL where not known. */
struct run {
	int64_t number;
	char id[ID_LENGTH + 1];
	char *name, *parent, *command, *project, *task, *model, *user, *host, *log;
	char *arguments, *document;
	char *reason, *note;
	enum run_status status; /* crashed is already seen */
	int64_t started, ended, removed; /* microseconds since 1970; 0 is "not" */
	int64_t seed;
};
int run_load(struct record *record, int64_t run, struct run *ret, struct error *err) MUST_CHECK;
void run_release(struct run *run);
AUTO_RELEASE(struct run, run_release)

/* Seconds from start to end, or to now if it is running; NaN if the end is not known (crashed). */
double run_duration(const struct run *run);

/* Names of the newest runs that are not removed, each once; for completion. */
int run_latest_names(
	struct record *record, size_t most, struct names *ret, struct error *err) MUST_CHECK;

/* As many digits of an id as tell it from all others here, at least 7. */
int run_short_length(
	struct record *record, const char *id, int *ret_digits, struct error *err) MUST_CHECK;

#endif
