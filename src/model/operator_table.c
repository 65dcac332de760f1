/* All tables of operators, and finding a row. */
#include <inttypes.h>
#include <string.h>

#include "mlops/base/strbuf.h"
#include "mlops/model/executor.h"
#include "operator_internal.h"

static const struct operator* const operator_tables[] = {
	operators_activation,
	operators_arithmetic,
	operators_compare,
	operators_create,
	operators_join,
	operators_matrix,
	operators_ml_encode,
	operators_ml_linear,
	operators_ml_scale,
	operators_ml_tree,
	operators_normalise,
	operators_quantise,
	operators_reduction,
	operators_selection,
	operators_shape,
	operators_unary,
};
enum { OPERATOR_TABLES = sizeof operator_tables / sizeof *operator_tables };

#define operator_each(row)                                                                         \
	for (size_t table = 0; table < OPERATOR_TABLES; table++)                                   \
		for (const struct operator* row = operator_tables[table]; row->name; row++)

static bool operator_is(const struct operator* row, const char *op, const char *domain)
{
	return strcmp(row->name, op) == 0 && strcmp(row->domain, domain) == 0;
}

bool executor_supports(const char *op, const char *domain)
{
	operator_each(row) if (operator_is(row, op, domain)) return true;
	return false;
}

/* The name that follows `after` in the order of bytes; NULL at the end. */
static const char *operator_next_name(const char *domain, const char *after)
{
	const char *next = NULL;
	operator_each(row) if (strcmp(row->domain, domain) == 0 && strcmp(row->name, after) > 0 &&
			       (!next || strcmp(row->name, next) < 0)) next = row->name;
	return next;
}

void executor_list_operators(const char *domain, struct strbuf *out)
{
	const char *name = "";
	while ((name = operator_next_name(domain, name))) {
		if (out->length)
			strbuf_add(out, ", ");
		strbuf_add(out, name);
	}
}

static void operator_hint(const char *op, const char *domain, struct error *err)
{
	AUTO(strbuf_release) struct strbuf names = STRBUF_INIT;
	const char *list[256] = { NULL };
	size_t count = 0;
	const char *name = "";
	while (count < 255 && (name = operator_next_name(domain, name)))
		list[count++] = name;
	const char *nearest = text_nearest(op, list);
	executor_list_operators(domain, &names);
	if (!count)
		error_hint(err, "supported domains: ai.onnx, ai.onnx.ml");
	else if (nearest)
		error_hint(err, "did you mean '%s'? supported: %s", nearest, names.text);
	else
		error_hint(err, "supported: %s", names.text);
}

const struct operator*
	operator_find(const struct graph_node *node, int64_t opset, struct error *err)
{
	const struct operator* known = NULL;
	const char *domain = *node->domain ? node->domain : "ai.onnx";
	operator_each(row)
	{
		if (!operator_is(row, node->op, node->domain))
			continue;
		known = row;
		if (opset >= row->first && opset <= row->last)
			return row;
	}
	if (known)
		error_set(err, ERROR_UNSUPPORTED,
			"operator '%s' of %s is not supported in opset %" PRId64, node->op, domain,
			opset);
	else
		error_set(err, ERROR_UNSUPPORTED, "operator '%s' of %s is not supported", node->op,
			domain);
	if (known && opset <= 0)
		error_hint(err, "the model does not import the opset of domain %s", domain);
	else if (!known)
		operator_hint(node->op, node->domain, err);
	return NULL;
}

/* Is `name` one of the words of `list`? */
static bool operator_has_word(const char *list, const char *name)
{
	struct text rest = text_of(list), word;
	while (text_split(&rest, ' ', &word))
		if (text_is(word, name))
			return true;
	return false;
}

int operator_check_node(
	const struct operator* operator, const struct graph_node * node, struct error *err)
{
	vec_each (attribute, &node->attributes) {
		if (operator_has_word(operator->attributes, attribute->name))
			continue;
		error_set(
			err, ERROR_UNSUPPORTED, "attribute '%s' is not supported", attribute->name);
		return error_hint(err, "%s has: %s", node->op,
			operator->attributes ? operator->attributes : "no attributes");
	}
	if (node->n_inputs < operator->min_in ||(operator->max_in != OPERATOR_MANY &&
						 node->n_inputs>
						 operator->max_in))
		return error_set(err, ERROR_INVALID, "it has %zu inputs, not %u to %u",
			node->n_inputs, operator->min_in, operator->max_in);
	if (node->n_outputs < operator->min_out ||(operator->max_out != OPERATOR_MANY &&
						   node->n_outputs>
						   operator->max_out))
		return error_set(err, ERROR_INVALID, "it has %zu outputs, not %u to %u",
			node->n_outputs, operator->min_out, operator->max_out);
	size_t required = operator->max_in == OPERATOR_MANY ? node->n_inputs : operator->min_in;
	for (size_t i = 0; i < required; i++)
		if (!*node->inputs[i])
			return error_set(err, ERROR_INVALID, "its input %zu is absent", i + 1);
	return 0;
}
