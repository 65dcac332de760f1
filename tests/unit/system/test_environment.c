#include "unit.h"

#include <string.h>

#include "mlops/base/strbuf.h"
#include "mlops/system/environment.h"

static struct error err;

START_TEST(empty_is_unset)
{
	setenv("NO_COLOR", "", 1);
	ck_assert_ptr_null(environment_get("NO_COLOR"));
	setenv("NO_COLOR", "1", 1);
	ck_assert_str_eq(environment_get("NO_COLOR"), "1");
	ck_assert(environment_is("NO_COLOR", "1") && !environment_is("NO_COLOR", "0"));
	setenv("MLOPS_ANYTHING", "x", 1);
	ck_assert(environment_is("MLOPS_ANYTHING", "x"));
}
END_TEST

START_TEST(config_folder)
{
	setenv("HOME", "/home/ada", 1);
	unsetenv("XDG_CONFIG_HOME");
	AUTO_FREE char *home = environment_config_folder(&err);
	ck_assert_str_eq(home, "/home/ada/.config/mlops");
	setenv("XDG_CONFIG_HOME", "/etc/ada", 1);
	AUTO_FREE char *xdg = environment_config_folder(&err);
	ck_assert_str_eq(xdg, "/etc/ada/mlops");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	AUTO_FREE char *relative = environment_config_folder(&err);
	ck_assert_str_eq(relative, "/home/ada/.config/mlops");
	unsetenv("HOME");
	ck_assert_ptr_null(environment_config_folder(&err));
	ck_assert_int_eq(err.code, ERROR_NONE);
}
END_TEST

static int join(void *context, const char *name, const char *value, struct error *error)
{
	(void)error;
	strbuf_printf(context, "%s:%s ", name, value);
	return strcmp(value, "stop") == 0 ? 5 : 0;
}

START_TEST(each_is_sorted)
{
	AUTO(strbuf_release) struct strbuf joined = STRBUF_INIT;
	clearenv();
	setenv("MLOPS_B", "2=x", 1);
	setenv("MLOPS_A", "1", 1);
	setenv("MLOPSX", "no", 1);
	setenv("A", "MLOPS_", 1);
	ck_assert_int_eq(environment_each("MLOPS_", join, &joined, &err), 0);
	ck_assert_str_eq(joined.text, "MLOPS_A:1 MLOPS_B:2=x ");
	setenv("MLOPS_A", "stop", 1);
	ck_assert_int_eq(environment_each("MLOPS_", join, &joined, &err), 5);
}
END_TEST

START_TEST(a_stage_gets_what_it_may)
{
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	AUTO(strbuf_release) struct strbuf joined = STRBUF_INIT;
	clearenv();
	setenv("PATH", "/bin", 1);
	setenv("LC_ALL", "C", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "hunter2", 1);
	setenv("TOKEN", "t", 1);
	setenv("MY_FLAG", "1", 1);
	const char *const *entries =
		environment_for_stage(&arena, (const char *const[]){ "MY_*", NULL },
			(const char *const[]){ "SEED=7", "PATH=/opt/bin", NULL }, &err);
	ck_assert_ptr_nonnull(entries);
	for (; *entries; entries++)
		strbuf_printf(&joined, "%s ", *entries);
	ck_assert_str_eq(joined.text, "LC_ALL=C MY_FLAG=1 PATH=/opt/bin SEED=7 ");
	ck_assert_ptr_null(
		environment_for_stage(&arena, NULL, (const char *const[]){ "=x", NULL }, &err));
	entries = environment_for_stage(&arena, NULL, NULL, &err);
	ck_assert_str_eq(entries[0], "LC_ALL=C");
	ck_assert_str_eq(entries[1], "PATH=/bin");
	ck_assert_ptr_null(entries[2]);
}
END_TEST

UNIT_MAIN("system/environment", empty_is_unset, config_folder, each_is_sorted,
	a_stage_gets_what_it_may)
