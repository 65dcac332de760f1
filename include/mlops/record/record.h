/*
 * record: the memory of a project: which data, code and parameters gave which result.
 *
 * One handle for one thread, over the workspace's database. What every run has in common (names of
 * parameters, metrics and tags; environments) is stored once and referred to by number; numbers
 * are of this database only, a run's id is the same everywhere.
 *
 * Functions of this floor that write take part in the caller's open transaction, or make their own.
 * A whole result is recorded in one:
 *
 *	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
 *	transaction_begin(&change, record_database(record), TRANSACTION_DURABLE, err);
 *	params_set(...); metrics_log(...); artifacts_add(...); run_finish(...);
 *	transaction_commit(&change, err);
 */
#ifndef MLOPS_RECORD_RECORD_H
#define MLOPS_RECORD_RECORD_H

#include "mlops/database/database.h"

struct record;

/* path: workspace.database */
int record_open(const char *path, enum database_mode mode, struct record **ret,
	struct error *err) MUST_CHECK;
void record_close(struct record *record);
AUTO_FREE_OF(struct record, record_close)

struct database *record_database(struct record *record);

/* Names of what runs hold. */
enum key_kind { KEY_PARAM, KEY_METRIC, KEY_TAG, KEY_KIND_COUNT };
const char *key_kind_name(enum key_kind kind); /* "param", "metric", "tag" */

/* The number of a name. key_find() gives 0 for one that no run has had. */
int key_find(struct record *record, enum key_kind kind, const char *name, int64_t *ret,
	struct error *err) MUST_CHECK;
int key_intern(struct record *record, enum key_kind kind, const char *name, int64_t *ret,
	struct error *err) MUST_CHECK;

/* All names of a kind, sorted, each a copy; for suggestions and completion. */
struct names {
	const char **items; /* NULL-terminated */
	size_t count;
};
int key_names(
	struct record *record, enum key_kind kind, struct names *ret, struct error *err) MUST_CHECK;
void names_release(struct names *names);
AUTO_RELEASE(struct names, names_release)

enum { RECORD_NAME_LONGEST = 250 }; /* bytes of a name of a run, parameter, metric or tag */

#endif
