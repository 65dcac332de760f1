/* option_internal: setting one member of an options struct from the text of an option. */
#ifndef MLOPS_UI_OPTION_INTERNAL_H
#define MLOPS_UI_OPTION_INTERNAL_H

#include "mlops/base/arena.h"
#include "mlops/ui/command.h"

/*
 * options: the struct that option->offset points into. value: NULL for flags and counts; negated:
 * a flag was given as --no-name. shown: "--limit" or "-n", for messages.
 */
struct option_setting {
	const struct option_spec *option;
	const char *shown, *value;
	bool negated;
};
int option_set(const struct option_setting *setting, void *options, struct arena *arena,
	struct error *err) MUST_CHECK;

/* Appends to a list, in the arena; the list stays NULL-terminated. */
int option_list_append(struct option_list *list, const char *item, struct arena *arena,
	struct error *err) MUST_CHECK;

#endif
