/*
 * collect: gc of the store: what nothing needs is deleted.
 *
 *	collect_begin(store, workspace, &options, &collect, err);
 *	collect_keep(collect, &hash, reason, err); ...for each object that is needed
 *	collect_finish(collect, &summary, err);
 *
 * Begin takes the store's lock, which every store that has put something holds until it is closed;
 * so find out what is needed after it: then all that was put and is needed is written down
 * somewhere. What was put within the grace period is kept whether it is needed or not, and so is
 * all that anything kept is built on: chunks of large contents, bases of deltas.
 *
 * Nothing is deleted that cannot be decided: if something that is needed cannot be read, it is not
 * known what it is built on, and all stays (`undecided`). A pack that is mostly dead is rewritten:
 * what lives in it is first written elsewhere and acknowledged, then the pack goes, so readers find
 * everything at any time, and a killed collection is as if it had not begun, but for files that
 * the next one removes. A pack with little that is dead is left as it is.
 */
#ifndef MLOPS_STORE_COLLECT_H
#define MLOPS_STORE_COLLECT_H

#include "mlops/base/event.h"
#include "mlops/store/object.h"

enum { COLLECT_REASONS = 8 }; /* numbers of the caller, 0 to 7 */
#define COLLECT_REWRITE 0.25 /* dead share of a pack from which on it is rewritten */
#define COLLECT_SMALL ((uint64_t)16 << 20) /* bytes alive below which any dead share is enough */

struct collect_options {
	int64_t grace; /* seconds; 0: none, what was put just now goes too */
	unsigned recent; /* the reason of what is within grace */
	bool dry_run; /* takes no lock, changes nothing; the summary says what would be */
	double wait; /* seconds to wait for the lock, or LOCK_FOREVER */
	const char *command; /* for those who wait for us */
	const struct event_sink *sink;
};

struct collect_count {
	uint64_t objects; /* contents that were put as such */
	uint64_t entries; /* with their chunks and bases */
	uint64_t bytes; /* as stored */
};
struct collect_summary {
	struct collect_count kept[COLLECT_REASONS]; /* each under the first reason that came */
	struct collect_count freed;
	struct collect_count left; /* dead, but in packs not worth rewriting */
	uint64_t disk; /* bytes by which the files became smaller */
	uint64_t missing; /* objects to be kept that are not here */
	uint64_t adopted; /* entries that a pack held and the index did not know */
	size_t packs_rewritten, packs_removed;
	size_t packs_damaged; /* that could not be rewritten: fsck */
	uint64_t loose_moved; /* contents of layout 1 that lie in packs now */
	bool undecided; /* nothing was deleted */
};

struct collect;
int collect_begin(struct object_store *store, const struct workspace *workspace,
	const struct collect_options *options, struct collect **ret, struct error *err) MUST_CHECK;
void collect_free(struct collect *collect);
AUTO_FREE_OF(struct collect, collect_free)

/* An object that is not here is counted. */
int collect_keep(struct collect *collect, const struct hash *hash, unsigned reason,
	struct error *err) MUST_CHECK;

/* The caller could not find out all that is needed: nothing will be deleted. */
void collect_undecided(struct collect *collect);

/* The lock is held until the store is closed. */
int collect_finish(
	struct collect *collect, struct collect_summary *ret, struct error *err) MUST_CHECK;

#endif
