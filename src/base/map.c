#include "mlops/base/map.h"

#include <string.h>

/* uthash reports a failed allocation instead of exiting, and takes its memory from memory.h. */
static void *map_allocate(size_t bytes)
{
	struct error ignored = ERROR_INIT;
	return memory_allocate(1, bytes, &ignored);
}
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#define uthash_malloc(size) map_allocate(size)
#define uthash_free(pointer, size) memory_free(pointer)
#ifdef __clang__ /* uthash marks its fallthroughs in words, which clang does not read */
#pragma clang diagnostic ignored "-Wimplicit-fallthrough"
#endif
#include <uthash.h>

struct map_entry {
	UT_hash_handle hh;
	void *value;
	bool lost; /* set if the table had no memory for it */
	char key[];
};

void map_init(struct map *map, void (*free_value)(void *value))
{
	*map = (struct map){ .free_value = free_value };
}

static void map_entry_free(struct map *map, struct map_entry *entry)
{
	if (map->free_value)
		map->free_value(entry->value);
	memory_free(entry);
}

void map_release(struct map *map)
{
	struct map_entry *entry, *next;
	HASH_ITER(hh, map->head, entry, next)
	{
		HASH_DEL(map->head, entry);
		map_entry_free(map, entry);
	}
}

static struct map_entry *map_find(const struct map *map, const char *key)
{
	struct map_entry *entry = NULL;
	HASH_FIND_STR(map->head, key, entry);
	return entry;
}

int map_put(struct map *map, const char *key, void *value, struct error *err)
{
	struct map_entry *entry = map_find(map, key);
	if (entry) {
		if (map->free_value && entry->value != value)
			map->free_value(entry->value);
		entry->value = value;
		return 0;
	}
	size_t length = strlen(key);
	entry = memory_allocate(1, sizeof *entry + length + 1, err);
	if (!entry)
		return -ERROR_MEMORY;
	memcpy(entry->key, key, length + 1);
	entry->value = value;
	HASH_ADD_KEYPTR(hh, map->head, entry->key, (unsigned)length, entry);
	if (entry->lost) {
		memory_free(entry);
		return error_set(err, ERROR_MEMORY, "cannot grow a table");
	}
	return 0;
}

void *map_get(const struct map *map, const char *key)
{
	struct map_entry *entry = map_find(map, key);
	return entry ? entry->value : NULL;
}

bool map_has(const struct map *map, const char *key)
{
	return map_find(map, key) != NULL;
}

bool map_remove(struct map *map, const char *key)
{
	struct map_entry *entry = map_find(map, key);
	if (!entry)
		return false;
	HASH_DEL(map->head, entry);
	map_entry_free(map, entry);
	return true;
}

size_t map_count(const struct map *map)
{
	return HASH_COUNT(map->head);
}

const struct map_entry *map_first(const struct map *map)
{
	return map->head;
}

const struct map_entry *map_next(const struct map_entry *entry)
{
	return entry->hh.next;
}

const char *map_key(const struct map_entry *entry)
{
	return entry->key;
}

void *map_value(const struct map_entry *entry)
{
	return entry->value;
}
