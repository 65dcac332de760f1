#include "unit.h"

#include <sys/stat.h>
#include <time.h>

#include "mlops/base/vec.h"
#include "mlops/versioning/stat_cache.h"
#include "workfolder.h"

static struct error err;

static struct workspace make_workspace(void)
{
	struct workspace workspace;
	setenv("MLOPS_FSYNC", "0", 1);
	ck_assert_msg(workspace_create(".", &workspace, NULL, &err) == 0, "%s", err.message);
	return workspace;
}

static struct stat_entry entry(const char *path, uint64_t inode)
{
	struct stat_entry made = { .path = path,
		.facts = { .kind = FILE_REGULAR,
			.mode = 0644,
			.size = 10 + inode,
			.modified = 1000,
			.changed = 2000,
			.inode = inode } };
	hash_bytes(path, strlen(path), &made.hash);
	return made;
}

enum { SINCE = 1000000000 };

static void save(const struct workspace *workspace, const struct stat_entry *entries, size_t count)
{
	struct hash whole;
	hash_bytes("whole", 5, &whole);
	ck_assert_msg(
		stat_cache_save(workspace, "data/x", &whole, SINCE, entries, count, &err) == 0,
		"%s", err.message);
}

START_TEST(what_was_saved_is_found)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	AUTO(stat_cache_free) struct stat_cache *cache = NULL;
	AUTO(stat_cache_free) struct stat_cache *other = NULL;
	/* Folders of which one begins as the other, in no order. */
	struct stat_entry entries[] = { entry("b", 1), entry("a/z", 2), entry("a-b/c", 3),
		entry("a/b/c", 4), entry("a/y", 5), entry("a", 6), entry("a/b!/c", 7) };
	size_t count = sizeof entries / sizeof *entries;
	struct hash whole, expected;
	save(&workspace, entries, count);
	ck_assert_int_eq(stat_cache_load(&workspace, "data/x", &cache, &err), 0);
	ck_assert_uint_eq(stat_cache_count(cache), count);
	ck_assert_uint_eq(stat_cache_folders(cache), 5);
	hash_bytes("whole", 5, &expected);
	ck_assert(stat_cache_whole(cache, &whole) && hash_equal(&whole, &expected));
	for (size_t i = 0; i < count; i++) {
		const struct hash *hash =
			stat_cache_clean(cache, entries[i].path, &entries[i].facts);
		ck_assert_ptr_nonnull(hash);
		ck_assert(hash_equal(hash, &entries[i].hash));
		ck_assert_ptr_eq(stat_cache_known(cache, entries[i].path), hash);
	}
	ck_assert_ptr_null(stat_cache_known(cache, "a/b"));
	ck_assert_ptr_null(stat_cache_known(cache, ""));
	ck_assert_ptr_null(stat_cache_known(cache, "a/zz"));
	struct stat_cache_folder folder;
	ck_assert(stat_cache_folder(cache, TEXT("a"), &folder));
	ck_assert_uint_eq(folder.count, 2);
	ck_assert_uint_eq(stat_cache_find(cache, &folder, "y"), folder.first);
	ck_assert_uint_eq(stat_cache_find(cache, &folder, "c"), SIZE_MAX);
	/* Another path's cache is another file. */
	ck_assert_int_eq(stat_cache_load(&workspace, "data/y", &other, &err), 0);
	ck_assert_uint_eq(stat_cache_count(other), 0);
	ck_assert(!stat_cache_whole(other, &whole));
	ck_assert_int_eq(stat_cache_remove(&workspace, "data/x", &err), 0);
	ck_assert_int_eq(stat_cache_remove(&workspace, "data/x", &err), 0);
}
END_TEST

static int collect(void *context, const struct stat_entry *seen, struct error *error)
{
	strbuf_printf(context, "%s:%llu ", seen->path, (unsigned long long)seen->facts.inode);
	(void)error;
	return 0;
}

START_TEST(all_in_order)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	AUTO(stat_cache_free) struct stat_cache *cache = NULL;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct stat_entry entries[] = { entry("b", 1), entry("d/z", 2), entry("d/a", 3) };
	save(&workspace, entries, 3);
	ck_assert_int_eq(stat_cache_load(&workspace, "data/x", &cache, &err), 0);
	ck_assert_int_eq(stat_cache_each(cache, collect, &text, &err), 0);
	ck_assert_str_eq(text.text, "b:1 d/a:3 d/z:2 ");
	/* A tracked file. */
	AUTO(stat_cache_free) struct stat_cache *single = NULL;
	struct stat_entry file = entry("", 9);
	save(&workspace, &file, 1);
	ck_assert_int_eq(stat_cache_load(&workspace, "data/x", &single, &err), 0);
	ck_assert_ptr_nonnull(stat_cache_clean(single, "", &file.facts));
	/* The first one is still what it was: files are replaced, never changed. */
	ck_assert_uint_eq(stat_cache_count(cache), 3);
}
END_TEST

START_TEST(any_other_fact_is_not_clean)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	AUTO(stat_cache_free) struct stat_cache *cache = NULL;
	struct stat_entry one[] = { entry("a", 1), entry("b", 2), entry("c", 3), entry("d", 4) };
	one[1].facts.modified = SINCE - STAT_CACHE_RACY - 1;
	one[2].facts.modified = SINCE - STAT_CACHE_RACY;
	one[3].facts.changed = SINCE + 5;
	save(&workspace, one, 4);
	ck_assert_int_eq(stat_cache_load(&workspace, "data/x", &cache, &err), 0);
	for (int i = 0; i < 6; i++) {
		struct file_facts facts = one[0].facts;
		facts.size += i == 0;
		facts.mode += i == 1;
		facts.modified += i == 2;
		facts.changed += i == 3;
		facts.inode += i == 4;
		facts.kind = i == 5 ? FILE_LINK : facts.kind;
		ck_assert_ptr_null(stat_cache_clean(cache, "a", &facts));
		ck_assert_ptr_nonnull(stat_cache_known(cache, "a"));
	}
	/* The racy rule. */
	ck_assert_ptr_nonnull(stat_cache_clean(cache, "b", &one[1].facts));
	ck_assert_ptr_null(stat_cache_clean(cache, "c", &one[2].facts));
	ck_assert_ptr_null(stat_cache_clean(cache, "d", &one[3].facts));
}
END_TEST

/* Any byte, and any length: an empty cache, never a wrong one. */
START_TEST(a_damaged_one_is_empty)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct stat_entry entries[] = { entry("b", 1), entry("a/z", 2) };
	save(&workspace, entries, 2);
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	ck_assert_int_eq(directory_list(".mlops/cache", &names, &err), 0);
	ck_assert_uint_eq(names.count, 1);
	char path[64];
	snprintf(path, sizeof path, ".mlops/cache/%s", names.names[0]);
	ck_assert_int_eq(file_read(path, 0, &bytes, &err), 0);
	for (size_t i = 0; i <= 2 * bytes.length; i++) {
		AUTO(stat_cache_free) struct stat_cache *cache = NULL;
		FILE *file = fopen(path, "w");
		if (i < bytes.length)
			bytes.text[i] ^= 0x10;
		size_t length = i < bytes.length ? bytes.length : i - bytes.length;
		ck_assert_uint_eq(fwrite(bytes.text, 1, length, file), length);
		fclose(file);
		if (i < bytes.length)
			bytes.text[i] ^= 0x10;
		ck_assert_int_eq(stat_cache_load(&workspace, "data/x", &cache, &err), 0);
		ck_assert_uint_eq(stat_cache_count(cache),
			length == bytes.length && i >= bytes.length ? 2 : 0);
	}
}
END_TEST

START_TEST(the_clock_is_that_of_files)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = make_workspace();
	struct file_facts before, after;
	int64_t now;
	workfolder_write("a", "");
	ck_assert_int_eq(stat_cache_clock(&workspace, &now, &err), 0);
	workfolder_write("b", "");
	ck_assert_int_eq(file_facts("a", &before, &err), 0);
	ck_assert_int_eq(file_facts("b", &after, &err), 0);
	ck_assert_int_le(before.modified, now);
	ck_assert_int_le(now, after.modified);
	workfolder_assert_names(".mlops/tmp", "");
}
END_TEST

UNIT_MAIN("versioning/stat_cache", what_was_saved_is_found, all_in_order,
	any_other_fact_is_not_clean, a_damaged_one_is_empty, the_clock_is_that_of_files)
