/* What is in the workspace, against both listings: the table in checkout.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "checkout_internal.h"
#include "mlops/base/parallel.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"

enum { LOOK_BLOCK = 256, LOOK_SLICE = 64, LOOK_PIECE = 1 << 20 };

struct look {
	struct checkout *checkout;
	size_t first; /* block of this slice */
	atomic_uint_fast64_t bytes_read;
};

const char *checkout_cache_path(const struct checkout *checkout, const struct tree_entry *entry)
{
	return checkout->is_file ? "" : entry->path;
}

static bool look_is_asked_for(const struct checkout *checkout, const char *path)
{
	const char *only = checkout->only;
	if (!only || !only[0])
		return true;
	size_t length = strlen(only);
	return strncmp(path, only, length) == 0 && (!path[length] || path[length] == '/');
}

static void look_put(struct checkout *checkout, const struct tree_entry *entry, bool old)
{
	checkout->items[checkout->n_items++] = (struct checkout_item){ .entry = entry,
		.old = old,
		.state = look_is_asked_for(checkout, entry->path)
				 ? old ? CHECKOUT_GONE : CHECKOUT_WRITE
				 : CHECKOUT_OUTSIDE };
}

/* New ones first, then those that only the version before has; both by path. */
static int look_list(struct checkout *checkout, struct error *err)
{
	const struct tree *new_tree = checkout->new_tree, *old_tree = checkout->old_tree;
	size_t n_old = old_tree ? old_tree->count : 0;
	checkout->items =
		memory_allocate(new_tree->count + n_old + 1, sizeof *checkout->items, err);
	if (!checkout->items)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < new_tree->count; i++)
		look_put(checkout, &new_tree->entries[i], false);
	checkout->n_new = checkout->n_items;
	for (size_t i = 0, j = 0; i < n_old; i++) {
		int order = 1;
		while (j < new_tree->count &&
			(order = strcmp(new_tree->entries[j].path, old_tree->entries[i].path)) < 0)
			j++;
		if (j >= new_tree->count || order > 0)
			look_put(checkout, &old_tree->entries[i], true);
	}
	return 0;
}

static int look_read(int fd, const char *path, struct hash *ret, uint64_t *bytes, struct error *err)
{
	struct blake3 state;
	AUTO_FREE char *piece = memory_allocate_aligned(LOOK_PIECE, err);
	if (!piece)
		return -ERROR_MEMORY;
	blake3_init(&state);
	for (;;) {
		size_t count;
		if (file_read_some(fd, path, piece, LOOK_PIECE, &count, err) < 0)
			return -err->code;
		if (!count)
			break;
		blake3_update(&state, piece, count);
		*bytes += count;
	}
	blake3_finish(&state, ret);
	return 0;
}

/* The content's hash, by the cache or by reading; *bytes counts what was read. */
static int look_hash(struct checkout *checkout, int folder, const char *name, const char *cached,
	const struct file_facts *facts, struct hash *ret, uint64_t *bytes, struct error *err)
{
	const struct hash *known =
		checkout->cache ? stat_cache_clean(checkout->cache, cached, facts) : NULL;
	if (known) {
		*ret = *known;
		return 0;
	}
	if (facts->kind == FILE_LINK) {
		char text[POINTER_PATH_LONGEST + 1];
		ssize_t length = readlinkat(folder, name, text, sizeof text);
		if (length < 0)
			return error_set_os(err, ERROR_IO, "cannot read the link '%s'", name);
		hash_bytes(text, (size_t)length, ret);
		return 0;
	}
	/* Should a pipe stand there by now, opening it must not wait. */
	AUTO_CLOSE int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_set_os(err, ERROR_IO, "cannot open '%s'", name);
	return look_read(fd, name, ret, bytes, err);
}

int checkout_is_kept(struct checkout *checkout, int folder, const char *name, const char *cached,
	const struct file_facts *facts, bool *ret, struct error *err)
{
	struct hash hash;
	*ret = false;
	if (facts->kind != FILE_REGULAR && facts->kind != FILE_LINK)
		return 0;
	if (look_hash(checkout, folder, name, cached, facts, &hash, &checkout->bytes_read, err) < 0)
		return -err->code;
	*ret = object_exists(checkout->store, &hash);
	return 0;
}

/* The kind and, for a tracked file, the permission to execute. */
static bool look_same_kind(const struct tree_entry *entry, const struct file_facts *facts)
{
	if (entry->kind == TREE_LINK || facts->kind == FILE_LINK)
		return entry->kind == TREE_LINK && facts->kind == FILE_LINK;
	return facts->kind == FILE_REGULAR &&
	       (entry->kind == TREE_EXECUTABLE) == ((facts->mode & 0100) != 0);
}

struct look_inside {
	const struct checkout *checkout;
	const char *path; /* of the folder, in the listing */
	bool unknown;
};

static int look_inside_visit(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	struct look_inside *inside = context;
	const struct tree *old_tree = inside->checkout->old_tree;
	if (facts->kind == FILE_FOLDER)
		return 0;
	AUTO_FREE char *path = memory_format(err, "%s/%s", inside->path, relative);
	if (!path)
		return -ERROR_MEMORY;
	inside->unknown = inside->unknown || !old_tree || !tree_find(old_tree, path);
	return 0;
}

/* A folder where a file is to be: it goes if all in it was tracked and goes too. */
static int look_folder(struct checkout *checkout, struct checkout_item *item, struct error *err)
{
	struct look_inside inside = { .checkout = checkout, .path = item->entry->path };
	AUTO_FREE char *path = memory_format(err, "%s/%s%s%s", checkout->workspace->root,
		checkout->base_path, checkout->base_path[0] ? "/" : "", item->entry->path);
	if (!path || directory_walk(path, look_inside_visit, &inside, err) < 0)
		return -err->code;
	item->state = inside.unknown ? CHECKOUT_REFUSED : CHECKOUT_WRITE;
	return 0;
}

/* A file or link is there: is it as it should be, or can its content be had again? */
static int look_content(struct look *look, struct checkout_item *item, int folder, const char *name,
	struct error *err)
{
	struct checkout *checkout = look->checkout;
	const struct tree_entry *entry = item->entry;
	const struct file_facts *facts = &item->facts;
	enum checkout_state go = item->old ? CHECKOUT_REMOVE : CHECKOUT_WRITE;
	bool same_kind = look_same_kind(entry, facts);
	if (checkout->options->force && (item->old || !same_kind || facts->size != entry->size)) {
		item->state = go;
		return 0;
	}
	struct hash hash;
	uint64_t bytes = 0;
	int status = look_hash(checkout, folder, name, checkout_cache_path(checkout, entry), facts,
		&hash, &bytes, err);
	atomic_fetch_add(&look->bytes_read, bytes);
	if (status < 0)
		return status;
	int64_t settled = checkout->since - STAT_CACHE_RACY;
	bool same = hash_equal(&hash, &entry->hash);
	if (same && same_kind && !item->old) {
		item->state = CHECKOUT_KEEP;
		item->unsure = facts->modified >= settled || facts->changed >= settled;
	} else if (same || checkout->options->force || object_exists(checkout->store, &hash)) {
		item->state = go;
	} else {
		item->state = CHECKOUT_REFUSED;
	}
	return 0;
}

static int look_present(struct look *look, struct checkout_item *item, int folder, const char *name,
	struct error *err)
{
	switch (item->facts.kind) {
	case FILE_FOLDER: /* an old file that is a folder now is of no concern */
		return item->old ? 0 : look_folder(look->checkout, item, err);
	case FILE_OTHER:
		item->state = !look->checkout->options->force ? CHECKOUT_REFUSED
			      : item->old                     ? CHECKOUT_REMOVE
							      : CHECKOUT_WRITE;
		return 0;
	default:
		return look_content(look, item, folder, name, err);
	}
}

/* A part of the path is no folder. If that was tracked it is an item of its own. */
static void look_blocked(struct checkout *checkout, struct checkout_item *item, size_t length)
{
	char path[POINTER_PATH_LONGEST + 1];
	if (item->old || length >= sizeof path)
		return;
	memcpy(path, item->entry->path, length);
	path[length] = '\0';
	bool tracked = checkout->old_tree && tree_find(checkout->old_tree, path);
	if (!tracked && !checkout->options->force)
		item->state = CHECKOUT_REFUSED;
}

/* Not asked for: nothing is done with it, but the cache may know it as it is. */
static void look_outside(struct checkout *checkout, struct checkout_item *item, bool there)
{
	const char *path = checkout_cache_path(checkout, item->entry);
	const struct hash *known = there && checkout->cache && !item->old
					   ? stat_cache_clean(checkout->cache, path, &item->facts)
					   : NULL;
	if (!known || !hash_equal(known, &item->entry->hash))
		memset(&item->facts, 0, sizeof item->facts);
}

static int look_item(struct look *look, struct checkout_item *item, struct checkout_cursor *cursor,
	struct error *err)
{
	const char *name;
	static const struct checkout_way way = { .make = false };
	if (checkout_cursor_enter(cursor, item->entry->path, way, &name, err) < 0)
		return -err->code;
	bool there = false;
	if (cursor->state == CHECKOUT_FOLDER_THERE) {
		there = file_facts_at(cursor->fd, name, &item->facts);
		if (!there && errno != ENOENT)
			return error_set_os(
				err, ERROR_IO, "cannot look at '%s'", item->entry->path);
	}
	if (item->state == CHECKOUT_OUTSIDE)
		look_outside(look->checkout, item, there);
	else if (cursor->state == CHECKOUT_FOLDER_BLOCKED)
		look_blocked(look->checkout, item, cursor->blocked);
	else if (there)
		return look_present(look, item, cursor->fd, name, err);
	return 0;
}

static int look_block(void *context, size_t index, size_t worker, struct error *err)
{
	struct look *look = context;
	struct checkout *checkout = look->checkout;
	AUTO(checkout_cursor_end) struct checkout_cursor cursor;
	checkout_cursor_begin(&cursor, checkout->base);
	(void)worker;
	size_t first = (look->first + index) * LOOK_BLOCK;
	for (size_t i = first; i < first + LOOK_BLOCK && i < checkout->n_items; i++) {
		if (look_item(look, &checkout->items[i], &cursor, err) < 0)
			return -err->code;
	}
	return 0;
}

int checkout_look(struct checkout *checkout, struct error *err)
{
	struct look look = { .checkout = checkout };
	const struct event_sink *sink = checkout->options->sink;
	if (look_list(checkout, err) < 0)
		return -err->code;
	if (checkout->base < 0) /* nothing is there, as the states already say */
		return 0;
	size_t n_blocks = (checkout->n_items + LOOK_BLOCK - 1) / LOOK_BLOCK;
	for (; look.first < n_blocks; look.first += LOOK_SLICE) {
		size_t count = n_blocks - look.first;
		if (count > LOOK_SLICE)
			count = LOOK_SLICE;
		if (parallel_for(0, count, look_block, &look, err) < 0)
			return -err->code;
		event_progress(sink, "comparing", "files", (look.first + count) * LOOK_BLOCK,
			checkout->n_items);
		if (event_stopped(sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
	}
	checkout->bytes_read += atomic_load(&look.bytes_read);
	return 0;
}
