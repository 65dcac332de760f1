/*
 * database_internal: the connection as the files of this floor see it.
 */
#ifndef MLOPS_DATABASE_INTERNAL_H
#define MLOPS_DATABASE_INTERNAL_H

#include <sqlite3.h>

#include "mlops/base/map.h"
#include "mlops/database/database.h"

enum { DATABASE_CACHE = 128 }; /* statements kept; more are prepared each time */

struct database {
	sqlite3 *handle;
	char *path;
	bool writable;
	struct map statements; /* SQL text to struct statement, owned */
};

/* Sets the error from SQLite's last one on this handle; `what` is the operation. */
int database_fail(sqlite3 *handle, const char *path, const char *what, struct error *err);

/* The same for a result code without a message of its own. */
int database_fail_code(int code, const char *path, const char *message, struct error *err);

enum { DATABASE_URI_SIZE = 3 * 4096 + 64 };

/* "file:/a%20b/c.db?mode=ro&immutable=1"; false if the path is too long. */
bool database_uri(const char *path, const char *query, char ret_uri[DATABASE_URI_SIZE]);

#endif
