#include "mlops/ui/globals.h"

#include <stddef.h>
#include <string.h>

/* In the order of enum terminal_choice. */
static const char *const globals_colour_choices[] = { "auto", "always", "never", NULL };

const struct option_spec globals_table[] = { OPTION_LIST(struct globals, folders, 'C', NULL, "DIR",
						     "run as if started in DIR",
						     .complete = COMPLETE_FOLDER),
	OPTION_PAIRS(struct globals, settings, 0, "config", "KEY=VALUE",
		"set a configuration key for this command", .complete = COMPLETE_SETTING),
	OPTION_ENUM(struct globals, colour, 0, "color", "WHEN", globals_colour_choices,
		"when to use colour"),
	OPTION_FLAG(struct globals, json, 0, "json", "answer with a JSON document"),
	OPTION_COUNT(struct globals, quiet, 'q', "quiet", "say nothing but errors on stderr"),
	OPTION_COUNT(struct globals, verbose, 'v', "verbose", "say what is done; twice says more"),
	OPTION_FLAG(struct globals, no_pager, 0, "no-pager", "print long answers at once"),
	OPTION_FLAG(struct globals, help, 'h', "help", "show help and do nothing else"),
	OPTION_FLAG(struct globals, version, 0, "version", "show the version, as 'mlops version'"),
	OPTION_END };

bool globals_late(const struct option_spec *option)
{
	static const char *const late[] = { "json", "color", "quiet", "verbose", "help" };
	for (size_t i = 0; option->name && i < sizeof late / sizeof *late; i++) {
		if (strcmp(option->name, late[i]) == 0)
			return true;
	}
	return false;
}

bool globals_fit(const struct option_spec *option, const struct command *command)
{
	bool json = option->name && strcmp(option->name, "json") == 0;
	return globals_late(option) && (!json || (command->needs & COMMAND_JSON));
}
