/*
 * dictionary: from a text or an integer to its place in a constant list, for label and one-hot
 * encoders. Built once in the plan's arena; any thread may look up. Of equal keys the first counts.
 */
#ifndef MLOPS_MODEL_DICTIONARY_INTERNAL_H
#define MLOPS_MODEL_DICTIONARY_INTERNAL_H

#include "mlops/base/arena.h"
#include "mlops/base/text.h"

#define DICTIONARY_NONE SIZE_MAX

struct dictionary {
	const struct text *texts; /* one of the two, borrowed */
	const int64_t *integers;
	uint32_t *slots; /* place + 1, 0 is empty; open addressing */
	size_t mask;
};

int dictionary_build(struct dictionary *dictionary, const struct text *texts,
	const int64_t *integers, size_t count, struct arena *arena, struct error *err);
size_t dictionary_find_text(const struct dictionary *dictionary, struct text key);
size_t dictionary_find_integer(const struct dictionary *dictionary, int64_t key);

#endif
