#include "unit.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mlops/base/arena.h"

static struct error err;

START_TEST(blocks_are_zeroed_aligned_and_apart)
{
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	unsigned char *blocks[300];
	size_t size = 1;
	for (size_t i = 0; i < 300; i++) {
		size = size * 1103515245 % 9001 + (i % 50 ? 0 : 40000);
		blocks[i] = arena_allocate(&arena, size, 1, &err);
		ck_assert_uint_eq((uintptr_t)blocks[i] % alignof(max_align_t), 0);
		for (size_t j = 0; j < size; j++)
			ck_assert(blocks[i][j] == 0);
		memset(blocks[i], (int)(i % 255 + 1), size);
	}
	size = 1;
	for (size_t i = 0; i < 300; i++) {
		size = size * 1103515245 % 9001 + (i % 50 ? 0 : 40000);
		for (size_t j = 0; j < size; j++)
			ck_assert(blocks[i][j] == i % 255 + 1);
	}
}
END_TEST

START_TEST(the_cap_holds)
{
	AUTO(arena_release) struct arena arena = ARENA_INIT(100);
	ck_assert_ptr_nonnull(arena_allocate(&arena, 60, 1, &err));
	ck_assert_ptr_nonnull(arena_allocate(&arena, 40, 1, &err));
	ck_assert_ptr_null(arena_allocate(&arena, 1, 1, &err));
	ck_assert_int_eq(err.code, ERROR_MEMORY);
	ck_assert_ptr_null(arena_allocate(&arena, SIZE_MAX, 2, &err));
	arena_release(&arena);
	ck_assert_ptr_nonnull(arena_allocate(&arena, 100, 1, &err));
	struct arena endless = ARENA_INIT(0);
	ck_assert_ptr_null(arena_allocate(&endless, SIZE_MAX - 3, 1, &err));
	ck_assert_ptr_null(arena_allocate(&endless, SIZE_MAX / 2, 3, &err));
}
END_TEST

START_TEST(texts)
{
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	ck_assert_str_eq(arena_copy_bytes(&arena, "abcdef", 3, &err), "abc");
	ck_assert_str_eq(arena_copy_string(&arena, "", &err), "");
	ck_assert_str_eq(arena_format(&arena, &err, "%s.%d", "stages", 3), "stages.3");
}
END_TEST

UNIT_MAIN("base/arena", blocks_are_zeroed_aligned_and_apart, the_cap_holds, texts)
