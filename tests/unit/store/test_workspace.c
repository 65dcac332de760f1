#include "unit.h"

#include <stdio.h>

#include <unistd.h>

#include <sys/stat.h>

#include "mlops/store/workspace.h"
#include "mlops/system/atomic.h"
#include "workfolder.h"

static struct error err;

START_TEST(creating_and_finding)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace made = { .root = NULL };
	AUTO(workspace_release) struct workspace found = { .root = NULL };
	bool is_new = false;
	ck_assert_msg(workspace_create(".", &made, &is_new, &err) == 0, "%s", err.message);
	ck_assert(is_new);
	workfolder_assert_names(".mlops", ".gitignore objects tmp version");
	workfolder_assert(".mlops/version", "2\n");
	ck_assert_str_eq(made.root, work.path);
	ck_assert_int_eq(directory_make("a/b", &err), 0);
	ck_assert_int_eq(chdir("a/b"), 0);
	ck_assert_int_eq(workspace_find(".", &found, &err), 0);
	ck_assert_str_eq(found.root, made.root);
	ck_assert_str_eq(found.database + strlen(work.path), "/.mlops/mlops.db");
	ck_assert_str_eq(found.config + strlen(work.path), "/.mlops/config.yaml");
	ck_assert_str_eq(found.temporary + strlen(work.path), "/.mlops/tmp");
	ck_assert_str_eq(found.lock + strlen(work.path), "/.mlops/lock");
}
END_TEST

START_TEST(none_is_found)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct workspace found;
	workfolder_write("file", "");
	ck_assert_int_eq(workspace_find(".", &found, &err), -ERROR_NOT_FOUND);
	ck_assert_str_eq(err.message, "no mlops store in '.' or above it");
	ck_assert_str_eq(err.hint, "run 'mlops init'");
	ck_assert_int_eq(workspace_find("none", &found, &err), -ERROR_NOT_FOUND);
	workfolder_write(".mlops", "a file is no workspace");
	ck_assert_int_eq(workspace_find(".", &found, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(workspace_create(".", &found, NULL, &err), -ERROR_IO);
}
END_TEST

START_TEST(an_interrupted_init_is_completed)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct workspace workspace;
	bool is_new;
	ck_assert_int_eq(directory_make(".mlops/objects", &err), 0);
	ck_assert_int_eq(workspace_find(".", &workspace, &err), -ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "is incomplete"));
	ck_assert_int_eq(workspace_create(".", &workspace, &is_new, &err), 0);
	ck_assert(is_new);
	workspace_release(&workspace);
	workfolder_write(".mlops/.gitignore", "mine");
	ck_assert_int_eq(workspace_create(".", &workspace, &is_new, &err), 0);
	ck_assert(!is_new);
	workspace_release(&workspace);
	workfolder_assert(".mlops/.gitignore", "mine");
	ck_assert_int_eq(workspace_find(".", &workspace, &err), 0);
	workspace_release(&workspace);
}
END_TEST

static bool is_clone(void)
{
	AUTO_FREE char *root = NULL;
	ck_assert_int_eq(workspace_find_clone(".", &root, &err), 0);
	return root != NULL;
}

START_TEST(a_clone_is_known_by_what_it_lacks)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	ck_assert(!is_clone());
	ck_assert_int_eq(directory_make(".mlops", &err), 0);
	ck_assert(!is_clone());
	workfolder_write(".mlops/config.yaml", "{}\n");
	ck_assert(is_clone());
	ck_assert_int_eq(directory_make(".mlops/tmp", &err), 0);
	ck_assert(is_clone());
	/* Nothing is written through a link that came with it. */
	ck_assert_int_eq(directory_make("elsewhere", &err), 0);
	ck_assert_int_eq(symlink("../elsewhere", ".mlops/objects"), 0);
	ck_assert(!is_clone());
	ck_assert_int_eq(unlink(".mlops/objects"), 0);
	workfolder_write(".mlops/mlops.db", "");
	ck_assert(!is_clone());
	ck_assert_int_eq(unlink(".mlops/mlops.db"), 0);
	workfolder_write(".mlops/version", "2\n");
	ck_assert(!is_clone());
	ck_assert_int_eq(unlink(".mlops/version"), 0);
	ck_assert_int_eq(rename(".mlops", "elsewhere/store"), 0);
	ck_assert_int_eq(symlink("elsewhere/store", ".mlops"), 0);
	ck_assert(!is_clone());
}
END_TEST

START_TEST(a_newer_layout_is_refused)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct workspace workspace;
	ck_assert_int_eq(workspace_create(".", &workspace, NULL, &err), 0);
	workspace_release(&workspace);
	workfolder_write(".mlops/version", "3\n");
	ck_assert_int_eq(workspace_find(".", &workspace, &err), -ERROR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.message, "layout version 3; this program knows 2"));
	ck_assert_int_eq(workspace_create(".", &workspace, NULL, &err), -ERROR_UNSUPPORTED);
	workfolder_write(".mlops/version", "1\n"); /* an older one is read */
	ck_assert_int_eq(workspace_find(".", &workspace, &err), 0);
	workspace_release(&workspace);
	workfolder_write(".mlops/version", "0\n");
	ck_assert_int_eq(workspace_find(".", &workspace, &err), -ERROR_CORRUPT);
	workfolder_write(".mlops/version", "x");
	ck_assert_int_eq(workspace_find(".", &workspace, &err), -ERROR_CORRUPT);
}
END_TEST

/* What the .gitignore is for, asked of git itself. */
START_TEST(git_sees_only_the_config)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	if (system("git init -q . 2> /dev/null") != 0)
		return;
	ck_assert_int_eq(workspace_create(".", &workspace, NULL, &err), 0);
	workfolder_write(".mlops/config.yaml", "");
	workfolder_write(".mlops/mlops.db", "");
	workfolder_write(".mlops/objects/x", "");
	ck_assert_int_eq(system("git status --porcelain -uall > out"), 0);
	workfolder_assert("out", "?? .mlops/.gitignore\n?? .mlops/config.yaml\n?? out\n");
}
END_TEST

START_TEST(the_lock_sweeps)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(lock_release) struct lock lock = LOCK_INIT;
	ck_assert_int_eq(workspace_create(".", &workspace, NULL, &err), 0);
	workfolder_write(".mlops/tmp/.mlops-tmp-00", "");
	ck_assert_int_eq(workspace_lock(&workspace, 0, "test", NULL, &lock, &err), 0);
	workfolder_assert_names(".mlops/tmp", "");
	struct lock second;
	ck_assert_int_eq(workspace_lock(&workspace, 0, "test", NULL, &second, &err), -ERROR_LOCKED);
}
END_TEST

UNIT_MAIN("store/workspace", creating_and_finding, none_is_found, an_interrupted_init_is_completed,
	a_clone_is_known_by_what_it_lacks, a_newer_layout_is_refused, git_sees_only_the_config,
	the_lock_sweeps)
