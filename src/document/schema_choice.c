/*
 * anyOf and oneOf: which branch was meant, so that the message is about that one.
 */
#include "schema_internal.h"

#include <string.h>

enum { CHOICE_MOST = 64 }; /* constants that are looked at for one message */

bool schema_constants(
	const struct schema_node *node, const struct value **ret, size_t most, size_t *count)
{
	node = schema_follow(node);
	const struct value *list = node->choices;
	if (node->constant && *count < most)
		ret[(*count)++] = node->constant;
	for (size_t i = 0; list && i < list->sequence.count && *count < most; i++)
		ret[(*count)++] = list->sequence.items[i];
	return node->constant || list;
}

static const struct schema_node *choice_property(const struct schema_node *branch, const char *name)
{
	branch = schema_follow(branch);
	for (size_t i = 0; i < branch->properties.count; i++) {
		if (strcmp(branch->properties.items[i].name, name) == 0)
			return branch->properties.items[i].node;
	}
	return NULL;
}

/* A property that each branch has, with constants. */
static const char *choice_discriminator(const struct schema_list *branches)
{
	const struct schema_node *first = schema_follow(branches->items[0]);
	for (size_t p = 0; branches->count > 1 && p < first->properties.count; p++) {
		const char *name = first->properties.items[p].name;
		bool all = true;
		for (size_t i = 0; all && i < branches->count; i++) {
			const struct schema_node *property =
				choice_property(branches->items[i], name);
			const struct value *ignored;
			size_t count = 0;
			all = property && schema_constants(property, &ignored, 1, &count);
		}
		if (all)
			return name;
	}
	return NULL;
}

static bool choice_accepts(const struct schema_node *node, const struct value *value)
{
	const struct value *constants[CHOICE_MOST];
	size_t count = 0;
	if (!node || !schema_constants(node, constants, CHOICE_MOST, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (value_equal(constants[i], value))
			return true;
	}
	return false;
}

int schema_discriminate(
	const struct schema_list *branches, const struct value *value, const char **ret_property)
{
	*ret_property = choice_discriminator(branches);
	if (!*ret_property || value->kind != VALUE_MAPPING)
		return -1;
	const struct value *member = value_member(value, *ret_property);
	for (size_t i = 0; member && i < branches->count; i++) {
		if (choice_accepts(choice_property(branches->items[i], *ret_property), member))
			return (int)i;
	}
	return -1;
}

/* The property is missing, or its value is that of no branch. */
static bool choice_fail_property(struct schema_run *run, const struct schema_list *branches,
	const struct value *value, const char *property)
{
	const struct value *constants[CHOICE_MOST];
	size_t count = 0;
	for (size_t i = 0; i < branches->count; i++)
		schema_constants(choice_property(branches->items[i], property), constants,
			CHOICE_MOST, &count);
	const struct value *member = value_member(value, property);
	if (!member)
		return schema_fail_section(run, value, "'%s' is missing", property);
	size_t length = run->path.length;
	value_path_add(&run->path, property);
	schema_fail_choice(run, member, constants, count);
	strbuf_truncate(&run->path, length);
	return false;
}

/* The types that a branch accepts, also by its constants; 0 if it says nothing about them. */
static unsigned int choice_types(const struct schema_node *branch)
{
	static const unsigned int bits[] = { SCHEMA_NULL, SCHEMA_BOOLEAN, SCHEMA_INTEGER,
		SCHEMA_NUMBER, SCHEMA_STRING, SCHEMA_ARRAY, SCHEMA_OBJECT };
	const struct value *constants[CHOICE_MOST];
	size_t count = 0;
	unsigned int types = 0;
	branch = schema_follow(branch);
	if (branch->types)
		return branch->types;
	if (schema_constants(branch, constants, CHOICE_MOST, &count)) {
		for (size_t i = 0; i < count; i++)
			types |= bits[constants[i]->kind];
	}
	return types;
}

/* The only branch whose type fits: its index; -1 if there are several; -2 if there is none. */
static int choice_by_type(
	const struct schema_list *branches, const struct value *value, unsigned int *ret_types)
{
	int found = -2;
	*ret_types = 0;
	for (size_t i = 0; i < branches->count; i++) {
		unsigned int types = choice_types(branches->items[i]);
		*ret_types |= types;
		if (!types || schema_has_type(value, types))
			found = found == -2 ? (int)i : -1;
	}
	return found;
}

/* Branches that only say which keys must be there: "'path' or 'split' is missing". */
static bool choice_fail_required(
	struct schema_run *run, const struct schema_list *branches, const struct value *value)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	for (size_t i = 0; i < branches->count; i++) {
		const struct schema_node *branch = schema_follow(branches->items[i]);
		if (!branch->required || branch->source->mapping.count != 1 ||
			!branch->required->sequence.count || value->kind != VALUE_MAPPING)
			return true;
		strbuf_printf(&text, "%s'%s'", i ? " or " : "",
			branch->required->sequence.items[0]->string.at);
	}
	return schema_fail_section(run, value, "%s is missing", text.text);
}

/* The branch with the fewest problems is the one that was meant. */
static bool choice_fail_nearest(
	struct schema_run *run, const struct schema_list *branches, const struct value *value)
{
	struct problems *problems = run->problems;
	uint64_t fewest = UINT64_MAX;
	size_t nearest = 0;
	struct error failure = ERROR_INIT;
	AUTO_FREE struct problems *scratch = memory_allocate(1, sizeof *scratch, &failure);
	for (size_t i = 0; scratch && i < branches->count; i++) {
		*scratch = PROBLEMS_INIT;
		run->problems = scratch;
		schema_check_node(run, branches->items[i], value);
		if (scratch->errors < fewest) {
			fewest = scratch->errors;
			nearest = i;
		}
	}
	run->problems = problems;
	if (!scratch)
		*run->err = failure;
	return scratch ? schema_check_node(run, branches->items[nearest], value) : false;
}

/* No branch fits: says so in the words of the one that was meant. */
static bool choice_fail(
	struct schema_run *run, const struct schema_list *branches, const struct value *value)
{
	const char *property;
	unsigned int types;
	if (!run->problems || run->err->code)
		return false;
	int branch = schema_discriminate(branches, value, &property);
	if (branch < 0 && property && value->kind == VALUE_MAPPING)
		return choice_fail_property(run, branches, value, property);
	if (branch < 0)
		branch = choice_by_type(branches, value, &types);
	if (branch == -2)
		return schema_fail_type(run, value, types);
	if (branch >= 0)
		return schema_check_node(run, branches->items[branch], value);
	if (!choice_fail_required(run, branches, value))
		return false;
	return choice_fail_nearest(run, branches, value);
}

static size_t choice_count(struct schema_run *run, const struct schema_list *branches,
	const struct value *value, size_t enough)
{
	size_t count = 0;
	for (size_t i = 0; count < enough && i < branches->count && !run->err->code; i++)
		count += schema_check_quietly(run, branches->items[i], value);
	return count;
}

bool schema_check_any(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	return choice_count(run, &node->any_of, value, 1) || choice_fail(run, &node->any_of, value);
}

bool schema_check_one(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	size_t count = choice_count(run, &node->one_of, value, 2);
	if (count > 1)
		return schema_fail(
			run, value, "fits more than one of the forms that exclude each other");
	return count == 1 || choice_fail(run, &node->one_of, value);
}
