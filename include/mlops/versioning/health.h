/*
 * health: fsck: the store, and everything that pointers and runs need of it.
 *
 *	health_check(...);              what is wrong, and who needs it
 *	health_repair(..., &health);    tries to mend each; then open the store anew and check again
 *
 * Nothing that can still be read is ever given up by a repair.
 */
#ifndef MLOPS_VERSIONING_HEALTH_H
#define MLOPS_VERSIONING_HEALTH_H

#include "mlops/base/arena.h"
#include "mlops/base/vec.h"
#include "mlops/store/check.h"
#include "mlops/versioning/roots.h"

enum { HEALTH_NEEDS = 100 }; /* that are kept of one problem; the rest is counted */

struct health_need {
	enum root_kind kind;
	const char *path, *where; /* as of a root */
};
struct health_problem {
	const char *kind; /* of check_kind_name(); "missing", "pointer", "listing", "database" */
	bool has_hash, has_pack;
	struct hash hash;
	struct id pack;
	uint64_t offset, length;
	const char *what;
	VEC(struct health_need) needs;
	size_t n_more;
};
struct health {
	VEC(struct health_problem) problems;
	struct check_summary store;
	struct roots_summary roots;
	uint64_t n_not_fetched; /* objects that are only on a remote, so far as is known */
	uint64_t n_not_known; /* that are not here, and may be on a remote nobody looked at */
	struct hash_set
		by_hash; /* 1: well; 2: not fetched, or not known; 3 + index of the problem */
	struct arena arena;
};
void health_release(struct health *health);
AUTO_RELEASE(struct health, health_release)

struct health_options {
	bool quick;
	int64_t removed_after; /* as of roots_options */
	/* Is it known to be on a remote? NULL: there is none. Makes no exchange. */
	bool (*is_remote)(void *context, const struct hash *hash);
	/* A remote was never looked at: it may have all that is not here, as in a new clone. */
	bool remote_unknown;
	/* Fetches what it can of these, also of what is here. NULL: there is no remote. */
	int (*fetch)(void *context, const struct hash *hashes, size_t count, struct error *err);
	void *context;
	const char *command; /* for those who wait for a repair */
	double wait;
	const struct event_sink *sink;
};

/* record may be NULL: there is no database yet. 0 also if there are problems. */
int health_check(const struct workspace *workspace, struct object_store *store,
	struct record *record, const struct health_options *options, struct health *ret,
	struct error *err) MUST_CHECK;

/* Mends what it can of what a check has found. */
int health_repair(const struct workspace *workspace, struct object_store *store,
	const struct health_options *options, const struct health *health,
	struct check_repair *repair, struct error *err) MUST_CHECK;

/* Does the other check still find this problem? */
bool health_has(const struct health *health, const struct health_problem *problem);

#endif
