#include "unit.h"

#include "checkout_world.h"
#include "mlops/versioning/provenance.h"

static struct world world;

static void expect(
	const char *path, const char *content, enum provenance_state state, const char *tracked)
{
	AUTO(provenance_release) struct provenance got = { .tracked = NULL };
	struct hash hash;
	hash_bytes(content, strlen(content), &hash);
	ck_assert_msg(
		provenance_find(&world.workspace, world.store, path, &hash, &got, &world.err) == 0,
		"%s", world.err.message);
	ck_assert_int_eq(got.state, state);
	if (tracked)
		ck_assert_str_eq(got.tracked, tracked);
	else
		ck_assert_ptr_null(got.tracked);
}

static void track(const char *path, struct pointer pointer)
{
	ck_assert_msg(world_checkout(&world, path, pointer) == 0, "%s", world.err.message);
	ck_assert_int_eq(pointer_save(path, &pointer, &world.err), 0);
}

START_TEST(of_files_and_of_folders)
{
	world_make(&world);
	ck_assert_int_eq(mkdir("data", 0777), 0);
	track("data/a.csv", world_file(&world, "a.csv", "one"));
	track("data/raw", world_folder(&world, "raw", "x/b.csv=two l@=x/b.csv"));
	expect("data/a.csv", "one", PROVENANCE_SAME, "data/a.csv");
	expect("./data/../data/a.csv", "other", PROVENANCE_CHANGED, "data/a.csv");
	expect("data/raw/x/b.csv", "two", PROVENANCE_SAME, "data/raw");
	expect("data/raw/x/b.csv", "edited", PROVENANCE_CHANGED, "data/raw");
	expect("data/raw/l", "two", PROVENANCE_SAME, "data/raw"); /* what the link names */
	workfolder_write("data/raw/new.csv", "new");
	expect("data/raw/new.csv", "new", PROVENANCE_UNLISTED, "data/raw");
	workfolder_write("data/free.csv", "free");
	expect("data/free.csv", "free", PROVENANCE_UNTRACKED, NULL);
	expect("/etc/hostname", "x", PROVENANCE_UNTRACKED, NULL);
	/* The listing, where the cache is of another version or lost. */
	ck_assert_int_eq(directory_remove_tree(".mlops/cache", &world.err), 0);
	expect("data/raw/x/b.csv", "two", PROVENANCE_SAME, "data/raw");
	expect("data/raw/new.csv", "new", PROVENANCE_UNLISTED, "data/raw");
	struct pointer lost = world_folder(&world, "raw", "x/b.csv=three");
	hash_bytes("lost", 4, &lost.hash);
	ck_assert_int_eq(pointer_save("data/raw", &lost, &world.err), 0);
	expect("data/raw/x/b.csv", "two", PROVENANCE_UNKNOWN, "data/raw");
	/* A pointer that somebody edited. */
	workfolder_write("data/a.csv.mlops", "path: a.csv\n");
	struct provenance got;
	struct hash hash = { .bytes = { 0 } };
	ck_assert_int_eq(provenance_find(&world.workspace, world.store, "data/a.csv", &hash, &got,
				 &world.err),
		-ERROR_INVALID);
	world_end(&world);
}
END_TEST

UNIT_MAIN("versioning/provenance", of_files_and_of_folders)
