#include "mlops/system/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_internal.h"

enum { FOLDER_STEP = 64 << 10 };

static int folder_failed(const char *path, struct error *err)
{
	return error_set_os(err, file_error_code(), "cannot open the folder '%s'", path);
}

int folder_open_root(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? folder_failed(path, err) : fd;
}

/* One component after the other, for kernels and sandboxes without openat2(). */
static int folder_open_by_steps(int root, const char *path)
{
	AUTO_CLOSE int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char name[256];
	while (fd >= 0 && *path) {
		size_t length = strcspn(path, "/");
		if (length >= sizeof name || !length || strncmp(path, "..", length) == 0) {
			errno = length >= sizeof name ? ENAMETOOLONG : EXDEV;
			return -1;
		}
		memcpy(name, path, length);
		name[length] = '\0';
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		int os = errno;
		file_close(&fd);
		fd = next;
		errno = os;
		path += length + (path[length] == '/');
	}
	int result = fd;
	fd = -1;
	return result;
}

int folder_open_below(int root, const char *path, struct error *err)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH };
	const char *name = *path ? path : ".";
	long fd;
	do {
		fd = syscall(SYS_openat2, root, name, &how, sizeof how);
	} while (fd < 0 && errno == EAGAIN);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL))
		fd = folder_open_by_steps(root, path);
	return fd < 0 ? folder_failed(name, err) : (int)fd;
}

int folder_open_file(int folder, const char *name)
{
	int fd;
	/* Not blocked by a pipe that has taken the file's place. */
	do {
		fd = openat(
			folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

/* All of the system's records, one behind the other. */
static int folder_read_bytes(
	int fd, const char *path, struct folder_entries *entries, struct error *err)
{
	for (entries->length = 0;;) {
		if (entries->capacity - entries->length < FOLDER_STEP / 2) {
			size_t capacity = entries->capacity ? 2 * entries->capacity : FOLDER_STEP;
			char *bytes = memory_resize(entries->bytes, capacity, 1, err);
			if (!bytes)
				return -err->code;
			entries->bytes = bytes;
			entries->capacity = capacity;
		}
		ssize_t count = getdents64(
			fd, entries->bytes + entries->length, entries->capacity - entries->length);
		if (count < 0)
			return error_set_os(err, ERROR_IO, "cannot read the folder '%s'", path);
		if (!count)
			return 0;
		entries->length += (size_t)count;
	}
}

static enum file_kind folder_kind(unsigned char type)
{
	return type == DT_REG   ? FILE_REGULAR
	       : type == DT_DIR ? FILE_FOLDER
	       : type == DT_LNK ? FILE_LINK
				: FILE_OTHER;
}

static int folder_take(int fd, const char *path, const struct dirent64 *record, bool facts,
	struct folder_entries *entries, struct error *err)
{
	const char *name = record->d_name;
	if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])))
		return 0;
	if (entries->count == entries->room) {
		size_t room = entries->room ? 2 * entries->room : 256;
		struct folder_entry *items =
			memory_resize(entries->items, room, sizeof *items, err);
		if (!items)
			return -err->code;
		entries->items = items;
		entries->room = room;
	}
	struct folder_entry *entry = &entries->items[entries->count];
	entry->name = name;
	entry->facts.kind = folder_kind(record->d_type);
	bool unknown = record->d_type == DT_UNKNOWN;
	if (unknown || (facts && entry->facts.kind != FILE_FOLDER)) {
		if (!file_facts_at(fd, name, &entry->facts)) {
			if (errno == ENOENT)
				return 0;
			return error_set_os(err, ERROR_IO, "cannot look at '%s/%s'", path, name);
		}
	}
	entries->count++;
	return 0;
}

int folder_read(
	int fd, const char *path, bool facts, struct folder_entries *entries, struct error *err)
{
	entries->count = 0;
	if (folder_read_bytes(fd, path, entries, err) < 0)
		return -err->code;
	for (size_t at = 0; at < entries->length;) {
		const struct dirent64 *record = (const void *)(entries->bytes + at);
		if (folder_take(fd, path, record, facts, entries, err) < 0)
			return -err->code;
		at += record->d_reclen;
	}
	return 0;
}

void folder_entries_release(struct folder_entries *entries)
{
	memory_free(entries->items);
	memory_free(entries->bytes);
	*entries = FOLDER_ENTRIES_INIT;
}
