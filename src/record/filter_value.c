#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mlops/base/clock.h"
#include "mlops/base/parse.h"
#include "mlops/base/strbuf.h"
#include "mlops/record/run.h"
#include "filter_internal.h"

#define VALUE_SECOND INT64_C(1000000)
#define VALUE_DAY (INT64_C(86400) * VALUE_SECOND)

/* "7 days ago", "an hour ago" is not understood: a number, a unit, "ago". */
static bool value_parse_ago(struct text text, int64_t now, int64_t *ret)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = { { "second", 1 }, { "sec", 1 }, { "minute", 60 }, { "min", 60 },
		{ "hour", 3600 }, { "day", 86400 }, { "week", 604800 }, { "month", 30 * 86400 },
		{ "year", 365 * 86400 } };
	struct text number, unit, ago;
	uint64_t count;
	if (!text_split(&text, ' ', &number) || !text_split(&text, ' ', &unit) ||
		!text_split(&text, ' ', &ago) || text.length || !text_is(ago, "ago") ||
		!parse_u64(number, &count) || count > 10000)
		return false;
	if (unit.length > 1 && unit.at[unit.length - 1] == 's')
		unit.length--;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (text_is(unit, units[i].name)) {
			*ret = now - (int64_t)count * units[i].seconds * VALUE_SECOND;
			return true;
		}
	}
	return false;
}

static bool value_is_day(struct text text)
{
	return text.length == 10;
}

bool filter_parse_date(struct text text, int64_t now, int64_t *ret_first, int64_t *ret_last)
{
	double seconds;
	int64_t today = now - ((now % VALUE_DAY) + VALUE_DAY) % VALUE_DAY;
	text = text_trim(text);
	if (text_is(text, "now")) {
		*ret_first = *ret_last = now;
	} else if (text_is(text, "today") || text_is(text, "yesterday")) {
		*ret_first = text_is(text, "today") ? today : today - VALUE_DAY;
		*ret_last = *ret_first + VALUE_DAY - 1;
	} else if (value_parse_ago(text, now, ret_first)) {
		*ret_last = *ret_first;
	} else if (text.length > 1 && text.at[0] == '-' &&
		   parse_duration((struct text){ text.at + 1, text.length - 1 }, &seconds) &&
		   seconds < 1e10) {
		*ret_first = *ret_last = now - (int64_t)(seconds * 1e6);
	} else if (clock_parse(text, ret_first)) {
		*ret_last = *ret_first + (value_is_day(text) ? VALUE_DAY - 1 : 0);
	} else {
		return false;
	}
	return true;
}

/* The field as a person would write it, for messages. */
static const char *value_of(const struct field *field)
{
	static const char *const kinds[] = { "attribute", "metric", "param", "tag" };
	return kinds[field->kind];
}

static int value_quote_it(const struct filter_token *token, struct error *err)
{
	char hint[128];
	snprintf(hint, sizeof hint, "write a text in quotes: '%.*s'",
		(int)(token->text.length < 80 ? token->text.length : 80), token->text.at);
	return filter_fail(err, token->column, hint, "'%.*s' is neither a value nor a field",
		(int)(token->text.length < 80 ? token->text.length : 80), token->text.at);
}

static int value_number(const struct field *field, const struct filter_token *token,
	struct filter_value *ret, struct error *err)
{
	ret->kind = FILTER_NUMBER;
	ret->number = token->number;
	if (token->kind == TOKEN_NUMBER)
		return 0;
	if (filter_token_is(token, "inf") || filter_token_is(token, "-inf")) {
		ret->number = token->name[0] == '-' ? -INFINITY : INFINITY;
		return 0;
	}
	bool text = token->kind == TOKEN_STRING || token->kind == TOKEN_QUANTITY;
	if (field->type == FIELD_DURATION && text &&
		parse_duration(text_of(token->name), &ret->number))
		return 0;
	char hint[160] = "write a number, such as 0.5";
	double number;
	if (field->type == FIELD_DURATION)
		snprintf(hint, sizeof hint, "write seconds or a duration, such as 90 or 5m");
	else if (token->kind == TOKEN_STRING && parse_f64(text_of(token->name), &number))
		snprintf(hint, sizeof hint, "write %s without quotes", token->name);
	return filter_fail(err, token->column, hint,
		"%s '%s' is a number and is compared with '%s'", value_of(field), field->name,
		token->name);
}

static int value_date(
	const struct filter_token *token, int64_t now, struct filter_value *ret, struct error *err)
{
	ret->kind = FILTER_DATE;
	if (token->name && filter_parse_date(text_of(token->name), now, &ret->first, &ret->last))
		return 0;
	return filter_fail(err, token->column,
		"write '2026-11-24', '2026-11-24T15:03', '7 days ago', 'today' or -7d",
		"'%s' is not a date", token->name);
}

static int value_status(
	const struct filter_token *token, struct filter_value *ret, struct error *err)
{
	static const char *const names[] = { "running", "finished", "failed", "cancelled",
		"crashed", NULL };
	char hint[160] = "one of running, finished, failed, cancelled, crashed";
	ret->kind = FILTER_TEXT;
	for (size_t i = 0; names[i]; i++) {
		if ((token->kind == TOKEN_WORD || token->kind == TOKEN_STRING) &&
			strcasecmp(token->name, names[i]) == 0) {
			ret->text = names[i];
			return 0;
		}
	}
	const char *nearest = text_nearest(token->name, names);
	if (nearest)
		snprintf(hint, sizeof hint, "did you mean '%s'?", nearest);
	return filter_fail(err, token->column, hint, "'%s' is not a status", token->name);
}

static int value_text(const struct field *field, const struct filter_token *token,
	struct filter_value *ret, struct error *err)
{
	bool free = field->kind == FIELD_PARAM || field->kind == FIELD_TAG;
	ret->kind = FILTER_TEXT;
	if (token->kind == TOKEN_STRING)
		return 0;
	if (free && (token->kind == TOKEN_NUMBER || filter_token_is(token, "inf") ||
			    filter_token_is(token, "-inf")))
		return value_number(field, token, ret, err);
	/* YAML's booleans are recorded as these texts. */
	if (free && (filter_token_is(token, "true") || filter_token_is(token, "false"))) {
		ret->text = filter_token_is(token, "true") ? "true" : "false";
		return 0;
	}
	return value_quote_it(token, err);
}

int filter_literal(struct arena *arena, const struct field *field, const struct filter_token *token,
	int64_t now, struct filter_value *ret, struct error *err)
{
	(void)arena;
	*ret = (struct filter_value){ .column = token->column, .text = token->name };
	switch (token->kind) {
	case TOKEN_WORD:
	case TOKEN_NUMBER:
	case TOKEN_QUANTITY:
	case TOKEN_STRING:
		break;
	case TOKEN_END:
		return filter_fail(err, token->column, NULL, "a value is missing at the end");
	default:
		return filter_fail(err, token->column, NULL, "a value is missing before '%.*s'",
			(int)token->text.length, token->text.at);
	}
	switch (field->type) {
	case FIELD_NUMBER:
	case FIELD_DURATION:
		return value_number(field, token, ret, err);
	case FIELD_DATE:
		return value_date(token, now, ret, err);
	case FIELD_STATUS:
		return value_status(token, ret, err);
	case FIELD_BOOLEAN:
		ret->kind = FILTER_NUMBER;
		ret->number = filter_token_is(token, "true");
		if (ret->number != 0 || filter_token_is(token, "false"))
			return 0;
		return filter_fail(err, token->column, "write true or false",
			"'%s' is either true or false", field->name);
	default:
		return value_text(field, token, ret, err);
	}
}
