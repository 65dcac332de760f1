/*
 * clock: wall time and monotonic time, and their text.
 *
 * Wall time is int64 microseconds since 1970-01-01T00:00:00Z (no leap seconds). With
 * MLOPS_TEST_CLOCK=<RFC 3339 time> in the environment clock_now() always answers that time: for
 * golden files. No time enters anything that is hashed.
 */
#ifndef MLOPS_BASE_CLOCK_H
#define MLOPS_BASE_CLOCK_H

#include <stdint.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"

int64_t clock_now(void);
uint64_t clock_monotonic(void); /* nanoseconds since some start */

struct clock_civil {
	int64_t year; /* proleptic Gregorian */
	int month, day, hour, minute, second, microsecond; /* month and day from 1 */
	int weekday; /* 0 Monday .. 6 Sunday */
};
struct clock_civil clock_civil(int64_t microseconds);

/* False if a field is out of range (30 February, hour 24) or the result does not fit. */
bool clock_from_civil(const struct clock_civil *civil, int64_t *ret);

/*
 * RFC 3339 and ISO 8601 dates: "2026-11-24", "2026-11-24T15:03", "2026-11-24 15:03:11.123456",
 * each with "Z", "+01:00" or nothing (UTC).
 */
bool clock_parse(struct text text, int64_t *ret);

/* "2026-11-24T15:03:11Z", with ".123456" only if the fraction is not zero. */
void clock_format(struct strbuf *buffer, int64_t microseconds);

/* "now", "5 s", "2 min", "1 h", "3 d", "5 weeks", "2026-01-30": how long before `now`. */
void clock_format_age(struct strbuf *buffer, int64_t then, int64_t now);

/* "38 ms", "1.9 s", "2 min 5 s": a span of seconds. */
void clock_format_duration(struct strbuf *buffer, double seconds);

#endif
