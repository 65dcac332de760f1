#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "mlops/base/clock.h"
#include "mlops/system/lock.h"
#include "workfolder.h"

static struct error err;

/* A child that holds the lock until it is killed; returns once it does. */
static pid_t holder(const char *command)
{
	int ready[2];
	char c;
	ck_assert_int_eq(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct lock lock;
		if (lock_acquire(&lock, "lock", 0, command, NULL, &err) < 0 ||
			write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

START_TEST(the_holder_is_named)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(lock_release) struct lock lock = LOCK_INIT;
	char expected[200];
	pid_t pid = holder("mlops train \x1b[2J");
	ck_assert_int_eq(lock_acquire(&lock, "lock", 0, "test", NULL, &err), -ERROR_LOCKED);
	snprintf(expected, sizeof expected, "'lock' is held by process %d (mlops train \\x1b[2J)",
		(int)pid);
	ck_assert_str_eq(err.message, expected);
	ck_assert_int_eq(error_exit_code(err.code), 4);
	uint64_t start = clock_monotonic();
	ck_assert_int_eq(lock_acquire(&lock, "lock", 0.2, "test", NULL, &err), -ERROR_LOCKED);
	double waited = (double)(clock_monotonic() - start) / 1e9;
	ck_assert(waited >= 0.2 && waited < 5);
	ck_assert_ptr_nonnull(strstr(err.message, "waited 200 ms: "));
	/* However the holder ends, the lock is free. */
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(lock_acquire(&lock, "lock", 0, "test", NULL, &err), 0);
	lock_release(&lock);
	lock_release(&lock);
	workfolder_assert("lock", "");
}
END_TEST

static void count_note(void *context, const struct event *event)
{
	if (event->kind == EVENT_NOTE && strncmp(event->text, "waiting for process ", 20) == 0)
		++*(int *)context;
}

static bool told(void *context)
{
	return *(int *)context > 0;
}

START_TEST(waiting_can_be_stopped)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(lock_release) struct lock lock = LOCK_INIT;
	int notes = 0;
	struct event_sink sink = { count_note, told, &notes };
	pid_t pid = holder("mlops train");
	ck_assert_int_eq(
		lock_acquire(&lock, "lock", LOCK_FOREVER, "test", &sink, &err), -ERROR_CANCELLED);
	ck_assert_int_eq(notes, 1);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(one_at_a_time)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	enum { CHILDREN = 4, TURNS = 50 };
	workfolder_write("count", "0");
	for (int child = 0; child < CHILDREN; child++) {
		if (fork() != 0)
			continue;
		for (int turn = 0; turn < TURNS; turn++) {
			AUTO(lock_release) struct lock lock = LOCK_INIT;
			char text[20] = "";
			if (lock_acquire(&lock, "lock", LOCK_FOREVER, "test", NULL, &err) < 0)
				_exit(1);
			AUTO_CLOSE int fd = open("count", O_RDWR | O_CLOEXEC);
			if (pread(fd, text, sizeof text - 1, 0) < 1)
				_exit(1);
			int length = snprintf(text, sizeof text, "%d", atoi(text) + 1);
			if (pwrite(fd, text, (size_t)length, 0) != length)
				_exit(1);
		}
		_exit(0);
	}
	int status;
	while (wait(&status) > 0)
		ck_assert_int_eq(status, 0);
	workfolder_assert("count", "200");
}
END_TEST

START_TEST(an_unreadable_note_is_no_trouble)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(lock_release) struct lock lock = LOCK_INIT;
	pid_t pid = holder("");
	workfolder_write("lock", "garbage");
	ck_assert_int_eq(lock_acquire(&lock, "lock", 0, "test", NULL, &err), -ERROR_LOCKED);
	ck_assert_str_eq(err.message, "'lock' is held by another process");
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(lock_acquire(&lock, "none/lock", 0, "test", NULL, &err), -ERROR_IO);
}
END_TEST

START_TEST(some_share_it)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(lock_release) struct lock one = LOCK_INIT;
	AUTO(lock_release) struct lock two = LOCK_INIT;
	AUTO(lock_release) struct lock alone = LOCK_INIT;
	ck_assert_int_eq(lock_acquire_shared(&one, "lock", 0, NULL, &err), 0);
	ck_assert_int_eq(lock_acquire_shared(&two, "lock", 0, NULL, &err), 0);
	ck_assert_int_eq(lock_acquire(&alone, "lock", 0, "test", NULL, &err), -ERROR_LOCKED);
	lock_release(&one);
	ck_assert_int_eq(lock_acquire(&alone, "lock", 0, "test", NULL, &err), -ERROR_LOCKED);
	lock_release(&two);
	ck_assert_int_eq(lock_acquire(&alone, "lock", 0, "mlops gc", NULL, &err), 0);
	ck_assert_int_eq(lock_acquire_shared(&one, "lock", 0, NULL, &err), -ERROR_LOCKED);
	ck_assert_ptr_nonnull(strstr(err.message, "(mlops gc)"));
	/* One who shares leaves the file as it is. */
	lock_release(&alone);
	workfolder_write("lock", "note");
	ck_assert_int_eq(lock_acquire_shared(&one, "lock", 0, NULL, &err), 0);
	lock_release(&one);
	workfolder_assert("lock", "note");
}
END_TEST

UNIT_MAIN("system/lock", the_holder_is_named, waiting_can_be_stopped, one_at_a_time,
	an_unreadable_note_is_no_trouble, some_share_it)
