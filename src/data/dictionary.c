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

static uint64_t dictionary_mix(uint64_t a, uint64_t b)
{
	uint64_t hash = a * 0x9e3779b97f4a7c15u ^ b * 0xc2b2ae3d27d4eb4fu;
	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93u;
	return hash ^ hash >> 29;
}

static uint64_t dictionary_hash(const uint64_t key[2], struct text text)
{
	uint64_t hash = dictionary_mix(key[0] + text.length, key[1]);
	for (size_t at = DICTIONARY_KEY; at < text.length; at += 8) {
		uint64_t word = 0;
		size_t left = text.length - at;
		memcpy(&word, text.at + at, left < 8 ? left : 8);
		hash = dictionary_mix(hash, word);
	}
	return hash;
}

static void dictionary_key(struct text text, uint64_t key[2])
{
	memcpy(key, text.at, DICTIONARY_KEY);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	key[0] = __builtin_bswap64(key[0]);
	key[1] = __builtin_bswap64(key[1]);
#endif
	if (text.length < 8) {
		key[0] &= ((uint64_t)1 << (8 * text.length)) - 1;
		key[1] = 0;
	} else if (text.length < 16) {
		key[1] &= ((uint64_t)1 << (8 * (text.length - 8))) - 1;
	}
}

static int dictionary_grow_slots(struct dictionary *dictionary, struct error *err)
{
	size_t n_slots = dictionary->n_slots ? 2 * dictionary->n_slots : DICTIONARY_FIRST;
	uint32_t *slots = memory_allocate(n_slots, sizeof *slots, err);
	if (!slots)
		return -(int)err->code;
	for (size_t i = 0; i < dictionary->n_entries; i++) {
		const struct dictionary_entry *entry = &dictionary->entries[i];
		size_t slot =
			dictionary_hash(entry->key, (struct text){ entry->at, entry->length });
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

static struct dictionary_entry *dictionary_add(
	struct dictionary *dictionary, const uint64_t key[2], struct text text, struct error *err)
{
	if (dictionary->n_entries == dictionary->capacity &&
		dictionary_grow_entries(dictionary, err) < 0)
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
		.code = DICTIONARY_NO_CODE };
	for (size_t i = 0; i < dictionary->n_missing; i++)
		entry->missing |= text_equal(text, dictionary->missing[i]);
	return entry;
}

struct dictionary_entry *dictionary_find(
	struct dictionary *dictionary, struct text text, struct error *err)
{
	uint64_t key[2];
	dictionary_key(text, key);
	size_t slot = dictionary_hash(key, text), mask = dictionary->n_slots - 1;
	for (;; slot++) {
		uint32_t number = dictionary->slots[slot & mask];
		if (!number)
			break;
		struct dictionary_entry *entry = &dictionary->entries[number - 1];
		if (entry->key[0] == key[0] && entry->key[1] == key[1] &&
			entry->length == text.length &&
			(text.length <= DICTIONARY_KEY ||
				memcmp(entry->at, text.at, text.length) == 0))
			return entry;
	}
	if (2 * (dictionary->n_entries + 1) > dictionary->n_slots) {
		if (dictionary_grow_slots(dictionary, err) < 0)
			return NULL;
		slot = dictionary_hash(key, text);
		mask = dictionary->n_slots - 1;
		while (dictionary->slots[slot & mask])
			slot++;
	}
	struct dictionary_entry *entry = dictionary_add(dictionary, key, text, err);
	if (entry)
		dictionary->slots[slot & mask] = (uint32_t)dictionary->n_entries;
	return entry;
}
