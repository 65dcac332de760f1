#include "mlops/system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_internal.h"

enum { FILE_STEP = 64 << 10, FILE_COPY_STEP = 256 << 10 };

enum error_code file_error_code(void)
{
	return errno == ENOENT || errno == ENOTDIR ? ERROR_NOT_FOUND : ERROR_IO;
}

static int64_t file_nanoseconds(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void file_facts_from(const struct stat *status, struct file_facts *ret)
{
	mode_t mode = status->st_mode;
	*ret = (struct file_facts){
		.kind = S_ISREG(mode)   ? FILE_REGULAR
			: S_ISDIR(mode) ? FILE_FOLDER
			: S_ISLNK(mode) ? FILE_LINK
					: FILE_OTHER,
		.mode = mode & 07777,
		.size = (uint64_t)status->st_size,
		.modified = file_nanoseconds(status->st_mtim),
		.changed = file_nanoseconds(status->st_ctim),
		.inode = status->st_ino,
		.device = status->st_dev,
	};
}

int file_facts(const char *path, struct file_facts *ret, struct error *err)
{
	struct stat status;
	if (lstat(path, &status) != 0)
		return error_set_os(err, file_error_code(), "cannot look at '%s'", path);
	file_facts_from(&status, ret);
	return 0;
}

int file_facts_followed(const char *path, struct file_facts *ret, struct error *err)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return error_set_os(err, file_error_code(), "cannot look at '%s'", path);
	file_facts_from(&status, ret);
	return 0;
}

int file_facts_of(int fd, const char *path, struct file_facts *ret, struct error *err)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return error_set_os(err, ERROR_IO, "cannot look at '%s'", path);
	file_facts_from(&status, ret);
	return 0;
}

bool file_facts_at(int folder, const char *name, struct file_facts *ret)
{
	struct stat status;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	file_facts_from(&status, ret);
	return true;
}

bool file_exists(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0;
}

int file_open(const char *path, struct error *err)
{
	struct stat status;
	int fd;
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return error_set_os(err, file_error_code(), "cannot open '%s'", path);
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		close(fd);
		errno = EISDIR;
		return error_set_os(err, ERROR_IO, "cannot open '%s'", path);
	}
	return fd;
}

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int file_read_some(
	int fd, const char *path, void *bytes, size_t size, size_t *ret_count, struct error *err)
{
	size_t count = 0;
	while (count < size) {
		ssize_t got = read(fd, (char *)bytes + count, size - count);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_os(err, ERROR_IO, "cannot read '%s'", path);
		if (!got)
			break;
		count += (size_t)got;
	}
	*ret_count = count;
	return 0;
}

int file_write_all(int fd, const char *path, const void *bytes, size_t count, struct error *err)
{
	const char *at = bytes;
	while (count) {
		ssize_t put = write(fd, at, count);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_set_os(err, ERROR_IO, "cannot write '%s'", path);
		at += put;
		count -= (size_t)put;
	}
	return 0;
}

bool file_can_write_at(int fd, uint64_t *ret_position)
{
	struct stat status;
	int flags = fcntl(fd, F_GETFL);
	/* Linux appends to a file that is opened so wherever one asks to write. */
	if (flags < 0 || flags & O_APPEND || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	off_t position = lseek(fd, 0, SEEK_CUR);
	*ret_position = position < 0 ? 0 : (uint64_t)position;
	return position >= 0;
}

int file_write_at(int fd, const char *path, const void *bytes, size_t count, uint64_t offset,
	struct error *err)
{
	const char *at = bytes;
	while (count) {
		ssize_t put = pwrite(fd, at, count, (off_t)offset);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_set_os(err, ERROR_IO, "cannot write '%s'", path);
		at += put;
		offset += (uint64_t)put;
		count -= (size_t)put;
	}
	return 0;
}

int file_skip(int fd, const char *path, uint64_t count, struct error *err)
{
	if (lseek(fd, (off_t)count, SEEK_CUR) < 0)
		return error_set_os(err, ERROR_IO, "cannot write '%s'", path);
	return 0;
}

static int file_too_large(const char *path, size_t cap, struct error *err)
{
	return error_set(err, ERROR_INVALID, "'%s' is larger than %zu bytes", path, cap);
}

int file_read_all(int fd, const char *path, size_t cap, struct strbuf *buffer, struct error *err)
{
	struct stat status;
	size_t start = buffer->length;
	/* The size is a hint only: files grow, and those of /proc say 0. One byte more finds the end. */
	size_t step = FILE_STEP;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
		if (cap && (uint64_t)status.st_size > cap)
			return file_too_large(path, cap, err);
		step = (size_t)status.st_size + 1;
	}
	for (;;) {
		size_t got;
		if (!strbuf_reserve(buffer, step)) {
			error_set(err, ERROR_MEMORY, "no memory for the content of '%s'", path);
			return -ERROR_MEMORY;
		}
		if (file_read_some(fd, path, buffer->text + buffer->length, step, &got, err) < 0)
			return -err->code;
		buffer->length += got;
		buffer->text[buffer->length] = '\0';
		if (cap && buffer->length - start > cap)
			return file_too_large(path, cap, err);
		if (got < step)
			return 0;
		step = FILE_STEP;
	}
}

int file_read(const char *path, size_t cap, struct strbuf *buffer, struct error *err)
{
	AUTO_CLOSE int fd = file_open(path, err);
	if (fd < 0)
		return fd;
	return file_read_all(fd, path, cap, buffer, err);
}

int file_map(const char *path, struct file_map *ret, struct error *err)
{
	struct file_facts facts;
	AUTO_CLOSE int fd = file_open(path, err);
	if (fd < 0 || file_facts_of(fd, path, &facts, err) < 0)
		return -err->code;
	if (facts.kind != FILE_REGULAR)
		return error_set(err, ERROR_IO, "cannot map '%s': it is no regular file", path);
	*ret = (struct file_map){ .bytes = (const unsigned char *)"" };
	if (!facts.size)
		return 0;
	if (facts.size > PTRDIFF_MAX)
		return error_set(err, ERROR_MEMORY, "'%s' is too large to be mapped", path);
	void *address = mmap(NULL, (size_t)facts.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (address == MAP_FAILED)
		return error_set_os(
			err, errno == ENOMEM ? ERROR_MEMORY : ERROR_IO, "cannot map '%s'", path);
	madvise(address, (size_t)facts.size, MADV_SEQUENTIAL); /* advice only */
	*ret = (struct file_map){ address, (size_t)facts.size, address };
	return 0;
}

void file_unmap(struct file_map *map)
{
	if (map->address)
		munmap(map->address, map->length);
	*map = (struct file_map){ .bytes = NULL };
}

static int file_copy_by_hand(
	int from, int to, const char *from_path, const char *to_path, struct error *err)
{
	AUTO_FREE char *buffer = memory_allocate_aligned(FILE_COPY_STEP, err);
	size_t count;
	if (!buffer)
		return -err->code;
	do {
		if (file_read_some(from, from_path, buffer, FILE_COPY_STEP, &count, err) < 0 ||
			file_write_all(to, to_path, buffer, count, err) < 0)
			return -err->code;
	} while (count == FILE_COPY_STEP);
	return 0;
}

/* Shares all blocks of a whole file with an empty one: where it works it costs nothing. */
static bool file_reflink(int from, int to)
{
	struct stat status;
	return lseek(from, 0, SEEK_CUR) == 0 && fstat(to, &status) == 0 && status.st_size == 0 &&
	       ioctl(to, FICLONE, from) == 0 && lseek(from, 0, SEEK_END) >= 0 &&
	       lseek(to, 0, SEEK_END) >= 0;
}

int file_copy_descriptor(
	int from, int to, const char *from_path, const char *to_path, struct error *err)
{
	if (file_reflink(from, to))
		return 0;
	for (;;) {
		ssize_t count = copy_file_range(from, NULL, to, NULL, SIZE_MAX / 2 & ~0xfffffu, 0);
		if (count > 0)
			continue;
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
			return error_set_os(err, ERROR_IO, "cannot write '%s'", to_path);
		/*
		 * The end; or something this call cannot do, or a file that says it is empty while
		 * it is not (/proc): reading on tells.
		 */
		return file_copy_by_hand(from, to, from_path, to_path, err);
	}
}

int file_truncate(const char *path, uint64_t size, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		return error_set_os(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
			"cannot shorten '%s'", path);
	return 0;
}

int file_remove(const char *path, struct error *err)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set_os(err, ERROR_IO, "cannot remove '%s'", path);
	return 0;
}
