/* What a check says. */
#include "schema_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/utf8.h"
#include "mlops/base/vec.h"

enum {
	SCHEMA_SHOWN = 60, /* columns of a value in a message */
	SCHEMA_LISTED = 16 /* choices and keys that are listed */
};

void schema_name_value(struct strbuf *buffer, const struct value *value)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	switch (value->kind) {
	case VALUE_MAPPING:
		strbuf_add(buffer, "a mapping");
		return;
	case VALUE_SEQUENCE:
		strbuf_add(buffer, "a sequence");
		return;
	case VALUE_STRING:
		strbuf_add_char(buffer, '\'');
		utf8_truncate(buffer, value->string, SCHEMA_SHOWN, false);
		strbuf_add_char(buffer, '\'');
		return;
	case VALUE_FLOAT: /* bounds read better as 1 than as 1.0 */
		strbuf_add_double(buffer, value->number);
		return;
	default:
		value_scalar_text(buffer, value);
	}
}

PRINTF_LIKE(3, 0)
static struct problem *schema_vreport(
	struct schema_run *run, const struct position *at, const char *format, va_list args)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (run->path.length)
		strbuf_printf(&text, "%s: ", run->path.text);
	strbuf_vprintf(&text, format, args);
	return problems_add(run->problems, at, "%s", text.text);
}

static struct position schema_position(const struct schema_run *run, const struct value *value)
{
	struct position at;
	/* What --set made has no line: it is named as it was typed. */
	if (!value->line && run->placed && run->path.length) {
		position_set(&at, NULL, 0, 0);
		snprintf(at.file, sizeof at.file, "--set %.200s", run->path.text);
		return at;
	}
	position_set(&at, run->file, value->line, value->column);
	return at;
}

bool schema_fail(struct schema_run *run, const struct value *value, const char *format, ...)
{
	if (!run->problems)
		return false;
	struct position at = schema_position(run, value);
	va_list args;
	va_start(args, format);
	schema_vreport(run, &at, format, args);
	va_end(args);
	return false;
}

bool schema_fail_hint(struct schema_run *run, const struct value *value, const char *hint,
	const char *format, ...)
{
	if (!run->problems)
		return false;
	struct position at = schema_position(run, value);
	va_list args;
	va_start(args, format);
	struct problem *problem = schema_vreport(run, &at, format, args);
	va_end(args);
	if (hint && hint[0])
		problem_hint(problem, "%s", hint);
	return false;
}

bool schema_fail_section(struct schema_run *run, const struct value *value, const char *format, ...)
{
	if (!run->problems)
		return false;
	struct position at = schema_position(run, value);
	if (run->key_line && (value->line || !run->placed))
		position_set(&at, run->file, run->key_line, run->key_column);
	va_list args;
	va_start(args, format);
	schema_vreport(run, &at, format, args);
	va_end(args);
	return false;
}

/* "a number", "a string or true or false" */
static void schema_name_types(struct strbuf *buffer, unsigned int types)
{
	static const char *const names[] = { "null", "true or false", "a whole number", "a number",
		"a text", "a sequence", "a mapping" };
	bool first = true;
	if (types & SCHEMA_NUMBER)
		types &= ~(unsigned)SCHEMA_INTEGER;
	for (size_t i = 0; i < 7; i++) {
		if (!(types >> i & 1))
			continue;
		strbuf_printf(buffer, "%s%s", first ? "" : " or ", names[i]);
		first = false;
	}
}

static bool schema_is_any(struct text text, const char *const *words)
{
	for (; *words; words++) {
		if (text_is(text, *words))
			return true;
	}
	return false;
}

/* YAML 1.1 habits, forgotten quotes and missing values have their own advice. */
static void schema_type_hint(struct strbuf *hint, const struct value *value, unsigned int types)
{
	static const char *const yes[] = { "yes", "Yes", "YES", "on", "On", "ON", "y", "Y", NULL };
	static const char *const no[] = { "no", "No", "NO", "off", "Off", "OFF", "n", "N", NULL };
	bool scalar = value->kind != VALUE_MAPPING && value->kind != VALUE_SEQUENCE;
	if (value->kind == VALUE_STRING && types & SCHEMA_BOOLEAN &&
		schema_is_any(value->string, yes))
		strbuf_add(hint, "write true");
	else if (value->kind == VALUE_STRING && types & SCHEMA_BOOLEAN &&
		 schema_is_any(value->string, no))
		strbuf_add(hint, "write false");
	else if (value->kind == VALUE_NULL)
		strbuf_add(hint, types & SCHEMA_STRING ? "write a value, or \"\" for an empty text"
						       : "write a value, or leave the key out");
	else if (scalar && types & SCHEMA_STRING) {
		strbuf_add(hint, "quote it: \"");
		value_scalar_text(hint, value);
		strbuf_add_char(hint, '"');
	} else if (scalar && types & SCHEMA_ARRAY && !(types & SCHEMA_OBJECT)) {
		strbuf_add(hint, "write it in brackets: [");
		value_scalar_text(hint, value);
		strbuf_add_char(hint, ']');
	}
}

bool schema_fail_type(struct schema_run *run, const struct value *value, unsigned int types)
{
	if (!run->problems)
		return false;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, hint = STRBUF_INIT;
	schema_name_value(&text, value);
	strbuf_add(&text, " is not ");
	schema_name_types(&text, types);
	schema_type_hint(&hint, value, types);
	if (hint.length > SCHEMA_SHOWN * 2)
		strbuf_clear(&hint);
	return schema_fail_hint(run, value, hint.text, "%s", text.text);
}

/* The text among the choices that is nearest to the value's; NULL if none is near. */
static const char *schema_nearest(
	const struct value *value, const struct value *const *choices, size_t count)
{
	VEC(const char *) names = VEC_INIT;
	const char *nearest = NULL;
	for (size_t i = 0; i < count; i++) {
		if (choices[i]->kind == VALUE_STRING)
			vec_push(&names, choices[i]->string.at);
	}
	vec_push(&names, NULL);
	if (value->kind == VALUE_STRING && !names.state.failed)
		nearest = text_nearest(value->string.at, names.items);
	vec_release(&names);
	return nearest;
}

bool schema_fail_choice(struct schema_run *run, const struct value *value,
	const struct value *const *choices, size_t count)
{
	if (!run->problems)
		return false;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, hint = STRBUF_INIT;
	schema_name_value(&text, value);
	strbuf_add(&text, count == 1 ? " is not " : " is not one of ");
	for (size_t i = 0; i < count && i < SCHEMA_LISTED; i++) {
		if (i)
			strbuf_add(&text, ", ");
		if (choices[i]->kind == VALUE_STRING)
			utf8_truncate(&text, choices[i]->string, SCHEMA_SHOWN, false);
		else
			schema_name_value(&text, choices[i]);
	}
	if (count > SCHEMA_LISTED)
		strbuf_add(&text, ", …");
	const char *nearest = schema_nearest(value, choices, count);
	if (nearest)
		strbuf_printf(&hint, "did you mean '%s'?", nearest);
	return schema_fail_hint(run, value, hint.text, "%s", text.text);
}

/* An unknown key: where it stands, and which one was meant or which there are. */
bool schema_fail_key(
	struct schema_run *run, const struct schema_node *node, const struct value_entry *entry)
{
	if (!run->problems)
		return false;
	VEC(const char *) names = VEC_INIT;
	AUTO(strbuf_release) struct strbuf hint = STRBUF_INIT;
	for (size_t i = 0; i < node->properties.count; i++)
		vec_push(&names, node->properties.items[i].name);
	vec_push(&names, NULL);
	const char *nearest = names.state.failed ? NULL : text_nearest(entry->key, names.items);
	if (nearest)
		strbuf_printf(&hint, "did you mean '%s'?", nearest);
	else if (node->properties.count && node->properties.count <= SCHEMA_LISTED)
		strbuf_add(&hint, "there are ");
	for (size_t i = 0; !nearest && i < node->properties.count && hint.length; i++)
		strbuf_printf(&hint, "%s%s", i ? ", " : "", node->properties.items[i].name);
	vec_release(&names);
	size_t length = run->path.length;
	struct value place = { .line = entry->key_line, .column = entry->key_column };
	value_path_add(&run->path, entry->key);
	schema_fail_hint(run, &place, hint.text, "is not a known key");
	strbuf_truncate(&run->path, length);
	return false;
}

bool schema_fail_pattern(
	struct schema_run *run, const struct schema_node *node, const struct value *value)
{
	if (!run->problems)
		return false;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, hint = STRBUF_INIT;
	const struct value *examples = value_member(node->source, "examples");
	schema_name_value(&text, value);
	for (size_t i = 0; examples && examples->kind == VALUE_SEQUENCE && i < 3 &&
			   i < examples->sequence.count;
		i++) {
		strbuf_add(&hint, i ? ", " : "for example ");
		schema_name_value(&hint, examples->sequence.items[i]);
	}
	return schema_fail_hint(run, value, hint.text, "%s does not match %s", text.text,
		schema_pattern_text(node->pattern));
}
