/*
 * index: which entry lies where. Rows of the workspace's database, and in front of them what was
 * appended since the last commit ("pending"), kept in memory.
 *
 * It has a connection of its own, opened for reading at the first search and for writing (made and
 * migrated, if need be) at the first change. A workspace whose database does not exist yet, or is
 * of the time before packs, has an empty index. Usable from several threads: one mutex guards it
 * and is never held while something else is waited for but the database. Not across a fork.
 */
#ifndef MLOPS_STORE_INDEX_INTERNAL_H
#define MLOPS_STORE_INDEX_INTERNAL_H

#include "pack_internal.h"

struct index;
int index_make(const char *database, struct index **ret, struct error *err) MUST_CHECK;
void index_free(struct index *index);
AUTO_FREE_OF(struct index, index_free)

/* 1 and the facts, 0 if there is none, -code. */
int index_find(struct index *index, const struct hash *hash, struct index_entry *ret,
	struct error *err) MUST_CHECK;

/*
 * The same, but what other processes added since the last commit or index_refresh() may be
 * overlooked: for puts.
 */
int index_has(struct index *index, const struct hash *hash, struct index_entry *ret,
	struct error *err) MUST_CHECK;

void index_refresh(struct index *index);

/*
 * Adds a pending entry; 1, or 0 if one of that hash is pending already (it is an object from then
 * on if the new one is). replace: it takes the place of an acknowledged one.
 */
int index_add(struct index *index, const struct index_entry *entry, bool replace,
	struct error *err) MUST_CHECK;
/* An entry that is there becomes an object, with the next commit. */
int index_mark(struct index *index, const struct hash *hash, struct error *err) MUST_CHECK;
size_t index_pending(struct index *index);
void index_drop_pending(struct index *index);

/* One durable transaction: all that is pending, and the new size of the pack it lies in. */
int index_commit(struct index *index, int64_t pack, uint64_t size, struct error *err) MUST_CHECK;

/* A new pack with nothing but its header; not durable before the next commit. */
int index_new_pack(
	struct index *index, const struct id *name, int64_t *ret, struct error *err) MUST_CHECK;
/* 1, 0, -code. */
int index_pack(
	struct index *index, int64_t id, struct pack_facts *ret, struct error *err) MUST_CHECK;
int index_packs(struct index *index, pack_list *ret, struct error *err) MUST_CHECK;

/* Entries of a pack by offset, pending ones left out. */
typedef VEC(struct index_entry) index_entries;
int index_of_pack(
	struct index *index, int64_t pack, index_entries *ret, struct error *err) MUST_CHECK;

/* The next entries behind `after` (NULL: from the first) by hash, at most `most`, pending left out. */
int index_page(struct index *index, const struct hash *after, size_t most, index_entries *ret,
	struct error *err) MUST_CHECK;

/* Removes a pack and all rows that are still in it, together with all pending; durable. */
int index_remove_pack(struct index *index, int64_t pack, int64_t into, uint64_t into_size,
	struct error *err) MUST_CHECK;

/* Removes these rows if they are of that pack; durable. */
int index_forget(struct index *index, int64_t pack, const struct hash *hashes, size_t count,
	struct error *err) MUST_CHECK;

/* The order of the bytes of a hash, for sort_items(). */
int index_compare(const void *a, const void *b, void *context);

#endif
