#include <string.h>

#include "object_encode_internal.h"

/*
 * Contents up to this are one blob; larger ones are cut. The same by whatever way they come, so
 * that equal contents are stored equally.
 */
enum { OBJECT_WHOLE = 1 << 20 };

struct object_memory {
	const unsigned char *bytes;
	size_t left;
};

static int object_read_memory(
	void *context, void *bytes, size_t size, size_t *ret_count, struct error *err)
{
	struct object_memory *memory = context;
	(void)err;
	*ret_count = memory->left < size ? memory->left : size;
	memcpy(bytes, memory->bytes, *ret_count);
	memory->bytes += *ret_count;
	memory->left -= *ret_count;
	return 0;
}

/* A descriptor, of which the beginning has been read already. */
struct object_input {
	struct object_memory begun;
	int fd;
	const char *name;
};

static int object_read_input(
	void *context, void *bytes, size_t size, size_t *ret_count, struct error *err)
{
	struct object_input *input = context;
	size_t begun, more;
	if (object_read_memory(&input->begun, bytes, size, &begun, err) < 0 ||
		file_read_some(input->fd, input->name, (char *)bytes + begun, size - begun, &more,
			err) < 0)
		return -err->code;
	*ret_count = begun + more;
	return 0;
}

static int object_put_piece(struct object_store *store, struct object_worker *worker,
	struct object_piece *piece, const struct hash *predecessor, bool *ret_new,
	struct error *err)
{
	AUTO(object_predecessor_release) struct object_predecessor none = { .starts = NULL };
	AUTO(strbuf_release) struct strbuf payloads = STRBUF_INIT;
	*ret_new = false;
	hash_bytes(piece->bytes, piece->count, &piece->hash);
	if (object_is_there(store, &piece->hash, &piece->is_there, err) < 0)
		return -err->code;
	if (piece->is_there)
		return 0;
	if (object_predecessor_load(store, predecessor, &none, err) < 0 ||
		object_encode(store, worker, &none, none.sketches != NULL, piece, &payloads, err) <
			0)
		return -err->code;
	return object_append(store, piece, true, &payloads, ret_new, err);
}

static int object_put_small(struct object_store *store, const void *bytes, size_t count,
	const struct hash *predecessor, struct object_put *ret, struct error *err)
{
	struct object_piece piece = { .bytes = bytes, .count = count };
	struct object_worker *worker = object_worker_take(store, err);
	if (!worker)
		return -err->code;
	int status = object_put_piece(store, worker, &piece, predecessor, &ret->is_new, err);
	object_worker_give(store, worker);
	ret->hash = piece.hash;
	ret->size = count;
	return status;
}

static int object_put_memory(struct object_store *store, const void *bytes, size_t count,
	const struct hash *predecessor, struct object_put *ret, struct error *err)
{
	struct object_memory memory = { bytes, count };
	struct object_source source = { object_read_memory, &memory };
	if (object_begin(store, err) < 0)
		return -err->code;
	return count <= OBJECT_WHOLE ? object_put_small(store, bytes, count, predecessor, ret, err)
				     : object_put_large(store, &source, predecessor, ret, err);
}

/* What is left of a descriptor; expected: how much that may be, to read small files in one go. */
static int object_put_descriptor(struct object_store *store, int fd, const char *name,
	uint64_t expected, const struct hash *predecessor, struct object_put *ret,
	struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	size_t room = expected <= OBJECT_WHOLE ? (size_t)expected + 1 : OBJECT_WHOLE + 1, count;
	if (object_begin(store, err) < 0)
		return -err->code;
	for (;;) {
		if (!strbuf_reserve(&bytes, room))
			return strbuf_check(&bytes, err);
		if (file_read_some(fd, name, bytes.text + bytes.length, room, &count, err) < 0)
			return -err->code;
		bytes.length += count;
		if (count < room)
			return object_put_small(
				store, bytes.text, bytes.length, predecessor, ret, err);
		if (bytes.length > OBJECT_WHOLE)
			break;
		room = OBJECT_WHOLE + 1 - bytes.length; /* it is longer than was expected */
	}
	struct object_input input = { { (const unsigned char *)bytes.text, bytes.length }, fd,
		name };
	struct object_source source = { object_read_input, &input };
	return object_put_large(store, &source, predecessor, ret, err);
}

int object_put_version(struct object_store *store, const void *bytes, size_t count,
	const struct hash *predecessor, struct hash *ret, struct error *err)
{
	struct object_put put;
	if (object_put_memory(store, bytes, count, predecessor, &put, err) < 0)
		return -err->code;
	*ret = put.hash;
	return 0;
}

int object_put_bytes(struct object_store *store, const void *bytes, size_t count, struct hash *ret,
	struct error *err)
{
	return object_put_version(store, bytes, count, NULL, ret, err);
}

int object_put_stream(struct object_store *store, int fd, const char *name, struct hash *ret,
	uint64_t *ret_size, struct error *err)
{
	struct object_put put;
	if (object_put_descriptor(store, fd, name, OBJECT_WHOLE, NULL, &put, err) < 0)
		return -err->code;
	*ret = put.hash;
	*ret_size = put.size;
	return 0;
}

int object_put_file(struct object_store *store, const char *path, const struct hash *predecessor,
	struct object_file *ret_file, struct error *err)
{
	struct file_facts after;
	struct object_put put;
	AUTO_CLOSE int fd = file_open(path, err);
	if (fd < 0 || file_facts_of(fd, path, &ret_file->facts, err) < 0)
		return -err->code;
	bool regular = ret_file->facts.kind == FILE_REGULAR;
	if (object_put_descriptor(store, fd, path, regular ? ret_file->facts.size : OBJECT_WHOLE,
		    predecessor, &put, err) < 0 ||
		file_facts_of(fd, path, &after, err) < 0)
		return -err->code;
	if (regular && (after.size != put.size || after.size != ret_file->facts.size ||
			       after.modified != ret_file->facts.modified))
		return error_set(err, ERROR_INVALID, "'%s' changed while it was read", path);
	ret_file->hash = put.hash;
	ret_file->facts.size = put.size;
	ret_file->is_new = put.is_new;
	return 0;
}
