#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/id.h"
#include "mlops/base/map.h"

static struct error err;

START_TEST(ids_are_random)
{
	AUTO(map_release) struct map seen;
	map_init(&seen, NULL);
	unsetenv("MLOPS_TEST_ID_SEED");
	for (int i = 0; i < 2000; i++) {
		struct id id;
		ck_assert_int_eq(id_new(&id, &err), 0);
		ck_assert(id_is(text_of(id.text)));
		ck_assert(!map_has(&seen, id.text));
		ck_assert_int_eq(map_put(&seen, id.text, &seen, &err), 0);
	}
}
END_TEST

/* The tests of each case run in a process of their own, so the counter starts at 0 in both. */
START_TEST(a_seed_makes_them_repeat)
{
	struct id id, next;
	setenv("MLOPS_TEST_ID_SEED", "7", 1);
	ck_assert_int_eq(id_new(&id, &err), 0);
	ck_assert_int_eq(id_new(&next, &err), 0);
	/* SplitMix64 of 7 and the counter, by an independent Python calculation. */
	ck_assert_str_eq(id.text, "4fbd0a4c1f893b8615f4ea82d2fb584d");
	ck_assert_str_ne(id.text, next.text);
	setenv("MLOPS_TEST_ID_SEED", "8", 1);
	struct id other;
	ck_assert_int_eq(id_new(&other, &err), 0);
	ck_assert_str_ne(other.text, next.text);
}
END_TEST

START_TEST(what_is_an_id)
{
	ck_assert(id_is(TEXT("0123456789abcdef0123456789abcdef")));
	ck_assert(!id_is(TEXT("0123456789ABCDEF0123456789abcdef")));
	ck_assert(!id_is(TEXT("0123456789abcdef0123456789abcde")));
	ck_assert(id_is_prefix(TEXT("0123")) &&
		  id_is_prefix(TEXT("0123456789abcdef0123456789abcdef")));
	ck_assert(!id_is_prefix(TEXT("012")) && !id_is_prefix(TEXT("012g")) &&
		  !id_is_prefix(TEXT("0123456789abcdef0123456789abcdef0")) &&
		  !id_is_prefix(TEXT("")));
}
END_TEST

START_TEST(names_are_stable_and_spread)
{
	char name[ID_NAME_SIZE], again[ID_NAME_SIZE];
	AUTO(map_release) struct map seen;
	map_init(&seen, NULL);
	for (int i = 0; i < 5000; i++) {
		char id[ID_LENGTH + 1];
		snprintf(id, sizeof id, "%032x", i);
		id_name(id, name);
		id_name(id, again);
		ck_assert_str_eq(name, again);
		ck_assert_ptr_nonnull(strchr(name, '-'));
		ck_assert_uint_lt(strlen(name), ID_NAME_SIZE - 1);
		ck_assert_int_eq(map_put(&seen, name, &seen, &err), 0);
	}
	/* 5,000 draws of over 20,000 names give about 4,450 different ones. */
	ck_assert_uint_gt(map_count(&seen), 4200);
}
END_TEST

START_TEST(words_are_short_and_plain)
{
	/* Seen through names: every one is lower-case letters around one hyphen. */
	char name[ID_NAME_SIZE], id[ID_LENGTH + 1];
	for (int i = 0; i < 3000; i++) {
		snprintf(id, sizeof id, "%08x%024x", i, 1);
		id_name(id, name);
		int hyphens = 0;
		for (char *c = name; *c; c++) {
			hyphens += *c == '-';
			ck_assert(*c == '-' || (*c >= 'a' && *c <= 'z'));
		}
		ck_assert_int_eq(hyphens, 1);
	}
}
END_TEST

UNIT_MAIN("base/id", ids_are_random, a_seed_makes_them_repeat, what_is_an_id,
	names_are_stable_and_spread, words_are_short_and_plain)
