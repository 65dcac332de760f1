/*
 * dictionary: the distinct texts of a category column, as one worker meets them.
 *
 * Texts are numbered in order of their first appearance as a value. The first 16 bytes of a text stand
 * in its entry, so that most look-ups touch no other memory. Grows without bound: the caller watches
 * n_codes.
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

/*
 * The entry of the text, added if it is new; NULL without memory. 16 bytes from text.at on must be
 * readable.
 */
struct dictionary_entry *dictionary_find(
	struct dictionary *dictionary, struct text text, struct error *err);

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
