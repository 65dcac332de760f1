/*
 * The settings in force, between the files that read, look up and write them.
 */
#ifndef MLOPS_CONFIG_CONFIG_INTERNAL_H
#define MLOPS_CONFIG_CONFIG_INTERNAL_H

#include "mlops/config/config.h"
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
};

/* Parses a text into the slot of a setting. The texts are copied into the arena. */
int config_put(struct config *config, const struct setting *setting, const char *text,
	const struct config_slot *origin, struct error *err) MUST_CHECK;

#endif
