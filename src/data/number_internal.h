/*
 * number_internal: decimal numbers from text, correctly rounded.
 *
 * A field is split into a decimal mantissa and an exponent; then, in this order: an exact product
 * or quotient of two doubles (W. Clinger, "How to read floating point numbers accurately", 1990); a
 * 64 × 128-bit product that decides nearly all the rest (D. Lemire, "Number parsing at a gigabyte
 * per second", 2021, section 5); parse_f64(), that is strtod, for what is left. All three round to
 * nearest, ties to even, so the bits do not depend on the way.
 */
#ifndef MLOPS_DATA_NUMBER_INTERNAL_H
#define MLOPS_DATA_NUMBER_INTERNAL_H

#include <stdint.h>

#include "mlops/base/text.h"

enum number_kind {
	NUMBER_NONE,
	NUMBER_INTEGER, /* fits int64 and is exact as a double */
	NUMBER_LONG, /* fits int64, but is not exact as a double */
	NUMBER_REAL /* any other number; an integer only if it is exact as a double */
};

struct number {
	enum number_kind kind;
	bool leading_zero; /* "007": a number only where numbers are asked for */
	int64_t integer; /* NUMBER_INTEGER and NUMBER_LONG */
	double real; /* all but NUMBER_NONE */
};

/*
 * What the text is as a number. inf and infinity count, in any case and with a sign; NaN does not,
 * nor does what overflows. An integer over int64 that is not exact as a double is NUMBER_NONE, but
 * `real` is set and ret->integer is 1: whoever asked for a number may have it rounded.
 */
void number_read(struct text text, struct number *ret);

enum { NUMBER_POWER_LOW = -128, NUMBER_POWER_HIGH = 127 };
extern const uint64_t number_powers_of_five[NUMBER_POWER_HIGH - NUMBER_POWER_LOW + 1][2];

/*
 * mantissa × 10^exponent, if this can be decided here; false leaves it to strtod. The mantissa is
 * exact (no digit was cut off).
 */
bool number_scale(uint64_t mantissa, int64_t exponent, double *ret);

#endif
