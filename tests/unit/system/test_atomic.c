#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mlops/system/atomic.h"
#include "mlops/system/signals.h"
#include "workfolder.h"

static struct error err;

START_TEST(a_file_appears_whole)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	struct file_facts facts;
	umask(022);
	ck_assert_int_eq(atomic_begin(&file, "a", NULL, 0664, &err), 0);
	ck_assert_int_eq(file_write_all(file.fd, "a", "new", 3, &err), 0);
	ck_assert(!file_exists("a"));
	ck_assert_int_eq(atomic_commit(&file, ATOMIC_REPLACE, &err), 0);
	workfolder_assert("a", "new");
	workfolder_assert_names(".", "a");
	ck_assert_int_eq(file_facts("a", &facts, &err), 0);
	ck_assert_uint_eq(facts.mode, 0644);
	ck_assert_int_eq(atomic_write("a", "other", 5, 0644, &err), 0);
	workfolder_assert("a", "other");
}
END_TEST

START_TEST(a_cache_is_replaced)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	for (int i = 0; i < 3; i++) {
		AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
		ck_assert_int_eq(atomic_begin(&file, "a", NULL, 0644, &err), 0);
		ck_assert_int_eq(file_write_all(file.fd, "a", &"012"[i], 1, &err), 0);
		ck_assert_int_eq(atomic_commit(&file, ATOMIC_CACHE, &err), 0);
		workfolder_assert_names(".", "a");
	}
	workfolder_assert("a", "2");
}
END_TEST

START_TEST(discarding_leaves_nothing)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct atomic_file file = ATOMIC_INIT;
	atomic_discard(&file);
	ck_assert_int_eq(atomic_begin(&file, "a", NULL, 0644, &err), 0);
	atomic_discard(&file);
	atomic_discard(&file);
	workfolder_assert_names(".", "");
	ck_assert_int_eq(atomic_begin(&file, "none/a", NULL, 0644, &err), -ERROR_IO);
	ck_assert_str_eq(err.message,
		"cannot make a temporary file for 'none/a': No such file or directory");
	atomic_discard(&file);
}
END_TEST

START_TEST(new_does_not_replace)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	ck_assert_int_eq(directory_make("tmp", &err), 0);
	workfolder_write("a", "old");
	ck_assert_int_eq(atomic_begin(&file, "?", "tmp", 0444, &err), 0);
	ck_assert_int_eq(atomic_retarget(&file, "a", &err), 0);
	ck_assert_int_eq(file_write_all(file.fd, "a", "new", 3, &err), 0);
	ck_assert_int_eq(atomic_commit(&file, ATOMIC_NEW, &err), -ERROR_EXISTS);
	workfolder_assert("a", "old");
	ck_assert_int_eq(atomic_retarget(&file, "b", &err), 0);
	ck_assert_int_eq(atomic_commit(&file, ATOMIC_NEW, &err), 0);
	workfolder_assert("b", "new");
	workfolder_assert_names("tmp", "");
}
END_TEST

START_TEST(a_failed_rename_leaves_the_target)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	ck_assert_int_eq(directory_make("a/b", &err), 0);
	ck_assert_int_eq(atomic_write("a", "x", 1, 0644, &err), -ERROR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "cannot write 'a'"));
	workfolder_assert_names(".", "a");
}
END_TEST

/* What the child leaves behind after ending in that way. */
static void assert_leaves(int how, const char *expected)
{
	pid_t pid = fork();
	if (pid == 0) {
		static struct atomic_file files[3];
		/* Started under nohup the tests would hand their ignored signals down. */
		for (int number = SIGHUP; number <= SIGTERM; number++) {
			if (number != SIGKILL)
				signal(number, SIG_DFL);
		}
		if (signals_install(&err) < 0)
			_exit(9);
		for (int i = 0; i < 3; i++) {
			if (atomic_begin(&files[i], "x", NULL, 0644, &err) < 0)
				_exit(9);
		}
		atomic_discard(&files[1]);
		if (how == SIGTERM)
			raise(how); /* the first only asks */
		if (how)
			raise(how);
		exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(how ? WIFSIGNALED(status) && WTERMSIG(status) == how
		      : WIFEXITED(status) && WEXITSTATUS(status) == 0);
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	ck_assert_int_eq(directory_list(".", &names, &err), 0);
	ck_assert_uint_eq(names.count, strlen(expected));
}

START_TEST(the_end_of_the_process_removes_them)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	assert_leaves(SIGKILL, ""); /* without a name there is nothing to leave */
	setenv("MLOPS_TEST_TMPFILE", "0", 1);
	assert_leaves(0, "");
	assert_leaves(SIGTERM, "");
	assert_leaves(SIGHUP, "");
	assert_leaves(SIGPIPE, "");
	assert_leaves(SIGKILL, "xx"); /* two files, for the sweep */
	ck_assert_int_eq(atomic_sweep(".", &err), 0);
	workfolder_assert_names(".", "");
}
END_TEST

START_TEST(a_forked_child_keeps_its_hands_off)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	ck_assert_int_eq(atomic_begin(&file, "a", NULL, 0644, &err), 0);
	pid_t pid = fork();
	if (pid == 0) {
		atomic_remove_all();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(atomic_commit(&file, ATOMIC_REPLACE, &err), 0);
}
END_TEST

START_TEST(the_sweep_spares_files_in_use)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	workfolder_write(".mlops-tmp-0123456789abcdef", "left over");
	workfolder_write("mine", "");
	setenv("MLOPS_TEST_TMPFILE", "0", 1);
	ck_assert_int_eq(atomic_begin(&file, "a", NULL, 0600, &err), 0);
	ck_assert_int_eq(atomic_sweep(".", &err), 0);
	ck_assert(!file_exists(".mlops-tmp-0123456789abcdef"));
	ck_assert_int_eq(atomic_commit(&file, ATOMIC_REPLACE, &err), 0);
	workfolder_assert_names(".", "a mine");
	ck_assert_int_eq(atomic_sweep("none", &err), -ERROR_NOT_FOUND);
}
END_TEST

/* A write that was killed between its two names, and then the same write again. */
START_TEST(the_next_write_removes_what_is_left)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct atomic_file file = ATOMIC_INIT, other = ATOMIC_INIT;
	workfolder_write("a", "old");
	pid_t pid = fork();
	if (pid == 0) {
		setenv("MLOPS_TEST_TMPFILE", "0", 1);
		if (atomic_begin(&file, "a", NULL, 0600, &err) < 0)
			_exit(9);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	ck_assert_int_eq(directory_list(".", &names, &err), 0);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_int_eq(atomic_write("a", "new", 3, 0644, &err), 0);
	workfolder_assert_names(".", "a");
	workfolder_assert("a", "new");
	/* Two at once do not take each other's for a leftover. */
	setenv("MLOPS_TEST_TMPFILE", "0", 1);
	ck_assert_int_eq(atomic_begin(&file, "a", NULL, 0600, &err), 0);
	ck_assert_int_eq(atomic_begin(&other, "a", NULL, 0600, &err), 0);
	ck_assert_int_eq(atomic_commit(&file, ATOMIC_REPLACE, &err), 0);
	ck_assert_int_eq(atomic_commit(&other, ATOMIC_REPLACE, &err), 0);
	atomic_discard(&file);
	atomic_discard(&other);
	workfolder_assert_names(".", "a");
}
END_TEST

/* Both ways give the same: the main cases again without O_TMPFILE. */
START_TEST(named_temporaries)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	setenv("MLOPS_TEST_TMPFILE", "0", 1);
	ck_assert_int_eq(atomic_write("a", "new", 3, 0644, &err), 0);
	ck_assert_int_eq(atomic_write("a", "other", 5, 0644, &err), 0);
	workfolder_assert("a", "other");
	ck_assert_int_eq(atomic_begin(&file, "a", NULL, 0600, &err), 0);
	ck_assert_int_eq(atomic_commit(&file, ATOMIC_NEW, &err), -ERROR_EXISTS);
	ck_assert_int_eq(atomic_retarget(&file, "b", &err), 0);
	ck_assert_int_eq(atomic_commit(&file, ATOMIC_NEW, &err), 0);
	workfolder_assert_names(".", "a b");
	workfolder_assert("a", "other");
}
END_TEST

START_TEST(copies)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct file_facts facts;
	workfolder_write("a", "content");
	ck_assert_int_eq(chmod("a", 0751), 0);
	ck_assert_int_eq(atomic_copy("a", "b", &err), 0);
	workfolder_assert("b", "content");
	ck_assert_int_eq(file_facts("b", &facts, &err), 0);
	ck_assert_uint_eq(facts.mode, 0751);
	ck_assert_int_eq(atomic_copy("none", "b", &err), -ERROR_NOT_FOUND);
	workfolder_assert("b", "content");
}
END_TEST

START_TEST(devices_and_links_are_written_through)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct stat status;
	char line[8] = "";
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	AUTO_CLOSE int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_eq(atomic_write("pipe", "through", 7, 0644, &err), 0);
	ck_assert_int_eq(lstat("pipe", &status), 0);
	ck_assert(S_ISFIFO(status.st_mode));
	ck_assert_int_eq(read(reader, line, sizeof line), 7);
	ck_assert_mem_eq(line, "through", 7);
	workfolder_write("a", "old");
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_int_eq(atomic_write("link", "new", 3, 0644, &err), 0);
	workfolder_assert("a", "new");
	ck_assert_int_eq(lstat("link", &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	ck_assert_int_eq(directory_make("folder", &err), 0);
	ck_assert_int_eq(atomic_write("folder", "x", 1, 0644, &err), -ERROR_IO);
	ck_assert_str_eq(err.message, "cannot write 'folder': it is a folder");
	error_clear(&err);
	workfolder_assert_names(".", "a folder link pipe");
}
END_TEST

UNIT_MAIN("system/atomic", a_file_appears_whole, a_cache_is_replaced, discarding_leaves_nothing,
	new_does_not_replace, a_failed_rename_leaves_the_target,
	the_end_of_the_process_removes_them, a_forked_child_keeps_its_hands_off,
	the_sweep_spares_files_in_use, the_next_write_removes_what_is_left, named_temporaries,
	copies, devices_and_links_are_written_through)
