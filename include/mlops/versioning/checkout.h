/*
 * checkout: tracked data as their pointer says, put into the workspace.
 *
 * Everything is looked at before anything is written; then it is either done or refused as a whole:
 *
 *	as the pointer says              left alone; not read if the stat cache knows it
 *	missing                          written
 *	another content, in the store    replaced: it can be had again
 *	another content, nowhere else    refused (ERROR_EXISTS) unless `force`
 *	of the version before, but not   removed, and folders that become empty by it; one that
 *	of this                          has changed since is refused unless `force`
 *	never known here                 left alone, also with `force`
 *
 * The version before is what the stat cache was saved for.
 *
 * A file appears whole or not at all: it is written under .mlops/tmp (beside the data, if that is
 * another file system) and renamed. A folder that was not there is built there and renamed as one.
 * Nothing is synced: what a power cut takes is in the store, `status` notices it and the next
 * checkout completes it, as it does what was interrupted. Packs keep contents compressed and not
 * aligned to blocks, so blocks cannot be shared with them.
 *
 * Nothing is written through a link: each folder on the way from the workspace's root is opened
 * without following. One checkout runs at a time in a workspace; others wait.
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

/* Files. Added up, so that one summary can serve for several paths. */
struct checkout_summary {
	size_t n_written, n_removed, n_unchanged; /* with dry_run: that would be */
	size_t n_refused; /* changed, and neither in the store nor to be overwritten */
	size_t n_missing; /* to be written, but not in the store */
	uint64_t bytes; /* written */
	uint64_t bytes_read; /* of files that had to be compared */
};

/*
 * data_path from the workspace's root. ERROR_EXISTS: changed files would be overwritten or removed
 * (the first few are named). ERROR_NOT_FOUND: objects are not in the store, with 'mlops pull' as
 * the hint; or there is nothing at `only`. Nothing was written in all of these cases.
 */
int checkout_data(const struct workspace *workspace, struct object_store *store,
	const char *data_path, const struct pointer *pointer,
	const struct checkout_options *options, struct checkout_summary *summary,
	struct error *err) MUST_CHECK;

/*
 * The same for many paths, which share the lock and the moment that has to pass until the stat
 * cache may trust what was written. One that is refused does not end the batch. `only` is that of
 * this path, options->only is not looked at; the options must live as long as the batch.
 */
struct checkout_batch;
int checkout_batch_begin(const struct workspace *workspace, struct object_store *store,
	const struct checkout_options *options, struct checkout_batch **ret,
	struct error *err) MUST_CHECK;
int checkout_batch_data(struct checkout_batch *batch, const char *data_path,
	const struct pointer *pointer, const char *only, struct checkout_summary *summary,
	struct error *err) MUST_CHECK;

/* Saves the stat caches. Without it, only free, the next command reads what was written. */
int checkout_batch_end(struct checkout_batch *batch, struct error *err) MUST_CHECK;
void checkout_batch_free(struct checkout_batch *batch);
AUTO_FREE_OF(struct checkout_batch, checkout_batch_free)

#endif
