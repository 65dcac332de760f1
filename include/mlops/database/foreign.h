/*
 * foreign: a SQLite file of somebody else, read as data.
 *
 * Opened read-only: nothing is written or made beside it, its triggers, views' functions and
 * extensions are not trusted, and only reading statements are accepted. Of a query exactly one
 * SELECT may be given. A file that is not a database is ERROR_INVALID, a missing table
 * ERROR_NOT_FOUND with the nearest name as the hint.
 *
 * Cells have a type of their own in each row (SQLite is typed by value).
 */
#ifndef MLOPS_DATABASE_FOREIGN_H
#define MLOPS_DATABASE_FOREIGN_H

#include "mlops/database/statement.h"

struct foreign;
int foreign_open(const char *path, struct foreign **ret, struct error *err) MUST_CHECK;
void foreign_close(struct foreign *foreign);
AUTO_FREE_OF(struct foreign, foreign_close)

/* Is it a SQLite file at all (by its first 16 bytes)? False if it cannot be read. */
bool foreign_is_database(const char *path);

/* Names of tables and views, sorted by bytes; freed with the foreign. */
int foreign_tables(struct foreign *foreign, const char *const **ret_names, size_t *ret_count,
	struct error *err) MUST_CHECK;

/*
 * All rows of a table or view in the order of storage, or those of a SELECT; finished with
 * statement_finish(). Columns are read with the row_...() functions of statement.h.
 */
struct statement *foreign_table(
	struct foreign *foreign, const char *table, struct error *err) MUST_CHECK;
struct statement *foreign_query(
	struct foreign *foreign, const char *sql, struct error *err) MUST_CHECK;

#endif
