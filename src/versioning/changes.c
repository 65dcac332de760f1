#include "mlops/versioning/changes.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/base/vec.h"

#include "listing_internal.h"

/* What is compared: the pointer's version, and what lies there. */
struct changes_work {
	const struct workspace *workspace;
	const char *data_path;
	const struct pointer *pointer;
	struct stat_cache *cache;
	bool cache_is_it; /* the cache is of the very version that the pointer names */
	struct listing listing;
	struct tree tree; /* the pointer's version, or of it what may differ */
	size_t n_equal_read; /* files that were read, and are equal */
	struct changes *changes;
	VEC(struct change) items;
};

static void changes_work_release(struct changes_work *work)
{
	listing_release(&work->listing);
	tree_release(&work->tree);
	stat_cache_free(work->cache);
	vec_release(&work->items);
}
AUTO_RELEASE(struct changes_work, changes_work_release)

static int changes_add(
	struct changes_work *work, struct change change, const char *path, struct error *err)
{
	change.path = arena_copy_string(&work->changes->arena, path, err);
	if (!change.path)
		return -err->code;
	vec_push(&work->items, change);
	return vec_check(&work->items, err);
}

/* ---- the pointer's version ---- */

struct changes_collect {
	struct tree_entry *entries;
	size_t count;
	struct arena *arena;
};

static int changes_collect_one(void *context, const struct stat_entry *entry, struct error *err)
{
	struct changes_collect *collect = context;
	char *path = arena_copy_string(collect->arena, entry->path, err);
	if (!path)
		return -err->code;
	collect->entries[collect->count++] = (struct tree_entry){ .path = path,
		.kind = listing_kind(&entry->facts),
		.hash = entry->hash,
		.size = entry->facts.size };
	return 0;
}

/* From the cache: of the folders only that are not known to be the same. */
static int changes_old_from_cache(struct changes_work *work, struct error *err)
{
	struct tree *tree = &work->tree;
	struct changes_collect collect = { .arena = &tree->arena };
	collect.entries = arena_allocate(
		&tree->arena, stat_cache_count(work->cache) + 1, sizeof *collect.entries, err);
	if (!collect.entries)
		return -err->code;
	for (size_t i = 0; i < stat_cache_folders(work->cache); i++) {
		if (!work->listing.same[i] &&
			stat_cache_each_in(work->cache, i, changes_collect_one, &collect, err) < 0)
			return -err->code;
	}
	tree->entries = collect.entries;
	tree->count = collect.count;
	return tree_sort(tree->entries, tree->count, err);
}

static int changes_old_file(struct changes_work *work, struct error *err)
{
	struct tree *tree = &work->tree;
	tree->entries = arena_allocate(&tree->arena, 1, sizeof *tree->entries, err);
	if (!tree->entries)
		return -err->code;
	tree->entries[0] = (struct tree_entry){ .path = "",
		.kind = work->pointer->mode & 0100 ? TREE_EXECUTABLE : TREE_FILE,
		.hash = work->pointer->hash,
		.size = work->pointer->size };
	tree->count = 1;
	return 0;
}

static int changes_old(struct changes_work *work, struct object_store *store, struct error *err)
{
	if (work->pointer->kind == POINTER_FILE)
		return changes_old_file(work, err);
	if (work->cache_is_it)
		return changes_old_from_cache(work, err);
	if (!store) {
		error_set(
			err, ERROR_NOT_FOUND, "the listing of '%s' is not known", work->data_path);
		return -err->code;
	}
	if (tree_load(store, &work->pointer->hash, &work->tree, err) < 0) {
		if (err->code == ERROR_NOT_FOUND) {
			error_set(err, ERROR_NOT_FOUND, "the listing of '%s' is not in the store",
				work->data_path);
			error_hint(err, "run 'mlops pull' to fetch it");
		}
		return -err->code;
	}
	return listing_expand(&work->listing, err);
}

/* ---- comparing ---- */

/* Only what has the size and kind of old has to be read to be sure. */
static uint64_t changes_choose(struct changes_work *work)
{
	uint64_t total = 0;
	for (size_t i = 0; i < work->listing.count; i++) {
		struct listing_entry *entry = &work->listing.entries[i];
		const struct tree_entry *old = tree_find(&work->tree, entry->path);
		entry->wanted = old && old->size == entry->facts.size &&
				(old->kind == TREE_LINK) == (entry->facts.kind == FILE_LINK);
		total += entry->wanted && !entry->known ? entry->facts.size : 0;
	}
	return total;
}

static bool changes_is_equal(const struct tree_entry *old, const struct listing_entry *entry)
{
	return entry->known && old->kind == listing_kind(&entry->facts) &&
	       old->size == entry->facts.size && hash_equal(&old->hash, &entry->hash);
}

static int changes_compare_entry(
	struct changes_work *work, const struct listing_entry *entry, struct error *err)
{
	const struct tree_entry *old = tree_find(&work->tree, entry->path);
	struct change change = { .kind = old ? CHANGE_MODIFIED : CHANGE_ADDED,
		.has_old = old,
		.has_new = entry->known,
		.new_size = entry->facts.size };
	if (old && changes_is_equal(old, entry)) {
		work->n_equal_read += entry->was_read;
		return 0;
	}
	if (old) {
		change.old_hash = old->hash;
		change.old_size = old->size;
	}
	if (entry->known)
		change.new_hash = entry->hash;
	return changes_add(work, change, entry->path, err);
}

static int changes_order(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp((*(const struct listing_entry *const *)a)->path,
		(*(const struct listing_entry *const *)b)->path);
}

/* The entries by path. */
static const struct listing_entry **changes_sorted(
	const struct changes_work *work, struct error *err)
{
	size_t count = work->listing.count;
	const struct listing_entry **sorted = memory_allocate(count, sizeof *sorted, err);
	for (size_t i = 0; sorted && i < count; i++)
		sorted[i] = &work->listing.entries[i];
	if (sorted && sort_items(sorted, count, sizeof *sorted, changes_order, NULL, err) < 0) {
		memory_free(sorted);
		return NULL;
	}
	return sorted;
}

static int changes_compare(
	struct changes_work *work, const struct listing_entry **sorted, struct error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < work->tree.count; i++) {
		const struct tree_entry *old = &work->tree.entries[i];
		while (n < work->listing.count && strcmp(sorted[n]->path, old->path) < 0) {
			if (changes_compare_entry(work, sorted[n++], err) < 0)
				return -err->code;
		}
		if (n < work->listing.count && strcmp(sorted[n]->path, old->path) == 0)
			continue;
		struct change gone = { .kind = CHANGE_REMOVED,
			.has_old = true,
			.old_hash = old->hash,
			.old_size = old->size };
		if (changes_add(work, gone, old->path, err) < 0)
			return -err->code;
	}
	while (n < work->listing.count) {
		if (changes_compare_entry(work, sorted[n++], err) < 0)
			return -err->code;
	}
	return 0;
}

/* ---- remembering what was read ---- */

struct changes_memory {
	VEC(struct stat_entry) entries;
	struct arena arena;
};

static int changes_keep_same(void *context, const struct stat_entry *entry, struct error *err)
{
	struct changes_memory *memory = context;
	struct stat_entry copy = *entry;
	copy.path = arena_copy_string(&memory->arena, entry->path, err);
	if (!copy.path)
		return -err->code;
	vec_push(&memory->entries, copy);
	return vec_check(&memory->entries, err);
}

/* The pointer's version, each file with the facts that it has now if its content is that. */
static int changes_remember_into(struct changes_work *work, const struct listing_entry **sorted,
	struct changes_memory *memory, struct error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < stat_cache_folders(work->cache); i++) {
		if (work->listing.same[i] &&
			stat_cache_each_in(work->cache, i, changes_keep_same, memory, err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < work->tree.count; i++) {
		const struct tree_entry *old = &work->tree.entries[i];
		struct stat_entry entry = { .path = old->path, .hash = old->hash };
		while (n < work->listing.count && strcmp(sorted[n]->path, old->path) < 0)
			n++;
		/* What is not there or another has facts that no file has, but kind and size. */
		entry.facts.kind = old->kind == TREE_LINK ? FILE_LINK : FILE_REGULAR;
		entry.facts.mode = old->kind == TREE_EXECUTABLE ? 0100 : 0;
		entry.facts.size = old->size;
		if (n < work->listing.count && strcmp(sorted[n]->path, old->path) == 0 &&
			changes_is_equal(old, sorted[n]))
			entry.facts = sorted[n]->facts;
		vec_push(&memory->entries, entry);
	}
	return vec_check(&memory->entries, err);
}

/* A cache only: where it cannot be written the next one reads again. */
static void changes_remember(struct changes_work *work, const struct listing_entry **sorted)
{
	struct error ignored = ERROR_INIT;
	struct changes_memory memory = { .entries = VEC_INIT, .arena = ARENA_INIT(0) };
	bool stored = work->cache_is_it && stat_cache_is_stored(work->cache);
	if (work->listing.since && changes_remember_into(work, sorted, &memory, &ignored) == 0) {
		int result = stored ? stat_cache_save(work->workspace, work->data_path,
					      &work->pointer->hash, work->listing.since,
					      memory.entries.items, memory.entries.count, &ignored)
				    : stat_cache_save_seen(work->workspace, work->data_path,
					      &work->pointer->hash, work->listing.since,
					      memory.entries.items, memory.entries.count, &ignored);
		(void)result;
	}
	vec_release(&memory.entries);
	arena_release(&memory.arena);
}

/* ---- the whole ---- */

static int changes_look(struct changes_work *work, struct object_store *store,
	const struct event_sink *sink, struct error *err)
{
	if (changes_old(work, store, err) < 0)
		return -err->code;
	struct listing_reading reading = {
		.sink = sink, .text = "reading", .total = changes_choose(work)
	};
	if (listing_read(&work->listing, &reading, err) < 0)
		return -err->code;
	AUTO_FREE const struct listing_entry **sorted = changes_sorted(work, err);
	if (!sorted || changes_compare(work, sorted, err) < 0)
		return -err->code;
	if (work->n_equal_read || !work->cache_is_it)
		changes_remember(work, sorted);
	return 0;
}

/* What is there is no folder where a folder should be, or the other way round, or a link. */
static bool changes_is_another_kind(const struct pointer *pointer, const struct file_facts *facts)
{
	return facts->kind != (pointer->kind == POINTER_FOLDER ? FILE_FOLDER : FILE_REGULAR);
}

static int changes_into(struct changes_work *work, struct object_store *store,
	const struct event_sink *sink, struct error *err)
{
	struct file_facts facts;
	struct hash whole;
	AUTO_FREE char *path = path_join(work->workspace->root, work->data_path, err);
	if (!path)
		return -err->code;
	if (file_facts(path, &facts, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		work->changes->missing = true;
		return 0;
	}
	if (changes_is_another_kind(work->pointer, &facts)) {
		struct change change = { .kind = CHANGE_MODIFIED,
			.has_old = true,
			.old_hash = work->pointer->hash,
			.old_size = work->pointer->size,
			.new_size = facts.kind == FILE_FOLDER ? 0 : facts.size };
		return changes_add(work, change, "", err);
	}
	if (stat_cache_load(work->workspace, work->data_path, &work->cache, err) < 0 ||
		listing_make(work->workspace, work->data_path, &facts, work->cache, &work->listing,
			err) < 0)
		return -err->code;
	work->cache_is_it =
		stat_cache_whole(work->cache, &whole) && hash_equal(&whole, &work->pointer->hash);
	/* Of a file the pointer says more than the content: its mode. */
	bool same = work->pointer->kind == POINTER_FOLDER && work->cache_is_it &&
		    listing_is_same(&work->listing);
	if (!same && changes_look(work, store, sink, err) < 0)
		return -err->code;
	work->changes->n_files = work->listing.n_files;
	work->changes->bytes_read = work->listing.bytes_read;
	return 0;
}

int changes_in_workspace(const struct workspace *workspace, struct object_store *store,
	const char *data_path, const struct pointer *pointer, const struct event_sink *sink,
	struct changes *ret, struct error *err)
{
	*ret = (struct changes){ .items = NULL };
	AUTO(changes_work_release)
	struct changes_work work = { .workspace = workspace,
		.data_path = data_path,
		.pointer = pointer,
		.changes = ret,
		.items = VEC_INIT };
	if (changes_into(&work, store, sink, err) < 0) {
		changes_release(ret);
		return -err->code;
	}
	ret->items = work.items.items;
	ret->count = work.items.count;
	work.items.items = NULL;
	return 0;
}
