#include "unit.h"

#include <math.h>
#include <string.h>

#include "mlops/base/parse.h"

START_TEST(integers)
{
	int64_t i = 5;
	uint64_t u = 5;
	ck_assert(parse_i64(TEXT("-9223372036854775808"), &i) && i == INT64_MIN);
	ck_assert(parse_i64(TEXT("+9223372036854775807"), &i) && i == INT64_MAX);
	ck_assert(parse_i64(TEXT("-0"), &i) && i == 0);
	ck_assert(parse_i64(TEXT("007"), &i) && i == 7);
	ck_assert(parse_u64(TEXT("18446744073709551615"), &u) && u == UINT64_MAX);
	static const char *const bad[] = { "", "+", "-", "--1", "+-1", " 1", "1 ", "1.0", "0x10",
		"1_000", "9223372036854775808", "-9223372036854775809", "99999999999999999999",
		"1e3" };
	i = 5;
	for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
		ck_assert_msg(!parse_i64(text_of(bad[k]), &i) && i == 5, "%s", bad[k]);
	ck_assert(!parse_u64(TEXT("18446744073709551616"), &u) && !parse_u64(TEXT("-1"), &u));
	ck_assert(!parse_u64(TEXT("+1"), &u) && !parse_i64((struct text){ "12\0", 3 }, &i));
	ck_assert(parse_i64((struct text){ "1234", 2 }, &i) && i == 12);
}
END_TEST

START_TEST(numbers)
{
	double f = 5;
	ck_assert(parse_f64(TEXT("0.1"), &f) && f == 0.1);
	ck_assert(parse_f64(TEXT("-1.5e-3"), &f) && f == -0.0015);
	ck_assert(parse_f64(TEXT("1.7976931348623157e308"), &f) && f == 1.7976931348623157e308);
	ck_assert(parse_f64(TEXT("4.9e-324"), &f) && f == 4.9e-324);
	ck_assert(parse_f64(TEXT("9007199254740993"), &f) && f == 9007199254740992.0);
	ck_assert(parse_f64(TEXT(".5"), &f) && f == 0.5);
	ck_assert(parse_f64(TEXT("5."), &f) && f == 5);
	ck_assert(parse_f64(TEXT("-0"), &f) && signbit(f));
	ck_assert(parse_f64((struct text){ "1.25xyz", 4 }, &f) && f == 1.25);
	static const char *const bad[] = { "", "nan", "inf", "-inf", "0x1p3", "1e400", "-1e400",
		"1e", "e5", ".", "+", "1.2.3", "1,5", " 1", "1 ", "1e5.5", "--1", "NaN",
		"infinity" };
	f = 5;
	for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
		ck_assert_msg(!parse_f64(text_of(bad[k]), &f) && f == 5, "%s", bad[k]);
	ck_assert(!parse_f64((struct text){ "1\0", 2 }, &f));
	char many[600];
	memset(many, '1', sizeof many);
	ck_assert(!parse_f64((struct text){ many, sizeof many }, &f));
}
END_TEST

START_TEST(booleans)
{
	bool b = true;
	ck_assert(parse_bool(TEXT("false"), &b) && !b);
	ck_assert(parse_bool(TEXT("true"), &b) && b);
	ck_assert(!parse_bool(TEXT("True"), &b) && !parse_bool(TEXT("yes"), &b) &&
		  !parse_bool(TEXT("1"), &b) && !parse_bool(TEXT(""), &b));
}
END_TEST

START_TEST(sizes)
{
	uint64_t n = 5;
	ck_assert(parse_size(TEXT("10"), &n) && n == 10);
	ck_assert(parse_size(TEXT("10kB"), &n) && n == 10000);
	ck_assert(parse_size(TEXT("1.5KiB"), &n) && n == 1536);
	ck_assert(parse_size(TEXT("2Gi"), &n) && n == 2ull << 30);
	ck_assert(parse_size(TEXT("18446744073709551615"), &n) && n == UINT64_MAX);
	static const char *const bad[] = { "", "k", "-1", "10 kB", "10kb", "10K", "1e3",
		"99999999T", "10kB5", "18446744073709551616", "16777216TiB", "1..5k" };
	n = 5;
	for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
		ck_assert_msg(!parse_size(text_of(bad[k]), &n) && n == 5, "%s", bad[k]);
}
END_TEST

START_TEST(durations)
{
	double s = 5;
	ck_assert(parse_duration(TEXT("90"), &s) && s == 90);
	ck_assert(parse_duration(TEXT("1h30m"), &s) && s == 5400);
	ck_assert(parse_duration(TEXT("250ms"), &s) && s == 0.25);
	ck_assert(parse_duration(TEXT("1.5d"), &s) && s == 129600);
	ck_assert(parse_duration(TEXT("2w"), &s) && s == 1209600);
	static const char *const bad[] = { "", "m", "1h30", "30 m", "-5", "1y", "1h 30m", "h1",
		"1hh" };
	s = 5;
	for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
		ck_assert_msg(!parse_duration(text_of(bad[k]), &s) && s == 5, "%s", bad[k]);
}
END_TEST

UNIT_MAIN("base/parse", integers, numbers, booleans, sizes, durations)
