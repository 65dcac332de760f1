/* What else a schema knows: defaults, and the properties that it describes. */
#include "schema_internal.h"

#include <string.h>

struct defaults {
	struct arena *arena;
	struct error *err;
	unsigned depth;
};

static int defaults_add(
	struct defaults *defaults, const struct schema_node *node, struct value *value);

/* The default of a property: beside its $ref or behind it. */
static const struct value *defaults_of(const struct schema_node *node)
{
	while (node && !node->absent && node->ref)
		node = node->ref;
	return node ? node->absent : NULL;
}

/* A default has no place in the file. */
static void defaults_forget_place(struct value *value)
{
	value->line = value->column = 0;
	for (size_t i = 0; value->kind == VALUE_SEQUENCE && i < value->sequence.count; i++)
		defaults_forget_place(value->sequence.items[i]);
	for (size_t i = 0; value->kind == VALUE_MAPPING && i < value->mapping.count; i++) {
		value->mapping.entries[i].key_line = value->mapping.entries[i].key_column = 0;
		defaults_forget_place(value->mapping.entries[i].value);
	}
}

/* What an absent property becomes; NULL (without error) if it stays absent. */
static struct value *defaults_make(struct defaults *defaults, const struct schema_node *property)
{
	const struct value *absent = defaults_of(property);
	const struct schema_node *node = schema_follow(property);
	if (absent) {
		struct value *copy = value_copy(defaults->arena, absent, defaults->err);
		if (copy)
			defaults_forget_place(copy);
		return copy;
	}
	if (node->types != SCHEMA_OBJECT || node->required || !node->properties.count)
		return NULL;
	struct value *section = value_new(defaults->arena, VALUE_MAPPING, defaults->err);
	if (!section || defaults_add(defaults, node, section) < 0)
		return NULL;
	return section->mapping.count ? section : NULL;
}

static int defaults_add_property(
	struct defaults *defaults, const struct schema_named *named, struct value *value)
{
	struct value *member = value_member(value, named->name);
	if (member)
		return defaults_add(defaults, named->node, member);
	member = defaults_make(defaults, named->node);
	if (!member)
		return -(int)defaults->err->code;
	return value_set_member(defaults->arena, value, named->name, member, defaults->err);
}

static bool defaults_is_property(const struct schema_node *node, const char *name)
{
	for (size_t i = 0; i < node->properties.count; i++) {
		if (strcmp(node->properties.items[i].name, name) == 0)
			return true;
	}
	return false;
}

static int defaults_add_mapping(
	struct defaults *defaults, const struct schema_node *node, struct value *value)
{
	int status = 0;
	size_t given = value->mapping.count;
	for (size_t i = 0; status == 0 && i < node->properties.count; i++)
		status = defaults_add_property(defaults, &node->properties.items[i], value);
	for (size_t i = 0; status == 0 && node->additional && i < given; i++) {
		if (!defaults_is_property(node, value->mapping.entries[i].key))
			status = defaults_add(
				defaults, node->additional, value->mapping.entries[i].value);
	}
	return status;
}

/* Of alternatives only the one that a property chooses can give defaults. */
static int defaults_add_branch(
	struct defaults *defaults, const struct schema_list *branches, struct value *value)
{
	const char *property;
	int branch = branches->count ? schema_discriminate(branches, value, &property) : -1;
	return branch < 0 ? 0 : defaults_add(defaults, branches->items[branch], value);
}

static int defaults_add(
	struct defaults *defaults, const struct schema_node *node, struct value *value)
{
	int status = 0;
	node = schema_follow(node);
	if (defaults->depth >= DOCUMENT_DEPTH)
		return error_set(
			defaults->err, ERROR_INVALID, "the defaults of the schema have no end");
	defaults->depth++;
	if (value->kind == VALUE_MAPPING)
		status = defaults_add_mapping(defaults, node, value);
	for (size_t i = 0; status == 0 && value->kind == VALUE_SEQUENCE && node->items &&
			   i < value->sequence.count;
		i++)
		status = defaults_add(defaults, node->items, value->sequence.items[i]);
	for (size_t i = 0; status == 0 && i < node->all_of.count; i++)
		status = defaults_add(defaults, node->all_of.items[i], value);
	if (status == 0)
		status = defaults_add_branch(defaults, &node->any_of, value);
	if (status == 0)
		status = defaults_add_branch(defaults, &node->one_of, value);
	defaults->depth--;
	return status;
}

int json_schema_add_defaults(
	const struct json_schema *schema, struct document *document, struct error *err)
{
	struct error failure = ERROR_INIT;
	struct defaults defaults = { .arena = &document->arena, .err = &failure };
	if (defaults_add(&defaults, schema->root, document->root) == 0)
		return 0;
	*err = failure;
	return -(int)failure.code;
}

struct properties_walk {
	int (*visit)(void *context, const char *path, const struct value *property);
	void *context;
	struct strbuf path;
	unsigned depth;
	struct error *err;
};

static int properties_visit(struct properties_walk *walk, const struct schema_node *node);

static int properties_visit_one(
	struct properties_walk *walk, const char *name, const struct schema_node *node)
{
	size_t length = walk->path.length;
	value_path_add(&walk->path, name);
	int status = strbuf_check(&walk->path, walk->err);
	if (status == 0 && node->source->kind == VALUE_MAPPING)
		status = walk->visit(walk->context, walk->path.text, node->source);
	if (status == 0)
		status = properties_visit(walk, node);
	strbuf_truncate(&walk->path, length);
	return status;
}

static int properties_visit_list(struct properties_walk *walk, const struct schema_list *list)
{
	int status = 0;
	for (size_t i = 0; status == 0 && i < list->count; i++)
		status = properties_visit(walk, list->items[i]);
	return status;
}

static int properties_visit(struct properties_walk *walk, const struct schema_node *node)
{
	int status = 0;
	node = schema_follow(node);
	if (walk->depth >= DOCUMENT_DEPTH)
		return error_set(walk->err, ERROR_INVALID, "the schema contains itself");
	walk->depth++;
	for (size_t i = 0; status == 0 && i < node->properties.count; i++)
		status = properties_visit_one(
			walk, node->properties.items[i].name, node->properties.items[i].node);
	if (status == 0 && node->additional && !node->additional->never)
		status = properties_visit_one(walk, "*", node->additional);
	if (status == 0)
		status = properties_visit_list(walk, &node->all_of);
	if (status == 0)
		status = properties_visit_list(walk, &node->any_of);
	if (status == 0)
		status = properties_visit_list(walk, &node->one_of);
	walk->depth--;
	return status;
}

int json_schema_each_property(const struct json_schema *schema,
	int (*visit)(void *context, const char *path, const struct value *property), void *context,
	struct error *err)
{
	struct properties_walk walk = {
		.visit = visit, .context = context, .path = STRBUF_INIT, .err = err
	};
	int status = properties_visit(&walk, schema->root);
	strbuf_release(&walk.path);
	return status;
}
