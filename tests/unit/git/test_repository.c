#include "unit.h"

#include <sys/stat.h>

#include "mlops/git/repository.h"
#include "scratch.h"

/* libgit2 1.5 loses memory with each regular expression that it matches: submodules, for one. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2\n";
}

/* Nothing of the tester's own settings. */
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

static struct repository_state state_ok(struct scratch *scratch, const char *name)
{
	struct error err = ERROR_INIT;
	struct repository_state state;
	struct repository *repository = open_ok(scratch, name);
	ck_assert_msg(repository_state(repository, &state, &err) == 0, "%s", err.message);
	repository_close(repository);
	return state;
}

START_TEST(without_a_repository)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	struct repository *repository = NULL;
	make(&scratch);
	ck_assert_int_eq(repository_open(scratch.folder, &repository, &err), -ERROR_NOT_FOUND);
	scratch_run(&scratch, GIT "git init -q --bare b");
	ck_assert_int_eq(repository_open(scratch_path(&scratch, "b"), &repository, &err),
		-ERROR_UNSUPPORTED);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(before_the_first_commit)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch, "mkdir r/sub && echo x > r/sub/a");
	struct repository *repository = open_ok(&scratch, "r/sub");
	ck_assert_str_eq(repository_root(repository), scratch_path(&scratch, "r"));
	repository_close(repository);
	struct repository_state state = state_ok(&scratch, "r/sub");
	ck_assert(state.unborn && !state.detached && !state.dirty);
	ck_assert_str_eq(state.commit, "");
	ck_assert_str_eq(state.branch, "main");
	ck_assert_ptr_null(state.describe);
	ck_assert_uint_eq(state.n_untracked, 1);
	ck_assert_str_eq(state.untracked[0], "sub/a");
	ck_assert_ptr_nonnull(strstr(state.lost, "nothing is committed"));
	repository_state_release(&state);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(a_clean_tree)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch, GIT
		"cd r && echo x > a && git add a && git commit -qm one && "
		"git tag v1 && git remote add origin https://me:secret@example.org/x.git?token=1 && "
		"git rev-parse HEAD > ../head");
	struct repository_state state = state_ok(&scratch, "r");
	ck_assert_uint_eq(strlen(state.commit), 40);
	char command[128];
	snprintf(command, sizeof command, "test $(cat head) = %s", state.commit);
	scratch_run(&scratch, command);
	ck_assert(!state.dirty && !state.n_changed && !state.n_untracked && !state.lost);
	ck_assert_uint_eq(state.patch.length, 0);
	ck_assert_str_eq(state.describe, "v1");
	ck_assert_str_eq(state.remote, "https://example.org/x.git");
	repository_state_release(&state);
	scratch_remove(&scratch);
}
END_TEST

/* The patch of a dirty tree, applied to a fresh checkout, gives that tree. */
START_TEST(the_patch_rebuilds_a_dirty_tree)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch, GIT
		"cd r && git config diff.noprefix true && git config diff.mnemonicPrefix true && "
		"git config core.autocrlf false && "
		"seq 100 > numbers && seq 5 > gone && printf 'a\\0b\\377' > binary && "
		"printf 'no end' > 'odd name' && echo run > script && mkdir d && echo 1 > d/moved && "
		"git add . && git commit -qm one && "
		"sed -i 's/^50$/fifty/' numbers && rm gone && printf 'a\\0c\\376' > binary && "
		"printf 'no end still' > 'odd name' && chmod +x script && "
		"git mv d/moved d/there && echo staged > new && git add new && echo 2 >> new && "
		"echo u > untracked && mkdir t && echo u > t/deep && echo i > ignored && "
		"echo ignored > .git/info/exclude");
	struct repository_state state = state_ok(&scratch, "r");
	ck_assert(state.dirty);
	ck_assert_uint_eq(state.n_changed, 8);
	ck_assert_uint_eq(state.n_untracked, 2);
	ck_assert_str_eq(state.untracked[0], "t/deep");
	ck_assert_str_eq(state.untracked[1], "untracked");
	ck_assert_str_eq(state.lost, "2 untracked files are not part of the commit");
	FILE *patch = fopen(scratch_path(&scratch, "patch"), "w");
	ck_assert_ptr_nonnull(patch);
	ck_assert_uint_eq(
		fwrite(state.patch.text, 1, state.patch.length, patch), state.patch.length);
	fclose(patch);
	scratch_run(&scratch, GIT "git clone -q r fresh && cd fresh && git apply ../patch && "
				  "rm -r ../r/untracked ../r/t ../r/ignored && "
				  "diff -r --exclude=.git . ../r && test -x script");
	repository_state_release(&state);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(nothing_is_run_or_written)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	make(&scratch);
	scratch_run(&scratch,
		GIT "cd r && echo x > a && echo '* filter=evil diff=evil' > "
		    ".gitattributes && git add . && git commit -qm one && "
		    "git config filter.evil.clean 'touch ../ran; cat' && "
		    "git config filter.evil.smudge 'touch ../ran; cat' && "
		    "git config filter.evil.process 'touch ../ran' && "
		    "git config diff.evil.command 'touch ../ran' && "
		    "git config diff.evil.textconv 'touch ../ran; cat' && "
		    "git config core.fsmonitor 'touch ../ran; false' && "
		    "git config core.hooksPath ../hooks && mkdir ../hooks && "
		    "printf '#!/bin/sh\\ntouch ../ran\\n' > ../hooks/post-index-change && "
		    "chmod +x ../hooks/post-index-change && rm -f ../ran && "
		    "sleep 0.01 && touch a && echo y >> a && cp .git/index ../index");
	struct repository_state state = state_ok(&scratch, "r");
	ck_assert(state.dirty);
	repository_state_release(&state);
	struct repository *repository = open_ok(&scratch, "r");
	bool ignored;
	ck_assert_int_eq(repository_is_ignored(repository, "a", &ignored, &err), 0);
	repository_close(repository);
	scratch_run(&scratch, "test ! -e ran && cmp r/.git/index index");
	scratch_remove(&scratch);
}
END_TEST

START_TEST(worktrees_submodules_and_shallow_clones)
{
	struct scratch scratch;
	make(&scratch);
	scratch_run(&scratch,
		GIT "cd r && echo 1 > a && git add a && git commit -qm one && "
		    "echo 2 > a && git commit -qam two && git worktree add -q ../w && "
		    "git clone -q --depth 1 file://$HOME/r ../s && git checkout -q --detach && "
		    "git -c protocol.file.allow=always submodule --quiet add file://$HOME/s sub && "
		    "git commit -qm sub && cd sub && echo 3 > a && git commit -qam three");
	struct repository_state state = state_ok(&scratch, "w");
	ck_assert(state.worktree && !state.lost);
	ck_assert_str_eq(state.branch, "w");
	repository_state_release(&state);
	state = state_ok(&scratch, "s");
	ck_assert(state.shallow);
	ck_assert_ptr_nonnull(strstr(state.lost, "shallow"));
	repository_state_release(&state);
	state = state_ok(&scratch, "r");
	ck_assert(state.detached && state.dirty);
	ck_assert_ptr_null(state.branch);
	ck_assert_ptr_nonnull(strstr(state.lost, "submodule 'sub'"));
	repository_state_release(&state);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(revisions_are_resolved)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	char head[REPOSITORY_COMMIT_SIZE], other[REPOSITORY_COMMIT_SIZE];
	make(&scratch);
	scratch_run(&scratch, GIT "cd r && echo 1 > a && git add a && git commit -qm one && "
				  "git tag -a -m x v1 && echo 2 > a && git commit -qam two");
	struct repository *repository = open_ok(&scratch, "r");
	ck_assert_int_eq(repository_resolve(repository, "HEAD~1", head, &err), 0);
	ck_assert_int_eq(repository_resolve(repository, "v1", other, &err), 0);
	ck_assert_str_eq(head, other);
	ck_assert_int_eq(repository_resolve(repository, "main", other, &err), 0);
	ck_assert_str_ne(head, other);
	ck_assert_int_eq(repository_resolve(repository, "nothing", other, &err), -ERROR_NOT_FOUND);
	repository_close(repository);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(a_line_of_gitignore)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	bool ignored = true;
	make(&scratch);
	struct repository *repository = open_ok(&scratch, "r");
	ck_assert_int_eq(repository_is_ignored(repository, "data/x.csv", &ignored, &err), 0);
	ck_assert(!ignored);
	scratch_write(&scratch, "r/.gitignore", "*.o\r\n# end");
	for (int again = 0; again < 2; again++)
		ck_assert_int_eq(repository_ignore(repository, "/data/", &err), 0);
	ck_assert_int_eq(repository_ignore(repository, "*.o", &err), 0);
	scratch_run(&scratch, "printf '*.o\\r\\n# end\\n/data/\\n' | cmp - r/.gitignore");
	ck_assert_int_eq(repository_ignore(repository, "a\nb", &err), -ERROR_INVALID);
	ck_assert_int_eq(repository_is_ignored(repository, "data/x.csv", &ignored, &err), 0);
	ck_assert(ignored);
	ck_assert_int_eq(repository_is_ignored(
				 repository, scratch_path(&scratch, "r/data/y"), &ignored, &err),
		0);
	ck_assert(ignored);
	repository_close(repository);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(urls_lose_their_secrets)
{
	static const char *const urls[][2] = {
		{ "https://example.org/a/b.git", "https://example.org/a/b.git" },
		{ "https://u:p@example.org/a", "https://example.org/a" },
		{ "https://u:p@ss@example.org/a@b", "https://example.org/a@b" },
		{ "https://token@example.org?x=y#z", "https://example.org" },
		{ "ssh://git@example.org:22/a", "ssh://example.org:22/a" },
		{ "git@example.org:a/b.git", "example.org:a/b.git" },
		{ "/srv/git/a@b", "/srv/git/a@b" },
		{ "../a", "../a" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct error err = ERROR_INIT;
		AUTO_FREE char *clean = repository_url_without_secrets(urls[i][0], &err);
		ck_assert_str_eq(clean, urls[i][1]);
	}
}
END_TEST

UNIT_MAIN("git/repository", without_a_repository, before_the_first_commit, a_clean_tree,
	the_patch_rebuilds_a_dirty_tree, nothing_is_run_or_written,
	worktrees_submodules_and_shallow_clones, revisions_are_resolved, a_line_of_gitignore,
	urls_lose_their_secrets)
