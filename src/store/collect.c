/*
 * Marking: every entry that is needed, with all that it is built on.
 */
#include "mlops/store/collect.h"

#include "collect_internal.h"
#include "mlops/base/clock.h"
#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"

void collect_free(struct collect *collect)
{
	if (!collect)
		return;
	hash_set_release(&collect->marks);
	vec_release(&collect->stack);
	vec_release(&collect->packs);
	memory_free(collect);
}

bool collect_is_marked(const struct collect *collect, const struct hash *hash)
{
	const uint32_t *number = hash_set_find(&collect->marks, hash);
	return number && *number;
}

void collect_undecided(struct collect *collect)
{
	collect->summary.undecided = true;
}

/* What died in the middle: bytes behind what was acknowledged, files of no pack, temporaries. */
static int collect_tidy(struct collect *collect, struct error *err)
{
	uint64_t freed = 0, cut = 0;
	AUTO_FREE char *packs = path_join(collect->workspace->objects, PACK_FOLDER, err);
	pack_list list = VEC_INIT;
	if (!packs || pack_adopt_strays(collect->store, &collect->summary.adopted, &freed, err) < 0)
		return -err->code;
	int status = pack_list_read(collect->store, &list, err);
	for (size_t i = 0; status == 0 && i < list.count; i++) {
		AUTO_FREE char *path = pack_path(collect->store, &list.items[i].name, err);
		struct file_facts facts;
		if (!path) {
			status = -(int)err->code;
		} else if (file_facts(path, &facts, err) < 0) {
			error_clear(err); /* fsck's to say */
		} else if (facts.size > list.items[i].size) {
			cut += facts.size - list.items[i].size;
			status = file_truncate(path, list.items[i].size, err);
		}
	}
	vec_release(&list);
	collect->summary.disk += freed + cut;
	const char *const folders[] = { collect->workspace->temporary, collect->workspace->objects,
		packs };
	for (size_t i = 0; status == 0 && i < sizeof folders / sizeof *folders; i++) {
		if (file_exists(folders[i]))
			status = atomic_sweep(folders[i], err);
	}
	return status;
}

int collect_begin(struct object_store *store, const struct workspace *workspace,
	const struct collect_options *options, struct collect **ret, struct error *err)
{
	AUTO(collect_free) struct collect *collect = memory_allocate(1, sizeof *collect, err);
	if (!collect)
		return -err->code;
	collect->store = store;
	collect->workspace = workspace;
	collect->options = *options;
	collect->cutoff = clock_now() / 1000000 - options->grace;
	if (!options->dry_run && (object_store_lock(store, options->wait, options->command,
					  options->sink, err) < 0 ||
					 collect_tidy(collect, err) < 0))
		return -err->code;
	*ret = TAKE(collect);
	return 0;
}

static int collect_push(void *context, const struct hash *hash, struct error *err)
{
	struct collect *collect = context;
	vec_push(&collect->stack, *hash);
	return vec_check(&collect->stack, err);
}

/* What the entry is built on. If that cannot be read nothing can be deleted. */
static int collect_push_needs(
	struct collect *collect, const struct index_entry *entry, struct error *err)
{
	if (entry->kind == ENTRY_BLOB && entry->method != ENTRY_DELTA)
		return 0;
	if (entry_needs(collect->store, &entry->hash, collect_push, collect, err) == 0)
		return 0;
	if (err->code != ERROR_CORRUPT && err->code != ERROR_NOT_FOUND && err->code != ERROR_IO)
		return -err->code;
	event_warn(collect->options.sink, NULL, "%s", err->message);
	error_clear(err);
	collect->summary.undecided = true;
	return 0;
}

static int collect_mark(
	struct collect *collect, const struct hash *hash, unsigned reason, struct error *err)
{
	struct index_entry entry;
	uint32_t *number = hash_set_put(&collect->marks, hash, NULL, err);
	if (!number)
		return -err->code;
	if (*number)
		return 0;
	*number = reason + 1;
	int found = object_find(collect->store, hash, &entry, err);
	if (found < 0)
		return found;
	struct collect_count *count = &collect->summary.kept[reason];
	if (found) {
		count->objects += entry.is_object;
		count->entries++;
		count->bytes += entry.length;
		return collect_push_needs(collect, &entry, err);
	}
	/* One of layout 1 is counted when it is swept. */
	collect->summary.missing += !object_exists(collect->store, hash);
	return 0;
}

int collect_keep(
	struct collect *collect, const struct hash *hash, unsigned reason, struct error *err)
{
	if (reason >= COLLECT_REASONS)
		BUG("reason %u", reason);
	if (collect_push(collect, hash, err) < 0)
		return -err->code;
	while (collect->stack.count) {
		struct hash next = collect->stack.items[--collect->stack.count];
		if (collect_mark(collect, &next, reason, err) < 0)
			return -err->code;
	}
	return 0;
}

/* Hashes of what was added within the grace period. */
struct collect_young {
	const struct collect *collect;
	VEC(struct hash) hashes;
};

static int collect_find_young(void *context, const struct index_entry *entry, struct error *err)
{
	struct collect_young *young = context;
	if (entry->added <= young->collect->cutoff)
		return 0;
	vec_push(&young->hashes, entry->hash);
	return vec_check(&young->hashes, err);
}

static int collect_keep_young(struct collect *collect, struct error *err)
{
	struct collect_young young = { .collect = collect, .hashes = VEC_INIT };
	int status = object_each_entry(collect->store, collect_find_young, &young, err);
	for (size_t i = 0; status == 0 && i < young.hashes.count; i++)
		status =
			collect_keep(collect, &young.hashes.items[i], collect->options.recent, err);
	vec_release(&young.hashes);
	return status;
}

int collect_finish(struct collect *collect, struct collect_summary *ret, struct error *err)
{
	if (collect_keep_young(collect, err) < 0 || collect_sweep_loose(collect, err) < 0 ||
		collect_sweep_packs(collect, err) < 0)
		return -err->code;
	*ret = collect->summary;
	return 0;
}
