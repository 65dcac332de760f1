/*
 * history: files as commits have them, and the pointers that a repository's history needs.
 */
#ifndef MLOPS_GIT_HISTORY_H
#define MLOPS_GIT_HISTORY_H

#include "mlops/git/repository.h"

/*
 * The content of a file at a revision ("HEAD", a tag, a prefix of a commit; ":0" is the index).
 * Path from the repository's root. ERROR_NOT_FOUND: no such revision, or no such file in it.
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
 * (branches, tags, remotes, stash), reflogs, the heads and indexes of all worktrees. Each content
 * is shown once per path. A shallow clone ends where its history does. Objects that are missing
 * (a partial clone) are an error, since gc relies on this.
 */
int history_everything(struct repository *repository, const char *suffix, history_visit *visit,
	void *context, struct error *err) MUST_CHECK;

/* Is the path in the index (so that git would go on tracking it whatever .gitignore says)? */
int history_is_tracked(
	struct repository *repository, const char *path, bool *ret, struct error *err) MUST_CHECK;

#endif
