#include "object_loose_internal.h"

#include <string.h>
#include <unistd.h>

#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"

bool object_loose_any(struct object_store *store)
{
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	struct error ignored = ERROR_INIT; /* a folder that cannot be listed holds nothing for us */
	pthread_mutex_lock(&store->lock);
	if (store->loose < 0) {
		store->loose = 0;
		if (directory_list(store->objects, &names, &ignored) == 0) {
			for (size_t i = 0; i < names.count; i++)
				store->loose |= strlen(names.names[i]) == OBJECT_FAN;
		}
	}
	bool any = store->loose > 0;
	pthread_mutex_unlock(&store->lock);
	return any;
}

static char *object_loose_path(
	const struct object_store *store, const struct hash *hash, struct error *err)
{
	char text[HASH_TEXT_SIZE];
	hash_format(hash, text);
	return memory_format(
		err, "%s/%.*s/%s", store->objects, OBJECT_FAN, text, text + OBJECT_FAN);
}

bool object_loose_exists(struct object_store *store, const struct hash *hash)
{
	struct error ignored = ERROR_INIT; /* without memory for a path it is not there */
	if (!object_loose_any(store))
		return false;
	AUTO_FREE char *path = object_loose_path(store, hash, &ignored);
	return path && file_exists(path);
}

/* The file, or ERROR_NOT_FOUND that names the object. */
static int object_loose_open(
	struct object_store *store, const struct hash *hash, char **ret_path, struct error *err)
{
	char text[HASH_TEXT_SIZE];
	hash_format(hash, text);
	if (!object_loose_any(store))
		return error_set(err, ERROR_NOT_FOUND, "no object '%s'", text);
	*ret_path = object_loose_path(store, hash, err);
	int fd = *ret_path ? file_open(*ret_path, err) : -(int)err->code;
	if (fd < 0 && err->code == ERROR_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND, "no object '%s'", text);
	return fd;
}

int object_loose_size(
	struct object_store *store, const struct hash *hash, uint64_t *ret, struct error *err)
{
	unsigned char bytes[OBJECT_HEADER];
	struct object_header header;
	size_t count;
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = object_loose_open(store, hash, &path, err);
	if (fd < 0 || file_read_some(fd, path, bytes, sizeof bytes, &count, err) < 0)
		return -err->code;
	if (object_header_read(bytes, count, &header, err) < 0) {
		char text[HASH_TEXT_SIZE];
		hash_format(hash, text);
		return error_prefix(err, "object '%s'", text);
	}
	*ret = header.length;
	return 0;
}

int object_loose_read(struct object_store *store, const struct hash *hash, uint64_t cap,
	const struct object_sink *sink, struct error *err)
{
	struct hash found;
	char text[HASH_TEXT_SIZE];
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = object_loose_open(store, hash, &path, err);
	if (fd < 0)
		return -err->code;
	hash_format(hash, text);
	if (object_decode(fd, path, cap, sink, &found, err) < 0)
		return error_prefix(err, "object '%s'", text);
	if (!hash_equal(&found, hash))
		return error_set(err, ERROR_CORRUPT, "object '%s': its content has changed", text);
	return 0;
}

static int object_loose_folder(struct object_store *store, const char *name,
	int (*visit)(void *context, const struct hash *hash, struct error *err), void *context,
	struct error *err)
{
	AUTO(directory_names_release) struct directory_names files = { .names = NULL };
	AUTO_FREE char *folder = path_join(store->objects, name, err);
	if (!folder || directory_list(folder, &files, err) < 0)
		return -err->code;
	for (size_t i = 0; i < files.count; i++) {
		AUTO_FREE char *text = memory_format(err, "%s%s", name, files.names[i]);
		struct hash hash;
		if (!text)
			return -err->code;
		int result = hash_parse(text_of(text), &hash) ? visit(context, &hash, err) : 0;
		if (result)
			return result;
	}
	return 0;
}

int object_each_loose(struct object_store *store,
	int (*visit)(void *context, const struct hash *hash, struct error *err), void *context,
	struct error *err)
{
	AUTO(directory_names_release) struct directory_names folders = { .names = NULL };
	if (!object_loose_any(store))
		return 0;
	if (directory_list(store->objects, &folders, err) < 0)
		return -err->code;
	for (size_t i = 0; i < folders.count; i++) {
		if (strlen(folders.names[i]) != OBJECT_FAN)
			continue; /* packs, the lock, what is not ours */
		int result = object_loose_folder(store, folders.names[i], visit, context, err);
		if (result)
			return result;
	}
	return 0;
}

int object_loose_pack(struct object_store *store, const struct hash *hash, struct error *err)
{
	struct object_file file;
	struct error ignored = ERROR_INIT;
	/* Through a file, since it may be large; of a name that workspace_lock() clears away. */
	AUTO_FREE char *path =
		memory_format(err, "%s/tmp/.mlops-tmp-loose-%ld", store->folder, (long)getpid());
	AUTO(atomic_discard) struct atomic_file copy = ATOMIC_INIT;
	struct object_descriptor output = { -1, path };
	struct object_sink sink = { object_to_descriptor, &output };
	if (!path || atomic_begin(&copy, path, NULL, 0600, err) < 0)
		return -err->code;
	output.fd = copy.fd;
	if (object_loose_read(store, hash, 0, &sink, err) < 0 ||
		atomic_commit(&copy, ATOMIC_REPLACE, err) < 0)
		return -err->code;
	store->ignores_loose = true;
	int status = object_put_file(store, path, NULL, &file, err);
	store->ignores_loose = false;
	(void)file_remove(path, &ignored);
	return status;
}

struct object_loose_cleared {
	struct object_store *store;
	uint64_t files;
};

static int object_loose_clear_one(void *context, const struct hash *hash, struct error *err)
{
	struct object_loose_cleared *cleared = context;
	struct index_entry facts;
	int status = index_find(cleared->store->index, hash, &facts, err);
	if (status <= 0)
		return status;
	AUTO_FREE char *path = object_loose_path(cleared->store, hash, err);
	if (!path || file_remove(path, err) < 0)
		return -err->code;
	cleared->files++;
	return 0;
}

int object_loose_clear(struct object_store *store, uint64_t *ret_files, struct error *err)
{
	struct object_loose_cleared cleared = { .store = store };
	int status = object_each_loose(store, object_loose_clear_one, &cleared, err);
	*ret_files = cleared.files;
	return status;
}
