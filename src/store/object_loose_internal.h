/*
 * object_loose: contents of layout 1, one file each: objects/ab/cdef…, the hash of the content being
 * abcdef…. They are read and moved into packs (gc); nothing writes them any more.
 *
 * The file: "mlob", version 1, method (0 as it is, 1 zstd), two zeros, length of the content (8
 * bytes, little-endian), payload.
 */
#ifndef MLOPS_STORE_OBJECT_LOOSE_INTERNAL_H
#define MLOPS_STORE_OBJECT_LOOSE_INTERNAL_H

#include "object_internal.h"

enum { OBJECT_HEADER = 16, OBJECT_VERSION = 1, OBJECT_STEP = 256 << 10, OBJECT_FAN = 2 };
enum object_method { OBJECT_RAW = 0, OBJECT_ZSTD = 1 };

struct object_header {
	enum object_method method;
	uint64_t length;
};

/* ERROR_CORRUPT, or ERROR_UNSUPPORTED for a version this program does not know. */
int object_header_read(const unsigned char *bytes, size_t count, struct object_header *ret,
	struct error *err) MUST_CHECK;

/*
 * Reads an object from its beginning to the end of the file and hashes the content. The caller
 * compares the hash. Over `cap` bytes of content (0 is no cap) is ERROR_MEMORY; everything that
 * breaks the format, bytes behind its end too, is ERROR_CORRUPT.
 */
int object_decode(int fd, const char *name, uint64_t cap, const struct object_sink *sink,
	struct hash *ret, struct error *err) MUST_CHECK;

/* Are there any at all? Asked of the file system once, since none come any more. */
bool object_loose_any(struct object_store *store);
bool object_loose_exists(struct object_store *store, const struct hash *hash);
int object_loose_size(struct object_store *store, const struct hash *hash, uint64_t *ret,
	struct error *err) MUST_CHECK;
/* Reads it through and compares its hash; what went into the sink before a failure is wrong. */
int object_loose_read(struct object_store *store, const struct hash *hash, uint64_t cap,
	const struct object_sink *sink, struct error *err) MUST_CHECK;

#endif
