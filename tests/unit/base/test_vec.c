#include "unit.h"

#include <stdint.h>

#include "mlops/base/vec.h"

struct point {
	int x, y;
};

START_TEST(pushes_keep_order)
{
	struct error err = ERROR_INIT;
	VEC(struct point) points = VEC_INIT;
	for (int i = 0; i < 1000; i++)
		vec_push(&points, (struct point){ i, -i });
	ck_assert_int_eq(vec_check(&points, &err), 0);
	ck_assert_uint_eq(points.count, 1000);
	int expected = 0;
	vec_each (point, &points) {
		ck_assert_int_eq(point->x, expected);
		ck_assert_int_eq(point->y, -expected);
		expected++;
	}
	ck_assert_int_eq(expected, 1000);
	vec_release(&points);
	ck_assert_ptr_null(points.items);
	vec_push(&points, (struct point){ 1, 2 });
	ck_assert_uint_eq(points.count, 1);
	vec_release(&points);
}
END_TEST

START_TEST(a_failed_push_sticks)
{
	struct error err = ERROR_INIT;
	VEC(uint64_t) words = VEC_INIT;
	memory_set_cap(16 * sizeof(uint64_t));
	for (uint64_t i = 0; i < 100; i++)
		vec_push(&words, i);
	memory_set_cap(0);
	size_t count = words.count;
	ck_assert_uint_lt(count, 17);
	vec_push(&words, 0);
	ck_assert_uint_eq(words.count, count);
	ck_assert_int_eq(vec_check(&words, &err), -ERROR_MEMORY);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(words.items[i], i);
	vec_release(&words);
}
END_TEST

START_TEST(reserving_makes_room)
{
	struct error err = ERROR_INIT;
	VEC(char) bytes = VEC_INIT;
	ck_assert(vec_reserve(&bytes, 100));
	for (int i = 0; i < 100; i++)
		bytes.items[bytes.count++] = 'x';
	ck_assert(!vec_reserve(&bytes, SIZE_MAX));
	ck_assert_int_eq(vec_check(&bytes, &err), -ERROR_MEMORY);
	vec_release(&bytes);
}
END_TEST

UNIT_MAIN("base/vec", pushes_keep_order, a_failed_push_sticks, reserving_makes_room)
