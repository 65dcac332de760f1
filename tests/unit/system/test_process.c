#include "unit.h"

#include <signal.h>

#include "mlops/base/clock.h"
#include "mlops/system/process.h"
#include "workfolder.h"

static struct error err;

static struct process_result capture(
	const char *shell, struct strbuf *output, struct strbuf *errors)
{
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	options.shell = shell;
	ck_assert_msg(process_capture(&options, NULL, output, errors, &result, &err) == 0, "%s",
		err.message);
	return result;
}

START_TEST(output_errors_and_exit_code)
{
	AUTO(strbuf_release) struct strbuf output = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf errors = STRBUF_INIT;
	struct process_result result = capture("echo out; echo err >&2; exit 7", &output, &errors);
	ck_assert_str_eq(output.text, "out\n");
	ck_assert_str_eq(errors.text, "err\n");
	ck_assert(result.exit_code == 7 && result.signal == 0 && !result.timed_out);
	ck_assert(result.peak_memory > 100000 && result.wall > 0 && result.wall < 10);
	strbuf_clear(&output);
	result = capture("kill -9 $$", &output, NULL);
	ck_assert(result.exit_code == -1 && result.signal == SIGKILL);
	process_describe(&result, &output);
	ck_assert_str_eq(output.text, "signal 9 (Killed)");
}
END_TEST

START_TEST(much_output_does_not_block)
{
	AUTO(strbuf_release) struct strbuf output = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf errors = STRBUF_INIT;
	capture("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2; echo x", &output,
		&errors);
	ck_assert_uint_eq(output.length, 3000002);
	ck_assert_uint_eq(errors.length, 2000000);
	struct strbuf small = STRBUF_INIT;
	small.cap = 100;
	struct process_result result = capture("head -c 300000 /dev/zero", &small, NULL);
	ck_assert_int_eq(result.exit_code, 0);
	ck_assert_int_eq(strbuf_check(&small, &err), -ERROR_MEMORY);
	strbuf_release(&small);
}
END_TEST

START_TEST(arguments_are_not_read_by_a_shell)
{
	AUTO(strbuf_release) struct strbuf output = STRBUF_INIT;
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	options.arguments =
		(const char *const[]){ "printf", "%s|", "$HOME; echo x", "a b", "", NULL };
	ck_assert_int_eq(process_capture(&options, NULL, &output, NULL, &result, &err), 0);
	ck_assert_str_eq(output.text, "$HOME; echo x|a b||");
}
END_TEST

START_TEST(a_missing_program)
{
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	options.arguments = (const char *const[]){ "no-such-program", NULL };
	ck_assert_int_eq(process_run(&options, NULL, &result, &err), -ERROR_MISSING);
	ck_assert_str_eq(err.message, "cannot start 'no-such-program': No such file or directory");
	options.arguments = (const char *const[]){ "/etc/passwd", NULL };
	ck_assert_int_eq(process_run(&options, NULL, &result, &err), -ERROR_IO);
	options.arguments = (const char *const[]){ "true", NULL };
	options.folder = "/no/such/folder";
	ck_assert_int_eq(process_run(&options, NULL, &result, &err), -ERROR_NOT_FOUND);
}
END_TEST

START_TEST(folder_and_environment)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf output = STRBUF_INIT;
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	options.shell = "pwd; echo $A; env | wc -l";
	options.folder = "/usr";
	options.environment =
		(const char *const[]){ "A=b", "PATH=/usr/bin:/bin", "PWD=/usr", NULL };
	ck_assert_int_eq(process_capture(&options, NULL, &output, NULL, &result, &err), 0);
	ck_assert_str_eq(output.text, "/usr\nb\n3\n");
}
END_TEST

START_TEST(nothing_else_is_inherited)
{
	AUTO(strbuf_release) struct strbuf output = STRBUF_INIT;
	int leaked = dup(1); /* without O_CLOEXEC */
	signal(SIGUSR1, SIG_IGN);
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	/* The last seven digits: signals 1 to 28 (glibc keeps 32 and 33 for itself). */
	capture("ls /proc/self/fd | wc -l; sed -nE 's/^Sig(Blk|Ign):.*(.{7})$/\\1 \\2/p' "
		"/proc/self/status; cat",
		&output, NULL);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close(leaked);
	/* 0, 1, 2, and the folder that ls reads; stdin is empty. */
	ck_assert_str_eq(output.text, "4\nBlk 0000000\nIgn 0000000\n");
}
END_TEST

START_TEST(a_time_out_ends_the_whole_group)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	options.shell = "(sleep 60; touch late) & echo $! > child; wait";
	options.timeout = 0.3;
	ck_assert_int_eq(process_run(&options, NULL, &result, &err), 0);
	ck_assert(result.timed_out && result.signal == SIGTERM && result.wall < 5);
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	process_describe(&result, &text);
	ck_assert_ptr_nonnull(strstr(text.text, "time-out after "));
	strbuf_clear(&text);
	ck_assert_int_eq(file_read("child", 0, &text, &err), 0);
	/* Its parent is gone: somebody else reaps it, soon. */
	for (int i = 0; i < 100 && kill(atoi(text.text), 0) == 0; i++) {
		char path[64], state[300] = "";
		snprintf(path, sizeof path, "/proc/%d/stat", atoi(text.text));
		AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, state, sizeof state - 1) <= 0 || strstr(state, ") Z"))
			return;
		usleep(20000);
	}
	ck_assert_int_ne(kill(atoi(text.text), 0), 0);
}
END_TEST

START_TEST(who_ignores_sigterm_is_killed)
{
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	options.shell = "trap '' TERM; while :; do sleep 0.1; done";
	options.timeout = 0.2;
	ck_assert_int_eq(process_run(&options, NULL, &result, &err), 0);
	ck_assert(result.timed_out && result.signal == SIGKILL);
	ck_assert(result.wall > PROCESS_GRACE && result.wall < PROCESS_GRACE + 10);
}
END_TEST

static bool stopped_at(void *context)
{
	return clock_monotonic() > *(uint64_t *)context;
}

START_TEST(the_user_can_stop_it)
{
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	uint64_t when = clock_monotonic() + 200000000;
	struct event_sink sink = { .stopped = stopped_at, .context = &when };
	options.arguments = (const char *const[]){ "sleep", "60", NULL };
	ck_assert_int_eq(process_run(&options, &sink, &result, &err), -ERROR_CANCELLED);
	ck_assert_int_eq(result.signal, SIGTERM);
}
END_TEST

START_TEST(pipes_both_ways)
{
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	char answer[20] = "";
	AUTO(process_release) struct process process;
	options.arguments = (const char *const[]){ "tr", "a-z", "A-Z", NULL };
	options.input = PROCESS_PIPE;
	options.output = PROCESS_PIPE;
	ck_assert_int_eq(process_start(&options, &process, &err), 0);
	ck_assert_int_eq(write(process.input, "hello", 5), 5);
	file_close(&process.input);
	ck_assert_int_eq(read(process.output, answer, sizeof answer), 5);
	ck_assert_str_eq(answer, "HELLO");
	ck_assert_int_eq(process_wait(&process, NULL, &result, &err), 0);
	ck_assert_int_eq(result.exit_code, 0);
}
END_TEST

START_TEST(a_background_child_does_not_hold_us)
{
	AUTO(strbuf_release) struct strbuf output = STRBUF_INIT;
	struct process_result result = capture("sleep 4 2> /dev/null & echo done", &output, NULL);
	ck_assert_str_eq(output.text, "done\n");
	ck_assert(result.wall < 3);
}
END_TEST

START_TEST(releasing_kills)
{
	struct process_options options = PROCESS_OPTIONS;
	struct process process;
	options.arguments = (const char *const[]){ "sleep", "60", NULL };
	ck_assert_int_eq(process_start(&options, &process, &err), 0);
	pid_t pid = process.pid;
	process_release(&process);
	ck_assert_int_ne(kill(pid, 0), 0);
	process_release(&process);
}
END_TEST

UNIT_MAIN("system/process", output_errors_and_exit_code, much_output_does_not_block,
	arguments_are_not_read_by_a_shell, a_missing_program, folder_and_environment,
	nothing_else_is_inherited, a_time_out_ends_the_whole_group, who_ignores_sigterm_is_killed,
	the_user_can_stop_it, pipes_both_ways, a_background_child_does_not_hold_us, releasing_kills)
