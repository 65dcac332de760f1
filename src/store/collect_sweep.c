/*
 * Sweeping: packs that are dead or mostly so, and contents of layout 1.
 */
#include "collect_internal.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/system/file.h"

static struct collect_pack *collect_pack(struct collect *collect, int64_t id)
{
	size_t low = 0, high = collect->packs.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (collect->packs.items[middle].facts.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < collect->packs.count && collect->packs.items[low].facts.id == id
		       ? &collect->packs.items[low]
		       : NULL;
}

static int collect_count_entry(void *context, const struct index_entry *entry, struct error *err)
{
	struct collect *collect = context;
	struct collect_pack *pack = collect_pack(collect, entry->pack);
	(void)err;
	if (!pack) /* begun since the list was read: a dry run takes no lock */
		return 0;
	if (collect_is_marked(collect, &entry->hash)) {
		pack->live += entry->length;
		return 0;
	}
	pack->dead.objects += entry->is_object;
	pack->dead.entries++;
	pack->dead.bytes += entry->length;
	return 0;
}

static int collect_count_packs(struct collect *collect, struct error *err)
{
	pack_list list = VEC_INIT;
	int status = pack_list_read(collect->store, &list, err);
	for (size_t i = 0; status == 0 && i < list.count; i++) {
		vec_push(&collect->packs, (struct collect_pack){ .facts = list.items[i] });
		status = vec_check(&collect->packs, err);
	}
	vec_release(&list);
	return status == 0 ? object_each_entry(collect->store, collect_count_entry, collect, err)
			   : status;
}

/* All bytes of the pack that are of no use, also those that no entry of the index is in. */
static uint64_t collect_dead_bytes(const struct collect_pack *pack)
{
	uint64_t used = PACK_HEADER + pack->live;
	return pack->facts.size > used ? pack->facts.size - used : 0;
}

static bool collect_pays(const struct collect_pack *pack)
{
	uint64_t dead = collect_dead_bytes(pack);
	if (!pack->live)
		return true;
	return dead && (pack->live < COLLECT_SMALL ||
			       (double)dead >= COLLECT_REWRITE * (double)pack->facts.size);
}

static bool collect_wants(void *context, const struct hash *hash)
{
	return collect_is_marked(context, hash);
}

static void collect_add(struct collect_count *sum, const struct collect_count *count)
{
	sum->objects += count->objects;
	sum->entries += count->entries;
	sum->bytes += count->bytes;
}

static int collect_sweep_pack(struct collect *collect, struct collect_pack *pack, struct error *err)
{
	struct collect_summary *summary = &collect->summary;
	uint64_t freed = collect_dead_bytes(pack) + (pack->live ? 0 : PACK_HEADER);
	if (!collect->options.dry_run && pack_rewrite(collect->store, &pack->facts, collect_wants,
						 collect, true, &freed, err) < 0) {
		if (err->code != ERROR_CORRUPT)
			return -err->code;
		event_warn(collect->options.sink, NULL, "%s", err->message);
		error_clear(err);
		summary->packs_damaged++;
		collect_add(&summary->left, &pack->dead);
		return 0;
	}
	collect_add(&summary->freed, &pack->dead);
	summary->disk += freed;
	if (pack->live)
		summary->packs_rewritten++;
	else
		summary->packs_removed++;
	return 0;
}

int collect_sweep_packs(struct collect *collect, struct error *err)
{
	if (collect_count_packs(collect, err) < 0)
		return -err->code;
	for (size_t i = 0; i < collect->packs.count; i++) {
		struct collect_pack *pack = &collect->packs.items[i];
		event_progress(collect->options.sink, "sweeping", "packs", i, collect->packs.count);
		if (event_stopped(collect->options.sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
		if (collect->summary.undecided || !collect_pays(pack))
			collect_add(&collect->summary.left, &pack->dead);
		else if (collect_sweep_pack(collect, pack, err) < 0)
			return -err->code;
	}
	return 0;
}

/* ---- layout 1 ---- */

/* A content of layout 1 that stays, and why. */
struct collect_loose {
	struct hash hash;
	unsigned reason;
};
struct collect_loose_list {
	struct collect *collect;
	VEC(struct collect_loose) kept;
};

static int collect_loose_facts(const struct collect *collect, const struct hash *hash, char **ret,
	struct file_facts *ret_facts, struct error *err)
{
	char text[HASH_TEXT_SIZE];
	hash_format(hash, text);
	*ret = memory_format(err, "%s/%.2s/%s", collect->workspace->objects, text, text + 2);
	return *ret ? file_facts(*ret, ret_facts, err) : -(int)err->code;
}

static int collect_visit_loose(void *context, const struct hash *hash, struct error *err)
{
	struct collect_loose_list *list = context;
	struct collect *collect = list->collect;
	struct collect_summary *summary = &collect->summary;
	struct file_facts facts;
	AUTO_FREE char *path = NULL;
	if (collect_loose_facts(collect, hash, &path, &facts, err) < 0)
		return -err->code;
	const uint32_t *mark = hash_set_find(&collect->marks, hash);
	bool marked = mark && *mark;
	unsigned reason = marked ? *mark - 1 : collect->options.recent;
	struct collect_count count = { 1, 1, facts.size };
	if (marked || summary->undecided || facts.modified / 1000000000 > collect->cutoff) {
		vec_push(&list->kept, (struct collect_loose){ *hash, reason });
		if (collect->options.dry_run)
			collect_add(&summary->kept[reason], &count);
		return vec_check(&list->kept, err);
	}
	collect_add(&summary->freed, &count);
	summary->disk += facts.size;
	return collect->options.dry_run ? 0 : file_remove(path, err);
}

/* Its entry, and those of its chunks, are new: they are marked, and counted, now. */
static int collect_mark_packed(
	struct collect *collect, const struct collect_loose *loose, struct error *err)
{
	uint32_t *mark = hash_set_find(&collect->marks, &loose->hash);
	if (mark)
		*mark = 0;
	return collect_keep(collect, &loose->hash, loose->reason, err);
}

static int collect_pack_loose(struct collect_loose_list *list, struct error *err)
{
	struct collect *collect = list->collect;
	for (size_t i = 0; i < list->kept.count; i++) {
		if (object_loose_pack(collect->store, &list->kept.items[i].hash, err) == 0)
			continue;
		if (err->code != ERROR_CORRUPT)
			return -err->code;
		event_warn(collect->options.sink, NULL, "%s", err->message);
		error_clear(err);
	}
	if (object_store_flush(collect->store, err) < 0)
		return -err->code;
	for (size_t i = 0; i < list->kept.count; i++) {
		if (collect_mark_packed(collect, &list->kept.items[i], err) < 0)
			return -err->code;
	}
	return object_loose_clear(collect->store, &collect->summary.loose_moved, err);
}

int collect_sweep_loose(struct collect *collect, struct error *err)
{
	struct collect_loose_list list = { .collect = collect, .kept = VEC_INIT };
	int status = object_each_loose(collect->store, collect_visit_loose, &list, err);
	if (status == 0 && !collect->options.dry_run && list.kept.count)
		status = collect_pack_loose(&list, err);
	vec_release(&list.kept);
	return status;
}
