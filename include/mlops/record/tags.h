/*
 * tags: names, with or without a value, that people put on runs and take off again.
 *
 * A tag's name is a revision too ("candidate" is the newest run that has it), so the rules of a
 * run's name hold for it.
 */
#ifndef MLOPS_RECORD_TAGS_H
#define MLOPS_RECORD_TAGS_H

#include "mlops/record/record.h"

enum { TAG_VALUE_LONGEST = 8192 };

/* value: NULL or "" for none; replaces an earlier one. */
int tag_set(struct record *record, int64_t run, const char *name, const char *value,
	struct error *err) MUST_CHECK;
int tag_remove(struct record *record, int64_t run, const char *name,
	struct error *err) MUST_CHECK; /* ERROR_NOT_FOUND if the run does not have it */

struct tag {
	char *name, *value; /* value is "" if it has none */
	int64_t time; /* when it was set */
};
struct tags {
	struct tag *items; /* by name */
	size_t count;
};
int tags_load(struct record *record, int64_t run, struct tags *ret, struct error *err) MUST_CHECK;
void tags_release(struct tags *tags);
AUTO_RELEASE(struct tags, tags_release)

#endif
