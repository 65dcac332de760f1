/*
 * init_hooks: the git hooks of a project, `mlops init --hooks`.
 */
#ifndef MLOPS_SUBCOMMANDS_INIT_HOOKS_H
#define MLOPS_SUBCOMMANDS_INIT_HOOKS_H

#include "invocation.h"
#include "mlops/git/repository.h"

enum { INIT_HOOKS = 3 };

/*
 * Installs post-checkout, pre-commit and pre-push for the project in `folder`. ret_names: those
 * that are new, NULL-terminated.
 */
int init_hooks(struct invocation *invocation, struct repository *repository, const char *folder,
	const char *ret_names[INIT_HOOKS + 1], struct error *err) MUST_CHECK;

#endif
