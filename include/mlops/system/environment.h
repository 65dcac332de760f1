/*
 * environment: the one reader of environment variables above base.
 *
 * Names that may be read stand in one table (environment.c), so that what influences a run is
 * known and documented. Another name is a bug.
 */
#ifndef MLOPS_SYSTEM_ENVIRONMENT_H
#define MLOPS_SYSTEM_ENVIRONMENT_H

#include "mlops/base/arena.h"

/* NULL if it is not set or empty. */
const char *environment_get(const char *name);
bool environment_is(const char *name, const char *value);

/* The folder $XDG_CONFIG_HOME/mlops or ~/.config/mlops; NULL with no error set if there is none. */
char *environment_config_folder(struct error *err);

/*
 * Calls visit for every variable whose name starts with the prefix ("MLOPS_"), sorted by name.
 * Stops at and returns the first result that is not 0.
 */
int environment_each(const char *prefix,
	int (*visit)(void *context, const char *name, const char *value, struct error *err),
	void *context, struct error *err);

/*
 * The environment of a pipeline stage: HOME, PATH, locale and the like, whatever `passed` names
 * besides (NULL-terminated, may be NULL), and `set` ("NAME=VALUE", NULL-terminated, may be NULL)
 * over them. Sorted; lives in the arena; for process_options.environment. No secret gets through
 * that is not named.
 */
const char *const *environment_for_stage(
	struct arena *arena, const char *const *passed, const char *const *set, struct error *err);

#endif
