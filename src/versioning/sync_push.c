#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/git/repository.h"
#include "mlops/versioning/roots.h"
#include "mlops/versioning/tree.h"
#include "sync_internal.h"

struct sync_push {
	struct sync sync;
	struct sync_set files, trees; /* to be sent; files also what runs kept */
	struct sync_set seen_trees;
};

static void sync_push_release(struct sync_push *push)
{
	sync_set_release(&push->files);
	sync_set_release(&push->trees);
	sync_set_release(&push->seen_trees);
	sync_set_release(&push->sync.missing);
}
AUTO_RELEASE(struct sync_push, sync_push_release)

/* *ret_complete: the remote has it, or will have it. */
static int sync_push_file(
	struct sync_push *push, const struct hash *hash, bool *ret_complete, struct error *err)
{
	*ret_complete = true;
	if (remote_has(push->sync.remote, hash))
		return 0;
	if (object_exists(push->sync.store, hash))
		return sync_set_add(&push->files, hash, NULL, err);
	*ret_complete = false;
	return sync_set_add(&push->sync.missing, hash, NULL, err);
}

/* A tree that the remote has is there with all that it lists. */
static int sync_push_tree(
	struct sync_push *push, const struct hash *hash, const char *path, struct error *err)
{
	AUTO(tree_release) struct tree tree = { .entries = NULL };
	bool is_new, complete = true, one;
	if (sync_set_add(&push->seen_trees, hash, &is_new, err) < 0)
		return -err->code;
	if (!is_new || remote_has(push->sync.remote, hash))
		return 0;
	if (tree_load(push->sync.store, hash, &tree, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return error_prefix(err, "'%s'", path);
		error_clear(err);
		return sync_set_add(&push->sync.missing, hash, NULL, err);
	}
	for (size_t i = 0; i < tree.count; i++) {
		if (sync_push_file(push, &tree.entries[i].hash, &one, err) < 0)
			return -err->code;
		complete = complete && one;
	}
	return complete ? sync_set_add(&push->trees, hash, NULL, err) : 0;
}

static int sync_push_data(struct sync_push *push, const struct hash *hash, bool is_tree,
	const char *path, struct error *err)
{
	bool complete;
	return is_tree ? sync_push_tree(push, hash, path, err)
		       : sync_push_file(push, hash, &complete, err);
}

static int sync_push_tracked(
	struct sync_push *push, const struct tracked *tracked, struct error *err)
{
	for (size_t i = 0; i < tracked->count; i++) {
		const struct tracked_item *item = &tracked->items[i];
		if (!sync_wants(push->sync.options, item->path))
			continue;
		push->sync.summary->n_data++;
		if (sync_push_data(push, &item->pointer.hash, item->pointer.kind == POINTER_FOLDER,
			    item->path, err) < 0)
			return -err->code;
	}
	return 0;
}

/* NULL without an error: no repository, or no commit yet. */
static int sync_push_head(struct sync_push *push, struct tracked *ret, struct error *err)
{
	AUTO(repository_close) struct repository *repository = NULL;
	char commit[REPOSITORY_COMMIT_SIZE];
	if (repository_open(push->sync.workspace->root, &repository, err) < 0 ||
		repository_resolve(repository, "HEAD", commit, err) < 0) {
		if (err->code != ERROR_NOT_FOUND && err->code != ERROR_UNSUPPORTED)
			return -err->code;
		error_clear(err);
		return 0;
	}
	return tracked_at_revision(push->sync.workspace, repository, "HEAD", ret, err);
}

static int sync_push_root(void *context, const struct root *root, struct error *err)
{
	struct sync_push *push = context;
	/* Files of trees come with their trees. */
	if (root->kind > ROOT_HISTORY || (root->is_optional && !root->is_tree) ||
		!sync_wants(push->sync.options, root->path))
		return 0;
	if (root->is_tree)
		return sync_push_tree(push, &root->hash, root->path, err);
	bool complete;
	return object_exists(push->sync.store, &root->hash)
		       ? sync_push_file(push, &root->hash, &complete, err)
		       : 0;
}

/* Old commits may name what nobody has any more: that is no reason to complain. */
static int sync_push_history(struct sync_push *push, struct error *err)
{
	struct roots_options options = { .sink = push->sync.options->sink };
	struct roots_summary ignored;
	return roots_each(push->sync.workspace, push->sync.store, NULL, &options, sync_push_root,
		push, &ignored, err);
}

static int sync_push_send(struct sync_push *push, struct sync_set *set, struct error *err)
{
	struct remote_summary sent = { .objects = 0 };
	if (!set->items.count)
		return 0;
	int status = remote_push(push->sync.remote, set->items.items, set->items.count,
		push->sync.options->sink, &sent, err);
	sync_add_transfer(&push->sync, &sent);
	return status;
}

static int sync_push_count(struct sync_push *push, const struct sync_set *set, struct error *err)
{
	for (size_t i = 0; i < set->items.count; i++) {
		uint64_t size;
		if (object_size(push->sync.store, &set->items.items[i], &size, err) < 0)
			return -err->code;
		push->sync.summary->n_objects++;
		push->sync.summary->bytes += size;
	}
	return 0;
}

static int sync_push_all_data(struct sync_push *push, struct error *err)
{
	AUTO(tracked_release) struct tracked here = { .items = NULL };
	AUTO(tracked_release) struct tracked head = { .items = NULL };
	if (tracked_in_workspace(push->sync.workspace, &here, err) < 0 ||
		sync_check_paths(push->sync.options, &here, err) < 0 ||
		sync_push_tracked(push, &here, err) < 0)
		return -err->code;
	if (push->sync.options->all_commits ? sync_push_history(push, err) < 0
					    : sync_push_head(push, &head, err) < 0 ||
						      sync_push_tracked(push, &head, err) < 0)
		return -err->code;
	if (push->sync.options->dry_run)
		return sync_push_count(push, &push->files, err) < 0
			       ? -(int)err->code
			       : sync_push_count(push, &push->trees, err);
	return sync_push_send(push, &push->files, err) < 0
		       ? -(int)err->code
		       : sync_push_send(push, &push->trees, err);
}

static int sync_push_run_root(void *context, const struct root *root, struct error *err)
{
	struct sync_push *push = context;
	/* What is not here was fetched by nobody, so it is where the run came from. */
	if (remote_has(push->sync.remote, &root->hash) ||
		!object_exists(push->sync.store, &root->hash))
		return 0;
	return sync_set_add(&push->files, &root->hash, NULL, err);
}

static int sync_push_part(struct sync_push *push, const struct exchange_part *part,
	const struct strbuf *bundle, struct error *err)
{
	struct sync *sync = &push->sync;
	sync_set_release(&push->files);
	for (size_t i = 0; i < part->count; i++) {
		if (roots_of_run(sync->store, sync->record, part->runs[i].run, sync_push_run_root,
			    push, err) < 0)
			return -err->code;
	}
	sync->summary->n_runs += part->count;
	if (sync_push_send(push, &push->files, err) < 0 ||
		remote_put_document(sync->remote, "runs", bundle->text, bundle->length, err) < 0 ||
		exchange_sent(sync->record, remote_peer(sync->remote), part, err) < 0)
		return -err->code;
	return 0;
}

static int sync_push_runs(struct sync_push *push, struct error *err)
{
	struct sync *sync = &push->sync;
	const char *peer = remote_peer(sync->remote);
	if (sync->options->dry_run)
		return exchange_pending(sync->record, peer, &sync->summary->n_runs, err);
	if (remote_lost_documents(sync->remote) && exchange_forget(sync->record, peer, err) < 0)
		return -err->code;
	for (;;) {
		AUTO(strbuf_release) struct strbuf bundle = STRBUF_INIT;
		AUTO(exchange_part_release) struct exchange_part part = { .runs = NULL };
		if (event_stopped(sync->options->sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
		if (exchange_write(sync->record, peer, &bundle, &part, err) < 0)
			return -err->code;
		if (!part.count)
			return 0;
		if (sync_push_part(push, &part, &bundle, err) < 0)
			return -err->code;
	}
}

int sync_push(const struct workspace *workspace, struct object_store *store, struct record *record,
	struct remote *remote, const struct sync_options *options, struct sync_summary *summary,
	struct error *err)
{
	uint64_t start = clock_monotonic(), requests = remote_requests(remote);
	AUTO(sync_push_release)
	struct sync_push push = { .sync = { workspace, store, record, remote, options, summary,
					  SYNC_SET_INIT },
		.files = SYNC_SET_INIT,
		.trees = SYNC_SET_INIT,
		.seen_trees = SYNC_SET_INIT };
	*summary = (struct sync_summary){ .n_data = 0 };
	int status = remote_refresh(remote, options->sink, err);
	if (status == 0 && !options->no_data)
		status = sync_push_all_data(&push, err);
	if (status == 0 && !options->no_runs)
		status = sync_push_runs(&push, err);
	if (status == 0 && !options->dry_run && remote_put_manifest(remote, err) < 0) {
		/* Everything has arrived, and whoever can list finds it. */
		event_note(options->sink, "the manifest was not written: %s", err->message);
		error_clear(err);
	}
	if (status == 0)
		status = sync_check_missing(&push.sync, err);
	summary->transfer.requests = remote_requests(remote) - requests;
	summary->transfer.seconds = (double)(clock_monotonic() - start) / 1e9;
	return status;
}
