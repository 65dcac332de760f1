/*
 * repository_internal: an open repository.
 */
#ifndef MLOPS_GIT_REPOSITORY_INTERNAL_H
#define MLOPS_GIT_REPOSITORY_INTERNAL_H

#include "mlops/git/repository.h"
#include "library_internal.h"

struct repository {
	const struct git_calls *git;
	git_repository *handle;
	char *root;
};

#endif
