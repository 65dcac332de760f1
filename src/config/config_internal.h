/*
 * The settings in force, between the files that read, look up and write them.
 */
#ifndef MLOPS_CONFIG_CONFIG_INTERNAL_H
#define MLOPS_CONFIG_CONFIG_INTERNAL_H

#include "mlops/config/config.h"
#include "mlops/config/remotes.h"
#include "mlops/document/value.h"

struct config_slot {
	enum config_layer layer;
	struct setting_value value; /* text: what was given; of a list with commas between */
	const char **items; /* of a list */
	size_t n_items;
	const char *origin; /* file, variable, "--config"; NULL for built-in */
	uint32_t line; /* of a file */
};

struct config {
	struct arena arena;
	struct config_slot *slots; /* setting_count, in order of the table */
	struct config_remote *remotes; /* by name; room for CONFIG_REMOTES_MOST */
	size_t n_remotes;
};

/* Parses a text into the slot of a setting. The texts are copied into the arena. */
int config_put(struct config *config, const struct setting *setting, const char *text,
	const struct config_slot *origin, struct error *err) MUST_CHECK;

/* One entry of the section `remotes`; origin: layer, file and trust. */
int config_load_remote(struct config *config, const struct config_remote *origin,
	const struct value_entry *entry, struct problems *problems, struct error *err) MUST_CHECK;

/*
 * One key of a section of a file becomes what `make` makes, or goes (make NULL; ERROR_NOT_FOUND if
 * it is not there). As config_set().
 */
typedef struct value *config_make_value(
	struct arena *arena, const void *context, struct error *err);
int config_change(const char *path, const char *section, const char *key, config_make_value *make,
	const void *context, bool *ret_rewritten, struct error *err) MUST_CHECK;

#endif
