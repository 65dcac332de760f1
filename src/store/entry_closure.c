#include <string.h>

#include "mlops/base/vec.h"

#include "object_loose_internal.h"

enum {
	ENTRY_CLOSURE_LEAST = 1024, /* slots */
	/* Lists in lists, and deltas on deltas below them. */
	ENTRY_CLOSURE_DEPTH = 64
};

struct entry_closure {
	VEC(struct hash) entries;
	uint32_t *slots; /* number of the entry + 1; 0 is free */
	size_t n_slots;
};

int entry_closure_make(struct entry_closure **ret, struct error *err)
{
	struct entry_closure *closure = memory_allocate(1, sizeof *closure, err);
	if (!closure)
		return -err->code;
	closure->n_slots = ENTRY_CLOSURE_LEAST;
	closure->slots = memory_allocate(closure->n_slots, sizeof *closure->slots, err);
	if (!closure->slots) {
		memory_free(closure);
		return -err->code;
	}
	*ret = closure;
	return 0;
}

void entry_closure_free(struct entry_closure *closure)
{
	if (!closure)
		return;
	vec_release(&closure->entries);
	memory_free(closure->slots);
	memory_free(closure);
}

/* The slot that holds the hash, or the free one where it would go. */
static uint32_t *entry_closure_slot(const struct entry_closure *closure, const struct hash *hash)
{
	uint64_t first;
	memcpy(&first, hash->bytes, sizeof first);
	size_t at = (size_t)first & (closure->n_slots - 1);
	while (closure->slots[at] &&
		!hash_equal(&closure->entries.items[closure->slots[at] - 1], hash))
		at = (at + 1) & (closure->n_slots - 1);
	return &closure->slots[at];
}

static int entry_closure_grow(struct entry_closure *closure, struct error *err)
{
	if (closure->entries.count >= UINT32_MAX - 1)
		return error_set(err, ERROR_MEMORY, "too many entries");
	if (2 * (closure->entries.count + 1) <= closure->n_slots)
		return 0;
	uint32_t *slots = memory_allocate(2 * closure->n_slots, sizeof *slots, err);
	if (!slots)
		return -err->code;
	memory_free(closure->slots);
	closure->slots = slots;
	closure->n_slots *= 2;
	for (size_t i = 0; i < closure->entries.count; i++)
		*entry_closure_slot(closure, &closure->entries.items[i]) = (uint32_t)i + 1;
	return 0;
}

bool entry_closure_has(const struct entry_closure *closure, const struct hash *hash)
{
	return *entry_closure_slot(closure, hash) != 0;
}

size_t entry_closure_list(const struct entry_closure *closure, const struct hash **ret_hashes)
{
	*ret_hashes = closure->entries.items;
	return closure->entries.count;
}

struct entry_closure_walk {
	struct object_store *store;
	struct entry_closure *closure;
	unsigned depth;
};

/* What it needs first, then itself. */
static int entry_closure_visit(void *context, const struct hash *hash, struct error *err)
{
	const struct entry_closure_walk *walk = context;
	struct entry_closure_walk deeper = *walk;
	if (entry_closure_has(walk->closure, hash))
		return 0;
	if (++deeper.depth > ENTRY_CLOSURE_DEPTH)
		return error_set(err, ERROR_CORRUPT, "entries are built on each other without end");
	if (entry_needs(walk->store, hash, entry_closure_visit, &deeper, err) < 0 ||
		entry_closure_grow(walk->closure, err) < 0)
		return -err->code;
	vec_push(&walk->closure->entries, *hash);
	if (vec_check(&walk->closure->entries, err) < 0)
		return -err->code;
	*entry_closure_slot(walk->closure, hash) = (uint32_t)walk->closure->entries.count;
	return 0;
}

int entry_closure_add(struct object_store *store, struct entry_closure *closure,
	const struct hash *hash, struct error *err)
{
	struct entry_closure_walk walk = { .store = store, .closure = closure };
	/* Only entries can be moved, so an object of layout 1 becomes one. */
	if (!entry_exists(store, hash) && object_loose_exists(store, hash) &&
		object_loose_pack(store, hash, err) < 0)
		return -err->code;
	return entry_closure_visit(&walk, hash, err);
}
