/* Pointers, listings and folders that would lead a checkout out of the workspace. */
#include "unit.h"

#include "checkout_world.h"

static struct world world;

/* A pointer to a listing of these bytes, whatever they are. */
static struct pointer folder_of(const char *listing, size_t n_files, uint64_t size)
{
	return (struct pointer){ .kind = POINTER_FOLDER,
		.path = (char *)"d",
		.hash = world_put(&world, listing),
		.n_files = n_files,
		.size = size };
}

/* A listing with one line, "mode content path". */
static struct pointer folder_with(const char *mode, const char *content, const char *path)
{
	char text[HASH_TEXT_SIZE];
	struct hash hash = world_put(&world, content);
	hash_format(&hash, text);
	AUTO_FREE char *listing = memory_format(
		&world.err, "mlops-tree 1\n%s %s %zu %s\n", mode, text, strlen(content), path);
	return folder_of(listing, 1, strlen(content));
}

static void expect_refused(const char *path, struct pointer pointer, enum error_code code)
{
	for (int force = 0; force < 2; force++) {
		world.options.force = force;
		ck_assert_msg(world_checkout(&world, path, pointer) == -(int)code,
			"'%s' with force %d: %d, %s", path, force, world.err.code,
			world.err.message);
	}
	world.options.force = false;
}

static void make(void)
{
	world_make(&world);
	ck_assert_int_eq(mkdir("outside", 0755), 0);
	workfolder_write("outside/secret", "precious");
}

/* Nothing has come into the folder that attacks aim at. */
static void end(void)
{
	workfolder_assert_names("outside", "secret");
	workfolder_assert("outside/secret", "precious");
	workfolder_assert_names(".mlops/tmp", "");
	world_end(&world);
}

START_TEST(paths_of_pointers)
{
	make();
	static const char *const paths[] = { "../x", "/tmp/mlops-x", "a/../../x", "a//b", "./x", "",
		".git/hooks/post-checkout", "sub/.GIT/config", ".mlops/mlops.db", "a/." };
	struct pointer pointer = world_file(&world, "x", "evil");
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		expect_refused(paths[i], pointer, ERROR_INVALID);
		expect_refused(paths[i], world_folder(&world, "x", "a=1"), ERROR_INVALID);
	}
	workfolder_assert_names(".", ".mlops outside");
	end();
}
END_TEST

START_TEST(paths_of_listings)
{
	make();
	static const char *const paths[] = { "../outside/x", "/tmp/mlops-x", "a/../../outside/x",
		"./a", "a//b", ".git/hooks/pre-commit", "a/.mlops/config.yaml", "", ".." };
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		expect_refused("d", folder_with("644", "evil", paths[i]), ERROR_INVALID);
	static const char *const modes[] = { "chr", "fifo", "4755", "777", "dir", "" };
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		expect_refused("d", folder_with(modes[i], "evil", "a"), ERROR_INVALID);
	expect_refused("d", folder_of("not a listing\n", 1, 1), ERROR_INVALID);
	ck_assert(!file_exists("d"));
	end();
}
END_TEST

START_TEST(links_of_listings)
{
	make();
	static const char *const texts[] = { "/etc/passwd", "..", "../outside", "b/../..", "" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_refused("d", folder_with("link", texts[i], "a"), ERROR_INVALID);
	expect_refused("d", folder_with("link", "../../outside", "sub/a"), ERROR_INVALID);
	ck_assert(!file_exists("d"));
	/* The same where the folder is there already. */
	world_expect(&world, "d", world_folder(&world, "d", "x=1"), 1, 0, 0);
	expect_refused("d", folder_with("link", "../outside", "a"), ERROR_INVALID);
	world_expect_names("d", "x");
	/* A file behind a link of the same listing. */
	char text[HASH_TEXT_SIZE];
	struct hash hash = world_put(&world, "x");
	hash_format(&hash, text);
	AUTO_FREE char *listing =
		memory_format(&world.err, "mlops-tree 1\nlink %s 1 a\n644 %s 1 a/b\n", text, text);
	expect_refused("d", folder_of(listing, 2, 2), ERROR_INVALID);
	end();
}
END_TEST

START_TEST(folders_that_became_links)
{
	make();
	struct pointer one = world_folder(&world, "d", "sub/a=1 sub/secret=x top=2");
	world_expect(&world, "in/d", one, 3, 0, 0);
	/* A folder inside. */
	ck_assert_int_eq(rename("in/d/sub", "kept"), 0);
	ck_assert_int_eq(symlink("../../outside", "in/d/sub"), 0);
	ck_assert_int_eq(world_checkout(&world, "in/d", one), -ERROR_EXISTS);
	/* A version without that folder removes nothing behind the link. */
	world_expect(&world, "in/d", world_folder(&world, "d", "top=2"), 0, 0, 1);
	workfolder_assert("outside/secret", "precious");
	/* The link itself may be replaced, if that is wanted. */
	world.options.force = true;
	world_expect(&world, "in/d", one, 2, 0, 1);
	world.options.force = false;
	world_expect_names("in/d", "sub/ sub/a sub/secret top");
	workfolder_assert("in/d/sub/secret", "x");
	/* The tracked folder itself. */
	ck_assert_int_eq(directory_remove_tree("in/d", &world.err), 0);
	ck_assert_int_eq(symlink("../outside", "in/d"), 0);
	ck_assert_int_eq(world_checkout(&world, "in/d", one), -ERROR_EXISTS);
	world.options.force = true;
	world_expect(&world, "in/d", one, 3, 0, 0);
	/* A folder above it: not even with force. */
	ck_assert_int_eq(directory_remove_tree("in", &world.err), 0);
	ck_assert_int_eq(symlink("outside", "in"), 0);
	expect_refused("in/d", one, ERROR_EXISTS);
	expect_refused("in/f", world_file(&world, "f", "evil"), ERROR_EXISTS);
	end();
}
END_TEST

START_TEST(files_that_became_something_else)
{
	make();
	struct pointer file = world_file(&world, "f", "content");
	ck_assert_int_eq(symlink("outside/secret", "f"), 0);
	ck_assert_int_eq(world_checkout(&world, "f", file), -ERROR_EXISTS);
	world.options.force = true;
	world_expect(&world, "f", file, 1, 0, 0);
	world.options.force = false;
	struct file_facts facts;
	ck_assert_int_eq(file_facts("f", &facts, &world.err), 0);
	ck_assert_int_eq(facts.kind, FILE_REGULAR);
	/* Opening a pipe would wait for somebody to write. */
	ck_assert_int_eq(unlink("f"), 0);
	ck_assert_int_eq(mkfifo("f", 0600), 0);
	ck_assert_int_eq(world_checkout(&world, "f", file), -ERROR_EXISTS);
	world.options.force = true;
	world_expect(&world, "f", file, 1, 0, 0);
	workfolder_assert("f", "content");
	end();
}
END_TEST

START_TEST(sizes_that_are_lies)
{
	make();
	AUTO(strbuf_release) struct strbuf zeros = STRBUF_INIT;
	strbuf_add_repeated(&zeros, 'z', 50 << 20);
	char text[HASH_TEXT_SIZE];
	struct hash bomb = world_put(&world, zeros.text);
	hash_format(&bomb, text);
	AUTO_FREE char *small = memory_format(&world.err, "mlops-tree 1\n644 %s 5 a\n", text);
	expect_refused("d", folder_of(small, 1, 5), ERROR_CORRUPT);
	AUTO_FREE char *link =
		memory_format(&world.err, "mlops-tree 1\nlink %s %d a\n", text, 50 << 20);
	expect_refused("d", folder_of(link, 1, 50 << 20), ERROR_INVALID);
	struct pointer file = world_file(&world, "f", "12345");
	file.size = 4;
	expect_refused("f", file, ERROR_CORRUPT);
	/* Counts of the pointer that are not those of its listing. */
	struct pointer folder = world_folder(&world, "d", "a=1 b=2");
	folder.n_files = 1;
	expect_refused("d", folder, ERROR_CORRUPT);
	folder.n_files = 2;
	folder.size = 1;
	expect_refused("d", folder, ERROR_CORRUPT);
	workfolder_assert_names(".", ".mlops outside");
	end();
}
END_TEST

UNIT_MAIN("versioning/checkout_hostile", paths_of_pointers, paths_of_listings, links_of_listings,
	folders_that_became_links, files_that_became_something_else, sizes_that_are_lies)
