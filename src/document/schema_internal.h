/*
 * A schema as it is checked: one node per (sub)schema, absent keywords at the values that check
 * nothing. Nodes live in the arena of the json_schema and point into the schema's document.
 */
#ifndef MLOPS_DOCUMENT_SCHEMA_INTERNAL_H
#define MLOPS_DOCUMENT_SCHEMA_INTERNAL_H

#include "mlops/document/schema.h"

/* Bits of `type`. To JSON Schema an integral float is an integer too. */
enum {
	SCHEMA_NULL = 1,
	SCHEMA_BOOLEAN = 2,
	SCHEMA_INTEGER = 4,
	SCHEMA_NUMBER = 8,
	SCHEMA_STRING = 16,
	SCHEMA_ARRAY = 32,
	SCHEMA_OBJECT = 64
};

struct schema_node;
struct schema_pattern;

struct schema_list {
	const struct schema_node **items;
	size_t count;
};

struct schema_named {
	const char *name;
	const struct schema_node *node; /* NULL for a dependency on keys */
	const struct value *keys; /* of a dependency */
	const struct schema_pattern *pattern; /* of patternProperties */
};

struct schema_names {
	struct schema_named *items;
	size_t count;
};

struct schema_node {
	struct schema_node *next; /* of all nodes */
	const struct value *source;
	const char *ref_text;
	const struct schema_node *ref; /* then nothing else checks */
	bool never; /* the schema false */
	unsigned int types; /* 0: any */
	const struct value *constant, *choices;
	const struct value *minimum, *maximum, *above, *below, *multiple;
	uint64_t min_length, max_length, min_items, max_items, min_properties, max_properties;
	bool unique;
	const struct schema_pattern *pattern;
	const struct schema_node *items, *additional_items, *contains;
	struct schema_list tuple; /* items as a list */
	bool has_tuple;
	struct schema_names properties, patterns, dependencies, definitions;
	const struct value *required;
	const struct schema_node *additional, *property_names;
	struct schema_list all_of, any_of, one_of;
	const struct schema_node *negated, *condition, *then, *otherwise;
	const struct value *absent; /* default */
	bool deprecated;
};

struct json_schema {
	struct arena arena;
	struct schema_node *nodes;
	const struct schema_node *root;
	struct schema_pattern *patterns; /* all, for release */
	struct document document; /* of a built-in schema */
	const char *file;
};

/* Follows $ref to a node that has none; bounded by the check of the loader for loops. */
const struct schema_node *schema_follow(const struct schema_node *node);

/* schema_pattern.c */
int schema_pattern_new(struct json_schema *schema, const struct value *text,
	const struct schema_pattern **ret, struct error *err) MUST_CHECK;
bool schema_pattern_matches(const struct schema_pattern *pattern, struct text text);
const char *schema_pattern_text(const struct schema_pattern *pattern);
void schema_patterns_free(struct schema_pattern *patterns);

/* What a check is doing. Without `problems` it only answers yes or no, as soon as it can. */
struct schema_run {
	struct problems *problems;
	const char *file;
	struct strbuf path; /* dotted, of the node under check */
	bool placed; /* the document has places: a node without one was set by hand */
	/* Of the key that holds the node; 0 in a sequence and at the root. */
	uint32_t key_line, key_column;
	unsigned depth;
	uint64_t steps;
	struct error *err; /* set if the check cannot go on */
};

/* schema_check.c: is the value valid? Reports if it may. False too after run->err was set. */
bool schema_check_node(
	struct schema_run *run, const struct schema_node *node, const struct value *value);
bool schema_check_quietly(
	struct schema_run *run, const struct schema_node *node, const struct value *value);
bool schema_has_type(const struct value *value, unsigned int types);

/* schema_choice.c: anyOf and oneOf. */
bool schema_check_any(
	struct schema_run *run, const struct schema_node *node, const struct value *value);
bool schema_check_one(
	struct schema_run *run, const struct schema_node *node, const struct value *value);

/*
 * The branch that a property with const or enum chooses: its index, or -1. *ret_property is that
 * property's name if the branches have one; then -1 says that the value fits none.
 */
int schema_discriminate(
	const struct schema_list *branches, const struct value *value, const char **ret_property);

/* The constants that a node accepts by const or enum, appended; false if it has neither. */
bool schema_constants(
	const struct schema_node *node, const struct value **ret, size_t most, size_t *count);

/* schema_text.c: the messages. All return false, so that a check can return them. */
bool schema_fail(struct schema_run *run, const struct value *value, const char *format, ...)
	PRINTF_LIKE(3, 4);
bool schema_fail_hint(struct schema_run *run, const struct value *value, const char *hint,
	const char *format, ...) PRINTF_LIKE(4, 5);
bool schema_fail_type(struct schema_run *run, const struct value *value, unsigned int types);
bool schema_fail_choice(struct schema_run *run, const struct value *value,
	const struct value *const *choices, size_t count);
bool schema_fail_key(
	struct schema_run *run, const struct schema_node *node, const struct value_entry *entry);
bool schema_fail_pattern(
	struct schema_run *run, const struct schema_node *node, const struct value *value);
/* At the key that holds the value, where the value itself is a whole section. */
bool schema_fail_section(struct schema_run *run, const struct value *value, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* "'text'", "12", "a mapping": a value in a message, cut if long. */
void schema_name_value(struct strbuf *buffer, const struct value *value);

#endif
