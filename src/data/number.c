#include "number_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/parse.h"

__extension__ typedef unsigned __int128 number_wide;

/* Decimal digits that always fit 64 bits. */
enum { NUMBER_DIGITS = 19 };

static const double number_exact_powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* Lemire's algorithm; the names are the paper's: w × 10^q. */
static bool number_scale_wide(uint64_t w, int64_t q, double *ret)
{
	const uint64_t *five = number_powers_of_five[q - NUMBER_POWER_LOW];
	int shift = __builtin_clzll(w);
	w <<= shift;
	number_wide first = (number_wide)w * five[0];
	uint64_t high = (uint64_t)(first >> 64), low = (uint64_t)first;
	if ((high & 0x1ff) == 0x1ff) {
		uint64_t more = (uint64_t)((number_wide)w * five[1] >> 64);
		low += more;
		high += low < more;
	}
	if (low == UINT64_MAX && (q < -27 || q > 55))
		return false; /* the cut-off part of the power might decide */
	int upper = (int)(high >> 63);
	uint64_t m = high >> (upper + 9);
	int64_t power = ((217706 * q) >> 16) + 64 + upper - shift + 1022;
	if (power <= 0 || power >= 2046)
		return false; /* subnormal, or near overflow */
	if (low <= 1 && q >= -4 && q <= 23 && (m & 3) == 1 && m << (upper + 9) == high)
		m &= ~(uint64_t)1; /* a true tie: to even */
	m = (m + (m & 1)) >> 1;
	if (m >> 53) {
		m >>= 1;
		power++;
	}
	uint64_t bits = (m & ~((uint64_t)1 << 52)) | (uint64_t)power << 52;
	memcpy(ret, &bits, sizeof bits);
	return true;
}

bool number_scale(uint64_t mantissa, int64_t exponent, double *ret)
{
	if (mantissa <= (uint64_t)1 << 53 && exponent >= -22 && exponent <= 22) {
		double exact = (double)mantissa;
		*ret = exponent < 0 ? exact / number_exact_powers[-exponent]
				    : exact * number_exact_powers[exponent];
		return true;
	}
	if (!mantissa) {
		*ret = 0;
		return true;
	}
	if (exponent < NUMBER_POWER_LOW || exponent > NUMBER_POWER_HIGH)
		return false;
	return number_scale_wide(mantissa, exponent, ret);
}

struct number_parts {
	uint64_t mantissa;
	int64_t exponent;
	size_t digits; /* significant ones; more than NUMBER_DIGITS: the mantissa is cut */
	bool negative, integer, leading_zero;
};

/* Eight digits at once, if the eight bytes are digits. */
static bool number_eight(const char *at, uint64_t *mantissa)
{
	uint64_t bytes;
	memcpy(&bytes, at, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	if (((bytes & 0xf0f0f0f0f0f0f0f0) |
		    ((bytes + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4) != 0x3333333333333333)
		return false;
	bytes -= 0x3030303030303030;
	bytes = bytes * 10 + (bytes >> 8);
	bytes = ((bytes & 0x000000ff000000ff) * 0x000f424000000064 +
			((bytes >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
		32;
	*mantissa = *mantissa * 100000000 + (uint32_t)bytes;
	return true;
}

/* Reads digits into the mantissa; returns how many there were. */
static size_t number_digits(const char *at, const char *end, struct number_parts *parts)
{
	const char *start = at;
	while (!parts->mantissa && at < end && *at == '0')
		at++;
	while (end - at >= 8 && parts->digits + 8 <= NUMBER_DIGITS &&
		number_eight(at, &parts->mantissa)) {
		at += 8;
		parts->digits += 8;
	}
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		if (parts->digits < NUMBER_DIGITS)
			parts->mantissa = parts->mantissa * 10 + (uint64_t)(*at - '0');
		parts->digits++;
	}
	return (size_t)(at - start);
}

/* The e-12 at the end; false if that is not what it is. */
static bool number_exponent(const char *at, const char *end, struct number_parts *parts)
{
	int64_t exponent = 0;
	if (++at < end && (*at == '-' || *at == '+'))
		at++;
	bool negative = at[-1] == '-';
	if (at == end)
		return false;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		if (exponent < 100000) /* far outside: no need to know by how much */
			exponent = exponent * 10 + (*at - '0');
	}
	parts->exponent += negative ? -exponent : exponent;
	return true;
}

static bool number_split(struct text text, struct number_parts *parts)
{
	const char *at = text.at, *end = at + text.length;
	*parts = (struct number_parts){ .integer = true };
	if (at < end && (*at == '-' || *at == '+'))
		parts->negative = *at++ == '-';
	size_t whole = number_digits(at, end, parts), fraction = 0;
	parts->leading_zero = whole > 1 && *at == '0';
	at += whole;
	if (at < end && *at == '.') {
		fraction = number_digits(at + 1, end, parts);
		parts->exponent = -(int64_t)fraction;
		parts->integer = false;
		at += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (at < end && (*at == 'e' || *at == 'E')) {
		parts->integer = false;
		return number_exponent(at, end, parts);
	}
	return at == end;
}

/* "%.0f" writes a double that is an integer in full, so equal digits mean an exact value. */
static bool number_is_exact(struct text text, double value)
{
	char digits[400];
	if (!isfinite(value))
		return false;
	if (text.length && *text.at == '+') {
		text.at++;
		text.length--;
	}
	int length = snprintf(digits, sizeof digits, "%.0f", value);
	return (size_t)length == text.length && memcmp(digits, text.at, text.length) == 0;
}

static bool number_infinity(struct text text, double *ret)
{
	if (text.length < 3 || text.length > 9)
		return false;
	char lower[10] = "";
	for (size_t i = 0; i < text.length; i++)
		lower[i] = (char)(text.at[i] | 0x20);
	bool negative = text.at[0] == '-', sign = negative || text.at[0] == '+';
	if (strcmp(lower + sign, "inf") != 0 && strcmp(lower + sign, "infinity") != 0)
		return false;
	*ret = negative ? -(double)INFINITY : (double)INFINITY;
	return true;
}

static void number_read_integer(
	struct text text, const struct number_parts *parts, struct number *ret)
{
	/* 19 digits fit 64 bits, and only then can they fit int64. */
	uint64_t limit = (uint64_t)INT64_MAX + parts->negative;
	if (parts->digits > NUMBER_DIGITS || parts->mantissa > limit) {
		bool exact = number_is_exact(text, ret->real);
		ret->kind = exact ? NUMBER_REAL : NUMBER_NONE;
		ret->integer = !exact;
		return;
	}
	ret->integer = (int64_t)(parts->negative ? 0 - parts->mantissa : parts->mantissa);
	bool exact = parts->mantissa <= (uint64_t)1 << 53 ||
		     (uint64_t)(double)parts->mantissa == parts->mantissa;
	ret->kind = exact ? NUMBER_INTEGER : NUMBER_LONG;
}

void number_read(struct text text, struct number *ret)
{
	struct number_parts parts;
	*ret = (struct number){ .kind = NUMBER_NONE };
	if (!number_split(text, &parts)) {
		if (number_infinity(text, &ret->real))
			ret->kind = NUMBER_REAL;
		return;
	}
	ret->leading_zero = parts.leading_zero;
	if (parts.digits <= NUMBER_DIGITS &&
		number_scale(parts.mantissa, parts.exponent, &ret->real)) {
		ret->real = parts.negative ? -ret->real : ret->real;
	} else if (!parse_f64(text, &ret->real)) {
		return;
	}
	ret->kind = NUMBER_REAL;
	if (parts.integer)
		number_read_integer(text, &parts, ret);
}
