#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mlops/system/signals.h"

static struct error err;

/* The wait status of a child that runs f. */
static int status_of(void (*f)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		/* Started under nohup the tests would hand their ignored signals down. */
		for (int number = SIGHUP; number <= SIGTERM; number++) {
			if (number != SIGKILL)
				signal(number, SIG_DFL);
		}
		if (signals_install(&err) < 0 || signals_stopped())
			_exit(99);
		f();
		_exit(42);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void once(void)
{
	raise(SIGINT);
	_exit(signals_stopped() && signals_stop_wanted(NULL) ? signals_received() : 98);
}

static void twice(void)
{
	raise(SIGINT);
	raise(SIGTERM);
}

static void again(void)
{
	raise(SIGTERM);
	signals_reraise();
}

static void not_again(void)
{
	signals_reraise();
}

static void hang_up(void)
{
	raise(SIGHUP);
}

static void ignored(void)
{
	signal(SIGHUP, SIG_IGN);
	if (signals_install(&err) < 0)
		_exit(97);
	raise(SIGHUP);
}

START_TEST(the_first_asks_and_the_second_ends)
{
	int status = status_of(once);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == SIGINT);
	status = status_of(twice);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = status_of(again);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = status_of(not_again);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	status = status_of(hang_up);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
	status = status_of(ignored);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}
END_TEST

UNIT_MAIN("system/signals", the_first_asks_and_the_second_ends)
