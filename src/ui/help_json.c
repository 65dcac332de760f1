#include "mlops/ui/help.h"

#include "mlops/ui/output.h"
#include "help_internal.h"

static const char *help_json_kind(enum option_kind kind)
{
	static const char *const names[] = {
		[OPTION_KIND_END] = NULL,
		[OPTION_KIND_FLAG] = "flag",
		[OPTION_KIND_COUNT] = "count",
		[OPTION_KIND_U64] = "unsigned",
		[OPTION_KIND_I64] = "integer",
		[OPTION_KIND_F64] = "number",
		[OPTION_KIND_SIZE] = "size",
		[OPTION_KIND_DURATION] = "duration",
		[OPTION_KIND_STRING] = "string",
		[OPTION_KIND_PATH] = "path",
		[OPTION_KIND_ENUM] = "choice",
		[OPTION_KIND_LIST] = "list",
		[OPTION_KIND_PAIRS] = "pairs",
	};
	return names[kind];
}

static const char *help_json_row_kind(enum row_kind kind)
{
	static const char *const names[] = {
		[ROW_KIND_END] = NULL,
		[ROW_TEXT] = "text",
		[ROW_ID] = "id",
		[ROW_COUNT] = "count",
		[ROW_BYTES] = "bytes",
		[ROW_INTEGER] = "integer",
		[ROW_NUMBER] = "number",
		[ROW_DURATION] = "seconds",
		[ROW_TIME] = "time",
		[ROW_AGE] = "time",
		[ROW_BOOLEAN] = "boolean",
	};
	return names[kind];
}

static void help_json_choices(struct json_writer *json, const char *const *choices)
{
	if (!choices)
		return;
	json_key(json, "choices");
	json_array(json);
	for (; *choices; choices++)
		json_string(json, *choices);
	json_end(json);
}

static void help_json_range(struct json_writer *json, const struct option_spec *option)
{
	switch (option->kind) {
	case OPTION_KIND_U64:
	case OPTION_KIND_SIZE:
		json_key(json, "minimum");
		json_unsigned(json, option->range.u64.low);
		json_key(json, "maximum");
		json_unsigned(json, option->range.u64.high);
		break;
	case OPTION_KIND_I64:
		json_key_integer(json, "minimum", option->range.i64.low);
		json_key_integer(json, "maximum", option->range.i64.high);
		break;
	case OPTION_KIND_F64:
	case OPTION_KIND_DURATION:
		json_key_number(json, "minimum", option->range.f64.low);
		json_key_number(json, "maximum", option->range.f64.high);
		break;
	default:
		break;
	}
}

static void help_json_option(
	struct json_writer *json, const struct option_spec *option, const void *defaults)
{
	char letter[2] = { option->letter, '\0' };
	json_object(json);
	json_key_string(json, "name", option->name);
	json_key_string(json, "letter", option->letter ? letter : NULL);
	json_key_string(json, "kind", help_json_kind(option->kind));
	json_key_string(json, "argument", option->argument);
	json_key_string(json, "help", option->help);
	json_key_boolean(json, "negatable", option->kind == OPTION_KIND_FLAG);
	json_key_boolean(json, "hidden", option->hidden);
	help_json_choices(json, option->choices);
	help_json_range(json, option);
	AUTO(strbuf_release) struct strbuf fallback = STRBUF_INIT;
	help_default(option, defaults, &fallback);
	json_key_string(json, "default", fallback.length ? fallback.text : NULL);
	json_end(json);
}

static void help_json_options(struct json_writer *json, const char *key,
	const struct option_spec *option, const void *defaults)
{
	json_key(json, key);
	json_array(json);
	for (; option && option->kind != OPTION_KIND_END; option++)
		help_json_option(json, option, defaults);
	json_end(json);
}

static void help_json_operands(struct json_writer *json, const struct operand_spec *operand)
{
	json_key(json, "operands");
	json_array(json);
	for (; operand && operand->name; operand++) {
		json_object(json);
		json_key_string(json, "name", operand->name);
		json_key_integer(json, "minimum", (int64_t)operand->minimum);
		json_key_boolean(json, "list", operand->list);
		json_key_string(json, "help", operand->help);
		help_json_choices(json, operand->choices);
		json_end(json);
	}
	json_end(json);
}

static void help_json_rows(struct json_writer *json, const struct row_spec *row)
{
	json_key(json, "rows");
	json_array(json);
	for (; row && row->kind != ROW_KIND_END; row++) {
		if (row->flags & ROW_TEXT_ONLY)
			continue;
		json_object(json);
		json_key_string(json, "key", row->key);
		json_key_string(json, "kind", help_json_row_kind(row->kind));
		json_end(json);
	}
	json_end(json);
}

static void help_json_usage(
	struct json_writer *json, const struct command *command, const char *parent)
{
	AUTO(strbuf_release) struct strbuf usage = STRBUF_INIT;
	help_usage(command, parent, &usage);
	struct text rest = { usage.text, usage.length ? usage.length - 1 : 0 }, line;
	json_key(json, "usage");
	json_array(json);
	while (text_split(&rest, '\n', &line))
		json_text(json, line);
	json_end(json);
}

/* Groups hold commands, but those hold none: this goes one level down. */
static void help_json_commands(struct json_writer *json, const char *key,
	const struct command *const *commands, const char *parent)
{
	json_key(json, key);
	json_array(json);
	for (; commands && *commands; commands++) {
		const struct command *command = *commands;
		json_object(json);
		json_key_string(json, "name", command->name);
		json_key_string(json, "summary", command->summary);
		json_key_string(json, "group", command_group_title(command->group));
		help_json_usage(json, command, parent);
		help_json_options(json, "options", command->options, command->defaults);
		help_json_operands(json, command->operands);
		help_json_rows(json, command->rows);
		json_key_boolean(json, "json", command->needs & COMMAND_JSON);
		json_key_boolean(json, "hidden", command->needs & COMMAND_HIDDEN);
		help_json_commands(json, "commands", command->children, command->name);
		json_end(json);
	}
	json_end(json);
}

void help_json(const struct command *const *commands, struct json_writer *json)
{
	help_json_commands(json, "commands", commands, NULL);
	json_key(json, "global_options");
	json_array(json);
	for (const struct option_spec *option = globals_table; option->kind != OPTION_KIND_END;
		option++)
		help_json_option(json, option, NULL);
	json_end(json);
	json_key(json, "late_options");
	json_array(json);
	for (const struct option_spec *option = globals_table; option->kind != OPTION_KIND_END;
		option++) {
		if (globals_late(option))
			json_string(json, option->name);
	}
	json_end(json);
	json_key(json, "exit_codes");
	json_array(json);
	for (const struct help_exit_code *code = help_exit_codes; code->meaning; code++) {
		json_object(json);
		json_key_integer(json, "code", code->code);
		json_key_string(json, "meaning", code->meaning);
		json_end(json);
	}
	json_end(json);
}
