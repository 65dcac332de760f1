#include "dictionary_internal.h"

enum { DICTIONARY_FIRST = 64 }; /* slots to begin with */

static int dictionary_grow_entries(struct dictionary *dictionary, struct error *err)
{
	size_t capacity = dictionary->capacity ? 2 * dictionary->capacity : DICTIONARY_FIRST / 2;
	if (capacity > UINT32_MAX / 2)
		return error_set(err, ERROR_UNSUPPORTED, "a category has too many distinct texts");
	void *entries =
		memory_resize(dictionary->entries, capacity, sizeof *dictionary->entries, err);
	if (!entries)
		return -(int)err->code;
	dictionary->entries = entries;
	void *codes = memory_resize(
		dictionary->codes_to_entries, capacity, sizeof *dictionary->codes_to_entries, err);
	if (!codes)
		return -(int)err->code;
	dictionary->codes_to_entries = codes;
	dictionary->capacity = capacity;
	return 0;
}

static int dictionary_grow_slots(struct dictionary *dictionary, struct error *err)
{
	size_t n_slots = dictionary->n_slots ? 2 * dictionary->n_slots : DICTIONARY_FIRST;
	uint32_t *slots = memory_allocate(n_slots, sizeof *slots, err);
	if (!slots)
		return -(int)err->code;
	for (size_t i = 0; i < dictionary->n_entries; i++) {
		uint64_t slot = dictionary->entries[i].hash >> 32;
		while (slots[slot & (n_slots - 1)])
			slot++;
		slots[slot & (n_slots - 1)] = (uint32_t)i + 1;
	}
	memory_free(dictionary->slots);
	dictionary->slots = slots;
	dictionary->n_slots = n_slots;
	return 0;
}

int dictionary_init(struct dictionary *dictionary, const struct text *missing, size_t n_missing,
	struct error *err)
{
	*dictionary = (struct dictionary){ .missing = missing, .n_missing = n_missing };
	dictionary_grow_entries(dictionary, err);
	if (err->code || dictionary_grow_slots(dictionary, err) < 0) {
		dictionary_release(dictionary);
		return -(int)err->code;
	}
	return 0;
}

void dictionary_release(struct dictionary *dictionary)
{
	memory_free(dictionary->entries);
	memory_free(dictionary->codes_to_entries);
	memory_free(dictionary->slots);
	arena_release(&dictionary->arena);
	*dictionary = (struct dictionary){ .n_entries = 0 };
}

struct dictionary_entry *dictionary_add(struct dictionary *dictionary, const uint64_t key[2],
	uint64_t hash, struct text text, struct error *err)
{
	if (dictionary->n_entries == dictionary->capacity &&
		dictionary_grow_entries(dictionary, err) < 0)
		return NULL;
	if (2 * (dictionary->n_entries + 1) > dictionary->n_slots &&
		dictionary_grow_slots(dictionary, err) < 0)
		return NULL;
	/* 16 bytes must be readable of what is kept, too. */
	size_t room = text.length < DICTIONARY_KEY ? DICTIONARY_KEY : text.length + 1;
	char *at = arena_allocate(&dictionary->arena, room, 1, err);
	if (!at)
		return NULL;
	if (text.length)
		memcpy(at, text.at, text.length);
	struct dictionary_entry *entry = &dictionary->entries[dictionary->n_entries++];
	*entry = (struct dictionary_entry){ .key = { key[0], key[1] },
		.at = at,
		.length = text.length,
		.hash = hash,
		.code = DICTIONARY_NO_CODE };
	for (size_t i = 0; i < dictionary->n_missing; i++)
		entry->missing |= text_equal(text, dictionary->missing[i]);
	uint64_t slot = hash >> 32, mask = dictionary->n_slots - 1;
	while (dictionary->slots[slot & mask])
		slot++;
	dictionary->slots[slot & mask] = (uint32_t)dictionary->n_entries;
	return entry;
}
