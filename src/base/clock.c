#include "mlops/base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { CLOCK_SECOND = 1000000, CLOCK_DAY_SECONDS = 86400, CLOCK_ERA_DAYS = 146097 };
#define CLOCK_DAY ((int64_t)CLOCK_DAY_SECONDS * CLOCK_SECOND)

int64_t clock_now(void)
{
	const char *fixed = getenv("MLOPS_TEST_CLOCK");
	int64_t now;
	if (fixed && clock_parse(text_of(fixed), &now))
		return now;
	struct timespec time;
	clock_gettime(CLOCK_REALTIME, &time);
	return (int64_t)time.tv_sec * CLOCK_SECOND + time.tv_nsec / 1000;
}

uint64_t clock_monotonic(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int64_t clock_floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/*
 * Days are counted in eras of 400 years (146,097 days) that begin on 1 March, so that the leap day
 * is the last day of its year and months from March have a regular pattern of lengths.
 */
static int64_t clock_days_from_civil(int64_t year, int month, int day)
{
	int64_t shifted = year - (month <= 2);
	int64_t era = clock_floor_divide(shifted, 400);
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * CLOCK_ERA_DAYS + day_of_era - 719468; /* days from 0000-03-01 to 1970-01-01 */
}

struct clock_civil clock_civil(int64_t microseconds)
{
	struct clock_civil civil;
	int64_t days = clock_floor_divide(microseconds, CLOCK_DAY);
	/* days * CLOCK_DAY may lie below the lowest int64, the remainder does not. */
	int64_t rest = microseconds % CLOCK_DAY;
	if (rest < 0)
		rest += CLOCK_DAY;
	int64_t shifted = days + 719468;
	int64_t era = clock_floor_divide(shifted, CLOCK_ERA_DAYS);
	int64_t day_of_era = shifted - era * CLOCK_ERA_DAYS;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
				      day_of_era / (CLOCK_ERA_DAYS - 1)) /
			      365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	civil.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	civil.month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	civil.year = year_of_era + era * 400 + (civil.month <= 2);
	civil.microsecond = (int)(rest % CLOCK_SECOND);
	civil.second = (int)(rest / CLOCK_SECOND % 60);
	civil.minute = (int)(rest / CLOCK_SECOND / 60 % 60);
	civil.hour = (int)(rest / CLOCK_SECOND / 3600);
	civil.weekday = (int)(days + 3 - clock_floor_divide(days + 3, 7) * 7); /* a Thursday */
	return civil;
}

static int clock_month_days(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap);
}

static bool clock_in(int value, int low, int high)
{
	return value >= low && value <= high;
}

bool clock_from_civil(const struct clock_civil *civil, int64_t *ret)
{
	/* int64 microseconds reach to the years -290,308 to 294,247. */
	if (civil->year < -300000 || civil->year > 300000 || !clock_in(civil->month, 1, 12) ||
		!clock_in(civil->day, 1, clock_month_days(civil->year, civil->month)) ||
		!clock_in(civil->hour, 0, 23) || !clock_in(civil->minute, 0, 59) ||
		!clock_in(civil->second, 0, 59) || !clock_in(civil->microsecond, 0, 999999))
		return false;
	int64_t days = clock_days_from_civil(civil->year, civil->month, civil->day);
	int64_t rest =
		((int64_t)civil->hour * 3600 + civil->minute * 60 + civil->second) * CLOCK_SECOND +
		civil->microsecond;
	/* The lowest day begins before the lowest int64: count it from its end. */
	if (days < 0) {
		days++;
		rest -= CLOCK_DAY;
	}
	int64_t whole;
	return !__builtin_mul_overflow(days, CLOCK_DAY, &whole) &&
	       !__builtin_add_overflow(whole, rest, ret);
}

/* Takes exactly `digits` digits off the front. */
static bool clock_take_number(struct text *text, size_t digits, int *ret)
{
	if (text->length < digits)
		return false;
	int value = 0;
	for (size_t i = 0; i < digits; i++) {
		if (text->at[i] < '0' || text->at[i] > '9')
			return false;
		value = value * 10 + (text->at[i] - '0');
	}
	*text = (struct text){ text->at + digits, text->length - digits };
	*ret = value;
	return true;
}

static bool clock_take_char(struct text *text, char c)
{
	if (!text->length || text->at[0] != c)
		return false;
	*text = (struct text){ text->at + 1, text->length - 1 };
	return true;
}

/* ".5", ".123456", up to nine digits of which those under a microsecond are dropped. */
static bool clock_take_fraction(struct text *text, int *ret_microsecond)
{
	if (!clock_take_char(text, '.'))
		return true;
	int digits = 0, digit, value = 0;
	while (digits < 9 && clock_take_number(text, 1, &digit)) {
		if (digits++ < 6)
			value = value * 10 + digit;
	}
	for (int scale = digits; scale < 6; scale++)
		value *= 10;
	*ret_microsecond = value;
	return digits > 0;
}

static bool clock_take_time(struct text *text, struct clock_civil *civil)
{
	if (!clock_take_number(text, 2, &civil->hour) || !clock_take_char(text, ':') ||
		!clock_take_number(text, 2, &civil->minute))
		return false;
	if (!clock_take_char(text, ':'))
		return true;
	return clock_take_number(text, 2, &civil->second) &&
	       clock_take_fraction(text, &civil->microsecond);
}

static bool clock_take_zone(struct text *text, int *ret_minutes)
{
	*ret_minutes = 0;
	if (!text->length || clock_take_char(text, 'Z') || clock_take_char(text, 'z'))
		return true;
	int sign = text->at[0] == '-' ? -1 : 1, hours, minutes;
	if ((!clock_take_char(text, '+') && !clock_take_char(text, '-')) ||
		!clock_take_number(text, 2, &hours) || !clock_take_char(text, ':') ||
		!clock_take_number(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_minutes = sign * (hours * 60 + minutes);
	return true;
}

bool clock_parse(struct text text, int64_t *ret)
{
	struct clock_civil civil = { .year = 0 };
	int year, zone;
	int64_t local;
	if (!clock_take_number(&text, 4, &year) || !clock_take_char(&text, '-') ||
		!clock_take_number(&text, 2, &civil.month) || !clock_take_char(&text, '-') ||
		!clock_take_number(&text, 2, &civil.day))
		return false;
	civil.year = year;
	if ((clock_take_char(&text, 'T') || clock_take_char(&text, 't') ||
		    clock_take_char(&text, ' ')) &&
		!clock_take_time(&text, &civil))
		return false;
	if (!clock_take_zone(&text, &zone) || text.length || !clock_from_civil(&civil, &local))
		return false;
	*ret = local - (int64_t)zone * 60 * CLOCK_SECOND;
	return true;
}

static void clock_format_date(struct strbuf *buffer, const struct clock_civil *civil)
{
	/* Beyond four digits ISO 8601 wants a sign and a fixed width. */
	if (civil->year >= 0 && civil->year <= 9999)
		strbuf_printf(buffer, "%04d", (int)civil->year);
	else
		strbuf_printf(buffer, "%+07" PRId64, civil->year);
	strbuf_printf(buffer, "-%02d-%02d", civil->month, civil->day);
}

void clock_format(struct strbuf *buffer, int64_t microseconds)
{
	struct clock_civil civil = clock_civil(microseconds);
	clock_format_date(buffer, &civil);
	strbuf_printf(buffer, "T%02d:%02d:%02d", civil.hour, civil.minute, civil.second);
	if (civil.microsecond)
		strbuf_printf(buffer, ".%06d", civil.microsecond);
	strbuf_add_char(buffer, 'Z');
}

void clock_format_age(struct strbuf *buffer, int64_t then, int64_t now)
{
	static const struct {
		int64_t below, unit; /* seconds */
		const char *name;
	} steps[] = { { 60, 1, "s" }, { 3600, 60, "min" }, { CLOCK_DAY_SECONDS, 3600, "h" },
		{ 14 * CLOCK_DAY_SECONDS, CLOCK_DAY_SECONDS, "d" },
		{ 70 * CLOCK_DAY_SECONDS, 7 * CLOCK_DAY_SECONDS, "weeks" } };
	int64_t age;
	if (__builtin_sub_overflow(now, then, &age))
		age = now < then ? INT64_MIN : INT64_MAX;
	age = clock_floor_divide(age, CLOCK_SECOND);
	/* Clocks of two machines differ a little: a minute ahead is "now" too. */
	if (age >= -60 && age < 1) {
		strbuf_add(buffer, "now");
		return;
	}
	for (size_t i = 0; age > 0 && i < sizeof steps / sizeof *steps; i++) {
		if (age < steps[i].below) {
			strbuf_printf(buffer, "%" PRId64 " %s", age / steps[i].unit, steps[i].name);
			return;
		}
	}
	struct clock_civil civil = clock_civil(then);
	clock_format_date(buffer, &civil);
}

void clock_format_duration(struct strbuf *buffer, double seconds)
{
	if (!isfinite(seconds)) {
		strbuf_add(buffer, "?");
		return;
	}
	if (seconds < 0) {
		strbuf_add_char(buffer, '-');
		seconds = -seconds;
	}
	/* Each limit is where the next smaller form would round up to its own unit's end. */
	if (seconds < 0.00995)
		strbuf_printf(buffer, "%.1f ms", seconds * 1e3);
	else if (seconds < 0.9995)
		strbuf_printf(buffer, "%.0f ms", seconds * 1e3);
	else if (seconds < 59.95)
		strbuf_printf(buffer, "%.1f s", seconds);
	else if (seconds < 3599.5)
		strbuf_printf(buffer, "%.0f min %.0f s", floor(round(seconds) / 60),
			fmod(round(seconds), 60));
	else if (seconds < 2.0 * CLOCK_DAY_SECONDS - 30)
		strbuf_printf(buffer, "%.0f h %.0f min", floor(round(seconds / 60) / 60),
			fmod(round(seconds / 60), 60));
	else
		strbuf_printf(buffer, "%.0f d %.0f h", floor(round(seconds / 3600) / 24),
			fmod(round(seconds / 3600), 24));
}
