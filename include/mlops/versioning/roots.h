/*
 * roots: which objects of the store are needed, and by whom: for gc, fsck and push.
 *
 * Needed is what a pointer names: those on disk (of the workspace, of repositories inside it, of
 * other working trees of the same repository that have no store of their own), in git's indexes,
 * and in every commit that git still remembers (git/history.h); each file that a tree lists; and
 * what runs recorded: artifacts, patch, list of untracked files and the files that it keeps, and
 * their inputs, as far as the store has them. So the answer does not depend on a branch that is
 * checked out or on any option. Without a git repository there is no history: what a pointer said
 * before it was changed is needed by nobody.
 *
 * Objects that are missing, trees too, are no error: what a missing tree lists cannot be known.
 */
#ifndef MLOPS_VERSIONING_ROOTS_H
#define MLOPS_VERSIONING_ROOTS_H

#include "mlops/record/record.h"
#include "mlops/store/object.h"

/* Who needs it; in this order, and only the first of these for data of the same path and hash. */
enum root_kind {
	ROOT_WORKSPACE, /* a pointer on disk */
	ROOT_INDEX, /* a pointer in an index of git */
	ROOT_HISTORY, /* a pointer of a commit */
	ROOT_RUN,
	ROOT_REMOVED, /* a run that was removed, but not long ago */
	ROOT_KIND_COUNT
};
const char *root_kind_name(enum root_kind kind); /* "workspace", "index", "history", … */

struct root {
	enum root_kind kind;
	struct hash hash;
	const char *path; /* of the data, from the root of the workspace or the run */
	const char *where; /* the commit, "index", the run's id; "" for the workspace */
	bool is_tree;
	/* An input of a run, files that an unreadable pointer names, data outside the workspace. */
	bool is_optional;
};
typedef int root_visit(void *context, const struct root *root, struct error *err);

/* Something that stands in the way of knowing: a pointer or tree that is there but wrong. */
typedef int root_wrong(void *context, const struct root *root, const char *what, struct error *err);

struct roots_options {
	int64_t removed_after; /* microseconds since 1970: older removed runs need nothing */
	root_wrong *wrong; /* NULL: a wrong pointer on disk is ERROR_INVALID */
	const struct event_sink *sink;
};
struct roots_summary {
	size_t n_pointers, n_trees, n_runs;
	size_t n_missing_trees; /* each hash once */
	size_t n_wrong; /* pointers of history and trees that cannot be read */
	bool has_repository;
};

/*
 * Calls visit for each, a tree before what it lists. record may be NULL: no runs. ERROR_CORRUPT,
 * ERROR_UNSUPPORTED: git's history cannot be read; nothing is known then.
 */
int roots_each(const struct workspace *workspace, struct object_store *store, struct record *record,
	const struct roots_options *options, root_visit *visit, void *context,
	struct roots_summary *ret_summary, struct error *err) MUST_CHECK;

/* What one run recorded, also of a removed one; as far as the store has its list of files. */
int roots_of_run(struct object_store *store, struct record *record, int64_t run, root_visit *visit,
	void *context, struct error *err) MUST_CHECK;

#endif
