/*
 * option_parse: argv to a command's struct of options, by its tables.
 *
 * --name=value and --name value; -n value, -nvalue and letters in a row (-qv); "--" ends the
 * options; options and operands may be mixed. Names are not abbreviated, since a script would
 * break on the day a longer name is added; the nearest name is suggested instead. Given twice, the
 * last counts, but for lists, pairs and counts. Every failure is ERROR_USAGE with a hint.
 *
 * It is our own parser since the same constant tables must serve help, completion, the JSON
 * description and the tests; getopt_long and argp would make each of them a copy that drifts.
 */
#ifndef MLOPS_UI_OPTION_PARSE_H
#define MLOPS_UI_OPTION_PARSE_H

#include "mlops/base/arena.h"
#include "mlops/base/text.h"
#include "mlops/ui/globals.h"

struct arguments {
	const char *const *items; /* NULL-terminated */
	size_t count, next; /* next: the first that is not used up */
};

/*
 * Reads global options up to the command's name, where `next` stays. Lists live in the arena, all
 * texts in argv.
 */
int option_parse_globals(struct arguments *arguments, struct globals *ret, struct arena *arena,
	struct error *err) MUST_CHECK;

/*
 * Reads all that is left for the command. options: its struct, which is set to the defaults
 * first; NULL if options_size is 0. After -h or --help, ret_globals->help is set, and neither
 * the rest nor missing operands matter.
 */
int option_parse(const struct command *command, struct arguments *arguments, void *options,
	struct globals *ret_globals, struct arena *arena, struct error *err) MUST_CHECK;

/* The row of that name (not NUL-terminated) or letter in a table, or NULL; table may be NULL. */
const struct option_spec *option_find(const struct option_spec *table, struct text name);
const struct option_spec *option_find_letter(const struct option_spec *table, char letter);

bool option_takes_value(const struct option_spec *option);

#endif
