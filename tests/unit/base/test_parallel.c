#include "unit.h"

#include <math.h>
#include <stdatomic.h>
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

UNIT_MAIN("base/parallel", any_number_of_threads_gives_the_same_bits, the_lowest_failure_is_told,
	the_setting)
