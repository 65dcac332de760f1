/*
 * collect_internal: one collection.
 */
#ifndef MLOPS_STORE_COLLECT_INTERNAL_H
#define MLOPS_STORE_COLLECT_INTERNAL_H

#include "mlops/store/collect.h"
#include "mlops/system/hash_set.h"
#include "pack_internal.h"

/* What lives and what is dead in one pack. */
struct collect_pack {
	struct pack_facts facts;
	uint64_t live; /* bytes of entries */
	struct collect_count dead;
};

struct collect {
	struct object_store *store;
	const struct workspace *workspace;
	struct collect_options options;
	int64_t cutoff; /* seconds since 1970: what was added later is kept */
	struct hash_set marks; /* number: reason + 1 */
	VEC(struct hash) stack; /* to be marked */
	VEC(struct collect_pack) packs; /* by id */
	struct collect_summary summary;
};

bool collect_is_marked(const struct collect *collect, const struct hash *hash);

/* After all marks: deletes and moves, or only counts. */
int collect_sweep_packs(struct collect *collect, struct error *err) MUST_CHECK;
int collect_sweep_loose(struct collect *collect, struct error *err) MUST_CHECK;

#endif
