/*
 * One setting in a file, the rest as it was. The text is edited by lines; whether that did what it
 * should is checked by reading it again, and if it did not, the whole file is written anew.
 */
#include "config_internal.h"

#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/path.h"
#include "mlops/document/json_writer.h"
#include "mlops/document/yaml.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"

struct config_edit {
	struct document document; /* the old text */
	const char *section, *key;
	const struct value *value; /* NULL: remove */
	struct strbuf text; /* the new one */
};

static void config_edit_release(struct config_edit *edit)
{
	document_release(&edit->document);
	strbuf_release(&edit->text);
}
AUTO_RELEASE(struct config_edit, config_edit_release)

static const struct value_entry *config_write_find(const struct value *mapping, const char *key)
{
	for (size_t i = 0; mapping->kind == VALUE_MAPPING && i < mapping->mapping.count; i++) {
		if (strcmp(mapping->mapping.entries[i].key, key) == 0)
			return &mapping->mapping.entries[i];
	}
	return NULL;
}

/* The value as a node: numbers and booleans unquoted, lists as sequences. */
static struct value *config_write_value(
	struct arena *arena, const struct setting *setting, const char *text, struct error *err)
{
	struct text rest = text_of(text), part;
	struct value *value = value_new(arena, VALUE_STRING, err);
	if (!value)
		return NULL;
	value->string = rest;
	if (setting->type == SETTING_BOOLEAN && parse_bool(rest, &value->boolean))
		value->kind = VALUE_BOOLEAN;
	else if (setting->type != SETTING_LIST && parse_i64(rest, &value->integer) &&
		 setting->type != SETTING_TEXT)
		value->kind = VALUE_INTEGER;
	else if (setting->type == SETTING_NUMBER && parse_f64(rest, &value->number))
		value->kind = VALUE_FLOAT;
	if (value->kind != VALUE_STRING)
		return value;
	value->string = rest;
	if (setting->type != SETTING_LIST)
		return value;
	*value = (struct value){ .kind = VALUE_SEQUENCE };
	while (rest.length && text_split(&rest, ',', &part)) {
		part = text_trim(part);
		struct value *item = value_new(arena, VALUE_STRING, err);
		char *copy = item ? arena_copy_bytes(arena, part.at, part.length, err) : NULL;
		if (!copy || value_append(arena, value, item, err) < 0)
			return NULL;
		item->string = text_of(copy);
	}
	return value;
}

/* With a newline. A mapping in braces, so that it is one line too: JSON is YAML. */
static void config_write_text(struct config_edit *edit)
{
	struct json_writer json;
	if (edit->value->kind != VALUE_MAPPING) {
		yaml_write(&edit->text, edit->value);
		return;
	}
	json_begin(&json, &edit->text, 0);
	json_value(&json, edit->value);
	strbuf_add_char(&edit->text, '\n');
}

static void config_write_line(struct config_edit *edit, size_t indent)
{
	strbuf_add_repeated(&edit->text, ' ', indent);
	strbuf_printf(&edit->text, "%s: ", edit->key);
	config_write_text(edit);
}

/* Where the value's text ends in its line: before a comment and the blanks in front of it. */
static size_t config_write_end(struct text line, size_t start)
{
	size_t end = start;
	char quote = start < line.length ? line.at[start] : '\0';
	if (quote == '"' || quote == '\'') {
		for (end++; end < line.length && line.at[end] != quote; end++)
			end += quote == '"' && line.at[end] == '\\';
		return end < line.length ? end + 1 : line.length;
	}
	while (end < line.length &&
		!(line.at[end] == '#' && end > start && line.at[end - 1] == ' '))
		end++;
	while (end > start && (line.at[end - 1] == ' ' || line.at[end - 1] == '\r'))
		end--;
	return end;
}

/* The line with another value; without it if the key is to go. */
static void config_write_changed(
	struct config_edit *edit, struct text line, const struct value_entry *entry)
{
	size_t start = entry->value->column - 1;
	if (!edit->value)
		return;
	if (entry->value->line != entry->key_line || start > line.length) {
		config_write_line(edit, entry->key_column - 1);
		return;
	}
	size_t end = config_write_end(line, start);
	strbuf_add_bytes(&edit->text, line.at, start);
	config_write_text(edit);
	strbuf_truncate(&edit->text, edit->text.length - 1); /* its newline */
	strbuf_add_bytes(&edit->text, line.at + end, line.length - end);
	strbuf_add_char(&edit->text, '\n');
}

/* Copies the lines, changing or adding one. */
static void config_write_lines(struct config_edit *edit)
{
	const struct value_entry *section = config_write_find(edit->document.root, edit->section);
	const struct value_entry *key =
		section ? config_write_find(section->value, edit->key) : NULL;
	struct text rest = { edit->document.source, edit->document.source_length };
	bool filled =
		section && section->value->kind == VALUE_MAPPING && section->value->mapping.count;
	size_t indent = filled ? section->value->mapping.entries[0].key_column - 1 : 2;
	for (uint32_t number = 1; rest.length; number++) {
		const char *newline = memchr(rest.at, '\n', rest.length);
		size_t length = newline ? (size_t)(newline - rest.at) : rest.length;
		struct text line = { rest.at, length };
		if (key && number == key->key_line) {
			config_write_changed(edit, line, key);
		} else if (!key || edit->value || number != section->key_line ||
			   section->value->mapping.count != 1) {
			/* A section whose only setting goes, goes too. */
			strbuf_add_bytes(&edit->text, line.at, line.length);
			strbuf_add_char(&edit->text, '\n');
		}
		if (section && !key && number == section->key_line)
			config_write_line(edit, indent);
		rest.at += length + (newline != NULL);
		rest.length -= length + (newline != NULL);
	}
	if (!section) {
		strbuf_printf(&edit->text, "%s:\n", edit->section);
		config_write_line(edit, indent);
	}
}

/* The tree as it should be afterwards, made from the old one. */
static int config_write_expected(struct config_edit *edit, struct error *err)
{
	struct arena *arena = &edit->document.arena;
	struct value *root = edit->document.root;
	if (root->kind == VALUE_NULL)
		*root = (struct value){ .kind = VALUE_MAPPING };
	struct value *section = value_member(root, edit->section);
	if (section && edit->value == NULL) {
		size_t at = 0;
		while (strcmp(section->mapping.entries[at].key, edit->key) != 0)
			at++;
		memmove(section->mapping.entries + at, section->mapping.entries + at + 1,
			(--section->mapping.count - at) * sizeof *section->mapping.entries);
		return 0;
	}
	if (!section || section->kind == VALUE_NULL) {
		section = value_new(arena, VALUE_MAPPING, err);
		if (!section || value_set_member(arena, root, edit->section, section, err) < 0)
			return -ERROR_MEMORY;
	}
	struct value *copy = value_copy(arena, edit->value, err);
	return copy ? value_set_member(arena, section, edit->key, copy, err) : -ERROR_MEMORY;
}

/* Equal, where a section without settings is the same as none. */
static bool config_write_same(const struct value *a, const struct value *b)
{
	for (size_t i = 0; a->kind == VALUE_MAPPING && i < a->mapping.count; i++) {
		const struct value *other = value_member(b, a->mapping.entries[i].key);
		const struct value *value = a->mapping.entries[i].value;
		bool empty = value->kind == VALUE_NULL ||
			     (value->kind == VALUE_MAPPING && !value->mapping.count);
		if (other ? !value_equal(value, other) && !empty : !empty)
			return false;
	}
	return true;
}

/* Is the edited text what was wanted? If not, the file is laid out anew. */
static int config_write_settle(
	struct config_edit *edit, const char *path, bool *ret_rewritten, struct error *err)
{
	AUTO(document_release) struct document again = { .root = NULL };
	struct error ignored = ERROR_INIT;
	struct text text = { edit->text.text, edit->text.length };
	if (strbuf_check(&edit->text, err) < 0 || config_write_expected(edit, err) < 0)
		return -(int)err->code;
	*ret_rewritten = yaml_read(text, path, &again, &ignored) < 0 ||
			 !config_write_same(edit->document.root, again.root) ||
			 !config_write_same(again.root, edit->document.root);
	if (!*ret_rewritten)
		return 0;
	strbuf_clear(&edit->text);
	yaml_write(&edit->text, edit->document.root);
	return strbuf_check(&edit->text, err);
}

static int config_write_read(const char *path, struct config_edit *edit, struct error *err)
{
	if (yaml_read_file(path, &edit->document, err) == 0)
		return 0;
	if (err->code != ERROR_NOT_FOUND)
		return -(int)err->code;
	error_clear(err);
	return yaml_read(TEXT(""), path, &edit->document, err);
}

static int config_write_check(const char *path, enum config_layer layer,
	const struct setting *setting, const char *name, const char *text, struct error *err)
{
	if (!setting) {
		const char *nearest = setting_nearest(name);
		error_set(err, ERROR_NOT_FOUND, "there is no setting '%s'", name);
		return nearest ? error_hint(err, "did you mean '%s'?", nearest) : -ERROR_NOT_FOUND;
	}
	if (layer == CONFIG_REPOSITORY && text && setting->flags & SETTING_GUARDED) {
		error_set(
			err, ERROR_USAGE, "'%s' names programs or hosts: not in '%s'", name, path);
		return error_hint(err, "set it for yourself: mlops config set --user");
	}
	return text ? setting_parse(setting, text, NULL, err) : 0;
}

static int config_write_save(const char *path, const struct strbuf *text, struct error *err)
{
	AUTO_FREE char *folder = path_parent(path, err);
	if (!folder || directory_make(folder, err) < 0)
		return -(int)err->code;
	return atomic_write(path, text->text, text->length, 0644, err);
}

int config_change(const char *path, const char *section, const char *key, config_make_value *make,
	const void *context, bool *ret_rewritten, struct error *err)
{
	AUTO(config_edit_release)
	struct config_edit edit = { .text = STRBUF_INIT, .section = section, .key = key };
	*ret_rewritten = false;
	if (config_write_read(path, &edit, err) < 0)
		return -(int)err->code;
	const struct value *root = edit.document.root;
	if (root->kind != VALUE_MAPPING && root->kind != VALUE_NULL)
		return error_set(err, ERROR_INVALID, "'%s' is not a mapping of sections", path);
	const struct value_entry *found = config_write_find(root, section);
	if (!make && !(found && config_write_find(found->value, key)))
		return error_set(
			err, ERROR_NOT_FOUND, "'%s.%s' is not set in '%s'", section, key, path);
	if (found && found->value->kind != VALUE_MAPPING && found->value->kind != VALUE_NULL)
		return error_set(
			err, ERROR_INVALID, "'%s' in '%s' is not a section", section, path);
	if (make && !(edit.value = make(&edit.document.arena, context, err)))
		return -ERROR_MEMORY;
	config_write_lines(&edit);
	if (config_write_settle(&edit, path, ret_rewritten, err) < 0)
		return -(int)err->code;
	return config_write_save(path, &edit.text, err);
}

struct config_write_setting {
	const struct setting *setting;
	const char *text;
};

static struct value *config_write_make(struct arena *arena, const void *context, struct error *err)
{
	const struct config_write_setting *wanted = context;
	return config_write_value(arena, wanted->setting, wanted->text, err);
}

int config_set(const char *path, enum config_layer layer, const char *name, const char *text,
	bool *ret_rewritten, struct error *err)
{
	struct config_write_setting wanted = { setting_find(name), text };
	*ret_rewritten = false;
	if (config_write_check(path, layer, wanted.setting, name, text, err) < 0)
		return -(int)err->code;
	const char *dot = strchr(name, '.');
	AUTO_FREE char *section = memory_format(err, "%.*s", (int)(dot - name), name);
	return section ? config_change(path, section, dot + 1, text ? config_write_make : NULL,
				 &wanted, ret_rewritten, err)
		       : -ERROR_MEMORY;
}
