#include "mlops/base/parallel.h"

#include <pthread.h>

#include "mlops/base/vec.h"

struct parallel_queue {
	parallel_queue_task *task;
	void *context;
	size_t threads; /* at most */
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	VEC(void *) waiting;
	size_t working, sleeping;
	size_t n_helpers;
	pthread_t helpers[PARALLEL_MAX];
	bool failed;
	struct error *err;
};

/* With the lock held, which it gives up meanwhile. */
static void parallel_queue_do(struct parallel_queue *queue, size_t worker, struct error *err)
{
	void *item = queue->waiting.items[--queue->waiting.count];
	queue->working++;
	pthread_mutex_unlock(&queue->lock);
	int result = queue->task(queue->context, queue, item, worker, err);
	pthread_mutex_lock(&queue->lock);
	queue->working--;
	if (result < 0 && !queue->failed) {
		queue->failed = true;
		*queue->err = *err;
	}
	if (queue->failed || (!queue->working && !queue->waiting.count))
		pthread_cond_broadcast(&queue->changed);
}

static void parallel_queue_work(struct parallel_queue *queue, size_t worker)
{
	struct error err = ERROR_INIT;
	pthread_mutex_lock(&queue->lock);
	while (!queue->failed && (queue->waiting.count || queue->working)) {
		if (queue->waiting.count) {
			parallel_queue_do(queue, worker, &err);
			continue;
		}
		queue->sleeping++;
		pthread_cond_wait(&queue->changed, &queue->lock);
		queue->sleeping--;
	}
	pthread_mutex_unlock(&queue->lock);
}

struct parallel_helper {
	struct parallel_queue *queue;
	size_t worker;
};

static void *parallel_queue_help(void *pointer)
{
	struct parallel_helper helper = *(struct parallel_helper *)pointer;
	memory_free(pointer);
	parallel_queue_work(helper.queue, helper.worker);
	return NULL;
}

/* With the lock held. A helper that cannot be started is done without. */
static void parallel_queue_start(struct parallel_queue *queue)
{
	struct error ignored = ERROR_INIT;
	if (queue->n_helpers + 1 >= queue->threads)
		return;
	struct parallel_helper *helper = memory_allocate(1, sizeof *helper, &ignored);
	if (!helper)
		return;
	*helper = (struct parallel_helper){ queue, queue->n_helpers + 1 };
	if (pthread_create(&queue->helpers[queue->n_helpers], NULL, parallel_queue_help, helper) ==
		0)
		queue->n_helpers++;
	else
		memory_free(helper);
}

int parallel_queue_push(
	struct parallel_queue *queue, void *const *items, size_t count, struct error *err)
{
	pthread_mutex_lock(&queue->lock);
	bool room = vec_reserve(&queue->waiting, count);
	for (size_t i = 0; room && i < count; i++)
		queue->waiting.items[queue->waiting.count++] = items[i];
	if (room && queue->sleeping)
		pthread_cond_broadcast(&queue->changed);
	/* One item is left to the pusher itself. */
	if (room && !queue->failed && queue->waiting.count > 1 + queue->sleeping)
		parallel_queue_start(queue);
	pthread_mutex_unlock(&queue->lock);
	return room ? 0 : error_set(err, ERROR_MEMORY, "out of memory for waiting work");
}

int parallel_queue(size_t threads, void *first, parallel_queue_task *task, void (*drop)(void *item),
	void *context, struct error *err)
{
	if (!threads)
		threads = parallel_threads();
	struct parallel_queue queue = { .task = task,
		.context = context,
		.threads = threads > PARALLEL_MAX ? PARALLEL_MAX : threads,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.err = err };
	if (parallel_queue_push(&queue, &first, 1, err) < 0) {
		if (drop)
			drop(first);
		return -err->code;
	}
	parallel_queue_work(&queue, 0);
	/* No more helpers are started: nothing is left, or the queue has failed. */
	for (size_t i = 0; i < queue.n_helpers; i++)
		pthread_join(queue.helpers[i], NULL);
	for (size_t i = 0; drop && i < queue.waiting.count; i++)
		drop(queue.waiting.items[i]);
	vec_release(&queue.waiting);
	return queue.failed ? -(int)err->code : 0;
}
