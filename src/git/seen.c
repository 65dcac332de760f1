#include "history_internal.h"

#include <string.h>

static size_t seen_slot(const struct seen *seen, const struct hash *key)
{
	uint64_t first;
	memcpy(&first, key->bytes, sizeof first);
	size_t slot = (size_t)first & (seen->capacity - 1);
	while (seen->items[slot].used && !hash_equal(&seen->items[slot].key, key))
		slot = (slot + 1) & (seen->capacity - 1);
	return slot;
}

static int seen_grow(struct seen *seen, struct error *err)
{
	struct seen larger = { .capacity = seen->capacity ? 2 * seen->capacity : 1024 };
	larger.items = memory_allocate(larger.capacity, sizeof *larger.items, err);
	if (!larger.items)
		return -err->code;
	for (size_t i = 0; i < seen->capacity; i++) {
		if (seen->items[i].used)
			larger.items[seen_slot(&larger, &seen->items[i].key)] = seen->items[i];
	}
	larger.count = seen->count;
	memory_free(seen->items);
	*seen = larger;
	return 0;
}

uint32_t *seen_number(struct seen *seen, const struct hash *key, bool *ret_new, struct error *err)
{
	if (2 * seen->count >= seen->capacity && seen_grow(seen, err) < 0)
		return NULL;
	struct seen_item *item = &seen->items[seen_slot(seen, key)];
	*ret_new = !item->used;
	if (!item->used) {
		*item = (struct seen_item){ .key = *key, .used = true };
		seen->count++;
	}
	return &item->number;
}

void seen_release(struct seen *seen)
{
	memory_free(seen->items);
	*seen = (struct seen){ .items = NULL };
}
