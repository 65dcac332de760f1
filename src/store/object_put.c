#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
	AUTO(object_predecessor_release) struct object_predecessor old = { .starts = NULL };
	AUTO(strbuf_release) struct strbuf payloads = STRBUF_INIT;
	*ret_new = false;
	hash_bytes(piece->bytes, piece->count, &piece->hash);
	if (object_is_there(store, &piece->hash, &piece->is_there, err) < 0)
		return -err->code;
	if (piece->is_there)
		return 0;
	if (object_predecessor_load(store, predecessor, &old, err) < 0 ||
		object_encode_new(store, worker, &old, piece, &payloads, err) < 0)
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

/*
 * The beginning of a descriptor: all of it if it is small. A file that is as long as it was said to
 * be is not asked for more: object_put_file() looks whether it has grown.
 */
static int object_read_begin(int fd, const char *name, uint64_t expected, bool is_certain,
	struct strbuf *bytes, struct error *err)
{
	size_t room = expected <= OBJECT_WHOLE ? (size_t)expected + 1 : OBJECT_WHOLE + 1, count = 0;
	for (bool first = true; bytes->length <= OBJECT_WHOLE; first = false) {
		if (!strbuf_reserve(bytes, room))
			return strbuf_check(bytes, err);
		ssize_t got =
			is_certain && first ? read(fd, bytes->text + bytes->length, room) : -1;
		if (got >= 0)
			count = (size_t)got;
		else if (file_read_some(fd, name, bytes->text + bytes->length, room, &count, err) <
			 0)
			return -err->code;
		bytes->length += count;
		if (got >= 0 ? bytes->length == expected : count < room)
			return 0;
		room = OBJECT_WHOLE + 1 - bytes->length; /* more, or less, than was expected */
	}
	return 0;
}

/* What is left of a descriptor. is_certain: it is as long as expected, or else an error anyway. */
static int object_put_descriptor(struct object_store *store, const struct object_descriptor *input,
	uint64_t expected, bool is_certain, const struct hash *predecessor, struct object_put *ret,
	struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	if (object_begin(store, err) < 0 ||
		object_read_begin(input->fd, input->name, expected, is_certain, &bytes, err) < 0)
		return -err->code;
	if (bytes.length <= OBJECT_WHOLE)
		return object_put_small(store, bytes.text, bytes.length, predecessor, ret, err);
	struct object_input whole = { { (const unsigned char *)bytes.text, bytes.length },
		input->fd, input->name };
	struct object_source source = { object_read_input, &whole };
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
	struct object_descriptor input = { fd, name };
	struct object_put put;
	if (object_put_descriptor(store, &input, OBJECT_WHOLE, false, NULL, &put, err) < 0)
		return -err->code;
	*ret = put.hash;
	*ret_size = put.size;
	return 0;
}

/* As file_open(), with the one look at it that is needed anyway. */
static int object_open_file(const char *path, struct file_facts *ret, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		fd = file_open(path, err); /* EINTR, or the right message */
	if (fd < 0 || file_facts_of(fd, path, ret, err) < 0)
		return -err->code;
	if (ret->kind == FILE_FOLDER)
		return error_set(err, ERROR_IO, "cannot read '%s': it is a folder", path);
	int open = fd;
	fd = -1;
	return open;
}

int object_put_file(struct object_store *store, const char *path, const struct hash *predecessor,
	struct object_file *ret_file, struct error *err)
{
	struct file_facts *before = &ret_file->facts, after;
	struct object_put put;
	AUTO_CLOSE int fd = object_open_file(path, before, err);
	if (fd < 0)
		return fd;
	struct object_descriptor input = { fd, path };
	bool regular = before->kind == FILE_REGULAR;
	if (object_put_descriptor(store, &input, regular ? before->size : OBJECT_WHOLE, regular,
		    predecessor, &put, err) < 0 ||
		file_facts_of(fd, path, &after, err) < 0)
		return -err->code;
	if (regular && (after.size != put.size || after.size != before->size ||
			       after.modified != before->modified))
		return error_set(err, ERROR_INVALID, "'%s' changed while it was read", path);
	ret_file->hash = put.hash;
	before->size = put.size;
	ret_file->is_new = put.is_new;
	return 0;
}
