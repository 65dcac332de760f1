#include "mlops/base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

static size_t parallel_setting; /* written before threads start */

size_t parallel_threads(void)
{
	if (parallel_setting)
		return parallel_setting;
	cpu_set_t cpus;
	if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
		return 1;
	int count = CPU_COUNT(&cpus);
	return count < 1 ? 1 : count > PARALLEL_MAX ? PARALLEL_MAX : (size_t)count;
}

void parallel_set_threads(size_t threads)
{
	parallel_setting = threads > PARALLEL_MAX ? PARALLEL_MAX : threads;
}

struct parallel_job {
	parallel_task *task;
	void *context;
	size_t count;
	atomic_size_t next, next_worker;
	pthread_mutex_t lock; /* guards the two below */
	size_t failed; /* lowest index that failed so far, or SIZE_MAX */
	struct error *err;
};

static void parallel_fail(struct parallel_job *job, size_t index, const struct error *err)
{
	pthread_mutex_lock(&job->lock);
	if (index < job->failed) {
		job->failed = index;
		*job->err = *err;
	}
	pthread_mutex_unlock(&job->lock);
	atomic_store(&job->next, job->count);
}

static void *parallel_work(void *pointer)
{
	struct parallel_job *job = pointer;
	size_t worker = atomic_fetch_add(&job->next_worker, 1);
	struct error err = ERROR_INIT;
	for (;;) {
		size_t index = atomic_load(&job->next);
		do {
			if (index >= job->count)
				return NULL;
		} while (!atomic_compare_exchange_weak(&job->next, &index, index + 1));
		if (job->task(job->context, index, worker, &err) < 0)
			parallel_fail(job, index, &err);
	}
}

int parallel_for(
	size_t threads, size_t count, parallel_task *task, void *context, struct error *err)
{
	if (!threads)
		threads = parallel_threads();
	if (threads > count)
		threads = count;
	if (threads > PARALLEL_MAX)
		threads = PARALLEL_MAX;
	struct parallel_job job = { .task = task,
		.context = context,
		.count = count,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.failed = SIZE_MAX,
		.err = err };
	pthread_t handles[PARALLEL_MAX];
	size_t started = 0;
	while (started + 1 < threads &&
		pthread_create(&handles[started], NULL, parallel_work, &job) == 0)
		started++;
	parallel_work(&job);
	for (size_t i = 0; i < started; i++)
		pthread_join(handles[i], NULL);
	return job.failed == SIZE_MAX ? 0 : -(int)err->code;
}
