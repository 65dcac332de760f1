/*
 * globals: the options that every command has. All stand before the command; --json, -q, -v and
 * --color are accepted after it too, because people type them there.
 */
#ifndef MLOPS_UI_GLOBALS_H
#define MLOPS_UI_GLOBALS_H

#include "mlops/ui/command.h"

struct globals {
	struct option_list folders; /* -C DIR, each relative to the one before */
	struct option_pairs settings; /* --config key=value */
	int colour; /* enum terminal_choice */
	bool json, no_pager, help, version;
	unsigned quiet, verbose;
};

/* Ends with OPTION_END. */
extern const struct option_spec globals_table[];

/* May this global option stand behind the command? */
bool globals_late(const struct option_spec *option);

/* The same for one command: --json only where there is an answer in JSON. */
bool globals_fit(const struct option_spec *option, const struct command *command);

#endif
