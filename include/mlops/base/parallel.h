/*
 * parallel: the same work on many indices, by a few threads, with the same result for any number
 * of them.
 *
 * The caller cuts the work by the data (fixed blocks), never by the number of threads, writes the
 * result of each index to its own place, and combines them in order of index afterwards. So one
 * thread and many give the same bits.
 */
#ifndef MLOPS_BASE_PARALLEL_H
#define MLOPS_BASE_PARALLEL_H

#include <stddef.h>

#include "mlops/base/error.h"

/*
 * Called once for each index. worker < threads names the calling thread, for scratch space.
 * A failure stops what has not started yet.
 */
typedef int parallel_task(void *context, size_t index, size_t worker, struct error *err);

/*
 * Runs task for 0 .. count-1 on at most `threads` threads (0: parallel_threads()); the calling
 * thread is one of them. Indices are started in order. Returns the error of the lowest index that
 * failed. If a thread cannot be started the others do its work.
 */
int parallel_for(
	size_t threads, size_t count, parallel_task *task, void *context, struct error *err);

/*
 * Work that finds more work: a stack of items, the one pushed last is taken first, so that a tree
 * is walked with few items waiting. Helpers start when there is more waiting than one thread will
 * do at once; the calling thread is worker 0. What the result is must not depend on the order.
 *
 * parallel_queue() runs until all items are done and nothing is pushed any more. After a failure
 * no more tasks are started: what waits is given to `drop`, which may be NULL. One of the errors
 * is returned.
 */
struct parallel_queue;
typedef int parallel_queue_task(
	void *context, struct parallel_queue *queue, void *item, size_t worker, struct error *err);
int parallel_queue(size_t threads, void *first, parallel_queue_task *task, void (*drop)(void *item),
	void *context, struct error *err) MUST_CHECK;

/* From a task only. The items are the queue's, unless it fails: then all are still the caller's. */
int parallel_queue_push(struct parallel_queue *queue, void *const *items, size_t count,
	struct error *err) MUST_CHECK;

/* The number of threads to use: set by parallel_set_threads(), else the CPUs we may run on. */
size_t parallel_threads(void);

/* At start only, by main() and tests; 0 goes back to the CPUs. At most PARALLEL_MAX. */
enum { PARALLEL_MAX = 256 };
void parallel_set_threads(size_t threads);

#endif
