/*
 * migrate: numbered steps from an empty file to today's schema, forward only.
 *
 * Step N is the file schemas/sql/NNNN_name.sql, embedded in the program; each runs in a
 * transaction of its own that also sets user_version to N. Before the first step on a database
 * that holds something, a copy is kept beside it ("mlops.db.v3.bak"). Called by database_open()
 * for writing; several processes that open at once are safe (one migrates, the others find it
 * done).
 */
#ifndef MLOPS_DATABASE_MIGRATE_H
#define MLOPS_DATABASE_MIGRATE_H

#include "mlops/database/database.h"

struct migration {
	int number;
	const char *name, *sql;
};

/* The embedded steps, by number; a gap in the numbers is a bug. The texts live for ever. */
enum { MIGRATIONS_MOST = 256 };
void migrations_embedded(struct migration ret_steps[MIGRATIONS_MOST], size_t *ret_count);

/* Brings the database to the last of these steps; a newer database is ERROR_UNSUPPORTED. */
int database_migrate(struct database *database, const struct migration *steps, size_t count,
	struct error *err) MUST_CHECK;

#endif
