#include "unit.h"

#include "mlops/versioning/tracked.h"
#include "workfolder.h"

static struct error err;

static struct workspace make_workspace(const char *folder)
{
	struct workspace workspace;
	setenv("MLOPS_FSYNC", "0", 1);
	ck_assert_msg(workspace_create(folder, &workspace, NULL, &err) == 0, "%s", err.message);
	return workspace;
}

static void track(const char *path)
{
	AUTO(pointer_release)
	struct pointer pointer = { .n_files = 1, .mode = 0644 };
	const char *slash = strrchr(path, '/');
	pointer.path = memory_copy_string(slash ? slash + 1 : path, &err);
	AUTO_FREE char *folder = memory_format(&err, "%.*s", slash ? (int)(slash - path) : 0, path);
	if (*folder)
		ck_assert_int_eq(directory_make(folder, &err), 0);
	ck_assert_msg(pointer_save(path, &pointer, &err) == 0, "%s", err.message);
}

static void large(const char *path, off_t size)
{
	workfolder_write(path, "");
	ck_assert_int_eq(truncate(path, size), 0);
}

static void expect(const struct tracked *tracked, const char *expected)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	for (size_t i = 0; i < tracked->count; i++)
		strbuf_printf(&text, "%s%s", i ? " " : "", tracked->items[i].path);
	ck_assert_str_eq(text.text, expected);
}

START_TEST(pointers_on_disk)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace(".");
	AUTO(tracked_release) struct tracked tracked = { .items = NULL };
	track("b");
	track("a/x");
	track("a/deep/er/y");
	track("folder");
	/* Not: inside tracked data, other repositories and projects, and what rules leave out. */
	track("folder/inner");
	track("repository/z");
	ck_assert_int_eq(directory_make("repository/.git", &err), 0);
	track("submodule/z");
	workfolder_write("submodule/.git", "gitdir: elsewhere\n");
	track("project/z");
	ck_assert_int_eq(directory_make("project/.mlops", &err), 0);
	track("ignored/z");
	track("out/z");
	workfolder_write(".gitignore", "ignored/\n/b\n*.mlops\n");
	workfolder_write(".mlopsignore", "out\n");
	workfolder_write("a/.mlops-is-no-suffix", "");
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_msg(tracked_in_workspace(&workspace, &tracked, &err) == 0, "%s", err.message);
	expect(&tracked, "a/deep/er/y a/x b folder");
	struct tracked none;
	workfolder_write("a/bad.mlops", "nonsense");
	ck_assert_int_eq(tracked_in_workspace(&workspace, &none, &err), -ERROR_INVALID);
}
END_TEST

START_TEST(large_files)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace(".");
	AUTO(tracked_release) struct tracked tracked = { .items = NULL };
	AUTO(large_files_release) struct large_files files = { .items = NULL };
	track("data");
	large("data", 5000);
	track("a/folder");
	ck_assert_int_eq(directory_make("a/folder", &err), 0);
	large("a/folder/x", 5000);
	large("a/big", 5000);
	large("a/small", 4999);
	large("a/x.tmp", 5000);
	large("z", 6000);
	ck_assert_int_eq(symlink("z", "link"), 0);
	workfolder_write("a/.gitignore", "*.tmp\n");
	ck_assert_int_eq(tracked_and_large(&workspace, 5000, &tracked, &files, &err), 0);
	expect(&tracked, "a/folder data");
	ck_assert_uint_eq(files.count, 2);
	ck_assert_str_eq(files.items[0].path, "a/big");
	ck_assert_str_eq(files.items[1].path, "z");
	ck_assert_uint_eq(files.items[1].size, 6000);
}
END_TEST

START_TEST(which_holds_a_path)
{
	static char paths[][4] = { "a", "a-b", "b/c" };
	struct tracked_item items[] = { { .path = paths[0] }, { .path = paths[1] },
		{ .path = paths[2] } };
	struct tracked tracked = { items, 3 };
	const char *below = NULL;
	ck_assert_ptr_eq(tracked_find(&tracked, "a", &below), &items[0]);
	ck_assert_str_eq(below, "");
	ck_assert_ptr_eq(tracked_find(&tracked, "a/x/y", &below), &items[0]);
	ck_assert_str_eq(below, "x/y");
	ck_assert_ptr_eq(tracked_find(&tracked, "b/c/d", &below), &items[2]);
	ck_assert_ptr_eq(tracked_find(&tracked, "a-b", NULL), &items[1]);
	ck_assert_ptr_null(tracked_find(&tracked, "b", &below));
	ck_assert_ptr_null(tracked_find(&tracked, "b/cc", &below));
	ck_assert_ptr_null(tracked_find(&tracked, "ab", &below));
}
END_TEST

static void git(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

START_TEST(pointers_of_a_revision)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(repository_close) struct repository *repository = NULL;
	AUTO(tracked_release) struct tracked old = { .items = NULL };
	AUTO(tracked_release) struct tracked now = { .items = NULL };
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("HOME", "/nonexistent", 1);
	if (system("git init -q . > /dev/null 2>&1") != 0) {
		puts("# skipped: no git here");
		return;
	}
	ck_assert_int_eq(directory_make("sub", &err), 0);
	AUTO(workspace_release) struct workspace workspace = make_workspace("sub");
	track("outside");
	track("sub/a");
	track("sub/d/b");
	git("git add . && git -c user.name=A -c user.email=a@b commit -qm one");
	git("rm sub/a.mlops");
	track("sub/c");
	git("git add -A . && git -c user.name=A -c user.email=a@b commit -qm two");
	ck_assert_int_eq(repository_open(".", &repository, &err), 0);
	ck_assert_msg(tracked_at_revision(&workspace, repository, "HEAD~1", &old, &err) == 0, "%s",
		err.message);
	expect(&old, "a d/b");
	ck_assert_int_eq(tracked_at_revision(&workspace, repository, "HEAD", &now, &err), 0);
	expect(&now, "c d/b");
	struct tracked none;
	ck_assert_int_eq(
		tracked_at_revision(&workspace, repository, "nope", &none, &err), -ERROR_NOT_FOUND);
	/* A pointer that was renamed by hand. */
	git("git mv sub/c.mlops sub/e.mlops && git -c user.name=A -c user.email=a@b commit -qm x");
	ck_assert_int_eq(
		tracked_at_revision(&workspace, repository, "HEAD", &none, &err), -ERROR_INVALID);
}
END_TEST

UNIT_MAIN("versioning/tracked", pointers_on_disk, large_files, which_holds_a_path,
	pointers_of_a_revision)
