/*
 * value: a document as a tree, every node with its place.
 *
 * YAML and JSON readers make it, the schema check reads it, `--set` changes it, and each room
 * reads its own section of it. All nodes and texts live in the document's arena and die with it.
 * Mappings keep the order of the file; keys are unique.
 */
#ifndef MLOPS_DOCUMENT_VALUE_H
#define MLOPS_DOCUMENT_VALUE_H

#include <stdint.h>

#include "mlops/base/arena.h"
#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"

/*
 * The bounds of what readers accept. The depth leaves room for the documents of --json around a
 * tree, whose writer has JSON_DEPTH.
 */
enum { DOCUMENT_DEPTH = 48, DOCUMENT_BYTES = 64 << 20, DOCUMENT_NODES = 1 << 20 };

enum value_kind {
	VALUE_NULL,
	VALUE_BOOLEAN,
	VALUE_INTEGER, /* fits int64 */
	VALUE_FLOAT,
	VALUE_STRING,
	VALUE_SEQUENCE,
	VALUE_MAPPING
};

struct value;
struct value_entry {
	const char *key;
	uint32_t key_line, key_column;
	struct value *value;
};

struct value {
	enum value_kind kind;
	uint32_t line, column; /* from 1; 0 for a node that no file holds */
	union {
		bool boolean;
		int64_t integer;
		double number;
		struct text string; /* NUL-terminated; may hold NUL bytes inside */
		struct {
			struct value **items;
			size_t count, capacity;
		} sequence;
		struct {
			struct value_entry *entries;
			size_t count, capacity;
		} mapping;
	};
};

struct document {
	char *file; /* as named in messages; in the arena */
	char *source; /* the bytes that were read, NUL-terminated, for showing the line; or NULL */
	size_t source_length;
	struct value *root;
	struct arena arena;
};

void document_release(struct document *document);
AUTO_RELEASE(struct document, document_release)

const char *value_kind_name(enum value_kind kind); /* "string", "mapping", … */

/* The member of a mapping; NULL if it is absent or `value` is NULL or no mapping. */
struct value *value_member(const struct value *value, const char *key);

/*
 * The node at a dotted path, "model.C" or "stages.0.cmd"; NULL if there is none. A key that holds
 * a dot, a quote or a blank stands in double quotes, with \\ and \" inside: data.types."a.b".
 */
struct value *value_at_path(const struct value *value, const char *path);

/*
 * Typed reads of an optional member: the default if it is absent or null. The schema has been
 * checked before, so another kind is a bug, except that an integer is a number too.
 */
const char *value_string_or(const struct value *mapping, const char *key, const char *otherwise);
double value_number_or(const struct value *mapping, const char *key, double otherwise);
int64_t value_integer_or(const struct value *mapping, const char *key, int64_t otherwise);
bool value_boolean_or(const struct value *mapping, const char *key, bool otherwise);

/* Builders; NULL on failure. */
struct value *value_new(struct arena *arena, enum value_kind kind, struct error *err) MUST_CHECK;
struct value *value_new_string(struct arena *arena, const char *text, struct error *err) MUST_CHECK;
int value_append(struct arena *arena, struct value *sequence, struct value *item,
	struct error *err) MUST_CHECK;
int value_set_member(struct arena *arena, struct value *mapping, const char *key,
	struct value *value, struct error *err) MUST_CHECK; /* adds or replaces */
/*
 * Replaces or makes the node at a dotted path, making mappings on the way; the index behind the
 * last appends to a sequence. ERROR_INVALID if the path leads through a scalar, is malformed or
 * deeper than DOCUMENT_DEPTH.
 */
int value_set_path(struct arena *arena, struct value *root, const char *path, struct value *value,
	struct error *err) MUST_CHECK;
struct value *value_copy(
	struct arena *arena, const struct value *value, struct error *err) MUST_CHECK;

/* Appends one part of a dotted path, quoted if it must be; with a dot before it if not the first. */
void value_path_add(struct strbuf *path, const char *key);

/* Equal values have equal hashes, also where value_equal() looks through order and 1.0. */
uint64_t value_hash(const struct value *value);

/* Same kinds and contents, 1 and 1.0 equal, mappings in any order: JSON Schema's equality. */
bool value_equal(const struct value *a, const struct value *b);

/*
 * Calls visit for each leaf with its dotted path ("model.C", "evaluate.metrics.0"), in order; an
 * empty mapping or sequence is a leaf. Stops at and returns the first non-zero result.
 */
int value_each_leaf(const struct value *root,
	int (*visit)(void *context, const char *path, const struct value *leaf), void *context,
	struct error *err);

/*
 * A scalar as text, as YAML would show it (strings without quotes): 1.0 is a float and 1 is not,
 * ".inf" and ".nan"; "" for others.
 */
void value_scalar_text(struct strbuf *buffer, const struct value *scalar);

#endif
