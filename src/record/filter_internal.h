/*
 * filter_internal: words of the filter language.
 */
#ifndef MLOPS_RECORD_FILTER_INTERNAL_H
#define MLOPS_RECORD_FILTER_INTERNAL_H

#include "mlops/record/filter.h"

enum filter_token_kind {
	TOKEN_END,
	TOKEN_WORD, /* metrics.roc_auc, status, and; `name` is set if a part of it was quoted */
	TOKEN_NUMBER, /* 0.5, -1e-3 */
	TOKEN_QUANTITY, /* 5m, -7d, 2026-11-24: begins with a digit but is no number */
	TOKEN_STRING, /* 'x' or "x", unquoted in `name` */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_EQUAL,
	TOKEN_UNEQUAL,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL
};

struct filter_token {
	enum filter_token_kind kind;
	struct text text; /* as it stands in the source */
	const char
		*name; /* the text without quotes, NUL-terminated, in the arena; NULL at the end */
	const char *quoted; /* of a word: where in `name` its quoted part begins; or NULL */
	double number;
	size_t column;
};

/* Takes the next token from source at *offset; *offset moves behind it. */
int filter_take_token(struct arena *arena, struct text source, size_t *offset,
	struct filter_token *ret, struct error *err);

/* Sets an ERROR_USAGE at a column of the filter, with a hint unless it is NULL. */
int filter_fail(struct error *err, size_t column, const char *hint, const char *format, ...)
	PRINTF_LIKE(4, 5);

bool filter_token_is(const struct filter_token *token, const char *keyword); /* in any case */

/* Makes the field that a word names; `what` is "field", "sort key". */
int field_from_token(struct arena *arena, const struct filter_token *token, struct field *ret,
	struct error *err);

/* Could the word be meant as a field: does it begin with metrics. and the like, or is an attribute? */
bool field_is_named(const struct filter_token *token);

/* "7 days ago", "-7d", "today", an ISO date; false if it is none of them. */
bool filter_parse_date(struct text text, int64_t now, int64_t *ret_first, int64_t *ret_last);

/* The value of a comparison with `field` that the token at hand (and no other) gives. */
int filter_literal(struct arena *arena, const struct field *field, const struct filter_token *token,
	int64_t now, struct filter_value *ret, struct error *err);

#endif
