/*
 * config: the settings in force, each with where it comes from.
 *
 * Layers, later ones win: built in, system file, user file, repository file, environment
 * (MLOPS_SECTION_KEY), command line (--config key=value). Files are YAML, two levels
 * (core: {threads: 2}), closed: an unknown key is an error with a suggestion. A missing file is an
 * empty one. A list replaces the one below it.
 *
 * A repository's file comes with the code that somebody sent. It may not set what names a program
 * or a host (SETTING_GUARDED), unless the user's own file lists the repository's folder under
 * trust.repositories; such a setting is left out and noted, and the rest of the file holds.
 */
#ifndef MLOPS_CONFIG_CONFIG_H
#define MLOPS_CONFIG_CONFIG_H

#include "mlops/base/event.h"
#include "mlops/config/settings.h"
#include "mlops/document/problems.h"

enum config_layer {
	CONFIG_BUILT_IN,
	CONFIG_SYSTEM,
	CONFIG_USER,
	CONFIG_REPOSITORY,
	CONFIG_ENVIRONMENT,
	CONFIG_COMMAND_LINE,
	CONFIG_LAYER_COUNT
};
const char *config_layer_name(enum config_layer layer); /* "built-in", "user", … */

struct config_sources {
	const char *system_file, *user_file, *repository_file; /* paths; NULL: no such layer */
	const char *repository; /* root folder, absolute; for trust.repositories */
	bool environment; /* read MLOPS_*? */
	const char *const *overrides; /* "core.threads=2"; NULL-terminated, may be NULL */
	const struct event_sink *events; /* hears what was left out; may be NULL */
};

struct config;

/*
 * Reads all layers. What is wrong with files goes to `problems` too (may be NULL), with the first
 * in *err: ERROR_INVALID; a wrong override or variable is ERROR_USAGE; ERROR_IO if a file that is
 * there cannot be read.
 */
int config_load(const struct config_sources *sources, struct problems *problems,
	struct config **ret_config, struct error *err) MUST_CHECK;
void config_free(struct config *config);
AUTO_FREE_OF(struct config, config_free)

/* Typed reads by name. A name that is not in the table, or of another type, is a bug. */
bool config_boolean(const struct config *config, const char *name);
int64_t config_integer(const struct config *config, const char *name); /* also sizes */
double config_number(const struct config *config, const char *name); /* also durations, in s */
const char *config_text(
	const struct config *config, const char *name); /* text, choice; never NULL */
const char *const *config_list(const struct config *config, const char *name, size_t *ret_count);

/* What `mlops config list` shows: one per setting, in order of the table. */
struct config_entry {
	const struct setting *setting;
	enum config_layer layer;
	const char *text; /* "(set)" for a secret that is */
	/* "core.threads" in "~/.config/mlops/config.yaml:3", "MLOPS_CORE_THREADS", "--config" */
	char origin[300];
};
int config_entry(const struct config *config, const char *name, struct config_entry *ret,
	struct error *err) MUST_CHECK; /* ERROR_NOT_FOUND with the nearest name as hint */

/* The origin of a setting in words, for messages: "core.threads (~/.config/mlops/config.yaml:3)". */
void config_describe(const struct config *config, const char *name, struct strbuf *buffer);

/*
 * Sets a key in a file, or removes it (text NULL; ERROR_NOT_FOUND if it is not there). Makes the
 * file and its folder if needed. The lines of the others, with comments, stay as they are;
 * *ret_rewritten says that the layout of the file did not allow that. The file is replaced as a
 * whole. Guarded settings are refused in a repository's file.
 */
int config_set(const char *path, enum config_layer layer, const char *name, const char *text,
	bool *ret_rewritten, struct error *err) MUST_CHECK;

#endif
