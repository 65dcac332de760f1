#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "object_internal.h"

void pack_files_init(struct pack_files *files)
{
	pthread_mutex_init(&files->lock, NULL);
}

void pack_files_release(struct pack_files *files)
{
	for (size_t i = 0; i < PACK_FILES; i++) {
		if (files->files[i].id)
			file_close(&files->files[i].fd);
	}
	pthread_mutex_destroy(&files->lock);
}

static struct pack_file *pack_files_find(struct pack_files *files, int64_t id)
{
	for (size_t i = 0; i < PACK_FILES; i++) {
		if (files->files[i].id == id)
			return &files->files[i];
	}
	return NULL;
}

/* A free slot, or one that nobody uses just now, the one that was used longest ago; or NULL. */
static struct pack_file *pack_files_free(struct pack_files *files)
{
	struct pack_file *best = NULL;
	for (size_t i = 0; i < PACK_FILES; i++) {
		struct pack_file *file = &files->files[i];
		if (!file->id)
			return file;
		if (!file->users && (!best || file->used < best->used))
			best = file;
	}
	if (best)
		file_close(&best->fd);
	return best;
}

static int pack_open(struct object_store *store, int64_t id, struct error *err)
{
	struct pack_facts facts;
	int status = index_pack(store->index, id, &facts, err);
	if (status < 0)
		return status;
	if (!status)
		return error_set(err, ERROR_NOT_FOUND, "there is no pack %lld", (long long)id);
	AUTO_FREE char *path = pack_path(store, &facts.name, err);
	return path ? file_open(path, err) : -(int)err->code;
}

/*
 * A descriptor of the pack. *ret_slot is to be given back, or NULL: then the descriptor is to be
 * closed, since more packs are in use than there are slots.
 */
static int pack_take(
	struct object_store *store, int64_t id, struct pack_file **ret_slot, struct error *err)
{
	struct pack_files *files = &store->files;
	pthread_mutex_lock(&files->lock);
	struct pack_file *file = pack_files_find(files, id);
	if (!file) {
		int fd = pack_open(store, id, err);
		file = fd < 0 ? NULL : pack_files_free(files);
		if (!file) {
			pthread_mutex_unlock(&files->lock);
			*ret_slot = NULL;
			return fd;
		}
		*file = (struct pack_file){ .id = id, .fd = fd };
	}
	file->users++;
	file->used = ++files->clock;
	int fd = file->fd;
	pthread_mutex_unlock(&files->lock);
	*ret_slot = file;
	return fd;
}

static void pack_give(struct object_store *store, int fd, struct pack_file *slot)
{
	if (!slot) {
		close(fd);
		return;
	}
	pthread_mutex_lock(&store->files.lock);
	slot->users--;
	pthread_mutex_unlock(&store->files.lock);
}

void pack_files_forget(struct object_store *store, int64_t pack)
{
	struct pack_files *files = &store->files;
	pthread_mutex_lock(&files->lock);
	struct pack_file *file = pack_files_find(files, pack);
	if (file && !file->users) {
		file_close(&file->fd);
		file->id = 0;
	}
	pthread_mutex_unlock(&files->lock);
}

int pack_read(struct object_store *store, int64_t pack, uint64_t offset, void *bytes, size_t count,
	struct error *err)
{
	struct pack_file *slot;
	if (pack_settle(store, pack, offset + count, err) < 0)
		return -err->code;
	int fd = pack_take(store, pack, &slot, err);
	if (fd < 0)
		return fd;
	int status = 0;
	for (size_t done = 0; done < count && !status;) {
		ssize_t got = pread(fd, (char *)bytes + done, count - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			status = error_set_os(
				err, ERROR_IO, "cannot read pack %lld", (long long)pack);
		else if (!got)
			status = error_set(err, ERROR_CORRUPT, "its pack is cut short");
		else
			done += (size_t)got;
	}
	pack_give(store, fd, slot);
	return status;
}
