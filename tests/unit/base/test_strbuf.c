#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "mlops/base/strbuf.h"

static struct error err;

START_TEST(it_grows_and_stays_terminated)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	ck_assert_str_eq(text.text, "");
	for (size_t i = 0; i < 10000; i++) {
		strbuf_add_char(&text, (char)('a' + i % 26));
		ck_assert_int_eq(text.text[i + 1], '\0');
	}
	strbuf_add_bytes(&text, "\0x", 2);
	ck_assert_uint_eq(text.length, 10002);
	ck_assert_int_eq(text.text[10001], 'x');
	strbuf_truncate(&text, 3);
	strbuf_truncate(&text, 5);
	ck_assert_str_eq(text.text, "abc");
	strbuf_printf(&text, "%05d|%s", 42, "");
	strbuf_add_repeated(&text, '-', 3);
	ck_assert_str_eq(text.text, "abc00042|---");
	ck_assert_int_eq(strbuf_check(&text, &err), 0);
}
END_TEST

START_TEST(the_cap_is_exact_and_failure_sticks)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	text.cap = 10;
	strbuf_add(&text, "0123456789");
	ck_assert_int_eq(strbuf_check(&text, &err), 0);
	strbuf_add_char(&text, 'x');
	ck_assert_str_eq(text.text, "0123456789");
	strbuf_truncate(&text, 0);
	strbuf_add_char(&text, 'y');
	ck_assert_uint_eq(text.length, 0);
	ck_assert_int_eq(strbuf_check(&text, &err), -ERROR_MEMORY);
	ck_assert_ptr_null(strbuf_take(&text, &err));
	strbuf_clear(&text);
	strbuf_printf(&text, "%d", 7);
	ck_assert_str_eq(text.text, "7");
	ck_assert(!strbuf_reserve(&text, SIZE_MAX));
}
END_TEST

START_TEST(taking_gives_the_text_away)
{
	struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *nothing = strbuf_take(&text, &err);
	ck_assert_str_eq(nothing, "");
	strbuf_add(&text, "run");
	AUTO_FREE char *run = strbuf_take(&text, &err);
	ck_assert_str_eq(run, "run");
	ck_assert_str_eq(text.text, "");
	strbuf_release(&text);
}
END_TEST

static void assert_round_trip(double value)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add_double(&text, value);
	double back = strtod(text.text, NULL);
	ck_assert_msg(memcmp(&back, &value, sizeof back) == 0, "%a became %s", value, text.text);
	ck_assert_uint_le(text.length, 24);
}

START_TEST(doubles_come_back_bit_for_bit)
{
	static const double special[] = { 0.0, -0.0, 0.1, 1.0 / 3.0, DBL_MAX, DBL_MIN, DBL_TRUE_MIN,
		-DBL_TRUE_MIN, DBL_EPSILON, 1e21, 1e22, 1e23, 5e-324, 9007199254740993.0,
		123456789012345680.0, 2.2250738585072011e-308 };
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		assert_round_trip(special[i]);
	uint64_t state = 7;
	for (int i = 0; i < 200000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		uint64_t bits = state ^ state >> 29;
		double value;
		memcpy(&value, &bits, sizeof value);
		if (isfinite(value))
			assert_round_trip(value);
	}
}
END_TEST

START_TEST(doubles_are_short)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0.1, "0.1" }, { 1, "1" }, { -0.0, "-0" }, { 0.3, "0.3" },
		{ 1e100, "1e+100" }, { 0.1 + 0.2, "0.30000000000000004" }, { 5e-324, "5e-324" },
		{ 123456.75, "123456.75" }, { 1e23, "1e+23" }, { 2e-308, "2e-308" },
		{ DBL_TRUE_MIN * 3, "1.5e-323" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		strbuf_add_double(&text, cases[i].value);
		ck_assert_str_eq(text.text, cases[i].text);
	}
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add_double(&text, NAN);
	strbuf_add_double(&text, -INFINITY);
	ck_assert_str_eq(text.text, "NaN-Infinity");
}
END_TEST

START_TEST(failure_is_inherited)
{
	AUTO(strbuf_release) struct strbuf whole = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	err = ERROR_INIT;
	strbuf_add(&part, "a");
	strbuf_inherit(&whole, &part);
	ck_assert_int_eq(strbuf_check(&whole, &err), 0);
	part.cap = 1;
	strbuf_add(&part, "b");
	strbuf_inherit(&whole, &part);
	strbuf_clear(&part);
	strbuf_inherit(&whole, &part); /* a good part makes nothing good again */
	ck_assert_int_eq(strbuf_check(&whole, &err), -ERROR_MEMORY);
}
END_TEST

UNIT_MAIN("base/strbuf", it_grows_and_stays_terminated, the_cap_is_exact_and_failure_sticks,
	taking_gives_the_text_away, doubles_come_back_bit_for_bit, doubles_are_short,
	failure_is_inherited)
