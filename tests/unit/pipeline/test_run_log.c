#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "mlops/pipeline/run_log.h"
#include "mlops/system/file.h"

static size_t warnings;

static void count_warnings(void *context, const struct event *event)
{
	(void)context;
	warnings += event->kind == EVENT_WARNING;
}

/* A run goes on when its log cannot be written, and says so once. */
START_TEST(a_log_that_ends_early_is_told_once)
{
	char folder[] = "/tmp/mlops-run-log-XXXXXX", name[64], path[96];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(name, sizeof name, "%s/runs", folder);
	snprintf(path, sizeof path, "%s/ab.log", name);
	struct workspace workspace = { .folder = folder };
	struct event_sink sink = { .emit = count_warnings };
	struct run_log log;
	struct error err = ERROR_INIT;
	ck_assert_int_eq(run_log_open(&workspace, "ab", &sink, &log, &err), 0);
	run_log_line(&log, "one");
	ck_assert_uint_eq(warnings, 0);
	run_log_close(&log);
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	ck_assert_int_eq(file_read(path, 0, &text, &err), 0);
	ck_assert_ptr_nonnull(strstr(text.text, " one\n"));

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/full", path), 0);
	ck_assert_int_eq(run_log_open(&workspace, "ab", &sink, &log, &err), 0);
	run_log_line(&log, "one");
	run_log_line(&log, "two");
	ck_assert_uint_eq(warnings, 1);
	event_warn(&log.sink, NULL, "passed on");
	ck_assert_uint_eq(warnings, 2);
	run_log_close(&log);
	unlink(path);
	rmdir(name);
	rmdir(folder);
}
END_TEST

UNIT_MAIN("pipeline/run_log", a_log_that_ends_early_is_told_once)
