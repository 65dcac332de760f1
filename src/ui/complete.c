#include "mlops/ui/complete.h"

#include <string.h>

#include "mlops/ui/option_parse.h"

void complete_add(struct complete *complete, const char *candidate, const char *help)
{
	if (!text_starts_with(text_of(candidate), complete->prefix) || strpbrk(candidate, "\t\n"))
		return;
	strbuf_printf(complete->out, "%s%s", complete->lead, candidate);
	if (help)
		strbuf_printf(complete->out, "\t%s", help);
	strbuf_add_char(complete->out, '\n');
}

static void complete_commands(struct complete *complete, const struct command *const *commands)
{
	for (; *commands; commands++) {
		if (!((*commands)->needs & COMMAND_HIDDEN))
			complete_add(complete, (*commands)->name, (*commands)->summary);
	}
}

static void complete_value(
	struct complete *complete, enum completion kind, const char *const *choices)
{
	switch (kind) {
	case COMPLETE_NOTHING:
		break;
	case COMPLETE_FILE:
		strbuf_add(complete->out, ":file\n");
		break;
	case COMPLETE_FOLDER:
		strbuf_add(complete->out, ":folder\n");
		break;
	case COMPLETE_CHOICE:
		for (; choices && *choices; choices++)
			complete_add(complete, *choices, NULL);
		break;
	case COMPLETE_COMMAND:
		complete_commands(complete, complete->commands);
		break;
	default:
		if (complete->values)
			complete->values(complete, kind);
	}
}

static void complete_options(
	struct complete *complete, const struct option_spec *option, const struct command *command)
{
	for (; option && option->kind != OPTION_KIND_END; option++) {
		if (option->hidden || !option->name || (command && !globals_fit(option, command)))
			continue;
		AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
		strbuf_printf(&name, "--%s", option->name);
		complete_add(complete, name.text, option->help);
	}
}

/* The option that a word such as "--limit", "--limit=3", "-n" or "-n3" names, or NULL. */
static const struct option_spec *complete_option_of(
	const struct option_spec *table, const char *word)
{
	if (word[0] != '-' || !word[1])
		return NULL;
	if (word[1] != '-') {
		const struct option_spec *option = option_find_letter(table, word[1]);
		return option ? option : option_find_letter(globals_table, word[1]);
	}
	struct text name = { word + 2, strcspn(word + 2, "=") };
	const struct option_spec *option = option_find(table, name);
	return option ? option : option_find(globals_table, name);
}

/* Does the word leave its value to the next one? */
static bool complete_wants_next(const struct option_spec *option, const char *word)
{
	bool inside = word[1] == '-' ? strchr(word, '=') != NULL : word[2] != '\0';
	return option && option_takes_value(option) && !inside;
}

static void complete_operand(
	struct complete *complete, const struct command *command, size_t n_operands)
{
	const struct operand_spec *operand = command->operands;
	if (command->children)
		complete_commands(complete, command->children);
	for (; operand && operand->name; operand++) {
		if (operand->list || !n_operands) {
			complete_value(complete, operand->complete, operand->choices);
			return;
		}
		n_operands--;
	}
}

/* "--color=au": the part behind '=' is completed, and the part before is put back in front. */
static bool complete_inside(
	struct complete *complete, const struct option_spec *table, const char *word)
{
	const char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
	if (!equals)
		return false;
	const struct option_spec *option = complete_option_of(table, word);
	AUTO(strbuf_release) struct strbuf lead = STRBUF_INIT;
	strbuf_add_bytes(&lead, word, (size_t)(equals + 1 - word));
	complete->prefix = equals + 1;
	complete->lead = lead.text;
	if (option && option_takes_value(option))
		complete_value(complete, option->complete, option->choices);
	complete->lead = "";
	return true;
}

void complete_words(struct complete *complete, const char *const *words, size_t count)
{
	const struct command *command = NULL;
	const struct option_spec *pending = NULL; /* the last word is its value */
	size_t n_operands = 0;
	bool ended = false;
	if (!count)
		return;
	for (size_t i = 0; i + 1 < count; i++) {
		const char *word = words[i];
		if (pending) {
			pending = NULL;
		} else if (!ended && strcmp(word, "--") == 0) {
			ended = true;
		} else if (!ended && word[0] == '-' && word[1]) {
			const struct option_spec *option =
				complete_option_of(command ? command->options : NULL, word);
			pending = complete_wants_next(option, word) ? option : NULL;
		} else if (!command || command->children) {
			command = command_find(
				command ? command->children : complete->commands, word);
			if (!command)
				return;
		} else {
			n_operands++;
		}
	}
	const char *last = words[count - 1];
	const struct option_spec *table = command ? command->options : NULL;
	complete->prefix = last;
	complete->lead = "";
	if (pending) {
		complete_value(complete, pending->complete, pending->choices);
	} else if (!ended && last[0] == '-') {
		if (complete_inside(complete, table, last))
			return;
		complete_options(complete, table, NULL);
		complete_options(complete, globals_table, command);
	} else if (!command) {
		complete_commands(complete, complete->commands);
	} else {
		complete_operand(complete, command, n_operands);
	}
}
