#include "dictionary_internal.h"

#include <string.h>

/* FNV-1a; the keys are the model's own, so nobody gains by making them collide. */
static uint64_t dictionary_hash_text(struct text key)
{
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < key.length; i++)
		hash = (hash ^ (unsigned char)key.at[i]) * 0x100000001b3;
	return hash ^ hash >> 32;
}

static uint64_t dictionary_hash_integer(int64_t key)
{
	uint64_t hash = (uint64_t)key * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

size_t dictionary_find_text(const struct dictionary *dictionary, struct text key)
{
	for (size_t at = dictionary_hash_text(key);; at++) {
		uint32_t place = dictionary->slots[at & dictionary->mask];
		if (!place)
			return DICTIONARY_NONE;
		if (text_equal(dictionary->texts[place - 1], key))
			return place - 1;
	}
}

size_t dictionary_find_integer(const struct dictionary *dictionary, int64_t key)
{
	for (size_t at = dictionary_hash_integer(key);; at++) {
		uint32_t place = dictionary->slots[at & dictionary->mask];
		if (!place)
			return DICTIONARY_NONE;
		if (dictionary->integers[place - 1] == key)
			return place - 1;
	}
}

int dictionary_build(struct dictionary *dictionary, const struct text *texts,
	const int64_t *integers, size_t count, struct arena *arena, struct error *err)
{
	size_t slots = 8;
	while (slots < count * 2)
		slots *= 2;
	*dictionary =
		(struct dictionary){ .texts = texts, .integers = integers, .mask = slots - 1 };
	if (count >= UINT32_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "a list of %zu keys", count);
	dictionary->slots = arena_allocate(arena, slots, sizeof *dictionary->slots, err);
	if (!dictionary->slots)
		return -(int)err->code;
	for (size_t i = 0; i < count; i++) {
		size_t found = texts ? dictionary_find_text(dictionary, texts[i])
				     : dictionary_find_integer(dictionary, integers[i]);
		if (found != DICTIONARY_NONE)
			continue;
		size_t at = texts ? dictionary_hash_text(texts[i])
				  : dictionary_hash_integer(integers[i]);
		while (dictionary->slots[at & dictionary->mask])
			at++;
		dictionary->slots[at & dictionary->mask] = (uint32_t)i + 1;
	}
	return 0;
}
