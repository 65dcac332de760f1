#include "object_internal.h"

#include "mlops/base/parallel.h"

enum { OBJECT_THREADS = 8 }; /* each needs about 16 MiB */

void object_stage_init(struct object_stage *stage)
{
	pthread_mutex_init(&stage->lock, NULL);
	pthread_cond_init(&stage->turn, NULL);
	stage->next = 0;
	stage->stopped = false;
}

void object_stage_release(struct object_stage *stage)
{
	pthread_cond_destroy(&stage->turn);
	pthread_mutex_destroy(&stage->lock);
}

bool object_stage_enter(struct object_stage *stage, uint64_t part)
{
	pthread_mutex_lock(&stage->lock);
	while (stage->next != part && !stage->stopped)
		pthread_cond_wait(&stage->turn, &stage->lock);
	bool mine = !stage->stopped;
	pthread_mutex_unlock(&stage->lock);
	return mine;
}

void object_stage_leave(struct object_stage *stage)
{
	pthread_mutex_lock(&stage->lock);
	stage->next++;
	pthread_cond_broadcast(&stage->turn);
	pthread_mutex_unlock(&stage->lock);
}

void object_stage_stop(struct object_stage *stage)
{
	pthread_mutex_lock(&stage->lock);
	stage->stopped = true;
	pthread_cond_broadcast(&stage->turn);
	pthread_mutex_unlock(&stage->lock);
}

size_t object_threads(uint64_t parts)
{
	size_t threads = parallel_threads();
	threads = threads > OBJECT_THREADS ? OBJECT_THREADS : threads;
	return threads > parts ? (size_t)parts : threads;
}
