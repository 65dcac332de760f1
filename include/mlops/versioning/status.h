/*
 * status: tracked data against their pointers, the pointers against the last commit, and what the
 * store lacks.
 */
#ifndef MLOPS_VERSIONING_STATUS_H
#define MLOPS_VERSIONING_STATUS_H

#include "mlops/versioning/changes.h"
#include "mlops/versioning/tracked.h"

/* The pointer against that of HEAD. */
enum status_commit {
	STATUS_COMMITTED,
	STATUS_COMMIT_NEW, /* HEAD has none, or there is no commit yet */
	STATUS_COMMIT_CHANGED,
	STATUS_COMMIT_UNKNOWN /* no git repository, or no libgit2 */
};
const char *status_commit_name(enum status_commit commit); /* "committed", "new", … */

enum status_state { STATUS_UNCHANGED, STATUS_CHANGED, STATUS_MISSING, STATUS_UNKNOWN };
const char *status_state_name(enum status_state state);

struct status_item {
	const struct tracked_item *tracked; /* in status.tracked */
	enum status_state state;
	struct changes changes;
	size_t n_added, n_modified, n_removed;
	enum status_commit commit;
	bool in_store; /* the file, or the folder's listing */
	char *unknown; /* why the state is not known: the listing is not in the store; or NULL */
};

struct status {
	struct tracked tracked;
	struct status_item *items; /* by path; those that were asked for */
	size_t count;
	char **removed; /* data whose pointers HEAD has, and the workspace has not; by path */
	size_t n_removed;
	struct large_files large;
	bool in_git;
};
void status_release(struct status *status);
AUTO_RELEASE(struct status, status_release)

struct status_options {
	/* From the workspace's root: tracked paths, or folders above or below; none: all. */
	const char *const *paths;
	size_t n_paths;
	uint64_t large; /* files of so many bytes are named that nobody tracks; 0: none are */
	const struct event_sink *sink;
};

/* ERROR_NOT_FOUND: a path that is not tracked, and holds nothing that is. */
int status_look(const struct workspace *workspace, struct object_store *store,
	const struct status_options *options, struct status *ret, struct error *err) MUST_CHECK;

/* Has anything changed, is missing, or not committed? */
bool status_differs(const struct status *status);

#endif
