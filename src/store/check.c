#include "mlops/store/check.h"

#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/base/sort.h"
#include "mlops/system/file.h"
#include "pack_internal.h"

enum { CHECK_BLOCK = 64 }; /* entries verified in one piece of work */

/* A problem that a thread has found; reported afterwards, in order. */
struct check_note {
	struct check_problem problem;
	char what[200];
};
typedef VEC(struct check_note) check_notes;

/* One pack, and the places in it where a whole entry begins that the index knows there. */
struct check_pack {
	struct pack_facts facts;
	uint64_t on_disk;
	VEC(uint64_t) good;
	check_notes notes;
	struct check *check;
};

struct check {
	struct object_store *store;
	const struct check_options *options;
	check_visit *visit;
	void *context;
	struct check_summary *summary;
	VEC(struct check_pack) packs;
	VEC(struct entry_place) places; /* of all entries that seem well, by place */
	check_notes *blocks; /* what came out of each block of them */
};

const char *check_kind_name(enum check_kind kind)
{
	static const char *const names[] = { "damaged", "lost", "broken", "damaged_bytes", "index",
		"unindexed", "pack" };
	return names[kind];
}

void check_summary_release(struct check_summary *summary)
{
	hash_set_release(&summary->bad);
}

static int check_note(check_notes *notes, const struct check_problem *problem, const char *what,
	struct error *err)
{
	struct check_note note = { .problem = *problem };
	size_t length = strlen(what);
	if (length >= sizeof note.what)
		length = sizeof note.what - 1;
	memcpy(note.what, what, length);
	vec_push(notes, note);
	return vec_check(notes, err);
}

static int check_report(struct check *check, check_notes *notes, struct error *err)
{
	for (size_t i = 0; i < notes->count; i++) {
		struct check_problem *problem = &notes->items[i].problem;
		problem->what = notes->items[i].what;
		check->summary->n_problems++;
		bool bad = problem->has_hash && problem->kind <= CHECK_BROKEN;
		if (bad && !hash_set_put(&check->summary->bad, &problem->hash, NULL, err))
			return -err->code;
		if (check->visit(check->context, problem, err) < 0)
			return -err->code;
	}
	return 0;
}

/* ---- packs, byte by byte ---- */

static bool check_agrees(const struct index_entry *row, const struct pack_found *found)
{
	const struct entry *entry = &found->entry;
	return row->length == found->length && row->size == entry->size &&
	       row->kind == entry->kind && row->method == entry->method &&
	       row->depth == entry->depth;
}

static int check_found_good(
	struct check_pack *pack, const struct pack_found *found, struct error *err)
{
	struct index_entry row;
	struct check_problem problem = { .kind = CHECK_INDEX,
		.has_hash = true,
		.has_pack = true,
		.hash = found->entry.hash,
		.pack = pack->facts.name,
		.offset = found->offset,
		.length = found->length };
	vec_push(&pack->good, found->offset);
	if (vec_check(&pack->good, err) < 0)
		return -err->code;
	int known = object_find(pack->check->store, &found->entry.hash, &row, err);
	if (known <= 0 || check_agrees(&row, found))
		return known < 0 ? known : 0;
	return check_note(&pack->notes, &problem, "the index has another size or form of it", err);
}

static int check_found(void *context, const struct pack_found *found, struct error *err)
{
	struct check_pack *pack = context;
	struct check_problem problem = { .has_pack = true,
		.hash = found->entry.hash,
		.pack = pack->facts.name,
		.offset = found->offset,
		.length = found->length };
	struct index_entry row;
	if (found->state == PACK_GOOD)
		return check_found_good(pack, found, err);
	if (found->state == PACK_SPARE) {
		int known = object_find(pack->check->store, &found->entry.hash, &row, err);
		if (known != 0)
			return known < 0 ? known : 0;
		problem.kind = CHECK_UNINDEXED;
		problem.has_hash = true;
		return check_note(&pack->notes, &problem, "the index does not know it", err);
	}
	problem.has_hash = found->is_known;
	problem.kind = found->is_known ? CHECK_DAMAGED : CHECK_BYTES;
	if (found->is_known) /* told here: the index has it in place */
		vec_push(&pack->good, found->offset);
	return check_note(&pack->notes, &problem, found->what, err);
}

/* Is it still the index's? A collection may have taken it away meanwhile. */
static int check_still_there(struct check_pack *pack, bool *ret, struct error *err)
{
	pack_list list = VEC_INIT;
	int status = pack_list_read(pack->check->store, &list, err);
	*ret = false;
	for (size_t i = 0; status == 0 && i < list.count; i++)
		*ret |= list.items[i].id == pack->facts.id;
	vec_release(&list);
	return status;
}

static int check_scan_pack(void *context, size_t index, size_t worker, struct error *err)
{
	struct check *check = context;
	struct check_pack *pack = &check->packs.items[index];
	struct file_facts facts = { .size = 0 };
	bool there = true;
	(void)worker;
	AUTO_FREE char *path = pack_path(check->store, &pack->facts.name, err);
	if (!path)
		return -err->code;
	if (file_facts(path, &facts, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err); /* what the index has in it is lost, which is told there */
	}
	pack->on_disk = facts.size;
	if (!check->options->quick && facts.size &&
		pack_scan(check->store, &pack->facts, check_found, pack, err) < 0)
		return -err->code;
	if (pack->notes.count && check_still_there(pack, &there, err) < 0)
		return -err->code;
	if (!there)
		pack->notes.count = 0;
	return vec_check(&pack->good, err);
}

static int check_packs(struct check *check, struct error *err)
{
	pack_list list = VEC_INIT;
	int status = pack_list_read(check->store, &list, err);
	for (size_t i = 0; status == 0 && i < list.count; i++) {
		vec_push(&check->packs,
			(struct check_pack){ .facts = list.items[i], .check = check });
		status = vec_check(&check->packs, err);
		check->summary->bytes += list.items[i].size;
	}
	check->summary->packs = list.count;
	vec_release(&list);
	/* A few at a time, so that progress can be told from this thread. */
	size_t step = parallel_threads();
	for (size_t i = 0; status == 0 && i < check->packs.count; i += step) {
		size_t count = check->packs.count - i < step ? check->packs.count - i : step;
		struct check part = *check;
		part.packs.items += i;
		event_progress(check->options->sink, "scanning", "packs", i, check->packs.count);
		status = event_stopped(check->options->sink)
				 ? error_set(err, ERROR_CANCELLED, "stopped")
				 : parallel_for(0, count, check_scan_pack, &part, err);
	}
	for (size_t i = 0; status == 0 && i < check->packs.count; i++)
		status = check_report(check, &check->packs.items[i].notes, err);
	return status;
}

/* ---- the index against the packs ---- */

static const struct check_pack *check_find_pack(const struct check *check, int64_t id)
{
	for (size_t i = 0; i < check->packs.count; i++) {
		if (check->packs.items[i].facts.id == id)
			return &check->packs.items[i];
	}
	return NULL;
}

static bool check_is_good(const struct check_pack *pack, uint64_t offset)
{
	size_t low = 0, high = pack->good.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (pack->good.items[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pack->good.count && pack->good.items[low] == offset;
}

static const char *check_row(
	const struct check *check, const struct check_pack *pack, const struct index_entry *row)
{
	if (!pack)
		return "the index has it in a pack that it does not know";
	if (row->offset >= pack->facts.size) /* put since the list of packs was read */
		return NULL;
	if (row->length > pack->on_disk || row->offset > pack->on_disk - row->length)
		return pack->on_disk ? "its pack ends before it" : "its pack is missing";
	if (!check->options->quick && !check_is_good(pack, row->offset))
		return "its pack does not hold it where the index says";
	return NULL;
}

struct check_rows {
	struct check *check;
	check_notes notes;
};

static int check_visit_row(void *context, const struct index_entry *row, struct error *err)
{
	struct check_rows *rows = context;
	struct check *check = rows->check;
	const struct check_pack *pack = check_find_pack(check, row->pack);
	check->summary->entries++;
	check->summary->objects += row->is_object;
	if (hash_set_find(&check->summary->bad, &row->hash))
		return 0;
	const char *what = check_row(check, pack, row);
	if (!what) {
		vec_push(&check->places,
			(struct entry_place){ row->hash, row->pack, row->offset, row->length });
		return vec_check(&check->places, err);
	}
	struct check_problem problem = { .kind = CHECK_LOST,
		.has_hash = true,
		.has_pack = pack != NULL,
		.hash = row->hash,
		.offset = row->offset,
		.length = row->length };
	if (pack)
		problem.pack = pack->facts.name;
	/* Moved meanwhile? */
	struct index_entry now;
	int known = object_find(check->store, &row->hash, &now, err);
	if (known <= 0 || now.pack != row->pack || now.offset != row->offset)
		return known < 0 ? known : 0;
	return check_note(&rows->notes, &problem, what, err);
}

static int check_index(struct check *check, struct error *err)
{
	struct check_rows rows = { .check = check, .notes = VEC_INIT };
	int status = object_each_entry(check->store, check_visit_row, &rows, err);
	if (status == 0)
		status = check_report(check, &rows.notes, err);
	vec_release(&rows.notes);
	return status;
}

/* ---- contents ---- */

static int check_compare_places(const void *a, const void *b, void *context)
{
	const struct entry_place *left = a, *right = b;
	(void)context;
	if (left->pack != right->pack)
		return left->pack < right->pack ? -1 : 1;
	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* Nothing if it is well, or was collected meanwhile. */
static int check_verify(
	struct check *check, const struct hash *hash, check_notes *notes, struct error *err)
{
	struct index_entry row;
	if (object_verify(check->store, hash, err) == 0)
		return 0;
	if (err->code != ERROR_CORRUPT && err->code != ERROR_NOT_FOUND)
		return -err->code;
	struct error why = *err;
	error_clear(err);
	int known = object_find(check->store, hash, &row, err);
	if (known < 0 || (!known && !object_exists(check->store, hash)))
		return known;
	bool built = known && (row.kind == ENTRY_LIST || row.method == ENTRY_DELTA);
	struct check_problem problem = { .kind = built ? CHECK_BROKEN : CHECK_DAMAGED,
		.has_hash = true,
		.hash = *hash,
		.offset = known ? row.offset : 0,
		.length = known ? row.length : 0 };
	const struct check_pack *pack = known ? check_find_pack(check, row.pack) : NULL;
	if (pack) {
		problem.has_pack = true;
		problem.pack = pack->facts.name;
	}
	return check_note(notes, &problem, why.message, err);
}

static int check_verify_block(void *context, size_t index, size_t worker, struct error *err)
{
	struct check *check = context;
	size_t end = (index + 1) * CHECK_BLOCK;
	(void)worker;
	if (end > check->places.count)
		end = check->places.count;
	for (size_t i = index * CHECK_BLOCK; i < end; i++) {
		if (check_verify(check, &check->places.items[i].hash, &check->blocks[index], err) <
			0)
			return -err->code;
	}
	return 0;
}

/* Some blocks at a time, for progress from this thread. */
static int check_verify_blocks(struct check *check, size_t n_blocks, struct error *err)
{
	enum { STEP = 64 };
	for (size_t i = 0; i < n_blocks; i += STEP) {
		struct check part = *check;
		part.places.items += i * CHECK_BLOCK;
		part.places.count -= i * CHECK_BLOCK;
		part.blocks += i;
		event_progress(check->options->sink, "verifying", "objects", i * CHECK_BLOCK,
			check->places.count);
		if (event_stopped(check->options->sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
		if (parallel_for(0, n_blocks - i < STEP ? n_blocks - i : STEP, check_verify_block,
			    &part, err) < 0)
			return -err->code;
	}
	return 0;
}

static int check_contents(struct check *check, struct error *err)
{
	size_t count = check->places.count, n_blocks = (count + CHECK_BLOCK - 1) / CHECK_BLOCK;
	if (sort_items(check->places.items, count, sizeof *check->places.items,
		    check_compare_places, NULL, err) < 0)
		return -err->code;
	check->blocks = memory_allocate(n_blocks, sizeof *check->blocks, err);
	if (!check->blocks)
		return -err->code;
	int status = check_verify_blocks(check, n_blocks, err);
	for (size_t i = 0; i < n_blocks; i++) {
		if (status == 0)
			status = check_report(check, &check->blocks[i], err);
		vec_release(&check->blocks[i]);
	}
	memory_free(check->blocks);
	return status;
}

static int check_visit_loose(void *context, const struct hash *hash, struct error *err)
{
	struct check *check = context;
	check_notes notes = VEC_INIT;
	check->summary->entries++;
	check->summary->objects++;
	int status = check_verify(check, hash, &notes, err);
	if (status == 0)
		status = check_report(check, &notes, err);
	vec_release(&notes);
	return status;
}

int check_store(struct object_store *store, const struct workspace *workspace,
	const struct check_options *options, check_visit *visit, void *context,
	struct check_summary *ret, struct error *err)
{
	*ret = (struct check_summary){ .bad = HASH_SET_INIT };
	struct check check = { .store = store,
		.options = options,
		.visit = visit,
		.context = context,
		.summary = ret };
	(void)workspace;
	int status = check_packs(&check, err);
	if (status == 0)
		status = check_index(&check, err);
	if (status == 0 && !options->quick)
		status = check_contents(&check, err);
	if (status == 0 && !options->quick)
		status = object_each_loose(store, check_visit_loose, &check, err);
	for (size_t i = 0; i < check.packs.count; i++) {
		vec_release(&check.packs.items[i].good);
		vec_release(&check.packs.items[i].notes);
	}
	vec_release(&check.packs);
	vec_release(&check.places);
	return status;
}
