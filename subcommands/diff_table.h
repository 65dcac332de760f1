/*
 * diff_table: what became of a table, for `mlops diff` of one data file.
 */
#ifndef MLOPS_SUBCOMMANDS_DIFF_TABLE_H
#define MLOPS_SUBCOMMANDS_DIFF_TABLE_H

#include "invocation.h"
#include "mlops/store/object.h"

struct diff_table_request {
	const char *path; /* from the workspace's root: its ending says whether it is a table */
	const struct hash *old_hash, *new_hash; /* new: NULL is the file in the workspace */
	const struct option_list *keys; /* columns that name a row; none: look for one */
};

/* Is it CSV, TSV or JSON Lines, by its name? */
bool diff_table_is_table(const char *path);

/*
 * Adds to the answer: text, or the member "table" of the document. A content that is not in the
 * store, or a file that is no table after all, is a warning and "table": null; wrong keys are an
 * error.
 */
int diff_table_run(struct invocation *invocation, struct object_store *store,
	const struct diff_table_request *request, struct error *err) MUST_CHECK;

#endif
