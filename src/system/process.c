#include "mlops/system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/base/utf8.h"
#include "mlops/system/file.h"

enum { PROCESS_POLL = 50 /* milliseconds between looks at the sink */ };

/* The child's end and ours of one standard stream. */
struct process_stream {
	int child, ours;
};

static int process_stream_open(
	int wanted, bool is_input, struct process_stream *ret, struct error *err)
{
	int ends[2];
	*ret = (struct process_stream){ -1, -1 };
	if (wanted == PROCESS_NOTHING) {
		ret->child = open("/dev/null", (is_input ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
		if (ret->child < 0)
			return error_set_os(err, ERROR_IO, "cannot open '/dev/null'");
	} else if (wanted == PROCESS_PIPE) {
		if (pipe2(ends, O_CLOEXEC) != 0)
			return error_set_os(err, ERROR_IO, "cannot make a pipe");
		*ret = is_input ? (struct process_stream){ ends[0], ends[1] }
				: (struct process_stream){ ends[1], ends[0] };
	} else if (wanted >= 0) {
		/* Above 2, so that no dup2() onto 0, 1 or 2 hits one that is still needed. */
		ret->child = fcntl(wanted, F_DUPFD_CLOEXEC, 3);
		if (ret->child < 0)
			return error_set_os(err, ERROR_IO, "cannot pass descriptor %d on", wanted);
	}
	return 0;
}

static void process_streams_close(struct process_stream streams[3], bool ours_too)
{
	for (int i = 0; i < 3; i++) {
		file_close(&streams[i].child);
		if (ours_too)
			file_close(&streams[i].ours);
	}
}

static int process_actions(posix_spawn_file_actions_t *actions,
	const struct process_stream *streams, const char *folder)
{
	int os = 0;
	for (int i = 0; i < 3 && !os; i++) {
		if (streams[i].child >= 0)
			os = posix_spawn_file_actions_adddup2(actions, streams[i].child, i);
	}
	if (!os)
		os = posix_spawn_file_actions_addclosefrom_np(actions, 3);
	if (!os && folder)
		os = posix_spawn_file_actions_addchdir_np(actions, folder);
	return os;
}

static int process_attributes(posix_spawnattr_t *attributes, bool same_group)
{
	sigset_t all, none;
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigfillset(&all);
	sigemptyset(&none);
	if (!same_group)
		flags |= POSIX_SPAWN_SETPGROUP; /* pgroup 0: one of its own */
	int os = posix_spawnattr_setflags(attributes, flags);
	if (!os)
		os = posix_spawnattr_setsigdefault(attributes, &all);
	if (!os)
		os = posix_spawnattr_setsigmask(attributes, &none);
	return os;
}

/* Returns an errno. */
static int process_spawn(const struct process_options *options,
	const struct process_stream *streams, const char *const *arguments, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int os = posix_spawn_file_actions_init(&actions);
	if (os)
		return os;
	os = posix_spawnattr_init(&attributes);
	if (os) {
		posix_spawn_file_actions_destroy(&actions);
		return os;
	}
	os = process_actions(&actions, streams, options->folder);
	if (!os)
		os = process_attributes(&attributes, options->same_group);
	/* exec()'s arguments are const in all but their old declaration. */
	char *const *environment =
		options->environment ? (char *const *)(uintptr_t)options->environment : environ;
	if (!os)
		os = posix_spawnp(ret_pid, arguments[0], &actions, &attributes,
			(char *const *)(uintptr_t)arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return os;
}

int process_start(const struct process_options *options, struct process *ret, struct error *err)
{
	const char *const shell[] = { "/bin/sh", "-c", options->shell, NULL };
	const char *const *arguments = options->shell ? shell : options->arguments;
	struct process_stream streams[3] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	*ret = (struct process){ .input = -1, .output = -1, .errors = -1 };
	if (options->folder && !file_exists(options->folder))
		return error_set(err, ERROR_NOT_FOUND, "cannot start '%s': no folder '%s'",
			arguments[0], options->folder);
	if (process_stream_open(options->input, true, &streams[0], err) < 0 ||
		process_stream_open(options->output, false, &streams[1], err) < 0 ||
		process_stream_open(options->errors, false, &streams[2], err) < 0) {
		process_streams_close(streams, true);
		return -err->code;
	}
	ret->started = clock_monotonic();
	int os = process_spawn(options, streams, arguments, &ret->pid);
	process_streams_close(streams, os != 0);
	if (os) {
		ret->pid = 0;
		errno = os;
		return error_set_os(err, os == ENOENT ? ERROR_MISSING : ERROR_IO,
			"cannot start '%s'", arguments[0]);
	}
	ret->input = streams[0].ours;
	ret->output = streams[1].ours;
	ret->errors = streams[2].ours;
	ret->same_group = options->same_group;
	ret->timeout = options->timeout;
	return 0;
}

static void process_signal(const struct process *process, int number)
{
	/* The group may be gone although its leader has not been reaped: ESRCH is fine. */
	kill(process->same_group ? process->pid : -process->pid, number);
}

static double process_elapsed(const struct process *process)
{
	return (double)(clock_monotonic() - process->started) / 1e9;
}

static int process_reap(struct process *process, struct process_result *ret, struct error *err)
{
	int status;
	struct rusage usage;
	pid_t pid;
	do {
		pid = wait4(process->pid, &status, 0, &usage);
	} while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return error_set_os(
			err, ERROR_IO, "cannot wait for process %ld", (long)process->pid);
	ret->wall = process_elapsed(process);
	ret->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	ret->user = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
	ret->system = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
	ret->peak_memory = (uint64_t)usage.ru_maxrss * 1024;
	process->pid = 0;
	return 0;
}

/* What is to be watched while the child runs. */
struct process_watch {
	struct process *process;
	const struct event_sink *sink;
	struct strbuf *sinks[2]; /* where stdout and stderr go, or NULL */
	double kill_at; /* seconds since the start at which SIGKILL is due; 0: not asked to stop */
	bool timed_out, cancelled;
};

/* Ends the child if its time is over or the user wants it. */
static void process_check(struct process_watch *watch)
{
	struct process *process = watch->process;
	double elapsed = process_elapsed(process);
	if (watch->kill_at > 0) {
		if (elapsed >= watch->kill_at)
			process_signal(process, SIGKILL);
		return;
	}
	watch->timed_out = process->timeout > 0 && elapsed >= process->timeout;
	watch->cancelled = !watch->timed_out && event_stopped(watch->sink);
	if (watch->timed_out || watch->cancelled) {
		process_signal(process, SIGTERM);
		watch->kill_at = elapsed + PROCESS_GRACE;
	}
}

static int process_poll_time(const struct process_watch *watch)
{
	double left = watch->kill_at > 0 ? watch->kill_at : watch->process->timeout;
	if (!watch->sink && left <= 0)
		return -1;
	left = left > 0 ? (left - process_elapsed(watch->process)) * 1000 : PROCESS_POLL;
	return left < 1 ? 1 : left > PROCESS_POLL ? PROCESS_POLL : (int)left;
}

/* Takes what is there; closes the pipe at its end. */
static int process_collect(int *fd, struct strbuf *buffer, struct error *err)
{
	char bytes[16384];
	ssize_t count = read(*fd, bytes, sizeof bytes);
	if (count > 0)
		strbuf_add_bytes(buffer, bytes, (size_t)count);
	else if (count == 0)
		file_close(fd);
	else if (errno != EINTR && errno != EAGAIN)
		return error_set_os(err, ERROR_IO, "cannot read what a program says");
	return 0;
}

/*
 * Until the child has ended and, unless one of its own children keeps them open, its pipes too:
 * a moment after the end what is in the pipes is taken, and that is that.
 */
static int process_watch_run(struct process_watch *watch, int pidfd, struct error *err)
{
	int *pipes[2] = { &watch->process->output, &watch->process->errors };
	for (bool ended = false;;) {
		struct pollfd polled[3] = { { ended ? -1 : pidfd, POLLIN, 0 }, { -1, POLLIN, 0 },
			{ -1, POLLIN, 0 } };
		for (int i = 0; i < 2; i++) {
			if (watch->sinks[i])
				polled[i + 1].fd = *pipes[i];
		}
		bool open = polled[1].fd >= 0 || polled[2].fd >= 0;
		if (ended && !open)
			return 0;
		int ready = poll(polled, 3, ended ? PROCESS_POLL : process_poll_time(watch));
		if (ready < 0 && errno != EINTR)
			return error_set_os(err, ERROR_IO, "cannot wait for a program");
		if (ended && ready == 0)
			return 0;
		for (int i = 0; i < 2 && ready > 0; i++) {
			if (polled[i + 1].revents &&
				process_collect(pipes[i], watch->sinks[i], err) < 0)
				return -err->code;
		}
		ended |= ready > 0 && polled[0].revents;
		if (!ended)
			process_check(watch);
	}
}

static int process_finish(
	struct process_watch *watch, struct process_result *ret, struct error *err)
{
	struct process *process = watch->process;
	if (!process->pid)
		BUG("waiting for a process that was not started");
	*ret = (struct process_result){ .exit_code = -1 };
	AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	if (pidfd < 0)
		return error_set_os(err, ERROR_IO, "cannot watch process %ld", (long)process->pid);
	if (process_watch_run(watch, pidfd, err) < 0)
		return -err->code;
	/* Whatever it left running in its group was part of it. */
	if (watch->timed_out || watch->cancelled)
		process_signal(process, SIGKILL);
	if (process_reap(process, ret, err) < 0)
		return -err->code;
	ret->timed_out = watch->timed_out;
	if (watch->cancelled)
		return error_set(err, ERROR_CANCELLED, "stopped");
	return 0;
}

int process_wait(struct process *process, const struct event_sink *sink, struct process_result *ret,
	struct error *err)
{
	struct process_watch watch = { .process = process, .sink = sink };
	return process_finish(&watch, ret, err);
}

void process_release(struct process *process)
{
	file_close(&process->input);
	file_close(&process->output);
	file_close(&process->errors);
	if (process->pid) {
		process_signal(process, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	process->pid = 0;
}

int process_run(const struct process_options *options, const struct event_sink *sink,
	struct process_result *ret, struct error *err)
{
	return process_capture(options, sink, NULL, NULL, ret, err);
}

int process_capture(const struct process_options *options, const struct event_sink *sink,
	struct strbuf *output, struct strbuf *errors, struct process_result *ret, struct error *err)
{
	struct process_options piped = *options;
	if (output)
		piped.output = PROCESS_PIPE;
	if (errors)
		piped.errors = PROCESS_PIPE;
	AUTO(process_release) struct process process;
	if (process_start(&piped, &process, err) < 0)
		return -err->code;
	struct process_watch watch = {
		.process = &process, .sink = sink, .sinks = { output, errors }
	};
	return process_finish(&watch, ret, err);
}

void process_describe(const struct process_result *result, struct strbuf *buffer)
{
	if (result->timed_out) {
		strbuf_add(buffer, "time-out after ");
		clock_format_duration(buffer, result->wall);
	} else if (result->signal) {
		const char *name = sigdescr_np(result->signal);
		strbuf_printf(buffer, "signal %d (%s)", result->signal, name ? name : "unknown");
	} else {
		strbuf_printf(buffer, "exit code %d", result->exit_code);
	}
}
