/*
 * exchange: runs on their way between stores.
 *
 * A bundle is JSON Lines: a first line {"schema":"mlops.bundle/1"}, then one object a line. "kind":
 * "run" holds all that is recorded of one run (its row, params, metrics and points, tags, inputs,
 * outputs, artifacts, code, resources, environment, document), "kind": "points" more points of the
 * run before it, for long series. Later kinds (models, evidence) come with their tables; an unknown
 * kind is skipped and counted. The same run gives the same bytes in every store.
 *
 * Merging: a run is known by its id. One that is not here is added whole. Of one that is here each
 * part is decided by itself, and always to the greater of two that differ:
 *
 *	end, status, reason    the later end; one that has ended wins over one that has not
 *	name, note, removal    the one that was changed last (columns ..._changed)
 *	a tag                  put on or taken off last; at the same time taking off wins, then the
 *	                       greater value
 *	a point                the one logged last for that step, then the greater value
 *	everything else        written once; union, and of two that differ the greater
 *
 * So merging is the same in any order, and twice is once. Running and crashed runs do not travel.
 * A run that was purged here stays away from here.
 *
 * A peer is another store that bundles are exchanged with, under a name of the caller's choice (its
 * URL). What it is known to have is remembered, so that what came from there is not sent back.
 */
#ifndef MLOPS_RECORD_EXCHANGE_H
#define MLOPS_RECORD_EXCHANGE_H

#include "mlops/base/strbuf.h"
#include "mlops/record/record.h"

/* Hashes (64 digits) of all objects that a run refers to: artifacts, patch, untracked. */
typedef int exchange_object(void *context, const char *hash, struct error *err);
int exchange_objects(struct record *record, int64_t run, exchange_object *visit, void *context,
	struct error *err) MUST_CHECK;

/* What a bundle holds of this store: numbers of runs, and which state of them. */
struct exchange_part {
	struct exchange_sent_run {
		int64_t run, changed;
	} * runs;
	size_t count;
};
void exchange_part_release(struct exchange_part *part);
AUTO_RELEASE(struct exchange_part, exchange_part_release)

/*
 * Appends a bundle of the runs which the peer does not have as they are here, the oldest numbers
 * first, until it is about EXCHANGE_BYTES long. Count 0: nothing to send, and the buffer is as it
 * was. Call exchange_sent() when the bundle has arrived, and again until the count is 0.
 */
enum { EXCHANGE_BYTES = 16 << 20 };
int exchange_write(struct record *record, const char *peer, struct strbuf *buffer,
	struct exchange_part *ret_part, struct error *err) MUST_CHECK;

/* The same runs without writing them: how many there are. */
int exchange_pending(
	struct record *record, const char *peer, size_t *ret, struct error *err) MUST_CHECK;
int exchange_sent(struct record *record, const char *peer, const struct exchange_part *part,
	struct error *err) MUST_CHECK;

/* The peer may have lost what it had: everything is sent again. */
int exchange_forget(struct record *record, const char *peer, struct error *err) MUST_CHECK;

struct exchange_summary {
	size_t added, changed, same; /* runs */
	size_t skipped; /* lines of unknown kinds, and purged runs */
};

/*
 * In one transaction, or in the caller's. peer: where the bundle came from, or NULL; name: of the
 * bundle, for messages. Adds to the summary. ERROR_INVALID with the line: nothing was merged.
 */
int exchange_merge(struct record *record, const char *peer, const char *name, const char *bytes,
	size_t count, struct exchange_summary *summary, struct error *err) MUST_CHECK;

#endif
