/*
 * object_list: the payload of a list: which chunks make up a large content.
 *
 *	version 1, flags (bit 0: sketches), two zeros, number of chunks (4 bytes, little-endian),
 *	then for each chunk: hash (32), length of its content (8), and its sketch (64) if there are
 *	any (store/sketch.h; a chunk without one has 0xff everywhere)
 *
 * A chunk is a blob, or a list in its turn (a content too long for one list), at most
 * OBJECT_LIST_DEPTH deep.
 */
#ifndef MLOPS_STORE_OBJECT_LIST_INTERNAL_H
#define MLOPS_STORE_OBJECT_LIST_INTERNAL_H

#include "mlops/store/sketch.h"

#include "object_internal.h"

enum { OBJECT_LIST_VERSION = 1, OBJECT_LIST_HEADER = 8, OBJECT_LIST_DEPTH = 4 };

struct object_chunk {
	struct hash hash;
	uint64_t size;
	struct sketch sketch;
};
typedef VEC(struct object_chunk) object_chunks;

bool object_list_has_sketch(const struct object_chunk *chunk);

/* Appends the payload. */
void object_list_write(const object_chunks *chunks, struct strbuf *payload);

/* Appends the chunks. ERROR_CORRUPT unless it is well formed and their lengths make up `size`. */
int object_list_parse(const void *payload, size_t count, uint64_t size, object_chunks *ret,
	struct error *err) MUST_CHECK;

/* Reads an entry that is a list. `raw` is scratch. */
int object_list_read(const struct entry *entry, const struct strbuf *raw, object_chunks *ret,
	struct error *err) MUST_CHECK;

#endif
