#include <string.h>

#include "mlops/system/atomic.h"

#include "object_loose_internal.h"

static int object_get_blob(struct object_store *store, const struct entry *entry,
	const struct strbuf *raw, const struct object_sink *sink, struct error *err)
{
	struct hash found;
	const unsigned char *bytes;
	struct object_worker *worker = object_worker_take(store, err);
	if (!worker)
		return -err->code;
	int status = object_decode_raw(store, worker, entry, raw, &worker->content, &bytes, err);
	if (status == 0) {
		hash_bytes(bytes, (size_t)entry->size, &found);
		if (!hash_equal(&found, &entry->hash))
			status = error_set(err, ERROR_CORRUPT, "its content has changed");
	}
	if (status == 0 && sink)
		status = sink->write(sink->context, bytes, (size_t)entry->size, err);
	object_worker_give(store, worker);
	return status;
}

/* Reads the object through, into the sink, and compares its hash. */
static int object_read(struct object_store *store, const struct hash *hash, uint64_t cap,
	const struct object_sink *sink, struct error *err)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct entry entry;
	char text[HASH_TEXT_SIZE];
	int status = object_raw(store, hash, &raw, &entry, err);
	if (status == -ERROR_NOT_FOUND) {
		error_clear(err);
		return object_loose_read(store, hash, cap, sink, err);
	}
	if (status == 0 && cap && entry.size > cap)
		status = error_set(
			err, ERROR_MEMORY, "it holds over %llu bytes", (unsigned long long)cap);
	if (status == 0)
		status = entry.kind == ENTRY_LIST ? object_stream(store, &entry, &raw, sink, err)
						  : object_get_blob(store, &entry, &raw, sink, err);
	hash_format(hash, text);
	if (status == -ERROR_CORRUPT || status == -ERROR_MEMORY || status == -ERROR_UNSUPPORTED)
		return error_prefix(err, "object '%s'", text);
	return status;
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
	struct object_sink sink = { .write = object_to_buffer, .context = buffer };
	size_t before = buffer->length;
	if (object_read(store, hash, cap, &sink, err) < 0) {
		strbuf_truncate(buffer, before); /* nobody sees what was not verified */
		return -err->code;
	}
	return 0;
}

int object_to_descriptor(void *context, const void *bytes, size_t count, struct error *err)
{
	const struct object_descriptor *output = context;
	return file_write_all(output->fd, output->name, bytes, count, err);
}

static int object_to_place(
	void *context, uint64_t offset, const void *bytes, size_t count, struct error *err)
{
	const struct object_descriptor *output = context;
	return file_write_at(output->fd, output->name, bytes, count, output->start + offset, err);
}

static int object_skip(void *context, uint64_t count, struct error *err)
{
	const struct object_descriptor *output = context;
	return file_skip(output->fd, output->name, count, err);
}

int object_get_stream(struct object_store *store, const struct hash *hash, int fd, const char *name,
	struct error *err)
{
	struct object_descriptor output = { fd, name, 0 };
	struct object_sink sink = { .write = object_to_descriptor, .context = &output };
	if (file_can_write_at(fd, &output.start)) {
		sink.write_at = object_to_place;
		sink.skip = object_skip;
	}
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

int object_verify(struct object_store *store, const struct hash *hash, struct error *err)
{
	return object_read(store, hash, 0, NULL, err);
}
