/*
 * file: whole files and descriptors. Messages name the path.
 *
 * Descriptors are opened with O_CLOEXEC, short reads and writes and EINTR are dealt with here. A
 * missing file is ERROR_NOT_FOUND, everything else the system refuses ERROR_IO. Files that must
 * never be seen half-written are written through system/atomic.h.
 */
#ifndef MLOPS_SYSTEM_FILE_H
#define MLOPS_SYSTEM_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "mlops/base/strbuf.h"

enum file_kind { FILE_REGULAR, FILE_FOLDER, FILE_LINK, FILE_OTHER };

struct file_facts {
	enum file_kind kind;
	uint32_t mode; /* permission bits */
	uint64_t size; /* bytes of a regular file or of the text of a link */
	int64_t modified, changed; /* nanoseconds since 1970: of the content, of the inode */
	uint64_t inode, device;
};

/* Facts of the path itself (a link is not followed), or of what a link points to. */
int file_facts(const char *path, struct file_facts *ret, struct error *err);
int file_facts_followed(const char *path, struct file_facts *ret, struct error *err);
int file_facts_of(int fd, const char *path, struct file_facts *ret, struct error *err);
/* Of a name in an open folder, a link not followed; false if it cannot be seen: errno says why. */
bool file_facts_at(int folder, const char *name, struct file_facts *ret);
bool file_exists(const char *path); /* follows links; false too if it cannot be reached */

/* A descriptor, or -code. A folder is refused. */
int file_open(const char *path, struct error *err);
void file_close(int *fd); /* sets it to -1; -1 is allowed */
#define AUTO_CLOSE __attribute__((cleanup(file_close)))

/*
 * Appends the whole file to the buffer. Over `cap` bytes (0: the buffer's own cap) it is
 * ERROR_INVALID. Works for pipes as well.
 */
int file_read(const char *path, size_t cap, struct strbuf *buffer, struct error *err) MUST_CHECK;
int file_read_all(
	int fd, const char *path, size_t cap, struct strbuf *buffer, struct error *err) MUST_CHECK;

/* Up to `size` bytes, fewer only at the end of the file: the count in *ret_count. */
int file_read_some(int fd, const char *path, void *bytes, size_t size, size_t *ret_count,
	struct error *err) MUST_CHECK;
int file_write_all(
	int fd, const char *path, const void *bytes, size_t count, struct error *err) MUST_CHECK;

/*
 * Writing behind the present position in any order, by several threads: only where
 * file_can_write_at() says so (a regular file that is not opened for appending), offsets being
 * counted from *ret_position. It does not move the position: file_skip() does.
 */
bool file_can_write_at(int fd, uint64_t *ret_position);
int file_write_at(int fd, const char *path, const void *bytes, size_t count, uint64_t offset,
	struct error *err) MUST_CHECK;
int file_skip(int fd, const char *path, uint64_t count, struct error *err) MUST_CHECK;

/*
 * The bytes of a regular file in memory, read-only; the empty file gives "" with length 0. A file
 * that another process cuts short meanwhile raises SIGBUS: map only what nobody rewrites in place.
 */
struct file_map {
	const unsigned char *bytes;
	size_t length;
	void *address; /* of the mapping, NULL if none */
};
int file_map(const char *path, struct file_map *ret, struct error *err) MUST_CHECK;
void file_unmap(struct file_map *map);
AUTO_RELEASE(struct file_map, file_unmap)

/*
 * Copies what is left of `from` to `to`: by sharing blocks (reflink) or inside the kernel where the
 * file system can, else by reading and writing. Both at their positions.
 */
int file_copy_descriptor(
	int from, int to, const char *from_path, const char *to_path, struct error *err) MUST_CHECK;

/* Cuts a file; not synced. */
int file_truncate(const char *path, uint64_t size, struct error *err) MUST_CHECK;

int file_remove(const char *path, struct error *err); /* missing is success */

#endif
