#include "unit.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "mlops/store/object.h"
#include "workfolder.h"

static struct error err;

/* A store in the work folder. */
static struct object_store *open_store(void)
{
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	struct object_store *store;
	setenv("MLOPS_FSYNC", "0", 1);
	ck_assert_msg(workspace_create(".", &workspace, NULL, &err) == 0, "%s", err.message);
	ck_assert_int_eq(object_store_open(&workspace, &store, &err), 0);
	return store;
}

/* Text that compresses, or noise that does not. */
static void fill(struct strbuf *bytes, size_t count, bool noise)
{
	uint64_t state = count;
	strbuf_clear(bytes);
	ck_assert(strbuf_reserve(bytes, count));
	for (size_t i = 0; i < count; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		bytes->text[i] = noise ? (char)(state >> 56) : "abcd"[state >> 62];
	}
	bytes->length = count;
	bytes->text[count] = '\0';
}

static void object_file(const struct hash *hash, char path[128])
{
	char text[HASH_TEXT_SIZE];
	hash_format(hash, text);
	snprintf(path, 128, ".mlops/objects/%.2s/%s", text, text + 2);
}

START_TEST(what_was_put_comes_back)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	static const size_t sizes[] = { 0, 1, 100, 1000, 262127, 262128, 262144, 262160, 524288,
		1048577, 9000000 };
	for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
		struct hash hash, again, expected;
		uint64_t size;
		fill(&bytes, sizes[i / 2], i % 2);
		ck_assert_msg(object_put_bytes(store, bytes.text, bytes.length, &hash, &err) == 0,
			"%s", err.message);
		hash_bytes(bytes.text, bytes.length, &expected);
		ck_assert(hash_equal(&hash, &expected) && object_exists(store, &hash));
		ck_assert_int_eq(
			object_put_bytes(store, bytes.text, bytes.length, &again, &err), 0);
		ck_assert(hash_equal(&hash, &again));
		strbuf_clear(&back);
		strbuf_add(&back, "x");
		ck_assert_msg(
			object_get_bytes(store, &hash, 0, &back, &err) == 0, "%s", err.message);
		ck_assert_uint_eq(back.length, bytes.length + 1);
		ck_assert(memcmp(back.text + 1, bytes.text, bytes.length) == 0);
		ck_assert_int_eq(object_size(store, &hash, &size, &err), 0);
		ck_assert_uint_eq(size, bytes.length);
		ck_assert_int_eq(object_verify(store, &hash, &err), 0);
	}
	workfolder_assert_names(".mlops/tmp", "");
}
END_TEST

START_TEST(files_and_streams)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	for (size_t count = 10; count < 20000000; count *= 11) {
		struct hash hash, other, expected;
		uint64_t size = 0;
		struct file_facts facts;
		fill(&bytes, count, false);
		hash_bytes(bytes.text, bytes.length, &expected);
		workfolder_write("f", bytes.text);
		struct object_file file;
		ck_assert_msg(
			object_put_file(store, "f", NULL, &file, &err) == 0, "%s", err.message);
		hash = file.hash;
		ck_assert(hash_equal(&hash, &expected) && file.facts.size == count);
		/* The same through a pipe. */
		FILE *pipe = popen("cat f", "r");
		ck_assert_int_eq(
			object_put_stream(store, fileno(pipe), "pipe", &other, &size, &err), 0);
		pclose(pipe);
		ck_assert(hash_equal(&other, &expected) && size == count);
		ck_assert_int_eq(object_get_file(store, &hash, "g", 0640, &err), 0);
		ck_assert_int_eq(system("cmp f g"), 0);
		ck_assert_int_eq(file_facts("g", &facts, &err), 0);
		ck_assert_uint_eq(facts.mode, 0640);
	}
	bool peer = system("command -v b3sum > none") == 0;
	if (peer)
		ck_assert_int_eq(system("b3sum --no-names g | tr -d '\\n' > sum"), 0);
	ck_assert_int_eq(unlink("none"), 0);
	char path[128];
	struct hash hash;
	struct object_file file;
	ck_assert_int_eq(object_put_file(store, "g", NULL, &file, &err), 0);
	hash = file.hash;
	uint64_t size = file.facts.size;
	char text[HASH_TEXT_SIZE];
	hash_format(&hash, text);
	if (peer)
		workfolder_assert("sum", text);
	object_file(&hash, path);
	struct file_facts facts;
	ck_assert_int_eq(file_facts(path, &facts, &err), 0);
	ck_assert_uint_eq(facts.mode, 0444);
	ck_assert_uint_lt(facts.size, size / 2); /* it was compressed */
	ck_assert_int_eq(object_put_file(store, "none", NULL, &file, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(object_put_file(store, ".", NULL, &file, &err), -ERROR_IO);
}
END_TEST

START_TEST(an_absent_object)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	struct hash hash = { { 0xab } };
	uint64_t size;
	ck_assert(!object_exists(store, &hash));
	ck_assert_int_eq(object_get_bytes(store, &hash, 0, &back, &err), -ERROR_NOT_FOUND);
	ck_assert_str_eq(err.message,
		"no object 'ab00000000000000000000000000000000000000000000000000000000000000'");
	ck_assert_int_eq(object_size(store, &hash, &size, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(object_verify(store, &hash, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(object_get_file(store, &hash, "out", 0644, &err), -ERROR_NOT_FOUND);
	ck_assert(!file_exists("out"));
}
END_TEST

START_TEST(the_cap)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	struct hash hash;
	fill(&bytes, 5000, false);
	ck_assert_int_eq(object_put_bytes(store, bytes.text, bytes.length, &hash, &err), 0);
	ck_assert_int_eq(object_get_bytes(store, &hash, 4999, &back, &err), -ERROR_MEMORY);
	ck_assert_int_eq(object_get_bytes(store, &hash, 5000, &back, &err), 0);
	struct strbuf small = STRBUF_INIT;
	small.cap = 100;
	ck_assert_int_eq(object_get_bytes(store, &hash, 0, &small, &err), -ERROR_MEMORY);
	strbuf_release(&small);
}
END_TEST

/* Puts other bytes into the object's file. */
static void damage(const char *path, const char *bytes, size_t count)
{
	ck_assert_int_eq(unlink(path), 0);
	FILE *file = fopen(path, "w");
	ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
	ck_assert_int_eq(fclose(file), 0);
}

static void assert_damage_noticed(struct object_store *store, size_t count, bool noise)
{
	AUTO(strbuf_release) struct strbuf content = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf file = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	struct hash hash;
	char path[128], text[HASH_TEXT_SIZE];
	fill(&content, count, noise);
	ck_assert_int_eq(object_put_bytes(store, content.text, content.length, &hash, &err), 0);
	object_file(&hash, path);
	hash_format(&hash, text);
	ck_assert_int_eq(file_read(path, 0, &file, &err), 0);
	size_t step = file.length < 600 ? 1 : 37;
	for (size_t at = 0; at < file.length; at += step) {
		/* One bit flipped, and the file cut there. */
		file.text[at] ^= (char)(1 << at % 8);
		damage(path, file.text, file.length);
		file.text[at] ^= (char)(1 << at % 8);
		int result = object_get_bytes(store, &hash, 0, &back, &err);
		/* A bit that zstd does not look at may change nothing; wrong bytes never pass. */
		bool version = at == 4;
		ck_assert_msg(version ? result < 0
			      : result == 0
				      ? back.length == content.length &&
						memcmp(back.text, content.text, back.length) == 0
				      : result == -ERROR_CORRUPT,
			"bit at %zu gave %d %s", at, result, err.message);
		if (result == -ERROR_CORRUPT)
			ck_assert_ptr_nonnull(strstr(err.message, text));
		if (result)
			ck_assert_uint_eq(back.length, 0);
		strbuf_clear(&back);
		damage(path, file.text, at);
		ck_assert_int_eq(object_get_bytes(store, &hash, 0, &back, &err), -ERROR_CORRUPT);
		ck_assert_int_eq(object_get_file(store, &hash, "out", 0644, &err), -ERROR_CORRUPT);
		ck_assert(!file_exists("out"));
	}
	strbuf_add_char(&file, '\0');
	damage(path, file.text, file.length);
	ck_assert_int_eq(object_verify(store, &hash, &err), -ERROR_CORRUPT);
}

START_TEST(damage_is_noticed)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	assert_damage_noticed(store, 100, true);
	assert_damage_noticed(store, 1000, false);
	assert_damage_noticed(store, 20000, true);
	assert_damage_noticed(store, 20000, false);
}
END_TEST

START_TEST(a_newer_format_is_not_called_corrupt)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	struct hash hash;
	char path[128];
	ck_assert_int_eq(object_put_bytes(store, "x", 1, &hash, &err), 0);
	object_file(&hash, path);
	damage(path, "mlob\2\0\0\0\1\0\0\0\0\0\0\0x", 17);
	ck_assert_int_eq(object_verify(store, &hash, &err), -ERROR_UNSUPPORTED);
	damage(path, "mlob\1\0\0\0\1\0\0\0\0\0\0\0x", 17); /* the format, byte by byte */
	ck_assert_int_eq(object_verify(store, &hash, &err), 0);
}
END_TEST

START_TEST(several_processes_put_at_once)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	enum { CHILDREN = 4, OBJECTS = 60 };
	struct hash hash;
	for (int child = 0; child < CHILDREN; child++) {
		if (fork() != 0)
			continue;
		for (size_t i = 0; i < OBJECTS; i++) {
			size_t which = (i * 7 + (size_t)child * 15) % OBJECTS;
			fill(&bytes, 5000 + which, which % 2);
			if (object_put_bytes(store, bytes.text, bytes.length, &hash, &err) < 0 ||
				object_verify(store, &hash, &err) < 0)
				_exit(1);
		}
		_exit(0);
	}
	int status;
	while (wait(&status) > 0)
		ck_assert_int_eq(status, 0);
	for (size_t i = 0; i < OBJECTS; i++) {
		fill(&bytes, 5000 + i, i % 2);
		hash_bytes(bytes.text, bytes.length, &hash);
		ck_assert_int_eq(object_verify(store, &hash, &err), 0);
	}
	workfolder_assert_names(".mlops/tmp", "");
}
END_TEST

struct seen {
	size_t count;
	struct hash last;
};

static int see(void *context, const struct hash *hash, struct error *error)
{
	(void)error;
	struct seen *seen = context;
	ck_assert(!seen->count || hash_compare(&seen->last, hash) < 0);
	seen->last = *hash;
	return ++seen->count == 50 ? 7 : 0;
}

START_TEST(each_in_order)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	struct seen seen = { 0 };
	struct hash hash;
	for (int i = 0; i < 49; i++)
		ck_assert_int_eq(object_put_bytes(store, &i, sizeof i, &hash, &err), 0);
	workfolder_write(".mlops/objects/README", "not an object");
	ck_assert_int_eq(object_each(store, see, &seen, &err), 0);
	ck_assert_uint_eq(seen.count, 49);
	ck_assert_int_eq(object_put_bytes(store, "more", 4, &hash, &err), 0);
	seen.count = 0;
	ck_assert_int_eq(object_each(store, see, &seen, &err), 7);
}
END_TEST

START_TEST(a_full_disk_leaves_nothing)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	struct hash hash;
	ck_assert_int_eq(object_put_bytes(store, "x", 1, &hash, &err), 0);
	AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(object_get_stream(store, &hash, full, "out", &err), -ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "cannot write 'out': No space left on device"));
	ck_assert_int_eq(directory_remove_tree(".mlops/tmp", &err), 0);
	ck_assert_int_eq(object_put_bytes(store, "y", 1, &hash, &err), -ERROR_IO);
	hash_bytes("y", 1, &hash);
	ck_assert(!object_exists(store, &hash));
}
END_TEST

UNIT_MAIN("store/object", what_was_put_comes_back, files_and_streams, an_absent_object, the_cap,
	damage_is_noticed, a_newer_format_is_not_called_corrupt, several_processes_put_at_once,
	each_in_order, a_full_disk_leaves_nothing)
