#include "unit.h"

#include <stdint.h>
#include <string.h>

#include "mlops/base/memory.h"

static struct error err;

START_TEST(memory_is_zeroed_and_never_null_for_nothing)
{
	AUTO_FREE unsigned char *bytes = memory_allocate(1000, 3, &err);
	for (size_t i = 0; i < 3000; i++)
		ck_assert_uint_eq(bytes[i], 0);
	AUTO_FREE void *none = memory_allocate(0, 8, &err);
	ck_assert_ptr_nonnull(none);
}
END_TEST

START_TEST(overflow_is_an_error)
{
	ck_assert_ptr_null(memory_allocate(SIZE_MAX / 2, 3, &err));
	ck_assert_int_eq(err.code, ERROR_MEMORY);
	error_clear(&err);
	ck_assert_ptr_null(memory_resize(NULL, SIZE_MAX, SIZE_MAX, &err));
	ck_assert_int_eq(err.code, ERROR_MEMORY);
	error_clear(&err);
	ck_assert_ptr_null(memory_allocate_aligned(SIZE_MAX - 10, &err));
	ck_assert_int_eq(err.code, ERROR_MEMORY);
	error_clear(&err);
	ck_assert_ptr_null(memory_allocate_small_pages(SIZE_MAX - 10, &err));
	ck_assert_int_eq(err.code, ERROR_MEMORY);
}
END_TEST

START_TEST(the_cap_refuses_and_keeps_what_is_there)
{
	memory_set_cap(1000);
	ck_assert_ptr_null(memory_allocate(1001, 1, &err));
	AUTO_FREE char *text = memory_copy_string("kept", &err);
	ck_assert_ptr_null(memory_resize(text, 1001, 1, &err));
	ck_assert_str_eq(text, "kept");
	ck_assert_ptr_null(memory_allocate_aligned(1001, &err));
	ck_assert_ptr_null(memory_allocate_small_pages(1001, &err));
	memory_set_cap(0);
	AUTO_FREE char *more = memory_allocate(1001, 1, &err);
	ck_assert_ptr_nonnull(more);
}
END_TEST

START_TEST(aligned_blocks_are_aligned)
{
	for (size_t bytes = 1; bytes < 20u << 20; bytes *= 3) {
		AUTO_FREE unsigned char *block = memory_allocate_aligned(bytes, &err);
		ck_assert_ptr_nonnull(block);
		ck_assert_uint_eq((uintptr_t)block % 64, 0);
		block[0] = block[bytes - 1] = 1;
		AUTO_FREE unsigned char *other = memory_allocate_small_pages(bytes, &err);
		ck_assert_ptr_nonnull(other);
		ck_assert_uint_eq((uintptr_t)other % 64, 0);
		other[0] = other[bytes - 1] = 1;
	}
}
END_TEST

START_TEST(format_and_take)
{
	char *text = memory_format(&err, "%s-%d", "run", 7);
	ck_assert_str_eq(text, "run-7");
	char *taken = TAKE(text);
	ck_assert_ptr_null(text);
	ck_assert_str_eq(taken, "run-7");
	memory_free(taken);
	memory_free(NULL);
}
END_TEST

UNIT_MAIN("base/memory", memory_is_zeroed_and_never_null_for_nothing, overflow_is_an_error,
	the_cap_refuses_and_keeps_what_is_there, aligned_blocks_are_aligned, format_and_take)
