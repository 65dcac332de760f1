/* Dotted paths: reading, setting and listing by them; and the keys that they are made of. */
#include "value_internal.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/sort.h"

static bool value_path_is_plain(const char *key)
{
	return *key && !strpbrk(key, ".\"\\ \t\n=");
}

void value_path_add(struct strbuf *path, const char *key)
{
	if (path->length)
		strbuf_add_char(path, '.');
	if (value_path_is_plain(key)) {
		strbuf_add(path, key);
		return;
	}
	strbuf_add_char(path, '"');
	for (; *key; key++) {
		if (*key == '"' || *key == '\\')
			strbuf_add_char(path, '\\');
		strbuf_add_char(path, *key);
	}
	strbuf_add_char(path, '"');
}

/* A quoted part, after its opening quote; false if it is not closed or something follows. */
static bool value_path_quoted(const char **path, struct strbuf *part)
{
	const char *at = *path;
	while (*at && *at != '"') {
		if (*at == '\\' && at[1])
			at++;
		strbuf_add_char(part, *at++);
	}
	if (*at != '"' || (at[1] && at[1] != '.'))
		return false;
	*path = at[1] ? at + 2 : NULL;
	return !at[1] || at[2];
}

/* Takes the next part off the path (NULL at its end) into `part`; false if it is malformed. */
static bool value_path_next(const char **path, struct strbuf *part)
{
	strbuf_clear(part);
	const char *at = *path;
	if (*at == '"') {
		*path = at + 1;
		return value_path_quoted(path, part);
	}
	size_t length = strcspn(at, ".");
	strbuf_add_bytes(part, at, length);
	*path = at[length] ? at + length + 1 : NULL;
	return length && (!at[length] || at[length + 1]);
}

/* The item or member that one part names; NULL if there is none. */
static struct value **value_child(const struct value *value, const char *part)
{
	uint64_t index;
	if (value->kind == VALUE_SEQUENCE) {
		if (parse_u64(text_of(part), &index) && index < value->sequence.count)
			return &value->sequence.items[index];
		return NULL;
	}
	for (size_t i = 0; value->kind == VALUE_MAPPING && i < value->mapping.count; i++) {
		if (strcmp(value->mapping.entries[i].key, part) == 0)
			return &value->mapping.entries[i].value;
	}
	return NULL;
}

struct value *value_at_path(const struct value *value, const char *path)
{
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	struct value *found = NULL;
	while (value && path) {
		if (!value_path_next(&path, &part) || part.failed)
			return NULL;
		struct value **child = value_child(value, part.text);
		found = child ? *child : NULL;
		value = found;
	}
	return found;
}

/* Puts a value under one part: replaces, adds a member or appends to a sequence. */
static int value_put_child(struct arena *arena, struct value *parent, const char *part,
	struct value *value, struct error *err)
{
	struct value **child = value_child(parent, part);
	uint64_t index;
	if (child) {
		*child = value;
		return 0;
	}
	if (parent->kind == VALUE_MAPPING)
		return value_set_member(arena, parent, part, value, err);
	if (parse_u64(text_of(part), &index) && index == parent->sequence.count)
		return value_append(arena, parent, value, err);
	return error_set(err, ERROR_INVALID, "'%s' is not an index of a sequence of %zu", part,
		parent->sequence.count);
}

/* The child to go on through; made if it is absent or null. */
static struct value *value_step(
	struct arena *arena, struct value *parent, const char *part, struct error *err)
{
	struct value **child = value_child(parent, part);
	if (child && (*child)->kind != VALUE_NULL) {
		if ((*child)->kind == VALUE_MAPPING || (*child)->kind == VALUE_SEQUENCE)
			return *child;
		error_set(err, ERROR_INVALID, "'%s' is a %s and has no members", part,
			value_kind_name((*child)->kind));
		return NULL;
	}
	struct value *made = value_new(arena, VALUE_MAPPING, err);
	if (!made || value_put_child(arena, parent, part, made, err) < 0)
		return NULL;
	return made;
}

/* Levels of nesting from here on: 0 for a scalar. */
static size_t value_depth(const struct value *value)
{
	size_t deepest = 0, depth;
	bool mapping = value->kind == VALUE_MAPPING;
	if (!mapping && value->kind != VALUE_SEQUENCE)
		return 0;
	size_t count = mapping ? value->mapping.count : value->sequence.count;
	for (size_t i = 0; i < count; i++) {
		depth = value_depth(
			mapping ? value->mapping.entries[i].value : value->sequence.items[i]);
		if (depth > deepest)
			deepest = depth;
	}
	return deepest + 1;
}

int value_set_path(struct arena *arena, struct value *root, const char *path, struct value *value,
	struct error *err)
{
	AUTO(strbuf_release) struct strbuf part = STRBUF_INIT;
	const char *rest = path;
	size_t below = value_depth(value);
	for (size_t depth = 1;; depth++) {
		if (!value_path_next(&rest, &part))
			return error_set(err, ERROR_INVALID, "'%s' is not a path of keys", path);
		if (strbuf_check(&part, err) < 0)
			return -ERROR_MEMORY;
		if (depth + below > DOCUMENT_DEPTH)
			return error_set(err, ERROR_INVALID, "'%s' is over %d keys deep", path,
				DOCUMENT_DEPTH);
		if (!rest)
			return value_put_child(arena, root, part.text, value, err);
		root = value_step(arena, root, part.text, err);
		if (!root)
			return -(int)err->code;
	}
}

struct value_walk {
	int (*visit)(void *context, const char *path, const struct value *leaf);
	void *context;
	struct strbuf path;
	struct error *err;
};

static int value_walk_to(struct value_walk *walk, const char *key, const struct value *value);

static int value_walk_each(struct value_walk *walk, const struct value *value)
{
	int status = 0;
	if (value->kind == VALUE_MAPPING && value->mapping.count) {
		for (size_t i = 0; status == 0 && i < value->mapping.count; i++)
			status = value_walk_to(walk, value->mapping.entries[i].key,
				value->mapping.entries[i].value);
		return status;
	}
	if (value->kind == VALUE_SEQUENCE && value->sequence.count) {
		for (size_t i = 0; status == 0 && i < value->sequence.count; i++) {
			char index[24];
			snprintf(index, sizeof index, "%zu", i);
			status = value_walk_to(walk, index, value->sequence.items[i]);
		}
		return status;
	}
	status = strbuf_check(&walk->path, walk->err);
	return status ? status : walk->visit(walk->context, walk->path.text, value);
}

static int value_walk_to(struct value_walk *walk, const char *key, const struct value *value)
{
	size_t length = walk->path.length;
	value_path_add(&walk->path, key);
	int status = value_walk_each(walk, value);
	strbuf_truncate(&walk->path, length);
	return status;
}

int value_each_leaf(const struct value *root,
	int (*visit)(void *context, const char *path, const struct value *leaf), void *context,
	struct error *err)
{
	struct value_walk walk = {
		.visit = visit, .context = context, .path = STRBUF_INIT, .err = err
	};
	int status = value_walk_each(&walk, root);
	strbuf_release(&walk.path);
	return status;
}

static int value_compare_keys(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp((*(const struct value_entry *const *)a)->key,
		(*(const struct value_entry *const *)b)->key);
}

/* The earliest entry whose key has come before; NULL if there is none. */
static const struct value_entry *value_second(
	const struct value_entry **sorted, size_t count, const struct value_entry **ret_first)
{
	const struct value_entry *second = NULL;
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0 &&
			(!second || sorted[i] < second)) {
			second = sorted[i];
			*ret_first = sorted[i - 1];
		}
	}
	return second;
}

int value_check_keys(const struct value *mapping, const char *file, struct error *err)
{
	size_t count = mapping->mapping.count;
	if (count < 2)
		return 0;
	AUTO_FREE const struct value_entry **sorted = memory_allocate(count, sizeof *sorted, err);
	if (!sorted)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &mapping->mapping.entries[i];
	if (sort_items(sorted, count, sizeof *sorted, value_compare_keys, NULL, err) < 0)
		return -ERROR_MEMORY;
	const struct value_entry *first = NULL, *second = value_second(sorted, count, &first);
	if (!second)
		return 0;
	struct position at;
	position_set(&at, file, second->key_line, second->key_column);
	return error_set_at(err, ERROR_INVALID, &at,
		"key '%s' stands twice, first at line %u, column %u", second->key, first->key_line,
		first->key_column);
}
