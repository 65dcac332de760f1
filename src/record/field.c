#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mlops/base/strbuf.h"
#include "filter_internal.h"

static const struct field_attribute {
	const char *name;
	enum attribute attribute;
	enum field_type type;
} field_attributes[] = {
	/* In the order of enum attribute; then other names for the same. */
	{ "id", ATTRIBUTE_ID, FIELD_TEXT },
	{ "name", ATTRIBUTE_NAME, FIELD_TEXT },
	{ "status", ATTRIBUTE_STATUS, FIELD_STATUS },
	{ "started", ATTRIBUTE_STARTED, FIELD_DATE },
	{ "ended", ATTRIBUTE_ENDED, FIELD_DATE },
	{ "duration", ATTRIBUTE_DURATION, FIELD_DURATION },
	{ "model", ATTRIBUTE_MODEL, FIELD_TEXT },
	{ "task", ATTRIBUTE_TASK, FIELD_TEXT },
	{ "project", ATTRIBUTE_PROJECT, FIELD_TEXT },
	{ "command", ATTRIBUTE_COMMAND, FIELD_TEXT },
	{ "user", ATTRIBUTE_USER, FIELD_TEXT },
	{ "host", ATTRIBUTE_HOST, FIELD_TEXT },
	{ "parent", ATTRIBUTE_PARENT, FIELD_TEXT },
	{ "reason", ATTRIBUTE_REASON, FIELD_TEXT },
	{ "note", ATTRIBUTE_NOTE, FIELD_TEXT },
	{ "seed", ATTRIBUTE_SEED, FIELD_NUMBER },
	{ "commit", ATTRIBUTE_COMMIT, FIELD_TEXT },
	{ "branch", ATTRIBUTE_BRANCH, FIELD_TEXT },
	{ "dirty", ATTRIBUTE_DIRTY, FIELD_BOOLEAN },
	{ "created", ATTRIBUTE_STARTED, FIELD_DATE },
	{ "run_id", ATTRIBUTE_ID, FIELD_TEXT },
	{ "run_name", ATTRIBUTE_NAME, FIELD_TEXT },
	{ "start_time", ATTRIBUTE_STARTED, FIELD_DATE },
	{ "end_time", ATTRIBUTE_ENDED, FIELD_DATE },
	{ "user_id", ATTRIBUTE_USER, FIELD_TEXT },
};

enum { FIELD_ATTRIBUTES = sizeof field_attributes / sizeof *field_attributes };

static const struct field_prefix {
	const char *name;
	enum field_kind kind;
} field_prefixes[] = { { "metrics", FIELD_METRIC }, { "params", FIELD_PARAM },
	{ "tags", FIELD_TAG }, { "metric", FIELD_METRIC }, { "param", FIELD_PARAM },
	{ "tag", FIELD_TAG }, { "parameter", FIELD_PARAM }, { "parameters", FIELD_PARAM },
	{ "attributes", FIELD_ATTRIBUTE }, { "attribute", FIELD_ATTRIBUTE },
	{ "attr", FIELD_ATTRIBUTE }, { "run", FIELD_ATTRIBUTE } };

const char *attribute_name(enum attribute attribute)
{
	return attribute < ATTRIBUTE_COUNT ? field_attributes[attribute].name : "attribute";
}

enum field_type attribute_type(enum attribute attribute)
{
	return attribute < ATTRIBUTE_COUNT ? field_attributes[attribute].type : FIELD_TEXT;
}

const char *field_kind_name(enum field_kind kind)
{
	static const char *const names[] = { "attribute", "metric", "param", "tag" };
	return kind <= FIELD_TAG ? names[kind] : "field";
}

/* The prefix before the first dot of the unquoted part; NULL if there is no dot. */
static const struct field_prefix *field_find_prefix(
	const struct filter_token *token, size_t *ret_length)
{
	const char *dot = strchr(token->name, '.');
	if (!dot || (token->quoted && dot >= token->quoted))
		return NULL;
	*ret_length = (size_t)(dot - token->name);
	for (size_t i = 0; i < sizeof field_prefixes / sizeof *field_prefixes; i++) {
		if (strlen(field_prefixes[i].name) == *ret_length &&
			strncasecmp(field_prefixes[i].name, token->name, *ret_length) == 0)
			return &field_prefixes[i];
	}
	return NULL;
}

static const struct field_attribute *field_find_attribute(const char *name)
{
	for (size_t i = 0; i < FIELD_ATTRIBUTES; i++) {
		if (strcasecmp(field_attributes[i].name, name) == 0)
			return &field_attributes[i];
	}
	return NULL;
}

bool field_is_named(const struct filter_token *token)
{
	size_t length;
	return token->kind == TOKEN_WORD &&
	       (field_find_prefix(token, &length) || field_find_attribute(token->name));
}

static int field_unknown(const struct filter_token *token, const char *name, struct error *err)
{
	const char *candidates[FIELD_ATTRIBUTES + 4];
	size_t count = 0;
	for (size_t i = 0; i < FIELD_ATTRIBUTES; i++)
		candidates[count++] = field_attributes[i].name;
	candidates[count] = NULL;
	char hint[256];
	const char *dot = strchr(name, '.');
	const char *nearest = text_nearest(name, candidates);
	if (dot) {
		static const char *const prefixes[] = { "metrics", "params", "tags", NULL };
		char prefix[32];
		snprintf(prefix, sizeof prefix, "%.*s", (int)(dot - name < 31 ? dot - name : 31),
			name);
		nearest = text_nearest(prefix, prefixes);
		if (nearest)
			snprintf(hint, sizeof hint, "did you mean '%s%.100s'?", nearest, dot);
		else
			snprintf(hint, sizeof hint, "write params.%.100s for a parameter", name);
	} else if (nearest) {
		snprintf(hint, sizeof hint, "did you mean '%s'?", nearest);
	} else {
		snprintf(hint, sizeof hint,
			"write metrics.%.60s, params.%.60s or tags.%.60s for what a run recorded",
			name, name, name);
	}
	return filter_fail(err, token->column, hint, "a run has no attribute '%s'", name);
}

int field_from_token(
	struct arena *arena, const struct filter_token *token, struct field *ret, struct error *err)
{
	(void)arena;
	*ret = (struct field){ .kind = FIELD_ATTRIBUTE, .column = token->column };
	if (token->kind != TOKEN_WORD)
		return filter_fail(err, token->column,
			"a comparison begins with metrics.NAME, params.NAME, tags.NAME or an attribute",
			"'%.*s' is not the name of something that a run has",
			(int)token->text.length, token->text.at);
	size_t length = 0;
	const struct field_prefix *prefix = field_find_prefix(token, &length);
	const char *name = prefix ? token->name + length + 1 : token->name;
	if (prefix && prefix->kind != FIELD_ATTRIBUTE) {
		if (!*name)
			return filter_fail(err, token->column, NULL,
				"a name is missing behind '%s'", token->name);
		ret->kind = prefix->kind;
		ret->type = prefix->kind == FIELD_METRIC ? FIELD_NUMBER : FIELD_TEXT;
		ret->name = name;
		return 0;
	}
	const struct field_attribute *attribute = field_find_attribute(name);
	if (!attribute)
		return field_unknown(token, name, err);
	ret->attribute = attribute->attribute;
	ret->type = attribute->type;
	ret->name = attribute_name(attribute->attribute);
	return 0;
}

int field_parse(struct arena *arena, const char *text, struct field *ret, struct error *err)
{
	struct filter_token token, end;
	size_t offset = 0;
	struct text source = text_of(text);
	if (filter_take_token(arena, source, &offset, &token, err) < 0)
		return -err->code;
	if (token.kind == TOKEN_END)
		return filter_fail(err, 1, NULL, "the name is empty");
	if (field_from_token(arena, &token, ret, err) < 0 ||
		filter_take_token(arena, source, &offset, &end, err) < 0)
		return -err->code;
	if (end.kind != TOKEN_END)
		return filter_fail(err, end.column,
			"put names with other characters in backticks: metrics.`my metric`",
			"'%.*s' does not belong to the name", (int)end.text.length, end.text.at);
	return 0;
}

int sort_parse(struct arena *arena, const char *text, struct sort_keys *ret, struct error *err)
{
	struct text source = text_of(text);
	size_t offset = 0;
	*ret = (struct sort_keys){ .count = 0 };
	for (;;) {
		struct filter_token token;
		if (filter_take_token(arena, source, &offset, &token, err) < 0)
			return -err->code;
		if (token.kind == TOKEN_END)
			return filter_fail(
				err, token.column, NULL, "a sort key is missing at the end");
		if (ret->count == SORT_KEYS)
			return filter_fail(
				err, token.column, NULL, "more than %d sort keys", SORT_KEYS);
		bool descending = token.kind == TOKEN_WORD && token.name[0] == '-' &&
				  token.quoted != token.name;
		if (descending)
			token.name++;
		if (filter_token_is(&token, "newest")) {
			token.name = "started";
			descending = !descending;
		}
		if (field_from_token(arena, &token, &ret->fields[ret->count], err) < 0)
			return -err->code;
		ret->descending[ret->count++] = descending;
		if (filter_take_token(arena, source, &offset, &token, err) < 0)
			return -err->code;
		/* "metrics.a desc", as in SQL and MLflow */
		if (filter_token_is(&token, "desc") || filter_token_is(&token, "asc")) {
			ret->descending[ret->count - 1] = filter_token_is(&token, "desc");
			if (filter_take_token(arena, source, &offset, &token, err) < 0)
				return -err->code;
		}
		if (token.kind == TOKEN_END)
			return 0;
		if (token.kind != TOKEN_COMMA)
			return filter_fail(err, token.column, "separate sort keys by ','",
				"'%.*s' is not understood here", (int)token.text.length,
				token.text.at);
	}
}
