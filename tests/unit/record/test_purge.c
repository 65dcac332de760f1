#include "unit.h"

#include <string.h>

#include "fixture.h"
#include "mlops/base/clock.h"

static int64_t make_run(struct fixture *fixture, const char *document, const char *log)
{
	struct error err = ERROR_INIT;
	struct run_start start = {
		.command = "train", .document = document, .log = log, .seed = -1
	};
	int64_t run;
	OK(run_begin(fixture->record, &start, &run, NULL, &err));
	OK(run_finish(fixture->record, run, RUN_FINISHED, NULL, &err));
	return run;
}

static int note_log(void *context, const char *log, struct error *err)
{
	strbuf_printf(context, "%s;", log);
	return strbuf_check(context, err);
}

static int note_run(void *context, int64_t run, const char *id, int64_t removed, struct error *err)
{
	strbuf_printf(context, "%lld%s;", (long long)run, removed ? " removed" : "");
	ck_assert_uint_eq(strlen(id), 32);
	return strbuf_check(context, err);
}

START_TEST(removed_runs_are_purged_with_what_only_they_have)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	size_t count = 9;
	AUTO(strbuf_release) struct strbuf seen = STRBUF_INIT;
	fixture_make(&fixture);
	int64_t first = make_run(&fixture, "a", "runs/1.log");
	int64_t second = make_run(&fixture, "b", "runs/2.log");
	make_run(&fixture, "a", NULL);
	int64_t now = clock_now();
	OK(run_remove(fixture.record, first, &err));
	OK(run_remove(fixture.record, second, &err));
	OK(runs_each(fixture.record, note_run, &seen, &err));
	ck_assert_str_eq(seen.text, "1 removed;2 removed;3;");
	strbuf_clear(&seen);
	/* Not yet. */
	OK(runs_purge(fixture.record, now, note_log, &seen, &count, &err));
	ck_assert_uint_eq(count, 0);
	ck_assert_str_eq(seen.text, "");
	OK(runs_purge(fixture.record, clock_now() + 1000, note_log, &seen, &count, &err));
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(seen.text, "runs/1.log;runs/2.log;");
	ck_assert_int_eq(fixture_integer(&fixture, "SELECT count(*) FROM documents"), 1);
	strbuf_clear(&seen);
	OK(runs_each(fixture.record, note_run, &seen, &err));
	ck_assert_str_eq(seen.text, "3;");
	fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("record/purge", removed_runs_are_purged_with_what_only_they_have)
