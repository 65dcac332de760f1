/* add_internal: what the parts of add share: one path on its way. */
#ifndef MLOPS_VERSIONING_ADD_INTERNAL_H
#define MLOPS_VERSIONING_ADD_INTERNAL_H

#include "listing_internal.h"
#include "mlops/git/history.h"
#include "mlops/versioning/add.h"

struct add_work {
	const struct workspace *workspace;
	const char *path; /* borrowed, from the root */
	char *full;
	struct file_facts facts;
	struct stat_cache *cache;
	struct listing listing;
	bool has_old; /* is there a pointer? */
	struct pointer old, new;
	bool cache_is_old; /* is the cache of the version that the pointer names? */
	struct tree old_tree; /* if it is not, and the store has it */
	bool is_same; /* as the pointer says, and the store has it */
	struct add_result result;
};

/* What can be said before the data are looked at. */
int add_check(const struct add_work *work, bool in_git, struct error *err) MUST_CHECK;
int add_check_git(const struct add_work *work, struct repository *repository, const char *prefix,
	struct error *err) MUST_CHECK;
int add_check_listing(const struct add_work *work, struct error *err) MUST_CHECK;

#endif
