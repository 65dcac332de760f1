/*
 * diff_sides: what `mlops diff` compares when it compares data: listings of files as a git
 * revision, a run or the workspace has them.
 */
#ifndef MLOPS_SUBCOMMANDS_DIFF_SIDES_H
#define MLOPS_SUBCOMMANDS_DIFF_SIDES_H

#include "invocation.h"
#include "mlops/base/vec.h"
#include "mlops/store/object.h"
#include "mlops/versioning/tracked.h"
#include "mlops/versioning/tree.h"

struct diff_sides {
	struct invocation *invocation;
	struct object_store *store;
	struct repository *repository; /* NULL until it is needed */
	const struct tracked *here; /* pointers on disk */
	const char *path; /* from the workspace's root: a file, a folder, or "" */
};

struct diff_side {
	const char *label; /* as it was named; NULL: the workspace */
	struct tree listing; /* files at or below the path, by path from the workspace's root; a
				hash of zeros: not known, since it was not read */
	VEC(struct tree_entry) entries;
};
#define DIFF_SIDE_INIT ((struct diff_side){ .entries = VEC_INIT })
void diff_side_release(struct diff_side *side);
AUTO_RELEASE(struct diff_side, diff_side_release)

/*
 * revision: a run by its id, name or tag, else a revision of git. ERROR_NOT_FOUND: neither, or a
 * listing is not in the store.
 */
int diff_side_of(struct diff_sides *sides, const char *revision, struct diff_side *ret,
	struct error *err) MUST_CHECK;

/* As the files are, by the pointers on disk. */
int diff_side_of_workspace(
	struct diff_sides *sides, struct diff_side *ret, struct error *err) MUST_CHECK;

/* As the pointers on disk say. */
int diff_side_of_pointers(
	struct diff_sides *sides, struct diff_side *ret, struct error *err) MUST_CHECK;

#endif
