/*
 * Repair: the index made from the packs, contents put again, packs without their damage.
 */
#include <string.h>

#include "mlops/base/path.h"
#include "mlops/store/check.h"
#include "mlops/store/entry.h"
#include "mlops/system/directory.h"
#include "mlops/system/file.h"
#include "pack_internal.h"

int check_rebuild(struct object_store *store, const struct workspace *workspace, double wait,
	const char *command, const struct event_sink *sink, struct check_repair *repair,
	struct error *err)
{
	uint64_t adopted = 0, freed = 0, entries = 0;
	(void)workspace;
	if (object_store_lock(store, wait, command, sink, err) < 0 ||
		pack_adopt_strays(store, &adopted, &freed, err) < 0 ||
		pack_rebuild_index(store, &entries, &repair->dropped, err) < 0)
		return -err->code;
	repair->adopted = adopted + entries;
	return 0;
}

/* ---- a content put again ---- */

/* From the other store into this one, bases and chunks first. */
static int check_copy_entries(struct object_store *from, struct object_store *to,
	const struct hash *hash, struct error *err)
{
	AUTO(entry_closure_free) struct entry_closure *closure = NULL;
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	const struct hash *hashes;
	if (entry_closure_make(&closure, err) < 0 ||
		entry_closure_add(from, closure, hash, err) < 0)
		return -err->code;
	size_t count = entry_closure_list(closure, &hashes);
	for (size_t i = 0; i < count; i++) {
		struct entry entry;
		strbuf_clear(&raw);
		if (entry_read(from, &hashes[i], &entry, &raw, err) < 0 ||
			entry_write(to, raw.text, raw.length, err) < 0)
			return -err->code;
	}
	if (object_mark(to, hash, err) < 0)
		return -err->code;
	return object_store_flush(to, err);
}

static int check_restore_through(struct object_store *store, const char *folder,
	const struct hash *hash, const char *path, struct error *err)
{
	AUTO(workspace_release) struct workspace beside = { .root = NULL };
	AUTO(object_store_close) struct object_store *other = NULL;
	struct object_file file;
	if (directory_make(folder, err) < 0 || workspace_create(folder, &beside, NULL, err) < 0 ||
		object_store_open(&beside, &other, err) < 0 ||
		object_put_file(other, path, NULL, &file, err) < 0 ||
		object_store_flush(other, err) < 0)
		return -err->code;
	if (!hash_equal(&file.hash, hash))
		return error_set(err, ERROR_INVALID, "'%s' has another content", path);
	return check_copy_entries(other, store, hash, err);
}

/*
 * Putting it here would find that it is here already. So it is put into a store of its own, which
 * cuts it into the same chunks, and its entries are written from there: entry_write() replaces what
 * is damaged.
 */
int check_restore_file(struct object_store *store, const struct workspace *workspace,
	const struct hash *hash, const char *path, struct error *err)
{
	struct hash now;
	uint64_t size;
	AUTO_FREE char *folder = path_join(workspace->temporary, "repair", err);
	if (!folder || hash_file(path, &now, &size, err) < 0)
		return -err->code;
	if (!hash_equal(&now, hash))
		return error_set(err, ERROR_INVALID, "'%s' has another content", path);
	if (directory_remove_tree(folder, err) < 0) /* of one that was killed */
		return -err->code;
	int status = check_restore_through(store, folder, hash, path, err);
	struct error ignored = ERROR_INIT;
	int removed = directory_remove_tree(folder, status < 0 ? &ignored : err);
	return status < 0 ? status : removed;
}

/* ---- packs without their damage ---- */

struct check_damage {
	bool needed, any;
};

static int check_find_damage(void *context, const struct pack_found *found, struct error *err)
{
	struct check_damage *damage = context;
	(void)err;
	if (found->state == PACK_DAMAGED) {
		damage->any = true;
		damage->needed |= found->is_known;
	}
	return 0;
}

static bool check_keep_all(void *context, const struct hash *hash)
{
	(void)context, (void)hash;
	return true;
}

int check_drop_damage(struct object_store *store, struct check_repair *repair, struct error *err)
{
	pack_list list = VEC_INIT;
	int status = pack_list_read(store, &list, err);
	for (size_t i = 0; status == 0 && i < list.count; i++) {
		struct check_damage damage = { .any = false };
		uint64_t freed;
		status = pack_scan(store, &list.items[i], check_find_damage, &damage, err);
		if (status < 0 || !damage.any || damage.needed)
			continue;
		status = pack_rewrite(
			store, &list.items[i], check_keep_all, NULL, true, &freed, err);
		repair->packs_rewritten += status == 0;
	}
	vec_release(&list);
	return status;
}
