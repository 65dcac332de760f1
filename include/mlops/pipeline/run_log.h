/*
 * run_log: what a run says, kept in a file while it runs.
 *
 * It stands between the library and the caller's sink: every warning, note and iteration is passed
 * on and also appended to .mlops/runs/ID.log, a line each, unbuffered; so the log of a run that
 * was killed tells how far it came. Iterations are kept in memory too, for the record.
 */
#ifndef MLOPS_PIPELINE_RUN_LOG_H
#define MLOPS_PIPELINE_RUN_LOG_H

#include "mlops/base/event.h"
#include "mlops/base/vec.h"
#include "mlops/store/workspace.h"

struct run_log_point {
	uint64_t iteration;
	double value;
};

struct run_log {
	struct event_sink sink; /* give this one to the library */
	const struct event_sink *next;
	VEC(struct run_log_point) points;
	int fd;
	uint64_t start;
	char *path; /* of the file; absolute */
};

/* The name of the log from the workspace's folder: "runs/ID.log"; freed by the caller. */
char *run_log_name(const char *id, struct error *err) MUST_CHECK;

int run_log_open(const struct workspace *workspace, const char *id, const struct event_sink *next,
	struct run_log *ret_log, struct error *err) MUST_CHECK;
void run_log_close(struct run_log *log); /* keeps the file */
AUTO_RELEASE(struct run_log, run_log_close)

/* Appends a line of the caller's own. */
void run_log_line(struct run_log *log, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
