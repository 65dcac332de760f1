/*
 * The parameters of the trainers and what schemas/project.schema.json says of them are the same,
 * in both directions. class_weight stands under model too, but is read by what makes the weights.
 */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/document/json_reader.h"
#include "mlops/document/schema.h"
#include "mlops/train/trainer.h"

static const struct value *branch_of(const struct document *schema, const char *trainer)
{
	char name[64];
	snprintf(name, sizeof name, "model_%s", trainer);
	const struct value *definitions = value_member(schema->root, "definitions");
	const struct value *branch = value_member(definitions, name);
	ck_assert_msg(branch != NULL, "the schema has no %s", name);
	const struct value *type = value_member(value_member(branch, "properties"), "type");
	ck_assert_str_eq(value_string_or(type, "const", ""), trainer);
	return value_member(branch, "properties");
}

static void assert_number(
	const struct value *property, const char *key, double expected, const char *name)
{
	double given = value_number_or(property, key, (double)NAN);
	ck_assert_msg(isinf(expected) ? isnan(given) : given == expected, "%s: %s is %g, not %g",
		name, key, given, expected);
}

static void assert_choices(const struct value *property, const struct trainer_parameter *parameter)
{
	const struct value *choices = value_member(property, "enum");
	ck_assert_msg(choices != NULL, "%s has no enum", parameter->name);
	size_t count = 0;
	for (; parameter->choices[count]; count++) {
		ck_assert_uint_lt(count, choices->sequence.count);
		ck_assert_str_eq(
			choices->sequence.items[count]->string.at, parameter->choices[count]);
	}
	ck_assert_uint_eq(count, choices->sequence.count);
}

static void assert_default(const struct value *property, const struct trainer_parameter *parameter)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct value *absent = value_member(property, "default");
	double expected, given;
	ck_assert_msg(absent != NULL, "%s has no default", parameter->name);
	value_scalar_text(&text, absent);
	if (parse_f64(text_of(parameter->otherwise), &expected)) {
		ck_assert_msg(parse_f64(text_of(text.text), &given) && given == expected,
			"%s: %s, not %s", parameter->name, text.text, parameter->otherwise);
		return;
	}
	ck_assert_str_eq(text.text, parameter->otherwise);
}

static void assert_parameter(
	const struct value *property, const struct trainer_parameter *parameter)
{
	static const char *const types[] = { "number", "integer", "boolean" };
	ck_assert_msg(property != NULL, "the schema has no %s", parameter->name);
	assert_default(property, parameter);
	if (parameter->kind == PARAMETER_CHOICE) {
		assert_choices(property, parameter);
		return;
	}
	ck_assert_str_eq(value_string_or(property, "type", ""), types[parameter->kind]);
	if (parameter->kind == PARAMETER_BOOLEAN)
		return;
	assert_number(property, parameter->above_minimum ? "exclusiveMinimum" : "minimum",
		parameter->minimum, parameter->name);
	assert_number(property, "maximum", parameter->maximum, parameter->name);
}

static bool has_parameter(const struct trainer *trainer, const char *name)
{
	for (size_t i = 0; i < trainer->n_parameters; i++) {
		if (strcmp(trainer->parameters[i].name, name) == 0)
			return true;
	}
	return strcmp(name, "type") == 0 || strcmp(name, "class_weight") == 0;
}

START_TEST(parameters_equal_the_schema)
{
	AUTO(document_release) struct document schema = { .root = NULL };
	struct error err = ERROR_INIT;
	ck_assert_int_eq(json_read(json_schema_text("project"), "project", &schema, &err), 0);
	for (size_t t = 0; t < trainer_count; t++) {
		const struct trainer *trainer = trainer_table[t];
		const struct value *properties = branch_of(&schema, trainer->name);
		for (size_t i = 0; i < trainer->n_parameters; i++)
			assert_parameter(value_member(properties, trainer->parameters[i].name),
				&trainer->parameters[i]);
		for (size_t i = 0; i < properties->mapping.count; i++)
			ck_assert_msg(has_parameter(trainer, properties->mapping.entries[i].key),
				"%s has no parameter %s", trainer->name,
				properties->mapping.entries[i].key);
	}
	const struct value *model = value_at_path(schema.root, "definitions.model.oneOf");
	ck_assert_uint_eq(model->sequence.count, trainer_count);
}
END_TEST

UNIT_MAIN("train/parameters", parameters_equal_the_schema)
