/*
 * tracked_paths: what a person names, as paths of tracked data.
 */
#ifndef MLOPS_SUBCOMMANDS_TRACKED_PATHS_H
#define MLOPS_SUBCOMMANDS_TRACKED_PATHS_H

#include "invocation.h"
#include "mlops/base/vec.h"
#include "mlops/versioning/tracked.h"

/*
 * The path from the workspace's root, in the arena: "" for the root itself. What is named is seen
 * from the working folder; "data.csv.mlops" names the data that the pointer stands for. ERROR_USAGE
 * if it is outside of the workspace.
 */
int tracked_paths_locate(struct invocation *invocation, const char *name, const char **ret,
	struct error *err) MUST_CHECK;

/* Could the path have to do with data, as far as a look at it and at pointers above it can tell? */
bool tracked_paths_may_be(struct invocation *invocation, const char *path);

/* One tracked path, or a part of one. */
struct tracked_choice {
	const struct tracked_item *item;
	const char *below; /* a path inside a tracked folder; NULL: all of it */
};
struct tracked_choices {
	VEC(struct tracked_choice) items;
};
void tracked_choices_release(struct tracked_choices *choices);
AUTO_RELEASE(struct tracked_choices, tracked_choices_release)

/* Is there anything tracked at the path, above it or below it? */
bool tracked_paths_known(const struct tracked *tracked, const char *path);

/*
 * Adds what the path stands for: itself, the tracked folder that it is in, or all that is tracked
 * below it. Nothing is ERROR_NOT_FOUND with the nearest tracked path as the hint. name: as it was
 * given.
 */
int tracked_paths_choose(const struct tracked *tracked, const char *path, const char *name,
	struct tracked_choices *choices, struct error *err) MUST_CHECK;

#endif
