/*
 * sync: what push and pull mean for a workspace.
 *
 * Push sends the data of all pointers on disk and of the commit HEAD (all_commits: of everything
 * that git still remembers), and the runs that the remote does not have as they are here, with what
 * they kept: artifacts, patches, untracked files, and inputs that the store has. Files go before
 * the trees that list them and objects before the runs that name them, so that whoever sees a thing
 * on the remote finds all of it there.
 *
 * Pull merges the runs of the remote, fetches the data of the pointers on disk, and puts them into
 * the workspace. What runs kept is fetched on request.
 */
#ifndef MLOPS_VERSIONING_SYNC_H
#define MLOPS_VERSIONING_SYNC_H

#include "mlops/record/exchange.h"
#include "mlops/store/remote.h"
#include "mlops/versioning/checkout.h"

struct sync_options {
	/* Data, from the workspace's root: tracked paths, folders above or below them; none: all. */
	const char *const *paths;
	size_t n_paths;
	bool all_commits;
	bool no_data, no_runs;
	bool artifacts; /* pull: what all runs kept */
	int64_t run; /* pull: what this run kept; 0: none */
	bool no_checkout, force; /* pull */
	bool dry_run; /* nothing but the listing of the remote is exchanged */
	const struct event_sink *sink;
};

struct sync_summary {
	struct remote_summary transfer;
	size_t n_data; /* tracked paths that were looked at */
	size_t n_runs; /* push: sent (dry_run: to be sent) */
	size_t n_objects; /* dry_run: to be sent or fetched, as far as trees are here, */
	uint64_t bytes; /* and their contents' sizes */
	struct exchange_summary merged; /* pull */
	struct checkout_summary checkout; /* pull */
	size_t n_missing; /* objects that are neither here nor there */
	size_t n_refused; /* paths that checkout refused */
};

/*
 * record: opened for writing. ERROR_NOT_FOUND: something is neither here nor on the remote; the
 * rest was sent. A path that is not tracked is ERROR_NOT_FOUND before anything is sent. The summary
 * is filled in any case.
 */
int sync_push(const struct workspace *workspace, struct object_store *store, struct record *record,
	struct remote *remote, const struct sync_options *options, struct sync_summary *summary,
	struct error *err) MUST_CHECK;

/*
 * The same for what is fetched. ERROR_EXISTS: changed files would be overwritten; all others were
 * put into the workspace. No lock is held while fetching.
 */
int sync_pull(const struct workspace *workspace, struct object_store *store, struct record *record,
	struct remote *remote, const struct sync_options *options, struct sync_summary *summary,
	struct error *err) MUST_CHECK;

#endif
