/*
 * What the readers use beside value.h.
 */
#ifndef MLOPS_DOCUMENT_VALUE_INTERNAL_H
#define MLOPS_DOCUMENT_VALUE_INTERNAL_H

#include "mlops/document/value.h"

/* Appends an entry as it is: the key must live in the arena, and is not looked for. */
int value_add_entry(struct arena *arena, struct value *mapping, const struct value_entry *entry,
	struct error *err) MUST_CHECK;

/*
 * Refuses a mapping with equal keys: ERROR_INVALID at the second, naming the first. For readers,
 * once, at the end of a mapping; n log n.
 */
int value_check_keys(const struct value *mapping, const char *file, struct error *err) MUST_CHECK;

#endif
