#include "mlops/ui/option_parse.h"

#include <stdio.h>
#include <string.h>

#include "option_internal.h"

/* What one parse works with. command is NULL while the global options before it are read. */
struct option_parser {
	const struct command *command;
	struct arguments *arguments;
	void *options;
	struct globals *globals;
	struct arena *arena;
	const struct operand_spec *operand; /* the one that is filled next; NULL or its end: none */
	size_t n_filled; /* of that one, if it is a list */
};

bool option_takes_value(const struct option_spec *option)
{
	return option->kind != OPTION_KIND_FLAG && option->kind != OPTION_KIND_COUNT;
}

const struct option_spec *option_find(const struct option_spec *table, struct text name)
{
	for (; table && table->kind != OPTION_KIND_END; table++) {
		if (table->name && text_is(name, table->name))
			return table;
	}
	return NULL;
}

const struct option_spec *option_find_letter(const struct option_spec *table, char letter)
{
	for (; table && table->kind != OPTION_KIND_END; table++) {
		if (letter && table->letter == letter)
			return table;
	}
	return NULL;
}

/* "--no-name" of a flag "name", and "--pager" of a flag "no-pager". */
static const struct option_spec *option_find_negated(
	const struct option_spec *table, struct text name)
{
	for (; table && table->kind != OPTION_KIND_END; table++) {
		if (table->kind != OPTION_KIND_FLAG || !table->name)
			continue;
		bool negative = strncmp(table->name, "no-", 3) == 0;
		struct text positive = text_of(table->name + (negative ? 3 : 0));
		struct text rest = name;
		if (!negative && !text_starts_with(name, "no-"))
			continue;
		if (!negative)
			rest = (struct text){ name.at + 3, name.length - 3 };
		if (text_equal(rest, positive))
			return table;
	}
	return NULL;
}

/* The globals that may be given here: all before the command, few behind it. */
static bool option_parse_global_fits(
	const struct option_parser *parser, const struct option_spec *option)
{
	return option && (!parser->command || globals_late(option));
}

static int option_parse_unknown(
	const struct option_parser *parser, const char *shown, struct error *err)
{
	const char *names[256];
	size_t count = 0, most = sizeof names / sizeof *names - 1;
	const struct option_spec *own = parser->command ? parser->command->options : NULL;
	for (; own && own->kind != OPTION_KIND_END && count < most; own++) {
		if (own->name && !own->hidden)
			names[count++] = own->name;
	}
	for (const struct option_spec *global = globals_table;
		global->kind != OPTION_KIND_END && count < most; global++) {
		if (global->name && option_parse_global_fits(parser, global))
			names[count++] = global->name;
	}
	names[count] = NULL;
	error_set(err, ERROR_USAGE, "unknown option '%s'", shown);
	const char *nearest = strncmp(shown, "--", 2) == 0 ? text_nearest(shown + 2, names) : NULL;
	if (nearest)
		return error_hint(err, "did you mean '--%s'?", nearest);
	if (parser->command)
		return error_hint(
			err, "the options are shown by 'mlops %s -h'", parser->command->name);
	return error_hint(err, "the options are shown by 'mlops help'");
}

/* The value of an option: what stands behind '=' or the letter, else the next argument. */
static int option_parse_apply(struct option_parser *parser, struct option_setting *setting,
	bool global, struct error *err)
{
	if (!option_takes_value(setting->option)) {
		if (setting->value)
			return error_set(err, ERROR_USAGE, "%s takes no value", setting->shown);
	} else if (!setting->value) {
		struct arguments *arguments = parser->arguments;
		if (arguments->next >= arguments->count)
			return error_set(err, ERROR_USAGE, "%s needs a value: %s", setting->shown,
				setting->option->argument);
		setting->value = arguments->items[arguments->next++];
	}
	return option_set(
		setting, global ? (void *)parser->globals : parser->options, parser->arena, err);
}

static int option_parse_long(struct option_parser *parser, const char *argument, struct error *err)
{
	const char *equals = strchr(argument, '=');
	char shown[128];
	snprintf(shown, sizeof shown, "%.*s",
		(int)(equals && equals - argument < 100 ? equals - argument : 100), argument);
	struct text name = text_of(argument + 2);
	if (equals)
		name.length = (size_t)(equals - argument) - 2;
	struct option_setting setting = { .shown = shown, .value = equals ? equals + 1 : NULL };
	const struct option_spec *own = parser->command ? parser->command->options : NULL;
	bool global = false;
	setting.option = option_find(own, name);
	if (!setting.option) {
		setting.option = option_find_negated(own, name);
		setting.negated = setting.option != NULL;
	}
	if (!setting.option) {
		global = true;
		setting.option = option_find(globals_table, name);
		if (!setting.option) {
			setting.option = option_find_negated(globals_table, name);
			setting.negated = setting.option != NULL;
		}
		if (!option_parse_global_fits(parser, setting.option))
			return option_parse_unknown(parser, shown, err);
	}
	return option_parse_apply(parser, &setting, global, err);
}

static int option_parse_letters(
	struct option_parser *parser, const char *argument, struct error *err)
{
	for (const char *at = argument + 1; *at; at++) {
		char shown[3] = { '-', *at, '\0' };
		const struct option_spec *own = parser->command ? parser->command->options : NULL;
		struct option_setting setting = { .option = option_find_letter(own, *at),
			.shown = shown };
		bool global = !setting.option;
		if (global)
			setting.option = option_find_letter(globals_table, *at);
		if (global && !option_parse_global_fits(parser, setting.option))
			return option_parse_unknown(parser, shown, err);
		bool takes_value = option_takes_value(setting.option);
		if (takes_value && at[1])
			setting.value = at + 1;
		if (option_parse_apply(parser, &setting, global, err) < 0)
			return -err->code;
		if (takes_value)
			break;
	}
	return 0;
}

static int option_parse_operand(
	struct option_parser *parser, const char *argument, struct error *err)
{
	const struct operand_spec *operand = parser->operand;
	if (!operand || !operand->name) {
		error_set(err, ERROR_USAGE, "unexpected operand '%s'", argument);
		return error_hint(
			err, "the usage is shown by 'mlops %s -h'", parser->command->name);
	}
	void *member = (char *)parser->options + operand->offset;
	if (operand->list) {
		parser->n_filled++;
		return option_list_append(member, argument, parser->arena, err);
	}
	*(const char **)member = argument;
	parser->operand++;
	return 0;
}

static int option_parse_check_operands(const struct option_parser *parser, struct error *err)
{
	const struct operand_spec *operand = parser->operand;
	size_t filled = parser->n_filled;
	for (; operand && operand->name; operand++, filled = 0) {
		if (filled >= operand->minimum)
			continue;
		error_set(err, ERROR_USAGE, "operand %s is missing", operand->name);
		return error_hint(
			err, "the usage is shown by 'mlops %s -h'", parser->command->name);
	}
	return 0;
}

int option_parse_globals(
	struct arguments *arguments, struct globals *ret, struct arena *arena, struct error *err)
{
	struct option_parser parser = { .arguments = arguments, .globals = ret, .arena = arena };
	while (arguments->next < arguments->count) {
		const char *argument = arguments->items[arguments->next];
		if (argument[0] != '-' || !argument[1])
			return 0;
		arguments->next++;
		if (strcmp(argument, "--") == 0)
			return 0;
		int status = argument[1] == '-' ? option_parse_long(&parser, argument, err)
						: option_parse_letters(&parser, argument, err);
		if (status < 0)
			return status;
	}
	return 0;
}

int option_parse(const struct command *command, struct arguments *arguments, void *options,
	struct globals *ret_globals, struct arena *arena, struct error *err)
{
	struct option_parser parser = { .command = command,
		.arguments = arguments,
		.options = options,
		.globals = ret_globals,
		.arena = arena,
		.operand = command->operands };
	if (command->options_size && command->defaults)
		memcpy(options, command->defaults, command->options_size);
	else if (command->options_size)
		memset(options, 0, command->options_size);
	bool ended = false;
	while (arguments->next < arguments->count && !ret_globals->help) {
		const char *argument = arguments->items[arguments->next++];
		int status;
		if (ended || argument[0] != '-' || !argument[1]) {
			status = option_parse_operand(&parser, argument, err);
		} else if (strcmp(argument, "--") == 0) {
			ended = true;
			continue;
		} else {
			status = argument[1] == '-' ? option_parse_long(&parser, argument, err)
						    : option_parse_letters(&parser, argument, err);
		}
		if (status < 0)
			return status;
	}
	return ret_globals->help ? 0 : option_parse_check_operands(&parser, err);
}
