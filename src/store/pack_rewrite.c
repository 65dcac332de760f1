#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"

#include "object_internal.h"

struct pack_moving {
	struct object_store *store;
	pack_keep *keep;
	void *context;
	bool stop_at_damage;
	uint64_t kept; /* bytes */
};

/* 1: read and as it was written; 0: damaged. */
static int pack_move_read(struct pack_moving *moving, const struct index_entry *row,
	struct strbuf *raw, struct entry *ret, struct error *err)
{
	int status = object_raw(moving->store, &row->hash, raw, ret, err);
	if (status == 0)
		status = pack_raw_check(raw->text, raw->length, ret, err);
	if (status == 0)
		return 1;
	if (status != -ERROR_CORRUPT || moving->stop_at_damage) {
		char text[HASH_TEXT_SIZE];
		hash_format(&row->hash, text);
		return error_prefix(err, "object '%s'", text);
	}
	error_clear(err);
	return 0;
}

static int pack_move(struct pack_moving *moving, const struct index_entry *row, struct strbuf *raw,
	struct error *err)
{
	struct pack_new entry = {
		.is_object = row->is_object, .replace = true, .added = row->added
	};
	if (!moving->keep(moving->context, &row->hash))
		return 0;
	int status = pack_move_read(moving, row, raw, &entry.entry, err);
	if (status <= 0)
		return status;
	entry.payload = raw->text + entry_head_length(&entry.entry);
	entry.payload_check = pack_payload_check((const unsigned char *)raw->text);
	moving->kept += raw->length;
	return pack_append(moving->store, &entry, err) < 0 ? -(int)err->code : 0;
}

static int pack_move_all(
	struct pack_moving *moving, const struct pack_facts *pack, struct error *err)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	index_entries rows = VEC_INIT;
	int status = index_of_pack(moving->store->index, pack->id, &rows, err);
	for (size_t i = 0; status == 0 && i < rows.count; i++)
		status = pack_move(moving, &rows.items[i], &raw, err);
	vec_release(&rows);
	return status;
}

static int pack_rewrite_file(struct pack_moving *moving, const struct pack_facts *pack,
	uint64_t *ret_freed, struct error *err)
{
	struct object_store *store = moving->store;
	struct file_facts facts = { .size = 0 };
	AUTO_FREE char *path = pack_path(store, &pack->name, err);
	if (!path || (file_facts(path, &facts, err) < 0 && err->code != ERROR_NOT_FOUND))
		return -err->code;
	error_clear(err);
	if (pack_move_all(moving, pack, err) < 0 || pack_flush_removing(store, pack->id, err) < 0)
		return -err->code;
	pack_files_forget(store, pack->id);
	if (file_remove(path, err) < 0 || atomic_sync_folder(store->packs, err) < 0)
		return -err->code;
	*ret_freed = facts.size > moving->kept ? facts.size - moving->kept : 0;
	return 0;
}

int pack_rewrite(struct object_store *store, const struct pack_facts *pack, pack_keep *keep,
	void *context, bool stop_at_damage, uint64_t *ret_freed, struct error *err)
{
	struct pack_moving moving = {
		.store = store, .keep = keep, .context = context, .stop_at_damage = stop_at_damage
	};
	*ret_freed = 0;
	/* What is wanted must not come to lie in the file that is deleted. */
	if (object_begin(store, err) < 0 || pack_writer_avoid(store, pack->id, err) < 0)
		return -err->code;
	int status = pack_rewrite_file(&moving, pack, ret_freed, err);
	struct error ignored = ERROR_INIT;
	int after = pack_writer_avoid(store, 0, status < 0 ? &ignored : err);
	return status < 0 ? status : after;
}

/* What a pack holds that the index lacks, or of which the index says what is not so. */
struct pack_lacking {
	struct object_store *store;
	int64_t pack;
	index_entries entries; /* to be added */
	VEC(struct hash) lost;
	uint64_t end; /* of the last whole entry */
};

static bool pack_agrees(const struct index_entry *row, const struct pack_found *found)
{
	const struct entry *entry = &found->entry;
	return row->size == entry->size && row->kind == entry->kind &&
	       row->method == entry->method && row->depth == entry->depth;
}

static int pack_lacking_visit(void *context, const struct pack_found *found, struct error *err)
{
	struct pack_lacking *lacking = context;
	struct index_entry there;
	if (found->state == PACK_DAMAGED) {
		if (found->is_known)
			vec_push(&lacking->lost, found->entry.hash);
		return vec_check(&lacking->lost, err);
	}
	lacking->end = found->offset + found->length;
	int status = index_find(lacking->store->index, &found->entry.hash, &there, err);
	if (status < 0 || (status && (found->state != PACK_GOOD || pack_agrees(&there, found))))
		return status < 0 ? status : 0;
	if (status) /* of another size or form, as the index says */
		vec_push(&lacking->lost, found->entry.hash);
	vec_push(&lacking->entries, (struct index_entry){ .hash = found->entry.hash,
					    .pack = lacking->pack,
					    .offset = found->offset,
					    .length = found->length,
					    .size = found->entry.size,
					    .added = pack_time(),
					    .kind = found->entry.kind,
					    .method = found->entry.method,
					    .depth = found->entry.depth,
					    .is_object = true });
	return vec_check(&lacking->lost, err) < 0 ? -(int)err->code
						  : vec_check(&lacking->entries, err);
}

static void pack_lacking_release(struct pack_lacking *lacking)
{
	vec_release(&lacking->entries);
	vec_release(&lacking->lost);
}
AUTO_RELEASE(struct pack_lacking, pack_lacking_release)

/* Into the index, all at once; nothing else is pending. size 0: the pack keeps its own. */
static int pack_lacking_add(struct pack_lacking *lacking, uint64_t size, struct error *err)
{
	for (size_t i = 0; i < lacking->entries.count; i++) {
		lacking->entries.items[i].pack = lacking->pack;
		if (index_add(lacking->store->index, &lacking->entries.items[i], false, err) < 0)
			return -err->code;
	}
	return index_commit(lacking->store->index, size ? lacking->pack : 0, size, err);
}

static int pack_adopt_one(struct object_store *store, const struct id *name, uint64_t *ret_entries,
	uint64_t *ret_freed, struct error *err)
{
	AUTO(pack_lacking_release) struct pack_lacking lacking = { .store = store };
	const index_entries none = VEC_INIT;
	struct file_facts facts;
	AUTO_FREE char *path = pack_path(store, name, err);
	if (!path || file_facts(path, &facts, err) < 0 ||
		pack_scan_file(path, UINT64_MAX, &none, pack_lacking_visit, &lacking, err) < 0)
		return -err->code;
	if (!lacking.entries.count) {
		*ret_freed += facts.size;
		return file_remove(path, err);
	}
	*ret_entries += lacking.entries.count;
	/* Entries may be named before the pack is on disk for sure: it was written by others. */
	AUTO_CLOSE int fd = file_open(path, err);
	if (fd < 0 || atomic_sync_content(fd, path, err) < 0 ||
		atomic_sync_folder(store->packs, err) < 0 ||
		index_new_pack(store->index, name, &lacking.pack, err) < 0)
		return -err->code;
	return pack_lacking_add(&lacking, lacking.end, err);
}

static bool pack_is_listed(const pack_list *packs, const struct id *name)
{
	for (size_t i = 0; i < packs->count; i++) {
		if (strcmp(packs->items[i].name.text, name->text) == 0)
			return true;
	}
	return false;
}

/* "<32 digits>.pack" */
static bool pack_file_name(const char *file, struct id *ret)
{
	size_t length = strlen(file);
	if (length != ID_LENGTH + strlen(PACK_SUFFIX) ||
		strcmp(file + ID_LENGTH, PACK_SUFFIX) != 0 ||
		!id_is((struct text){ file, ID_LENGTH }))
		return false;
	memcpy(ret->text, file, ID_LENGTH);
	ret->text[ID_LENGTH] = '\0';
	return true;
}

int pack_adopt_strays(
	struct object_store *store, uint64_t *ret_entries, uint64_t *ret_freed, struct error *err)
{
	AUTO(directory_names_release) struct directory_names files = { .names = NULL };
	pack_list packs = VEC_INIT;
	struct id name;
	*ret_entries = *ret_freed = 0;
	if (object_begin(store, err) < 0 || pack_flush(store, err) < 0 ||
		directory_list(store->packs, &files, err) < 0)
		return -err->code;
	int status = index_packs(store->index, &packs, err);
	for (size_t i = 0; status == 0 && i < files.count; i++) {
		if (pack_file_name(files.names[i], &name) && !pack_is_listed(&packs, &name))
			status = pack_adopt_one(store, &name, ret_entries, ret_freed, err);
	}
	vec_release(&packs);
	return status;
}

static int pack_rebuild_one(struct object_store *store, const struct pack_facts *pack,
	uint64_t *ret_entries, uint64_t *ret_lost, struct error *err)
{
	AUTO(pack_lacking_release)
	struct pack_lacking lacking = { .store = store, .pack = pack->id };
	if (pack_scan(store, pack, pack_lacking_visit, &lacking, err) < 0)
		return -err->code;
	if (lacking.lost.count) {
		/* What a wrong row was in the way of is found without it. */
		if (index_forget(store->index, pack->id, lacking.lost.items, lacking.lost.count,
			    err) < 0)
			return -err->code;
		*ret_lost += lacking.lost.count;
		lacking.entries.count = lacking.lost.count = 0;
		if (pack_scan(store, pack, pack_lacking_visit, &lacking, err) < 0)
			return -err->code;
	}
	*ret_entries += lacking.entries.count;
	return pack_lacking_add(&lacking, 0, err);
}

/* Rows of packs that the index does not know lead nowhere. */
struct pack_orphans {
	const pack_list *packs;
	index_entries rows;
};

static int pack_find_orphan(void *context, const struct index_entry *row, struct error *err)
{
	struct pack_orphans *orphans = context;
	for (size_t i = 0; i < orphans->packs->count; i++) {
		if (orphans->packs->items[i].id == row->pack)
			return 0;
	}
	vec_push(&orphans->rows, *row);
	return vec_check(&orphans->rows, err);
}

static int pack_forget_orphans(
	struct object_store *store, const pack_list *packs, uint64_t *ret_lost, struct error *err)
{
	struct pack_orphans orphans = { .packs = packs, .rows = VEC_INIT };
	int status = object_each_entry(store, pack_find_orphan, &orphans, err);
	for (size_t i = 0; status == 0 && i < orphans.rows.count; i++)
		status = index_forget(store->index, orphans.rows.items[i].pack,
			&orphans.rows.items[i].hash, 1, err);
	*ret_lost += orphans.rows.count;
	vec_release(&orphans.rows);
	return status;
}

int pack_rebuild_index(
	struct object_store *store, uint64_t *ret_entries, uint64_t *ret_lost, struct error *err)
{
	pack_list packs = VEC_INIT;
	uint64_t adopted = 0, freed = 0;
	*ret_entries = *ret_lost = 0;
	int status = pack_flush(store, err);
	if (status == 0)
		status = index_packs(store->index, &packs, err);
	if (status == 0)
		status = pack_forget_orphans(store, &packs, ret_lost, err);
	for (size_t i = 0; status == 0 && i < packs.count; i++)
		status = pack_rebuild_one(store, &packs.items[i], ret_entries, ret_lost, err);
	vec_release(&packs);
	if (status == 0)
		status = pack_adopt_strays(store, &adopted, &freed, err);
	*ret_entries += adopted;
	return status;
}
