#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/config/settings.h"
#include "mlops/document/json_reader.h"
#include "mlops/document/json_writer.h"
#include "mlops/document/schema.h"

START_TEST(settings_are_sorted_and_their_defaults_fit)
{
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *setting = &setting_table[i];
		struct error err = ERROR_INIT;
		if (i)
			ck_assert_int_lt(strcmp(setting_table[i - 1].name, setting->name), 0);
		ck_assert_ptr_eq(setting_find(setting->name), setting);
		ck_assert_uint_eq(strspn(setting->name, "abcdefghijklmnopqrstuvwxyz_."),
			strlen(setting->name));
		ck_assert_ptr_nonnull(strchr(setting->name, '.'));
		ck_assert_ptr_eq(strchr(setting->name, '.'), strrchr(setting->name, '.'));
		ck_assert_msg(setting_parse(setting, setting->otherwise, NULL, &err) == 0, "%s",
			err.message);
	}
	ck_assert_ptr_null(setting_find("core"));
	ck_assert_str_eq(setting_nearest("core.thread"), "core.threads");
}
END_TEST

START_TEST(settings_name_variables)
{
	AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
	setting_variable(setting_find("trust.repositories"), &name);
	ck_assert_str_eq(name.text, "MLOPS_TRUST_REPOSITORIES");
}
END_TEST

static void refuse(
	const struct setting *setting, const char *text, const char *message, const char *hint)
{
	struct error err = ERROR_INIT;
	ck_assert_int_eq(setting_parse(setting, text, NULL, &err), -ERROR_USAGE);
	ck_assert_str_eq(err.message, message);
	ck_assert_str_eq(err.hint, hint);
}

START_TEST(settings_parse_by_type)
{
	static const char *const choices[] = { "fast", "slow", "never", NULL };
	const struct setting boolean = { .name = "a.b", .type = SETTING_BOOLEAN };
	const struct setting size = { .name = "a.s", .type = SETTING_SIZE, .maximum = 1 << 30 };
	const struct setting number = {
		.name = "a.n", .type = SETTING_NUMBER, .minimum = -1, .maximum = 0.5
	};
	const struct setting time = { .name = "a.t", .type = SETTING_DURATION, .maximum = 3600 };
	const struct setting choice = { .name = "a.c", .type = SETTING_CHOICE, .choices = choices };
	const struct setting secret = {
		.name = "a.x", .type = SETTING_INTEGER, .maximum = 9, .flags = SETTING_SECRET
	};
	struct setting_value value;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(setting_parse(&boolean, "true", &value, &err), 0);
	ck_assert(value.boolean);
	ck_assert_int_eq(setting_parse(&size, "10MiB", &value, &err), 0);
	ck_assert_int_eq(value.integer, 10 << 20);
	ck_assert_int_eq(setting_parse(&number, "-0.25", &value, &err), 0);
	ck_assert(value.number == -0.25);
	ck_assert_int_eq(setting_parse(&time, "1m30s", &value, &err), 0);
	ck_assert(value.number == 90);
	ck_assert_int_eq(setting_parse(&choice, "slow", &value, &err), 0);
	ck_assert_str_eq(value.text, "slow");
	refuse(&boolean, "yes", "a.b is true or false, not 'yes'", "");
	refuse(&size, "2GiB", "a.s is a size such as 10MiB of at most 1073741824 bytes, not '2GiB'",
		"");
	refuse(&number, "0.6", "a.n is a number from -1 to 0.5, not '0.6'", "");
	refuse(&number, "nan", "a.n is a number from -1 to 0.5, not 'nan'", "");
	refuse(&time, "2h", "a.t is a time such as 1h30m of at most 3600 seconds, not '2h'", "");
	refuse(&choice, "slw", "a.c is fast, slow or never, not 'slw'", "did you mean 'slow'?");
	refuse(&secret, "123", "a.x is a whole number from 0 to 9, not what was given", "");
	ck_assert_str_eq(setting_shown(&secret, "7"), "(set)");
	ck_assert_str_eq(setting_shown(&secret, ""), "");
	ck_assert_str_eq(setting_shown(&choice, "slow"), "slow");
}
END_TEST

static void write_type(struct json_writer *json, const struct setting *setting)
{
	static const char *const types[] = { "boolean", "integer", "number", NULL, NULL, "string",
		NULL, "array" };
	if (types[setting->type])
		json_key_string(json, "type", types[setting->type]);
	if (setting->type == SETTING_SIZE || setting->type == SETTING_DURATION) {
		json_key(json, "type");
		json_array(json);
		json_string(json, "string");
		json_string(json, "integer");
		json_end(json);
	}
	if (setting->type == SETTING_INTEGER || setting->type == SETTING_NUMBER) {
		json_key_number(json, "minimum", setting->minimum);
		json_key_number(json, "maximum", setting->maximum);
	}
	if (setting->choices) {
		json_key(json, "enum");
		json_array(json);
		for (const char *const *choice = setting->choices; *choice; choice++)
			json_string(json, *choice);
		json_end(json);
	}
	if (setting->type == SETTING_LIST) {
		json_key(json, "items");
		json_object(json);
		json_key_string(json, "type", "string");
		json_end(json);
	}
}

static void write_default(struct json_writer *json, const struct setting *setting)
{
	struct setting_value value;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(setting_parse(setting, setting->otherwise, &value, &err), 0);
	if (setting->type == SETTING_LIST)
		return;
	json_key(json, "default");
	if (setting->type == SETTING_BOOLEAN)
		json_boolean(json, value.boolean);
	else if (setting->type == SETTING_INTEGER)
		json_integer(json, value.integer);
	else if (setting->type == SETTING_NUMBER)
		json_number(json, value.number);
	else
		json_string(json, setting->otherwise);
}

static void write_text(struct json_writer *json, const char *key, const char *text)
{
	json_key(json, key);
	json_object(json);
	json_key_string(json, "description", text);
	json_key_string(json, "type", "string");
	json_end(json);
}

/* The one section whose keys are names that users choose. */
static void write_remotes(struct json_writer *json)
{
	json_key(json, "remotes");
	json_object(json);
	json_key_string(json, "type", "object");
	json_key(json, "additionalProperties");
	json_object(json);
	json_key_string(json, "description",
		"A store elsewhere, by name; a text alone is its url. See mlops-remote(1)");
	json_key(json, "type");
	json_array(json);
	json_string(json, "object");
	json_string(json, "string");
	json_end(json);
	json_key_boolean(json, "additionalProperties", false);
	json_key(json, "required");
	json_array(json);
	json_string(json, "url");
	json_end(json);
	json_key(json, "properties");
	json_object(json);
	write_text(json, "url",
		"Where it is: /folder, s3://bucket/prefix, https://host/path, sftp://user@host/path");
	write_text(json, "region", "Region of S3; AWS_REGION, else us-east-1 unless given");
	write_text(json, "endpoint", "Server that speaks S3, if it is not Amazon's");
	json_end(json);
	json_end(json);
	json_end(json);
}

/* What schemas/config.schema.json must say, made from the table. */
static void write_schema(struct strbuf *out)
{
	struct json_writer json;
	json_begin(&json, out, 2);
	json_object(&json);
	json_key_string(&json, "$schema", "http://json-schema.org/draft-07/schema#");
	json_key_string(&json, "title", "config.yaml");
	json_key_string(&json, "description",
		"Settings of mlops, for a user, a machine or a repository. See mlops-config(5).");
	json_key_string(&json, "type", "object");
	json_key_boolean(&json, "additionalProperties", false);
	json_key(&json, "properties");
	json_object(&json);
	for (size_t i = 0; i < setting_count; i++) {
		size_t section =
			(size_t)(strchr(setting_table[i].name, '.') - setting_table[i].name);
		bool first = !i || strncmp(setting_table[i].name, setting_table[i - 1].name,
					   section + 1) != 0;
		if (first) {
			char name[64] = "";
			memcpy(name, setting_table[i].name, section);
			json_key(&json, name);
			json_object(&json);
			json_key_string(&json, "type", "object");
			json_key_boolean(&json, "additionalProperties", false);
			json_key(&json, "properties");
			json_object(&json);
		}
		json_key(&json, setting_table[i].name + section + 1);
		json_object(&json);
		json_key_string(&json, "description", setting_table[i].text);
		write_type(&json, &setting_table[i]);
		write_default(&json, &setting_table[i]);
		json_end(&json);
		if (i + 1 == setting_count ||
			strncmp(setting_table[i].name, setting_table[i + 1].name, section + 1) !=
				0) {
			json_end(&json);
			json_end(&json);
		}
	}
	write_remotes(&json);
	json_end(&json);
	json_end(&json);
	strbuf_add_char(out, '\n');
}

START_TEST(settings_equal_the_schema)
{
	AUTO(strbuf_release) struct strbuf expected = STRBUF_INIT;
	struct text text = json_schema_text("config");
	write_schema(&expected);
	const char *path = getenv("MLOPS_WRITE_CONFIG_SCHEMA");
	if (path) {
		FILE *stream = fopen(path, "w");
		ck_assert_ptr_nonnull(stream);
		fputs(expected.text, stream);
		fclose(stream);
	}
	ck_assert_ptr_nonnull(text.at);
	ck_assert_msg(text_is(text, expected.text),
		"schemas/config.schema.json is not what the table says; to write it: "
		"MLOPS_WRITE_CONFIG_SCHEMA=schemas/config.schema.json test_config_settings");
}
END_TEST

UNIT_MAIN("config/settings", settings_are_sorted_and_their_defaults_fit, settings_name_variables,
	settings_parse_by_type, settings_equal_the_schema)
