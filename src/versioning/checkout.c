#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "checkout_internal.h"
#include "mlops/base/path.h"
#include "mlops/base/vec.h"

enum { CHECKOUT_NAMED = 5 }; /* refused files that a message names */

static void checkout_end(struct checkout *checkout)
{
	memory_free(TAKE(checkout->items));
	file_close(&checkout->base);
	stat_cache_free(checkout->cache);
	checkout->cache = NULL;
}
AUTO_RELEASE(struct checkout, checkout_end)

/* ---- the version before ---- */

struct checkout_old {
	struct tree tree;
	VEC(struct tree_entry) entries;
};

static void checkout_old_release(struct checkout_old *old)
{
	vec_release(&old->entries);
	arena_release(&old->tree.arena);
}
AUTO_RELEASE(struct checkout_old, checkout_old_release)

static int checkout_old_visit(void *context, const struct stat_entry *entry, struct error *err)
{
	struct checkout_old *old = context;
	if (!entry->path[0])
		return 0; /* it was a file */
	const char *path = arena_copy_string(&old->tree.arena, entry->path, err);
	if (!path)
		return -ERROR_MEMORY;
	vec_push(&old->entries, (struct tree_entry){ .path = path,
					.kind = entry->facts.kind == FILE_LINK ? TREE_LINK
						: entry->facts.mode & 0100     ? TREE_EXECUTABLE
									       : TREE_FILE,
					.hash = entry->hash,
					.size = entry->facts.size });
	return vec_check(&old->entries, err);
}

/* What the cache was saved for, if that is another version than the one to come. */
static int checkout_old_load(struct checkout *checkout, const struct hash *coming,
	struct checkout_old *old, struct error *err)
{
	struct hash whole;
	if (!checkout->cache || !stat_cache_whole(checkout->cache, &whole) ||
		hash_equal(&whole, coming))
		return 0;
	if (stat_cache_each(checkout->cache, checkout_old_visit, old, err) < 0 ||
		tree_sort(old->entries.items, old->entries.count, err) < 0)
		return -err->code;
	old->tree.entries = old->entries.items;
	old->tree.count = old->entries.count;
	checkout->old_tree = &old->tree;
	return 0;
}

/* ---- what the caller hears ---- */

static void checkout_add(struct checkout_summary *sum, const struct checkout_summary *part)
{
	sum->n_written += part->n_written;
	sum->n_removed += part->n_removed;
	sum->n_unchanged += part->n_unchanged;
	sum->n_refused += part->n_refused;
	sum->n_missing += part->n_missing;
	sum->bytes += part->bytes;
	sum->bytes_read += part->bytes_read;
}

static void checkout_count(const struct checkout *checkout, struct checkout_summary *summary)
{
	for (size_t i = 0; i < checkout->n_items; i++) {
		const struct checkout_item *item = &checkout->items[i];
		summary->n_written += item->state == CHECKOUT_WRITE;
		summary->n_removed += item->state == CHECKOUT_REMOVE;
		summary->n_unchanged += item->state == CHECKOUT_KEEP;
		summary->n_refused += item->state == CHECKOUT_REFUSED;
		summary->n_missing += item->missing;
		if (item->state == CHECKOUT_WRITE)
			summary->bytes += item->entry->size;
	}
	summary->bytes_read += checkout->bytes_read;
}

static int checkout_say_refused(const struct checkout *checkout, size_t count, struct error *err)
{
	AUTO(strbuf_release) struct strbuf names = STRBUF_INIT;
	size_t named = 0;
	for (size_t i = 0; i < checkout->n_items && named < CHECKOUT_NAMED; i++) {
		if (checkout->items[i].state != CHECKOUT_REFUSED)
			continue;
		strbuf_printf(&names, "%s'%s%s%s'", named++ ? ", " : "", checkout->base_path,
			checkout->base_path[0] ? "/" : "", checkout->items[i].entry->path);
	}
	if (count > named)
		strbuf_printf(&names, " and %zu more", count - named);
	if (count == 1)
		error_set(err, ERROR_EXISTS, "%s has changed and is not in the store", names.text);
	else
		error_set(err, ERROR_EXISTS, "%zu files have changed and are not in the store: %s",
			count, names.text);
	return error_hint(err, "keep %s with 'mlops add %s', or give %s up with --force",
		count == 1 ? "it" : "them", checkout->data_path, count == 1 ? "it" : "them");
}

static int checkout_say_missing(const struct checkout *checkout, size_t count, struct error *err)
{
	const char *first = "";
	for (size_t i = 0; i < checkout->n_new; i++) {
		if (checkout->items[i].missing) {
			first = checkout->items[i].entry->path;
			break;
		}
	}
	if (checkout->is_file)
		error_set(err, ERROR_NOT_FOUND, "the content of '%s' is not in the store",
			checkout->data_path);
	else
		error_set(err, ERROR_NOT_FOUND,
			"%zu of the %zu files of '%s' are not in the store, the first is '%s'",
			count, checkout->n_new, checkout->data_path, first);
	return error_hint(err, "fetch it with 'mlops pull %s'", checkout->data_path);
}

/* Looks, and says no where that is the answer. */
static int checkout_plan(
	struct checkout *checkout, struct checkout_summary *summary, struct error *err)
{
	struct checkout_summary own = { .n_written = 0 };
	if (stat_cache_clock(checkout->workspace, &checkout->since, err) < 0 ||
		checkout_look(checkout, err) < 0 || checkout_check_objects(checkout, err) < 0)
		return -err->code;
	checkout_count(checkout, &own);
	checkout_add(summary, &own);
	if (own.n_missing)
		return checkout_say_missing(checkout, own.n_missing, err);
	if (own.n_refused)
		return checkout_say_refused(checkout, own.n_refused, err);
	return 0;
}

/* ---- doing it ---- */

static bool checkout_is_saved(const struct checkout *checkout, const struct hash *whole)
{
	struct hash known;
	if (!checkout->cache || !stat_cache_whole(checkout->cache, &known) ||
		!hash_equal(&known, whole))
		return false;
	return checkout->bytes_read == 0;
}

/* Everything aside first, then what goes, then what comes. */
static int checkout_exchange(struct checkout *checkout, struct error *err)
{
	AUTO(checkout_stage_release) struct checkout_stage stage = { .fd = -1 };
	if (checkout_stage_make(checkout, checkout->base, checkout->base_path, &stage, err) < 0)
		return -err->code;
	checkout->stage = stage.fd;
	if (checkout_write(checkout, err) < 0 || checkout_remove(checkout, err) < 0)
		return -err->code;
	return checkout_place(checkout, err);
}

/* Opens the folder around the data, made if it is missing. */
static int checkout_open_parent(
	const struct checkout *checkout, bool make, int *ret_fd, struct error *err)
{
	AUTO_CLOSE int root = open(checkout->workspace->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_set_os(
			err, ERROR_IO, "cannot open the folder '%s'", checkout->workspace->root);
	const char *path = checkout->data_path, *slash = strrchr(path, '/');
	enum checkout_folder state;
	size_t blocked;
	if (checkout_folder_open(root, path, slash ? (size_t)(slash - path) : 0,
		    (struct checkout_way){ .make = make }, ret_fd, &state, &blocked, err) < 0)
		return -err->code;
	if (state != CHECKOUT_FOLDER_BLOCKED)
		return 0;
	error_set(err, ERROR_EXISTS, "'%.*s' is not a folder", (int)blocked, path);
	return error_hint(err, "data are not written through a link; move it away");
}

/* A folder that is not there: built out of sight, then renamed as one. */
static int checkout_build(struct checkout *checkout, struct error *err)
{
	AUTO(checkout_stage_release) struct checkout_stage stage = { .fd = -1 };
	AUTO_CLOSE int parent = -1;
	AUTO_FREE char *parent_path = path_parent(checkout->data_path, err);
	enum checkout_folder state;
	size_t blocked;
	if (!parent_path || checkout_open_parent(checkout, true, &parent, err) < 0 ||
		checkout_stage_make(checkout, parent,
			strcmp(parent_path, ".") == 0 ? "" : parent_path, &stage, err) < 0 ||
		checkout_folder_open(stage.fd, "data", 4, (struct checkout_way){ .make = true },
			&checkout->base, &state, &blocked, err) < 0)
		return -err->code;
	checkout->fresh = true;
	checkout->stage = stage.fd;
	if (checkout_write(checkout, err) < 0)
		return -err->code;
	const char *name = path_base(checkout->data_path);
	struct file_facts facts;
	/* A file or link, that was found to be replaceable; a folder is not removed by this. */
	if (file_facts_at(parent, name, &facts) && facts.kind != FILE_FOLDER &&
		unlinkat(parent, name, 0) != 0)
		return error_set_os(err, ERROR_IO, "cannot remove '%s'", checkout->data_path);
	if (renameat(stage.fd, "data", parent, name) != 0)
		return error_set_os(
			err, ERROR_IO, "cannot put '%s' in its place", checkout->data_path);
	return 0;
}

static int checkout_do(struct checkout *checkout, const struct hash *whole,
	struct checkout_summary *summary, struct error *err)
{
	struct checkout_summary own = { .n_written = 0 };
	struct hash known;
	int status = checkout_plan(checkout, &own, err);
	checkout_add(summary, &own);
	if (status < 0 || checkout->options->dry_run)
		return status;
	bool writes = checkout->base < 0 || own.n_written || own.n_removed;
	if (!writes && checkout_is_saved(checkout, whole))
		return 0;
	if (checkout->base < 0 && checkout->is_file)
		status = checkout_open_parent(checkout, true, &checkout->base, err);
	if (status == 0 && writes)
		status = checkout->base < 0 ? checkout_build(checkout, err)
					    : checkout_exchange(checkout, err);
	if (status < 0)
		return status;
	/* A part of another version: the files that left it are still to be found. */
	if (checkout->only && checkout->cache && stat_cache_whole(checkout->cache, &known) &&
		!hash_equal(&known, whole))
		return 0;
	return checkout_batch_keep(checkout, whole, !writes, err);
}

/* ---- files and folders ---- */

/* Where a folder is to be stands something else. */
static int checkout_look_at_top(struct checkout *checkout, struct error *err)
{
	AUTO_CLOSE int parent = -1;
	struct file_facts facts;
	const char *name = path_base(checkout->data_path);
	bool kept = false;
	if (checkout_open_parent(checkout, false, &parent, err) < 0)
		return -err->code;
	if (parent < 0 || !file_facts_at(parent, name, &facts) || checkout->options->force)
		return 0;
	if (checkout_is_kept(checkout, parent, name, "", &facts, &kept, err) < 0)
		return -err->code;
	if (kept && facts.kind == FILE_REGULAR)
		return 0;
	error_set(err, ERROR_EXISTS, "'%s' is not the folder that its pointer stands for",
		checkout->data_path);
	return error_hint(err, "move it away, or replace it with --force");
}

static int checkout_open_folder(struct checkout *checkout, struct error *err)
{
	enum checkout_folder state;
	size_t blocked;
	const char *path = checkout->data_path;
	AUTO_CLOSE int root = open(checkout->workspace->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_set_os(
			err, ERROR_IO, "cannot open the folder '%s'", checkout->workspace->root);
	if (checkout_folder_open(root, path, strlen(path), (struct checkout_way){ .make = false },
		    &checkout->base, &state, &blocked, err) < 0)
		return -err->code;
	return state == CHECKOUT_FOLDER_BLOCKED ? checkout_look_at_top(checkout, err) : 0;
}

static bool checkout_holds(const struct tree *tree, const char *only)
{
	size_t length = strlen(only);
	for (size_t i = 0; i < tree->count; i++) {
		const char *path = tree->entries[i].path;
		if (strncmp(path, only, length) == 0 && (!path[length] || path[length] == '/'))
			return true;
	}
	return !length;
}

static int checkout_load_tree(struct checkout *checkout, const struct pointer *pointer,
	struct tree *tree, struct error *err)
{
	if (tree_load(checkout->store, &pointer->hash, tree, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return error_prefix(err, "'%s'", checkout->data_path);
		error_set(err, ERROR_NOT_FOUND, "the listing of '%s' is not in the store",
			checkout->data_path);
		return error_hint(err, "fetch it with 'mlops pull %s'", checkout->data_path);
	}
	if (tree->count != pointer->n_files || tree->size != pointer->size)
		return error_set(err, ERROR_CORRUPT,
			"the pointer of '%s' stands for %llu files with %llu bytes, but its "
			"listing has %zu with %llu",
			checkout->data_path, (unsigned long long)pointer->n_files,
			(unsigned long long)pointer->size, tree->count,
			(unsigned long long)tree->size);
	const char *only = checkout->only;
	if (only && !checkout_holds(tree, only))
		return error_set(
			err, ERROR_NOT_FOUND, "'%s' has no '%s' in it", checkout->data_path, only);
	return 0;
}

static int checkout_folder(struct checkout *checkout, const struct pointer *pointer,
	struct checkout_summary *summary, struct error *err)
{
	AUTO(tree_release) struct tree tree = { .count = 0 };
	AUTO(checkout_old_release)
	struct checkout_old old = { .tree.arena = ARENA_INIT(0), .entries = VEC_INIT };
	checkout->base_path = checkout->data_path;
	checkout->new_tree = &tree;
	if (checkout_load_tree(checkout, pointer, &tree, err) < 0 ||
		checkout_old_load(checkout, &pointer->hash, &old, err) < 0 ||
		checkout_open_folder(checkout, err) < 0)
		return -err->code;
	return checkout_do(checkout, &pointer->hash, summary, err);
}

/* Where a file is to be stands a folder: all of it goes if it was tracked and is unchanged. */
static int checkout_clear_folder(const struct checkout *file, const struct hash *coming, int parent,
	const char *name, struct checkout_summary *summary, struct error *err)
{
	static const struct tree nothing = { .count = 0 };
	AUTO(checkout_old_release)
	struct checkout_old old = { .tree.arena = ARENA_INIT(0), .entries = VEC_INIT };
	AUTO(checkout_end) struct checkout folder = *file;
	folder.items = NULL;
	folder.cache = NULL;
	folder.base = -1;
	folder.is_file = false;
	folder.base_path = folder.data_path;
	folder.new_tree = &nothing;
	if (stat_cache_load(folder.workspace, folder.data_path, &folder.cache, err) < 0 ||
		checkout_old_load(&folder, coming, &old, err) < 0 ||
		checkout_open_folder(&folder, err) < 0 || checkout_plan(&folder, summary, err) < 0)
		return -err->code;
	if (file->options->dry_run)
		return 0;
	if (checkout_remove(&folder, err) < 0)
		return -err->code;
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	error_set_os(
		err, ERROR_EXISTS, "the folder '%s' stands where a file is to be", file->data_path);
	return error_hint(err, "move away what is not tracked in it");
}

static int checkout_file(struct checkout *checkout, const struct pointer *pointer,
	struct checkout_summary *summary, struct error *err)
{
	AUTO_FREE char *parent_path = path_parent(checkout->data_path, err);
	struct file_facts facts;
	if (!parent_path)
		return -ERROR_MEMORY;
	struct tree_entry entry = { .path = path_base(checkout->data_path),
		.kind = pointer->mode & 0100 ? TREE_EXECUTABLE : TREE_FILE,
		.hash = pointer->hash,
		.size = pointer->size };
	struct tree tree = { .entries = &entry, .count = 1, .size = entry.size };
	checkout->base_path = strcmp(parent_path, ".") == 0 ? "" : parent_path;
	checkout->is_file = true;
	checkout->file_mode = pointer->mode;
	checkout->new_tree = &tree;
	if (checkout->only && checkout->only[0])
		return error_set(err, ERROR_NOT_FOUND, "'%s' is a file, it has no '%s' in it",
			checkout->data_path, checkout->only);
	if (checkout_open_parent(checkout, false, &checkout->base, err) < 0)
		return -err->code;
	if (checkout->base >= 0 && file_facts_at(checkout->base, entry.path, &facts) &&
		facts.kind == FILE_FOLDER) {
		if (!object_exists(checkout->store, &pointer->hash)) {
			summary->n_missing++;
			error_set(err, ERROR_NOT_FOUND, "the content of '%s' is not in the store",
				checkout->data_path);
			return error_hint(
				err, "fetch it with 'mlops pull %s'", checkout->data_path);
		}
		if (checkout_clear_folder(
			    checkout, &pointer->hash, checkout->base, entry.path, summary, err) < 0)
			return -err->code;
		if (checkout->options->dry_run) {
			summary->n_written++;
			summary->bytes += entry.size;
			return 0;
		}
	}
	return checkout_do(checkout, &pointer->hash, summary, err);
}

int checkout_one(struct checkout *checkout, const struct pointer *pointer,
	struct checkout_summary *summary, struct error *err)
{
	AUTO(checkout_end) struct checkout own = *checkout;
	own.base = own.stage = -1;
	if (pointer_check_path(own.data_path, err) < 0 ||
		stat_cache_load(own.workspace, own.data_path, &own.cache, err) < 0)
		return -err->code;
	return pointer->kind == POINTER_FILE ? checkout_file(&own, pointer, summary, err)
					     : checkout_folder(&own, pointer, summary, err);
}
