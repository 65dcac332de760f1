#include "mlops/store/object.h"

#include <string.h>
#include <unistd.h>

#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"

#include "object_loose_internal.h"

enum { OBJECT_GC_PATIENCE = 600, OBJECT_PAGE = 4096, OBJECT_VERSION_TEXT = 64 };

static int object_store_paths(
	struct object_store *store, const struct workspace *workspace, struct error *err)
{
	store->folder = memory_copy_string(workspace->folder, err);
	store->objects = store->folder ? memory_copy_string(workspace->objects, err) : NULL;
	store->packs = store->objects ? path_join(store->objects, PACK_FOLDER, err) : NULL;
	store->gate = store->packs ? path_join(store->objects, "lock", err) : NULL;
	return store->gate ? 0 : -(int)err->code;
}

int object_store_open(
	const struct workspace *workspace, struct object_store **ret, struct error *err)
{
	AUTO(object_store_close)
	struct object_store *store = memory_allocate(1, sizeof *store, err);
	if (!store)
		return -err->code;
	store->interlock = LOCK_INIT;
	store->loose = -1;
	pthread_mutex_init(&store->lock, NULL);
	pthread_mutex_init(&store->large, NULL);
	pack_files_init(&store->files);
	pack_writer_init(&store->writer);
	object_cache_init(&store->cache);
	if (object_store_paths(store, workspace, err) < 0 ||
		index_make(workspace->database, &store->index, err) < 0)
		return -err->code;
	*ret = TAKE(store);
	return 0;
}

static void object_worker_free(struct object_worker *worker)
{
	compressor_free(worker->compressor);
	strbuf_release(&worker->payload);
	strbuf_release(&worker->content);
	strbuf_release(&worker->bases);
	memory_free(worker);
}

void object_store_close(struct object_store *store)
{
	if (!store)
		return;
	while (store->idle) {
		struct object_worker *worker = store->idle;
		store->idle = worker->next;
		object_worker_free(worker);
	}
	pack_writer_release(&store->writer);
	pack_files_release(&store->files);
	object_cache_release(&store->cache);
	index_free(store->index);
	lock_release(&store->interlock);
	pthread_mutex_destroy(&store->large);
	pthread_mutex_destroy(&store->lock);
	memory_free(store->folder);
	memory_free(store->objects);
	memory_free(store->packs);
	memory_free(store->gate);
	memory_free(store);
}

struct object_worker *object_worker_take(struct object_store *store, struct error *err)
{
	pthread_mutex_lock(&store->lock);
	struct object_worker *worker = store->idle;
	if (worker)
		store->idle = worker->next;
	pthread_mutex_unlock(&store->lock);
	if (worker)
		return worker;
	worker = memory_allocate(1, sizeof *worker, err);
	if (!worker)
		return NULL;
	worker->payload = worker->content = worker->bases = STRBUF_INIT;
	if (compressor_make(&worker->compressor, err) < 0) {
		object_worker_free(worker);
		return NULL;
	}
	return worker;
}

void object_worker_give(struct object_store *store, struct object_worker *worker)
{
	pthread_mutex_lock(&store->lock);
	worker->next = store->idle;
	store->idle = worker;
	pthread_mutex_unlock(&store->lock);
}

/* A workspace of the time before packs is one of today from now on; older programs keep out. */
static int object_raise_version(const struct object_store *store, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = path_join(store->folder, "version", err);
	if (!path)
		return -err->code;
	if (file_read(path, OBJECT_VERSION_TEXT, &text, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err); /* `init` has not come to its end yet: it will write today's */
		return 0;
	}
	if (strcmp(text.text, "1\n") != 0)
		return 0;
	return atomic_write(
		path, WORKSPACE_VERSION_TEXT, strlen(WORKSPACE_VERSION_TEXT), 0644, err);
}

static int object_begin_locked(struct object_store *store, struct error *err)
{
	if (store->is_ready)
		return 0;
	if (store->interlock.fd < 0 && lock_acquire_shared(&store->interlock, store->gate,
					       OBJECT_GC_PATIENCE, NULL, err) < 0)
		return error_prefix(err, "gc is at work");
	if (!file_exists(store->packs) && (directory_make(store->packs, err) < 0 ||
						  atomic_sync_folder(store->objects, err) < 0))
		return -err->code;
	if (object_raise_version(store, err) < 0)
		return -err->code;
	store->is_ready = true;
	return 0;
}

int object_begin(struct object_store *store, struct error *err)
{
	pthread_mutex_lock(&store->lock);
	int status = object_begin_locked(store, err);
	pthread_mutex_unlock(&store->lock);
	return status;
}

int object_store_lock(struct object_store *store, double wait, const char *command,
	const struct event_sink *sink, struct error *err)
{
	if (pack_flush(store, err) < 0)
		return -err->code;
	pthread_mutex_lock(&store->lock);
	lock_release(&store->interlock);
	store->is_ready = false;
	int status = lock_acquire(&store->interlock, store->gate, wait, command, sink, err);
	if (status == 0)
		status = object_begin_locked(store, err);
	pthread_mutex_unlock(&store->lock);
	return status;
}

int object_store_flush(struct object_store *store, struct error *err)
{
	return pack_flush(store, err);
}

bool object_exists(struct object_store *store, const struct hash *hash)
{
	struct index_entry facts;
	struct error ignored = ERROR_INIT; /* an index that cannot be read knows nothing */
	return index_find(store->index, hash, &facts, &ignored) > 0 ||
	       object_loose_exists(store, hash);
}

int object_size(
	struct object_store *store, const struct hash *hash, uint64_t *ret, struct error *err)
{
	struct index_entry facts;
	int status = index_find(store->index, hash, &facts, err);
	if (status < 0)
		return status;
	if (!status)
		return object_loose_size(store, hash, ret, err);
	*ret = facts.size;
	return 0;
}

int object_find(struct object_store *store, const struct hash *hash, struct index_entry *ret,
	struct error *err)
{
	return index_find(store->index, hash, ret, err);
}

int object_mark(struct object_store *store, const struct hash *hash, struct error *err)
{
	struct index_entry facts;
	int status = object_begin(store, err) < 0 ? -(int)err->code
						  : index_find(store->index, hash, &facts, err);
	if (status <= 0 || facts.is_object)
		return status < 0 ? status : 0;
	return index_mark(store->index, hash, err);
}

int object_each_entry(
	struct object_store *store, index_visit *visit, void *context, struct error *err)
{
	index_entries page = VEC_INIT;
	struct hash last;
	int result = pack_flush(store, err);
	for (bool first = true; !result; first = false) {
		page.count = 0;
		result = index_page(store->index, first ? NULL : &last, OBJECT_PAGE, &page, err);
		for (size_t i = 0; !result && i < page.count; i++)
			result = visit(context, &page.items[i], err);
		if (!page.count)
			break;
		last = page.items[page.count - 1].hash;
	}
	vec_release(&page);
	return result;
}

/* Objects of both layouts in one order. */
struct object_merge {
	VEC(struct hash) loose;
	size_t next;
	int (*visit)(void *context, const struct hash *hash, struct error *err);
	void *context;
};

static int object_merge_collect(void *context, const struct hash *hash, struct error *err)
{
	struct object_merge *merge = context;
	vec_push(&merge->loose, *hash);
	return vec_check(&merge->loose, err);
}

/* Loose ones before this hash. */
static int object_merge_until(
	struct object_merge *merge, const struct hash *hash, struct error *err)
{
	for (; merge->next < merge->loose.count; merge->next++) {
		const struct hash *loose = &merge->loose.items[merge->next];
		int order = hash ? hash_compare(loose, hash) : -1;
		if (order > 0)
			return 0;
		int result = order ? merge->visit(merge->context, loose, err) : 0;
		if (result)
			return result;
	}
	return 0;
}

static int object_merge_entry(void *context, const struct index_entry *entry, struct error *err)
{
	struct object_merge *merge = context;
	if (!entry->is_object)
		return 0;
	int result = object_merge_until(merge, &entry->hash, err);
	return result ? result : merge->visit(merge->context, &entry->hash, err);
}

int object_each(struct object_store *store,
	int (*visit)(void *context, const struct hash *hash, struct error *err), void *context,
	struct error *err)
{
	struct object_merge merge = { .visit = visit, .context = context };
	int result = object_each_loose(store, object_merge_collect, &merge, err);
	if (!result)
		result = object_each_entry(store, object_merge_entry, &merge, err);
	if (!result)
		result = object_merge_until(&merge, NULL, err);
	vec_release(&merge.loose);
	return result;
}
