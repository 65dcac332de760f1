#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/record/run.h"
#include "mlops/versioning/roots.h"
#include "mlops/versioning/tree.h"
#include "sync_internal.h"

struct sync_pull {
	struct sync sync;
	struct tracked tracked; /* pointers on disk */
	struct sync_set objects; /* to be fetched */
};

static void sync_pull_release(struct sync_pull *pull)
{
	tracked_release(&pull->tracked);
	sync_set_release(&pull->objects);
	sync_set_release(&pull->sync.missing);
}
AUTO_RELEASE(struct sync_pull, sync_pull_release)

static int sync_pull_merge(
	void *context, const char *name, const void *bytes, size_t count, struct error *err)
{
	struct sync *sync = context;
	if (event_stopped(sync->options->sink))
		return error_set(err, ERROR_CANCELLED, "stopped");
	int status = exchange_merge(sync->record, remote_peer(sync->remote), name, bytes, count,
		&sync->summary->merged, err);
	if (status != -ERROR_INVALID)
		return status;
	/* One that is wrong does not keep the others away; a later program may understand it. */
	event_warn(sync->options->sink, NULL, "runs of the remote are left out: %s", err->message);
	error_clear(err);
	return 1;
}

static int sync_pull_want(struct sync_pull *pull, const struct hash *hash, struct error *err)
{
	if (object_exists(pull->sync.store, hash))
		return 0;
	return sync_set_add(&pull->objects, hash, NULL, err);
}

/* Fetches what is wanted so far; what is nowhere is remembered, and no error yet. */
static int sync_pull_fetch(struct sync_pull *pull, struct error *err)
{
	struct sync *sync = &pull->sync;
	struct remote_summary fetched = { .objects = 0 };
	size_t count = pull->objects.items.count;
	if (!count)
		return 0;
	if (sync->options->dry_run) {
		sync->summary->n_objects += count;
		sync_set_release(&pull->objects);
		return 0;
	}
	int status = remote_fetch(sync->remote, pull->objects.items.items, count, false,
		sync->options->sink, &fetched, NULL, err);
	sync_add_transfer(sync, &fetched);
	if (status == -ERROR_NOT_FOUND) {
		error_clear(err);
		status = 0;
		for (size_t i = 0; status == 0 && i < count; i++) {
			const struct hash *hash = &pull->objects.items.items[i];
			if (!object_exists(sync->store, hash))
				status = sync_set_add(&sync->missing, hash, NULL, err);
		}
	}
	sync_set_release(&pull->objects);
	return status;
}

/* Two rounds: the trees, then what they list. */
static int sync_pull_data(struct sync_pull *pull, struct error *err)
{
	const struct sync_options *options = pull->sync.options;
	for (size_t i = 0; i < pull->tracked.count; i++) {
		const struct tracked_item *item = &pull->tracked.items[i];
		if (!sync_wants(options, item->path))
			continue;
		pull->sync.summary->n_data++;
		if (sync_pull_want(pull, &item->pointer.hash, err) < 0)
			return -err->code;
	}
	if (sync_pull_fetch(pull, err) < 0)
		return -err->code;
	for (size_t i = 0; i < pull->tracked.count; i++) {
		const struct tracked_item *item = &pull->tracked.items[i];
		AUTO(tree_release) struct tree tree = { .entries = NULL };
		if (item->pointer.kind != POINTER_FOLDER || !sync_wants(options, item->path) ||
			!object_exists(pull->sync.store, &item->pointer.hash))
			continue;
		if (tree_load(pull->sync.store, &item->pointer.hash, &tree, err) < 0)
			return error_prefix(err, "'%s'", item->path);
		for (size_t entry = 0; entry < tree.count; entry++) {
			if (sync_wants_file(options, item->path, tree.entries[entry].path) &&
				sync_pull_want(pull, &tree.entries[entry].hash, err) < 0)
				return -err->code;
		}
	}
	return sync_pull_fetch(pull, err);
}

static int sync_pull_root(void *context, const struct root *root, struct error *err)
{
	struct sync_pull *pull = context;
	if (root->is_optional && !remote_has(pull->sync.remote, &root->hash))
		return 0;
	return sync_pull_want(pull, &root->hash, err);
}

static int sync_pull_run(
	void *context, int64_t run, const char *id, int64_t removed, struct error *err)
{
	struct sync_pull *pull = context;
	(void)id;
	return removed ? 0
		       : roots_of_run(pull->sync.store, pull->sync.record, run, sync_pull_root,
				 pull, err);
}

/* Twice: a list of untracked files says more once it is here. */
static int sync_pull_kept(struct sync_pull *pull, struct error *err)
{
	struct sync *sync = &pull->sync;
	for (int round = 0; round < 2; round++) {
		int status = sync->options->run
				     ? sync_pull_run(pull, sync->options->run, "", 0, err)
				     : runs_each(sync->record, sync_pull_run, pull, err);
		if (status < 0 || sync_pull_fetch(pull, err) < 0)
			return -err->code;
		if (sync->options->dry_run)
			return 0;
	}
	return 0;
}

/* Paths into tracked folders are put by themselves, the others whole. */
static int sync_pull_checkout_item(struct sync_pull *pull, struct checkout_batch *batch,
	const struct tracked_item *item, struct error *err)
{
	const struct sync_options *options = pull->sync.options;
	struct checkout_summary *summary = &pull->sync.summary->checkout;
	size_t length = strlen(item->path);
	if (!options->n_paths || sync_wants_file(options, item->path, ""))
		return checkout_batch_data(batch, item->path, &item->pointer, NULL, summary, err);
	for (size_t i = 0; i < options->n_paths; i++) {
		const char *wanted = options->paths[i];
		if (strncmp(wanted, item->path, length) != 0 || wanted[length] != '/')
			continue;
		if (checkout_batch_data(batch, item->path, &item->pointer, wanted + length + 1,
			    summary, err) < 0)
			return -err->code;
	}
	return 0;
}

/* All that can be put is; the first refusal is told. */
static int sync_pull_checkout(struct sync_pull *pull, struct error *err)
{
	const struct sync_options *options = pull->sync.options;
	struct checkout_options how = { .force = options->force, .sink = options->sink };
	struct error first = ERROR_INIT;
	AUTO(checkout_batch_free) struct checkout_batch *batch = NULL;
	if (checkout_batch_begin(pull->sync.workspace, pull->sync.store, &how, &batch, err) < 0)
		return -err->code;
	for (size_t i = 0; i < pull->tracked.count; i++) {
		const struct tracked_item *item = &pull->tracked.items[i];
		if (!sync_wants(options, item->path))
			continue;
		int status = sync_pull_checkout_item(pull, batch, item, err);
		if (status == 0)
			continue;
		if (status != -ERROR_EXISTS && status != -ERROR_NOT_FOUND)
			return status;
		pull->sync.summary->n_refused++;
		/* What is not there is told once for all, with the objects that are missing. */
		if (!first.code && (status == -ERROR_EXISTS || !pull->sync.missing.items.count))
			first = *err;
		error_clear(err);
	}
	if (checkout_batch_end(batch, err) < 0)
		return -err->code;
	if (first.code)
		*err = first;
	return -(int)first.code;
}

static int sync_pull_all(struct sync_pull *pull, struct error *err)
{
	const struct sync_options *options = pull->sync.options;
	struct sync *sync = &pull->sync;
	if (!options->no_data && (tracked_in_workspace(sync->workspace, &pull->tracked, err) < 0 ||
					 sync_check_paths(options, &pull->tracked, err) < 0))
		return -err->code;
	if (remote_refresh(sync->remote, options->sink, err) < 0)
		return -err->code;
	if (!options->no_runs && !options->dry_run &&
		remote_documents(sync->remote, "runs", sync_pull_merge, sync, err) < 0)
		return -err->code;
	if (!options->no_data && sync_pull_data(pull, err) < 0)
		return -err->code;
	if ((options->artifacts || options->run) && sync_pull_kept(pull, err) < 0)
		return -err->code;
	int status = options->no_data || options->no_checkout || options->dry_run
			     ? 0
			     : sync_pull_checkout(pull, err);
	return status < 0 ? status : sync_check_missing(sync, err);
}

int sync_pull(const struct workspace *workspace, struct object_store *store, struct record *record,
	struct remote *remote, const struct sync_options *options, struct sync_summary *summary,
	struct error *err)
{
	uint64_t start = clock_monotonic(), requests = remote_requests(remote);
	AUTO(sync_pull_release)
	struct sync_pull pull = { .sync = { workspace, store, record, remote, options, summary,
					  SYNC_SET_INIT },
		.objects = SYNC_SET_INIT };
	*summary = (struct sync_summary){ .n_data = 0 };
	int status = sync_pull_all(&pull, err);
	summary->n_missing = pull.sync.missing.items.count;
	summary->transfer.requests = remote_requests(remote) - requests;
	summary->transfer.seconds = (double)(clock_monotonic() - start) / 1e9;
	return status;
}
