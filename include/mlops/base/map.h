/*
 * map: text to pointer, in order of insertion.
 *
 * Keys are copied; values are borrowed, or freed by the destructor given to map_init(). Iteration
 * order is insertion order, so output made from a map is the same in every run.
 */
#ifndef MLOPS_BASE_MAP_H
#define MLOPS_BASE_MAP_H

#include "mlops/base/memory.h"

struct map_entry;
struct map {
	struct map_entry *head;
	void (*free_value)(void *value); /* may be NULL */
};

void map_init(struct map *map, void (*free_value)(void *value));
void map_release(struct map *map);

/* Adds or replaces. On failure -ERROR_MEMORY, and the value stays the caller's. */
int map_put(struct map *map, const char *key, void *value, struct error *err) MUST_CHECK;
void *map_get(const struct map *map, const char *key); /* NULL if absent */
bool map_has(const struct map *map, const char *key);
bool map_remove(struct map *map, const char *key); /* false if absent; frees the value */
size_t map_count(const struct map *map);

/* First entry, and the next; NULL at the end. The map must not change meanwhile. */
const struct map_entry *map_first(const struct map *map);
const struct map_entry *map_next(const struct map_entry *entry);
const char *map_key(const struct map_entry *entry);
void *map_value(const struct map_entry *entry);

#define map_each(entry, map)                                                                       \
	for (const struct map_entry *entry = map_first(map); entry; entry = map_next(entry))

AUTO_RELEASE(struct map, map_release)

#endif
