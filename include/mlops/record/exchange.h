/*
 * exchange: runs on their way between stores.
 *
 * A bundle is JSON Lines: a first line {"schema":"mlops.bundle/1"}, then one object a line with
 * "kind": "run", which holds all that is recorded of one run (its row, params, metrics and points,
 * tags, inputs, outputs, artifacts, code, resources, environment, document). Later kinds (models,
 * evidence) come with their tables; an unknown kind is skipped and counted.
 *
 * Merging: a run is known by its id. One that is not here is added whole. Of one that is here the
 * newer tag wins by its time (at the same time the greater value), the later end and status win
 * over `running`, and a removal wins; everything else was written once and is left as it is. So
 * merging is the same in any order, and twice is once. Running and crashed runs do not travel.
 */
#ifndef MLOPS_RECORD_EXCHANGE_H
#define MLOPS_RECORD_EXCHANGE_H

#include "mlops/base/strbuf.h"
#include "mlops/record/record.h"

/* Hashes (64 digits) of all objects that a run refers to: artifacts, patch, untracked. */
typedef int exchange_object(void *context, const char *hash, struct error *err);
int exchange_objects(struct record *record, int64_t run, exchange_object *visit, void *context,
	struct error *err) MUST_CHECK;

/*
 * Appends the runs whose record changed after the mark; *ret_mark is the mark for the next time.
 * Mark 0 is everything. *ret_runs 0: nothing to send, and the buffer is as it was.
 */
int exchange_write(struct record *record, int64_t mark, struct strbuf *buffer, int64_t *ret_mark,
	size_t *ret_runs, struct error *err) MUST_CHECK;

struct exchange_summary {
	size_t added, changed, same, skipped;
};
/* In one transaction, or in the caller's. name: of the bundle, for messages. ERROR_INVALID. */
int exchange_merge(struct record *record, const char *name, const char *bytes, size_t count,
	struct exchange_summary *summary, struct error *err) MUST_CHECK;

#endif
