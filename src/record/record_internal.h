/*
 * record_internal: what the files of this floor share.
 */
#ifndef MLOPS_RECORD_INTERNAL_H
#define MLOPS_RECORD_INTERNAL_H

#include "mlops/database/statement.h"
#include "mlops/database/transaction.h"
#include "mlops/record/record.h"

struct record {
	struct database *database;
};

/* A copy of a column's text in *ret, NULL for NULL. */
int record_copy_text(
	const struct statement *row, int column, char **ret, struct error *err) MUST_CHECK;

/* Rules of all names: 1 to RECORD_NAME_LONGEST bytes of UTF-8 without control characters. */
int record_check_name(const char *what, const char *name, struct error *err) MUST_CHECK;

/* The value as a number, NaN if it does not read as one. */
double record_number(const char *value);

/* ERROR_NOT_FOUND unless there is a run of that number; its start if ret_started is not NULL. */
int record_check_run(
	struct record *record, int64_t run, int64_t *ret_started, struct error *err) MUST_CHECK;

/* Runs one statement whose only parameter is ?1, an integer. */
int record_run_integer(
	struct record *record, const char *sql, int64_t value, struct error *err) MUST_CHECK;

/* "host boot namespace pid started": who this process is. */
int record_process_self(char *ret, size_t size, struct error *err) MUST_CHECK;

/* Is that process known to be gone? False where it cannot be seen from here. */
bool record_process_gone(const char *process);

#endif
