#include "unit.h"

#include <sys/stat.h>

#include "mlops/system/folder.h"
#include "workfolder.h"

static struct error err;

static const struct folder_entry *find(const struct folder_entries *entries, const char *name)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (strcmp(entries->items[i].name, name) == 0)
			return &entries->items[i];
	}
	return NULL;
}

START_TEST(what_a_folder_holds)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(folder_entries_release) struct folder_entries entries = FOLDER_ENTRIES_INIT;
	ck_assert_int_eq(directory_make("d/e", &err), 0);
	workfolder_write("d/a", "abc");
	ck_assert_int_eq(symlink("/etc", "d/l"), 0);
	ck_assert_int_eq(mkfifo("d/p", 0600), 0);
	AUTO_CLOSE int root = folder_open_root(".", &err);
	ck_assert_int_ge(root, 0);
	for (int facts = 0; facts < 2; facts++) {
		AUTO_CLOSE int fd = folder_open_below(root, "d", &err);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(folder_read(fd, "d", facts, &entries, &err), 0);
		ck_assert_uint_eq(entries.count, 4);
		ck_assert_int_eq(find(&entries, "a")->facts.kind, FILE_REGULAR);
		ck_assert_int_eq(find(&entries, "e")->facts.kind, FILE_FOLDER);
		ck_assert_int_eq(find(&entries, "l")->facts.kind, FILE_LINK);
		ck_assert_int_eq(find(&entries, "p")->facts.kind, FILE_OTHER);
	}
	ck_assert_uint_eq(find(&entries, "a")->facts.size, 3);
	AUTO_CLOSE int again = folder_open_below(root, "", &err);
	ck_assert_int_eq(folder_read(again, ".", true, &entries, &err), 0);
	ck_assert_uint_eq(entries.count, 1);
}
END_TEST

START_TEST(no_link_is_followed)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	ck_assert_int_eq(directory_make("d/e/f", &err), 0);
	workfolder_write("d/a", "");
	ck_assert_int_eq(symlink("d", "l"), 0);
	ck_assert_int_eq(symlink("a", "d/b"), 0);
	AUTO_CLOSE int root = folder_open_root(".", &err);
	AUTO_CLOSE int deep = folder_open_below(root, "d/e/f", &err);
	ck_assert_int_ge(deep, 0);
	ck_assert_int_lt(folder_open_below(root, "l", &err), 0);
	ck_assert_int_lt(folder_open_below(root, "l/e", &err), 0);
	ck_assert_int_lt(folder_open_below(root, "..", &err), 0);
	ck_assert_int_lt(folder_open_below(root, "/", &err), 0);
	ck_assert_int_eq(folder_open_below(root, "d/none", &err), -ERROR_NOT_FOUND);
	AUTO_CLOSE int d = folder_open_below(root, "d", &err);
	AUTO_CLOSE int a = folder_open_file(d, "a");
	ck_assert_int_ge(a, 0);
	ck_assert_int_lt(folder_open_file(d, "b"), 0);
}
END_TEST

/* More than one step of reading, and the storage used again. */
START_TEST(large_folders)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(folder_entries_release) struct folder_entries entries = FOLDER_ENTRIES_INIT;
	enum { MANY = 5000 };
	char name[64];
	static int seen[MANY];
	ck_assert_int_eq(directory_make("d", &err), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "d/a-name-that-is-rather-long-%d", i);
		workfolder_write(name, "");
	}
	AUTO_CLOSE int fd = folder_open_root("d", &err);
	ck_assert_int_eq(folder_read(fd, "d", true, &entries, &err), 0);
	ck_assert_uint_eq(entries.count, MANY);
	for (size_t i = 0; i < entries.count; i++)
		seen[atoi(strrchr(entries.items[i].name, '-') + 1)]++;
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(seen[i], 1);
}
END_TEST

UNIT_MAIN("system/folder", what_a_folder_holds, no_link_is_followed, large_folders)
