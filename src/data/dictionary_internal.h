/*
 * dictionary: the distinct texts of a category column, as one worker meets them.
 *
 * Texts are numbered in order of their first appearance as a value. The first 16 bytes of a text
 * stand in its entry, so that most look-ups touch no other memory. Grows without bound: the caller
 * watches n_codes.
 */
#ifndef MLOPS_DATA_DICTIONARY_INTERNAL_H
#define MLOPS_DATA_DICTIONARY_INTERNAL_H

#include <stdint.h>
#include <string.h>

#include "mlops/base/arena.h"
#include "mlops/base/text.h"

enum { DICTIONARY_KEY = 16 };
#define DICTIONARY_NO_CODE UINT32_MAX

struct dictionary_entry {
	uint64_t key[2]; /* the first 16 bytes, zeros behind a shorter text */
	const char *at; /* in the arena, NUL-terminated */
	size_t length;
	uint64_t first_row; /* where it first was a value */
	uint64_t hash;
	uint32_t code; /* DICTIONARY_NO_CODE: it was no value so far */
	bool missing; /* equals a text that means missing */
};

struct dictionary {
	struct dictionary_entry *entries; /* in order of coming */
	uint32_t *codes_to_entries; /* n_codes of them */
	size_t n_entries, n_codes, capacity;
	uint32_t *slots; /* number of the entry + 1; a power of two of them, 0 is free */
	size_t n_slots;
	struct arena arena;
	const struct text *missing; /* borrowed */
	size_t n_missing;
};

int dictionary_init(struct dictionary *dictionary, const struct text *missing, size_t n_missing,
	struct error *err);
void dictionary_release(struct dictionary *dictionary);

/* Adds a text that is not there; its key and hash are the ones below. NULL without memory. */
struct dictionary_entry *dictionary_add(struct dictionary *dictionary, const uint64_t key[2],
	uint64_t hash, struct text text, struct error *err);

/* Eight bytes as on a little-endian machine. */
static inline uint64_t dictionary_load(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static inline uint64_t dictionary_mix(uint64_t a, uint64_t b)
{
	uint64_t hash = (a ^ b << 31 ^ b >> 33) * 0x9e3779b97f4a7c15u;
	return (hash ^ hash >> 32) * 0xd6e8feb86659fd93u;
}

/* The text is longer than a key. */
static inline uint64_t dictionary_mix_rest(uint64_t hash, struct text text)
{
	const char *last = text.at + text.length - DICTIONARY_KEY;
	for (const char *at = text.at + DICTIONARY_KEY; at < last; at += 8)
		hash = dictionary_mix(hash, dictionary_load(at));
	hash = dictionary_mix(hash, dictionary_load(last));
	return dictionary_mix(hash, dictionary_load(last + 8));
}

static inline bool dictionary_same(
	const struct dictionary_entry *entry, const uint64_t key[2], struct text text)
{
	if (entry->key[0] != key[0] || entry->key[1] != key[1] || entry->length != text.length)
		return false;
	if (text.length <= DICTIONARY_KEY)
		return true;
	if (text.length > 2 * DICTIONARY_KEY)
		return memcmp(entry->at, text.at, text.length) == 0;
	const char *a = entry->at + text.length - DICTIONARY_KEY;
	const char *b = text.at + text.length - DICTIONARY_KEY;
	return dictionary_load(a) == dictionary_load(b) &&
	       dictionary_load(a + 8) == dictionary_load(b + 8);
}

/*
 * The entry of the text, added if it is new; NULL without memory. 16 bytes from text.at on must be
 * readable.
 */
static inline struct dictionary_entry *dictionary_find(
	struct dictionary *dictionary, struct text text, struct error *err)
{
	uint64_t key[2] = { dictionary_load(text.at), dictionary_load(text.at + 8) };
	if (text.length < 8) {
		key[0] &= ((uint64_t)1 << (8 * text.length)) - 1;
		key[1] = 0;
	} else if (text.length < DICTIONARY_KEY) {
		key[1] &= ((uint64_t)1 << (8 * (text.length - 8))) - 1;
	}
	uint64_t hash = dictionary_mix(key[0] + text.length, key[1]);
	if (text.length > DICTIONARY_KEY)
		hash = dictionary_mix_rest(hash, text);
	for (uint64_t slot = hash >> 32;; slot++) {
		uint32_t number = dictionary->slots[slot & (dictionary->n_slots - 1)];
		if (!number)
			return dictionary_add(dictionary, key, hash, text, err);
		struct dictionary_entry *entry = &dictionary->entries[number - 1];
		if (dictionary_same(entry, key, text))
			return entry;
	}
}

/* Gives the entry the next code, at its first row. */
static inline void dictionary_number(
	struct dictionary *dictionary, struct dictionary_entry *entry, uint64_t row)
{
	entry->first_row = row;
	entry->code = (uint32_t)dictionary->n_codes;
	dictionary->codes_to_entries[dictionary->n_codes++] =
		(uint32_t)(entry - dictionary->entries);
}

#endif
