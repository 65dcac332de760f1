/*
 * revision: how a person names a run.
 *
 *	@            the last run that was begun and is not removed
 *	@~2          the second before it; any revision takes ~N: runs before that one
 *	7f3a9c2      the beginning of an id, 4 or more digits, if only one run has it
 *	calm-otter   a run's name; the newest of several
 *	candidate    a tag's name: the newest run that has it
 *	HEAD, main   a git revision: the newest run made from that commit (if a repository is given)
 *	model@alias  a model of the registry: ERROR_UNSUPPORTED until there is one
 *	REV:PATH     an artifact of a run; "REV:" alone stands for all of them
 *
 * The order above decides. An ambiguous prefix is ERROR_INVALID with the candidates in the
 * message; what is not found is ERROR_NOT_FOUND with the nearest name as the hint. Removed runs
 * are found only by their id.
 */
#ifndef MLOPS_RECORD_REVISION_H
#define MLOPS_RECORD_REVISION_H

#include "mlops/base/text.h"
#include "mlops/record/record.h"

struct repository;

/* The number of the run. repository may be NULL. */
int revision_resolve(struct record *record, struct repository *repository, const char *revision,
	int64_t *ret_run, struct error *err) MUST_CHECK;

/*
 * Splits "REV:PATH" at the first colon. False if there is none: then all of it is the revision.
 * An empty revision before the colon stands for "@".
 */
bool revision_split(const char *text, struct text *ret_revision, struct text *ret_path);

/* May a person give this name to a run or a tag? ERROR_INVALID says why not. */
int revision_check_name(const char *what, const char *name, struct error *err) MUST_CHECK;

#endif
