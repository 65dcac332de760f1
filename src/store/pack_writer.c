/*
 * Appending. A pack belongs to whoever holds the flock of its file; the next one to claim it cuts
 * off what was never acknowledged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/system/atomic.h"

#include "object_internal.h"

enum {
	PACK_BUFFER = 4 << 20,
	PACK_DIRECT = 128 << 10, /* payloads from here on are not copied into the buffer */
	PACK_AHEAD = 16 << 20, /* bytes after which writing to disk is begun */
	PACK_PENDING = 100000, /* entries after which it flushes by itself */
	PACK_ATTEMPTS = 16
};
#define PACK_UNFLUSHED ((uint64_t)256 << 20) /* bytes likewise */

void pack_writer_init(struct pack_writer *writer)
{
	pthread_mutex_init(&writer->lock, NULL);
	writer->fd = -1;
}

static uint64_t pack_end(const struct pack_writer *writer)
{
	return writer->written + writer->buffered;
}

/* Lets go of the pack, without what was not acknowledged. */
static void pack_drop(struct pack_writer *writer, bool cut)
{
	/* If that fails the next one to claim it does it. */
	if (writer->fd >= 0 && cut && pack_end(writer) > writer->pack.size &&
		ftruncate(writer->fd, (off_t)writer->pack.size) != 0)
		errno = 0;
	file_close(&writer->fd);
	writer->id = 0;
	writer->buffered = 0;
	memory_free(writer->path);
	writer->path = NULL;
}

void pack_writer_release(struct pack_writer *writer)
{
	/* After a commit of which the outcome is unknown the bytes may be needed. */
	pack_drop(writer, !writer->failed.code);
	memory_free(writer->buffer);
	pthread_mutex_destroy(&writer->lock);
}

/* The first failure: what was put since the last flush is given up, and the next flush says so. */
static int pack_fail(struct object_store *store, bool cut, struct error *err)
{
	index_drop_pending(store->index);
	pack_drop(&store->writer, cut);
	store->writer.failed = *err;
	return -err->code;
}

/* Opens and locks a pack that is there, if that goes without waiting; fd or -1. */
static int pack_open_locked(const char *path, struct stat *ret_status)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, ret_status) == 0 &&
		S_ISREG(ret_status->st_mode) && ret_status->st_nlink > 0)
		return fd;
	close(fd);
	return -1;
}

/*
 * 1 if the pack can be appended to. The acknowledged size is asked for again under the lock. What
 * is longer has a torn tail, which is cut off; what is shorter is damaged, and left to fsck.
 */
static int pack_try(struct object_store *store, struct pack_facts *facts, struct error *err)
{
	struct stat status;
	unsigned char header[PACK_HEADER];
	struct error ignored = ERROR_INIT;
	AUTO_FREE char *path = pack_path(store, &facts->name, err);
	if (!path)
		return -err->code;
	AUTO_CLOSE int fd = pack_open_locked(path, &status);
	if (fd < 0)
		return 0;
	int found = index_pack(store->index, facts->id, facts, err);
	if (found <= 0)
		return found;
	if ((uint64_t)status.st_size < facts->size || facts->size >= PACK_FULL ||
		pread(fd, header, sizeof header, 0) != sizeof header ||
		pack_header_read(header, sizeof header, &ignored) < 0)
		return 0;
	if ((uint64_t)status.st_size > facts->size && ftruncate(fd, (off_t)facts->size) != 0)
		return 0;
	store->writer.pack = *facts;
	store->writer.path = TAKE(path);
	store->writer.fd = fd;
	store->writer.is_new = false;
	fd = -1;
	return 1;
}

static int pack_random_name(struct id *ret, struct error *err)
{
	/* Not id_new(): ids that tests fix by a seed are of runs. */
	unsigned char bits[ID_LENGTH / 2];
	ssize_t count;
	do {
		count = getrandom(bits, sizeof bits, 0);
	} while (count < 0 && errno == EINTR);
	if (count != sizeof bits)
		return error_set_os(err, ERROR_IO, "cannot get random bytes");
	for (size_t i = 0; i < sizeof bits; i++)
		snprintf(ret->text + 2 * i, 3, "%02x", bits[i]);
	return 0;
}

static int pack_create(struct object_store *store, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	struct pack_facts facts = { .size = PACK_HEADER };
	unsigned char header[PACK_HEADER];
	if (pack_random_name(&facts.name, err) < 0)
		return -err->code;
	AUTO_FREE char *path = pack_path(store, &facts.name, err);
	if (!path)
		return -err->code;
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return error_set_os(err, ERROR_IO, "cannot make the pack '%s'", path);
	pack_header_write(header);
	if (file_write_all(fd, path, header, sizeof header, err) < 0 ||
		index_new_pack(store->index, &facts.name, &facts.id, err) < 0) {
		unlink(path);
		return -err->code;
	}
	writer->pack = facts;
	writer->path = TAKE(path);
	writer->fd = fd;
	writer->is_new = true;
	fd = -1;
	return 0;
}

/* Finds a pack that nobody appends to, or makes one. */
static int pack_claim(struct object_store *store, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	pack_list packs = VEC_INIT;
	int status = index_packs(store->index, &packs, err);
	int claimed = 0;
	for (size_t i = 0; status == 0 && !claimed && i < packs.count; i++) {
		if (packs.items[i].size < PACK_FULL && packs.items[i].id != writer->avoided)
			claimed = pack_try(store, &packs.items[i], err);
	}
	vec_release(&packs);
	if (status < 0 || claimed < 0)
		return -err->code;
	if (!claimed && pack_create(store, err) < 0)
		return -err->code;
	writer->started = writer->pack.size;
	writer->written = writer->pack.size;
	writer->id = writer->pack.id;
	return 0;
}

static int pack_ready(struct object_store *store, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	if (writer->failed.code) {
		*err = writer->failed;
		return -err->code;
	}
	if (!writer->buffer)
		writer->buffer = memory_allocate_small_pages(PACK_BUFFER, err);
	if (!writer->buffer)
		return -err->code;
	return writer->fd >= 0 ? 0 : pack_claim(store, err);
}

/* Writes at the end of the file, all of it. */
static int pack_write(
	struct pack_writer *writer, struct iovec *parts, int n_parts, struct error *err)
{
	while (n_parts) {
		ssize_t count = pwritev(writer->fd, parts, n_parts, (off_t)writer->written);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_os(err, ERROR_IO, "cannot write '%s'", writer->path);
		writer->written += (uint64_t)count;
		while (n_parts && (size_t)count >= parts->iov_len) {
			count -= (ssize_t)parts->iov_len;
			parts++;
			n_parts--;
		}
		if (n_parts) {
			parts->iov_base = (char *)parts->iov_base + count;
			parts->iov_len -= (size_t)count;
		}
	}
	/* The disk may begin; only the sync waits for it. */
	if (writer->written - writer->started >= PACK_AHEAD) {
		sync_file_range(writer->fd, (off_t)writer->started,
			(off_t)(writer->written - writer->started), SYNC_FILE_RANGE_WRITE);
		writer->started = writer->written;
	}
	return 0;
}

static int pack_drain(struct object_store *store, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	struct iovec part = { writer->buffer, writer->buffered };
	if (!writer->buffered)
		return 0;
	if (pack_write(writer, &part, 1, err) < 0)
		return pack_fail(store, true, err);
	writer->buffered = 0;
	return 0;
}

/* What was appended is on disk; the index does not say so yet. */
static int pack_sync(struct object_store *store, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	if (pack_drain(store, err) < 0)
		return -err->code;
	if (writer->fd >= 0 &&
		(atomic_sync_content(writer->fd, writer->path, err) < 0 ||
			(writer->is_new && atomic_sync_folder(store->packs, err) < 0)))
		return pack_fail(store, true, err);
	return 0;
}

/* removed: a pack that goes at the same time, or 0. */
static int pack_flush_locked(struct object_store *store, int64_t removed, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	if (writer->failed.code) {
		*err = writer->failed;
		return -err->code;
	}
	if (!removed && !index_pending(store->index)) {
		index_refresh(store->index);
		return 0;
	}
	if (pack_sync(store, err) < 0)
		return -err->code;
	int status =
		removed ? index_remove_pack(store->index, removed, writer->id, writer->written, err)
			: index_commit(store->index, writer->id, writer->written, err);
	if (status < 0) /* it may have come to the disk all the same */
		return pack_fail(store, false, err);
	writer->is_new = false;
	writer->pack.size = writer->written;
	return 0;
}

int pack_flush_removing(struct object_store *store, int64_t pack, struct error *err)
{
	pthread_mutex_lock(&store->writer.lock);
	int status = pack_flush_locked(store, pack, err);
	pthread_mutex_unlock(&store->writer.lock);
	return status;
}

int pack_flush(struct object_store *store, struct error *err)
{
	return pack_flush_removing(store, 0, err);
}

int64_t pack_time(void)
{
	return clock_now() / 1000000;
}

int pack_settle(struct object_store *store, int64_t pack, uint64_t end, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	if (pack != writer->id || end <= writer->written)
		return 0;
	pthread_mutex_lock(&writer->lock);
	int status = pack == writer->id && end > writer->written ? pack_drain(store, err) : 0;
	pthread_mutex_unlock(&writer->lock);
	return status;
}

static int pack_add(struct object_store *store, const struct pack_new *entry,
	const unsigned char *head, size_t head_length, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	size_t payload = (size_t)entry->entry.payload;
	if (writer->buffered + head_length + payload > PACK_BUFFER || payload >= PACK_DIRECT) {
		if (pack_drain(store, err) < 0)
			return -err->code;
	}
	if (payload >= PACK_DIRECT) {
		struct iovec parts[2] = { { (void *)(uintptr_t)head, head_length },
			{ (void *)(uintptr_t)entry->payload, payload } };
		return pack_write(writer, parts, 2, err) < 0 ? pack_fail(store, true, err) : 0;
	}
	memcpy(writer->buffer + writer->buffered, head, head_length);
	memcpy(writer->buffer + writer->buffered + head_length, entry->payload, payload);
	writer->buffered += head_length + payload;
	return 0;
}

static int pack_append_locked(
	struct object_store *store, const struct pack_new *entry, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	unsigned char head[PACK_HEAD_MOST];
	size_t head_length = entry_head_length(&entry->entry);
	if (writer->fd >= 0 && pack_end(writer) >= PACK_FULL) {
		if (pack_flush_locked(store, 0, err) < 0)
			return -err->code;
		pack_drop(writer, false);
	}
	if (pack_ready(store, err) < 0)
		return -err->code;
	pack_head_write(&entry->entry, entry->payload_check, head);
	struct index_entry row = { .hash = entry->entry.hash,
		.pack = writer->pack.id,
		.offset = pack_end(writer),
		.length = head_length + entry->entry.payload,
		.size = entry->entry.size,
		.added = entry->added ? entry->added : pack_time(),
		.kind = entry->entry.kind,
		.method = entry->entry.method,
		.depth = entry->entry.depth,
		.is_object = entry->is_object };
	int status = index_add(store->index, &row, entry->replace, err);
	if (status <= 0)
		return status;
	if (pack_add(store, entry, head, head_length, err) < 0)
		return -err->code;
	if (pack_end(writer) - writer->pack.size >= PACK_UNFLUSHED ||
		index_pending(store->index) >= PACK_PENDING)
		return pack_flush_locked(store, 0, err) < 0 ? -(int)err->code : 1;
	return 1;
}

int pack_append(struct object_store *store, const struct pack_new *entry, struct error *err)
{
	pthread_mutex_lock(&store->writer.lock);
	int status = pack_append_locked(store, entry, err);
	pthread_mutex_unlock(&store->writer.lock);
	return status;
}

int pack_writer_avoid(struct object_store *store, int64_t pack, struct error *err)
{
	struct pack_writer *writer = &store->writer;
	pthread_mutex_lock(&writer->lock);
	int status = pack_flush_locked(store, 0, err);
	if (status == 0) {
		writer->avoided = pack;
		if (writer->id == pack)
			pack_drop(writer, false);
	}
	pthread_mutex_unlock(&writer->lock);
	return status;
}
