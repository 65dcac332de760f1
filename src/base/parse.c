#include "mlops/base/parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool parse_digits(struct text text, uint64_t *ret)
{
	uint64_t value = 0;
	if (!text.length)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10u, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text.at[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

static bool parse_sign(struct text *text)
{
	if (!text->length || (text->at[0] != '-' && text->at[0] != '+'))
		return false;
	bool negative = text->at[0] == '-';
	text->at++;
	text->length--;
	return negative;
}

bool parse_u64(struct text text, uint64_t *ret)
{
	return parse_digits(text, ret);
}

bool parse_i64(struct text text, int64_t *ret)
{
	bool negative = parse_sign(&text);
	uint64_t digits, limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	if (!parse_digits(text, &digits) || digits > limit)
		return false;
	*ret = (int64_t)(negative ? 0 - digits : digits);
	return true;
}

bool parse_f64(struct text text, double *ret)
{
	/* strtod wants a NUL; a number longer than this is no number anybody wrote. */
	char copy[512];
	if (!text.length || text.length >= sizeof copy)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (!strchr("0123456789+-.eE", text.at[i]) || !text.at[i])
			return false;
	}
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	char *end;
	double value = strtod(copy, &end);
	if (end != copy + text.length || !isfinite(value))
		return false;
	*ret = value;
	return true;
}

bool parse_bool(struct text text, bool *ret)
{
	bool yes = text_is(text, "true");
	if (!yes && !text_is(text, "false"))
		return false;
	*ret = yes;
	return true;
}

/* Splits "12.5MiB" into number and unit. */
static bool parse_quantity(struct text *text, double *ret_number, struct text *ret_unit)
{
	size_t digits = 0, unit;
	while (digits < text->length && strchr("0123456789.", text->at[digits]) && text->at[digits])
		digits++;
	for (unit = digits; unit < text->length; unit++) {
		if (text->at[unit] >= '0' && text->at[unit] <= '9')
			break;
	}
	*ret_unit = (struct text){ text->at + digits, unit - digits };
	if (!parse_f64((struct text){ text->at, digits }, ret_number))
		return false;
	*text = (struct text){ text->at + unit, text->length - unit };
	return true;
}

struct parse_unit {
	const char *name;
	double factor;
};

static bool parse_unit_find(struct text unit, const struct parse_unit *units, double *ret)
{
	for (; units->name; units++) {
		if (text_is(unit, units->name)) {
			*ret = units->factor;
			return true;
		}
	}
	return false;
}

bool parse_size(struct text text, uint64_t *ret)
{
	static const struct parse_unit units[] = { { "", 1 }, { "B", 1 }, { "k", 1e3 },
		{ "kB", 1e3 }, { "M", 1e6 }, { "MB", 1e6 }, { "G", 1e9 }, { "GB", 1e9 },
		{ "T", 1e12 }, { "TB", 1e12 }, { "Ki", 0x1p10 }, { "KiB", 0x1p10 },
		{ "Mi", 0x1p20 }, { "MiB", 0x1p20 }, { "Gi", 0x1p30 }, { "GiB", 0x1p30 },
		{ "Ti", 0x1p40 }, { "TiB", 0x1p40 }, { NULL, 0 } };
	double number, factor;
	struct text unit;
	if (parse_u64(text, ret)) /* exact, where a double has 53 bits */
		return true;
	if (!parse_quantity(&text, &number, &unit) || text.length ||
		!parse_unit_find(unit, units, &factor) || number * factor >= 0x1p64)
		return false;
	*ret = (uint64_t)(number * factor);
	return true;
}

bool parse_duration(struct text text, double *ret)
{
	static const struct parse_unit units[] = { { "ms", 1e-3 }, { "s", 1 }, { "m", 60 },
		{ "h", 3600 }, { "d", 86400 }, { "w", 604800 }, { NULL, 0 } };
	double total = 0, number, factor = 1;
	struct text unit;
	bool first = true;
	if (!text.length)
		return false;
	while (text.length) {
		if (!parse_quantity(&text, &number, &unit))
			return false;
		/* A bare number is seconds, but only alone. */
		bool bare = !unit.length && first && !text.length;
		if (!bare && !parse_unit_find(unit, units, &factor))
			return false;
		total += number * factor;
		first = false;
	}
	*ret = total;
	return true;
}
