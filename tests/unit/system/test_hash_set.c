#include "unit.h"

#include <string.h>

#include "mlops/system/hash_set.h"

static struct hash key(uint32_t number)
{
	struct hash hash;
	hash_bytes(&number, sizeof number, &hash);
	return hash;
}

START_TEST(what_is_put_is_found)
{
	enum { COUNT = 20000 };
	struct error err = ERROR_INIT;
	AUTO(hash_set_release) struct hash_set set = HASH_SET_INIT;
	struct hash one = key(1);
	ck_assert_ptr_null(hash_set_find(&set, &one));
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < COUNT; i++) {
			bool is_new = round == 1;
			struct hash hash = key(i);
			uint32_t *number = hash_set_put(&set, &hash, &is_new, &err);
			ck_assert_ptr_nonnull(number);
			ck_assert(is_new == (round == 0));
			ck_assert_uint_eq(*number, round == 0 ? 0 : i + 1);
			*number = i + 1;
		}
	}
	ck_assert_uint_eq(set.count, COUNT);
	for (uint32_t i = 0; i < 2 * COUNT; i++) {
		struct hash hash = key(i);
		uint32_t *number = hash_set_find(&set, &hash);
		ck_assert(i < COUNT ? number && *number == i + 1 : !number);
	}
}
END_TEST

/* Keys that begin alike are told apart by the rest. */
START_TEST(keys_that_collide)
{
	struct error err = ERROR_INIT;
	AUTO(hash_set_release) struct hash_set set = HASH_SET_INIT;
	for (unsigned char i = 0; i < 200; i++) {
		struct hash hash = { { 0 } };
		hash.bytes[31] = i;
		ck_assert_ptr_nonnull(hash_set_put(&set, &hash, NULL, &err));
	}
	ck_assert_uint_eq(set.count, 200);
	struct hash other = { { 0 } };
	other.bytes[30] = 1;
	ck_assert_ptr_null(hash_set_find(&set, &other));
}
END_TEST

START_TEST(without_memory)
{
	struct error err = ERROR_INIT;
	AUTO(hash_set_release) struct hash_set set = HASH_SET_INIT;
	struct hash one = key(1);
	memory_set_cap(16);
	ck_assert_ptr_null(hash_set_put(&set, &one, NULL, &err));
	ck_assert_int_eq(err.code, ERROR_MEMORY);
	memory_set_cap(0);
	ck_assert_uint_eq(set.count, 0);
}
END_TEST

UNIT_MAIN("system/hash_set", what_is_put_is_found, keys_that_collide, without_memory)
