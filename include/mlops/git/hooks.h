/*
 * hooks: programs that git runs, put where this repository looks for them.
 *
 * That is core.hooksPath, or the folder of the repository that all its worktrees share; a
 * submodule has its own. What stands there already is somebody's: it is never changed, unless it is
 * a hook that was put there by this (its second line begins with the marker). Nothing is installed
 * if anything is in the way.
 */
#ifndef MLOPS_GIT_HOOKS_H
#define MLOPS_GIT_HOOKS_H

#include "mlops/git/repository.h"

/* The second line of a hook that is ours begins so. */
#define HOOKS_MARKER "# mlops hook"

struct hook {
	const char *name; /* "pre-push" */
	const char *line; /* a line of POSIX sh: all that the hook does */
};

enum hook_outcome { HOOK_INSTALLED, HOOK_UNCHANGED };

/*
 * The folder, absolute; it may not be there yet. ERROR_UNSUPPORTED, with the folder in the message:
 * core.hooksPath is outside of the repository, so that other repositories use it as well.
 */
int hooks_folder(struct repository *repository, char **ret, struct error *err) MUST_CHECK;

/*
 * A hook of the user's that holds the line already is as good as ours (HOOK_UNCHANGED). One that
 * does not is ERROR_EXISTS with the lines to add to it as the hint. ret: count outcomes.
 */
int hooks_install(struct repository *repository, const struct hook *hooks, size_t count,
	enum hook_outcome *ret, struct error *err) MUST_CHECK;

#endif
