/* A folder of this machine, or one that is mounted: the guarantees of system/atomic.h. */
#include <unistd.h>

#include "endpoint_internal.h"
#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"
#include "mlops/system/file.h"

enum { FOLDER_PIECE = 1 << 18 };

static void folder_close(struct endpoint *endpoint)
{
	memory_free(endpoint->state);
}

static char *folder_path(struct endpoint *endpoint, const char *name, struct error *err)
{
	atomic_fetch_add(&endpoint->requests, 1);
	return *name ? path_join(endpoint->state, name, err)
		     : memory_copy_string(endpoint->state, err);
}

/* A folder or a device is no file that could be had from here. */
static int folder_facts(const char *path, struct endpoint_facts *ret, struct error *err)
{
	struct file_facts facts;
	if (file_facts_followed(path, &facts, err) < 0)
		return -err->code;
	if (facts.kind != FILE_REGULAR)
		return error_set(err, ERROR_NOT_FOUND, "'%s' is no file", path);
	*ret = (struct endpoint_facts){ .size = facts.size, .modified = facts.modified };
	return 0;
}

static int folder_stat(
	struct endpoint *endpoint, const char *name, struct endpoint_facts *ret, struct error *err)
{
	AUTO_FREE char *path = folder_path(endpoint, name, err);
	return path ? folder_facts(path, ret, err) : -(int)err->code;
}

static int folder_fetch_piece(int fd, const char *path, struct endpoint_fetch *fetch, char *piece,
	uint64_t *left, struct error *err)
{
	size_t count = *left < FOLDER_PIECE ? (size_t)*left : FOLDER_PIECE, got;
	if (file_read_some(fd, path, piece, count, &got, err) < 0 ||
		(got && fetch->sink(fetch->context, piece, got, err) < 0))
		return -err->code;
	if (got < count && fetch->range.length != UINT64_MAX)
		return error_set(
			err, ERROR_NETWORK, "'%s' has fewer bytes than were asked for", path);
	*left = got < count ? 0 : *left - got;
	return 0;
}

static int folder_fetch(struct endpoint *endpoint, struct endpoint_fetch *fetch, struct error *err)
{
	AUTO_FREE char *path = folder_path(endpoint, fetch->name, err);
	if (!path || folder_facts(path, &fetch->facts, err) < 0)
		return -err->code;
	AUTO_CLOSE int fd = file_open(path, err);
	AUTO_FREE char *piece = fd >= 0 ? memory_allocate(FOLDER_PIECE, 1, err) : NULL;
	if (!piece)
		return -err->code;
	if (lseek(fd, (off_t)fetch->range.offset, SEEK_SET) < 0)
		return error_set_os(err, ERROR_IO, "cannot read '%s'", path);
	for (uint64_t left = fetch->range.length; left > 0;) {
		if (endpoint_check_stop(endpoint, err) < 0 ||
			folder_fetch_piece(fd, path, fetch, piece, &left, err) < 0)
			return -err->code;
	}
	return 0;
}

static int folder_copy(struct endpoint *endpoint, int fd, const char *path,
	const struct endpoint_source *source, struct error *err)
{
	AUTO_FREE char *piece = memory_allocate(FOLDER_PIECE, 1, err);
	if (!piece)
		return -err->code;
	for (uint64_t done = 0; done < source->size;) {
		uint64_t left = source->size - done;
		size_t count = left < FOLDER_PIECE ? (size_t)left : FOLDER_PIECE;
		if (endpoint_check_stop(endpoint, err) < 0 ||
			endpoint_source_read(source, done, piece, count, err) < 0 ||
			file_write_all(fd, path, piece, count, err) < 0)
			return -err->code;
		done += count;
	}
	return 0;
}

static int folder_put(struct endpoint *endpoint, const char *name,
	const struct endpoint_source *source, enum endpoint_mode mode, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	AUTO_FREE char *path = folder_path(endpoint, name, err);
	AUTO_FREE char *parent = path ? path_parent(path, err) : NULL;
	if (!parent || (!file_exists(parent) && directory_make(parent, err) < 0))
		return -err->code;
	/* With a folder for temporaries a link at the target is replaced, not followed: others may
	 * write to a shared folder too, and must not choose what this user's push overwrites. */
	if (atomic_begin(&file, path, parent, 0666, err) < 0)
		return -err->code;
	if (folder_copy(endpoint, file.fd, path, source, err) < 0)
		return -err->code;
	return atomic_commit(&file, mode == ENDPOINT_NEW ? ATOMIC_NEW : ATOMIC_REPLACE, err);
}

static int folder_list(struct endpoint *endpoint, const char *folder,
	struct endpoint_entries *ret_entries, struct error *err)
{
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	AUTO_FREE char *path = folder_path(endpoint, folder, err);
	if (!path)
		return -err->code;
	if (directory_list(path, &names, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	for (size_t i = 0; i < names.count; i++) {
		struct endpoint_facts facts;
		AUTO_FREE char *one = path_join(path, names.names[i], err);
		if (!one)
			return -err->code;
		if (folder_facts(one, &facts, err) < 0) {
			/* A folder, or gone meanwhile. */
			if (err->code != ERROR_NOT_FOUND)
				return -err->code;
			error_clear(err);
		} else if (endpoint_entries_add(ret_entries, names.names[i], &facts, err) < 0) {
			return -err->code;
		}
	}
	return 0;
}

static int folder_delete(struct endpoint *endpoint, const char *name, struct error *err)
{
	AUTO_FREE char *path = folder_path(endpoint, name, err);
	AUTO_FREE char *parent = path ? path_parent(path, err) : NULL;
	if (!parent || file_remove(path, err) < 0)
		return -err->code;
	return file_exists(parent) ? atomic_sync_folder(parent, err) : 0;
}

static const struct endpoint_calls folder_calls = {
	.close = folder_close,
	.stat = folder_stat,
	.fetch = folder_fetch,
	.put = folder_put,
	.list = folder_list,
	.delete = folder_delete,
};

int folder_open(struct endpoint *endpoint, const char *path, struct error *err)
{
	endpoint->state = memory_copy_string(path, err);
	if (!endpoint->state)
		return -err->code;
	endpoint->calls = &folder_calls;
	return 0;
}
