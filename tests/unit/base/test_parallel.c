#include "unit.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "mlops/base/parallel.h"

enum { BLOCKS = 500 };

struct sums {
	double block[BLOCKS];
	atomic_int calls;
	atomic_int running[PARALLEL_MAX];
	size_t threads;
};

static int sum_block(void *context, size_t index, size_t worker, struct error *err)
{
	(void)err;
	struct sums *sums = context;
	ck_assert_uint_lt(worker, sums->threads);
	ck_assert_int_eq(atomic_fetch_add(&sums->running[worker], 1), 0);
	double sum = 0;
	for (int i = 1; i < 2000; i++)
		sum += sin((double)index * i);
	sums->block[index] = sum;
	atomic_fetch_add(&sums->calls, 1);
	atomic_fetch_sub(&sums->running[worker], 1);
	return 0;
}

START_TEST(any_number_of_threads_gives_the_same_bits)
{
	struct error err = ERROR_INIT;
	static struct sums one, many;
	one.threads = 1;
	ck_assert_int_eq(parallel_for(1, BLOCKS, sum_block, &one, &err), 0);
	for (size_t threads = 1; threads <= 8; threads++) {
		memset(&many, 0, sizeof many);
		many.threads = threads;
		ck_assert_int_eq(parallel_for(threads, BLOCKS, sum_block, &many, &err), 0);
		ck_assert_int_eq(many.calls, BLOCKS);
		ck_assert_mem_eq(one.block, many.block, sizeof one.block);
	}
	ck_assert_int_eq(parallel_for(4, 0, sum_block, &many, &err), 0);
	many.threads = PARALLEL_MAX;
	ck_assert_int_eq(parallel_for(100000, 20, sum_block, &many, &err), 0);
}
END_TEST

static int fail_some(void *context, size_t index, size_t worker, struct error *err)
{
	(void)worker;
	atomic_int *calls = context;
	atomic_fetch_add(calls, 1);
	if (index % 3 == 2 && index >= 50)
		return error_set(err, ERROR_NUMERIC, "block %zu", index);
	return 0;
}

START_TEST(the_lowest_failure_is_told)
{
	for (size_t threads = 1; threads <= 8; threads++) {
		for (int again = 0; again < 50; again++) {
			struct error err = ERROR_INIT;
			atomic_int calls = 0;
			ck_assert_int_eq(parallel_for(threads, 100000, fail_some, &calls, &err),
				-ERROR_NUMERIC);
			ck_assert_str_eq(err.message, "block 50");
			ck_assert_int_lt(calls, 100000); /* what had not started was stopped */
		}
	}
}
END_TEST

START_TEST(the_setting)
{
	size_t cpus = parallel_threads();
	ck_assert_uint_ge(cpus, 1);
	parallel_set_threads(3);
	ck_assert_uint_eq(parallel_threads(), 3);
	parallel_set_threads(100000);
	ck_assert_uint_eq(parallel_threads(), PARALLEL_MAX);
	parallel_set_threads(0);
	ck_assert_uint_eq(parallel_threads(), cpus);
}
END_TEST

/* A binary tree of numbers: n has the children 2n and 2n + 1, up to 99999. */
enum { TREE = 100000 };
struct walk {
	atomic_int seen[TREE];
	atomic_int dropped;
	atomic_size_t workers;
	uintptr_t fails;
};
static struct walk walk;

static void walk_drop(void *item)
{
	(void)item;
	atomic_fetch_add(&walk.dropped, 1);
}

static int walk_node(
	void *context, struct parallel_queue *queue, void *item, size_t worker, struct error *err)
{
	ck_assert_ptr_eq(context, &walk);
	uintptr_t node = (uintptr_t)item;
	size_t most = atomic_load(&walk.workers);
	while (worker > most && !atomic_compare_exchange_weak(&walk.workers, &most, worker)) {
	}
	atomic_fetch_add(&walk.seen[node], 1);
	if (walk.fails && node % walk.fails == 0)
		return error_set(err, ERROR_IO, "node");
	void *children[2] = { (void *)(2 * node), (void *)(2 * node + 1) };
	size_t count = 2 * node + 1 < TREE ? 2 : 2 * node < TREE ? 1 : 0;
	return parallel_queue_push(queue, children, count, err);
}

START_TEST(a_queue_does_what_it_finds)
{
	struct error err = ERROR_INIT;
	for (size_t threads = 1; threads <= 9; threads += 4) {
		memset(&walk, 0, sizeof walk);
		ck_assert_int_eq(
			parallel_queue(threads, (void *)1, walk_node, walk_drop, &walk, &err), 0);
		for (size_t i = 1; i < TREE; i++)
			ck_assert_int_eq(walk.seen[i], 1);
		ck_assert_uint_lt(walk.workers, threads);
		ck_assert_int_eq(walk.dropped, 0);
	}
}
END_TEST

START_TEST(a_queue_stops_at_a_failure)
{
	struct error err = ERROR_INIT;
	for (size_t threads = 1; threads <= 8; threads++) {
		memset(&walk, 0, sizeof walk);
		walk.fails = 777;
		ck_assert_int_eq(
			parallel_queue(threads, (void *)1, walk_node, walk_drop, &walk, &err),
			-ERROR_IO);
		ck_assert_str_eq(err.message, "node");
		/* Each item that was pushed was done or dropped. */
		int seen = 0, expected = 1;
		for (size_t i = 1; i < TREE; i++) {
			seen += walk.seen[i];
			if (walk.seen[i] && i % 777 != 0)
				expected += 2 * i + 1 < TREE ? 2 : 2 * i < TREE ? 1 : 0;
		}
		ck_assert_int_eq(seen + walk.dropped, expected);
		ck_assert_int_lt(seen, TREE / 2);
	}
}
END_TEST

UNIT_MAIN("base/parallel", any_number_of_threads_gives_the_same_bits, the_lowest_failure_is_told,
	the_setting, a_queue_does_what_it_finds, a_queue_stops_at_a_failure)
