/*
 * workspace: where a project's store is, and what lies in it.
 *
 *	.mlops/config.yaml    the repository's settings; the one file git sees
 *	.mlops/.gitignore     which sees to that
 *	.mlops/version        "2\n": the layout's version (1: objects were files, no packs)
 *	.mlops/mlops.db       the database
 *	.mlops/objects/       contents, see store/object.h
 *	.mlops/tmp/           temporary files, on the same file system as the objects
 *	.mlops/lock           the writers' lock
 */
#ifndef MLOPS_STORE_WORKSPACE_H
#define MLOPS_STORE_WORKSPACE_H

#include "mlops/system/lock.h"

enum { WORKSPACE_VERSION = 2 };
#define WORKSPACE_VERSION_TEXT "2\n"

struct workspace {
	char *root; /* absolute path of the folder that holds .mlops */
	char *folder; /* root/.mlops, and what is in it: */
	char *config, *database, *objects, *temporary, *lock;
};

/*
 * Looks for .mlops in `from` and its parents. None is ERROR_NOT_FOUND with the hint to run
 * 'mlops init'; a layout of a newer version is ERROR_UNSUPPORTED. An older one can be used: its
 * version is raised by the first who puts something (store/object.h).
 */
int workspace_find(const char *from, struct workspace *ret, struct error *err) MUST_CHECK;

/*
 * Is the nearest .mlops what a clone brings, a config.yaml and no store? Then *ret_root, the
 * caller's, is the folder that holds it, else NULL. One that is a link, or in which a database or
 * links stand where the store would be written, is none: it may lead anywhere.
 */
int workspace_find_clone(const char *from, char **ret_root, struct error *err) MUST_CHECK;

/*
 * Makes root/.mlops; *ret_made (may be NULL) says whether it was new. One that is there already
 * gets what is missing in it, so that an interrupted `init` is completed by the next.
 */
int workspace_create(
	const char *root, struct workspace *ret, bool *ret_made, struct error *err) MUST_CHECK;
void workspace_release(struct workspace *workspace);
AUTO_RELEASE(struct workspace, workspace_release)

/* The writers' lock; see lock_acquire(). */
int workspace_lock(const struct workspace *workspace, double wait, const char *command,
	const struct event_sink *sink, struct lock *ret, struct error *err) MUST_CHECK;

#endif
