#include "index_pending_internal.h"

#include <string.h>

enum { INDEX_PENDING_LEAST = 1024 }; /* slots */

static size_t index_pending_place(const struct index_pending *pending, const struct hash *hash)
{
	uint64_t first;
	memcpy(&first, hash->bytes, sizeof first);
	return (size_t)first & (pending->n_slots - 1);
}

static void index_pending_link(struct index_pending *pending, size_t number)
{
	size_t at = index_pending_place(pending, &pending->entries.items[number].entry.hash);
	while (pending->slots[at])
		at = (at + 1) & (pending->n_slots - 1);
	pending->slots[at] = (uint32_t)number + 1;
}

static void index_pending_relink(struct index_pending *pending)
{
	memset(pending->slots, 0, pending->n_slots * sizeof *pending->slots);
	for (size_t i = 0; i < pending->entries.count; i++)
		index_pending_link(pending, i);
	pending->is_sorted = false;
}

struct index_entry *index_pending_find(struct index_pending *pending, const struct hash *hash)
{
	if (!pending->n_slots)
		return NULL;
	if (pending->is_sorted) /* a commit has failed half-way */
		index_pending_relink(pending);
	size_t at = index_pending_place(pending, hash);
	for (; pending->slots[at]; at = (at + 1) & (pending->n_slots - 1)) {
		struct index_entry *entry = &pending->entries.items[pending->slots[at] - 1].entry;
		if (hash_equal(&entry->hash, hash))
			return entry;
	}
	return NULL;
}

static int index_pending_grow(struct index_pending *pending, struct error *err)
{
	if (2 * (pending->entries.count + 1) <= pending->n_slots)
		return 0;
	size_t more = pending->n_slots ? 2 * pending->n_slots : INDEX_PENDING_LEAST;
	uint32_t *slots = memory_allocate(more, sizeof *slots, err);
	if (!slots)
		return -err->code;
	memory_free(pending->slots);
	pending->slots = slots;
	pending->n_slots = more;
	index_pending_relink(pending);
	return 0;
}

int index_pending_add(struct index_pending *pending, const struct index_entry *entry, bool replace,
	struct error *err)
{
	struct index_entry *there = index_pending_find(pending, &entry->hash);
	if (there) {
		there->is_object |= entry->is_object;
		return 0;
	}
	if (index_pending_grow(pending, err) < 0)
		return -err->code;
	vec_push(&pending->entries,
		(struct index_pending_item){ .entry = *entry, .replace = replace });
	if (vec_check(&pending->entries, err) < 0)
		return -err->code;
	index_pending_link(pending, pending->entries.count - 1);
	return 1;
}

int index_pending_mark(struct index_pending *pending, const struct hash *hash, struct error *err)
{
	struct index_entry *there = index_pending_find(pending, hash);
	if (there) {
		there->is_object = true;
		return 0;
	}
	vec_push(&pending->marks, *hash);
	return vec_check(&pending->marks, err);
}

void index_pending_clear(struct index_pending *pending)
{
	/* The storage stays for the next batch. */
	pending->entries.count = 0;
	pending->marks.count = 0;
	pending->is_sorted = false;
	if (pending->slots)
		memset(pending->slots, 0, pending->n_slots * sizeof *pending->slots);
}

void index_pending_release(struct index_pending *pending)
{
	vec_release(&pending->entries);
	vec_release(&pending->marks);
	memory_free(pending->slots);
	pending->slots = NULL;
	pending->n_slots = 0;
}
