/*
 * tracked: which data of a workspace or of a revision are tracked: the list of its pointers.
 */
#ifndef MLOPS_VERSIONING_TRACKED_H
#define MLOPS_VERSIONING_TRACKED_H

#include "mlops/git/history.h"
#include "mlops/store/workspace.h"
#include "mlops/versioning/pointer.h"

struct tracked_item {
	char *path; /* of the data, from the workspace's root */
	struct pointer pointer;
};
struct tracked {
	struct tracked_item *items; /* by path */
	size_t count;
};
void tracked_release(struct tracked *tracked);
AUTO_RELEASE(struct tracked, tracked_release)

/*
 * All pointer files on disk below the root, outside .git, .mlops, tracked data, other repositories
 * and projects, and folders that .mlopsignore or git's rules leave out. One that is wrong is
 * ERROR_INVALID.
 */
int tracked_in_workspace(
	const struct workspace *workspace, struct tracked *ret, struct error *err) MUST_CHECK;

/*
 * The same walk, and besides the files of at least `size` bytes that are neither tracked data nor
 * named by .mlopsignore, .gitignore or .git/info/exclude. Whether git tracks them is not asked.
 */
struct large_file {
	char *path; /* from the root */
	uint64_t size;
};
struct large_files {
	struct large_file *items; /* by path */
	size_t count;
};
void large_files_release(struct large_files *files);
AUTO_RELEASE(struct large_files, large_files_release)
int tracked_and_large(const struct workspace *workspace, uint64_t size, struct tracked *ret,
	struct large_files *ret_large, struct error *err) MUST_CHECK;

/* Those of a git revision; paths outside the workspace's root are left out. */
int tracked_at_revision(const struct workspace *workspace, struct repository *repository,
	const char *revision, struct tracked *ret, struct error *err) MUST_CHECK;

/*
 * How the paths of the workspace begin in the repository, "" or "a/b/"; the caller's. ERROR_INVALID
 * if it is not inside.
 */
char *tracked_prefix(const struct workspace *workspace, struct repository *repository,
	struct error *err) MUST_CHECK;

/*
 * The tracked path that holds `path` (itself or a folder above it), both from the root; *ret_below
 * is what is left of the path ("" if it is the tracked path). NULL if there is none.
 */
const struct tracked_item *tracked_find(
	const struct tracked *tracked, const char *path, const char **ret_below);

#endif
