/*
 * roots_internal: the parts of one search for roots.
 */
#ifndef MLOPS_VERSIONING_ROOTS_INTERNAL_H
#define MLOPS_VERSIONING_ROOTS_INTERNAL_H

#include "mlops/git/history.h"
#include "mlops/system/hash_set.h"
#include "mlops/versioning/roots.h"

struct roots {
	const struct workspace *workspace;
	struct object_store *store;
	struct record *record;
	const struct roots_options *options;
	root_visit *visit;
	void *context;
	struct roots_summary *summary;
	char *root; /* of the workspace, without links */
	struct hash_set seen; /* what pointers and runs name, by path and hash */
	struct hash_set missing; /* trees that are not here */
};

/* Has this content not been shown yet for this path? From the next call on it has. */
int roots_is_new(struct roots *roots, const char *path, const struct hash *hash, bool *ret,
	struct error *err) MUST_CHECK;

/* Shows the root, and if it is a tree what it lists. */
int roots_show(struct roots *roots, const struct root *root, struct error *err) MUST_CHECK;

/*
 * Shows what a pointer file names. place: its kind, where, is_optional and path (of the pointer,
 * from the workspace's root). One on disk that is wrong is told or ends the search.
 */
int roots_pointer(struct roots *roots, const struct root *place, const char *bytes, size_t count,
	struct error *err) MUST_CHECK;

int roots_of_disk(struct roots *roots, struct repository *repository, struct error *err) MUST_CHECK;
int roots_of_history(
	struct roots *roots, struct repository *repository, struct error *err) MUST_CHECK;
int roots_of_runs(struct roots *roots, struct error *err) MUST_CHECK;

#endif
