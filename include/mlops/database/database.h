/*
 * database: one SQLite file of ours, opened the one way we trust.
 *
 * WAL, synchronous NORMAL (a transaction may ask for FULL, see transaction.h), foreign keys, a
 * busy time-out of DATABASE_BUSY_MS, trusted_schema off, extended result codes, LIKE that minds
 * case, and application_id/user_version that tell our files from others and old from new. Tables
 * are STRICT. All SQL is constant text with bound parameters, prepared through statement.h.
 *
 * A connection belongs to one thread. Files on network file systems are refused
 * (ERROR_UNSUPPORTED: WAL needs shared memory), as are databases of a newer program
 * (ERROR_UNSUPPORTED) and files that are not ours (ERROR_INVALID); a missing file, or one that is
 * empty because another process is just making it, is ERROR_NOT_FOUND unless it is to be made; a
 * busy one ERROR_LOCKED; a damaged one ERROR_CORRUPT; whatever else SQLite refuses is
 * ERROR_DATABASE.
 */
#ifndef MLOPS_DATABASE_DATABASE_H
#define MLOPS_DATABASE_DATABASE_H

#include <stdint.h>

#include "mlops/base/memory.h"

enum { DATABASE_APPLICATION_ID = 0x6d6c6f70, DATABASE_BUSY_MS = 5000 }; /* "mlop" */

enum database_mode {
	/*
	 * Never changes what the database holds, never makes nor migrates one; works in folders
	 * that may not be written. (SQLite may fold a dead writer's WAL into the file.)
	 */
	DATABASE_READ,
	DATABASE_WRITE, /* brings the schema up to date first, see migrate.h */
	DATABASE_CREATE /* the same, and makes the file if it is missing */
};

struct database;
int database_open(const char *path, enum database_mode mode, struct database **ret,
	struct error *err) MUST_CHECK;
void database_close(struct database *database); /* rolls back what is open */
AUTO_FREE_OF(struct database, database_close)

const char *database_path(const struct database *database);
bool database_is_writable(const struct database *database);

/* user_version: the number of the last migration. */
int database_version(struct database *database, int *ret, struct error *err) MUST_CHECK;

int64_t database_last_rowid(const struct database *database);
int64_t database_changes(const struct database *database); /* rows of the last statement */

/* Runs constant SQL of one or more statements without parameters or results. */
int database_execute(struct database *database, const char *sql, struct error *err);

/* A consistent copy of the whole database into a new file. An existing one is ERROR_EXISTS. */
int database_copy(struct database *database, const char *path, struct error *err) MUST_CHECK;

/* Page checksums of SQLite and foreign keys; the first problem is ERROR_CORRUPT. For `fsck`. */
int database_check(struct database *database, struct error *err) MUST_CHECK;

/*
 * Gives what is free inside the file back to the file system if that is a quarter of it and at
 * least 1 MiB, and empties the WAL. Where another process is in the way it is left for the next
 * time. Not in a transaction. *ret_freed: bytes.
 */
int database_compact(struct database *database, uint64_t *ret_freed, struct error *err) MUST_CHECK;

/* Stops the running statement (ERROR_CANCELLED); callable from a signal handler's thread. */
void database_interrupt(struct database *database);

/* "3.40.1": the library that runs. */
const char *database_library_version(void);

#endif
