/*
 * changes: how tracked data differ, from what their pointer says or between two versions.
 *
 * In the workspace only files whose stat cache entry is not clean are read. Between two trees
 * nothing is read but the trees.
 */
#ifndef MLOPS_VERSIONING_CHANGES_H
#define MLOPS_VERSIONING_CHANGES_H

#include "mlops/store/object.h"
#include "mlops/versioning/pointer.h"
#include "mlops/versioning/tree.h"

enum change_kind {
	CHANGE_ADDED,
	CHANGE_REMOVED,
	CHANGE_MODIFIED, /* content, or the kind of file */
	CHANGE_MOVED /* the same content under another path; only between trees */
};
const char *change_kind_name(enum change_kind kind); /* "added", … */

struct change {
	enum change_kind kind;
	const char *path; /* below the tracked path; "" for a tracked file itself */
	const char *from; /* of a move; else NULL */
	bool has_old, has_new;
	struct hash old_hash, new_hash; /* new: of what is in the workspace, if it was read */
	uint64_t old_size, new_size;
};
struct changes {
	struct change *items; /* by path */
	size_t count;
	size_t n_files; /* looked at */
	uint64_t bytes_read;
	bool missing; /* the data are not there at all */
	struct arena arena;
};
void changes_release(struct changes *changes);
AUTO_RELEASE(struct changes, changes_release)

/*
 * The data at data_path (from the workspace's root) against their pointer. store may be NULL as
 * long as the stat cache knows the pointer's tree; what .mlopsignore names is not looked at.
 * Refreshes the stat cache if files had to be read and were found equal.
 */
struct event_sink;
int changes_in_workspace(const struct workspace *workspace, struct object_store *store,
	const char *data_path, const struct pointer *pointer, const struct event_sink *sink,
	struct changes *ret, struct error *err) MUST_CHECK;

/* Two listings, either may be NULL (everything was added or removed). */
int changes_between(const struct tree *old_tree, const struct tree *new_tree, struct changes *ret,
	struct error *err) MUST_CHECK;

#endif
