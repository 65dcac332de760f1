/*
 * history: files as commits have them, and the pointers that a repository's history needs.
 *
 * Read by libgit2 from the object database; no filter and no program is run. Only regular files
 * count, links do not. Those over HISTORY_BYTES_MOST are no pointers: a walk leaves them out, and
 * history_read() refuses them (ERROR_INVALID). Paths are from the repository's root. Visitors stop
 * the walk by -code with the error set.
 */
#ifndef MLOPS_GIT_HISTORY_H
#define MLOPS_GIT_HISTORY_H

#include "mlops/git/repository.h"

enum { HISTORY_BYTES_MOST = 16 << 20 };

/*
 * The content of a file at a revision ("HEAD", a tag, a prefix of a commit; ":0" is the index).
 * ERROR_NOT_FOUND: no such revision, or no such file in it.
 */
int history_read(struct repository *repository, const char *revision, const char *path,
	struct strbuf *buffer, struct error *err) MUST_CHECK;

/* All files whose names end so, at a revision, sorted by path. */
typedef int history_visit(
	void *context, const char *path, const char *bytes, size_t count, struct error *err);
int history_each(struct repository *repository, const char *revision, const char *suffix,
	history_visit *visit, void *context, struct error *err) MUST_CHECK;

/*
 * Every version of such files that anything in the repository can still reach: all references
 * (branches, tags, remotes, stash), reflogs, what merges and rebases under way remember, the heads
 * and indexes of all worktrees. `where` is the commit that it was first found in (hex digits; the
 * newest on the way from a reference), "index", or "index of NAME" for that of a worktree.
 *
 * Each content is shown once per path, unless one and the same folder stands at more than
 * HISTORY_COPIES paths, of which so many are shown. A shallow clone ends where its history does; a
 * submodule has a history of its own. Objects that are missing are ERROR_CORRUPT and references
 * that cannot be read ERROR_INVALID, since gc relies on this; only the tip of a reflog or of a
 * past operation (ORIG_HEAD) may be gone, as git's own gc prunes them.
 */
enum { HISTORY_COPIES = 256 };
typedef int history_place_visit(void *context, const char *where, const char *path,
	const char *bytes, size_t count, struct error *err);
int history_everything(struct repository *repository, const char *suffix,
	history_place_visit *visit, void *context, struct error *err) MUST_CHECK;

/*
 * Is the path, or something below it, in the index (so that git would go on tracking it whatever
 * .gitignore says)?
 */
int history_is_tracked(
	struct repository *repository, const char *path, bool *ret, struct error *err) MUST_CHECK;

#endif
