#include "unit.h"

#include <string.h>

#include "mlops/base/sort.h"

struct item {
	uint32_t key, place;
};

static int by_key(const void *a, const void *b, void *context)
{
	uint32_t mask = *(const uint32_t *)context;
	uint32_t left = ((const struct item *)a)->key & mask;
	uint32_t right = ((const struct item *)b)->key & mask;
	return (left > right) - (left < right);
}

START_TEST(it_sorts_and_keeps_the_order_of_equals)
{
	struct error err = ERROR_INIT;
	static struct item items[3000];
	uint32_t state = 1;
	for (size_t count = 0; count < 3000; count += count < 40 ? 1 : 97) {
		uint32_t mask = count % 2 ? 0x0f : 0xffffffff;
		for (uint32_t i = 0; i < count; i++) {
			state = state * 1664525 + 1013904223;
			items[i] = (struct item){ state >> 8, i };
		}
		ck_assert_int_eq(sort_items(items, count, sizeof *items, by_key, &mask, &err), 0);
		uint64_t places = 0;
		for (size_t i = 0; i < count; i++)
			places += items[i].place;
		ck_assert_uint_eq(places, count ? (uint64_t)count * (count - 1) / 2 : 0);
		for (size_t i = 1; i < count; i++) {
			int order = by_key(&items[i - 1], &items[i], &mask);
			ck_assert(order < 0 || (order == 0 && items[i - 1].place < items[i].place));
		}
	}
}
END_TEST

START_TEST(without_memory_nothing_moves)
{
	struct error err = ERROR_INIT;
	const char *names[] = { "b", "a" };
	memory_set_cap(8);
	ck_assert_int_eq(
		sort_items(names, 2, sizeof *names, sort_strings, NULL, &err), -ERROR_MEMORY);
	memory_set_cap(0);
	ck_assert_str_eq(names[0], "b");
}
END_TEST

START_TEST(natural_order)
{
	static const char *const ordered[] = { "", "0", "00", "1", "01", "1a", "2", "10", "a", "a1",
		"a01", "a1b", "a2", "a02", "a9x1", "a9x10", "a10", "a99999999999999999999998",
		"a99999999999999999999999", "b", "file-2.txt", "file-10.txt", "\xc3\xa4" };
	size_t count = sizeof ordered / sizeof *ordered;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			int order = text_compare_natural(text_of(ordered[i]), text_of(ordered[j]));
			ck_assert_msg((order > 0) - (order < 0) == (i > j) - (i < j), "%s and %s",
				ordered[i], ordered[j]);
		}
	}
	struct error err = ERROR_INIT;
	const char *names[] = { "run10", "run9", "run1" };
	ck_assert_int_eq(sort_items(names, 3, sizeof *names, sort_strings_natural, NULL, &err), 0);
	ck_assert_str_eq(names[0], "run1");
	ck_assert_str_eq(names[2], "run10");
	ck_assert_int_eq(sort_items(names, 3, sizeof *names, sort_strings, NULL, &err), 0);
	ck_assert_str_eq(names[1], "run10");
}
END_TEST

UNIT_MAIN("base/sort", it_sorts_and_keeps_the_order_of_equals, without_memory_nothing_moves,
	natural_order)
