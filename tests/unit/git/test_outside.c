#include "unit.h"

#include "mlops/git/outside.h"
#include "mlops/git/history.h"
#include "scratch.h"

/* libgit2 1.5 loses memory with each regular expression that it matches. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2\n";
}

#define GIT                                                                                        \
	"export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "           \
	"GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && "

static struct error err;

/* main has data/ in two versions (tag v1 is the first); branch other has `other`. */
static void make(struct scratch *scratch)
{
	scratch_make(scratch);
	setenv("HOME", scratch->folder, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	scratch_run(scratch,
		GIT "git init -q -b main r && cd r && mkdir -p data/sub && printf one > data/a && "
		    "printf x > data/sub/run && chmod +x data/sub/run && ln -s a data/link && "
		    "printf 'version https://git-lfs.github.com/spec/v1\\noid x\\n' > lfs && "
		    "git add . && git commit -qm 1 && git tag v1 && printf two > data/a && "
		    "git commit -qam 2 && git checkout -qb other && printf o > other && "
		    "git add . && git commit -qm 3 && git checkout -q main && "
		    "git -c protocol.file.allow=always submodule --quiet add ../r module && "
		    "git commit -qm 4");
}

static int show(void *context, const struct outside_file *file, struct error *error)
{
	static const char kinds[] = { 'f', 'x', 'l' };
	struct strbuf *shown = context;
	strbuf_printf(shown, "%c:%s=%.*s;", kinds[file->kind], file->path, (int)file->count,
		(const char *)file->bytes);
	return strbuf_check(shown, error);
}

static void expect(
	const struct outside *outside, const char *revision, const char *path, const char *expected)
{
	char commit[REPOSITORY_COMMIT_SIZE];
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	ck_assert_msg(outside_resolve(outside, revision, commit, &err) == 0, "%s", err.message);
	int status = outside_files(outside, commit, path, show, &shown, &err);
	ck_assert_msg(status == 0, "%s", err.message);
	ck_assert_str_eq(shown.text, expected);
}

static void refuse(const struct outside *outside, const char *path, int code)
{
	char commit[REPOSITORY_COMMIT_SIZE];
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	ck_assert_int_eq(outside_resolve(outside, NULL, commit, &err), 0);
	ck_assert_int_eq(outside_files(outside, commit, path, show, &shown, &err), -code);
	error_clear(&err);
}

#define DATA(a) "f:a=" a ";l:link=a;x:sub/run=x;"

START_TEST(a_repository_of_this_machine)
{
	struct scratch scratch;
	make(&scratch);
	AUTO(outside_close) struct outside outside = { .url = NULL };
	char commit[REPOSITORY_COMMIT_SIZE];
	int status =
		outside_open(scratch_path(&scratch, "r"), "/nonexistent", NULL, &outside, &err);
	ck_assert_msg(status == 0, "%s", err.message);
	ck_assert_ptr_null(outside.fetched);
	ck_assert_str_eq(repository_root(outside.repository), outside.url);
	expect(&outside, NULL, "data", DATA("two"));
	expect(&outside, "v1", "data", DATA("one"));
	expect(&outside, "v1", "data/a", "f:=one;");
	expect(&outside, "other", "other", "f:=o;");
	refuse(&outside, "other", ERROR_NOT_FOUND);
	refuse(&outside, "data/a/b", ERROR_NOT_FOUND);
	refuse(&outside, "../r/data", ERROR_NOT_FOUND);
	refuse(&outside, "lfs", ERROR_UNSUPPORTED);
	refuse(&outside, "module", ERROR_UNSUPPORTED);
	ck_assert_int_eq(outside_resolve(&outside, "none", commit, &err), -ERROR_NOT_FOUND);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(a_bare_one_by_url)
{
	struct scratch scratch;
	make(&scratch);
	AUTO(outside_close) struct outside outside = { .url = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	char url[600];
	scratch_run(&scratch, GIT "git clone -q --bare r b.git");
	snprintf(url, sizeof url, "file://%s", scratch_path(&scratch, "b.git"));
	int status = outside_open(url, "/nonexistent", NULL, &outside, &err);
	ck_assert_msg(status == 0, "%s", err.message);
	ck_assert_ptr_null(repository_root(outside.repository));
	expect(&outside, "main", "data/sub", "x:run=x;");
	ck_assert_int_eq(history_read(outside.repository, "v1", "data/a", &text, &err), 0);
	ck_assert_str_eq(text.text, "one");
	scratch_remove(&scratch);
}
END_TEST

START_TEST(what_is_none)
{
	struct scratch scratch;
	scratch_make(&scratch);
	AUTO(outside_close) struct outside outside = { .url = NULL };
	ck_assert_int_eq(outside_open(scratch.folder, "/", NULL, &outside, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(outside_open(scratch_path(&scratch, "x"), "/", NULL, &outside, &err),
		-ERROR_NOT_FOUND);
	ck_assert_int_eq(outside_open("ext::sh -c true", "/", NULL, &outside, &err) == 0, false);
	ck_assert_int_eq(outside_open("ftp://h/x", "/", NULL, &outside, &err), -ERROR_USAGE);
	error_clear(&err);
	scratch_remove(&scratch);
}
END_TEST

/* Over git's own protocol; nothing is left of what was fetched. */
START_TEST(one_of_another_machine)
{
	struct scratch scratch;
	make(&scratch);
	char url[64], command[512];
	int port = 20000 + (int)getpid() % 20000;
	snprintf(url, sizeof url, "git://127.0.0.1:%d/r", port);
	snprintf(command, sizeof command,
		"git daemon --listen=127.0.0.1 --port=%d --base-path=. --export-all --reuseaddr "
		"--detach --pid-file=$PWD/pid && "
		"for i in 1 2 3 4 5 6 7 8 9; do git ls-remote %s && break; sleep 0.1; done",
		port, url);
	scratch_run(&scratch, command);
	struct outside outside = { .url = NULL };
	int status = outside_open(url, scratch.folder, NULL, &outside, &err);
	if (status == 0) {
		expect(&outside, NULL, "data", DATA("two"));
		expect(&outside, "other", "other", "f:=o;");
		expect(&outside, "v1", "data/a", "f:=one;");
		ck_assert_str_eq(outside.url, url);
		ck_assert_int_eq(access(outside.fetched, F_OK), 0);
		char kept[512];
		snprintf(kept, sizeof kept, "%s", outside.fetched);
		outside_close(&outside);
		ck_assert_int_ne(access(kept, F_OK), 0);
		snprintf(url, sizeof url, "git://127.0.0.1:%d/none", port);
		ck_assert_int_eq(
			outside_open(url, scratch.folder, NULL, &outside, &err), -ERROR_NETWORK);
	}
	scratch_run(&scratch, "kill $(cat pid)");
	ck_assert_msg(status == 0, "%s", err.message);
	error_clear(&err);
	scratch_remove(&scratch);
}
END_TEST

UNIT_MAIN("git/outside", a_repository_of_this_machine, a_bare_one_by_url, what_is_none,
	one_of_another_machine)
