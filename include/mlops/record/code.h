/*
 * code: the commit a run was made from, and what was not committed.
 */
#ifndef MLOPS_RECORD_CODE_H
#define MLOPS_RECORD_CODE_H

#include "mlops/record/record.h"

struct run_code {
	char *commit; /* NULL: no repository, or no commit yet */
	char *branch, *remote, *describe; /* as in git/repository.h; may be NULL */
	bool dirty;
	char *patch; /* object with the patch of tracked changes, or NULL */
	char *untracked; /* object that lists untracked files, or NULL */
	int64_t n_changed, n_untracked;
	char *lost; /* what cannot be rebuilt, sentences one a line, or NULL */
};

struct repository_state;
/* state: of git/repository.h; NULL if there is no repository. patch and untracked may be NULL. */
int run_code_set(struct record *record, int64_t run, const struct repository_state *state,
	const char *patch, const char *untracked, struct error *err) MUST_CHECK;

/* All NULL if nothing was recorded. */
int run_code_load(
	struct record *record, int64_t run, struct run_code *ret, struct error *err) MUST_CHECK;
void run_code_release(struct run_code *code);
AUTO_RELEASE(struct run_code, run_code_release)

#endif
