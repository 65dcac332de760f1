#include "mlops/document/yaml.h"

#include <string.h>
#include <yaml.h>

#include "mlops/base/map.h"
#include "mlops/base/utf8.h"
#include "place_internal.h"
#include "scalar_internal.h"
#include "value_internal.h"

struct yaml_reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	bool has_event;
	struct arena *arena;
	const char *file;
	struct place place;
	struct map anchors; /* name to node; to yaml_open while the node is being read */
	size_t nodes;
	bool fragment; /* of a command line: flow style only, no places */
	struct error *err;
};

/* The memory of a document: nodes, entries, texts and the source. */
enum { YAML_ARENA = 512 << 20 };

static struct value yaml_open;

static struct position yaml_position(struct yaml_reader *reader, const yaml_mark_t *mark)
{
	struct position at;
	place_to_character(&reader->place, mark->index);
	if (reader->fragment)
		position_set(&at, reader->file, 0, 0);
	else
		position_set(&at, reader->file, reader->place.line, place_column(&reader->place));
	return at;
}

static int yaml_fail(struct yaml_reader *reader, const yaml_mark_t *mark, const char *message)
{
	struct position at = yaml_position(reader, mark);
	return error_set_at(reader->err, ERROR_INVALID, &at, "%s", message);
}

/* What libyaml means, in words of people who have not read its source. */
static void yaml_hint(struct yaml_reader *reader)
{
	const char *problem = reader->parser.problem;
	struct text text = reader->place.text;
	size_t at = reader->place.byte;
	if (strstr(problem, "mapping values are not allowed"))
		error_hint(reader->err, "a text that holds ': ' must be quoted, and members of one "
					"mapping stand in one column");
	else if (strstr(problem, "cannot start any token") && at < text.length &&
		 text.at[at] == '\t')
		error_hint(reader->err, "indent with spaces; YAML does not allow tabs");
	else if (strstr(problem, "cannot start any token"))
		error_hint(
			reader->err, "a text that starts with one of %%@`&*!|>'\" must be quoted");
	else if (strstr(problem, "did not find expected key"))
		error_hint(reader->err, "is the indentation that of the lines above?");
	else if (strstr(problem, "expected ',' or"))
		error_hint(reader->err, "a bracket or brace is not closed");
	else if (strstr(problem, "unexpected end of stream"))
		error_hint(reader->err, "a quote is not closed");
}

static int yaml_syntax_error(struct yaml_reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	if (parser->error == YAML_MEMORY_ERROR)
		return error_set(reader->err, ERROR_MEMORY, "cannot read '%s'", reader->file);
	if (parser->error == YAML_READER_ERROR) {
		struct position at;
		place_to_byte(&reader->place, parser->problem_offset);
		position_set(&at, reader->file, reader->place.line, place_column(&reader->place));
		return error_set_at(reader->err, ERROR_INVALID, &at, "%s", parser->problem);
	}
	struct position at = yaml_position(reader, &parser->problem_mark);
	if (parser->context && !reader->fragment)
		error_set_at(reader->err, ERROR_INVALID, &at, "%s (%s from line %zu)",
			parser->problem, parser->context, parser->context_mark.line + 1);
	else
		error_set_at(reader->err, ERROR_INVALID, &at, "%s", parser->problem);
	yaml_hint(reader);
	return -ERROR_INVALID;
}

static int yaml_advance(struct yaml_reader *reader)
{
	if (reader->has_event)
		yaml_event_delete(&reader->event);
	reader->has_event = yaml_parser_parse(&reader->parser, &reader->event);
	return reader->has_event ? 0 : yaml_syntax_error(reader);
}

static struct value *yaml_new(
	struct yaml_reader *reader, enum value_kind kind, const struct position *at)
{
	if (++reader->nodes > DOCUMENT_NODES) {
		error_set_at(reader->err, ERROR_INVALID, at,
			"the document has over %d nodes, aliases counted as often as they stand",
			DOCUMENT_NODES);
		return NULL;
	}
	struct value *value = value_new(reader->arena, kind, reader->err);
	if (value) {
		value->line = at->line;
		value->column = at->column;
	}
	return value;
}

static int yaml_check_depth(struct yaml_reader *reader, unsigned depth, const struct position *at)
{
	if (depth <= DOCUMENT_DEPTH)
		return 0;
	return error_set_at(
		reader->err, ERROR_INVALID, at, "nested deeper than %d levels", DOCUMENT_DEPTH);
}

/* An anchored node in its second place. Texts never change, so they are shared. */
static struct value *yaml_expand(struct yaml_reader *reader, const struct value *value,
	unsigned depth, const struct position *at)
{
	bool mapping = value->kind == VALUE_MAPPING, sequence = value->kind == VALUE_SEQUENCE;
	if ((mapping || sequence) && yaml_check_depth(reader, depth + 1, at) < 0)
		return NULL;
	struct value *copy = yaml_new(reader, value->kind, at);
	if (!copy)
		return NULL;
	if (!mapping && !sequence)
		*copy = *value;
	copy->line = value->line;
	copy->column = value->column;
	for (size_t i = 0; sequence && i < value->sequence.count; i++) {
		struct value *item = yaml_expand(reader, value->sequence.items[i], depth + 1, at);
		if (!item || value_append(reader->arena, copy, item, reader->err) < 0)
			return NULL;
	}
	for (size_t i = 0; mapping && i < value->mapping.count; i++) {
		struct value_entry entry = value->mapping.entries[i];
		entry.value = yaml_expand(reader, entry.value, depth + 1, at);
		if (!entry.value || value_add_entry(reader->arena, copy, &entry, reader->err) < 0)
			return NULL;
	}
	return copy;
}

static struct value *yaml_alias(struct yaml_reader *reader, unsigned depth)
{
	struct position at = yaml_position(reader, &reader->event.start_mark);
	const char *name = (const char *)reader->event.data.alias.anchor;
	const struct value *value = map_get(&reader->anchors, name);
	if (!value || value == &yaml_open) {
		error_set_at(reader->err, ERROR_INVALID, &at,
			value ? "alias '*%s' stands inside what it names"
			      : "no anchor '&%s' before this",
			name);
		return NULL;
	}
	return yaml_expand(reader, value, depth, &at);
}

static int yaml_anchor(struct yaml_reader *reader, const char *name, struct value *value)
{
	return name ? map_put(&reader->anchors, name, value, reader->err) : 0;
}

static int yaml_check_tag(struct yaml_reader *reader, const char *tag, const char *const *allowed)
{
	for (; tag && *allowed; allowed++) {
		if (strcmp(tag, *allowed) == 0)
			return 0;
	}
	if (!tag)
		return 0;
	struct position at = yaml_position(reader, &reader->event.start_mark);
	error_set_at(reader->err, ERROR_INVALID, &at, "tag '%s' is not known here", tag);
	return error_hint(reader->err, "leave tags (!) out, and quote a text that starts with '!'");
}

/* Kind and content of a scalar by style, tag and text; the text is in the arena. */
static int yaml_resolve(struct yaml_reader *reader, const char *tag, bool plain, struct text text,
	struct value *value)
{
	static const char *const kinds[] = { "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool",
		"tag:yaml.org,2002:int", "tag:yaml.org,2002:float" };
	bool typed = tag && strcmp(tag, "!") != 0 && strcmp(tag, YAML_STR_TAG) != 0;
	value->kind = VALUE_STRING;
	value->string = text;
	if ((tag && !typed) || (!tag && !plain))
		return 0;
	if (!scalar_resolve(text, value))
		return yaml_fail(reader, &reader->event.start_mark,
			"the number is too large for this program");
	if (typed && value->kind == VALUE_INTEGER && strcmp(tag, kinds[VALUE_FLOAT]) == 0) {
		value->kind = VALUE_FLOAT;
		value->number = (double)value->integer;
	}
	if (typed && (value->kind > VALUE_FLOAT || strcmp(tag, kinds[value->kind]) != 0))
		return yaml_fail(reader, &reader->event.start_mark,
			"the value is not of the kind that its tag says");
	return 0;
}

static struct value *yaml_scalar(struct yaml_reader *reader)
{
	static const char *const tags[] = { "!", YAML_STR_TAG, YAML_NULL_TAG, YAML_BOOL_TAG,
		YAML_INT_TAG, YAML_FLOAT_TAG, NULL };
	const char *tag = (const char *)reader->event.data.scalar.tag;
	struct position at = yaml_position(reader, &reader->event.start_mark);
	if (yaml_check_tag(reader, tag, tags) < 0)
		return NULL;
	struct value *value = yaml_new(reader, VALUE_STRING, &at);
	size_t length = reader->event.data.scalar.length;
	char *copy = value ? arena_copy_bytes(reader->arena, reader->event.data.scalar.value,
				     length, reader->err)
			   : NULL;
	bool plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (!copy || yaml_resolve(reader, tag, plain, (struct text){ copy, length }, value) < 0)
		return NULL;
	if (yaml_anchor(reader, (const char *)reader->event.data.scalar.anchor, value) < 0)
		return NULL;
	return value;
}

static struct value *yaml_node(struct yaml_reader *reader, unsigned depth);

static int yaml_key(struct yaml_reader *reader, struct value_entry *entry)
{
	const yaml_mark_t *mark = &reader->event.start_mark;
	if (reader->event.type == YAML_ALIAS_EVENT)
		return yaml_fail(reader, mark, "a key may not be an alias");
	if (reader->event.type != YAML_SCALAR_EVENT)
		return yaml_fail(reader, mark, "a key must be a text, not a collection");
	size_t length = reader->event.data.scalar.length;
	const char *text = (const char *)reader->event.data.scalar.value;
	bool plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (strlen(text) != length)
		return yaml_fail(reader, mark, "a key may not hold NUL");
	if (plain && strcmp(text, "<<") == 0) {
		yaml_fail(reader, mark, "merge keys are not part of YAML 1.2");
		return error_hint(reader->err, "write the members out, or quote the key");
	}
	static const char *const tags[] = { "!", YAML_STR_TAG, NULL };
	if (yaml_check_tag(reader, (const char *)reader->event.data.scalar.tag, tags) < 0)
		return -ERROR_INVALID;
	if (reader->event.data.scalar.anchor)
		return yaml_fail(reader, mark, "a key may not have an anchor");
	struct position at = yaml_position(reader, mark);
	entry->key = arena_copy_bytes(reader->arena, text, length, reader->err);
	entry->key_line = at.line;
	entry->key_column = at.column;
	return entry->key ? 0 : -ERROR_MEMORY;
}

static int yaml_mapping(struct yaml_reader *reader, struct value *mapping, unsigned depth)
{
	for (;;) {
		struct value_entry entry = { .key = NULL };
		if (yaml_advance(reader) < 0)
			return -(int)reader->err->code;
		if (reader->event.type == YAML_MAPPING_END_EVENT)
			return value_check_keys(mapping, reader->file, reader->err);
		int status = yaml_key(reader, &entry);
		if (status < 0 || yaml_advance(reader) < 0)
			return -(int)reader->err->code;
		entry.value = yaml_node(reader, depth);
		if (!entry.value ||
			value_add_entry(reader->arena, mapping, &entry, reader->err) < 0)
			return -(int)reader->err->code;
	}
}

static int yaml_sequence(struct yaml_reader *reader, struct value *sequence, unsigned depth)
{
	for (;;) {
		if (yaml_advance(reader) < 0)
			return -(int)reader->err->code;
		if (reader->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		struct value *item = yaml_node(reader, depth);
		if (!item || value_append(reader->arena, sequence, item, reader->err) < 0)
			return -(int)reader->err->code;
	}
}

static struct value *yaml_collection(struct yaml_reader *reader, unsigned depth)
{
	static const char *const tags[] = { "!", YAML_SEQ_TAG, NULL };
	static const char *const mapping_tags[] = { "!", YAML_MAP_TAG, NULL };
	const yaml_event_t *event = &reader->event;
	bool mapping = event->type == YAML_MAPPING_START_EVENT;
	bool block = mapping ? event->data.mapping_start.style == YAML_BLOCK_MAPPING_STYLE
			     : event->data.sequence_start.style == YAML_BLOCK_SEQUENCE_STYLE;
	const yaml_char_t *tag =
		mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	const yaml_char_t *anchor =
		mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
	struct position at = yaml_position(reader, &event->start_mark);
	if (yaml_check_depth(reader, depth + 1, &at) < 0 ||
		yaml_check_tag(reader, (const char *)tag, mapping ? mapping_tags : tags) < 0)
		return NULL;
	if (reader->fragment && block) {
		yaml_fail(reader, &event->start_mark, "not one value");
		error_hint(reader->err, "quote a text that holds ': ' or starts with '- '");
		return NULL;
	}
	struct value *value = yaml_new(reader, mapping ? VALUE_MAPPING : VALUE_SEQUENCE, &at);
	char *name = NULL;
	if (!value || (anchor && !(name = arena_copy_string(
					   reader->arena, (const char *)anchor, reader->err))))
		return NULL;
	if (yaml_anchor(reader, name, &yaml_open) < 0)
		return NULL;
	int status = mapping ? yaml_mapping(reader, value, depth + 1)
			     : yaml_sequence(reader, value, depth + 1);
	if (status < 0 || yaml_anchor(reader, name, value) < 0)
		return NULL;
	return value;
}

static struct value *yaml_node(struct yaml_reader *reader, unsigned depth)
{
	switch (reader->event.type) {
	case YAML_SCALAR_EVENT:
		return yaml_scalar(reader);
	case YAML_ALIAS_EVENT:
		return yaml_alias(reader, depth);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return yaml_collection(reader, depth);
	default:
		BUG("libyaml gave event %d in place of a node", (int)reader->event.type);
	}
}

/* From the start of the stream to its end: one document, or none, which is null. */
static struct value *yaml_document(struct yaml_reader *reader)
{
	if (yaml_advance(reader) < 0 || yaml_advance(reader) < 0)
		return NULL;
	if (reader->event.type == YAML_STREAM_END_EVENT) {
		struct position at;
		position_set(&at, reader->file, !reader->fragment, !reader->fragment);
		return yaml_new(reader, VALUE_NULL, &at);
	}
	struct value *root = yaml_advance(reader) < 0 ? NULL : yaml_node(reader, 0);
	if (!root || yaml_advance(reader) < 0 || yaml_advance(reader) < 0)
		return NULL;
	if (reader->event.type != YAML_STREAM_END_EVENT) {
		yaml_fail(reader, &reader->event.start_mark,
			"a second document starts here; only one is read");
		return NULL;
	}
	return root;
}

static int yaml_check_bytes(struct text bytes, const char *file, struct error *err)
{
	if (bytes.length > DOCUMENT_BYTES)
		return error_set(
			err, ERROR_INVALID, "'%s' is over %d MiB", file, DOCUMENT_BYTES >> 20);
	size_t valid = utf8_check(bytes);
	if (valid == bytes.length)
		return 0;
	struct place place;
	struct position at;
	place_init(&place, bytes);
	place_to_byte(&place, valid);
	position_set(&at, file, place.line, place_column(&place));
	return error_set_at(err, ERROR_INVALID, &at, "the text is not UTF-8");
}

static struct value *yaml_run(struct yaml_reader *reader, struct text bytes)
{
	place_init(&reader->place, bytes);
	if (!yaml_parser_initialize(&reader->parser)) {
		error_set(reader->err, ERROR_MEMORY, "cannot read '%s'", reader->file);
		return NULL;
	}
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->place.text.at,
		reader->place.text.length);
	map_init(&reader->anchors, NULL);
	struct value *root = yaml_document(reader);
	if (reader->has_event)
		yaml_event_delete(&reader->event);
	yaml_parser_delete(&reader->parser);
	map_release(&reader->anchors);
	return root;
}

int yaml_read(struct text bytes, const char *file, struct document *ret_document, struct error *err)
{
	struct document document = { .arena = ARENA_INIT(YAML_ARENA) };
	struct yaml_reader reader = { .file = file ? file : "", .err = err };
	if (text_starts_with(bytes, "\xEF\xBB\xBF")) /* byte order mark */
		bytes = (struct text){ bytes.at + 3, bytes.length - 3 };
	if (yaml_check_bytes(bytes, reader.file, err) < 0 ||
		place_keep_source(&document, bytes, file, err) < 0) {
		document_release(&document);
		return -(int)err->code;
	}
	reader.arena = &document.arena;
	document.root = yaml_run(&reader, (struct text){ document.source, document.source_length });
	if (!document.root) {
		document_release(&document);
		return -(int)err->code;
	}
	*ret_document = document;
	return 0;
}

struct value *yaml_read_fragment(
	struct arena *arena, const char *text, const char *file, struct error *err)
{
	struct yaml_reader reader = {
		.arena = arena, .file = file ? file : "", .fragment = true, .err = err
	};
	return yaml_run(&reader, text_of(text));
}
