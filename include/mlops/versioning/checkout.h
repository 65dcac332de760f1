/*
 * checkout: tracked data as their pointer says, put into the workspace.
 *
 * A file appears whole or not at all, a folder that was not there too (it is built beside and
 * renamed). Files that are as they should be are not touched. A file whose content is neither that
 * of the pointer nor in the store would be lost by overwriting: it is refused, as is everything
 * that has changed, unless `force`; nothing is written before all of a path has been looked at.
 * Blocks are shared with where the file system can. Nothing is written through a link: each folder
 * on the way is opened without following.
 */
#ifndef MLOPS_VERSIONING_CHECKOUT_H
#define MLOPS_VERSIONING_CHECKOUT_H

#include "mlops/base/event.h"
#include "mlops/store/object.h"
#include "mlops/versioning/pointer.h"

struct checkout_options {
	bool force; /* overwrite and remove what has changed */
	bool dry_run;
	const char *only; /* a path below a tracked folder; NULL: all of it */
	const struct event_sink *sink;
};
struct checkout_summary {
	size_t n_written, n_removed, n_unchanged, n_missing; /* files; missing: not in the store */
	uint64_t bytes;
};

/*
 * data_path from the workspace's root. ERROR_EXISTS: changed files would be overwritten (the first
 * few are named). ERROR_NOT_FOUND: objects are not in the store, with 'mlops pull' as the hint;
 * nothing was written then.
 */
int checkout_data(const struct workspace *workspace, struct object_store *store,
	const char *data_path, const struct pointer *pointer,
	const struct checkout_options *options, struct checkout_summary *summary,
	struct error *err) MUST_CHECK;

#endif
