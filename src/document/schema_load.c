#include "schema_internal.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/base/parse.h"
#include "mlops/base/vec.h"
#include "mlops/document/json_reader.h"

struct schema_loader {
	struct json_schema *schema;
	const struct document *document;
	struct error *err;
};

/* What a keyword's value must be, and what becomes of it. */
enum schema_keyword_kind {
	KEYWORD_SCHEMA, /* a schema: `const struct schema_node *` */
	KEYWORD_LIST, /* schemas, not none: struct schema_list */
	KEYWORD_NAMED, /* a mapping of schemas: struct schema_names */
	KEYWORD_PATTERNS, /* the same, keys are patterns */
	KEYWORD_COUNT, /* a whole number from 0: uint64_t */
	KEYWORD_NUMBER, /* `const struct value *` */
	KEYWORD_VALUE, /* any value: `const struct value *` */
	KEYWORD_KEYS, /* a list of distinct strings: `const struct value *` */
	KEYWORD_FLAG, /* bool */
	KEYWORD_TYPE,
	KEYWORD_ENUM,
	KEYWORD_PATTERN,
	KEYWORD_ITEMS,
	KEYWORD_DEPENDENCIES,
	KEYWORD_REF,
	KEYWORD_TEXT, /* an annotation that is a string */
	KEYWORD_ANY, /* an annotation */
	KEYWORD_ID /* at the root only: references inside do not use it */
};

struct schema_keyword {
	const char *name;
	enum schema_keyword_kind kind;
	size_t offset; /* into struct schema_node */
};

#define KEYWORD(name, kind, member)                                                                \
	{                                                                                          \
		name, kind, offsetof(struct schema_node, member)                                   \
	}

static const struct schema_keyword schema_keywords[] = {
	KEYWORD("type", KEYWORD_TYPE, types),
	KEYWORD("enum", KEYWORD_ENUM, choices),
	KEYWORD("const", KEYWORD_VALUE, constant),
	KEYWORD("properties", KEYWORD_NAMED, properties),
	KEYWORD("required", KEYWORD_KEYS, required),
	KEYWORD("additionalProperties", KEYWORD_SCHEMA, additional),
	KEYWORD("patternProperties", KEYWORD_PATTERNS, patterns),
	KEYWORD("propertyNames", KEYWORD_SCHEMA, property_names),
	KEYWORD("items", KEYWORD_ITEMS, items),
	KEYWORD("additionalItems", KEYWORD_SCHEMA, additional_items),
	KEYWORD("minItems", KEYWORD_COUNT, min_items),
	KEYWORD("maxItems", KEYWORD_COUNT, max_items),
	KEYWORD("uniqueItems", KEYWORD_FLAG, unique),
	KEYWORD("contains", KEYWORD_SCHEMA, contains),
	KEYWORD("minimum", KEYWORD_NUMBER, minimum),
	KEYWORD("maximum", KEYWORD_NUMBER, maximum),
	KEYWORD("exclusiveMinimum", KEYWORD_NUMBER, above),
	KEYWORD("exclusiveMaximum", KEYWORD_NUMBER, below),
	KEYWORD("multipleOf", KEYWORD_NUMBER, multiple),
	KEYWORD("minLength", KEYWORD_COUNT, min_length),
	KEYWORD("maxLength", KEYWORD_COUNT, max_length),
	KEYWORD("pattern", KEYWORD_PATTERN, pattern),
	KEYWORD("minProperties", KEYWORD_COUNT, min_properties),
	KEYWORD("maxProperties", KEYWORD_COUNT, max_properties),
	KEYWORD("dependencies", KEYWORD_DEPENDENCIES, dependencies),
	KEYWORD("allOf", KEYWORD_LIST, all_of),
	KEYWORD("anyOf", KEYWORD_LIST, any_of),
	KEYWORD("oneOf", KEYWORD_LIST, one_of),
	KEYWORD("not", KEYWORD_SCHEMA, negated),
	KEYWORD("if", KEYWORD_SCHEMA, condition),
	KEYWORD("then", KEYWORD_SCHEMA, then),
	KEYWORD("else", KEYWORD_SCHEMA, otherwise),
	KEYWORD("definitions", KEYWORD_NAMED, definitions),
	KEYWORD("default", KEYWORD_VALUE, absent),
	KEYWORD("deprecated", KEYWORD_FLAG, deprecated),
	{ "$ref", KEYWORD_REF, 0 },
	{ "title", KEYWORD_TEXT, 0 },
	{ "description", KEYWORD_TEXT, 0 },
	{ "format", KEYWORD_TEXT, 0 },
	{ "$comment", KEYWORD_TEXT, 0 },
	{ "$schema", KEYWORD_TEXT, 0 },
	{ "contentMediaType", KEYWORD_TEXT, 0 },
	{ "contentEncoding", KEYWORD_TEXT, 0 },
	{ "examples", KEYWORD_ANY, 0 },
	{ "readOnly", KEYWORD_ANY, 0 },
	{ "writeOnly", KEYWORD_ANY, 0 },
	{ "$id", KEYWORD_ID, 0 },
};

enum { SCHEMA_KEYWORDS = sizeof schema_keywords / sizeof *schema_keywords };

static int schema_load_fail(struct schema_loader *loader, const struct value *at,
	const char *keyword, const char *message)
{
	struct position position;
	position_set(&position, loader->schema->file, at->line, at->column);
	return error_set_at(
		loader->err, ERROR_INVALID, &position, "schema: %s: %s", keyword, message);
}

static int schema_load_node(
	struct schema_loader *loader, const struct value *source, const struct schema_node **ret);

static int schema_load_list(struct schema_loader *loader, const char *keyword,
	const struct value *source, struct schema_list *ret)
{
	if (source->kind != VALUE_SEQUENCE || !source->sequence.count)
		return schema_load_fail(loader, source, keyword, "must be a list of schemas");
	ret->items = arena_allocate(
		&loader->schema->arena, source->sequence.count, sizeof *ret->items, loader->err);
	if (!ret->items)
		return -ERROR_MEMORY;
	for (; ret->count < source->sequence.count; ret->count++) {
		int status = schema_load_node(
			loader, source->sequence.items[ret->count], &ret->items[ret->count]);
		if (status < 0)
			return status;
	}
	return 0;
}

static int schema_load_keys(struct schema_loader *loader, const char *keyword,
	const struct value *source, const struct value **ret)
{
	bool good = source->kind == VALUE_SEQUENCE;
	for (size_t i = 0; good && i < source->sequence.count; i++)
		good = source->sequence.items[i]->kind == VALUE_STRING;
	if (!good)
		return schema_load_fail(loader, source, keyword, "must be a list of strings");
	*ret = source;
	return 0;
}

/* A pattern of a key, as if it were a value. */
static int schema_load_key_pattern(
	struct schema_loader *loader, const struct value_entry *entry, struct schema_named *named)
{
	struct value text = { .kind = VALUE_STRING,
		.line = entry->key_line,
		.column = entry->key_column,
		.string = text_of(entry->key) };
	return schema_pattern_new(loader->schema, &text, &named->pattern, loader->err);
}

static int schema_load_names(struct schema_loader *loader, const struct schema_keyword *keyword,
	const struct value *source, struct schema_names *ret)
{
	if (source->kind != VALUE_MAPPING)
		return schema_load_fail(loader, source, keyword->name, "must be a mapping");
	ret->items = arena_allocate(
		&loader->schema->arena, source->mapping.count, sizeof *ret->items, loader->err);
	if (!ret->items)
		return -ERROR_MEMORY;
	for (; ret->count < source->mapping.count; ret->count++) {
		const struct value_entry *entry = &source->mapping.entries[ret->count];
		struct schema_named *named = &ret->items[ret->count];
		int status = 0;
		named->name = entry->key;
		if (keyword->kind == KEYWORD_PATTERNS)
			status = schema_load_key_pattern(loader, entry, named);
		if (status == 0 && keyword->kind == KEYWORD_DEPENDENCIES &&
			entry->value->kind == VALUE_SEQUENCE)
			status =
				schema_load_keys(loader, keyword->name, entry->value, &named->keys);
		else if (status == 0)
			status = schema_load_node(loader, entry->value, &named->node);
		if (status < 0)
			return status;
	}
	return 0;
}

static int schema_load_type_name(
	struct schema_loader *loader, const struct value *name, unsigned int *types)
{
	static const char *const names[] = { "null", "boolean", "integer", "number", "string",
		"array", "object" };
	for (size_t i = 0; name->kind == VALUE_STRING && i < 7; i++) {
		if (text_is(name->string, names[i])) {
			*types |= 1u << i;
			return 0;
		}
	}
	return schema_load_fail(loader, name, "type", "is none of the seven types");
}

static int schema_load_type(
	struct schema_loader *loader, const struct value *source, unsigned int *types)
{
	int status = 0;
	if (source->kind != VALUE_SEQUENCE)
		return schema_load_type_name(loader, source, types);
	for (size_t i = 0; status == 0 && i < source->sequence.count; i++)
		status = schema_load_type_name(loader, source->sequence.items[i], types);
	if (status == 0 && !*types)
		return schema_load_fail(loader, source, "type", "must not be empty");
	return status;
}

static int schema_load_count(struct schema_loader *loader, const char *keyword,
	const struct value *source, uint64_t *ret)
{
	if (source->kind == VALUE_INTEGER && source->integer >= 0)
		*ret = (uint64_t)source->integer;
	else if (source->kind == VALUE_FLOAT && source->number >= 0 && source->number < 0x1p63 &&
		 source->number == trunc(source->number))
		*ret = (uint64_t)source->number;
	else
		return schema_load_fail(loader, source, keyword, "must be a count");
	return 0;
}

static int schema_load_number(struct schema_loader *loader, const char *keyword,
	const struct value *source, const struct value **ret)
{
	bool integer = source->kind == VALUE_INTEGER;
	if (!integer && source->kind != VALUE_FLOAT)
		return schema_load_fail(loader, source, keyword, "must be a number");
	if (strcmp(keyword, "multipleOf") == 0 &&
		!(integer ? source->integer > 0 : source->number > 0))
		return schema_load_fail(loader, source, keyword, "must be over 0");
	*ret = source;
	return 0;
}

static int schema_load_items(
	struct schema_loader *loader, const struct value *source, struct schema_node *node)
{
	if (source->kind != VALUE_SEQUENCE)
		return schema_load_node(loader, source, &node->items);
	node->has_tuple = true;
	return source->sequence.count ? schema_load_list(loader, "items", source, &node->tuple) : 0;
}

static int schema_load_ref(
	struct schema_loader *loader, const struct value *source, struct schema_node *node)
{
	if (source->kind != VALUE_STRING || source->string.at[0] != '#')
		return schema_load_fail(
			loader, source, "$ref", "must name a place in this schema (#/...)");
	node->ref_text = source->string.at;
	return 0;
}

/* The keywords whose value is stored as a whole. */
static int schema_load_plain(struct schema_loader *loader, const struct schema_keyword *keyword,
	const struct value *source, struct schema_node *node)
{
	void *member = (char *)node + keyword->offset;
	switch (keyword->kind) {
	case KEYWORD_FLAG:
		if (source->kind != VALUE_BOOLEAN)
			return schema_load_fail(
				loader, source, keyword->name, "must be true or false");
		*(bool *)member = source->boolean;
		return 0;
	case KEYWORD_ENUM:
		if (source->kind != VALUE_SEQUENCE || !source->sequence.count)
			return schema_load_fail(
				loader, source, keyword->name, "must be a list of values");
		*(const struct value **)member = source;
		return 0;
	case KEYWORD_VALUE:
		*(const struct value **)member = source;
		return 0;
	case KEYWORD_TEXT:
		if (source->kind != VALUE_STRING)
			return schema_load_fail(loader, source, keyword->name, "must be a string");
		return 0;
	case KEYWORD_PATTERN:
		if (source->kind != VALUE_STRING)
			return schema_load_fail(loader, source, keyword->name, "must be a string");
		return schema_pattern_new(loader->schema, source,
			(const struct schema_pattern **)member, loader->err);
	case KEYWORD_ID:
		if (node->source != loader->document->root)
			return schema_load_fail(
				loader, source, keyword->name, "is known at the root only");
		return 0;
	default:
		return 0;
	}
}

static int schema_load_keyword(struct schema_loader *loader, const struct schema_keyword *keyword,
	const struct value *source, struct schema_node *node)
{
	void *member = (char *)node + keyword->offset;
	switch (keyword->kind) {
	case KEYWORD_SCHEMA:
		return schema_load_node(loader, source, (const struct schema_node **)member);
	case KEYWORD_LIST:
		return schema_load_list(loader, keyword->name, source, member);
	case KEYWORD_NAMED:
	case KEYWORD_PATTERNS:
	case KEYWORD_DEPENDENCIES:
		return schema_load_names(loader, keyword, source, member);
	case KEYWORD_COUNT:
		return schema_load_count(loader, keyword->name, source, member);
	case KEYWORD_NUMBER:
		return schema_load_number(loader, keyword->name, source, member);
	case KEYWORD_KEYS:
		return schema_load_keys(loader, keyword->name, source, member);
	case KEYWORD_TYPE:
		return schema_load_type(loader, source, member);
	case KEYWORD_ITEMS:
		return schema_load_items(loader, source, node);
	case KEYWORD_REF:
		return schema_load_ref(loader, source, node);
	default:
		return schema_load_plain(loader, keyword, source, node);
	}
}

static const struct schema_keyword *schema_keyword_find(const char *name)
{
	for (size_t i = 0; i < SCHEMA_KEYWORDS; i++) {
		if (strcmp(schema_keywords[i].name, name) == 0)
			return &schema_keywords[i];
	}
	return NULL;
}

static int schema_load_unknown(struct schema_loader *loader, const struct value_entry *entry)
{
	const char *names[SCHEMA_KEYWORDS + 1];
	for (size_t i = 0; i < SCHEMA_KEYWORDS; i++)
		names[i] = schema_keywords[i].name;
	names[SCHEMA_KEYWORDS] = NULL;
	const char *nearest = text_nearest(entry->key, names);
	struct position at;
	position_set(&at, loader->schema->file, entry->key_line, entry->key_column);
	error_set_at(loader->err, ERROR_INVALID, &at, "schema: '%s' is no keyword that is checked",
		entry->key);
	if (nearest)
		error_hint(loader->err, "did you mean '%s'?", nearest);
	return -ERROR_INVALID;
}

static int schema_load_node(
	struct schema_loader *loader, const struct value *source, const struct schema_node **ret)
{
	struct schema_node *node =
		arena_allocate(&loader->schema->arena, 1, sizeof *node, loader->err);
	if (!node)
		return -ERROR_MEMORY;
	node->source = source;
	node->max_length = node->max_items = node->max_properties = UINT64_MAX;
	node->next = loader->schema->nodes;
	loader->schema->nodes = node;
	*ret = node;
	if (source->kind == VALUE_BOOLEAN) {
		node->never = !source->boolean;
		return 0;
	}
	if (source->kind != VALUE_MAPPING)
		return schema_load_fail(loader, source, value_kind_name(source->kind),
			"a schema is a mapping, true or false");
	for (size_t i = 0; i < source->mapping.count; i++) {
		const struct value_entry *entry = &source->mapping.entries[i];
		const struct schema_keyword *keyword = schema_keyword_find(entry->key);
		int status = keyword ? schema_load_keyword(loader, keyword, entry->value, node)
				     : schema_load_unknown(loader, entry);
		if (status < 0)
			return status;
	}
	return 0;
}

static int schema_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One step of a JSON pointer (RFC 6901), with %XX of URI fragments, into `part`. */
static void schema_pointer_part(const char **at, struct strbuf *part)
{
	strbuf_clear(part);
	for (; **at && **at != '/'; ++*at) {
		const char *c = *at;
		if (*c == '~' && (c[1] == '0' || c[1] == '1')) {
			strbuf_add_char(part, c[1] == '0' ? '~' : '/');
			++*at;
		} else if (*c == '%' && schema_hex(c[1]) >= 0 && schema_hex(c[2]) >= 0) {
			strbuf_add_char(part, (char)(schema_hex(c[1]) * 16 + schema_hex(c[2])));
			*at += 2;
		} else {
			strbuf_add_char(part, *c);
		}
	}
}

static const struct value *schema_pointer(
	const struct value *root, const char *pointer, struct strbuf *part)
{
	while (root && *pointer == '/') {
		uint64_t index;
		pointer++;
		schema_pointer_part(&pointer, part);
		if (root->kind == VALUE_SEQUENCE)
			root = parse_u64(text_of(part->text), &index) &&
					       index < root->sequence.count
				       ? root->sequence.items[index]
				       : NULL;
		else
			root = value_member(root, part->text);
	}
	return *pointer ? NULL : root;
}

/* Gives a reference its node; a place that no keyword led to is loaded now. */
static int schema_resolve(struct schema_loader *loader, struct schema_node *node)
{
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	const struct value *target =
		schema_pointer(loader->document->root, node->ref_text + 1, &part);
	if (strbuf_check(&part, loader->err) < 0)
		return -ERROR_MEMORY;
	if (!target)
		return schema_load_fail(loader, node->source, "$ref",
			"there is nothing at this place of the schema");
	for (const struct schema_node *other = loader->schema->nodes; other; other = other->next) {
		if (other->source == target) {
			node->ref = other;
			return 0;
		}
	}
	return schema_load_node(loader, target, &node->ref);
}

/* Resolving may load nodes, which are put in front: until a walk finds nothing left. */
static int schema_resolve_all(struct schema_loader *loader)
{
	for (struct schema_node *node = loader->schema->nodes; node;) {
		bool open = node->ref_text && !node->ref;
		if (open && schema_resolve(loader, node) < 0)
			return -(int)loader->err->code;
		node = open ? loader->schema->nodes : node->next;
	}
	/* A chain of references must end. */
	for (struct schema_node *node = loader->schema->nodes; node; node = node->next) {
		const struct schema_node *slow = node, *fast = node;
		while (fast->ref && fast->ref->ref) {
			slow = slow->ref;
			fast = fast->ref->ref;
			if (slow == fast)
				return schema_load_fail(
					loader, node->source, "$ref", "leads back to itself");
		}
	}
	return 0;
}

const struct schema_node *schema_follow(const struct schema_node *node)
{
	while (node && node->ref)
		node = node->ref;
	return node;
}

static int schema_load_into(
	struct json_schema *schema, const struct document *document, struct error *err)
{
	struct schema_loader loader = { .schema = schema, .document = document, .err = err };
	const struct schema_node *root;
	schema->file = document->file;
	int status = schema_load_node(&loader, document->root, &root);
	if (status == 0)
		status = schema_resolve_all(&loader);
	if (status == 0)
		schema->root = root;
	return status;
}

int json_schema_load(
	const struct document *document, struct json_schema **ret_schema, struct error *err)
{
	AUTO(json_schema_free) struct json_schema *schema = memory_allocate(1, sizeof *schema, err);
	if (!schema)
		return -ERROR_MEMORY;
	int status = schema_load_into(schema, document, err);
	if (status < 0)
		return status;
	*ret_schema = TAKE(schema);
	return 0;
}

struct text json_schema_text(const char *name)
{
	char file[64];
	int length = snprintf(file, sizeof file, "%s.schema.json", name);
	bool fits = length > 0 && (size_t)length < sizeof file;
	return fits ? embedded_text(file) : (struct text){ NULL, 0 };
}

int json_schema_builtin(const char *name, struct json_schema **ret_schema, struct error *err)
{
	struct text text = json_schema_text(name);
	if (!text.at)
		return error_set(err, ERROR_NOT_FOUND, "there is no schema '%s'", name);
	AUTO(json_schema_free) struct json_schema *schema = memory_allocate(1, sizeof *schema, err);
	AUTO_FREE char *file = memory_format(err, "%s.schema.json", name);
	if (!schema || !file)
		return -ERROR_MEMORY;
	int status = json_read(text, file, &schema->document, err);
	if (status == 0)
		status = schema_load_into(schema, &schema->document, err);
	if (status < 0)
		return status;
	*ret_schema = TAKE(schema);
	return 0;
}

void json_schema_free(struct json_schema *schema)
{
	if (!schema)
		return;
	schema_patterns_free(schema->patterns);
	arena_release(&schema->arena);
	document_release(&schema->document);
	memory_free(schema);
}
