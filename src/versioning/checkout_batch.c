#include <errno.h>
#include <time.h>

#include "checkout_internal.h"
#include "mlops/base/vec.h"

/* What a stat cache is to be saved with, once what was written has settled. */
struct batch_cache {
	const char *data_path; /* in the arena, as the paths of entries */
	struct hash whole;
	struct stat_entry *entries; /* owned */
	size_t count;
};

struct checkout_batch {
	const struct workspace *workspace;
	struct object_store *store;
	const struct checkout_options *options;
	struct lock lock;
	VEC(struct batch_cache) caches;
	struct arena arena;
};

int checkout_batch_begin(const struct workspace *workspace, struct object_store *store,
	const struct checkout_options *options, struct checkout_batch **ret, struct error *err)
{
	AUTO(checkout_batch_free)
	struct checkout_batch *batch = memory_allocate(1, sizeof *batch, err);
	if (!batch)
		return -err->code;
	*batch = (struct checkout_batch){ .workspace = workspace,
		.store = store,
		.options = options,
		.lock = LOCK_INIT,
		.caches = VEC_INIT,
		.arena = ARENA_INIT(0) };
	AUTO_FREE char *path = memory_format(err, "%s/checkout.lock", workspace->folder);
	if (!path || (!options->dry_run && lock_acquire(&batch->lock, path, LOCK_FOREVER,
						   "mlops checkout", options->sink, err) < 0))
		return -err->code;
	*ret = TAKE(batch);
	return 0;
}

void checkout_batch_free(struct checkout_batch *batch)
{
	if (!batch)
		return;
	vec_each (cache, &batch->caches)
		memory_free(cache->entries);
	vec_release(&batch->caches);
	arena_release(&batch->arena);
	lock_release(&batch->lock);
	memory_free(batch);
}

int checkout_batch_data(struct checkout_batch *batch, const char *data_path,
	const struct pointer *pointer, const char *only, struct checkout_summary *summary,
	struct error *err)
{
	struct checkout checkout = { .batch = batch,
		.workspace = batch->workspace,
		.store = batch->store,
		.options = batch->options,
		.only = only,
		.data_path = data_path };
	return checkout_one(&checkout, pointer, summary, err);
}

static struct stat_entry *batch_entries(const struct checkout *checkout, struct error *err)
{
	struct stat_entry *entries = memory_allocate(checkout->n_new + 1, sizeof *entries, err);
	for (size_t i = 0; entries && i < checkout->n_new; i++) {
		const struct checkout_item *item = &checkout->items[i];
		entries[i].path = checkout_cache_path(checkout, item->entry);
		entries[i].hash = item->entry->hash;
		/* Facts that fit no file, where the next one has to read. */
		if (!item->unsure)
			entries[i].facts = item->facts;
	}
	return entries;
}

/* Takes over the entries; paths are copied, since the listing goes away. */
static int batch_add(struct checkout_batch *batch, const char *data_path, const struct hash *whole,
	struct stat_entry *entries, size_t count, struct error *err)
{
	struct batch_cache cache = { .whole = *whole, .entries = entries, .count = count };
	cache.data_path = arena_copy_string(&batch->arena, data_path, err);
	for (size_t i = 0; i < count && !err->code; i++)
		entries[i].path = arena_copy_string(&batch->arena, entries[i].path, err);
	if (!err->code) {
		vec_push(&batch->caches, cache);
		if (vec_check(&batch->caches, err) == 0)
			return 0;
	}
	memory_free(entries);
	return -err->code;
}

int checkout_batch_keep(
	struct checkout *checkout, const struct hash *whole, bool settled, struct error *err)
{
	struct stat_entry *entries = batch_entries(checkout, err);
	if (!entries)
		return -ERROR_MEMORY;
	if (!settled)
		return batch_add(
			checkout->batch, checkout->data_path, whole, entries, checkout->n_new, err);
	int status = stat_cache_save(checkout->workspace, checkout->data_path, whole,
		checkout->since, entries, checkout->n_new, err);
	memory_free(entries);
	return status;
}

/*
 * Waits until all that was written is older than the tick of any clock. Since the files have times
 * that no later write can leave as they are, their content is known as of the end of it.
 */
static int batch_settle(const struct workspace *workspace, int64_t *ret_since, struct error *err)
{
	struct timespec pause = { .tv_nsec = STAT_CACHE_RACY + STAT_CACHE_RACY / 4 };
	while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
		;
	return stat_cache_clock(workspace, ret_since, err);
}

int checkout_batch_end(struct checkout_batch *batch, struct error *err)
{
	int64_t since;
	if (!batch->caches.count)
		return 0;
	if (batch_settle(batch->workspace, &since, err) < 0)
		return -err->code;
	vec_each (cache, &batch->caches) {
		if (stat_cache_save(batch->workspace, cache->data_path, &cache->whole, since,
			    cache->entries, cache->count, err) < 0)
			return -err->code;
		memory_free(TAKE(cache->entries));
	}
	batch->caches.count = 0;
	return 0;
}

int checkout_data(const struct workspace *workspace, struct object_store *store,
	const char *data_path, const struct pointer *pointer,
	const struct checkout_options *options, struct checkout_summary *summary, struct error *err)
{
	AUTO(checkout_batch_free) struct checkout_batch *batch = NULL;
	if (checkout_batch_begin(workspace, store, options, &batch, err) < 0 ||
		checkout_batch_data(batch, data_path, pointer, options->only, summary, err) < 0)
		return -err->code;
	return checkout_batch_end(batch, err);
}
