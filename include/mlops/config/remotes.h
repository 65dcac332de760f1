/*
 * remotes: the section `remotes` of the configuration: stores elsewhere, by name.
 *
 *	remotes:
 *	  origin:
 *	    url: s3://models/project
 *	    endpoint: https://s3.example.org
 *	    region: eu-west-1
 *	  backup: /mnt/backup/project          a text alone is the url
 *
 * A later layer replaces a remote of the same name as a whole. Whether a remote of a repository's
 * own file may be used is not decided here (versioning/remotes.h), only whether the user's layers
 * trust the repository anyway.
 */
#ifndef MLOPS_CONFIG_REMOTES_H
#define MLOPS_CONFIG_REMOTES_H

#include "mlops/config/config.h"

enum { CONFIG_REMOTE_NAME_LONGEST = 64, CONFIG_REMOTES_MOST = 256 };

struct config_remote {
	const char *name, *url;
	const char *region, *endpoint; /* of S3; NULL if not given */
	enum config_layer layer;
	bool is_trusted; /* of the user's or the system's file, or of a trusted repository */
	const char *file;
	uint32_t line;
};

/* By name; they belong to the configuration. */
const struct config_remote *config_remotes(const struct config *config, size_t *ret_count);

/* 1 to 64 of [A-Za-z0-9_-], not beginning with '-'. ERROR_USAGE. */
int config_remote_check_name(const char *name, struct error *err) MUST_CHECK;

/*
 * Writes a remote into a file, replacing one of that name, or takes it out (ERROR_NOT_FOUND if it
 * is not in this file). As config_set().
 */
int config_remote_set(const char *path, const struct config_remote *remote, bool *ret_rewritten,
	struct error *err) MUST_CHECK;
int config_remote_remove(
	const char *path, const char *name, bool *ret_rewritten, struct error *err) MUST_CHECK;

#endif
