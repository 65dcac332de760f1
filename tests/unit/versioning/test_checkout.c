#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checkout_world.h"

START_TEST(a_file_appears)
{
	struct world world;
	world_make(&world);
	struct pointer one = world_file(&world, "a.csv", "one\n");
	one.mode = 0640;
	world_expect(&world, "data/raw/a.csv", one, 1, 0, 0); /* with its folders */
	workfolder_assert("data/raw/a.csv", "one\n");
	struct file_facts facts;
	ck_assert_int_eq(file_facts("data/raw/a.csv", &facts, &world.err), 0);
	ck_assert_uint_eq(facts.mode, 0640);
	world_expect(&world, "data/raw/a.csv", one, 0, 0, 1);
	ck_assert_uint_eq(world.summary.bytes_read, 0); /* the stat cache knows it */
	world_expect(&world, "data/raw/a.csv", world_file(&world, "a.csv", "two\n"), 1, 0, 0);
	workfolder_assert("data/raw/a.csv", "two\n");
	world_expect(&world, "empty", world_file(&world, "empty", ""), 1, 0, 0);
	workfolder_assert("empty", "");
	workfolder_assert_names(".mlops/tmp", "");
	world_end(&world);
}
END_TEST

START_TEST(a_folder_appears_whole)
{
	struct world world;
	world_make(&world);
	struct pointer folder =
		world_folder(&world, "d", "a=1 b/c/d=2 run*=3 l@=b/c/d b/up@=../a a-b=4 empty=");
	world_expect(&world, "x/d", folder, 7, 0, 0);
	world_expect_names("x/d", "a a-b b/ b/c/ b/c/d b/up@ empty l@ run*");
	workfolder_assert("x/d/l", "2");
	workfolder_assert("x/d/b/up", "1");
	world_expect(&world, "x/d", folder, 0, 0, 7);
	ck_assert_uint_eq(world.summary.bytes_read, 0);
	workfolder_assert_names(".mlops/tmp", "");
	world_end(&world);
}
END_TEST

START_TEST(another_version_of_a_folder)
{
	struct world world;
	world_make(&world);
	struct pointer one = world_folder(&world, "d", "a=1 b/c/d=2 b/e=x gone/deep/f=3 run=5");
	struct pointer two = world_folder(&world, "d", "a=1 b/c/d=22 new/g=4 run*=5");
	world_expect(&world, "d", one, 5, 0, 0);
	workfolder_write("d/mine", "not tracked");
	struct file_facts before, after;
	ck_assert_int_eq(file_facts("d/a", &before, &world.err), 0);
	world_expect(&world, "d", two, 3, 2, 1);
	world_expect_names("d", "a b/ b/c/ b/c/d mine new/ new/g run*");
	workfolder_assert("d/b/c/d", "22");
	workfolder_assert("d/mine", "not tracked");
	ck_assert_int_eq(file_facts("d/a", &after, &world.err), 0);
	ck_assert_uint_eq(before.inode, after.inode); /* was not touched */
	world_expect(&world, "d", two, 0, 0, 4);
	ck_assert_uint_eq(world.summary.bytes_read, 0);
	world_expect(&world, "d", one, 4, 1, 1);
	world_expect_names("d", "a b/ b/c/ b/c/d b/e gone/ gone/deep/ gone/deep/f mine run");
	world_end(&world);
}
END_TEST

START_TEST(files_and_folders_change_places)
{
	struct world world;
	world_make(&world);
	struct pointer one = world_folder(&world, "d", "x/y=1 z=2 l@=z");
	struct pointer two = world_folder(&world, "d", "x=1 z/y=2 l=3");
	world_expect(&world, "d", one, 3, 0, 0);
	world_expect(&world, "d", two, 3, 2, 0);
	world_expect_names("d", "l x z/ z/y");
	workfolder_assert("d/l", "3");
	world_expect(&world, "d", one, 3, 2, 0);
	world_expect_names("d", "l@ x/ x/y z");
	/* A file that is not tracked keeps its folder. */
	workfolder_write("d/x/mine", "mine");
	ck_assert_int_eq(world_checkout(&world, "d", two), -ERROR_EXISTS);
	world.options.force = true;
	ck_assert_int_eq(world_checkout(&world, "d", two), -ERROR_EXISTS);
	world_expect_names("d", "l@ x/ x/mine x/y z");
	world_end(&world);
}
END_TEST

START_TEST(the_whole_path_changes_its_kind)
{
	struct world world;
	world_make(&world);
	struct pointer folder = world_folder(&world, "d", "x/y=1 z=2");
	struct pointer file = world_file(&world, "d", "now a file");
	world_expect(&world, "d", folder, 2, 0, 0);
	world_expect(&world, "d", file, 1, 2, 0);
	workfolder_assert("d", "now a file");
	world_expect(&world, "d", folder, 2, 0, 0);
	world_expect_names("d", "x/ x/y z");
	workfolder_write("d/mine", "mine");
	ck_assert_int_eq(world_checkout(&world, "d", file), -ERROR_EXISTS);
	workfolder_assert("d/mine", "mine");
	world_end(&world);
}
END_TEST

START_TEST(what_has_changed_is_refused)
{
	struct world world;
	world_make(&world);
	struct pointer one = world_folder(&world, "d", "a=1 b=2 c=3 e=5 f=6 g=7 h=8");
	struct pointer two = world_folder(&world, "d", "a=11 b=2 e=5");
	world_expect(&world, "d", one, 7, 0, 0);
	workfolder_write("d/b", "my edit");
	ck_assert_int_eq(world_checkout(&world, "d", one), -ERROR_EXISTS);
	ck_assert_ptr_nonnull(strstr(world.err.message, "'d/b' has changed"));
	ck_assert_ptr_nonnull(strstr(world.err.hint, "--force"));
	workfolder_assert("d/b", "my edit");
	/* Of the coming version or not, and nothing is done before all has been looked at. */
	workfolder_write("d/c", "my other edit");
	ck_assert_int_eq(world_checkout(&world, "d", two), -ERROR_EXISTS);
	ck_assert_uint_eq(world.summary.n_refused, 2);
	ck_assert_ptr_nonnull(strstr(world.err.message, "'d/b', 'd/c'"));
	workfolder_assert("d/a", "1");
	workfolder_assert("d/c", "my other edit");
	ck_assert(file_exists("d/f"));
	for (const char *name = "efgh"; *name; name++) {
		char path[] = "d/?";
		path[2] = *name;
		workfolder_write(path, "edited");
	}
	ck_assert_int_eq(world_checkout(&world, "d", two), -ERROR_EXISTS);
	ck_assert_ptr_nonnull(strstr(world.err.message, "and 1 more"));
	world.options.force = true;
	world_expect(&world, "d", two, 3, 4, 0);
	world_expect_names("d", "a b e");
	workfolder_assert("d/b", "2");
	world_end(&world);
}
END_TEST

START_TEST(what_is_in_the_store_may_go)
{
	struct world world;
	world_make(&world);
	struct pointer one = world_folder(&world, "d", "a=1 b=2");
	world_expect(&world, "d", one, 2, 0, 0);
	world_put(&world, "a version that was added");
	workfolder_write("d/a", "a version that was added");
	world_expect(&world, "d", one, 1, 0, 1);
	workfolder_assert("d/a", "1");
	/* Without the cache as well, though all has to be read. */
	ck_assert_int_eq(directory_remove_tree(".mlops/cache", &world.err), 0);
	world_expect(&world, "d", world_folder(&world, "d", "a=2 b=2"), 1, 0, 1);
	ck_assert_uint_gt(world.summary.bytes_read, 0);
	world_end(&world);
}
END_TEST

START_TEST(what_is_missing_in_the_store)
{
	struct world world;
	world_make(&world);
	struct pointer folder = world_folder(&world, "d", "a=1 b!=lost c!=lost2");
	ck_assert_int_eq(world_checkout(&world, "x/d", folder), -ERROR_NOT_FOUND);
	ck_assert_uint_eq(world.summary.n_missing, 2);
	ck_assert_ptr_nonnull(strstr(world.err.message, "2 of the 3 files"));
	ck_assert_ptr_nonnull(strstr(world.err.message, "'b'"));
	ck_assert_ptr_nonnull(strstr(world.err.hint, "mlops pull x/d"));
	struct pointer file = world_file(&world, "f", "x");
	hash_bytes("nowhere", 7, &file.hash);
	ck_assert_int_eq(world_checkout(&world, "x/f", file), -ERROR_NOT_FOUND);
	hash_bytes("no listing", 10, &folder.hash);
	ck_assert_int_eq(world_checkout(&world, "x/d", folder), -ERROR_NOT_FOUND);
	ck_assert(!file_exists("x"));
	world_end(&world);
}
END_TEST

START_TEST(a_dry_run_changes_nothing)
{
	struct world world;
	world_make(&world);
	struct pointer one = world_folder(&world, "d", "a=1 b=2 c=3");
	struct pointer two = world_folder(&world, "d", "a=11 b=2 e=5");
	world.options.dry_run = true;
	world_expect(&world, "d", one, 3, 0, 0);
	ck_assert(!file_exists("d"));
	world.options.dry_run = false;
	world_expect(&world, "d", one, 3, 0, 0);
	world.options.dry_run = true;
	world_expect(&world, "d", two, 2, 1, 1);
	world_expect_names("d", "a b c");
	workfolder_assert("d/a", "1");
	world_end(&world);
}
END_TEST

START_TEST(a_part_of_a_folder)
{
	struct world world;
	world_make(&world);
	struct pointer one = world_folder(&world, "d", "a=1 b/c=2 b/d=3 bc=4");
	struct pointer two = world_folder(&world, "d", "a=11 b/c=22 b/e=5 bc=44");
	world.options.only = "b";
	world_expect(&world, "d", one, 2, 0, 0);
	world_expect_names("d", "b/ b/c b/d");
	world.options.only = NULL;
	world_expect(&world, "d", one, 2, 0, 2);
	ck_assert_uint_eq(world.summary.bytes_read, 0);
	world.options.only = "b";
	world_expect(&world, "d", two, 2, 1, 0);
	world_expect_names("d", "a b/ b/c b/e bc");
	workfolder_assert("d/a", "1");
	workfolder_assert("d/bc", "4");
	world.options.only = "b/x";
	ck_assert_int_eq(world_checkout(&world, "d", two), -ERROR_NOT_FOUND);
	world.options.only = NULL;
	/* A part of another version is not in the cache: it is read, and must have settled by then. */
	struct timespec pause = { .tv_nsec = 2L * STAT_CACHE_RACY };
	nanosleep(&pause, NULL);
	world_expect(&world, "d", two, 2, 0, 2);
	/* One file that went away: the others stay known. */
	ck_assert_int_eq(unlink("d/b/c"), 0);
	world.options.only = "b/c";
	world_expect(&world, "d", two, 1, 0, 0);
	world.options.only = NULL;
	world_expect(&world, "d", two, 0, 0, 4);
	ck_assert_uint_eq(world.summary.bytes_read, 0);
	world_end(&world);
}
END_TEST

START_TEST(an_interrupted_one_is_completed)
{
	struct world world;
	world_make(&world);
	struct pointer one = world_folder(&world, "d", "a=1 b=2 c=3 gone=9");
	struct pointer two = world_folder(&world, "d", "a=11 b=22 c=33");
	world_expect(&world, "d", one, 4, 0, 0);
	/* As if it was killed with one file in place, and others aside. */
	workfolder_write("d/a", "11");
	ck_assert_int_eq(unlink("d/gone"), 0);
	char hash[HASH_TEXT_SIZE], stage[128];
	struct hash name;
	hash_bytes("d", 1, &name);
	hash_format(&name, hash);
	snprintf(stage, sizeof stage, ".mlops/tmp/checkout-%.16s", hash);
	ck_assert_int_eq(mkdir(stage, 0700), 0);
	strcat(stage, "/0");
	workfolder_write(stage, "half");
	world_expect(&world, "d", two, 2, 0, 1);
	workfolder_assert("d/c", "33");
	workfolder_assert_names(".mlops/tmp", "");
	world_end(&world);
}
END_TEST

START_TEST(many_files_by_many_threads)
{
	struct world world;
	world_make(&world);
	enum { FILES = 3000 };
	static struct tree_entry entries[FILES];
	static char paths[FILES][32];
	AUTO(strbuf_release) struct strbuf listing = STRBUF_INIT;
	struct pointer folder = { .kind = POINTER_FOLDER, .path = (char *)"d", .n_files = FILES };
	struct hash hash = world_put(&world, "the same everywhere");
	for (size_t i = 0; i < FILES; i++) {
		snprintf(paths[i], sizeof paths[i], "%zu/%zu/%zu", i % 7, i % 13, i);
		entries[i] = (struct tree_entry){ .path = paths[i], .hash = hash, .size = 19 };
		folder.size += 19;
	}
	ck_assert_int_eq(tree_sort(entries, FILES, &world.err), 0);
	ck_assert_int_eq(tree_format(entries, FILES, &listing, &world.err), 0);
	folder.hash = world_put(&world, listing.text);
	parallel_set_threads(8);
	world_expect(&world, "d", folder, FILES, 0, 0);
	world_expect(&world, "d", folder, 0, 0, FILES);
	ck_assert_uint_eq(world.summary.bytes_read, 0);
	for (size_t i = 0; i < FILES; i += 2) {
		AUTO_FREE char *path = memory_format(&world.err, "d/%s", paths[i]);
		ck_assert_int_eq(unlink(path), 0);
	}
	world_expect(&world, "d", folder, FILES / 2, 0, FILES / 2);
	world_expect(&world, "d", world_folder(&world, "d", "a=1"), 1, FILES, 0);
	world_expect_names("d", "a");
	world_end(&world);
}
END_TEST

/* Files 0 .. 299 in ten folders, of which a version has those that its step divides. */
static struct pointer make_version(struct world *world, size_t step)
{
	static struct tree_entry entries[300];
	static char paths[300][32];
	AUTO(strbuf_release) struct strbuf listing = STRBUF_INIT;
	struct pointer folder = { .kind = POINTER_FOLDER, .path = (char *)"d" };
	for (size_t i = 0; i < 300; i += step) {
		char content[64];
		struct tree_entry *entry = &entries[folder.n_files];
		char *path = paths[folder.n_files++];
		snprintf(path, sizeof paths[0], "%zu/%03zu", i % 10, i);
		snprintf(content, sizeof content, "%zu of version %zu", i, step);
		*entry = (struct tree_entry){
			.path = path, .hash = world_put(world, content), .size = strlen(content)
		};
		folder.size += entry->size;
	}
	ck_assert_int_eq(tree_sort(entries, folder.n_files, &world->err), 0);
	ck_assert_int_eq(tree_format(entries, folder.n_files, &listing, &world->err), 0);
	folder.hash = world_put(world, listing.text);
	ck_assert_int_eq(object_store_flush(world->store, &world->err), 0);
	return folder;
}

/* A process of its own, with its own store, that is killed after so many microseconds. */
static void checkout_and_die(struct world *world, struct pointer pointer, useconds_t after)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		struct error err = ERROR_INIT;
		struct object_store *store;
		struct checkout_summary summary = { .n_written = 0 };
		if (object_store_open(&world->workspace, &store, &err) < 0 ||
			checkout_data(&world->workspace, store, "d", &pointer, &world->options,
				&summary, &err) < 0)
			_exit(1);
		_exit(0);
	}
	usleep(after);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(killed_at_any_moment)
{
	struct world world;
	world_make(&world);
	struct pointer versions[] = { make_version(&world, 1), make_version(&world, 3) };
	for (useconds_t i = 0; i < 40; i++) {
		struct pointer next = versions[i % 2];
		if (i % 8 == 0)
			ck_assert_int_eq(directory_remove_tree("d", &world.err), 0);
		checkout_and_die(&world, next, i * 700);
		/* The next one completes it, and then there is nothing left to do or to read. */
		ck_assert_msg(
			world_checkout(&world, "d", next) == 0, "%u: %s", i, world.err.message);
		workfolder_assert("d/0/270", i % 2 ? "270 of version 3" : "270 of version 1");
		ck_assert(file_exists("d/1/001") == (i % 2 == 0));
		workfolder_assert_names(".mlops/tmp", "");
		world_expect(&world, "d", next, 0, 0, i % 2 ? 100 : 300);
	}
	world_end(&world);
}
END_TEST

UNIT_MAIN("versioning/checkout", a_file_appears, a_folder_appears_whole,
	another_version_of_a_folder, files_and_folders_change_places,
	the_whole_path_changes_its_kind, what_has_changed_is_refused, what_is_in_the_store_may_go,
	what_is_missing_in_the_store, a_dry_run_changes_nothing, a_part_of_a_folder,
	an_interrupted_one_is_completed, many_files_by_many_threads, killed_at_any_moment)
