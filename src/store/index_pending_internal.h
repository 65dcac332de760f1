/*
 * index_pending: entries that were appended and are not acknowledged yet. An open hash table over a
 * growing array; hashes are spread evenly, so their first bytes are the place.
 */
#ifndef MLOPS_STORE_INDEX_PENDING_INTERNAL_H
#define MLOPS_STORE_INDEX_PENDING_INTERNAL_H

#include "pack_internal.h"

struct index_pending_item {
	struct index_entry entry; /* first, for index_compare() */
	bool replace;
};

struct index_pending {
	VEC(struct index_pending_item) entries;
	VEC(struct hash) marks; /* acknowledged entries that become objects */
	uint32_t *slots; /* number of the entry + 1; 0 is free */
	size_t n_slots; /* a power of two, or 0 */
	bool is_sorted; /* entries have moved: slots are to be made again */
};

/* Valid until the next change. NULL if it is not there. */
struct index_entry *index_pending_find(struct index_pending *pending, const struct hash *hash);
/* 1; 0 if it is there. */
int index_pending_add(struct index_pending *pending, const struct index_entry *entry, bool replace,
	struct error *err) MUST_CHECK;
int index_pending_mark(
	struct index_pending *pending, const struct hash *hash, struct error *err) MUST_CHECK;
void index_pending_clear(struct index_pending *pending);
void index_pending_release(struct index_pending *pending);

#endif
