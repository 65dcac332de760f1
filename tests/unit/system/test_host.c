#include "unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mlops/system/host.h"

static struct error err;

START_TEST(the_facts_are_there)
{
	struct host host;
	host_facts(&host);
	ck_assert_str_ne(host.cpu, "");
	ck_assert_ptr_nonnull(strstr(host.kernel, "Linux "));
	ck_assert_ptr_nonnull(strstr(host.libc, "glibc 2."));
	ck_assert(strstr(host.compiler, "gcc ") || strstr(host.compiler, "clang "));
	ck_assert_str_ne(host.system, "");
	ck_assert(host.system[0] != '"');
	ck_assert(host.cores >= 1 && host.cores_allowed >= 1 && host.cores_allowed <= host.cores);
	ck_assert_uint_gt(host.memory, 64 << 20);
}
END_TEST

START_TEST(a_process_is_told_from_another)
{
	struct host_process self, other;
	ck_assert_int_eq(host_self(&self, &err), 0);
	ck_assert_int_eq(self.pid, getpid());
	ck_assert_uint_eq(strlen(self.boot), 36);
	ck_assert(host_process_alive(&self));
	other = self;
	other.started++;
	ck_assert(!host_process_alive(&other)); /* the number was given away again */
	other = self;
	other.boot[0] ^= 1;
	ck_assert(!host_process_alive(&other));
	other = (struct host_process){ .pid = 0 };
	ck_assert(!host_process_alive(&other));
}
END_TEST

START_TEST(a_dead_process_is_dead)
{
	int ends[2];
	struct host_process child;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (host_self(&child, &err) < 0 || write(ends[1], &child, sizeof child) < 0)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(ends[0], &child, sizeof child), sizeof child);
	ck_assert_int_eq(child.pid, pid);
	ck_assert(host_process_alive(&child));
	kill(pid, SIGKILL);
	siginfo_t info;
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert(!host_process_alive(&child)); /* a zombie does nothing any more */
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(!host_process_alive(&child));
}
END_TEST

START_TEST(usage_grows)
{
	struct host_usage before, after;
	host_usage(&before);
	if (fork() == 0) {
		for (volatile unsigned i = 0; i < 100000000; i++) {
		}
		_exit(0);
	}
	wait(NULL);
	size_t bytes = 64 << 20;
	char *block = malloc(bytes);
	memset(block, 1, bytes);
	host_usage(&after);
	ck_assert_int_eq(block[bytes / 2], 1);
	free(block);
	ck_assert(after.wall > before.wall && after.wall < 300);
	ck_assert(after.children_user > before.children_user);
	ck_assert_uint_gt(after.peak_memory, before.peak_memory + (60 << 20));
	ck_assert_uint_gt(after.children_peak_memory, 0);
}
END_TEST

UNIT_MAIN("system/host", the_facts_are_there, a_process_is_told_from_another,
	a_dead_process_is_dead, usage_grows)
