#include "unit.h"

#include <sys/stat.h>

#include "mlops/git/hooks.h"
#include "scratch.h"

/* libgit2 1.5 loses memory with each regular expression that it matches: submodules, for one. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2\n";
}

#define GIT                                                                                        \
	"export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "           \
	"GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && "

static struct error err;
static struct scratch scratch;

static const struct hook hooks[] = {
	{ "post-checkout", "echo done >> \"$HOME/post\"" },
	{ "pre-push", "echo pushed >> \"$HOME/push\"" },
};
enum { N_HOOKS = sizeof hooks / sizeof *hooks };
static enum hook_outcome outcomes[N_HOOKS];

static void make(void)
{
	scratch_make(&scratch);
	setenv("HOME", scratch.folder, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	scratch_run(&scratch, GIT "git init -q -b main r && cd r && echo a > a && git add a && "
				  "git commit -qm one");
	err = ERROR_INIT;
}

static int install(const char *name)
{
	AUTO(repository_close) struct repository *repository = NULL;
	error_clear(&err);
	ck_assert_msg(repository_open(scratch_path(&scratch, name), &repository, &err) == 0, "%s",
		err.message);
	return hooks_install(repository, hooks, N_HOOKS, outcomes, &err);
}

START_TEST(git_runs_what_was_installed)
{
	make();
	ck_assert_msg(install("r") == 0, "%s", err.message);
	ck_assert(outcomes[0] == HOOK_INSTALLED && outcomes[1] == HOOK_INSTALLED);
	scratch_run(&scratch, GIT "cd r && git checkout -qb other && grep -q done ../post && "
				  "test ! -e ../push && git init -q --bare ../b && "
				  "git push -q ../b other && grep -q pushed ../push");
	ck_assert_int_eq(install("r"), 0);
	ck_assert(outcomes[0] == HOOK_UNCHANGED && outcomes[1] == HOOK_UNCHANGED);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(hooks_of_the_user_stay)
{
	make();
	scratch_run(&scratch, "cd r && printf '#!/bin/sh\\ntrue\\n' > .git/hooks/pre-push");
	ck_assert_int_eq(install("r"), -ERROR_EXISTS);
	ck_assert_ptr_nonnull(strstr(err.message, "'pre-push'"));
	ck_assert_ptr_null(strstr(err.message, "post-checkout"));
	ck_assert_ptr_nonnull(strstr(err.hint, hooks[1].line));
	ck_assert(!scratch_has(&scratch, "r/.git/hooks/post-checkout"));
	/* The line is in it: that will do. */
	scratch_run(
		&scratch, "cd r && echo 'echo pushed >> \"$HOME/push\"' >> .git/hooks/pre-push");
	ck_assert_msg(install("r") == 0, "%s", err.message);
	ck_assert(outcomes[0] == HOOK_INSTALLED && outcomes[1] == HOOK_UNCHANGED);
	/* A link that leads nowhere is somebody's, too. */
	scratch_run(&scratch, "cd r && ln -sf /nowhere/at/all .git/hooks/pre-push");
	ck_assert_int_eq(install("r"), -ERROR_EXISTS);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(ours_of_another_version_is_replaced)
{
	make();
	scratch_run(&scratch, "cd r && printf '#!/bin/sh\\n# mlops hook: old\\nfalse\\n' > "
			      ".git/hooks/pre-push");
	ck_assert_int_eq(install("r"), 0);
	ck_assert_int_eq(outcomes[1], HOOK_INSTALLED);
	scratch_run(&scratch, "grep -q pushed r/.git/hooks/pre-push && test -x "
			      "r/.git/hooks/pre-push");
	scratch_remove(&scratch);
}
END_TEST

START_TEST(worktrees_share_and_submodules_do_not)
{
	make();
	scratch_run(&scratch, GIT "cd r && git worktree add -q ../w && "
				  "git -c protocol.file.allow=always submodule --quiet add "
				  "\"$PWD/.git\" sub");
	ck_assert_msg(install("w") == 0, "%s", err.message);
	ck_assert(scratch_has(&scratch, "r/.git/hooks/pre-push"));
	ck_assert_int_eq(install("r"), 0);
	ck_assert_int_eq(outcomes[0], HOOK_UNCHANGED);
	ck_assert_msg(install("r/sub") == 0, "%s", err.message);
	ck_assert(scratch_has(&scratch, "r/.git/modules/sub/hooks/pre-push"));
	ck_assert_int_eq(outcomes[0], HOOK_INSTALLED);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(the_configured_folder)
{
	make();
	scratch_run(&scratch, GIT "git -C r config core.hooksPath tools/hooks");
	ck_assert_msg(install("r") == 0, "%s", err.message);
	ck_assert(scratch_has(&scratch, "r/tools/hooks/pre-push"));
	scratch_run(&scratch, GIT "cd r && git checkout -qb other && grep -q done ../post");
	/* One that other repositories use. */
	scratch_run(&scratch, GIT "git -C r config core.hooksPath '~/all-hooks'");
	ck_assert_int_eq(install("r"), -ERROR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.message, "/all-hooks'"));
	ck_assert(!scratch_has(&scratch, "all-hooks"));
	scratch_remove(&scratch);
}
END_TEST

UNIT_MAIN("git/hooks", git_runs_what_was_installed, hooks_of_the_user_stay,
	ours_of_another_version_is_replaced, worktrees_share_and_submodules_do_not,
	the_configured_folder)
