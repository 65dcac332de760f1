#include "unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mlops/base/parallel.h"
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

/* Bytes of all packs. */
static uint64_t packed(void)
{
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	uint64_t sum = 0;
	ck_assert_int_eq(directory_list(".mlops/objects/packs", &names, &err), 0);
	for (size_t i = 0; i < names.count; i++) {
		struct file_facts facts;
		char path[512];
		snprintf(path, sizeof path, ".mlops/objects/packs/%s", names.names[i]);
		ck_assert_int_eq(file_facts(path, &facts, &err), 0);
		sum += facts.size;
	}
	return sum;
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
	struct hash hash;
	struct object_file file;
	ck_assert_int_eq(object_put_file(store, "g", NULL, &file, &err), 0);
	hash = file.hash;
	uint64_t size = file.facts.size;
	char text[HASH_TEXT_SIZE];
	hash_format(&hash, text);
	if (peer)
		workfolder_assert("sum", text);
	ck_assert(!file.is_new);
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	ck_assert_uint_lt(packed(), size / 2); /* it was compressed, and is there once */
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

/* A file of layout 1, as older programs wrote them. */
static void write_loose(const struct hash *hash, const char *bytes, size_t count)
{
	char text[HASH_TEXT_SIZE], path[128];
	hash_format(hash, text);
	snprintf(path, sizeof path, ".mlops/objects/%.2s", text);
	ck_assert_int_eq(directory_make(path, &err), 0);
	snprintf(path, sizeof path, ".mlops/objects/%.2s/%s", text, text + 2);
	FILE *file = fopen(path, "w");
	ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
	ck_assert_int_eq(fclose(file), 0);
}

#define LOOSE_X "mlob\1\0\0\0\1\0\0\0\0\0\0\0x"

START_TEST(files_of_the_first_layout_are_read)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = NULL;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	struct hash hash, again;
	uint64_t size;
	object_store_close(open_store());
	hash_bytes("x", 1, &hash);
	write_loose(&hash, LOOSE_X, 17);
	workfolder_write(".mlops/version", "1\n");
	store = open_store();
	ck_assert(object_exists(store, &hash));
	ck_assert_int_eq(object_size(store, &hash, &size, &err), 0);
	ck_assert_uint_eq(size, 1);
	ck_assert_msg(object_get_bytes(store, &hash, 0, &back, &err) == 0, "%s", err.message);
	ck_assert_str_eq(back.text, "x");
	/* What is there is not put once more; the workspace is one of today all the same. */
	workfolder_assert(".mlops/version", "1\n");
	ck_assert_int_eq(object_put_bytes(store, "x", 1, &again, &err), 0);
	workfolder_assert(".mlops/version", "2\n");
	ck_assert_int_eq(object_put_bytes(store, "y", 1, &again, &err), 0);
	struct seen seen = { 0 };
	ck_assert_int_eq(object_each(store, see, &seen, &err), 0);
	ck_assert_uint_eq(seen.count, 2);
	/* Damage, and a newer format, which is not called that. */
	for (size_t i = 0; i < 17; i++) {
		char bytes[] = LOOSE_X;
		bytes[i] ^= 2;
		write_loose(&hash, bytes, 17);
		ck_assert_int_eq(object_verify(store, &hash, &err),
			i == 4 ? -ERROR_UNSUPPORTED : -ERROR_CORRUPT);
		write_loose(&hash, LOOSE_X, i);
		ck_assert_int_eq(object_verify(store, &hash, &err), -ERROR_CORRUPT);
	}
	write_loose(&hash, LOOSE_X "y", 18);
	ck_assert_int_eq(object_verify(store, &hash, &err), -ERROR_CORRUPT);
}
END_TEST

static void child_failed(void)
{
	fprintf(stderr, "child: %s\n", err.message);
	_exit(1);
}

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
				child_failed();
		}
		if (object_store_flush(store, &err) < 0)
			child_failed();
		object_store_close(store);
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

START_TEST(a_full_disk_leaves_what_was_acknowledged)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct hash hash, lost;
	ck_assert_int_eq(object_put_bytes(store, "x", 1, &hash, &err), 0);
	AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(object_get_stream(store, &hash, full, "out", &err), -ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "cannot write 'out': No space left on device"));
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	uint64_t before = packed();
	/* Files may not grow any more: the put or the flush says so, and goes on saying it. */
	struct rlimit small = { 100000, RLIM_INFINITY };
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &small) == 0);
	fill(&bytes, 500000, true);
	int status = object_put_bytes(store, bytes.text, bytes.length, &lost, &err);
	if (status == 0)
		status = object_store_flush(store, &err);
	ck_assert_int_eq(status, -ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "File too large"));
	ck_assert_int_eq(object_store_flush(store, &err), -ERROR_IO);
	ck_assert_int_eq(object_put_bytes(store, "z", 1, &lost, &err), -ERROR_IO);
	ck_assert_uint_eq(packed(), before); /* what was begun takes no room */
	object_store_close(store);
	small.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	store = open_store();
	ck_assert_int_eq(object_verify(store, &hash, &err), 0);
	hash_bytes(bytes.text, bytes.length, &lost);
	ck_assert(!object_exists(store, &lost));
	ck_assert_int_eq(object_put_bytes(store, bytes.text, bytes.length, &lost, &err), 0);
	ck_assert_int_eq(object_store_flush(store, &err), 0);
}
END_TEST

START_TEST(what_was_not_flushed_is_given_up)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(object_store_close) struct object_store *other = open_store();
	struct hash kept, lost;
	ck_assert_int_eq(object_put_bytes(store, "kept", 4, &kept, &err), 0);
	ck_assert(!object_exists(other, &kept));
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	ck_assert(object_exists(other, &kept)); /* it was opened before */
	ck_assert_int_eq(object_put_bytes(store, "lost", 4, &lost, &err), 0);
	ck_assert(object_exists(store, &lost) && !object_exists(other, &lost));
	object_store_close(store);
	store = open_store();
	ck_assert(!object_exists(store, &lost));
	ck_assert_int_eq(object_verify(store, &kept, &err), 0);
}
END_TEST

START_TEST(a_file_that_changes_is_noticed)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct object_file file;
	fill(&bytes, 60000000, false);
	workfolder_write("f", bytes.text);
	pid_t child = fork();
	if (child == 0) {
		int fd = open("f", O_WRONLY | O_APPEND | O_CLOEXEC);
		for (int i = 0; i < 20000; i++) {
			if (write(fd, "x", 1) != 1)
				_exit(1);
			usleep(100);
		}
		_exit(0);
	}
	usleep(5000);
	ck_assert_int_eq(object_put_file(store, "f", NULL, &file, &err), -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "'f' changed while it was read"));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
END_TEST

/* One list, into what can be written anywhere and into what cannot, on any number of threads. */
START_TEST(a_large_object_is_streamed)
{
	enum { SIZE = 21000017 };
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(object_store_close) struct object_store *store = open_store();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf back = STRBUF_INIT;
	struct hash hash;
	fill(&bytes, SIZE, true);
	ck_assert_int_eq(object_put_bytes(store, bytes.text, bytes.length, &hash, &err), 0);
	static const size_t threads[] = { 1, 2, 3, 8, 64 };
	for (size_t i = 0; i < 3 * sizeof threads / sizeof *threads; i++) {
		static const int flags[] = { 0, O_APPEND, O_TRUNC };
		parallel_set_threads(threads[i / 3]);
		workfolder_write("f", "before");
		AUTO_CLOSE int fd = open("f", O_RDWR | O_CLOEXEC | flags[i % 3]);
		size_t start = i % 3 == 2 ? 0 : 6;
		ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)start);
		ck_assert_msg(
			object_get_stream(store, &hash, fd, "f", &err) == 0, "%s", err.message);
		/* It goes on behind what was written. */
		ck_assert_int_eq(file_write_all(fd, "f", "behind", 6, &err), 0);
		strbuf_clear(&back);
		ck_assert_int_eq(file_read("f", 0, &back, &err), 0);
		ck_assert_uint_eq(back.length, start + SIZE + 6);
		ck_assert(memcmp(back.text, "before", start) == 0);
		ck_assert(memcmp(back.text + start, bytes.text, SIZE) == 0);
		ck_assert(memcmp(back.text + start + SIZE, "behind", 6) == 0);
	}
	parallel_set_threads(0);
}
END_TEST

/* A bit anywhere in what a list names, and the streamed whole is refused; the chunk is named. */
START_TEST(a_flip_in_a_large_object_is_found)
{
	enum { SIZE = 7000003 };
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct hash hash;
	struct object_store *store = open_store();
	fill(&bytes, SIZE, true);
	ck_assert_int_eq(object_put_bytes(store, bytes.text, bytes.length, &hash, &err), 0);
	ck_assert_int_eq(object_store_flush(store, &err), 0);
	object_store_close(store);
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	ck_assert_int_eq(directory_list(".mlops/objects/packs", &names, &err), 0);
	ck_assert_uint_eq(names.count, 1);
	char path[512];
	snprintf(path, sizeof path, ".mlops/objects/packs/%s", names.names[0]);
	AUTO_CLOSE int pack = open(path, O_RDWR | O_CLOEXEC);
	/* The first 16 bytes are of the pack's header. */
	for (off_t at = 16, size = lseek(pack, 0, SEEK_END); at < size; at += 200003) {
		unsigned char byte, flipped;
		ck_assert_int_eq(pread(pack, &byte, 1, at), 1);
		flipped = byte ^ 16;
		ck_assert_int_eq(pwrite(pack, &flipped, 1, at), 1);
		AUTO(object_store_close) struct object_store *reader = open_store();
		AUTO_CLOSE int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		ck_assert_int_eq(object_get_stream(reader, &hash, fd, "out", &err), -ERROR_CORRUPT);
		if (at > 16 && at < size - 4096)
			ck_assert_msg(strstr(err.message, "chunk"), "%s", err.message);
		ck_assert_int_eq(object_get_file(reader, &hash, "g", 0600, &err), -ERROR_CORRUPT);
		ck_assert(!file_exists("g"));
		ck_assert_int_eq(pwrite(pack, &byte, 1, at), 1);
		ck_assert_int_eq(object_get_stream(reader, &hash, fd, "out", &err), 0);
	}
}
END_TEST

UNIT_MAIN("store/object", what_was_put_comes_back, files_and_streams, an_absent_object, the_cap,
	files_of_the_first_layout_are_read, several_processes_put_at_once, each_in_order,
	a_full_disk_leaves_what_was_acknowledged, what_was_not_flushed_is_given_up,
	a_file_that_changes_is_noticed, a_large_object_is_streamed,
	a_flip_in_a_large_object_is_found)
