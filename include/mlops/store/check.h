/*
 * check: fsck of the store: is everything here that the index says, as it was put?
 *
 * Every byte of every pack belongs to something whose check sum is compared; index and packs are
 * compared both ways; every entry is decoded and its content hashed again, on all threads. Nothing
 * is changed and no lock is taken: what is put or collected meanwhile may be missed, or looked at
 * twice, but is not called damaged.
 */
#ifndef MLOPS_STORE_CHECK_H
#define MLOPS_STORE_CHECK_H

#include "mlops/base/event.h"
#include "mlops/base/id.h"
#include "mlops/store/object.h"
#include "mlops/system/hash_set.h"

enum check_kind {
	CHECK_DAMAGED, /* the bytes of an entry have changed, or do not give its content */
	CHECK_LOST, /* the index names an entry that its pack does not hold */
	CHECK_BROKEN, /* an entry is as it was, but what it is built on is damaged or not there */
	CHECK_BYTES, /* bytes of a pack that belong to no entry have changed */
	CHECK_INDEX, /* the index says something else of an entry than its pack */
	CHECK_UNINDEXED, /* a pack holds an entry that the index does not know */
	CHECK_PACK /* a pack cannot be read at all */
};
const char *check_kind_name(enum check_kind kind); /* "damaged", "lost", … */

struct check_problem {
	enum check_kind kind;
	bool has_hash, has_pack;
	struct hash hash; /* of the entry */
	struct id pack; /* .mlops/objects/packs/PACK.pack */
	uint64_t offset, length; /* in the pack */
	const char *what; /* a sentence; until visit returns */
};
typedef int check_visit(void *context, const struct check_problem *problem, struct error *err);

struct check_options {
	bool quick; /* sizes and places only, no payloads */
	const struct event_sink *sink;
};
struct check_summary {
	uint64_t packs, entries, objects, bytes;
	uint64_t n_problems;
	struct hash_set bad; /* of entries that cannot be read; release with the summary */
};
void check_summary_release(struct check_summary *summary);
AUTO_RELEASE(struct check_summary, check_summary_release)

/* Problems come in a fixed order. 0 also if there are some. */
int check_store(struct object_store *store, const struct workspace *workspace,
	const struct check_options *options, check_visit *visit, void *context,
	struct check_summary *ret, struct error *err) MUST_CHECK;

/* ---- repair; takes the store's lock for as long as the store is open ---- */

struct check_repair {
	uint64_t adopted; /* entries that packs held and the index did not know */
	uint64_t dropped; /* rows of the index that led nowhere */
	size_t packs_rewritten; /* whose damaged bytes nobody needs any more */
};

/* Makes the index say what the packs hold, and cuts torn tails. */
int check_rebuild(struct object_store *store, const struct workspace *workspace, double wait,
	const char *command, const struct event_sink *sink, struct check_repair *repair,
	struct error *err) MUST_CHECK;

/*
 * Puts the content of a file again, in the place of what is damaged of it. ERROR_INVALID if it is
 * not the content of that hash.
 */
int check_restore_file(struct object_store *store, const struct workspace *workspace,
	const struct hash *hash, const char *path, struct error *err) MUST_CHECK;

/* Rewrites packs with damage, if all that the index has in them can be read. */
int check_drop_damage(
	struct object_store *store, struct check_repair *repair, struct error *err) MUST_CHECK;

#endif
