#include "mlops/system/hash_set.h"

#include <string.h>

static size_t hash_set_slot(const struct hash_set *set, const struct hash *key)
{
	uint64_t first;
	memcpy(&first, key->bytes, sizeof first);
	size_t slot = (size_t)first & (set->capacity - 1);
	while (set->items[slot].used && !hash_equal(&set->items[slot].key, key))
		slot = (slot + 1) & (set->capacity - 1);
	return slot;
}

static int hash_set_grow(struct hash_set *set, struct error *err)
{
	struct hash_set larger = { .count = set->count,
		.capacity = set->capacity ? 2 * set->capacity : 64 };
	larger.items = memory_allocate(larger.capacity, sizeof *larger.items, err);
	if (!larger.items)
		return -err->code;
	for (size_t i = 0; i < set->capacity; i++) {
		const struct hash_set_item *item = &set->items[i];
		if (item->used)
			larger.items[hash_set_slot(&larger, &item->key)] = *item;
	}
	memory_free(set->items);
	*set = larger;
	return 0;
}

uint32_t *hash_set_put(
	struct hash_set *set, const struct hash *key, bool *ret_new, struct error *err)
{
	if (2 * set->count >= set->capacity && hash_set_grow(set, err) < 0)
		return NULL;
	struct hash_set_item *item = &set->items[hash_set_slot(set, key)];
	if (ret_new)
		*ret_new = !item->used;
	if (!item->used) {
		*item = (struct hash_set_item){ .key = *key, .used = true };
		set->count++;
	}
	return &item->number;
}

uint32_t *hash_set_find(const struct hash_set *set, const struct hash *key)
{
	if (!set->capacity)
		return NULL;
	struct hash_set_item *item = &set->items[hash_set_slot(set, key)];
	return item->used ? &item->number : NULL;
}

void hash_set_release(struct hash_set *set)
{
	memory_free(set->items);
	*set = HASH_SET_INIT;
}
