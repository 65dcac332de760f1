#include "schema_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/sort.h"
#include "mlops/base/utf8.h"

enum {
	SCHEMA_DEPTH = 400, /* nested checks: a document and its references */
	SCHEMA_STEPS = 8 << 20 /* checks of a node: what branches in branches may multiply to */
};

static bool schema_is_number(const struct value *value)
{
	return value->kind == VALUE_INTEGER || value->kind == VALUE_FLOAT;
}

bool schema_has_type(const struct value *value, unsigned int types)
{
	static const unsigned int bits[] = { SCHEMA_NULL, SCHEMA_BOOLEAN,
		SCHEMA_INTEGER | SCHEMA_NUMBER, SCHEMA_NUMBER, SCHEMA_STRING, SCHEMA_ARRAY,
		SCHEMA_OBJECT };
	unsigned int has = bits[value->kind];
	if (value->kind == VALUE_FLOAT && value->number == trunc(value->number) &&
		isfinite(value->number))
		has |= SCHEMA_INTEGER;
	return (has & types) != 0;
}

/* long double holds int64 and double exactly on the machines we know. */
static long double schema_number(const struct value *value)
{
	return value->kind == VALUE_INTEGER ? (long double)value->integer
					    : (long double)value->number;
}

static bool schema_is_multiple(const struct value *value, const struct value *of)
{
	if (value->kind == VALUE_INTEGER && of->kind == VALUE_INTEGER)
		return value->integer % of->integer == 0;
	double quotient = (double)schema_number(value) / (double)schema_number(of);
	/* 0.0075 is a multiple of 0.0001 to everybody but binary fractions. */
	return isfinite(quotient) &&
	       fabs(quotient - round(quotient)) <= 1e-9 * fmax(1, fabs(quotient));
}

/* A bound that the value breaks, in words; false. */
static bool schema_fail_bound(struct schema_run *run, const struct value *value, const char *words,
	const struct value *bound)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	schema_name_value(&text, value);
	strbuf_printf(&text, " %s ", words);
	schema_name_value(&text, bound);
	return schema_fail(run, value, "%s", text.text);
}

static bool schema_check_number(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	long double number = schema_number(value);
	if (node->minimum && !(number >= schema_number(node->minimum)))
		return schema_fail_bound(run, value, "is below", node->minimum);
	if (node->maximum && !(number <= schema_number(node->maximum)))
		return schema_fail_bound(run, value, "is above", node->maximum);
	if (node->above && !(number > schema_number(node->above)))
		return schema_fail_bound(run, value, "is not above", node->above);
	if (node->below && !(number < schema_number(node->below)))
		return schema_fail_bound(run, value, "is not below", node->below);
	if (node->multiple && !schema_is_multiple(value, node->multiple))
		return schema_fail_bound(run, value, "is not a multiple of", node->multiple);
	return true;
}

static bool schema_check_string(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	bool counted = node->min_length || node->max_length != UINT64_MAX;
	uint64_t length = counted ? utf8_count(value->string) : 0;
	if (length < node->min_length)
		return length ? schema_fail(run, value, "has %llu characters, fewer than %llu",
					(unsigned long long)length,
					(unsigned long long)node->min_length)
			      : schema_fail(run, value, "is empty");
	if (length > node->max_length)
		return schema_fail(run, value, "has %llu characters, more than %llu",
			(unsigned long long)length, (unsigned long long)node->max_length);
	if (node->pattern && !schema_pattern_matches(node->pattern, value->string))
		return schema_fail_pattern(run, node, value);
	return true;
}

/* Enters the member or item `key` of the path for one check. */
static bool schema_check_child(struct schema_run *run, const struct schema_node *node,
	const char *key, const struct value_entry *entry, const struct value *value)
{
	size_t length = run->path.length;
	uint32_t line = run->key_line, column = run->key_column;
	if (run->problems)
		value_path_add(&run->path, key);
	run->key_line = entry ? entry->key_line : 0;
	run->key_column = entry ? entry->key_column : 0;
	bool valid = schema_check_node(run, node, value);
	strbuf_truncate(&run->path, length);
	run->key_line = line;
	run->key_column = column;
	return valid;
}

static bool schema_check_item(struct schema_run *run, const struct schema_node *node,
	const struct value *value, size_t index)
{
	char key[24];
	snprintf(key, sizeof key, "%zu", index);
	return schema_check_child(run, node, key, NULL, value->sequence.items[index]);
}

struct schema_hashed {
	uint64_t hash;
	size_t index;
};

static int schema_compare_hashed(const void *a, const void *b, void *context)
{
	const struct schema_hashed *first = a, *second = b;
	(void)context;
	return (first->hash > second->hash) - (first->hash < second->hash);
}

/* The first item that has come before: its index, and that one's; false if there is none. */
static bool schema_find_twice(const struct value *value, const struct schema_hashed *hashed,
	size_t *ret_first, size_t *ret_second)
{
	size_t count = value->sequence.count, second = SIZE_MAX;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count && hashed[j].hash == hashed[i].hash; j++) {
			if (hashed[j].index < second &&
				value_equal(value->sequence.items[hashed[i].index],
					value->sequence.items[hashed[j].index])) {
				second = hashed[j].index;
				*ret_first = hashed[i].index;
			}
		}
	}
	*ret_second = second;
	return second != SIZE_MAX;
}

static bool schema_check_unique(struct schema_run *run, const struct value *value)
{
	size_t count = value->sequence.count, first, second;
	if (count < 2)
		return true;
	AUTO_FREE struct schema_hashed *hashed = memory_allocate(count, sizeof *hashed, run->err);
	if (!hashed)
		return false;
	for (size_t i = 0; i < count; i++)
		hashed[i] = (struct schema_hashed){ value_hash(value->sequence.items[i]), i };
	if (sort_items(hashed, count, sizeof *hashed, schema_compare_hashed, NULL, run->err) < 0)
		return false;
	if (!schema_find_twice(value, hashed, &first, &second))
		return true;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	schema_name_value(&text, value->sequence.items[second]);
	return schema_fail(run, value->sequence.items[second], "%s stands twice, at %zu and %zu",
		text.text, first, second);
}

static bool schema_check_items(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	bool valid = true;
	for (size_t i = 0; (valid || run->problems) && i < value->sequence.count; i++) {
		const struct schema_node *item = node->items;
		if (node->has_tuple)
			item = i < node->tuple.count ? node->tuple.items[i]
						     : node->additional_items;
		if (item)
			valid &= schema_check_item(run, item, value, i);
	}
	return valid;
}

static bool schema_check_contains(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	for (size_t i = 0; i < value->sequence.count; i++) {
		if (schema_check_quietly(run, node->contains, value->sequence.items[i]))
			return true;
	}
	return schema_fail_section(run, value, "has no item of the kind that must be there");
}

static bool schema_check_sequence(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	size_t count = value->sequence.count;
	bool valid = true;
	if (count < node->min_items)
		valid = schema_fail_section(run, value, "has %zu items, fewer than %llu", count,
			(unsigned long long)node->min_items);
	if (count > node->max_items)
		valid = schema_fail_section(run, value, "has %zu items, more than %llu", count,
			(unsigned long long)node->max_items);
	if (node->unique && (valid || run->problems))
		valid &= schema_check_unique(run, value);
	if (node->contains && (valid || run->problems))
		valid &= schema_check_contains(run, node, value);
	if ((node->items || node->has_tuple) && (valid || run->problems))
		valid &= schema_check_items(run, node, value);
	return valid;
}

/* One member against properties, patternProperties and additionalProperties. */
static bool schema_check_member(
	struct schema_run *run, const struct schema_node *node, const struct value_entry *entry)
{
	bool valid = true, known = false;
	for (size_t i = 0; i < node->properties.count; i++) {
		const struct schema_named *named = &node->properties.items[i];
		if (strcmp(named->name, entry->key) == 0) {
			known = true;
			valid &= schema_check_child(
				run, named->node, entry->key, entry, entry->value);
		}
	}
	for (size_t i = 0; i < node->patterns.count; i++) {
		const struct schema_named *named = &node->patterns.items[i];
		if (schema_pattern_matches(named->pattern, text_of(entry->key))) {
			known = true;
			valid &= schema_check_child(
				run, named->node, entry->key, entry, entry->value);
		}
	}
	if (known || !node->additional)
		return valid;
	if (node->additional->never)
		return schema_fail_key(run, node, entry);
	return schema_check_child(run, node->additional, entry->key, entry, entry->value);
}

static bool schema_check_name(
	struct schema_run *run, const struct schema_node *node, const struct value_entry *entry)
{
	struct value name = { .kind = VALUE_STRING,
		.line = entry->key_line,
		.column = entry->key_column,
		.string = text_of(entry->key) };
	return schema_check_child(run, node->property_names, entry->key, NULL, &name);
}

static bool schema_check_required(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	bool valid = true;
	for (size_t i = 0; node->required && i < node->required->sequence.count; i++) {
		const char *key = node->required->sequence.items[i]->string.at;
		if (!value_member(value, key))
			valid = schema_fail_section(run, value, "'%s' is missing", key);
	}
	return valid;
}

static bool schema_check_dependency(
	struct schema_run *run, const struct schema_named *dependency, const struct value *value)
{
	bool valid = true;
	if (!value_member(value, dependency->name))
		return true;
	if (dependency->node)
		return schema_check_node(run, dependency->node, value);
	for (size_t i = 0; i < dependency->keys->sequence.count; i++) {
		const char *key = dependency->keys->sequence.items[i]->string.at;
		if (!value_member(value, key))
			valid = schema_fail_section(run, value, "'%s' is missing, which '%s' needs",
				key, dependency->name);
	}
	return valid;
}

static bool schema_check_mapping(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	size_t count = value->mapping.count;
	bool valid = schema_check_required(run, node, value);
	if (count < node->min_properties)
		valid = count ? schema_fail_section(run, value, "has %zu members, fewer than %llu",
					count, (unsigned long long)node->min_properties)
			      : schema_fail_section(run, value, "is empty");
	if (count > node->max_properties)
		valid = schema_fail_section(run, value, "has %zu members, more than %llu", count,
			(unsigned long long)node->max_properties);
	for (size_t i = 0; (valid || run->problems) && i < count; i++) {
		if (node->property_names)
			valid &= schema_check_name(run, node, &value->mapping.entries[i]);
		valid &= schema_check_member(run, node, &value->mapping.entries[i]);
	}
	for (size_t i = 0; (valid || run->problems) && i < node->dependencies.count; i++)
		valid &= schema_check_dependency(run, &node->dependencies.items[i], value);
	return valid;
}

static bool schema_check_not(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	const struct value *keys = node->negated->required;
	if (!schema_check_quietly(run, node->negated, value))
		return run->err->code == ERROR_NONE;
	/* "not: {required: [a, b]}" is how schemas say that two keys exclude each other. */
	if (keys && keys->sequence.count == 2 && node->negated->source->mapping.count == 1)
		return schema_fail_section(run, value, "'%s' and '%s' exclude each other",
			keys->sequence.items[0]->string.at, keys->sequence.items[1]->string.at);
	if (keys && keys->sequence.count == 1 && node->negated->source->mapping.count == 1)
		return schema_fail_section(
			run, value, "'%s' is not allowed here", keys->sequence.items[0]->string.at);
	return schema_fail(run, value, "is of a kind that is not allowed here");
}

static bool schema_check_combined(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	bool valid = true;
	for (size_t i = 0; (valid || run->problems) && i < node->all_of.count; i++)
		valid &= schema_check_node(run, node->all_of.items[i], value);
	if (node->any_of.count && (valid || run->problems))
		valid &= schema_check_any(run, node, value);
	if (node->one_of.count && (valid || run->problems))
		valid &= schema_check_one(run, node, value);
	if (node->negated && (valid || run->problems))
		valid &= schema_check_not(run, node, value);
	if (node->condition && (node->then || node->otherwise)) {
		bool holds = schema_check_quietly(run, node->condition, value);
		const struct schema_node *branch = holds ? node->then : node->otherwise;
		if (run->err->code)
			return false;
		if (branch && (valid || run->problems))
			valid &= schema_check_node(run, branch, value);
	}
	return valid;
}

static bool schema_check_value(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	if (node->types && !schema_has_type(value, node->types))
		return schema_fail_type(run, value, node->types);
	if (node->constant && !value_equal(value, node->constant))
		return schema_fail_choice(run, value, &node->constant, 1);
	if (!node->choices)
		return true;
	for (size_t i = 0; i < node->choices->sequence.count; i++) {
		if (value_equal(value, node->choices->sequence.items[i]))
			return true;
	}
	return schema_fail_choice(run, value,
		(const struct value *const *)node->choices->sequence.items,
		node->choices->sequence.count);
}

static bool schema_check_kind(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	if (schema_is_number(value))
		return schema_check_number(run, node, value);
	if (value->kind == VALUE_STRING)
		return schema_check_string(run, node, value);
	if (value->kind == VALUE_SEQUENCE)
		return schema_check_sequence(run, node, value);
	return value->kind != VALUE_MAPPING || schema_check_mapping(run, node, value);
}

static void schema_warn_deprecated(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	struct position at;
	if (!run->problems)
		return;
	position_set(&at, run->file, run->key_line ? run->key_line : value->line,
		run->key_column ? run->key_column : value->column);
	const char *advice = value_string_or(node->source, "description", "");
	problem_hint(problems_warn(run->problems, &at, "%s: is deprecated", run->path.text), "%s",
		advice);
}

bool schema_check_node(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	node = schema_follow(node);
	if (run->err->code)
		return false;
	if (++run->steps > SCHEMA_STEPS || run->depth >= SCHEMA_DEPTH) {
		error_set(run->err, ERROR_INVALID,
			"the schema goes round in circles on this document");
		return false;
	}
	if (node->never)
		return schema_fail_section(run, value, "is not allowed here");
	if (node->deprecated)
		schema_warn_deprecated(run, node, value);
	run->depth++;
	bool valid = schema_check_value(run, node, value);
	/* A value of the wrong type or choice would only fail in more ways. */
	if (valid)
		valid = schema_check_kind(run, node, value);
	if (valid || run->problems)
		valid &= schema_check_combined(run, node, value);
	run->depth--;
	return valid && !run->err->code;
}

bool schema_check_quietly(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	struct problems *problems = run->problems;
	run->problems = NULL;
	bool valid = schema_check_node(run, node, value);
	run->problems = problems;
	return valid;
}

int json_schema_check(const struct json_schema *schema, const struct document *document,
	struct problems *problems, struct error *err)
{
	struct error failure = ERROR_INIT;
	struct schema_run run = { .problems = problems,
		.file = document->file,
		.path = STRBUF_INIT,
		.placed = document->root->line != 0,
		.err = &failure };
	schema_check_node(&run, schema->root, document->root);
	int status = strbuf_check(&run.path, err);
	strbuf_release(&run.path);
	if (failure.code)
		*err = failure;
	return failure.code ? -(int)failure.code : status;
}
