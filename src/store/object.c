#include "mlops/store/object.h"

#include <string.h>
#include <unistd.h>

#include "mlops/base/path.h"
#include "mlops/system/directory.h"

#include "object_internal.h"

enum {
	OBJECT_FAN = 2, /* digits of the hash that name the folder */
	OBJECT_PIECE = 8 << 20,
	OBJECT_IN_MEMORY = 1 << 20 /* files up to this are read whole, then put */
};

struct object_store {
	char *objects, *temporary;
};

int object_store_open(
	const struct workspace *workspace, struct object_store **ret, struct error *err)
{
	AUTO(object_store_close)
	struct object_store *store = memory_allocate(1, sizeof *store, err);
	if (!store)
		return -err->code;
	store->objects = memory_copy_string(workspace->objects, err);
	store->temporary = memory_copy_string(workspace->temporary, err);
	if (!store->objects || !store->temporary)
		return -err->code;
	*ret = TAKE(store);
	return 0;
}

void object_store_close(struct object_store *store)
{
	if (!store)
		return;
	memory_free(store->objects);
	memory_free(store->temporary);
	memory_free(store);
}

struct object_place {
	char text[HASH_TEXT_SIZE]; /* of the hash */
	char *folder, *path;
};

static void object_place_release(struct object_place *place)
{
	memory_free(place->folder);
	memory_free(place->path);
}
AUTO_RELEASE(struct object_place, object_place_release)

static int object_place(const struct object_store *store, const struct hash *hash,
	struct object_place *ret, struct error *err)
{
	hash_format(hash, ret->text);
	ret->path = NULL;
	ret->folder = memory_format(err, "%s/%.*s", store->objects, OBJECT_FAN, ret->text);
	if (ret->folder)
		ret->path = memory_format(err, "%s/%s", ret->folder, ret->text + OBJECT_FAN);
	return ret->path ? 0 : -(int)err->code;
}

static int object_make_folder(
	const struct object_store *store, const char *folder, struct error *err)
{
	if (file_exists(folder))
		return 0;
	if (directory_make(folder, err) < 0)
		return -err->code;
	return atomic_sync_folder(store->objects, err);
}

/* Gives the finished file the object's name, unless there is one of that name. */
static int object_commit(struct object_store *store, struct atomic_file *file,
	const struct hash *hash, struct error *err)
{
	AUTO(object_place_release) struct object_place place = { .path = NULL };
	if (object_place(store, hash, &place, err) < 0 ||
		object_make_folder(store, place.folder, err) < 0 ||
		atomic_retarget(file, place.path, err) < 0)
		return -err->code;
	if (atomic_commit(file, ATOMIC_NEW, err) < 0) {
		if (err->code != ERROR_EXISTS)
			return -err->code;
		error_clear(err);
		/* Whoever renamed it a moment ago may not have come to this yet. */
		return atomic_sync_folder(place.folder, err);
	}
	return 0;
}

/* True, and durable, if the object is there already. */
static int object_is_there(
	struct object_store *store, const struct hash *hash, bool *ret, struct error *err)
{
	AUTO(object_place_release) struct object_place place = { .path = NULL };
	if (object_place(store, hash, &place, err) < 0)
		return -err->code;
	*ret = file_exists(place.path);
	return *ret ? atomic_sync_folder(place.folder, err) : 0;
}

static int object_begin(struct object_store *store, struct atomic_file *file, struct error *err)
{
	/* The name is known at the end; until then messages speak of the folder. */
	return atomic_begin(file, store->objects, store->temporary, 0444, err);
}

int object_put_bytes(struct object_store *store, const void *bytes, size_t count, struct hash *ret,
	struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	AUTO(object_encoder_release) struct object_encoder encoder = { .file = NULL };
	struct hash hash;
	bool there;
	if (hash_bytes_parallel(bytes, count, 0, &hash, err) < 0 ||
		object_is_there(store, &hash, &there, err) < 0)
		return -err->code;
	if (!there) {
		object_encoder_begin(&encoder, &file, count);
		if (object_begin(store, &file, err) < 0 ||
			object_encoder_add(&encoder, bytes, count, err) < 0 ||
			object_encoder_end(&encoder, &hash, err) < 0 ||
			object_commit(store, &file, &hash, err) < 0)
			return -err->code;
	}
	*ret = hash;
	return 0;
}

int object_put_stream(struct object_store *store, int fd, const char *name, struct hash *ret,
	uint64_t *ret_size, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	AUTO(object_encoder_release) struct object_encoder encoder = { .file = NULL };
	AUTO_FREE char *piece = memory_allocate_aligned(OBJECT_PIECE, err);
	struct hash hash;
	size_t count;
	if (!piece || object_begin(store, &file, err) < 0)
		return -err->code;
	object_encoder_begin(&encoder, &file, OBJECT_UNKNOWN);
	do {
		if (file_read_some(fd, name, piece, OBJECT_PIECE, &count, err) < 0 ||
			object_encoder_add(&encoder, piece, count, err) < 0)
			return -err->code;
	} while (count == OBJECT_PIECE);
	if (object_encoder_end(&encoder, &hash, err) < 0 ||
		object_commit(store, &file, &hash, err) < 0)
		return -err->code;
	*ret = hash;
	*ret_size = encoder.header.length;
	return 0;
}

static int object_put_small(struct object_store *store, int fd, const char *path, struct hash *ret,
	uint64_t *ret_size, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	if (file_read_all(fd, path, 0, &bytes, err) < 0 ||
		object_put_bytes(store, bytes.text, bytes.length, ret, err) < 0)
		return -err->code;
	*ret_size = bytes.length;
	return 0;
}

static int object_put_descriptor(struct object_store *store, int fd, const char *path,
	const struct file_facts *facts, struct hash *ret, uint64_t *ret_size, struct error *err)
{
	bool there;
	if (facts->kind != FILE_REGULAR)
		return object_put_stream(store, fd, path, ret, ret_size, err);
	if (facts->size <= OBJECT_IN_MEMORY)
		return object_put_small(store, fd, path, ret, ret_size, err);
	/* Hashing on all cores costs little where the content turns out to be known. */
	if (hash_file(path, ret, ret_size, err) < 0 || object_is_there(store, ret, &there, err) < 0)
		return -err->code;
	return there ? 0 : object_put_stream(store, fd, path, ret, ret_size, err);
}

int object_put_file(struct object_store *store, const char *path, const struct hash *predecessor,
	struct object_file *ret_file, struct error *err)
{
	struct file_facts after;
	uint64_t size;
	(void)predecessor;
	AUTO_CLOSE int fd = file_open(path, err);
	if (fd < 0 || file_facts_of(fd, path, &ret_file->facts, err) < 0 ||
		object_put_descriptor(
			store, fd, path, &ret_file->facts, &ret_file->hash, &size, err) < 0 ||
		file_facts_of(fd, path, &after, err) < 0)
		return -err->code;
	if (after.kind == FILE_REGULAR &&
		(after.size != size || after.modified != ret_file->facts.modified))
		return error_set(err, ERROR_INVALID, "'%s' changed while it was read", path);
	ret_file->facts.size = size;
	ret_file->is_new = true;
	return 0;
}

int object_put_version(struct object_store *store, const void *bytes, size_t count,
	const struct hash *predecessor, struct hash *ret, struct error *err)
{
	(void)predecessor;
	return object_put_bytes(store, bytes, count, ret, err);
}

int object_store_flush(struct object_store *store, struct error *err)
{
	(void)store; /* every put is on disk when it returns */
	(void)err;
	return 0;
}

/* Opens the object, reads it through and compares its hash. */
static int object_read(struct object_store *store, const struct hash *hash, uint64_t cap,
	const struct object_sink *sink, struct error *err)
{
	AUTO(object_place_release) struct object_place place = { .path = NULL };
	struct hash found;
	if (object_place(store, hash, &place, err) < 0)
		return -err->code;
	AUTO_CLOSE int fd = file_open(place.path, err);
	if (fd < 0 && err->code == ERROR_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND, "no object '%s'", place.text);
	if (fd < 0)
		return -err->code;
	if (object_decode(fd, place.path, cap, sink, &found, err) < 0)
		return error_prefix(err, "object '%s'", place.text);
	if (!hash_equal(&found, hash)) {
		error_set(err, ERROR_CORRUPT, "object '%s': its content has changed", place.text);
		return -err->code;
	}
	return 0;
}

static int object_to_buffer(void *context, const void *bytes, size_t count, struct error *err)
{
	struct strbuf *buffer = context;
	strbuf_add_bytes(buffer, bytes, count);
	return strbuf_check(buffer, err);
}

int object_get_bytes(struct object_store *store, const struct hash *hash, size_t cap,
	struct strbuf *buffer, struct error *err)
{
	struct object_sink sink = { object_to_buffer, buffer };
	size_t before = buffer->length;
	if (object_read(store, hash, cap, &sink, err) < 0) {
		strbuf_truncate(buffer, before); /* nobody sees what was not verified */
		return -err->code;
	}
	return 0;
}

struct object_output {
	int fd;
	const char *name;
};

static int object_to_descriptor(void *context, const void *bytes, size_t count, struct error *err)
{
	const struct object_output *output = context;
	return file_write_all(output->fd, output->name, bytes, count, err);
}

int object_get_stream(struct object_store *store, const struct hash *hash, int fd, const char *name,
	struct error *err)
{
	struct object_output output = { fd, name };
	struct object_sink sink = { object_to_descriptor, &output };
	return object_read(store, hash, 0, &sink, err);
}

int object_get_file(struct object_store *store, const struct hash *hash, const char *path,
	unsigned mode, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	if (atomic_begin(&file, path, NULL, mode, err) < 0 ||
		object_get_stream(store, hash, file.fd, path, err) < 0)
		return -err->code;
	return atomic_commit(&file, ATOMIC_REPLACE, err);
}

bool object_exists(struct object_store *store, const struct hash *hash)
{
	AUTO(object_place_release) struct object_place place = { .path = NULL };
	struct error ignored = ERROR_INIT; /* without memory for a path it is not there */
	return object_place(store, hash, &place, &ignored) == 0 && file_exists(place.path);
}

int object_size(
	struct object_store *store, const struct hash *hash, uint64_t *ret, struct error *err)
{
	AUTO(object_place_release) struct object_place place = { .path = NULL };
	unsigned char bytes[OBJECT_HEADER];
	struct object_header header;
	size_t count;
	if (object_place(store, hash, &place, err) < 0)
		return -err->code;
	AUTO_CLOSE int fd = file_open(place.path, err);
	if (fd < 0 && err->code == ERROR_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND, "no object '%s'", place.text);
	if (fd < 0 || file_read_some(fd, place.path, bytes, sizeof bytes, &count, err) < 0)
		return -err->code;
	if (object_header_read(bytes, count, &header, err) < 0)
		return error_prefix(err, "object '%s'", place.text);
	*ret = header.length;
	return 0;
}

int object_verify(struct object_store *store, const struct hash *hash, struct error *err)
{
	return object_read(store, hash, 0, NULL, err);
}

int object_each(struct object_store *store,
	int (*visit)(void *context, const struct hash *hash, struct error *err), void *context,
	struct error *err)
{
	AUTO(directory_names_release) struct directory_names folders = { .names = NULL };
	if (directory_list(store->objects, &folders, err) < 0)
		return -err->code;
	for (size_t i = 0; i < folders.count; i++) {
		AUTO(directory_names_release) struct directory_names files = { .names = NULL };
		AUTO_FREE char *folder = path_join(store->objects, folders.names[i], err);
		if (!folder)
			return -err->code;
		if (strlen(folders.names[i]) != OBJECT_FAN)
			continue; /* not one of ours */
		if (directory_list(folder, &files, err) < 0)
			return -err->code;
		for (size_t j = 0; j < files.count; j++) {
			AUTO_FREE char *text =
				memory_format(err, "%s%s", folders.names[i], files.names[j]);
			struct hash hash;
			if (!text)
				return -err->code;
			if (!hash_parse(text_of(text), &hash))
				continue;
			int result = visit(context, &hash, err);
			if (result)
				return result;
		}
	}
	return 0;
}
