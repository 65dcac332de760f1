#include "mlops/system/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "mlops/system/atomic.h"

static volatile sig_atomic_t signals_first;

/* Ends the process by the signal's default action, from inside the handler too. */
static void signals_die(int number)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t only;
	atomic_remove_all();
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
	raise(number);
	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(SIG_UNBLOCK, &only, NULL); /* it is blocked while its handler runs */
}

static void signals_stop(int number)
{
	int os = errno;
	if (signals_first)
		signals_die(number);
	signals_first = number;
	errno = os;
}

int signals_install(struct error *err)
{
	static const struct {
		int number;
		void (*handler)(int number);
	} all[] = { { SIGINT, signals_stop }, { SIGTERM, signals_stop }, { SIGHUP, signals_die },
		{ SIGQUIT, signals_die }, { SIGPIPE, signals_die } };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct sigaction action = { .sa_handler = all[i].handler, .sa_flags = SA_RESTART };
		struct sigaction before;
		sigemptyset(&action.sa_mask);
		/* What our caller has chosen to ignore (nohup) stays ignored. */
		if (sigaction(all[i].number, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		if (sigaction(all[i].number, &action, NULL) != 0)
			return error_set_os(
				err, ERROR_IO, "cannot handle signal %d", all[i].number);
	}
	return 0;
}

bool signals_stopped(void)
{
	return signals_first != 0;
}

bool signals_stop_wanted(void *unused)
{
	(void)unused;
	return signals_stopped();
}

int signals_received(void)
{
	return signals_first;
}

void signals_reraise(void)
{
	if (signals_first)
		signals_die(signals_first);
}
