#include "unit.h"

#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include "mlops/base/path.h"
#include "mlops/versioning/add.h"
#include "mlops/versioning/changes.h"
#include "mlops/versioning/gitignore.h"
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

static void wait_for_old(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2 * STAT_CACHE_RACY }, NULL);
}

/* "state added changed removed read" */
static void add(const char *path, const char *expected)
{
	AUTO(add_results_release) struct add_results results = { .items = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct add_options options = { .command = "test" };
	ck_assert_msg(add_data(&workspace, store, &path, 1, &options, &results, &err) == 0, "%s",
		err.message);
	const struct add_result *result = &results.items[0];
	strbuf_printf(&text, "%s %zu %zu %zu %llu", add_state_name(result->state), result->n_added,
		result->n_changed, result->n_removed, (unsigned long long)result->bytes_read);
	ck_assert_str_eq(text.text, expected);
}

static void resolve(const char *folder, const char *name, int status, const char *expected)
{
	AUTO(add_paths_release) struct add_paths paths = { .items = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *full = path_join(workspace.root, folder, &err);
	int result = add_resolve(&workspace, full, &name, 1, &paths, &err);
	ck_assert_msg(result == status, "%s: %d %s", name, result, err.message);
	for (size_t i = 0; i < paths.count; i++)
		strbuf_printf(&text, "%s%s", i ? " " : "", paths.items[i]);
	ck_assert_str_eq(text.text, expected);
}

START_TEST(names_as_typed)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	ck_assert_int_eq(directory_make("a/b", &err), 0);
	workfolder_write("a/x.csv", "");
	workfolder_write("a/x.csv.mlops", "");
	workfolder_write("a/b/y.csv", "");
	workfolder_write("a/.h.csv", "");
	workfolder_write("a/[q]", "");
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_int_eq(symlink("/etc", "out"), 0);
	resolve("", "a", 0, "a");
	resolve("", "a//", 0, "a");
	resolve("", "./a/../a/b/", 0, "a/b");
	resolve("a/b", "../x.csv", 0, "a/x.csv");
	resolve("a/b", ".", 0, "a/b");
	resolve("a/b", "..", 0, "a");
	resolve("", "link/x.csv", 0, "a/x.csv");
	resolve("", "link", 0, "link");
	resolve("", "link/", 0, "link");
	resolve("", "a/[q]", 0, "a/[q]");
	resolve("", "a/*.csv", 0, "a/x.csv");
	resolve("", "a/.*.csv", 0, "a/.h.csv");
	resolve("a", "**/*.csv", 0, "a/b/y.csv a/x.csv");
	resolve("", "**/y*", 0, "a/b/y.csv");
	resolve("a", "?/y.csv", 0, "a/b/y.csv");
	resolve("", "a/*.none", -ERROR_NOT_FOUND, "");
	resolve("", "none/*.csv", -ERROR_NOT_FOUND, "");
	resolve("", "none", -ERROR_NOT_FOUND, "");
	resolve("", ".", -ERROR_USAGE, "");
	resolve("a", "../..", -ERROR_USAGE, "");
	resolve("", "../*", -ERROR_USAGE, "");
	resolve("", "out/passwd", -ERROR_USAGE, "");
	resolve("", ".mlops", -ERROR_USAGE, "");
	resolve("", "", -ERROR_USAGE, "");
	resolve("", "a/x.csv.mlops", -ERROR_USAGE, "");
	AUTO(add_paths_release) struct add_paths paths = { .items = NULL };
	const char *const many[] = { "a/b/y.csv", "a-b", "a", "a/b", "a" };
	workfolder_write("a-b", "");
	ck_assert_int_eq(add_resolve(&workspace, workspace.root, many, 5, &paths, &err), 0);
	ck_assert_uint_eq(paths.count, 2);
	ck_assert_str_eq(paths.items[0], "a");
	ck_assert_str_eq(paths.items[1], "a-b");
	stop();
}
END_TEST

START_TEST(only_what_changed_is_read)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	ck_assert_int_eq(directory_make("d/e", &err), 0);
	workfolder_write("d/a", "1");
	workfolder_write("d/b", "22");
	workfolder_write("d/e/c", "333");
	wait_for_old();
	add("d", "new 3 0 0 6");
	add("d", "unchanged 0 0 0 0");
	workfolder_write("d/b", "xx");
	workfolder_write("d/e/d", "4444");
	ck_assert_int_eq(unlink("d/a"), 0);
	wait_for_old();
	add("d", "changed 1 1 1 6");
	add("d", "unchanged 0 0 0 0");
	/* The same content again: read, and nothing has changed. */
	workfolder_write("d/b", "xx");
	wait_for_old();
	add("d", "unchanged 0 0 0 2");
	add("d", "unchanged 0 0 0 0");
	/* A folder and a file of one name, one after the other. */
	ck_assert_int_eq(directory_remove_tree("d/e", &err), 0);
	workfolder_write("d/e", "5");
	add("d", "changed 1 0 2 1");
	ck_assert_int_eq(directory_remove_tree("d", &err), 0);
	workfolder_write("d", "a file");
	add("d", "changed 1 0 2 6");
	stop();
}
END_TEST

/* What is looked at by status only is not in the store, and is put. */
START_TEST(what_was_only_looked_at_is_put)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	AUTO(pointer_release) struct pointer pointer = { .path = NULL };
	AUTO(changes_release) struct changes changes = { .items = NULL };
	ck_assert_int_eq(directory_make("d", &err), 0);
	workfolder_write("d/a", "1");
	workfolder_write("d/b", "22");
	wait_for_old();
	add("d", "new 2 0 0 3");
	ck_assert_int_eq(pointer_load("d", &pointer, &err), 0);
	/* Another store that has the listing, but not the files. */
	AUTO(strbuf_release) struct strbuf tree = STRBUF_INIT;
	struct hash hash;
	ck_assert_int_eq(object_get_bytes(store, &pointer.hash, 0, &tree, &err), 0);
	stop();
	ck_assert_int_eq(directory_remove_tree(".mlops", &err), 0);
	start();
	ck_assert_int_eq(object_put_bytes(store, tree.text, tree.length, &hash, &err), 0);
	ck_assert(hash_equal(&hash, &pointer.hash));
	ck_assert_int_eq(
		changes_in_workspace(&workspace, store, "d", &pointer, NULL, &changes, &err), 0);
	ck_assert_uint_eq(changes.count, 0);
	hash_bytes("22", 2, &hash);
	ck_assert(!object_exists(store, &hash));
	add("d", "unchanged 0 0 0 3");
	ck_assert(object_exists(store, &hash));
	add("d", "unchanged 0 0 0 0");
	stop();
}
END_TEST

/* All that is in a tracked folder comes back from its objects. */
START_TEST(what_the_store_has_is_what_was_there)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	AUTO(pointer_release) struct pointer pointer = { .path = NULL };
	AUTO(tree_release) struct tree tree = { .entries = NULL };
	AUTO(strbuf_release) struct strbuf big = STRBUF_INIT;
	char path[64], expected[64];
	size_t size = 0;
	ck_assert_int_eq(directory_make("d/deep/er", &err), 0);
	for (int i = 0; i < 700; i++) {
		snprintf(path, sizeof path, "d/%sfile%d", i % 3 ? "deep/er/" : "", i);
		workfolder_write(path, path);
		size += strlen(path);
	}
	for (unsigned i = 0; i < 3000000; i++)
		strbuf_add_char(&big, (char)('a' + i * i % 26));
	workfolder_write("d/big", big.text);
	workfolder_write("d/deep/medium", big.text + 2500000);
	ck_assert_int_eq(chmod("d/big", 0700), 0);
	ck_assert_int_eq(symlink("deep/er", "d/link"), 0);
	size += 3000000 + 500000 + strlen("deep/er");
	snprintf(expected, sizeof expected, "new 703 0 0 %zu", size);
	add("d", expected);
	ck_assert_int_eq(pointer_load("d", &pointer, &err), 0);
	ck_assert_int_eq(tree_load(store, &pointer.hash, &tree, &err), 0);
	ck_assert_uint_eq(tree.count, 703);
	ck_assert_uint_eq(tree.size, pointer.size);
	ck_assert_int_eq(tree_find(&tree, "big")->kind, TREE_EXECUTABLE);
	ck_assert_int_eq(tree_find(&tree, "link")->kind, TREE_LINK);
	for (size_t i = 0; i < tree.count; i++) {
		AUTO(strbuf_release) struct strbuf stored = STRBUF_INIT;
		AUTO(strbuf_release) struct strbuf real = STRBUF_INIT;
		snprintf(path, sizeof path, "d/%s", tree.entries[i].path);
		ck_assert_int_eq(
			object_get_bytes(store, &tree.entries[i].hash, 0, &stored, &err), 0);
		if (tree.entries[i].kind == TREE_LINK)
			strbuf_add(&real, "deep/er");
		else
			ck_assert_int_eq(file_read(path, 0, &real, &err), 0);
		ck_assert_uint_eq(stored.length, real.length);
		ck_assert(memcmp(stored.text, real.text, real.length) == 0);
	}
	stop();
}
END_TEST

static void *append_all_the_time(void *pointer)
{
	volatile bool *stopped = pointer;
	while (!*stopped) {
		FILE *file = fopen("d/busy", "a");
		fputs("more and more\n", file);
		fclose(file);
	}
	return NULL;
}

/* A file that changes whenever one looks: no pointer, or one that names what was there. */
START_TEST(files_that_change_meanwhile)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	volatile bool stopped = false;
	pthread_t thread;
	const char *path = "d";
	struct add_options options = { .command = "test" };
	ck_assert_int_eq(directory_make("d", &err), 0);
	workfolder_write("d/busy", "");
	ck_assert_int_eq(pthread_create(&thread, NULL, append_all_the_time, (void *)&stopped), 0);
	for (int i = 0; i < 20; i++) {
		AUTO(add_results_release) struct add_results results = { .items = NULL };
		AUTO(tree_release) struct tree tree = { .entries = NULL };
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		int status = add_data(&workspace, store, &path, 1, &options, &results, &err);
		if (status < 0) {
			ck_assert_int_eq(status, -ERROR_INVALID);
			ck_assert_str_eq(err.message, "'d/busy' changed while it was read");
			continue;
		}
		ck_assert_int_eq(tree_load(store, &results.items[0].hash, &tree, &err), 0);
		ck_assert_int_eq(object_get_bytes(store, &tree.entries[0].hash, 0, &text, &err), 0);
		ck_assert_uint_eq(text.length, tree.entries[0].size);
	}
	stopped = true;
	pthread_join(thread, NULL);
	stop();
}
END_TEST

START_TEST(lines_of_gitignore)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	start();
	AUTO_FREE char *first = NULL, *second = NULL, *third = NULL, *fourth = NULL;
	ck_assert(!gitignore_is_in_git(&workspace));
	ck_assert_int_eq(directory_make(".git", &err), 0);
	ck_assert(gitignore_is_in_git(&workspace));
	ck_assert_int_eq(directory_make("d", &err), 0);
	ck_assert_int_eq(gitignore_add(&workspace, "d/a b*[x] ", "test", NULL, &first, &err), 0);
	ck_assert_str_eq(first, "d/.gitignore");
	workfolder_assert("d/.gitignore", "/a b\\*\\[x]\\ \n");
	ck_assert_int_eq(gitignore_add(&workspace, "d/a b*[x] ", "test", NULL, &second, &err), 0);
	ck_assert_ptr_null(second);
	workfolder_write("d/.gitignore", "/z\n*.csv");
	ck_assert_int_eq(gitignore_add(&workspace, "d/y.csv", "test", NULL, &third, &err), 0);
	ck_assert_ptr_null(third);
	ck_assert_int_eq(gitignore_add(&workspace, "d/y", "test", NULL, &fourth, &err), 0);
	workfolder_assert("d/.gitignore", "/z\n*.csv\n/y\n");
	ck_assert_int_eq(gitignore_check_pointer(&workspace, "d/y", &err), 0);
	workfolder_write(".gitignore", "\n/d/\n");
	ck_assert_int_eq(gitignore_check_pointer(&workspace, "d/y", &err), -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "line 2 in .gitignore"));
	workfolder_write(".gitignore", "*.mlops\n");
	ck_assert_int_eq(gitignore_check_pointer(&workspace, "d/y", &err), -ERROR_INVALID);
	stop();
}
END_TEST

UNIT_MAIN("versioning/add", names_as_typed, only_what_changed_is_read,
	what_was_only_looked_at_is_put, what_the_store_has_is_what_was_there,
	files_that_change_meanwhile, lines_of_gitignore)
