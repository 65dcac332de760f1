/*
 * lock: one writer at a time, or several who share, across processes.
 *
 * An flock() on a file: the kernel frees it when the holder dies, however that happens. The holder
 * writes its process id and command inside, for the message of those who wait. Readers take no
 * lock. Not recursive; the descriptor is not inherited by programs we start.
 */
#ifndef MLOPS_SYSTEM_LOCK_H
#define MLOPS_SYSTEM_LOCK_H

#include "mlops/base/event.h"
#include "mlops/base/memory.h"

struct lock {
	int fd;
	bool is_shared;
};
#define LOCK_INIT ((struct lock){ .fd = -1 })
#define LOCK_FOREVER (-1.0)

/*
 * Takes the lock, making the file if need be. wait: seconds to wait (0: do not, LOCK_FOREVER).
 * command: what is running, "mlops train". The first time it has to wait a note goes to the sink,
 * whose `stopped` ends the waiting with ERROR_CANCELLED. In vain is ERROR_LOCKED with a message
 * that says who holds it: "'.mlops/lock' is held by process 4711 (mlops train)".
 */
int lock_acquire(struct lock *lock, const char *path, double wait, const char *command,
	const struct event_sink *sink, struct error *err) MUST_CHECK;

/*
 * The same beside any number of others who share it; whoever takes it by lock_acquire() waits for
 * all of them, and they for him. Leaves no note: the message cannot say who they are.
 */
int lock_acquire_shared(struct lock *lock, const char *path, double wait,
	const struct event_sink *sink, struct error *err) MUST_CHECK;
void lock_release(struct lock *lock); /* may be called again */
AUTO_RELEASE(struct lock, lock_release)

#endif
