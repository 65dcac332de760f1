#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/map.h"

static struct error err;
static int freed;

static void count_free(void *value)
{
	freed++;
	memory_free(value);
}

START_TEST(order_is_insertion_order)
{
	AUTO(map_release) struct map map;
	map_init(&map, NULL);
	static int values[500];
	char key[16];
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof key, "k%d", i * 7919 % 500);
		ck_assert_int_eq(map_put(&map, key, &values[i], &err), 0);
	}
	ck_assert(map_remove(&map, "k7"));
	ck_assert(!map_remove(&map, "k7"));
	ck_assert_uint_eq(map_count(&map), 499);
	int *last = NULL;
	map_each (entry, &map) {
		int *value = map_value(entry);
		ck_assert(!last || value > last);
		ck_assert_ptr_eq(map_get(&map, map_key(entry)), value);
		last = value;
	}
	ck_assert(!map_has(&map, "absent"));
	ck_assert_ptr_null(map_get(&map, ""));
}
END_TEST

START_TEST(values_are_freed_once)
{
	struct map map;
	map_init(&map, count_free);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(map_put(&map, "a", memory_copy_string("v", &err), &err), 0);
	ck_assert_int_eq(freed, 2); /* replaced */
	void *same = map_get(&map, "a");
	ck_assert_int_eq(map_put(&map, "a", same, &err), 0);
	ck_assert_int_eq(freed, 2);
	ck_assert_int_eq(map_put(&map, "b", memory_copy_string("v", &err), &err), 0);
	map_remove(&map, "b");
	ck_assert_int_eq(freed, 3);
	map_release(&map);
	ck_assert_int_eq(freed, 4);
	ck_assert_uint_eq(map_count(&map), 0);
}
END_TEST

START_TEST(no_memory_leaves_the_map_as_it_was)
{
	AUTO(map_release) struct map map;
	map_init(&map, NULL);
	ck_assert_int_eq(map_put(&map, "a", &freed, &err), 0);
	memory_set_cap(8);
	ck_assert_int_eq(map_put(&map, "b", &freed, &err), -ERROR_MEMORY);
	memory_set_cap(0);
	ck_assert_uint_eq(map_count(&map), 1);
	ck_assert(!map_has(&map, "b"));
}
END_TEST

START_TEST(no_memory_for_the_table_itself)
{
	AUTO(map_release) struct map map;
	map_init(&map, NULL);
	/* Room for an entry but not for the first table of buckets. */
	memory_set_cap(200);
	ck_assert_int_eq(map_put(&map, "a", &freed, &err), -ERROR_MEMORY);
	memory_set_cap(0);
	ck_assert_uint_eq(map_count(&map), 0);
	ck_assert_int_eq(map_put(&map, "a", &freed, &err), 0);
	ck_assert_ptr_eq(map_get(&map, "a"), &freed);
}
END_TEST

UNIT_MAIN("base/map", order_is_insertion_order, values_are_freed_once,
	no_memory_leaves_the_map_as_it_was, no_memory_for_the_table_itself)
