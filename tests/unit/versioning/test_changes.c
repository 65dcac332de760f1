#include "unit.h"

#include <sys/stat.h>
#include <time.h>

#include "mlops/base/vec.h"
#include "mlops/versioning/changes.h"
#include "mlops/versioning/stat_cache.h"
#include "workfolder.h"

static struct error err;
static struct workspace workspace;
static struct object_store *store;

static void start(void)
{
	setenv("MLOPS_FSYNC", "0", 1);
	ck_assert_msg(workspace_create(".", &workspace, NULL, &err) == 0, "%s", err.message);
	ck_assert_int_eq(object_store_open(&workspace, &store, &err), 0);
}

static void stop(void)
{
	object_store_close(store);
	workspace_release(&workspace);
}

/* Files that are old enough not to be racy. */
static void write_old(const char *path, const char *text)
{
	struct timespec times[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 } };
	workfolder_write(path, text);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A pointer of a folder with these files ("path=content", NULL at the end); objects are put. */
static struct pointer folder_pointer(const char *const *files)
{
	VEC(struct tree_entry) entries = VEC_INIT;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct pointer pointer = { .kind = POINTER_FOLDER, .path = memory_copy_string("d", &err) };
	for (; *files; files++) {
		const char *content = strchr(*files, '=') + 1;
		struct tree_entry entry = { .size = strlen(content) };
		entry.path = memory_format(&err, "%.*s", (int)(content - *files - 1), *files);
		ck_assert_int_eq(
			object_put_bytes(store, content, entry.size, &entry.hash, &err), 0);
		vec_push(&entries, entry);
		pointer.size += entry.size;
	}
	ck_assert_int_eq(tree_sort(entries.items, entries.count, &err), 0);
	ck_assert_int_eq(tree_format(entries.items, entries.count, &text, &err), 0);
	ck_assert_int_eq(object_put_bytes(store, text.text, text.length, &pointer.hash, &err), 0);
	pointer.n_files = entries.count;
	for (size_t i = 0; i < entries.count; i++)
		memory_free((void *)(uintptr_t)entries.items[i].path);
	vec_release(&entries);
	return pointer;
}

/* "modified a, added b", and how many bytes were read. */
static void expect(const struct pointer *pointer, struct object_store *with, const char *expected,
	uint64_t bytes_read)
{
	AUTO(changes_release) struct changes changes = { .items = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	ck_assert_msg(
		changes_in_workspace(&workspace, with, "d", pointer, NULL, &changes, &err) == 0,
		"%s", err.message);
	if (changes.missing)
		strbuf_add(&text, "missing");
	for (size_t i = 0; i < changes.count; i++)
		strbuf_printf(&text, "%s%s %s", i ? ", " : "",
			change_kind_name(changes.items[i].kind), changes.items[i].path);
	ck_assert_str_eq(text.text, expected);
	ck_assert_uint_eq(changes.bytes_read, bytes_read);
}

START_TEST(folders)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	static const char *const files[] = { "a=1", "b/c=22", "b/d=333", "e/f=4444", NULL };
	AUTO(pointer_release) struct pointer pointer = folder_pointer(files);
	expect(&pointer, store, "missing", 0);
	ck_assert_int_eq(directory_make("d/b", &err), 0);
	ck_assert_int_eq(directory_make("d/e", &err), 0);
	write_old("d/a", "1");
	write_old("d/b/c", "22");
	write_old("d/b/d", "333");
	write_old("d/e/f", "4444");
	/* Times of inodes cannot be set back: what was just written is read again until it is old. */
	nanosleep(&(struct timespec){ .tv_nsec = 2 * STAT_CACHE_RACY }, NULL);
	expect(&pointer, store, "", 10);
	/* Nothing is read twice, nor is the store asked. */
	expect(&pointer, NULL, "", 0);
	expect(&pointer, NULL, "", 0);
	/* Another size needs no reading, the same size does. */
	write_old("d/b/c", "xxxxx");
	expect(&pointer, NULL, "modified b/c", 0);
	write_old("d/b/c", "xx");
	expect(&pointer, NULL, "modified b/c", 2);
	write_old("d/b/new", "n");
	write_old("d/new", "n");
	ck_assert_int_eq(directory_remove_tree("d/e", &err), 0);
	expect(&pointer, NULL, "modified b/c, added b/new, removed e/f, added new", 2);
	ck_assert_int_eq(unlink("d/b/c"), 0);
	ck_assert_int_eq(symlink("22", "d/b/c"), 0);
	expect(&pointer, NULL, "modified b/c, added b/new, removed e/f, added new", 0);
	ck_assert_int_eq(unlink("d/b/c"), 0);
	write_old("d/b/c", "22");
	ck_assert_int_eq(chmod("d/b/c", 0755), 0);
	expect(&pointer, NULL, "modified b/c, added b/new, removed e/f, added new", 2);
	/* The same content again, and what is not data. */
	ck_assert_int_eq(chmod("d/b/c", 0600), 0);
	ck_assert_int_eq(unlink("d/b/new"), 0);
	workfolder_write("d/.mlopsignore", "new\n.mlopsignore\n");
	ck_assert_int_eq(directory_make("d/e", &err), 0);
	write_old("d/e/f", "4444");
	nanosleep(&(struct timespec){ .tv_nsec = 2 * STAT_CACHE_RACY }, NULL);
	expect(&pointer, NULL, "", 6);
	expect(&pointer, NULL, "", 0);
	stop();
}
END_TEST

START_TEST(another_version)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	static const char *const old_files[] = { "a=1", "b/c=22", "b/d=333", NULL };
	static const char *const new_files[] = { "a=1", "b/c=xx", "b/e=4", NULL };
	AUTO(pointer_release) struct pointer old = folder_pointer(old_files);
	AUTO(pointer_release) struct pointer new = folder_pointer(new_files);
	ck_assert_int_eq(directory_make("d/b", &err), 0);
	write_old("d/a", "1");
	write_old("d/b/c", "22");
	write_old("d/b/d", "333");
	nanosleep(&(struct timespec){ .tv_nsec = 2 * STAT_CACHE_RACY }, NULL);
	expect(&old, store, "", 6);
	/* The pointer has changed, the files have not: nothing is read, but the listing is needed. */
	struct changes none;
	ck_assert_int_eq(changes_in_workspace(&workspace, NULL, "d", &new, NULL, &none, &err),
		-ERROR_NOT_FOUND);
	expect(&new, store, "modified b/c, added b/d, removed b/e", 0);
	expect(&new, NULL, "modified b/c, added b/d, removed b/e", 2);
	stop();
}
END_TEST

START_TEST(single_files)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	AUTO(pointer_release)
	struct pointer pointer = {
		.path = memory_copy_string("d", &err), .size = 3, .n_files = 1, .mode = 0644
	};
	hash_bytes("abc", 3, &pointer.hash);
	expect(&pointer, NULL, "missing", 0);
	write_old("d", "abc");
	nanosleep(&(struct timespec){ .tv_nsec = 2 * STAT_CACHE_RACY }, NULL);
	expect(&pointer, NULL, "", 3);
	expect(&pointer, NULL, "", 0);
	ck_assert_int_eq(chmod("d", 0755), 0);
	expect(&pointer, NULL, "modified ", 3);
	/* The pointer agrees with the mode now, and still nothing but the mode had changed. */
	pointer.mode = 0755;
	nanosleep(&(struct timespec){ .tv_nsec = 2 * STAT_CACHE_RACY }, NULL);
	expect(&pointer, NULL, "", 3);
	expect(&pointer, NULL, "", 0);
	pointer.mode = 0644;
	expect(&pointer, NULL, "modified ", 0);
	pointer.mode = 0755;
	write_old("d", "abd");
	ck_assert_int_eq(chmod("d", 0755), 0);
	expect(&pointer, NULL, "modified ", 3);
	ck_assert_int_eq(unlink("d"), 0);
	ck_assert_int_eq(symlink("/etc/passwd", "d"), 0);
	expect(&pointer, NULL, "modified ", 0);
	ck_assert_int_eq(unlink("d"), 0);
	ck_assert_int_eq(directory_make("d", &err), 0);
	expect(&pointer, NULL, "modified ", 0);
	stop();
}
END_TEST

/* A file that changed in the same tick as it was read in looks clean, and must not be taken so. */
START_TEST(racy_files_are_read)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	AUTO(pointer_release)
	struct pointer pointer = {
		.path = memory_copy_string("d", &err), .size = 3, .n_files = 1, .mode = 0644
	};
	hash_bytes("abc", 3, &pointer.hash);
	for (int i = 0; i < 300; i++) {
		workfolder_write("d", "abc");
		expect(&pointer, NULL, "", 3);
		/* In place: inode and size stay; and so do the times if it is quick enough. */
		FILE *file = fopen("d", "r+");
		fputs("abX", file);
		fclose(file);
		expect(&pointer, NULL, "modified ", 3);
		ck_assert_int_eq(unlink("d"), 0);
	}
	stop();
}
END_TEST

UNIT_MAIN("versioning/changes", folders, another_version, single_files, racy_files_are_read)
