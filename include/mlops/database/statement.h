/*
 * statement: prepared SQL, kept for reuse.
 *
 *	AUTO(statement_finish) struct statement *find =
 *		statement_prepare(database, "SELECT id, name FROM runs WHERE number = ?1", err);
 *	if (!find)
 *		return -err->code;
 *	bind_integer(find, 1, number);
 *	int row = statement_step(find, err);
 *	if (row < 0)
 *		return row;
 *	if (row)
 *		use(row_string(find, 0));
 *
 * statement_finish() gives the prepared statement back to the database's cache (by its text), so
 * preparing the same text again costs nothing. Bind failures (out of memory) stick and come out
 * at the next step. Parameters count from 1, columns from 0. Texts of columns live until the next
 * step or the finish. All statements are finished before the database is closed.
 */
#ifndef MLOPS_DATABASE_STATEMENT_H
#define MLOPS_DATABASE_STATEMENT_H

#include <stdint.h>

#include "mlops/base/memory.h"
#include "mlops/base/text.h"
#include "mlops/database/database.h"

struct statement;

struct statement *statement_prepare(
	struct database *database, const char *sql, struct error *err) MUST_CHECK;
void statement_finish(struct statement *statement);
AUTO_FREE_OF(struct statement, statement_finish)

/* 1: there is a row; 0: done; -code. */
int statement_step(struct statement *statement, struct error *err) MUST_CHECK;

/* Steps to the end and resets, so that the next values can be bound; for INSERT and the like. */
int statement_run(struct statement *statement, struct error *err) MUST_CHECK;

/* Back to before the first row; bindings stay. */
void statement_reset(struct statement *statement);

void bind_null(struct statement *statement, int parameter);
void bind_integer(struct statement *statement, int parameter, int64_t value);
void bind_number(struct statement *statement, int parameter, double value); /* NaN becomes NULL */
/* The bytes are borrowed until the finish or the next bind of that parameter. */
void bind_string(struct statement *statement, int parameter, const char *text); /* NULL: NULL */
void bind_text(struct statement *statement, int parameter, struct text text);
void bind_bytes(struct statement *statement, int parameter, const void *bytes, size_t count);

enum cell_type { CELL_NULL, CELL_INTEGER, CELL_NUMBER, CELL_TEXT, CELL_BYTES };

int row_cells(const struct statement *statement);
const char *row_title(const struct statement *statement, int column);
enum cell_type row_type(const struct statement *statement, int column);
bool row_is_null(const struct statement *statement, int column);
int64_t row_integer(const struct statement *statement, int column); /* NULL: 0 */
double row_number(const struct statement *statement, int column); /* NULL: NaN */
const char *row_string(const struct statement *statement, int column); /* NULL: NULL */
struct text row_text(const struct statement *statement, int column); /* text or bytes */

/* The single integer of a query without parameters; no row is *ret as it was. */
int database_integer(
	struct database *database, const char *sql, int64_t *ret, struct error *err) MUST_CHECK;

#endif
