#include "value_internal.h"

#include <math.h>
#include <string.h>

#include "mlops/base/parse.h"

void document_release(struct document *document)
{
	if (!document)
		return;
	arena_release(&document->arena);
	*document = (struct document){ .file = NULL };
}

const char *value_kind_name(enum value_kind kind)
{
	static const char *const names[] = { "null", "boolean", "integer", "number", "string",
		"sequence", "mapping" };
	return names[kind];
}

struct value *value_member(const struct value *value, const char *key)
{
	if (!value || value->kind != VALUE_MAPPING)
		return NULL;
	for (size_t i = 0; i < value->mapping.count; i++) {
		if (strcmp(value->mapping.entries[i].key, key) == 0)
			return value->mapping.entries[i].value;
	}
	return NULL;
}

static const struct value *value_read_member(const struct value *mapping, const char *key)
{
	const struct value *member = value_member(mapping, key);
	return member && member->kind != VALUE_NULL ? member : NULL;
}

const char *value_string_or(const struct value *mapping, const char *key, const char *otherwise)
{
	const struct value *member = value_read_member(mapping, key);
	if (!member)
		return otherwise;
	if (member->kind != VALUE_STRING)
		BUG("'%s' is no string; was the schema checked?", key);
	return member->string.at;
}

double value_number_or(const struct value *mapping, const char *key, double otherwise)
{
	const struct value *member = value_read_member(mapping, key);
	if (!member)
		return otherwise;
	if (member->kind == VALUE_INTEGER)
		return (double)member->integer;
	if (member->kind != VALUE_FLOAT)
		BUG("'%s' is no number; was the schema checked?", key);
	return member->number;
}

int64_t value_integer_or(const struct value *mapping, const char *key, int64_t otherwise)
{
	const struct value *member = value_read_member(mapping, key);
	if (!member)
		return otherwise;
	/* To JSON Schema 1.0 is an integer too. */
	if (member->kind == VALUE_FLOAT && member->number == trunc(member->number) &&
		fabs(member->number) < 0x1p63)
		return (int64_t)member->number;
	if (member->kind != VALUE_INTEGER)
		BUG("'%s' is no integer; was the schema checked?", key);
	return member->integer;
}

bool value_boolean_or(const struct value *mapping, const char *key, bool otherwise)
{
	const struct value *member = value_read_member(mapping, key);
	if (!member)
		return otherwise;
	if (member->kind != VALUE_BOOLEAN)
		BUG("'%s' is no boolean; was the schema checked?", key);
	return member->boolean;
}

struct value *value_new(struct arena *arena, enum value_kind kind, struct error *err)
{
	struct value *value = arena_allocate(arena, 1, sizeof *value, err);
	if (!value)
		return NULL;
	value->kind = kind;
	if (kind == VALUE_STRING)
		value->string = TEXT("");
	return value;
}

struct value *value_new_string(struct arena *arena, const char *text, struct error *err)
{
	struct value *value = value_new(arena, VALUE_STRING, err);
	char *copy = value ? arena_copy_string(arena, text, err) : NULL;
	if (!copy)
		return NULL;
	value->string = text_of(copy);
	return value;
}

/* Room for one more of `size` bytes; the old array stays in the arena until it dies. */
static void *value_grow(struct arena *arena, void *items, size_t count, size_t *capacity,
	size_t size, struct error *err)
{
	if (count < *capacity)
		return items;
	size_t more = *capacity ? *capacity * 2 : 4;
	void *grown = arena_allocate(arena, more, size, err);
	if (!grown)
		return NULL;
	if (count)
		memcpy(grown, items, count * size);
	*capacity = more;
	return grown;
}

int value_append(struct arena *arena, struct value *sequence, struct value *item, struct error *err)
{
	void *items = value_grow(arena, sequence->sequence.items, sequence->sequence.count,
		&sequence->sequence.capacity, sizeof item, err);
	if (!items)
		return -ERROR_MEMORY;
	sequence->sequence.items = items;
	sequence->sequence.items[sequence->sequence.count++] = item;
	return 0;
}

int value_add_entry(struct arena *arena, struct value *mapping, const struct value_entry *entry,
	struct error *err)
{
	void *entries = value_grow(arena, mapping->mapping.entries, mapping->mapping.count,
		&mapping->mapping.capacity, sizeof *entry, err);
	if (!entries)
		return -ERROR_MEMORY;
	mapping->mapping.entries = entries;
	mapping->mapping.entries[mapping->mapping.count++] = *entry;
	return 0;
}

int value_set_member(struct arena *arena, struct value *mapping, const char *key,
	struct value *value, struct error *err)
{
	for (size_t i = 0; i < mapping->mapping.count; i++) {
		if (strcmp(mapping->mapping.entries[i].key, key) == 0) {
			mapping->mapping.entries[i].value = value;
			return 0;
		}
	}
	struct value_entry entry = { .key = arena_copy_string(arena, key, err), .value = value };
	if (!entry.key)
		return -ERROR_MEMORY;
	return value_add_entry(arena, mapping, &entry, err);
}

static struct value *value_copy_sequence(
	struct arena *arena, const struct value *value, struct value *copy, struct error *err)
{
	for (size_t i = 0; i < value->sequence.count; i++) {
		struct value *item = value_copy(arena, value->sequence.items[i], err);
		if (!item || value_append(arena, copy, item, err) < 0)
			return NULL;
	}
	return copy;
}

static struct value *value_copy_mapping(
	struct arena *arena, const struct value *value, struct value *copy, struct error *err)
{
	for (size_t i = 0; i < value->mapping.count; i++) {
		struct value_entry entry = value->mapping.entries[i];
		entry.key = arena_copy_string(arena, entry.key, err);
		entry.value = entry.key ? value_copy(arena, entry.value, err) : NULL;
		if (!entry.value || value_add_entry(arena, copy, &entry, err) < 0)
			return NULL;
	}
	return copy;
}

struct value *value_copy(struct arena *arena, const struct value *value, struct error *err)
{
	struct value *copy = value_new(arena, value->kind, err);
	if (!copy)
		return NULL;
	copy->line = value->line;
	copy->column = value->column;
	switch (value->kind) {
	case VALUE_STRING:
		copy->string.length = value->string.length;
		copy->string.at =
			arena_copy_bytes(arena, value->string.at, value->string.length, err);
		return copy->string.at ? copy : NULL;
	case VALUE_SEQUENCE:
		return value_copy_sequence(arena, value, copy, err);
	case VALUE_MAPPING:
		return value_copy_mapping(arena, value, copy, err);
	case VALUE_NULL:
		break;
	case VALUE_BOOLEAN:
		copy->boolean = value->boolean;
		break;
	case VALUE_INTEGER:
		copy->integer = value->integer;
		break;
	case VALUE_FLOAT:
		copy->number = value->number;
		break;
	}
	return copy;
}

static bool value_equal_number(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER)
		return a->integer == b->integer;
	if (a->kind == VALUE_FLOAT && b->kind == VALUE_FLOAT)
		return a->number == b->number || (isnan(a->number) && isnan(b->number));
	int64_t integer = a->kind == VALUE_INTEGER ? a->integer : b->integer;
	double number = a->kind == VALUE_FLOAT ? a->number : b->number;
	/* Compared as integers: above 2^53 two integers share a double. */
	return number >= -0x1p63 && number < 0x1p63 && number == trunc(number) &&
	       (int64_t)number == integer;
}

static bool value_is_number(const struct value *value)
{
	return value->kind == VALUE_INTEGER || value->kind == VALUE_FLOAT;
}

static bool value_equal_mapping(const struct value *a, const struct value *b)
{
	if (a->mapping.count != b->mapping.count)
		return false;
	for (size_t i = 0; i < a->mapping.count; i++) {
		const struct value_entry *entry = &a->mapping.entries[i];
		/* Mostly the order is the same too. */
		const struct value *other = strcmp(b->mapping.entries[i].key, entry->key) == 0
						    ? b->mapping.entries[i].value
						    : value_member(b, entry->key);
		if (!other || !value_equal(entry->value, other))
			return false;
	}
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (value_is_number(a) && value_is_number(b))
		return value_equal_number(a, b);
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_BOOLEAN:
		return a->boolean == b->boolean;
	case VALUE_STRING:
		return text_equal(a->string, b->string);
	case VALUE_MAPPING:
		return value_equal_mapping(a, b);
	case VALUE_SEQUENCE:
		if (a->sequence.count != b->sequence.count)
			return false;
		for (size_t i = 0; i < a->sequence.count; i++) {
			if (!value_equal(a->sequence.items[i], b->sequence.items[i]))
				return false;
		}
		return true;
	default:
		return true;
	}
}

static uint64_t value_mix(uint64_t hash)
{
	/* The finaliser of SplitMix64. */
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

static uint64_t value_hash_bytes(struct text text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (uint8_t)text.at[i]) * UINT64_C(0x100000001b3);
	return value_mix(hash);
}

uint64_t value_hash(const struct value *value)
{
	uint64_t hash = value_is_number(value) ? VALUE_FLOAT : value->kind;
	double number = 0;
	switch (value->kind) {
	case VALUE_NULL:
		break;
	case VALUE_BOOLEAN:
		hash += 16u * (1u + value->boolean);
		break;
	case VALUE_INTEGER:
	case VALUE_FLOAT:
		number = value->kind == VALUE_INTEGER ? (double)value->integer : value->number;
		number = number == 0 ? 0 : isnan(number) ? (double)NAN : number;
		hash ^= value_hash_bytes((struct text){ (const char *)&number, sizeof number });
		break;
	case VALUE_STRING:
		hash ^= value_hash_bytes(value->string);
		break;
	case VALUE_SEQUENCE:
		for (size_t i = 0; i < value->sequence.count; i++)
			hash = value_mix(hash + value_hash(value->sequence.items[i]));
		break;
	case VALUE_MAPPING:
		for (size_t i = 0; i < value->mapping.count; i++) /* a sum: order plays no part */
			hash += value_mix(value_hash_bytes(text_of(value->mapping.entries[i].key)) ^
					  value_hash(value->mapping.entries[i].value) * 3);
		break;
	}
	return value_mix(hash);
}

/* "1" and "1e+20" are made to look like the floats they are. */
static void value_float_text(struct strbuf *buffer, double number)
{
	if (isnan(number)) {
		strbuf_add(buffer, ".nan");
		return;
	}
	if (isinf(number)) {
		strbuf_add(buffer, number < 0 ? "-.inf" : ".inf");
		return;
	}
	AUTO(strbuf_release) struct strbuf digits = STRBUF_INIT;
	strbuf_add_double(&digits, number);
	const char *exponent = strchr(digits.text, 'e');
	size_t mantissa = exponent ? (size_t)(exponent - digits.text) : digits.length;
	strbuf_add_bytes(buffer, digits.text, mantissa);
	if (!memchr(digits.text, '.', mantissa))
		strbuf_add(buffer, ".0");
	strbuf_add(buffer, digits.text + mantissa);
	if (digits.failed)
		buffer->failed = true;
}

void value_scalar_text(struct strbuf *buffer, const struct value *scalar)
{
	switch (scalar->kind) {
	case VALUE_NULL:
		strbuf_add(buffer, "null");
		break;
	case VALUE_BOOLEAN:
		strbuf_add(buffer, scalar->boolean ? "true" : "false");
		break;
	case VALUE_INTEGER:
		strbuf_printf(buffer, "%lld", (long long)scalar->integer);
		break;
	case VALUE_FLOAT:
		value_float_text(buffer, scalar->number);
		break;
	case VALUE_STRING:
		strbuf_add_bytes(buffer, scalar->string.at, scalar->string.length);
		break;
	default:
		break;
	}
}
