#include "mlops/system/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/base/parse.h"
#include "mlops/base/utf8.h"

/* The first wait is short, for holders that are about to finish; then it asks less often. */
enum { LOCK_SHORTEST = 1000000, LOCK_LONGEST = 100000000 }; /* nanoseconds */

/* "process 4711 (mlops train)", from the note that the holder left: "4711 mlops train\n". */
static void lock_describe(int fd, struct strbuf *holder)
{
	char note[256];
	uint64_t pid;
	struct text rest, first;
	ssize_t length = pread(fd, note, sizeof note, 0);
	rest = text_trim((struct text){ note, length > 0 ? (size_t)length : 0 });
	if (!text_split(&rest, ' ', &first) || !parse_u64(first, &pid)) {
		strbuf_add(holder, "another process");
		return;
	}
	strbuf_printf(holder, "process %llu", (unsigned long long)pid);
	if (rest.length) {
		strbuf_add(holder, " (");
		utf8_escape(holder, rest); /* anybody may have written it */
		strbuf_add_char(holder, ')');
	}
}

static int lock_busy(int fd, const char *path, double wait, struct error *err)
{
	AUTO(strbuf_release) struct strbuf holder = STRBUF_INIT;
	lock_describe(fd, &holder);
	error_set(err, ERROR_LOCKED, "'%s' is held by %s", path, holder.text);
	if (wait > 0) {
		AUTO(strbuf_release) struct strbuf span = STRBUF_INIT;
		clock_format_duration(&span, wait);
		error_prefix(err, "waited %s", span.text);
	}
	return error_hint(err, "wait for it to end, or give more time with --wait");
}

/* Waits until the lock is ours, the time is over, or the user stops it. */
static int lock_wait(int fd, int operation, const char *path, double wait,
	const struct event_sink *sink, struct error *err)
{
	uint64_t start = clock_monotonic();
	struct timespec pause = { 0, LOCK_SHORTEST };
	bool told = false;
	while (flock(fd, operation | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return error_set_os(err, ERROR_IO, "cannot lock '%s'", path);
		if (event_stopped(sink))
			return error_set(
				err, ERROR_CANCELLED, "stopped while waiting for '%s'", path);
		double waited = (double)(clock_monotonic() - start) / 1e9;
		if (wait >= 0 && waited >= wait)
			return lock_busy(fd, path, wait, err);
		if (!told && pause.tv_nsec >= LOCK_LONGEST) {
			AUTO(strbuf_release) struct strbuf holder = STRBUF_INIT;
			lock_describe(fd, &holder);
			event_note(sink, "waiting for %s", holder.text);
			told = true;
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < LOCK_LONGEST)
			pause.tv_nsec = pause.tv_nsec * 3 / 2 < LOCK_LONGEST ? pause.tv_nsec * 3 / 2
									     : LOCK_LONGEST;
	}
	return 0;
}

static int lock_open(struct lock *lock, int operation, const char *path, double wait,
	const struct event_sink *sink, struct error *err)
{
	*lock = LOCK_INIT;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return error_set_os(err, ERROR_IO, "cannot open the lock '%s'", path);
	if (lock_wait(fd, operation, path, wait, sink, err) < 0) {
		close(fd);
		return -err->code;
	}
	lock->fd = fd;
	return 0;
}

int lock_acquire(struct lock *lock, const char *path, double wait, const char *command,
	const struct event_sink *sink, struct error *err)
{
	if (lock_open(lock, LOCK_EX, path, wait, sink, err) < 0)
		return -err->code;
	/* The note is for people; the lock holds without it. */
	if (ftruncate(lock->fd, 0) == 0)
		dprintf(lock->fd, "%ld %s\n", (long)getpid(), command);
	return 0;
}

int lock_acquire_shared(struct lock *lock, const char *path, double wait,
	const struct event_sink *sink, struct error *err)
{
	if (lock_open(lock, LOCK_SH, path, wait, sink, err) < 0)
		return -err->code;
	lock->is_shared = true;
	return 0;
}

void lock_release(struct lock *lock)
{
	if (lock->fd < 0)
		return;
	/* Emptied first, so that nobody is told of a holder that has let go. */
	if (!lock->is_shared && ftruncate(lock->fd, 0) != 0)
		errno = 0;
	close(lock->fd);
	lock->fd = -1;
}
