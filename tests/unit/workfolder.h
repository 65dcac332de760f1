/*
 * workfolder: a folder of its own for each test case, removed at its end; the test runs inside it:
 *
 *	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
 *
 * Only for tests of system and above (it uses system/directory.h).
 */
#ifndef MLOPS_UNIT_WORKFOLDER_H
#define MLOPS_UNIT_WORKFOLDER_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mlops/system/directory.h"

struct workfolder {
	char path[64];
};

static inline struct workfolder workfolder_enter(void)
{
	struct workfolder work = { "/tmp/mlops-work-XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(work.path));
	ck_assert_int_eq(chdir(work.path), 0);
	return work;
}

static inline void workfolder_leave(struct workfolder *work)
{
	struct error err = ERROR_INIT;
	if (chdir("/") != 0 || directory_remove_tree(work->path, &err) < 0)
		fprintf(stderr, "cannot remove '%s': %s\n", work->path, err.message);
}
AUTO_RELEASE(struct workfolder, workfolder_leave)

static inline void workfolder_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

/* Asserts the whole content of a file. */
static inline void workfolder_assert(const char *path, const char *expected)
{
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	ck_assert_msg(file_read(path, 0, &text, &err) == 0, "%s", err.message);
	ck_assert_str_eq(text.text, expected);
}

/* Names in the folder, joined with blanks, for one assertion. */
static inline void workfolder_assert_names(const char *folder, const char *expected)
{
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf joined = STRBUF_INIT;
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	ck_assert_msg(directory_list(folder, &names, &err) == 0, "%s", err.message);
	for (size_t i = 0; i < names.count; i++)
		strbuf_printf(&joined, "%s%s", i ? " " : "", names.names[i]);
	ck_assert_str_eq(joined.text, expected);
}

#endif
