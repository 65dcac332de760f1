/*
 * hash_set: a set of hashes, each with a number.
 *
 * Open addressing by the first bytes of the hash, which are as good as random as long as the keys
 * are hashes of something; at most half full, so about 80 bytes a hash.
 */
#ifndef MLOPS_SYSTEM_HASH_SET_H
#define MLOPS_SYSTEM_HASH_SET_H

#include "mlops/system/hash.h"

struct hash_set_item {
	struct hash key;
	uint32_t number;
	bool used;
};
struct hash_set {
	struct hash_set_item *items;
	size_t count, capacity; /* capacity: a power of two */
};
#define HASH_SET_INIT ((struct hash_set){ .items = NULL })

/*
 * The number of the key, which is put in with 0 if it was not there (*ret_new, may be NULL). NULL
 * without memory. Valid until the next one is put.
 */
uint32_t *hash_set_put(
	struct hash_set *set, const struct hash *key, bool *ret_new, struct error *err) MUST_CHECK;

/* NULL if it is not in the set. */
uint32_t *hash_set_find(const struct hash_set *set, const struct hash *key);
void hash_set_release(struct hash_set *set);
AUTO_RELEASE(struct hash_set, hash_set_release)

#endif
