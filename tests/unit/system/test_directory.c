#include "unit.h"

#include <sys/stat.h>

#include "workfolder.h"

static struct error err;

static int join(
	void *context, const char *relative, const struct file_facts *facts, struct error *error)
{
	struct strbuf *joined = context;
	if (strcmp(relative, "b/stop") == 0)
		return error_set(error, ERROR_INVALID, "stopped");
	strbuf_add(joined, relative);
	strbuf_printf(joined, "%c ", "fdlo"[facts->kind]);
	return strcmp(relative, "b/skip") == 0 ? DIRECTORY_SKIP : 0;
}

static void make_tree(void)
{
	ck_assert_int_eq(directory_make("t/b/skip/deep", &err), 0);
	ck_assert_int_eq(directory_make("t/b/skip/deep", &err), 0);
	ck_assert_int_eq(directory_make("t/B", &err), 0);
	workfolder_write("t/b/z", "1");
	workfolder_write("t/b/skip/x", "1");
	workfolder_write("t/b.txt", "1");
	workfolder_write("t/a10", "1");
	workfolder_write("t/a2", "1");
	ck_assert_int_eq(symlink("b", "t/link"), 0);
}

START_TEST(walks_are_sorted_and_do_not_follow_links)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf joined = STRBUF_INIT;
	make_tree();
	ck_assert_int_eq(directory_walk("t", join, &joined, &err), 0);
	ck_assert_str_eq(joined.text, "Bd a10f a2f bd b/skipd b/zf b.txtf linkl ");
	workfolder_write("t/b/stop", "");
	ck_assert_int_eq(directory_walk("t", join, &joined, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "stopped");
	ck_assert_int_eq(directory_walk("absent", join, &joined, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(directory_walk("t/a2", join, &joined, &err), -ERROR_NOT_FOUND);
	workfolder_assert_names("t", "B a10 a2 b b.txt link");
}
END_TEST

START_TEST(removing_stays_inside)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	make_tree();
	ck_assert_int_eq(directory_make("outside/kept", &err), 0);
	ck_assert_int_eq(symlink("../../outside", "t/b/out"), 0);
	ck_assert_msg(directory_remove_tree("t", &err) == 0, "%s", err.message);
	workfolder_assert_names(".", "outside");
	workfolder_assert_names("outside", "kept");
	ck_assert_int_eq(directory_remove_tree("t", &err), 0);
	ck_assert_int_eq(symlink("outside", "link"), 0);
	ck_assert_int_eq(directory_remove_tree("link", &err), 0);
	workfolder_assert_names(".", "outside");
	workfolder_write("file", "");
	ck_assert_int_eq(directory_remove_tree("file", &err), 0);
	workfolder_assert_names(".", "outside");
}
END_TEST

START_TEST(depth_is_bounded)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf joined = STRBUF_INIT;
	char name[3] = "d";
	for (int i = 0; i < DIRECTORY_DEPTH + 5; i++) {
		ck_assert_int_eq(mkdir(name, 0777), 0);
		ck_assert_int_eq(chdir(name), 0);
	}
	ck_assert_int_eq(chdir(work.path), 0);
	ck_assert_int_eq(directory_walk(".", join, &joined, &err), -ERROR_UNSUPPORTED);
	ck_assert_int_eq(directory_remove_tree("d", &err), -ERROR_UNSUPPORTED);
	/* For the end of the test: halve it. */
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	strbuf_add(&path, "d");
	for (int i = 1; i < 100; i++)
		strbuf_add(&path, "/d");
	ck_assert_int_eq(rename(path.text, "half"), 0);
}
END_TEST

START_TEST(making_says_what_is_in_the_way)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	workfolder_write("file", "");
	ck_assert_int_eq(directory_make("file", &err), -ERROR_IO);
	ck_assert_str_eq(err.message, "cannot make the folder 'file': File exists");
	ck_assert_int_eq(directory_make("file/x", &err), -ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "'file/x'"));
	ck_assert_int_eq(directory_make("", &err), -ERROR_IO);
	ck_assert_int_eq(directory_make("/", &err), 0);
	ck_assert_int_eq(directory_make("a//b/", &err), 0);
	workfolder_assert_names("a", "b");
}
END_TEST

START_TEST(places)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO_FREE char *here = directory_current(&err);
	AUTO_FREE char *real = directory_real_path(work.path, &err);
	ck_assert_str_eq(here, real);
	ck_assert_ptr_null(directory_real_path("absent", &err));
	ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
}
END_TEST

UNIT_MAIN("system/directory", walks_are_sorted_and_do_not_follow_links, removing_stays_inside,
	depth_is_bounded, making_says_what_is_in_the_way, places)
