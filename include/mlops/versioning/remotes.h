/*
 * remotes: which stores elsewhere a workspace may use.
 *
 * A remote of the user's own file, or of a trusted repository (config.h), may be used. One of the
 * repository's file comes with the code that somebody sent, and data would go to the place that it
 * names: it is used only after the user has allowed exactly this name, URL and server. The
 * permission stands in the database, together with the place of the store and its inode, so that a
 * database which came with a repository, or was copied, permits nothing.
 */
#ifndef MLOPS_VERSIONING_REMOTES_H
#define MLOPS_VERSIONING_REMOTES_H

#include "mlops/config/remotes.h"
#include "mlops/database/database.h"
#include "mlops/store/remote.h"

/*
 * The remote of that name; NULL: remote.default, else the only one. ERROR_NOT_FOUND with the names
 * that there are, or how to make one.
 */
int remotes_choose(const struct config *config, const char *name, const struct config_remote **ret,
	struct error *err) MUST_CHECK;

int remotes_is_allowed(const struct workspace *workspace, struct database *database,
	const struct config_remote *remote, bool *ret, struct error *err) MUST_CHECK;

/* database: opened for writing. */
int remotes_allow(const struct workspace *workspace, struct database *database,
	const struct config_remote *remote, struct error *err) MUST_CHECK;

struct remotes_choice {
	const char *name; /* as for remotes_choose() */
	size_t jobs; /* 0: remote.jobs */
	const struct event_sink
		*sink; /* asked for `stopped`; must outlive the remote; may be NULL */
};

/*
 * Chooses and opens it; the database is asked whether that is allowed. ERROR_USAGE if it is not,
 * with the URL and the remedy.
 */
int remotes_open(const struct workspace *workspace, struct object_store *store,
	struct database *database, const struct config *config, const struct remotes_choice *choice,
	struct remote **ret, struct error *err) MUST_CHECK;

#endif
