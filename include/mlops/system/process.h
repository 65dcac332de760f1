/*
 * process: programs we start.
 *
 * Started with an argument list, without a shell unless `shell` is set; with default signal
 * dispositions, no descriptors but 0, 1 and 2, and its own process group, so that a time-out or a
 * stop reaches its children too. A child asked to stop gets SIGTERM and PROCESS_GRACE seconds later
 * SIGKILL.
 */
#ifndef MLOPS_SYSTEM_PROCESS_H
#define MLOPS_SYSTEM_PROCESS_H

#include <sys/types.h>

#include "mlops/base/event.h"
#include "mlops/base/strbuf.h"

enum {
	PROCESS_INHERIT = -1, /* our own stream */
	PROCESS_NOTHING = -2, /* /dev/null */
	PROCESS_PIPE = -3 /* a pipe whose our end is in struct process */
};
enum { PROCESS_GRACE = 5 };

struct process_options {
	const char *const *arguments; /* NULL-terminated; the program is looked up in PATH */
	const char *shell; /* instead: a command for /bin/sh -c */
	const char *const *environment; /* "NAME=VALUE", NULL-terminated; NULL is our own */
	const char *folder; /* to run in; NULL is our own */
	int input, output, errors; /* a descriptor or one of the above */
	double timeout; /* seconds; 0 is none */
	bool same_group; /* stay in our process group: for a program that talks to the terminal */
};
#define PROCESS_OPTIONS                                                                            \
	((struct process_options){                                                                 \
		.input = PROCESS_NOTHING, .output = PROCESS_INHERIT, .errors = PROCESS_INHERIT })

struct process {
	pid_t pid; /* 0 if none runs */
	int input, output, errors; /* our ends of the pipes, -1 if none */
	bool same_group;
	double timeout;
	uint64_t started; /* clock_monotonic() */
};

struct process_result {
	int exit_code; /* 0..255, or -1 if a signal ended it */
	int signal; /* that signal, or 0 */
	bool timed_out;
	double wall, user, system; /* seconds */
	uint64_t peak_memory; /* bytes, largest of it and its children */
};

/* A program that is not there is ERROR_MISSING. */
int process_start(
	const struct process_options *options, struct process *ret, struct error *err) MUST_CHECK;

/*
 * Waits for the end; over the time-out, or if the sink's `stopped` says so, the group is ended
 * (the latter is ERROR_CANCELLED). An exit code other than 0 is no error here.
 */
int process_wait(struct process *process, const struct event_sink *sink, struct process_result *ret,
	struct error *err) MUST_CHECK;

/* Kills what still runs, reaps it, and closes the pipes. */
void process_release(struct process *process);
AUTO_RELEASE(struct process, process_release)

/* start and wait */
int process_run(const struct process_options *options, const struct event_sink *sink,
	struct process_result *ret, struct error *err) MUST_CHECK;

/*
 * start, collect stdout and stderr (either may be NULL: then as the options say) and wait. Over a
 * buffer's cap the rest is read and dropped, and strbuf_check() of it fails.
 */
int process_capture(const struct process_options *options, const struct event_sink *sink,
	struct strbuf *output, struct strbuf *errors, struct process_result *ret,
	struct error *err) MUST_CHECK;

/* "exit code 3", "signal 9 (Killed)", "time-out after 30 s" */
void process_describe(const struct process_result *result, struct strbuf *buffer);

#endif
