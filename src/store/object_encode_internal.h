/*
 * object_encode: from content to the entry that is appended: as it is, compressed, or as the
 * difference to chunks of the version before.
 */
#ifndef MLOPS_STORE_OBJECT_ENCODE_INTERNAL_H
#define MLOPS_STORE_OBJECT_ENCODE_INTERNAL_H

#include "object_list_internal.h"

/* What new contents may be built on: the chunks of one object, or the one blob that it is. */
struct object_predecessor {
	object_chunks chunks; /* none: there is nothing to build on */
	uint64_t *starts; /* of each chunk, and the end of the last */
	struct sketch_index *sketches; /* NULL: the one chunk is tried for everything */
};

/* hash may be NULL. One that is not there, or cannot be read, is none. */
int object_predecessor_load(struct object_store *store, const struct hash *hash,
	struct object_predecessor *ret, struct error *err) MUST_CHECK;
void object_predecessor_release(struct object_predecessor *predecessor);
AUTO_RELEASE(struct object_predecessor, object_predecessor_release)

/* One content on its way into a pack. */
struct object_piece {
	const unsigned char *bytes;
	size_t count;
	uint64_t start; /* where in the whole it is: where its counterpart is expected */
	struct hash hash;
	struct sketch sketch;
	bool is_there; /* in the store already: nothing is to be appended */
	struct entry entry;
	size_t payload; /* where in the buffer of payloads, unless it is stored as it is */
};

/*
 * Hashes the piece and, if the store does not have it, makes its entry; appends to payloads.
 * with_sketch: it is a chunk of a list, which keeps its sketch (all ones if it has none).
 */
int object_encode(struct object_store *store, struct object_worker *worker,
	const struct object_predecessor *predecessor, bool with_sketch, struct object_piece *piece,
	struct strbuf *payloads, struct error *err) MUST_CHECK;

/* The same for a content of which the hash is known, and that the store does not have it. */
int object_encode_new(struct object_store *store, struct object_worker *worker,
	const struct object_predecessor *predecessor, struct object_piece *piece,
	struct strbuf *payloads, struct error *err) MUST_CHECK;

/* Appends it. *ret_new: it was not there. */
int object_append(struct object_store *store, const struct object_piece *piece, bool is_object,
	const struct strbuf *payloads, bool *ret_new, struct error *err) MUST_CHECK;

/* Is it in the store? If so, it is an object of its own from now on. */
int object_is_there(struct object_store *store, const struct hash *hash, bool *ret,
	struct error *err) MUST_CHECK;

/* Where a content comes from. */
struct object_source {
	/* Fills all of bytes, or less only at the end. */
	int (*read)(void *context, void *bytes, size_t size, size_t *ret_count, struct error *err);
	void *context;
};

/* What is left of a source that is large, on all threads. */
struct object_put {
	struct hash hash;
	uint64_t size;
	bool is_new;
};
int object_put_large(struct object_store *store, const struct object_source *source,
	const struct hash *predecessor, struct object_put *ret, struct error *err) MUST_CHECK;

#endif
