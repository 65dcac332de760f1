/*
 * sync_internal: sets of objects, and the data that options choose; for push and pull.
 */
#ifndef MLOPS_VERSIONING_SYNC_INTERNAL_H
#define MLOPS_VERSIONING_SYNC_INTERNAL_H

#include "mlops/base/vec.h"
#include "mlops/system/hash_set.h"
#include "mlops/versioning/sync.h"
#include "mlops/versioning/tracked.h"

/* Hashes in order of being added, each once. */
struct sync_set {
	VEC(struct hash) items;
	struct hash_set seen;
};
#define SYNC_SET_INIT ((struct sync_set){ .seen = HASH_SET_INIT })
int sync_set_add(
	struct sync_set *set, const struct hash *hash, bool *ret_new, struct error *err) MUST_CHECK;
void sync_set_release(struct sync_set *set);
AUTO_RELEASE(struct sync_set, sync_set_release)

struct sync {
	const struct workspace *workspace;
	struct object_store *store;
	struct record *record;
	struct remote *remote;
	const struct sync_options *options;
	struct sync_summary *summary;
	struct sync_set missing;
};

/* Is (part of) what is tracked at `path` asked for? */
bool sync_wants(const struct sync_options *options, const char *path);

/* Is this file below a tracked folder asked for, by a path into the folder? */
bool sync_wants_file(const struct sync_options *options, const char *path, const char *below);

/* Each path that was asked for must be tracked, or hold or lie in something that is. */
int sync_check_paths(const struct sync_options *options, const struct tracked *tracked,
	struct error *err) MUST_CHECK;

void sync_add_transfer(struct sync *sync, const struct remote_summary *transfer);

/* ERROR_NOT_FOUND with the first of what is neither here nor there, if there is something. */
int sync_check_missing(struct sync *sync, struct error *err) MUST_CHECK;

#endif
