#include "scalar_internal.h"

#include <math.h>

#include "mlops/base/parse.h"

static bool scalar_is_any(struct text text, const char *const *words)
{
	for (; *words; words++) {
		if (text_is(text, *words))
			return true;
	}
	return false;
}

/* null, booleans, infinities, NaN: the words. False if it is none of them. */
static bool scalar_word(struct text text, struct value *ret)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const yes[] = { "true", "True", "TRUE", NULL };
	static const char *const no[] = { "false", "False", "FALSE", NULL };
	static const char *const nan[] = { ".nan", ".NaN", ".NAN", NULL };
	static const char *const infinity[] = { ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
		NULL };
	static const char *const minus[] = { "-.inf", "-.Inf", "-.INF", NULL };
	if (scalar_is_any(text, nulls)) {
		ret->kind = VALUE_NULL;
		return true;
	}
	bool truth = scalar_is_any(text, yes);
	if (truth || scalar_is_any(text, no)) {
		ret->kind = VALUE_BOOLEAN;
		ret->boolean = truth;
		return true;
	}
	double number = scalar_is_any(text, nan)        ? (double)NAN
			: scalar_is_any(text, infinity) ? (double)INFINITY
			: scalar_is_any(text, minus)    ? -(double)INFINITY
							: 0;
	if (number == 0)
		return false;
	ret->kind = VALUE_FLOAT;
	ret->number = number;
	return true;
}

static int scalar_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

enum scalar_match { SCALAR_NO, SCALAR_YES, SCALAR_OVERFLOW };

/* 0o17 and 0xFF; they have no sign. */
static enum scalar_match scalar_based(struct text text, struct value *ret)
{
	if (text.length < 3 || text.at[0] != '0' || (text.at[1] != 'o' && text.at[1] != 'x'))
		return SCALAR_NO;
	int base = text.at[1] == 'o' ? 8 : 16;
	int64_t value = 0;
	bool overflow = false;
	for (size_t i = 2; i < text.length; i++) {
		int digit = scalar_digit(text.at[i]);
		if (digit >= base)
			return SCALAR_NO;
		overflow |= __builtin_mul_overflow(value, base, &value);
		overflow |= __builtin_add_overflow(value, digit, &value);
	}
	ret->kind = VALUE_INTEGER;
	ret->integer = value;
	return overflow ? SCALAR_OVERFLOW : SCALAR_YES;
}

static size_t scalar_skip_digits(struct text text, size_t at)
{
	while (at < text.length && text.at[at] >= '0' && text.at[at] <= '9')
		at++;
	return at;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool scalar_is_decimal(struct text text, bool *ret_integer)
{
	size_t start = text.length && (text.at[0] == '-' || text.at[0] == '+');
	size_t at = scalar_skip_digits(text, start), digits = at - start;
	*ret_integer = digits && at == text.length;
	if (at < text.length && text.at[at] == '.') {
		size_t fraction = scalar_skip_digits(text, at + 1);
		digits += fraction - at - 1;
		at = fraction;
	}
	if (!digits)
		return false;
	if (at < text.length && (text.at[at] == 'e' || text.at[at] == 'E')) {
		at++;
		at += at < text.length && (text.at[at] == '-' || text.at[at] == '+');
		size_t end = scalar_skip_digits(text, at);
		if (end == at)
			return false;
		at = end;
	}
	return at == text.length;
}

static enum scalar_match scalar_decimal(struct text text, struct value *ret)
{
	bool integer;
	if (!scalar_is_decimal(text, &integer))
		return SCALAR_NO;
	if (integer && parse_i64(text, &ret->integer)) {
		ret->kind = VALUE_INTEGER;
		return SCALAR_YES;
	}
	ret->kind = VALUE_FLOAT;
	return parse_f64(text, &ret->number) ? SCALAR_YES : SCALAR_OVERFLOW;
}

bool scalar_resolve(struct text text, struct value *ret)
{
	if (scalar_word(text, ret))
		return true;
	enum scalar_match match = scalar_based(text, ret);
	if (match == SCALAR_NO)
		match = scalar_decimal(text, ret);
	if (match == SCALAR_NO) {
		ret->kind = VALUE_STRING;
		ret->string = text;
	}
	return match != SCALAR_OVERFLOW;
}
