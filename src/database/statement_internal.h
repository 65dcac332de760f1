/*
 * statement_internal: statements as the files of this floor see them.
 */
#ifndef MLOPS_DATABASE_STATEMENT_INTERNAL_H
#define MLOPS_DATABASE_STATEMENT_INTERNAL_H

#include <sqlite3.h>

#include "mlops/database/statement.h"

struct statement {
	sqlite3_stmt *handle;
	sqlite3 *connection;
	const char *path; /* of the database, for messages */
	bool cached; /* owned by the database's cache */
	bool busy; /* given out */
	int bind_result; /* the first bind that failed */
};

/* The destructor of the cache's map. */
void statement_destroy(void *statement);

/* A statement outside any cache. */
struct statement *statement_new(
	sqlite3 *connection, const char *path, struct text sql, struct error *err) MUST_CHECK;

#endif
