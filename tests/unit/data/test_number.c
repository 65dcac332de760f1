#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "data/number_internal.h"

/* xorshift64: only to make texts. */
static uint64_t state = 88172645463325252u;
static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct number read_number(const char *text)
{
	struct number number;
	number_read(text_of(text), &number);
	return number;
}

static void check_bits(const char *text)
{
	errno = 0;
	double wanted = strtod(text, NULL);
	struct number number = read_number(text);
	if (isinf(wanted)) {
		ck_assert_msg(number.kind == NUMBER_NONE, "'%s' overflows", text);
		return;
	}
	ck_assert_msg(memcmp(&wanted, &number.real, sizeof wanted) == 0, "'%s': %a, not %a", text,
		number.real, wanted);
}

START_TEST(random_bit_patterns_come_back)
{
	for (size_t i = 0; i < 200000; i++) {
		uint64_t bits = next();
		double value;
		char text[64];
		memcpy(&value, &bits, sizeof value);
		if (!isfinite(value))
			continue;
		for (int digits = 15; digits <= 17; digits++) {
			snprintf(text, sizeof text, "%.*g", digits, value);
			check_bits(text);
		}
	}
}
END_TEST

START_TEST(everyday_numbers_come_back)
{
	for (size_t i = 0; i < 300000; i++) {
		double value = ((double)(next() >> 11) * 0x1p-53 - 0.5) * pow(10, (double)(i % 12));
		char text[64];
		snprintf(text, sizeof text, "%.*f", (int)(i % 18), value);
		check_bits(text);
		snprintf(text, sizeof text, "%.*e", (int)(i % 18), value);
		check_bits(text);
	}
}
END_TEST

START_TEST(random_digits_round_as_strtod_does)
{
	for (size_t i = 0; i < 300000; i++) {
		char text[80];
		size_t n = 0, digits = 1 + next() % 39, dot = next() % (digits + 1);
		if (next() % 3 == 0)
			text[n++] = next() % 2 ? '-' : '+';
		for (size_t d = 0; d < digits; d++) {
			if (d == dot)
				text[n++] = '.';
			text[n++] = (char)('0' + next() % 10);
		}
		text[n] = '\0';
		if (next() % 2)
			snprintf(text + n, sizeof text - n, "%c%d", next() % 2 ? 'e' : 'E',
				(int)(next() % 660) - 330);
		check_bits(text);
	}
}
END_TEST

/* The decimal expansion of a point halfway between two doubles, and its neighbours. */
START_TEST(ties_round_to_even)
{
	for (size_t i = 0; i < 100000; i++) {
		int exponent = (int)(next() % 64);
		uint64_t whole = ((uint64_t)1 << 53 | (next() & (((uint64_t)1 << 53) - 1))) | 1;
		char text[64];
		snprintf(text, sizeof text, "%.0f", ldexp((double)(whole >> 1), 1));
		check_bits(text);
		snprintf(text, sizeof text, "%llu", (unsigned long long)whole << (exponent % 10));
		check_bits(text);
		unsigned long long half = (unsigned long long)(whole << 1 | 1);
		snprintf(text, sizeof text, "%llu", half);
		check_bits(text);
		snprintf(text, sizeof text, "%llu5e-1", half);
		check_bits(text);
	}
	check_bits("9007199254740993");
	check_bits("2.2250738585072011e-308");
	check_bits("4.9406564584124654e-324");
	check_bits("2.4703282292062327208e-324");
	check_bits("1.7976931348623157e308");
	check_bits("1.7976931348623159e308");
	check_bits("0.500000000000000166533453693773481063544750213623046875");
	check_bits("3.518437208883201171875e13");
	check_bits("62.5364939768271845828");
	check_bits("8.10109172351e-10");
	check_bits("-0");
	check_bits("-0.0");
	check_bits("00000000000000000000000000000000000000000000001.50");
}
END_TEST

START_TEST(kinds_are_told_apart)
{
	static const struct {
		const char *text;
		enum number_kind kind;
	} cases[] = { { "0", NUMBER_INTEGER }, { "-0", NUMBER_INTEGER }, { "+12", NUMBER_INTEGER },
		{ "9007199254740992", NUMBER_INTEGER }, { "9007199254740993", NUMBER_LONG },
		{ "9007199254740994", NUMBER_INTEGER }, { "-9007199254740993", NUMBER_LONG },
		{ "9223372036854775807", NUMBER_LONG }, { "-9223372036854775808", NUMBER_INTEGER },
		{ "9223372036854775808", NUMBER_REAL }, { "9223372036854775809", NUMBER_NONE },
		{ "18446744073709551616", NUMBER_REAL }, { "+18446744073709551616", NUMBER_REAL },
		{ "100000000000000000000000", NUMBER_NONE },
		{ "12345678901234567890", NUMBER_NONE }, { "1.0", NUMBER_REAL },
		{ "1e5", NUMBER_REAL }, { ".5", NUMBER_REAL }, { "5.", NUMBER_REAL },
		{ "-.5E-3", NUMBER_REAL }, { "inf", NUMBER_REAL }, { "-Infinity", NUMBER_REAL },
		{ "+INF", NUMBER_REAL }, { "", NUMBER_NONE }, { "-", NUMBER_NONE },
		{ ".", NUMBER_NONE }, { "e5", NUMBER_NONE }, { "1e", NUMBER_NONE },
		{ "1e+", NUMBER_NONE }, { "1.2.3", NUMBER_NONE }, { "1_000", NUMBER_NONE },
		{ " 1", NUMBER_NONE }, { "1 ", NUMBER_NONE }, { "0x10", NUMBER_NONE },
		{ "nan", NUMBER_NONE }, { "1e400", NUMBER_NONE }, { "--1", NUMBER_NONE },
		{ "+-1", NUMBER_NONE }, { "1e5.5", NUMBER_NONE }, { "infinit", NUMBER_NONE } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(read_number(cases[i].text).kind == cases[i].kind, "'%s' is %d",
			cases[i].text, read_number(cases[i].text).kind);
	ck_assert(read_number("007").leading_zero && read_number("-00.5").leading_zero);
	ck_assert(!read_number("0.5").leading_zero && !read_number("0").leading_zero);
	ck_assert(read_number("-9223372036854775808").integer == INT64_MIN);
	ck_assert(read_number("12345678901234567890").real == 12345678901234567890.0);
}
END_TEST

UNIT_MAIN("data/number", random_bit_patterns_come_back, everyday_numbers_come_back,
	random_digits_round_as_strtod_does, ties_round_to_even, kinds_are_told_apart)
