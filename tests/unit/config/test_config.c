#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mlops/config/config.h"

static char folder[] = "/tmp/test_config_XXXXXX";
static char path[3][64]; /* system, user, repository */

static void setup(void)
{
	strcpy(folder, "/tmp/test_config_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	static const char *const names[] = { "system", "user", "repository" };
	for (int i = 0; i < 3; i++)
		snprintf(path[i], sizeof path[i], "%s/%s.yaml", folder, names[i]);
}

static void teardown(void)
{
	for (int i = 0; i < 3; i++)
		unlink(path[i]);
	rmdir(folder);
}

static void put(const char *file, const char *text)
{
	FILE *stream = fopen(file, "w");
	ck_assert_ptr_nonnull(stream);
	fputs(text, stream);
	fclose(stream);
}

static void assert_file(const char *file, const char *expected)
{
	char text[4096];
	FILE *stream = fopen(file, "r");
	ck_assert_ptr_nonnull(stream);
	text[fread(text, 1, sizeof text - 1, stream)] = '\0';
	fclose(stream);
	ck_assert_str_eq(text, expected);
}

static int warnings;
static void count_warning(void *context, const struct event *event)
{
	(void)context;
	warnings += event->kind == EVENT_WARNING;
}

static struct event_sink sink = { .emit = count_warning };

static struct config_sources all(void)
{
	return (struct config_sources){ .system_file = path[0],
		.user_file = path[1],
		.repository_file = path[2],
		.repository = folder,
		.environment = true,
		.events = &sink };
}

static struct config *load(const struct config_sources *sources)
{
	struct config *config = NULL;
	struct error err = ERROR_INIT;
	ck_assert_msg(config_load(sources, NULL, &config, &err) == 0, "%s", err.message);
	return config;
}

static void assert_entry(const struct config *config, const char *name, const char *text,
	enum config_layer layer, const char *origin)
{
	struct config_entry entry;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(config_entry(config, name, &entry, &err), 0);
	ck_assert_str_eq(entry.text, text);
	ck_assert_int_eq(entry.layer, layer);
	ck_assert_msg(strstr(entry.origin, origin) != NULL, "%s, not %s", entry.origin, origin);
}

START_TEST(config_without_files_is_built_in)
{
	setup();
	struct config_sources sources = all();
	AUTO(config_free) struct config *config = load(&sources);
	size_t count;
	ck_assert_int_eq(config_integer(config, "core.threads"), 0);
	ck_assert(config_number(config, "core.wait") == 10);
	ck_assert_str_eq(config_text(config, "ui.color"), "auto");
	config_list(config, "trust.repositories", &count);
	ck_assert_uint_eq(count, 0);
	assert_entry(config, "ui.color", "auto", CONFIG_BUILT_IN, "built-in");
	teardown();
}
END_TEST

START_TEST(config_layers_win_upwards)
{
	setup();
	put(path[0], "core: {threads: 1, wait: 1s}\nui: {color: never, progress: never}\n");
	put(path[1], "core:\n  threads: 2\n  wait: 20\nuser: {name: \u00dc}\n");
	put(path[2], "# ours\ncore:\n  threads: 3\n");
	setenv("MLOPS_UI_COLOR", "always", 1);
	setenv("MLOPS_NO_SUCH_THING", "1", 1);
	struct config_sources sources = all();
	sources.overrides = (const char *const[]){ "user.name=a=b", "core.wait=1m", NULL };
	AUTO(config_free) struct config *config = load(&sources);
	unsetenv("MLOPS_UI_COLOR");
	ck_assert_int_eq(config_integer(config, "core.threads"), 3);
	ck_assert(config_number(config, "core.wait") == 60);
	assert_entry(config, "core.threads", "3", CONFIG_REPOSITORY, "/repository.yaml:3");
	assert_entry(config, "ui.progress", "never", CONFIG_SYSTEM, "/system.yaml:2");
	assert_entry(config, "ui.color", "always", CONFIG_ENVIRONMENT, "MLOPS_UI_COLOR");
	assert_entry(config, "user.name", "a=b", CONFIG_COMMAND_LINE, "--config");
	assert_entry(config, "user.email", "", CONFIG_BUILT_IN, "built-in");
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	config_describe(config, "ui.color", &text);
	ck_assert_str_eq(text.text, "ui.color (MLOPS_UI_COLOR)");
	struct config_entry entry;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(config_entry(config, "ui.colour", &entry, &err), -ERROR_NOT_FOUND);
	ck_assert_str_eq(err.hint, "did you mean 'ui.color'?");
	teardown();
}
END_TEST

START_TEST(config_repository_may_not_name_programs)
{
	setup();
	put(path[2], "ui: {pager: evil, color: never}\ntrust: {repositories: '*'}\n");
	struct config_sources sources = all();
	warnings = 0;
	struct config *config = load(&sources);
	ck_assert_str_eq(config_text(config, "ui.pager"), "");
	ck_assert_str_eq(config_text(config, "ui.color"), "never");
	ck_assert_int_eq(warnings, 2);
	config_free(config);
	/* The user trusts it: the pager counts, its own list of trust never does. */
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text, "trust:\n  repositories: [/other, %s/]\n", folder);
	put(path[1], text.text);
	warnings = 0;
	config = load(&sources);
	size_t count;
	ck_assert_str_eq(config_text(config, "ui.pager"), "evil");
	ck_assert_str_eq(config_list(config, "trust.repositories", &count)[0], "/other");
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(warnings, 1);
	config_free(config);
	teardown();
}
END_TEST

START_TEST(config_reports_all_that_is_wrong)
{
	setup();
	put(path[1], "core:\n  thread: 1\n  threads: two\n  wait: [1]\nui: 7\ncore2: {x: 1}\n");
	put(path[2], "core: [\n");
	struct config_sources sources = all();
	struct problems *problems = calloc(1, sizeof *problems);
	struct config *config = NULL;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(config_load(&sources, problems, &config, &err), -ERROR_INVALID);
	static const char *const expected[] = { "there is no setting 'core.thread'",
		"core.threads is a whole number from 0 to 256, not 'two'",
		"core.wait: a sequence is no duration", "'ui' is not a section with settings",
		"there is no setting 'core2.x'" };
	ck_assert_uint_eq(problems->count, 6);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_str_eq(problems->items[i].message, expected[i]);
		ck_assert_uint_eq(problems->items[i].at.line, i + 2);
	}
	ck_assert_str_eq(problems->items[0].hint, "did you mean 'core.threads'?");
	ck_assert_ptr_nonnull(strstr(problems->items[5].at.file, "repository.yaml"));
	ck_assert_str_eq(err.message, expected[0]);
	free(problems);
	teardown();
}
END_TEST

static void refuse_override(const char *override, const char *message)
{
	struct config_sources sources = { .overrides = (const char *const[]){ override, NULL } };
	struct config *config = NULL;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(config_load(&sources, NULL, &config, &err), -ERROR_USAGE);
	ck_assert_str_eq(err.message, message);
}

START_TEST(config_refuses_wrong_overrides)
{
	refuse_override("core.threads", "--config core.threads: is not key=value");
	refuse_override("core.x=1", "--config: there is no setting 'core.x'");
	refuse_override("core.threads=-1",
		"--config: core.threads is a whole number from 0 to 256, not '-1'");
	setenv("MLOPS_CORE_THREADS", "many", 1);
	struct config_sources sources = { .environment = true };
	struct config *config = NULL;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(config_load(&sources, NULL, &config, &err), -ERROR_USAGE);
	ck_assert_str_eq(err.message,
		"MLOPS_CORE_THREADS: core.threads is a whole number from 0 to 256, not 'many'");
	unsetenv("MLOPS_CORE_THREADS");
}
END_TEST

static void set(const char *name, const char *text, bool rewritten, const char *expected)
{
	struct error err = ERROR_INIT;
	bool was;
	ck_assert_msg(
		config_set(path[1], CONFIG_USER, name, text, &was, &err) == 0, "%s", err.message);
	assert_file(path[1], expected);
	ck_assert_int_eq(was, rewritten);
}

START_TEST(config_set_keeps_the_rest)
{
	setup();
	set("core.threads", "2", false, "core:\n  threads: 2\n");
	set("user.name", "yes", false, "core:\n  threads: 2\nuser:\n  name: \"yes\"\n");
	put(path[1], "# mine\ncore:  # cores\n    threads: 2   # two\n\n    wait: '5s'\n# end");
	set("core.threads", "4", false,
		"# mine\ncore:  # cores\n    threads: 4   # two\n\n    wait: '5s'\n# end\n");
	set("core.wait", "1m", false,
		"# mine\ncore:  # cores\n    threads: 4   # two\n\n    wait: 1m\n# end\n");
	set("ui.color", "never", false,
		"# mine\ncore:  # cores\n    threads: 4   # two\n\n    wait: 1m\n# end\n"
		"ui:\n  color: never\n");
	set("core.threads", NULL, false,
		"# mine\ncore:  # cores\n\n    wait: 1m\n# end\nui:\n  color: never\n");
	set("ui.color", NULL, false, "# mine\ncore:  # cores\n\n    wait: 1m\n# end\n");
	set("trust.repositories", "/a, /b", false,
		"# mine\ncore:  # cores\n\n    wait: 1m\n# end\ntrust:\n  repositories: [/a, /b]\n");
	teardown();
}
END_TEST

START_TEST(config_set_rewrites_what_it_cannot_edit)
{
	setup();
	put(path[1], "core: {threads: 2, wait: 1m}\nui:\n  color: never\n");
	set("core.threads", "4", true, "core:\n  threads: 4\n  wait: 1m\nui:\n  color: never\n");
	put(path[1], "trust:\n  repositories:\n    - /a\n    - /b\n");
	set("trust.repositories", "/c", true, "trust:\n  repositories: [/c]\n");
	teardown();
}
END_TEST

START_TEST(config_set_refuses)
{
	setup();
	struct error err = ERROR_INIT;
	bool was;
	ck_assert_int_eq(
		config_set(path[1], CONFIG_USER, "core.x", "1", &was, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(
		config_set(path[1], CONFIG_USER, "core.threads", "x", &was, &err), -ERROR_USAGE);
	ck_assert_int_eq(config_set(path[1], CONFIG_USER, "core.threads", NULL, &was, &err),
		-ERROR_NOT_FOUND);
	ck_assert_int_eq(
		config_set(path[2], CONFIG_REPOSITORY, "ui.pager", "x", &was, &err), -ERROR_USAGE);
	put(path[1], "- 1\n");
	ck_assert_int_eq(
		config_set(path[1], CONFIG_USER, "core.threads", "1", &was, &err), -ERROR_INVALID);
	put(path[1], "core: 1\n");
	ck_assert_int_eq(
		config_set(path[1], CONFIG_USER, "core.threads", "1", &was, &err), -ERROR_INVALID);
	put(path[1], "core: [\n");
	ck_assert_int_eq(
		config_set(path[1], CONFIG_USER, "core.threads", "1", &was, &err), -ERROR_INVALID);
	assert_file(path[1], "core: [\n");
	ck_assert_int_ne(access(path[2], F_OK), 0);
	teardown();
}
END_TEST

UNIT_MAIN("config/config", config_without_files_is_built_in, config_layers_win_upwards,
	config_repository_may_not_name_programs, config_reports_all_that_is_wrong,
	config_refuses_wrong_overrides, config_set_keeps_the_rest,
	config_set_rewrites_what_it_cannot_edit, config_set_refuses)
