/*
 * The contents that deltas were made from, the ones used last: neighbours in a file, and the next
 * versions of it, are built on the same ones.
 */
#include "object_internal.h"

enum {
	OBJECT_CACHE_BYTES = 64 << 20,
	OBJECT_STEP_BYTES = 64 << 10 /* room is rounded up to this, so that it fits again */
};

void object_cache_init(struct object_cache *cache)
{
	pthread_mutex_init(&cache->lock, NULL);
}

static void object_content_free(struct object_content *content)
{
	memory_free(content->bytes);
	memory_free(content);
}

void object_cache_release(struct object_cache *cache)
{
	for (size_t i = 0; i < OBJECT_CACHED; i++) {
		if (cache->contents[i])
			object_content_free(cache->contents[i]);
	}
	for (size_t i = 0; i < cache->n_spare; i++)
		object_content_free(cache->spare[i]);
	pthread_mutex_destroy(&cache->lock);
}

/*
 * Nobody uses it any more. Its memory is kept for the next one: to get fresh pages from the system
 * for each costs as much as decoding. Called with the lock held.
 */
static void object_content_retire(struct object_cache *cache, struct object_content *content)
{
	if (cache->n_spare < OBJECT_SPARE)
		cache->spare[cache->n_spare++] = content;
	else
		object_content_free(content);
}

static struct object_content *object_content_again(struct object_cache *cache, size_t count)
{
	struct object_content *content = NULL;
	pthread_mutex_lock(&cache->lock);
	for (size_t i = cache->n_spare; i > 0 && !content; i--) {
		size_t room = cache->spare[i - 1]->room;
		if (room < count || room / 4 > count)
			continue;
		content = cache->spare[i - 1];
		cache->spare[i - 1] = cache->spare[--cache->n_spare];
	}
	pthread_mutex_unlock(&cache->lock);
	return content;
}

struct object_content *object_content_make(
	struct object_store *store, const struct hash *hash, size_t count, struct error *err)
{
	struct object_content *content = object_content_again(&store->cache, count);
	if (!content) {
		content = memory_allocate(1, sizeof *content, err);
		if (!content)
			return NULL;
		/* Not zeroed: all of it is written. */
		content->room = (count / OBJECT_STEP_BYTES + 1) * OBJECT_STEP_BYTES;
		content->bytes = memory_resize(NULL, content->room, 1, err);
	}
	if (!content->bytes) {
		memory_free(content);
		return NULL;
	}
	content->hash = *hash;
	content->count = count;
	content->users = 1;
	content->is_verified = false;
	return content;
}

static struct object_content **object_cache_slot(
	struct object_cache *cache, const struct hash *hash)
{
	for (size_t i = 0; i < OBJECT_CACHED; i++) {
		if (cache->contents[i] && hash_equal(&cache->contents[i]->hash, hash))
			return &cache->contents[i];
	}
	return NULL;
}

struct object_content *object_cache_find(struct object_store *store, const struct hash *hash)
{
	struct object_cache *cache = &store->cache;
	pthread_mutex_lock(&cache->lock);
	struct object_content **slot = object_cache_slot(cache, hash);
	struct object_content *content = slot ? *slot : NULL;
	if (content) {
		content->users++;
		content->used = ++cache->clock;
	}
	pthread_mutex_unlock(&cache->lock);
	return content;
}

/* Takes it out of its slot; it lives on while somebody uses it. */
static void object_cache_remove(struct object_cache *cache, struct object_content **slot)
{
	struct object_content *content = *slot;
	*slot = NULL;
	cache->bytes -= content->room;
	content->is_cached = false;
	if (!content->users)
		object_content_retire(cache, content);
}

static struct object_content **object_cache_oldest(struct object_cache *cache)
{
	struct object_content **oldest = NULL;
	for (size_t i = 0; i < OBJECT_CACHED; i++) {
		if (cache->contents[i] && (!oldest || cache->contents[i]->used < (*oldest)->used))
			oldest = &cache->contents[i];
	}
	return oldest;
}

static struct object_content **object_cache_free_slot(struct object_cache *cache)
{
	for (size_t i = 0; i < OBJECT_CACHED; i++) {
		if (!cache->contents[i])
			return &cache->contents[i];
	}
	return NULL;
}

void object_cache_add(struct object_store *store, struct object_content *content)
{
	struct object_cache *cache = &store->cache;
	pthread_mutex_lock(&cache->lock);
	struct object_content **slot = object_cache_slot(cache, &content->hash);
	if (slot) /* another thread was faster */
		object_cache_remove(cache, slot);
	while (!object_cache_free_slot(cache) ||
		(cache->bytes && cache->bytes + content->room > OBJECT_CACHE_BYTES))
		object_cache_remove(cache, object_cache_oldest(cache));
	*object_cache_free_slot(cache) = content;
	content->is_cached = true;
	content->used = ++cache->clock;
	cache->bytes += content->room;
	pthread_mutex_unlock(&cache->lock);
}

void object_cache_forget(struct object_store *store, const struct hash *hash)
{
	struct object_cache *cache = &store->cache;
	pthread_mutex_lock(&cache->lock);
	for (size_t i = 0; i < OBJECT_CACHED; i++) {
		if (cache->contents[i] && (!hash || hash_equal(&cache->contents[i]->hash, hash)))
			object_cache_remove(cache, &cache->contents[i]);
	}
	pthread_mutex_unlock(&cache->lock);
}

void object_content_give(struct object_store *store, struct object_content *content)
{
	if (!content)
		return;
	pthread_mutex_lock(&store->cache.lock);
	if (!--content->users && !content->is_cached)
		object_content_retire(&store->cache, content);
	pthread_mutex_unlock(&store->cache.lock);
}
