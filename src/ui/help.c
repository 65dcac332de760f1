#include "mlops/ui/help.h"

#include <math.h>
#include <string.h>

#include "mlops/base/utf8.h"
#include "mlops/base/clock.h"
#include "mlops/ui/option_parse.h"
#include "mlops/ui/output.h"
#include "help_internal.h"

enum { HELP_WIDTH = 80, HELP_COLUMN = 26 }; /* the second column starts there at the latest */

const struct help_exit_code help_exit_codes[] = {
	{ 0, "done" },
	{ 1, "the question was answered \"no\": a check failed, a difference was found" },
	{ 2, "wrong usage, or an invalid document or data file" },
	{ 3, "the operation failed" },
	{ 4, "locked or busy: trying again may help" },
	{ 5, "the named thing does not exist" },
	{ 70, "a bug in mlops" },
	{ 0, NULL },
};

/* Appends the text, wrapped at words, each further line indented. *column is where it stands. */
static void help_add_wrapped(struct strbuf *buffer, const char *text, size_t column, size_t indent)
{
	struct text rest = text_of(text), word;
	for (bool first = true; text_split(&rest, ' ', &word); first = false) {
		size_t width = utf8_width(word);
		if (!first && column + 1 + width > HELP_WIDTH) {
			strbuf_add_char(buffer, '\n');
			strbuf_add_repeated(buffer, ' ', indent);
			column = indent;
		} else if (!first) {
			strbuf_add_char(buffer, ' ');
			column++;
		}
		strbuf_add_bytes(buffer, word.at, word.length);
		column += width;
	}
	strbuf_add_char(buffer, '\n');
}

/* "  -n, --limit N   show at most N runs": the left part, and the right one wrapped beside it. */
static void help_add_entry(struct strbuf *buffer, const char *left, const char *right, size_t start)
{
	size_t column = 2 + utf8_width(text_of(left));
	strbuf_printf(buffer, "  %s", left);
	if (column + 2 > start) {
		strbuf_add_char(buffer, '\n');
		column = 0;
	}
	strbuf_add_repeated(buffer, ' ', start - column);
	help_add_wrapped(buffer, right, start, start);
}

static void help_add_heading(struct strbuf *buffer, const struct style *style, const char *heading)
{
	strbuf_add_char(buffer, '\n');
	colour_add(buffer, style, COLOUR_HEADING, heading);
	strbuf_add_char(buffer, '\n');
}

bool help_negatable(const struct option_spec *option, const void *defaults)
{
	/* What is off already is negated by scripts only: help does not say so. */
	return option->kind == OPTION_KIND_FLAG && defaults &&
	       *(const bool *)((const char *)defaults + option->offset);
}

/* Of a number: not if it is 0 or infinite, which stand for "not given". */
static void help_default_number(
	const struct option_spec *option, double value, struct strbuf *buffer)
{
	if (!isfinite(value) || value == 0)
		return;
	if (option->kind == OPTION_KIND_DURATION)
		clock_format_duration(buffer, value);
	else
		strbuf_add_double(buffer, value);
}

void help_default(const struct option_spec *option, const void *defaults, struct strbuf *buffer)
{
	const void *member = defaults ? (const char *)defaults + option->offset : NULL;
	if (!member)
		return;
	switch (option->kind) {
	case OPTION_KIND_FLAG:
		strbuf_add(buffer, *(const bool *)member ? "on" : "");
		break;
	case OPTION_KIND_U64:
	case OPTION_KIND_SIZE:
		if (*(const uint64_t *)member && *(const uint64_t *)member != UINT64_MAX)
			strbuf_printf(buffer, "%ju", (uintmax_t) * (const uint64_t *)member);
		break;
	case OPTION_KIND_I64:
		if (*(const int64_t *)member)
			strbuf_printf(buffer, "%jd", (intmax_t) * (const int64_t *)member);
		break;
	case OPTION_KIND_F64:
	case OPTION_KIND_DURATION:
		help_default_number(option, *(const double *)member, buffer);
		break;
	case OPTION_KIND_STRING:
	case OPTION_KIND_PATH:
		if (*(const char *const *)member)
			strbuf_add(buffer, *(const char *const *)member);
		break;
	case OPTION_KIND_ENUM:
		if (*(const int *)member >= 0)
			strbuf_add(buffer, option->choices[*(const int *)member]);
		break;
	default:
		break;
	}
}

/* "-n, --limit N", "    --[no-]stratify" */
static void help_option_left(
	const struct option_spec *option, const void *defaults, struct strbuf *left)
{
	if (option->letter && option->name)
		strbuf_printf(left, "-%c, ", option->letter);
	else if (option->letter)
		strbuf_printf(left, "-%c", option->letter);
	else
		strbuf_add(left, "    ");
	if (option->name)
		strbuf_printf(left, "--%s%s", help_negatable(option, defaults) ? "[no-]" : "",
			option->name);
	if (option->argument)
		strbuf_printf(left, " %s", option->argument);
}

/* command: show only the globals that may stand behind it; NULL: all of the table. */
static void help_options(struct strbuf *buffer, const struct option_spec *table,
	const void *defaults, const struct command *command)
{
	size_t start = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (const struct option_spec *option = table; option->kind != OPTION_KIND_END;
			option++) {
			if (option->hidden || (command && !globals_fit(option, command)))
				continue;
			AUTO(strbuf_release) struct strbuf left = STRBUF_INIT;
			AUTO(strbuf_release) struct strbuf right = STRBUF_INIT;
			help_option_left(option, defaults, &left);
			size_t width = 4 + utf8_width(text_of(left.text));
			if (pass == 0 && width > start)
				start = width < HELP_COLUMN ? width : HELP_COLUMN;
			if (pass == 0)
				continue;
			strbuf_add(&right, option->help);
			for (size_t i = 0; option->choices && option->choices[i]; i++)
				strbuf_printf(&right, "%s%s", i ? ", " : ": ", option->choices[i]);
			AUTO(strbuf_release) struct strbuf fallback = STRBUF_INIT;
			help_default(option, defaults, &fallback);
			if (fallback.length)
				strbuf_printf(&right, " (default %s)", fallback.text);
			help_add_entry(buffer, left.text, right.text, start);
		}
	}
}

static void help_usage_operands(const struct command *command, struct strbuf *buffer)
{
	const struct operand_spec *operand = command->operands;
	for (; operand && operand->name; operand++) {
		const char *dots = operand->list ? "..." : "";
		strbuf_printf(buffer, operand->minimum ? " %s%s" : " [%s%s]", operand->name, dots);
	}
}

void help_usage(const struct command *command, const char *parent, struct strbuf *buffer)
{
	const char *space = parent ? " " : "";
	for (const char *const *line = command->usage; line && *line; line++)
		strbuf_printf(buffer, "mlops %s\n", *line);
	if (command->usage)
		return;
	strbuf_printf(buffer, "mlops %s%s%s ", parent ? parent : "", space, command->name);
	if (command->children) {
		strbuf_add(buffer, "COMMAND ...\n");
		return;
	}
	strbuf_add(buffer, "[OPTION...]");
	help_usage_operands(command, buffer);
	strbuf_add_char(buffer, '\n');
}

static void help_operands(
	const struct command *command, const struct style *style, struct strbuf *buffer)
{
	const struct operand_spec *first = command->operands;
	if (!first || !first->name)
		return;
	help_add_heading(buffer, style, "Operands");
	size_t start = 0;
	for (const struct operand_spec *operand = first; operand->name; operand++) {
		if (4 + strlen(operand->name) > start)
			start = 4 + strlen(operand->name);
	}
	for (const struct operand_spec *operand = first; operand->name; operand++)
		help_add_entry(buffer, operand->name, operand->help,
			start < HELP_COLUMN ? start : HELP_COLUMN);
}

static void help_list(struct strbuf *buffer, const struct command *const *commands, int group)
{
	enum { HELP_NAMES = 14 };
	for (; *commands; commands++) {
		const struct command *command = *commands;
		if (command->needs & COMMAND_HIDDEN)
			continue;
		if (group < 0 || command->group == (enum command_group)group)
			help_add_entry(buffer, command->name, command->summary, HELP_NAMES);
	}
}

void help_command(const struct command *command, const char *parent, const struct style *style,
	struct strbuf *buffer)
{
	AUTO(strbuf_release) struct strbuf usage = STRBUF_INIT;
	help_usage(command, parent, &usage);
	struct text rest = { usage.text, usage.length ? usage.length - 1 : 0 }, line;
	for (bool first = true; text_split(&rest, '\n', &line); first = false)
		strbuf_printf(buffer, "%s %.*s\n", first ? "usage:" : "   or:", (int)line.length,
			line.at);
	strbuf_add_char(buffer, '\n');
	help_add_wrapped(buffer, command->summary, 0, 0);
	if (command->children) {
		help_add_heading(buffer, style, "Commands");
		help_list(buffer, command->children, -1);
	}
	help_operands(command, style, buffer);
	if (command->options && command->options->kind != OPTION_KIND_END) {
		help_add_heading(buffer, style, "Options");
		help_options(buffer, command->options, command->defaults, NULL);
	}
	help_add_heading(buffer, style, "Common options");
	help_options(buffer, globals_table, NULL, command);
	strbuf_printf(buffer, "\nThe manual: mlops help %s\n", parent ? parent : command->name);
}

void help_overview(
	const struct command *const *commands, const struct style *style, struct strbuf *buffer)
{
	strbuf_add(buffer, "usage: mlops [OPTION...] COMMAND ...\n");
	for (int group = 0; group < COMMAND_GROUP_COUNT; group++) {
		AUTO(strbuf_release) struct strbuf list = STRBUF_INIT;
		help_list(&list, commands, group);
		if (!list.length)
			continue;
		help_add_heading(buffer, style, command_group_title((enum command_group)group));
		strbuf_add_bytes(buffer, list.text, list.length);
	}
	help_add_heading(buffer, style, "Options before the command");
	help_options(buffer, globals_table, NULL, NULL);
	strbuf_add(buffer, "\nOne command: mlops COMMAND -h; its manual: mlops help COMMAND\n");
}
