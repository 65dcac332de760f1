#include "unit.h"

#include "mlops/config/remotes.h"
#include "workfolder.h"

#define OK(call) ck_assert_msg((call) == 0, "%s: %s", #call, err.message)

static struct config *load(const char *user, const char *repository, struct error *err)
{
	struct config *config = NULL;
	struct config_sources sources = {
		.user_file = user, .repository_file = repository, .repository = "/project"
	};
	if (config_load(&sources, NULL, &config, err) < 0)
		return NULL;
	return config;
}

START_TEST(later_layers_replace_whole_remotes)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	size_t count;
	workfolder_write("user.yaml", "remotes:\n  a: /one\n  b: {url: 's3://b/x', region: eu}\n");
	workfolder_write("repo.yaml", "remotes:\n  b: {url: s3://c/y, endpoint: 'http://h'}\n");
	AUTO(config_free) struct config *config = load("user.yaml", "repo.yaml", &err);
	ck_assert_msg(config != NULL, "%s", err.message);
	const struct config_remote *remotes = config_remotes(config, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(remotes[0].name, "a");
	ck_assert_str_eq(remotes[0].url, "/one");
	ck_assert(remotes[0].is_trusted);
	ck_assert_str_eq(remotes[1].url, "s3://c/y");
	ck_assert_ptr_null(remotes[1].region);
	ck_assert_str_eq(remotes[1].endpoint, "http://h");
	ck_assert(!remotes[1].is_trusted);
	ck_assert_int_eq(remotes[1].layer, CONFIG_REPOSITORY);
	ck_assert_uint_eq(remotes[1].line, 2);
}
END_TEST

START_TEST(a_trusted_repository_is_trusted)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	size_t count;
	workfolder_write("user.yaml", "trust:\n  repositories: [/project]\n");
	workfolder_write("repo.yaml", "remotes:\n  b: /x\n");
	AUTO(config_free) struct config *config = load("user.yaml", "repo.yaml", &err);
	ck_assert_msg(config != NULL, "%s", err.message);
	ck_assert(config_remotes(config, &count)[0].is_trusted);
}
END_TEST

/* Also by what comes after the repository's file: the environment and the command line. */
START_TEST(later_layers_trust_too)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	size_t count;
	const char *const overrides[] = { "trust.repositories=*", NULL };
	struct config_sources sources = {
		.repository_file = "repo.yaml", .repository = "/project", .environment = _i == 0
	};
	workfolder_write("repo.yaml", "remotes:\n  b: /x\nui:\n  pager: evil\n");
	if (_i == 0)
		setenv("MLOPS_TRUST_REPOSITORIES", "/project", 1);
	else
		sources.overrides = overrides;
	AUTO(config_free) struct config *config = NULL;
	OK(config_load(&sources, NULL, &config, &err));
	ck_assert(config_remotes(config, &count)[0].is_trusted);
	ck_assert_str_eq(config_text(config, "ui.pager"), "evil");
}
END_TEST

START_TEST(wrong_remotes_are_refused)
{
	static const char *const texts[] = { "remotes:\n  a: {}\n", "remotes:\n  a: 3\n",
		"remotes:\n  a: {url: x, uri: y}\n", "remotes:\n  a: {url: [x]}\n",
		"remotes:\n  a/b: /x\n", "remotes: [a]\n", "remotes:\n  a: {url: ''}\n" };
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	workfolder_write("user.yaml", texts[_i]);
	ck_assert_ptr_null(load("user.yaml", NULL, &err));
	ck_assert_int_eq(err.code, ERROR_INVALID);
}
END_TEST

START_TEST(the_rest_of_the_file_stays)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	bool rewritten;
	struct config_remote remote = {
		.name = "origin", .url = "s3://b/p", .endpoint = "http://127.0.0.1:9000"
	};
	workfolder_write("c.yaml", "# ours\ncore:\n  threads: 2 # two\n");
	OK(config_remote_set("c.yaml", &remote, &rewritten, &err));
	ck_assert(!rewritten);
	workfolder_assert("c.yaml",
		"# ours\ncore:\n  threads: 2 # two\nremotes:\n  origin: "
		"{\"url\":\"s3://b/p\",\"endpoint\":\"http://127.0.0.1:9000\"}\n");
	remote = (struct config_remote){ .name = "backup", .url = "/b" };
	OK(config_remote_set("c.yaml", &remote, &rewritten, &err));
	remote.url = "/c";
	OK(config_remote_set("c.yaml", &remote, &rewritten, &err));
	ck_assert(!rewritten);
	OK(config_remote_remove("c.yaml", "origin", &rewritten, &err));
	ck_assert(!rewritten);
	workfolder_assert("c.yaml", "# ours\ncore:\n  threads: 2 # two\nremotes:\n  backup: "
				    "{\"url\":\"/c\"}\n");
	ck_assert_int_eq(
		config_remote_remove("c.yaml", "origin", &rewritten, &err), -ERROR_NOT_FOUND);
	error_clear(&err);
	OK(config_remote_remove("c.yaml", "backup", &rewritten, &err));
	workfolder_assert("c.yaml", "# ours\ncore:\n  threads: 2 # two\n");
	remote.name = "../x";
	ck_assert_int_eq(config_remote_set("c.yaml", &remote, &rewritten, &err), -ERROR_USAGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config/remotes");
	TCase *one = tcase_create("remotes");
	tcase_add_test(one, later_layers_replace_whole_remotes);
	tcase_add_test(one, a_trusted_repository_is_trusted);
	tcase_add_test(one, the_rest_of_the_file_stays);
	tcase_add_loop_test(one, later_layers_trust_too, 0, 2);
	tcase_add_loop_test(one, wrong_remotes_are_refused, 0, 7);
	suite_add_tcase(suite, one);
	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
