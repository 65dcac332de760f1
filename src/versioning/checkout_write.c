/* Doing what was decided: contents aside, then removals, then each file into its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checkout_internal.h"
#include "mlops/base/parallel.h"

enum {
	WRITE_BLOCK = 64,
	WRITE_SLICE = 64,
	WRITE_IN_MEMORY = 1 << 20, /* contents up to this are read whole */
	WRITE_LARGE = 64 << 20 /* over this the store may use all threads for one */
};

struct write_worker {
	struct strbuf bytes;
	struct checkout_cursor cursor;
};

/* What is done with the item of that number. */
struct write;
typedef int write_task(struct write *write, size_t number, size_t worker, struct error *err);

struct write {
	struct checkout *checkout;
	struct write_worker *workers;
	write_task *task;
	size_t first; /* block of this slice */
	bool large; /* this pass is for large contents */
};

/* ---- what the store has ---- */

static int write_check_block(void *context, size_t index, size_t worker, struct error *err)
{
	struct checkout *checkout = context;
	(void)worker;
	for (size_t i = index * WRITE_BLOCK; i < (index + 1) * WRITE_BLOCK && i < checkout->n_new;
		i++) {
		struct checkout_item *item = &checkout->items[i];
		const struct tree_entry *entry = item->entry;
		uint64_t size = entry->size;
		if (item->state != CHECKOUT_WRITE)
			continue;
		if (object_size(checkout->store, &entry->hash, &size, err) < 0) {
			if (err->code != ERROR_NOT_FOUND)
				return -err->code;
			error_clear(err);
			item->missing = true;
		}
		if (size != entry->size)
			return error_set(err, ERROR_CORRUPT,
				"the listing gives '%s' %llu bytes, its content has %llu",
				entry->path, (unsigned long long)entry->size,
				(unsigned long long)size);
	}
	return 0;
}

int checkout_check_objects(struct checkout *checkout, struct error *err)
{
	size_t n_blocks = (checkout->n_new + WRITE_BLOCK - 1) / WRITE_BLOCK;
	return parallel_for(0, n_blocks, write_check_block, checkout, err);
}

/* ---- removals ---- */

/* Folders upwards from that of `path`, as long as they are empty. */
static int write_prune(int base, const char *path, struct error *err)
{
	char folder[POINTER_PATH_LONGEST + 1];
	size_t length = strlen(path);
	if (length >= sizeof folder)
		return 0;
	memcpy(folder, path, length + 1);
	for (char *slash; (slash = strrchr(folder, '/'));) {
		*slash = '\0';
		struct checkout_cursor cursor;
		const char *name;
		checkout_cursor_begin(&cursor, base);
		int status = checkout_cursor_enter(
			&cursor, folder, (struct checkout_way){ .make = false }, &name, err);
		bool removed = status == 0 && cursor.fd >= 0 &&
			       unlinkat(cursor.fd, name, AT_REMOVEDIR) == 0;
		checkout_cursor_end(&cursor);
		if (status < 0 || !removed)
			return status;
	}
	return 0;
}

/* Is the folder of this item also that of the one after it? Then that one prunes it. */
static bool write_shares_folder(const char *path, const char *next)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) + 1 : 0;
	return strncmp(path, next, length) == 0 && !strchr(next + length, '/');
}

int checkout_remove(struct checkout *checkout, struct error *err)
{
	AUTO(checkout_cursor_end) struct checkout_cursor cursor;
	checkout_cursor_begin(&cursor, checkout->base);
	for (size_t i = checkout->n_new; i < checkout->n_items; i++) {
		const char *name, *path = checkout->items[i].entry->path;
		if (checkout->items[i].state != CHECKOUT_REMOVE)
			continue;
		if (checkout_cursor_enter(
			    &cursor, path, (struct checkout_way){ .make = false }, &name, err) < 0)
			return -err->code;
		if (cursor.fd >= 0 && unlinkat(cursor.fd, name, 0) != 0 && errno != ENOENT)
			return error_set_os(err, ERROR_IO, "cannot remove '%s'", path);
	}
	for (size_t i = checkout->n_items; i-- > checkout->n_new;) {
		const char *path = checkout->items[i].entry->path;
		bool gone = checkout->items[i].state == CHECKOUT_REMOVE ||
			    checkout->items[i].state == CHECKOUT_GONE;
		if (!gone ||
			(i > checkout->n_new &&
				write_shares_folder(path, checkout->items[i - 1].entry->path) &&
				checkout->items[i - 1].state == CHECKOUT_REMOVE))
			continue;
		if (write_prune(checkout->base, path, err) < 0)
			return -err->code;
	}
	return 0;
}

/* ---- files ---- */

static int write_get(
	struct write *write, const struct checkout_item *item, size_t worker, struct error *err)
{
	const struct tree_entry *entry = item->entry;
	struct strbuf *bytes = &write->workers[worker].bytes;
	strbuf_clear(bytes);
	int status = object_get_bytes(write->checkout->store, &entry->hash,
		entry->size ? (size_t)entry->size : 1, bytes, err);
	if (status == 0 && bytes->length != entry->size)
		status = error_set(err, ERROR_CORRUPT, "the content has %zu bytes, not %llu",
			bytes->length, (unsigned long long)entry->size);
	return status;
}

static int write_content(struct write *write, const struct checkout_item *item, size_t worker,
	int fd, struct error *err)
{
	const struct tree_entry *entry = item->entry;
	if (entry->size > WRITE_IN_MEMORY)
		return object_get_stream(
			write->checkout->store, &entry->hash, fd, entry->path, err);
	if (write_get(write, item, worker, err) < 0)
		return -err->code;
	const struct strbuf *bytes = &write->workers[worker].bytes;
	return file_write_all(fd, entry->path, bytes->text, bytes->length, err);
}

static int write_make_file(struct write *write, const struct checkout_item *item, size_t worker,
	int folder, const char *name, struct error *err)
{
	unsigned mode = write->checkout->file_mode;
	if (!mode)
		mode = item->entry->kind == TREE_EXECUTABLE ? 0777 : 0666;
	AUTO_CLOSE int fd = openat(
		folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777);
	if (fd < 0)
		return error_set_os(err, ERROR_IO, "cannot create '%s'", item->entry->path);
	if (write_content(write, item, worker, fd, err) < 0)
		return -err->code;
	/*
	 * A time finer than the tick by which the system stamps writes: whoever writes to the file
	 * later changes it, even within this tick, so that the stat cache sees it.
	 */
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	if (clock_gettime(CLOCK_REALTIME, &times[1]) != 0 || futimens(fd, times) != 0)
		return error_set_os(
			err, ERROR_IO, "cannot set the time of '%s'", item->entry->path);
	return 0;
}

static int write_make_link(struct write *write, const struct checkout_item *item, size_t worker,
	int folder, const char *name, struct error *err)
{
	const struct tree_entry *entry = item->entry;
	if (entry->size > POINTER_PATH_LONGEST)
		return error_set(err, ERROR_INVALID, "the link '%s' is too long", entry->path);
	if (write_get(write, item, worker, err) < 0)
		return -err->code;
	const struct strbuf *text = &write->workers[worker].bytes;
	if (strlen(text->text) != text->length)
		return error_set(err, ERROR_INVALID, "the link '%s' has a NUL", entry->path);
	if (tree_check_link(entry->path, text->text, err) < 0)
		return -err->code;
	if (symlinkat(text->text, folder, name) != 0)
		return error_set_os(err, ERROR_IO, "cannot create the link '%s'", entry->path);
	return 0;
}

static int write_enter(struct write *write, size_t worker, const char *path, const char **ret_name,
	struct error *err)
{
	struct checkout_cursor *cursor = &write->workers[worker].cursor;
	struct checkout_way way = { .make = true, .unblock = write->checkout->options->force };
	if (checkout_cursor_enter(cursor, path, way, ret_name, err) < 0)
		return -err->code;
	if (cursor->state == CHECKOUT_FOLDER_THERE)
		return 0;
	return error_set(err, ERROR_EXISTS, "'%.*s' is not a folder (a link is not followed)",
		(int)cursor->blocked, path);
}

static int write_see(struct checkout_item *item, int folder, const char *name, struct error *err)
{
	if (file_facts_at(folder, name, &item->facts))
		return 0;
	return error_set_os(err, ERROR_IO, "cannot look at '%s'", item->entry->path);
}

/* The content, in its place in a fresh folder or aside under its number. */
static int write_item(struct write *write, size_t number, size_t worker, struct error *err)
{
	struct checkout *checkout = write->checkout;
	struct checkout_item *item = &checkout->items[number];
	char temporary[32];
	const char *name = temporary;
	int folder = checkout->stage;
	if ((item->entry->size > WRITE_LARGE) != write->large)
		return 0;
	snprintf(temporary, sizeof temporary, "%zu", number);
	if (checkout->fresh) {
		if (write_enter(write, worker, item->entry->path, &name, err) < 0)
			return -err->code;
		folder = write->workers[worker].cursor.fd;
	}
	if (item->entry->kind == TREE_LINK
			? write_make_link(write, item, worker, folder, name, err) < 0
			: write_make_file(write, item, worker, folder, name, err) < 0)
		return -err->code;
	return write_see(item, folder, name, err);
}

/* From the stage to its place. A folder there goes if it is empty by now. */
static int write_place(struct write *write, size_t number, size_t worker, struct error *err)
{
	struct checkout *checkout = write->checkout;
	struct checkout_item *item = &checkout->items[number];
	const char *name, *path = item->entry->path;
	char temporary[32];
	snprintf(temporary, sizeof temporary, "%zu", number);
	if (write_enter(write, worker, path, &name, err) < 0)
		return -err->code;
	int folder = write->workers[worker].cursor.fd;
	int status = renameat(checkout->stage, temporary, folder, name);
	if (status != 0 && errno == EISDIR && unlinkat(folder, name, AT_REMOVEDIR) == 0)
		status = renameat(checkout->stage, temporary, folder, name);
	if (status != 0 && (errno == ENOTEMPTY || errno == EEXIST || errno == EISDIR)) {
		error_set(err, ERROR_EXISTS, "'%s' is a folder with files that are not tracked",
			path);
		return error_hint(err, "move them away, then run 'mlops checkout' again");
	}
	if (status != 0)
		return error_set_os(err, ERROR_IO, "cannot put '%s' in its place", path);
	return write_see(item, folder, name, err); /* the rename changed the inode's time */
}

static int write_block(void *context, size_t index, size_t worker, struct error *err)
{
	struct write *write = context;
	struct checkout *checkout = write->checkout;
	size_t first = (write->first + index) * WRITE_BLOCK;
	for (size_t i = first; i < first + WRITE_BLOCK && i < checkout->n_new; i++) {
		if (checkout->items[i].state == CHECKOUT_WRITE &&
			write->task(write, i, worker, err) < 0)
			return -err->code;
	}
	return 0;
}

static int write_slices(struct write *write, size_t threads, const char *what, struct error *err)
{
	const struct event_sink *sink = write->checkout->options->sink;
	size_t n_new = write->checkout->n_new;
	size_t n_blocks = (n_new + WRITE_BLOCK - 1) / WRITE_BLOCK;
	for (write->first = 0; write->first < n_blocks; write->first += WRITE_SLICE) {
		size_t count = n_blocks - write->first;
		if (count > WRITE_SLICE)
			count = WRITE_SLICE;
		if (parallel_for(threads, count, write_block, write, err) < 0)
			return -err->code;
		size_t done = (write->first + count) * WRITE_BLOCK;
		event_progress(sink, what, "files", done < n_new ? done : n_new, n_new);
		/* Once files are being put in place it is quicker to go on than to stop. */
		if (write->task == write_item && event_stopped(sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
	}
	return 0;
}

static int write_pass(
	struct checkout *checkout, write_task *task, const char *what, struct error *err)
{
	struct write write = { .checkout = checkout, .task = task };
	size_t threads = parallel_threads();
	AUTO_FREE struct write_worker *workers = memory_allocate(threads, sizeof *workers, err);
	if (!workers)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < threads; i++) {
		workers[i].bytes = STRBUF_INIT;
		checkout_cursor_begin(&workers[i].cursor, checkout->base);
	}
	write.workers = workers;
	int status = write_slices(&write, threads, what, err);
	write.large = true;
	if (status == 0 && task == write_item)
		status = write_slices(&write, 1, what, err);
	for (size_t i = 0; i < threads; i++) {
		strbuf_release(&workers[i].bytes);
		checkout_cursor_end(&workers[i].cursor);
	}
	return status;
}

int checkout_write(struct checkout *checkout, struct error *err)
{
	return write_pass(checkout, write_item, "writing", err);
}

int checkout_place(struct checkout *checkout, struct error *err)
{
	return write_pass(checkout, write_place, "placing", err);
}
