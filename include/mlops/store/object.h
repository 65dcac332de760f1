/*
 * object: contents, named by their BLAKE3 hash.
 *
 * What was put stays as it is until gc finds that nothing needs it; putting the same content again
 * is success and stores nothing. A put is acknowledged by object_store_flush(): then it is on disk
 * and every other process sees it; until then it can be read through this store only, and is given
 * up if the store is closed or the process dies. Several processes may put and get at once, a
 * reader never waits. Every read recomputes the hash: ERROR_CORRUPT names the object,
 * ERROR_NOT_FOUND is one that is not there. How objects are kept (store/entry.h, mlops-store(5))
 * is known in this room only.
 *
 * Write the reference to an object (a pointer file, a row of a run) before the store is closed: as
 * long as a store that has put something is open, gc waits.
 *
 * The store has a connection of its own to the workspace's database, so putting and flushing while
 * this process has a writing transaction open on another one would wait for itself: put and flush
 * first, record afterwards.
 */
#ifndef MLOPS_STORE_OBJECT_H
#define MLOPS_STORE_OBJECT_H

#include "mlops/base/strbuf.h"
#include "mlops/store/workspace.h"
#include "mlops/system/file.h"
#include "mlops/system/hash.h"

struct object_store;

/*
 * Keeps no reference to the workspace. Works in a store that may not be written, as long as nothing
 * is put. Usable from several threads at once.
 */
int object_store_open(
	const struct workspace *workspace, struct object_store **ret, struct error *err) MUST_CHECK;
void object_store_close(struct object_store *store);
AUTO_FREE_OF(struct object_store, object_store_close)

/* Everything that was put is on disk when this returns. Puts flush now and then by themselves. */
int object_store_flush(struct object_store *store, struct error *err) MUST_CHECK;

/*
 * predecessor: an object that is probably similar (the version before), so that the new one can be
 * kept as the difference; NULL or one that is not there is no error.
 */
int object_put_bytes(struct object_store *store, const void *bytes, size_t count, struct hash *ret,
	struct error *err) MUST_CHECK;
int object_put_version(struct object_store *store, const void *bytes, size_t count,
	const struct hash *predecessor, struct hash *ret, struct error *err) MUST_CHECK;

/* A file that was put; the facts are those of the bytes that were read. */
struct object_file {
	struct hash hash;
	struct file_facts facts;
	bool is_new; /* the store did not have it */
};

/*
 * A regular file, in bounded memory, on all threads if it is large. One that changes meanwhile is
 * ERROR_INVALID ("changed while it was read"). ret_file->facts.modified is what a stat cache may
 * trust.
 */
int object_put_file(struct object_store *store, const char *path, const struct hash *predecessor,
	struct object_file *ret_file, struct error *err) MUST_CHECK;

/* What is left of an open descriptor; `name` is for messages. */
int object_put_stream(struct object_store *store, int fd, const char *name, struct hash *ret,
	uint64_t *ret_size, struct error *err) MUST_CHECK;

/* Appends the content; over `cap` bytes (0: the buffer's own cap) it is ERROR_MEMORY. */
int object_get_bytes(struct object_store *store, const struct hash *hash, size_t cap,
	struct strbuf *buffer, struct error *err) MUST_CHECK;

/*
 * Writes the content to a descriptor, in bounded memory, not synced. On failure some of it may have
 * been written: write to an atomic file, and discard that.
 */
int object_get_stream(struct object_store *store, const struct hash *hash, int fd, const char *name,
	struct error *err) MUST_CHECK;

/* The content as a file that appears at once, with these permission bits less the umask. */
int object_get_file(struct object_store *store, const struct hash *hash, const char *path,
	unsigned mode, struct error *err) MUST_CHECK;

bool object_exists(struct object_store *store, const struct hash *hash);

/* Length of the content as the index says, unverified. */
int object_size(struct object_store *store, const struct hash *hash, uint64_t *ret,
	struct error *err) MUST_CHECK;

/* Reads all of it and compares. */
int object_verify(
	struct object_store *store, const struct hash *hash, struct error *err) MUST_CHECK;

/*
 * Calls visit for every object that was put (not for the chunks of large ones), by hash; stops at
 * and returns the first result that is not 0.
 */
int object_each(struct object_store *store,
	int (*visit)(void *context, const struct hash *hash, struct error *err), void *context,
	struct error *err) MUST_CHECK;

#endif
