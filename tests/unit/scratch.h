/*
 * scratch: a folder of its own for a test, and short ways to make and see files in it.
 */
#ifndef MLOPS_UNIT_SCRATCH_H
#define MLOPS_UNIT_SCRATCH_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch {
	char folder[64];
	char path[512]; /* of the last scratch_path() */
};

static inline void scratch_make(struct scratch *scratch)
{
	snprintf(scratch->folder, sizeof scratch->folder, "/tmp/mlops-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch->folder));
}

static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
	snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);
	return scratch->path;
}

static inline void scratch_write(struct scratch *scratch, const char *name, const char *text)
{
	FILE *file = fopen(scratch_path(scratch, name), "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static inline int scratch_has(struct scratch *scratch, const char *name)
{
	return access(scratch_path(scratch, name), F_OK) == 0;
}

/* Runs a shell command in the folder; it must succeed. */
static inline void scratch_run(struct scratch *scratch, const char *command)
{
	char line[2048];
	int length = snprintf(line, sizeof line, "cd '%s' && { %s ; } > /dev/null 2>&1",
		scratch->folder, command);
	ck_assert_int_lt(length, (int)sizeof line);
	ck_assert_msg(system(line) == 0, "failed: %s", command);
}

static inline void scratch_remove(struct scratch *scratch)
{
	char line[128];
	snprintf(line, sizeof line, "rm -rf '%s'", scratch->folder);
	ck_assert_int_eq(system(line), 0);
}

#endif
