#include "unit.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "mlops/base/clock.h"

static int64_t parsed(const char *text)
{
	int64_t time;
	ck_assert_msg(clock_parse(text_of(text), &time), "%s", text);
	return time;
}

static void assert_format(int64_t time, const char *expected)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	clock_format(&text, time);
	ck_assert_str_eq(text.text, expected);
}

/* Against the C library's gmtime_r, an independent implementation, for years it can express. */
static void assert_as_libc(int64_t time)
{
	struct clock_civil civil = clock_civil(time);
	int64_t rest = time % 1000000;
	time_t seconds = time / 1000000 - (rest < 0);
	struct tm tm;
	ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
	ck_assert_int_eq(civil.year, (int64_t)tm.tm_year + 1900);
	ck_assert_int_eq(civil.month, tm.tm_mon + 1);
	ck_assert_int_eq(civil.day, tm.tm_mday);
	ck_assert_int_eq(civil.hour, tm.tm_hour);
	ck_assert_int_eq(civil.minute, tm.tm_min);
	ck_assert_int_eq(civil.second, tm.tm_sec);
	ck_assert_int_eq(civil.microsecond, rest < 0 ? rest + 1000000 : rest);
	ck_assert_int_eq(civil.weekday, (tm.tm_wday + 6) % 7);
	int64_t back;
	ck_assert(clock_from_civil(&civil, &back));
	ck_assert_int_eq(back, time);
}

START_TEST(civil_agrees_with_libc_over_the_whole_range)
{
	assert_as_libc(0);
	assert_as_libc(-1);
	assert_as_libc(INT64_MIN);
	assert_as_libc(INT64_MAX);
	/* Odd strides hit every month, weekday and time of day. */
	for (int64_t i = -10000; i <= 10000; i++)
		assert_as_libc(i * 922337203685477);
	for (int64_t day = -800000; day < 800000; day += 9)
		assert_as_libc(day * 86400000000);
}
END_TEST

START_TEST(impossible_dates_are_refused)
{
	static const char *const bad[] = { "", "2026", "2026-11", "2026-11-31", "2026-02-29",
		"2024-02-30", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00",
		"2026-01-01T24:00", "2026-01-01T12:60", "2026-01-01T12:00:60", "2026-01-01T12",
		"2026-01-01T", "2026-01-01T12:00:00.", "2026-01-01T12:00:00.1234567890",
		"2026-01-01T12:00+24:00", "2026-01-01T12:00+01:60", "2026-01-01T12:00+1:00",
		"2026-01-01T12:00 ", " 2026-01-01", "2026-1-1", "2026-01-01X", "+2026-01-01",
		"2026-01-01T12:00:00ZZ" };
	int64_t time = 42;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!clock_parse(text_of(bad[i]), &time), "%s", bad[i]);
	ck_assert_int_eq(time, 42);
	struct clock_civil civil = { .year = 294248, .month = 1, .day = 1 };
	ck_assert(!clock_from_civil(&civil, &time));
	civil.year = -290309;
	ck_assert(!clock_from_civil(&civil, &time));
	civil.year = INT64_MIN;
	ck_assert(!clock_from_civil(&civil, &time));
}
END_TEST

START_TEST(parse_and_format)
{
	ck_assert_int_eq(parsed("1970-01-01"), 0);
	ck_assert_int_eq(parsed("2026-11-24T15:03:11Z"), 1795532591000000);
	ck_assert_int_eq(parsed("2026-11-24 15:03:11.5"), 1795532591500000);
	ck_assert_int_eq(parsed("2026-11-24t16:03:11.123456789+01:00"), 1795532591123456);
	ck_assert_int_eq(parsed("2026-11-24T09:33:11-05:30"), 1795532591000000);
	ck_assert_int_eq(parsed("2024-02-29"), parsed("2024-03-01") - 86400000000);
	ck_assert_int_eq(parsed("2000-02-29T00:00z"), parsed("2000-02-29"));
	assert_format(1795532591000000, "2026-11-24T15:03:11Z");
	assert_format(1795532591000001, "2026-11-24T15:03:11.000001Z");
	assert_format(-1, "1969-12-31T23:59:59.999999Z");
	assert_format(INT64_MAX, "+294247-01-10T04:00:54.775807Z");
	assert_format(INT64_MIN, "-290308-12-21T19:59:05.224192Z");
	uint64_t state = 1;
	for (int i = 0; i < 20000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		int64_t time = (int64_t)(state >> 9); /* years 1970 to 3111 */
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		clock_format(&text, time);
		ck_assert_int_eq(parsed(text.text), time);
	}
}
END_TEST

START_TEST(ages)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = { { -3600, "2026-11-24" }, { -60, "now" }, { 0, "now" }, { 1, "1 s" },
		{ 59, "59 s" }, { 60, "1 min" }, { 3599, "59 min" }, { 3600, "1 h" },
		{ 86399, "23 h" }, { 86400, "1 d" }, { 13 * 86400, "13 d" },
		{ 14 * 86400, "2 weeks" }, { 69 * 86400, "9 weeks" },
		{ 70 * 86400, "2026-09-15" } };
	int64_t now = parsed("2026-11-24T15:00:00Z");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		clock_format_age(&text, now - cases[i].seconds * 1000000, now);
		ck_assert_str_eq(text.text, cases[i].text);
	}
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	clock_format_age(&text, INT64_MIN, INT64_MAX);
	ck_assert_str_eq(text.text, "-290308-12-21");
}
END_TEST

START_TEST(durations)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = { { 0, "0.0 ms" }, { 0.00042, "0.4 ms" }, { 0.038, "38 ms" },
		{ 0.9994, "999 ms" }, { 0.9996, "1.0 s" }, { 1.9, "1.9 s" }, { 59.94, "59.9 s" },
		{ 59.96, "1 min 0 s" }, { 125, "2 min 5 s" }, { 3599.4, "59 min 59 s" },
		{ 3599.6, "1 h 0 min" }, { 5400, "1 h 30 min" }, { 86400, "24 h 0 min" },
		{ 172799, "2 d 0 h" }, { 273600, "3 d 4 h" }, { -1.5, "-1.5 s" },
		{ 1.0 / 0.0, "?" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		clock_format_duration(&text, cases[i].seconds);
		ck_assert_str_eq(text.text, cases[i].text);
	}
}
END_TEST

START_TEST(the_test_clock_stands_still)
{
	setenv("MLOPS_TEST_CLOCK", "2026-11-24T15:03:11Z", 1);
	ck_assert_int_eq(clock_now(), 1795532591000000);
	setenv("MLOPS_TEST_CLOCK", "nonsense", 1);
	int64_t now = clock_now();
	ck_assert_int_gt(now, parsed("2024-01-01"));
	ck_assert_int_ge(clock_now(), now);
	uint64_t start = clock_monotonic();
	ck_assert(clock_monotonic() >= start);
}
END_TEST

UNIT_MAIN("base/clock", civil_agrees_with_libc_over_the_whole_range, impossible_dates_are_refused,
	parse_and_format, ages, durations, the_test_clock_stands_still)
