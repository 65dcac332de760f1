#include "mlops/record/filter.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/utf8.h"
#include "filter_internal.h"

struct filter_parser {
	struct arena *arena;
	struct text source;
	size_t offset;
	struct filter_token token; /* at hand */
	int64_t now;
	unsigned depth, nodes;
};

static int filter_or(struct filter_parser *parser, struct filter_node **ret, struct error *err);

static int filter_advance(struct filter_parser *parser, struct error *err)
{
	return filter_take_token(
		parser->arena, parser->source, &parser->offset, &parser->token, err);
}

static struct filter_node *filter_node(
	struct filter_parser *parser, enum filter_operator operation, struct error *err)
{
	if (++parser->nodes > FILTER_NODES) {
		filter_fail(err, parser->token.column, NULL, "the filter has over %d parts",
			FILTER_NODES);
		return NULL;
	}
	struct filter_node *node = arena_allocate(parser->arena, 1, sizeof *node, err);
	if (!node)
		return NULL;
	node->operation = operation;
	node->column = parser->token.column;
	return node;
}

static struct filter_node *filter_join(struct filter_parser *parser, enum filter_operator operation,
	struct filter_node *left, struct filter_node *right, struct error *err)
{
	struct filter_node *node = filter_node(parser, operation, err);
	if (node) {
		node->left = left;
		node->right = right;
	}
	return node;
}

/* "x not in …" is "x is there, and not x in …". */
static int filter_negate(struct filter_parser *parser, struct filter_node **node, struct error *err)
{
	struct filter_node *has = filter_node(parser, FILTER_HAS, err);
	if (!has)
		return -err->code;
	has->field = (*node)->field;
	struct filter_node *without = filter_join(parser, FILTER_NOT, *node, NULL, err);
	*node = without ? filter_join(parser, FILTER_AND, has, without, err) : NULL;
	return *node ? 0 : -err->code;
}

static int filter_is_null(struct filter_parser *parser, struct filter_node **ret, struct error *err)
{
	struct filter_node *node = *ret;
	bool negated = filter_token_is(&parser->token, "not");
	if (negated && filter_advance(parser, err) < 0)
		return -err->code;
	if (!filter_token_is(&parser->token, "null"))
		return filter_fail(err, parser->token.column, "write 'is null' or 'is not null'",
			"'null' is missing behind 'is'");
	if (filter_advance(parser, err) < 0)
		return -err->code;
	node->operation = FILTER_NULL;
	*ret = negated ? filter_join(parser, FILTER_NOT, node, NULL, err) : node;
	return *ret ? 0 : -err->code;
}

static int filter_take_literal(
	struct filter_parser *parser, struct filter_node *node, struct error *err)
{
	const struct filter_token *token = &parser->token;
	if (node->field.type != FIELD_STATUS && field_is_named(token))
		return filter_fail(err, token->column,
			"compare two fields with =, !=, <, <=, > or >=",
			"'%s' is a field, and a value is needed here", token->name);
	struct filter_value *values =
		arena_allocate(parser->arena, node->n_values + 1, sizeof *values, err);
	if (!values)
		return -err->code;
	/* Lists are short; each growth copies into the arena, so keep them so. */
	if (node->n_values >= 1000)
		return filter_fail(err, token->column, NULL, "the list has over 1000 values");
	if (node->n_values)
		memcpy(values, node->values, node->n_values * sizeof *values);
	node->values = values;
	if (filter_literal(parser->arena, &node->field, token, parser->now, &values[node->n_values],
		    err) < 0)
		return -err->code;
	node->n_values++;
	return filter_advance(parser, err);
}

static int filter_in(struct filter_parser *parser, struct filter_node *node, struct error *err)
{
	node->operation = FILTER_IN;
	if (node->field.type == FIELD_BOOLEAN)
		return filter_fail(err, node->column, "write '= true' or '= false'",
			"'%s' is true or false", node->field.name);
	if (parser->token.kind != TOKEN_OPEN)
		return filter_fail(err, parser->token.column, "write in ('a', 'b')",
			"'(' is missing behind 'in'");
	do {
		if (filter_advance(parser, err) < 0)
			return -err->code;
		if (parser->token.kind == TOKEN_CLOSE)
			return filter_fail(err, parser->token.column, NULL,
				node->n_values ? "a value is missing before ')'"
					       : "the list is empty");
		if (filter_take_literal(parser, node, err) < 0)
			return -err->code;
	} while (parser->token.kind == TOKEN_COMMA);
	if (parser->token.kind != TOKEN_CLOSE)
		return filter_fail(err, parser->token.column, "separate values by ','",
			"')' is missing at the end of the list");
	return filter_advance(parser, err);
}

static int filter_between(struct filter_parser *parser, struct filter_node *node, struct error *err)
{
	node->operation = FILTER_BETWEEN;
	if (node->field.type == FIELD_BOOLEAN || node->field.type == FIELD_STATUS)
		return filter_fail(
			err, node->column, "write in (…)", "'%s' has no order", node->field.name);
	if (filter_take_literal(parser, node, err) < 0)
		return -err->code;
	if (!filter_token_is(&parser->token, "and"))
		return filter_fail(err, parser->token.column, "write between 0 and 1",
			"'and' is missing in 'between'");
	if (filter_advance(parser, err) < 0 || filter_take_literal(parser, node, err) < 0)
		return -err->code;
	if (node->values[0].kind != node->values[1].kind)
		return filter_fail(err, node->values[1].column, "write both in quotes, or neither",
			"one end of 'between' is a number, the other a text");
	return 0;
}

static int filter_like(struct filter_parser *parser, struct filter_node *node,
	enum filter_operator operation, struct error *err)
{
	node->operation = operation;
	if (node->field.type != FIELD_TEXT)
		return filter_fail(err, node->column, "compare it with =, < and the like",
			"'%s' is not a text, which 'like' needs", node->field.name);
	if (parser->token.kind != TOKEN_STRING)
		return filter_fail(err, parser->token.column, "write like '%text%'",
			"a text in quotes is missing behind 'like'");
	if (strlen(parser->token.name) > 1000)
		return filter_fail(err, parser->token.column, NULL, "the pattern is too long");
	return filter_take_literal(parser, node, err);
}

static bool filter_is_dual(const struct field *field)
{
	return field->kind == FIELD_PARAM || field->kind == FIELD_TAG;
}

static bool filter_is_numeric(const struct field *field)
{
	return field->type == FIELD_NUMBER || field->type == FIELD_DURATION;
}

/* May two fields be compared? */
static bool filter_comparable(const struct field *a, const struct field *b)
{
	if (filter_is_numeric(a) || filter_is_numeric(b))
		return (filter_is_numeric(a) || filter_is_dual(a)) &&
		       (filter_is_numeric(b) || filter_is_dual(b));
	return a->type == b->type && a->type != FIELD_BOOLEAN && a->type != FIELD_STATUS;
}

static int filter_take_value(
	struct filter_parser *parser, struct filter_node *node, struct error *err)
{
	/* A status is a word that is no field; everything else that names a field is one. */
	if (node->field.type == FIELD_STATUS || !field_is_named(&parser->token))
		return filter_take_literal(parser, node, err);
	node->values = arena_allocate(parser->arena, 1, sizeof *node->values, err);
	if (!node->values)
		return -err->code;
	struct filter_value *value = node->values;
	value->kind = FILTER_FIELD;
	value->column = parser->token.column;
	if (field_from_token(parser->arena, &parser->token, &value->field, err) < 0)
		return -err->code;
	if (!filter_comparable(&node->field, &value->field))
		return filter_fail(err, value->column, NULL, "'%s' and '%s' cannot be compared",
			node->field.name, value->field.name);
	node->n_values = 1;
	return filter_advance(parser, err);
}

static int filter_compare(struct filter_parser *parser, struct filter_node *node, struct error *err)
{
	static const enum filter_operator operators[] = { [TOKEN_EQUAL] = FILTER_EQUAL,
		[TOKEN_UNEQUAL] = FILTER_UNEQUAL,
		[TOKEN_LESS] = FILTER_LESS,
		[TOKEN_LESS_EQUAL] = FILTER_LESS_EQUAL,
		[TOKEN_GREATER] = FILTER_GREATER,
		[TOKEN_GREATER_EQUAL] = FILTER_GREATER_EQUAL };
	node->operation = operators[parser->token.kind];
	bool orders = node->operation != FILTER_EQUAL && node->operation != FILTER_UNEQUAL;
	if (orders && (node->field.type == FIELD_BOOLEAN || node->field.type == FIELD_STATUS))
		return filter_fail(err, parser->token.column,
			"compare it with = or !=", "'%s' has no order", node->field.name);
	if (filter_advance(parser, err) < 0)
		return -err->code;
	if (filter_token_is(&parser->token, "null"))
		return filter_fail(err, parser->token.column, "write 'is null' or 'is not null'",
			"nothing is equal to 'null'");
	return filter_take_value(parser, node, err);
}

static int filter_alone(struct filter_parser *parser, struct filter_node *node, struct error *err)
{
	node->operation = FILTER_HAS;
	if (node->field.type != FIELD_BOOLEAN)
		return 0;
	node->operation = FILTER_EQUAL;
	node->values = arena_allocate(parser->arena, 1, sizeof *node->values, err);
	if (!node->values)
		return -err->code;
	*node->values = (struct filter_value){ .kind = FILTER_NUMBER, .number = 1 };
	node->n_values = 1;
	return 0;
}

/* What stands behind an operand. */
static int filter_behind(struct filter_parser *parser, struct filter_node **ret, struct error *err)
{
	static const struct {
		const char *word;
		enum filter_operator operation;
	} likes[] = { { "like", FILTER_LIKE }, { "ilike", FILTER_ILIKE } };
	struct filter_node *node = *ret;
	if (parser->token.kind >= TOKEN_EQUAL)
		return filter_compare(parser, node, err);
	if (filter_token_is(&parser->token, "is"))
		return filter_advance(parser, err) < 0 ? (int)-err->code
						       : filter_is_null(parser, ret, err);
	bool negated = filter_token_is(&parser->token, "not");
	if (negated && filter_advance(parser, err) < 0)
		return -err->code;
	int status = 1;
	if (filter_token_is(&parser->token, "in"))
		status = filter_advance(parser, err) < 0 ? (int)-err->code
							 : filter_in(parser, node, err);
	else if (filter_token_is(&parser->token, "between"))
		status = filter_advance(parser, err) < 0 ? (int)-err->code
							 : filter_between(parser, node, err);
	for (size_t i = 0; status > 0 && i < 2; i++) {
		if (filter_token_is(&parser->token, likes[i].word))
			status = filter_advance(parser, err) < 0
					 ? (int)-err->code
					 : filter_like(parser, node, likes[i].operation, err);
	}
	if (status > 0 && negated)
		return filter_fail(err, parser->token.column, "write 'not' before the comparison",
			"'in', 'between' or 'like' is missing behind 'not'");
	if (status > 0)
		return filter_alone(parser, node, err);
	return status < 0 || !negated ? status : filter_negate(parser, ret, err);
}

static int filter_comparison(
	struct filter_parser *parser, struct filter_node **ret, struct error *err)
{
	if (parser->token.kind == TOKEN_END)
		return filter_fail(
			err, parser->token.column, NULL, "a comparison is missing at the end");
	struct filter_node *node = filter_node(parser, FILTER_HAS, err);
	if (!node || field_from_token(parser->arena, &parser->token, &node->field, err) < 0 ||
		filter_advance(parser, err) < 0)
		return -err->code;
	*ret = node;
	return filter_behind(parser, ret, err);
}

static int filter_factor(struct filter_parser *parser, struct filter_node **ret, struct error *err)
{
	size_t column = parser->token.column;
	if (++parser->depth > FILTER_DEPTH)
		return filter_fail(
			err, column, NULL, "the filter is nested over %d deep", FILTER_DEPTH);
	int status;
	if (filter_token_is(&parser->token, "not")) {
		struct filter_node *inner;
		status = filter_advance(parser, err) < 0 ? (int)-err->code
							 : filter_factor(parser, &inner, err);
		if (status == 0) {
			*ret = filter_join(parser, FILTER_NOT, inner, NULL, err);
			status = *ret ? 0 : -(int)err->code;
		}
	} else if (parser->token.kind == TOKEN_OPEN) {
		status = filter_advance(parser, err) < 0 ? (int)-err->code
							 : filter_or(parser, ret, err);
		if (status == 0 && parser->token.kind != TOKEN_CLOSE)
			return filter_fail(err, parser->token.column, NULL,
				"the '(' in column %zu is not closed", column);
		if (status == 0)
			status = filter_advance(parser, err);
	} else {
		status = filter_comparison(parser, ret, err);
	}
	parser->depth--;
	return status;
}

static int filter_chain(struct filter_parser *parser, enum filter_operator operation,
	struct filter_node **ret, struct error *err)
{
	const char *word = operation == FILTER_AND ? "and" : "or";
	struct filter_node *right;
	int status = operation == FILTER_AND ? filter_factor(parser, ret, err)
					     : filter_chain(parser, FILTER_AND, ret, err);
	while (status == 0 && filter_token_is(&parser->token, word)) {
		if (filter_advance(parser, err) < 0)
			return -err->code;
		if (parser->token.kind == TOKEN_END)
			return filter_fail(err, parser->token.column, NULL,
				"a comparison is missing behind the last '%s'", word);
		status = operation == FILTER_AND ? filter_factor(parser, &right, err)
						 : filter_chain(parser, FILTER_AND, &right, err);
		if (status == 0) {
			*ret = filter_join(parser, operation, *ret, right, err);
			status = *ret ? 0 : -(int)err->code;
		}
	}
	return status;
}

static int filter_or(struct filter_parser *parser, struct filter_node **ret, struct error *err)
{
	return filter_chain(parser, FILTER_OR, ret, err);
}

static int filter_rest(struct filter_parser *parser, struct error *err)
{
	const struct filter_token *token = &parser->token;
	if (token->kind == TOKEN_END)
		return 0;
	if (token->kind == TOKEN_CLOSE)
		return filter_fail(err, token->column, NULL, "there is no '(' for this ')'");
	bool comparison = field_is_named(token) || filter_token_is(token, "not");
	return filter_fail(err, token->column,
		comparison ? "join comparisons by 'and' or 'or'"
			   : "write names with other characters in backticks, texts in quotes",
		"'%.*s' is not understood here", (int)token->text.length, token->text.at);
}

int filter_parse(const char *text, int64_t now, struct filter *ret, struct error *err)
{
	struct filter filter = { .arena = ARENA_INIT(64 << 20) };
	struct filter_parser parser = {
		.arena = &filter.arena, .source = text_of(text), .now = now
	};
	if (parser.source.length > FILTER_LONGEST)
		return filter_fail(
			err, 1, NULL, "the filter is longer than %d bytes", FILTER_LONGEST);
	if (utf8_check(parser.source) < parser.source.length)
		return filter_fail(
			err, utf8_check(parser.source) + 1, NULL, "the filter is not UTF-8");
	int status = filter_advance(&parser, err);
	if (status == 0 && parser.token.kind != TOKEN_END)
		status = filter_or(&parser, &filter.root, err);
	if (status == 0)
		status = filter_rest(&parser, err);
	if (status < 0) {
		arena_release(&filter.arena);
		return status;
	}
	*ret = filter;
	return 0;
}

void filter_release(struct filter *filter)
{
	arena_release(&filter->arena);
	filter->root = NULL;
}

void filter_show_error(struct strbuf *buffer, const char *text, const struct error *err)
{
	struct text source = text_of(text);
	if (!err->at.column || err->at.column > source.length + 1)
		return;
	struct text before = { source.at, err->at.column - 1 };
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	utf8_escape(&shown, before);
	size_t width = utf8_width((struct text){ shown.text, shown.length });
	utf8_escape(
		&shown, (struct text){ source.at + before.length, source.length - before.length });
	strbuf_add(buffer, shown.text);
	strbuf_add_char(buffer, '\n');
	strbuf_add_repeated(buffer, ' ', width);
	strbuf_add(buffer, "^\n");
}
