#include "unit.h"

#include <errno.h>

#include <sys/stat.h>

#include "workfolder.h"

static struct error err;

START_TEST(reading_whole_files)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	workfolder_write("a", "hello");
	workfolder_write("empty", "");
	strbuf_add(&text, "> ");
	ck_assert_int_eq(file_read("a", 5, &text, &err), 0);
	ck_assert_int_eq(file_read("empty", 1, &text, &err), 0);
	ck_assert_str_eq(text.text, "> hello");
	ck_assert_int_eq(file_read("a", 4, &text, &err), -ERROR_INVALID);
	ck_assert_str_eq(err.message, "'a' is larger than 4 bytes");
	/* A file that says it has no bytes. */
	strbuf_clear(&text);
	ck_assert_int_eq(file_read("/proc/self/status", 0, &text, &err), 0);
	ck_assert_ptr_nonnull(strstr(text.text, "VmRSS"));
	struct strbuf small = STRBUF_INIT;
	small.cap = 3;
	ck_assert_int_eq(file_read("a", 0, &small, &err), -ERROR_MEMORY);
	strbuf_release(&small);
}
END_TEST

START_TEST(failures_name_the_path)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct file_map map;
	ck_assert_int_eq(file_read("absent", 0, &text, &err), -ERROR_NOT_FOUND);
	ck_assert_str_eq(err.message, "cannot open 'absent': No such file or directory");
	ck_assert_int_eq(file_read(".", 0, &text, &err), -ERROR_IO);
	ck_assert_str_eq(err.message, "cannot open '.': Is a directory");
	ck_assert_int_eq(file_map("/dev/null", &map, &err), -ERROR_IO);
	ck_assert_int_eq(file_write_all(-1, "out", "x", 1, &err), -ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "'out'"));
	AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(file_write_all(full, "out", "x", 1, &err), -ERROR_IO);
	ck_assert_str_eq(err.message, "cannot write 'out': No space left on device");
}
END_TEST

START_TEST(pipes_are_read_to_the_end)
{
	int ends[2];
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	ck_assert_int_eq(pipe(ends), 0);
	if (fork() == 0) {
		for (int i = 0; i < 1000; i++) {
			if (write(ends[1], "0123456789", 10) != 10)
				_exit(1);
			if (i % 100 == 0)
				usleep(1000);
		}
		_exit(0);
	}
	close(ends[1]);
	ck_assert_int_eq(file_read_all(ends[0], "pipe", 0, &text, &err), 0);
	ck_assert_uint_eq(text.length, 10000);
	close(ends[0]);
}
END_TEST

START_TEST(facts_of_paths)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct file_facts facts;
	workfolder_write("a", "hello");
	ck_assert_int_eq(chmod("a", 0640), 0);
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_int_eq(symlink("nowhere", "broken"), 0);
	ck_assert_int_eq(file_facts("a", &facts, &err), 0);
	ck_assert(facts.kind == FILE_REGULAR && facts.size == 5 && facts.mode == 0640);
	ck_assert_int_eq(file_facts("link", &facts, &err), 0);
	ck_assert_int_eq(facts.kind, FILE_LINK);
	ck_assert_int_eq(file_facts_followed("link", &facts, &err), 0);
	ck_assert_int_eq(facts.kind, FILE_REGULAR);
	ck_assert_int_eq(file_facts_followed("broken", &facts, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(file_facts("/dev/null", &facts, &err), 0);
	ck_assert_int_eq(facts.kind, FILE_OTHER);
	ck_assert_int_eq(file_facts(".", &facts, &err), 0);
	ck_assert_int_eq(facts.kind, FILE_FOLDER);
	int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(file_facts_at(folder, "a", &facts) && facts.size == 5);
	ck_assert(file_facts_at(folder, "link", &facts) && facts.kind == FILE_LINK);
	ck_assert(!file_facts_at(folder, "nothing", &facts));
	ck_assert_int_eq(errno, ENOENT);
	close(folder);
	ck_assert(file_exists("a") && file_exists("link") && !file_exists("broken"));
	ck_assert_int_eq(file_remove("a", &err), 0);
	ck_assert_int_eq(file_remove("a", &err), 0);
	ck_assert(!file_exists("a"));
}
END_TEST

START_TEST(mapping)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(file_unmap) struct file_map map = { .bytes = NULL };
	workfolder_write("a", "hello");
	workfolder_write("empty", "");
	ck_assert_int_eq(file_map("empty", &map, &err), 0);
	ck_assert(map.length == 0 && map.bytes != NULL);
	file_unmap(&map);
	ck_assert_int_eq(file_map("a", &map, &err), 0);
	ck_assert_uint_eq(map.length, 5);
	ck_assert_mem_eq(map.bytes, "hello", 5);
}
END_TEST

static void assert_copied(const char *from, const char *to, off_t skip)
{
	AUTO_CLOSE int in = file_open(from, &err);
	AUTO_CLOSE int out = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_eq(lseek(in, skip, SEEK_SET), skip);
	ck_assert_int_eq(write(out, "head", 4), 4);
	ck_assert_msg(file_copy_descriptor(in, out, from, to, &err) == 0, "%s", err.message);
}

START_TEST(copying)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf big = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf copy = STRBUF_INIT;
	for (int i = 0; i < 200000; i++)
		strbuf_printf(&big, "%d\n", i);
	workfolder_write("big", big.text);
	assert_copied("big", "copy", 10);
	ck_assert_int_eq(file_read("copy", 0, &copy, &err), 0);
	ck_assert_uint_eq(copy.length, 4 + big.length - 10);
	ck_assert_str_eq(copy.text + 4, big.text + 10);
	/* Between file systems, and from a file without a size: read and written. */
	assert_copied("/proc/self/mounts", "mounts", 0);
	strbuf_clear(&copy);
	ck_assert_int_eq(file_read("mounts", 0, &copy, &err), 0);
	ck_assert_uint_gt(copy.length, 4);
	AUTO_CLOSE int in = file_open("big", &err);
	AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(file_copy_descriptor(in, full, "big", "full", &err), -ERROR_IO);
	ck_assert_str_eq(err.message, "cannot write 'full': No space left on device");
}
END_TEST

START_TEST(cutting)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct file_facts facts;
	workfolder_write("long", "0123456789");
	ck_assert_int_eq(file_truncate("long", 4, &err), 0);
	ck_assert_int_eq(file_facts("long", &facts, &err), 0);
	ck_assert_uint_eq(facts.size, 4);
	ck_assert_int_eq(file_truncate("nothing", 0, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(symlink("long", "link"), 0);
	ck_assert_int_eq(file_truncate("link", 0, &err), -ERROR_IO);
}
END_TEST

UNIT_MAIN("system/file", reading_whole_files, failures_name_the_path, pipes_are_read_to_the_end,
	facts_of_paths, mapping, copying, cutting)
