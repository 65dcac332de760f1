/*
 * object: contents, named by their BLAKE3 hash.
 *
 * What was put stays as it is until it is removed; putting the same content again is success and
 * writes nothing. A put is durable when it returns and leaves nothing half-written whenever it is
 * interrupted; several processes may put and get at once. Every read recomputes the hash:
 * ERROR_CORRUPT names the object, ERROR_NOT_FOUND is one that is not there. How and where objects
 * are kept is known in this room only.
 *
 * Format, version 1: one file each, objects/ab/cdef…, read-only:
 *	0  4  "mlob"
 *	4  1  version, 1
 *	5  1  method: 0 as it is, 1 zstd (one frame)
 *	6  2  0
 *	8  8  length of the content, little-endian
 *	16    the content, as it is or compressed, up to the end of the file
 */
#ifndef MLOPS_STORE_OBJECT_H
#define MLOPS_STORE_OBJECT_H

#include "mlops/base/strbuf.h"
#include "mlops/store/workspace.h"
#include "mlops/system/hash.h"

struct object_store;

/* Keeps no reference to the workspace. Takes no lock. Usable from several threads at once. */
int object_store_open(
	const struct workspace *workspace, struct object_store **ret, struct error *err) MUST_CHECK;
void object_store_close(struct object_store *store);
AUTO_FREE_OF(struct object_store, object_store_close)

int object_put_bytes(struct object_store *store, const void *bytes, size_t count, struct hash *ret,
	struct error *err) MUST_CHECK;

/* A file by path, and what is left of an open descriptor; `name` is for messages. */
int object_put_file(struct object_store *store, const char *path, struct hash *ret,
	uint64_t *ret_size, struct error *err) MUST_CHECK;
int object_put_stream(struct object_store *store, int fd, const char *name, struct hash *ret,
	uint64_t *ret_size, struct error *err) MUST_CHECK;

/* Appends the content; over `cap` bytes (0: the buffer's own cap) it is ERROR_MEMORY. */
int object_get_bytes(struct object_store *store, const struct hash *hash, size_t cap,
	struct strbuf *buffer, struct error *err) MUST_CHECK;

/*
 * Writes the content to a descriptor. On failure some of it may have been written: write to an
 * atomic file, and discard that.
 */
int object_get_stream(struct object_store *store, const struct hash *hash, int fd, const char *name,
	struct error *err) MUST_CHECK;

/* The content as a file that appears at once, with these permission bits less the umask. */
int object_get_file(struct object_store *store, const struct hash *hash, const char *path,
	unsigned mode, struct error *err) MUST_CHECK;

bool object_exists(struct object_store *store, const struct hash *hash);

/* Length of the content as its header says, unverified. */
int object_size(struct object_store *store, const struct hash *hash, uint64_t *ret,
	struct error *err) MUST_CHECK;

/* Reads all of it and compares. */
int object_verify(
	struct object_store *store, const struct hash *hash, struct error *err) MUST_CHECK;

/* Calls visit for every object, by hash; stops at and returns the first result that is not 0. */
int object_each(struct object_store *store,
	int (*visit)(void *context, const struct hash *hash, struct error *err), void *context,
	struct error *err) MUST_CHECK;

#endif
