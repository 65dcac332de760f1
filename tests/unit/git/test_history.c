#include "unit.h"

#include <time.h>

#include "mlops/base/vec.h"
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

static void make(struct scratch *scratch)
{
	scratch_make(scratch);
	setenv("HOME", scratch->folder, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	scratch_run(scratch, GIT "git init -q -b main r");
}

static struct repository *open_ok(struct scratch *scratch, const char *name)
{
	struct error err = ERROR_INIT;
	struct repository *repository = NULL;
	ck_assert_msg(repository_open(scratch_path(scratch, name), &repository, &err) == 0, "%s",
		err.message);
	return repository;
}

/* What a walk showed, as lines "path=content" in the order shown. */
struct shown {
	struct strbuf lines, places;
	size_t count;
};

static int show(void *context, const char *path, const char *bytes, size_t count, struct error *err)
{
	struct shown *shown = context;
	strbuf_printf(&shown->lines, "%s=%.*s;", path, (int)count, bytes);
	shown->count++;
	return strbuf_check(&shown->lines, err);
}

static int show_place(void *context, const char *where, const char *path, const char *bytes,
	size_t count, struct error *err)
{
	struct shown *shown = context;
	strbuf_printf(&shown->places, "%s ", where);
	return show(context, path, bytes, count, err);
}

static struct shown everything(struct scratch *scratch, const char *name)
{
	struct error err = ERROR_INIT;
	struct shown shown = { STRBUF_INIT, STRBUF_INIT, 0 };
	struct repository *repository = open_ok(scratch, name);
	ck_assert_msg(history_everything(repository, ".mlops", show_place, &shown, &err) == 0, "%s",
		err.message);
	repository_close(repository);
	return shown;
}

static void release(struct shown *shown)
{
	strbuf_release(&shown->lines);
	strbuf_release(&shown->places);
}

static int everything_code(struct scratch *scratch, const char *name, struct error *err)
{
	struct shown shown = { STRBUF_INIT, STRBUF_INIT, 0 };
	struct repository *repository = open_ok(scratch, name);
	int code = history_everything(repository, ".mlops", show_place, &shown, err);
	repository_close(repository);
	release(&shown);
	return code;
}

#define HAS(shown, part) ck_assert_ptr_nonnull(strstr((shown).lines.text, part))
#define HAS_NOT(shown, part) ck_assert_ptr_null(strstr((shown).lines.text, part))

START_TEST(a_file_at_a_revision)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	make(&scratch);
	scratch_run(&scratch, GIT
		"cd r && mkdir d && printf one > d/a.mlops && ln -s a.mlops d/link && "
		"git add . && git commit -qm one && git tag -a -m x v1 && printf two > d/a.mlops "
		"&& git commit -qam two && printf staged > d/a.mlops && git add d && "
		"printf disk > d/a.mlops && printf x > new && git add -N new && "
		"head -c 17000000 /dev/zero > large && git add large");
	struct repository *r = open_ok(&scratch, "r");
	static const char *const expected[][2] = { { "v1", "one" }, { "HEAD~1", "one" },
		{ "HEAD", "two" }, { "main", "two" }, { ":0", "staged" } };
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		strbuf_clear(&text);
		ck_assert_msg(history_read(r, expected[i][0], "d/a.mlops", &text, &err) == 0, "%s",
			err.message);
		ck_assert_str_eq(text.text, expected[i][1]);
	}
	static const char *const missing[][2] = { { "HEAD", "d/b" }, { "HEAD", "d" },
		{ "HEAD", "d/link" }, { "HEAD", "" }, { "nothing", "d/a.mlops" }, { ":0", "d" },
		{ ":0", "new" }, { ":0", "d/link" }, { "HEAD", "/d/a.mlops" } };
	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
		ck_assert_int_eq(history_read(r, missing[i][0], missing[i][1], &text, &err),
			-ERROR_NOT_FOUND);
	ck_assert_int_eq(history_read(r, ":0", "large", &text, &err), -ERROR_INVALID);
	repository_close(r);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(files_of_a_suffix_are_sorted)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	struct shown shown = { STRBUF_INIT, STRBUF_INIT, 0 };
	make(&scratch);
	scratch_run(&scratch,
		GIT "cd r && mkdir -p a/b a.c && for f in a.mlops a/x.mlops a.c/y.mlops a0.mlops "
		    "a/b/z.mlops other a/mlops; do printf $f > $f; done && "
		    "ln -s other l.mlops && git add . && git commit -qm 1 && "
		    "printf i > i.mlops && git add i.mlops");
	struct repository *r = open_ok(&scratch, "r");
	ck_assert_int_eq(history_each(r, "HEAD", ".mlops", show, &shown, &err), 0);
	ck_assert_str_eq(shown.lines.text, "a.c/y.mlops=a.c/y.mlops;a.mlops=a.mlops;"
					   "a/b/z.mlops=a/b/z.mlops;a/x.mlops=a/x.mlops;"
					   "a0.mlops=a0.mlops;");
	strbuf_clear(&shown.lines);
	ck_assert_int_eq(history_each(r, ":0", ".mlops", show, &shown, &err), 0);
	ck_assert_str_eq(shown.lines.text, "a.c/y.mlops=a.c/y.mlops;a.mlops=a.mlops;"
					   "a/b/z.mlops=a/b/z.mlops;a/x.mlops=a/x.mlops;"
					   "a0.mlops=a0.mlops;i.mlops=i;");
	ck_assert_int_eq(
		history_each(r, "nothing", ".mlops", show, &shown, &err), -ERROR_NOT_FOUND);
	repository_close(r);
	release(&shown);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(what_the_index_holds)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	make(&scratch);
	scratch_run(&scratch, GIT "cd r && mkdir -p d/e dd && touch d/e/f dd/g top u && "
				  "git add d top dd");
	static const struct {
		const char *path;
		bool tracked;
	} cases[] = { { "top", true }, { "d", true }, { "d/e", true }, { "d/e/f", true },
		{ "d/e/fx", false }, { "u", false }, { "to", false }, { "dd/g", true },
		{ "d/", false } };
	struct repository *r = open_ok(&scratch, "r");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool tracked = !cases[i].tracked;
		ck_assert_int_eq(history_is_tracked(r, cases[i].path, &tracked, &err), 0);
		ck_assert_msg(tracked == cases[i].tracked, "%s", cases[i].path);
	}
	/* The index is read again. */
	bool tracked;
	scratch_run(&scratch, GIT "cd r && sleep 0.02 && git add u");
	ck_assert_int_eq(history_is_tracked(r, "u", &tracked, &err), 0);
	ck_assert(tracked);
	repository_close(r);
	scratch_remove(&scratch);
}
END_TEST

/* Every place where git still has a version, one content for each. */
START_TEST(everything_that_git_remembers)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch, GIT
		"cd r && c() { printf $1 > a.mlops; git add a.mlops; git commit -qm $1; } && "
		"c old && c packed && git branch side && git pack-refs --all && "
		"git checkout -q side && c side && git checkout -q main && "
		"c amended && printf better > a.mlops && git commit -q --amend -am x && "
		"git checkout -q -b gone && c reflog && git checkout -q main && git branch -qD gone "
		"&& git checkout -q side && c tag && git tag -a -m x v1 && git reset -q --hard HEAD~1 "
		"&& git checkout -q main");
	scratch_run(&scratch, GIT
		"cd r && printf stash > a.mlops && printf u > u.mlops && git stash -qu && "
		"printf stash2 > a.mlops && git stash -q && "
		"git worktree add -q --detach ../w HEAD~1 && cd ../w && printf work > a.mlops && "
		"git commit -qam work && printf workindex > a.mlops && git add a.mlops && "
		"printf workdisk > a.mlops && cd ../r && printf staged > a.mlops && git add a.mlops && "
		"printf disk > a.mlops && "
		"git notes add -m note && git gc -q && git update-ref refs/mine/x side && "
		"git tag tree $(git rev-parse v1^{tree}) && git tag blob $(git hash-object -w a.mlops)");
	struct shown shown = everything(&scratch, "r");
	static const char *const contents[] = { "old", "packed", "side", "amended", "better",
		"reflog", "tag", "stash", "stash2", "work", "workindex", "staged" };
	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
		char line[64];
		snprintf(line, sizeof line, "a.mlops=%s;", contents[i]);
		ck_assert_msg(strstr(shown.lines.text, line), "%s in %s", line, shown.lines.text);
	}
	HAS(shown, "u.mlops=u;");
	HAS_NOT(shown, "disk");
	ck_assert_uint_eq(shown.count, sizeof contents / sizeof *contents + 1);
	ck_assert_ptr_nonnull(strstr(shown.places.text, "index of w "));
	/* The same from inside the worktree. */
	struct shown other = everything(&scratch, "w");
	ck_assert_str_eq(shown.lines.text, other.lines.text);
	ck_assert_str_eq(shown.places.text, other.places.text);
	release(&other);
	release(&shown);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(merges_and_rebases_under_way)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch, GIT
		"cd r && printf 0 > a.mlops && git add . && git commit -qm 0 && git checkout -qb s && "
		"printf theirs > a.mlops && git commit -qam 1 && git checkout -q main && "
		"printf ours > a.mlops && git commit -qam 2 && ! git merge s && "
		"git update-ref -d refs/heads/s && rm -rf .git/logs");
	struct shown shown = everything(&scratch, "r");
	HAS(shown, "a.mlops=theirs;"); /* stage 3, and MERGE_HEAD */
	HAS(shown, "a.mlops=ours;");
	release(&shown);
	scratch_run(&scratch, GIT
		"cd r && git reset -q --hard && git checkout -qb t HEAD~1 && printf t1 > a.mlops && "
		"git commit -qam t && ! git rebase main && git reset -q --hard && "
		"git update-ref -d refs/heads/t && rm -rf .git/logs .git/ORIG_HEAD .git/REBASE_HEAD");
	shown = everything(&scratch, "r");
	HAS(shown, "a.mlops=t1;"); /* rebase-merge/orig-head */
	release(&shown);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(the_newest_commit_is_named)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch,
		GIT "cd r && printf 1 > a.mlops && git add . && git commit -qm 1 && "
		    "for i in 1 2 3; do echo $i > b; git add b; git commit -qm $i; "
		    "done && git rm -q --cached a.mlops && git rev-parse HEAD > ../head");
	struct shown shown = everything(&scratch, "r");
	ck_assert_uint_eq(shown.count, 1);
	char command[256];
	snprintf(command, sizeof command, "test \"$(cat head) \" = '%s'", shown.places.text);
	scratch_run(&scratch, command);
	release(&shown);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(shallow_clones_and_submodules)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch, GIT
		"cd r && for i in 1 2 3; do printf $i > a.mlops; git add .; git commit -qm $i; done && "
		"git clone -q --depth 2 file://$HOME/r ../s && "
		"git -c protocol.file.allow=always submodule --quiet add file://$HOME/s sub && "
		"git commit -qm sub && cd sub && printf sub > a.mlops && git commit -qam sub");
	struct shown shown = everything(&scratch, "s");
	ck_assert_str_eq(shown.lines.text, "a.mlops=3;a.mlops=2;");
	release(&shown);
	shown = everything(&scratch, "r");
	ck_assert_str_eq(shown.lines.text, "a.mlops=3;a.mlops=2;a.mlops=1;");
	release(&shown);
	shown = everything(&scratch, "r/sub");
	HAS(shown, "a.mlops=sub;");
	HAS(shown, "a.mlops=3;");
	release(&shown);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(missing_objects_are_an_error)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	static const char *const lost[] = { "HEAD~1:a.mlops", "HEAD~1^{tree}", "HEAD~1", "HEAD" };
	make(&scratch);
	scratch_run(&scratch, GIT "cd r && for i in 1 2 3; do printf $i > a.mlops; git add .; "
				  "git commit -qm $i; done");
	for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
		char command[256];
		snprintf(command, sizeof command,
			"rm -rf b && cp -r r b && cd b && o=$(git rev-parse '%s') && "
			"rm -f .git/objects/$(echo $o | cut -c1-2)/$(echo $o | cut -c3-)",
			lost[i]);
		scratch_run(&scratch, command);
		ck_assert_msg(everything_code(&scratch, "b", &err) == -ERROR_CORRUPT, "%s: %s",
			lost[i], err.message);
		ck_assert_ptr_nonnull(strstr(err.message, "is missing"));
	}
	/* Reflogs may know more than there is; references may not be garbage. */
	scratch_run(&scratch,
		GIT "cd r && printf x > a.mlops && git commit -qam x && "
		    "o=$(git rev-parse HEAD) && git reset -q --hard HEAD~1 && "
		    "rm -f .git/objects/$(echo $o | cut -c1-2)/$(echo $o | cut -c3-)");
	struct shown shown = everything(&scratch, "r");
	ck_assert_uint_eq(shown.count, 3);
	release(&shown);
	scratch_run(&scratch, "printf 123 > r/.git/refs/heads/bad");
	ck_assert_int_eq(everything_code(&scratch, "r", &err), -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "refs/heads/bad"));
	scratch_remove(&scratch);
}
END_TEST

/* Ten folders, each with the same ten folders, eight deep: 10^8 paths of one pointer. */
START_TEST(a_bomb_of_trees_is_bounded)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch,
		GIT "cd r && b=$(printf x | git hash-object -w --stdin) && "
		    "t=$(printf '100644 blob %s\\ta.mlops\\n' $b | git mktree) && "
		    "for i in 1 2 3 4 5 6 7 8; do t=$(for j in 0 1 2 3 4 5 6 7 8 9; do "
		    "printf '040000 tree %s\\t%s\\n' $t $j; done | git mktree); done && "
		    "git update-ref HEAD $(git commit-tree -m x $t)");
	struct shown shown = everything(&scratch, "r");
	ck_assert_uint_eq(shown.count, HISTORY_COPIES);
	release(&shown);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(formats_that_libgit2_lacks)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	struct repository *repository = NULL;
	make(&scratch);
	scratch_run(&scratch, GIT "git init -q --object-format=sha256 t");
	int code = repository_open(scratch_path(&scratch, "t"), &repository, &err);
	if (code == 0) /* a later libgit2 */
		repository_close(repository);
	else
		ck_assert_msg(code == -ERROR_UNSUPPORTED, "%s", err.message);
	scratch_remove(&scratch);
}
END_TEST

/* 10,000 commits, each with two new pointers among 300 folders. */
START_TEST(a_long_history_takes_seconds)
{
	struct scratch scratch;
	make(&scratch);
	FILE *file = fopen(scratch_path(&scratch, "stream"), "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 10000; i++) {
		fprintf(file,
			"commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 1\nx\n"
			"M 644 inline d%d/e%d/data.mlops\ndata <<E\n%d\nE\n"
			"M 644 inline d%d/e/code.c\ndata <<E\n%d\nE\n",
			1700000000 + i, i % 300, i % 7, i, i % 200, i);
	}
	fclose(file);
	scratch_run(&scratch, GIT "cd r && git fast-import --quiet < ../stream");
	struct timespec begin, end;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	struct shown shown = everything(&scratch, "r");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	ck_assert_uint_eq(shown.count, 10000);
	printf("# %.2f s of CPU for 10,000 commits\n",
		(double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	release(&shown);
	scratch_remove(&scratch);
}
END_TEST

UNIT_MAIN("git/history", a_file_at_a_revision, files_of_a_suffix_are_sorted, what_the_index_holds,
	everything_that_git_remembers, merges_and_rebases_under_way, the_newest_commit_is_named,
	shallow_clones_and_submodules, missing_objects_are_an_error, a_bomb_of_trees_is_bounded,
	formats_that_libgit2_lacks, a_long_history_takes_seconds)
