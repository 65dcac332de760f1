#include "unit.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>

#include "mlops/base/clock.h"
#include "mlops/database/transaction.h"
#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "fixture.h"

START_TEST(a_run_begins_and_ends)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct run run;
	struct id id;
	int64_t number;
	fixture_make(&fixture);
	struct run_start start = { .command = "train",
		.project = "p",
		.task = "binary",
		.model = "logistic",
		.arguments = "mlops train",
		.document = "name: p\n",
		.seed = 7 };
	OK(run_begin(fixture.record, &start, &number, &id, &err));
	OK(run_load(fixture.record, number, &run, &err));
	char name[ID_NAME_SIZE];
	id_name(id.text, name);
	ck_assert_str_eq(run.id, id.text);
	ck_assert_str_eq(run.name, name);
	ck_assert_int_eq(run.status, RUN_RUNNING);
	ck_assert_int_eq(run.seed, 7);
	ck_assert_str_eq(run.document, "name: p\n");
	ck_assert(run.user && run.user[0] && run.host && !run.reason && !run.parent);
	ck_assert(run.ended == 0 && run_duration(&run) >= 0);
	run_release(&run);
	ck_assert_int_eq(run_remove(fixture.record, number, &err), -ERROR_INVALID);
	OK(run_describe(fixture.record, number, NULL, "mlp", &err));
	OK(run_finish(fixture.record, number, RUN_FAILED, "it broke", &err));
	ck_assert_int_eq(
		run_finish(fixture.record, number, RUN_FINISHED, NULL, &err), -ERROR_INVALID);
	ck_assert_int_eq(
		run_finish(fixture.record, 99, RUN_FINISHED, NULL, &err), -ERROR_NOT_FOUND);
	OK(run_load(fixture.record, number, &run, &err));
	ck_assert_int_eq(run.status, RUN_FAILED);
	ck_assert_str_eq(run.reason, "it broke");
	ck_assert_str_eq(run.task, "binary");
	ck_assert_str_eq(run.model, "mlp");
	ck_assert(run.ended >= run.started);
	run_release(&run);
	fixture_remove(&fixture);
}
END_TEST

/* A child begins a run, tells its number and waits to be killed. */
static int64_t killed_run(struct fixture *fixture)
{
	int ends[2];
	int64_t run = 0;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct error err = ERROR_INIT;
		struct record *record = NULL;
		struct run_start start = { .name = "victim", .seed = -1 };
		if (record_open(scratch_path(&fixture->scratch, "mlops.db"), DATABASE_WRITE,
			    &record, &err) < 0 ||
			run_begin(record, &start, &run, NULL, &err) < 0 ||
			params_set(record, run, "a", "1", &err) < 0)
			_exit(1);
		if (write(ends[1], &run, sizeof run) != sizeof run)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ends[0], &run, sizeof run), sizeof run);
	struct error err = ERROR_INIT;
	struct run seen;
	OK(run_load(fixture->record, run, &seen, &err));
	ck_assert_int_eq(seen.status, RUN_RUNNING);
	run_release(&seen);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	return run;
}

START_TEST(a_run_whose_process_died_is_crashed)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct run run;
	size_t buried;
	fixture_make(&fixture);
	int64_t number = killed_run(&fixture);
	/* A reader sees it without writing, and the next run writes it down. */
	OK(run_load(fixture.record, number, &run, &err));
	ck_assert_int_eq(run.status, RUN_CRASHED);
	ck_assert(isnan(run_duration(&run)));
	run_release(&run);
	ck_assert_int_eq(fixture_integer(&fixture, "SELECT status FROM runs WHERE number = 1"), 0);
	int64_t other = fixture_run(&fixture, NULL);
	ck_assert_int_eq(
		fixture_integer(&fixture, "SELECT status FROM runs WHERE number = 1"), RUN_CRASHED);
	ck_assert_int_eq(fixture_integer(&fixture, "SELECT count(*) FROM params"), 1);
	OK(runs_bury(fixture.record, &buried, &err));
	ck_assert_uint_eq(buried, 0); /* this process lives */
	OK(run_load(fixture.record, other, &run, &err));
	ck_assert_int_eq(run.status, RUN_RUNNING);
	run_release(&run);
	OK(run_remove(fixture.record, number, &err));
	fixture_remove(&fixture);
}
END_TEST

START_TEST(what_cannot_be_seen_is_not_called_dead)
{
	static const struct {
		const char *change; /* of the identity, as SQL */
		enum run_status seen;
	} cases[] = {
		{ "'elsewhere' || substr(process, instr(process, ' '))", RUN_RUNNING },
		{ "replace(process, 'pid:[', 'pid:[9')", RUN_RUNNING },
		{ "'nonsense'", RUN_RUNNING },
		{ "process || '9'",
			RUN_CRASHED }, /* the number is used again, by a later process */
		{ "substr(process, 1, instr(process, ' ')) || '00000000-other-boot ' || "
		  "'pid:[1] 1 1'",
			RUN_CRASHED },
	};
	struct fixture fixture;
	struct error err = ERROR_INIT;
	fixture_make(&fixture);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char sql[512];
		struct run run;
		int64_t number = fixture_run(&fixture, NULL);
		snprintf(sql, sizeof sql, "UPDATE runs SET process = %s WHERE number = %lld",
			cases[i].change, (long long)number);
		OK(database_execute(record_database(fixture.record), sql, &err));
		OK(run_load(fixture.record, number, &run, &err));
		ck_assert_msg(run.status == cases[i].seen, "%s", cases[i].change);
		run_release(&run);
	}
	fixture_remove(&fixture);
}
END_TEST

START_TEST(names_are_free_and_sane)
{
	static const char *const refused[] = { "", "a:b", "@", "x~1", "model@prod", "face",
		"00ff00", "-x", " x", "x ", "a\nb", "\xff" };
	struct fixture fixture;
	struct error err = ERROR_INIT;
	fixture_make(&fixture);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct run_start start = { .name = refused[i], .seed = -1 };
		int64_t run;
		ck_assert_msg(run_begin(fixture.record, &start, &run, NULL, &err) == -ERROR_INVALID,
			"%s", refused[i]);
	}
	int64_t first = fixture_run(&fixture, "é");
	OK(run_rename(fixture.record, first, "weaker-penalty.v2 é", &err));
	/* Generated names do not repeat, even for equal ids' names. */
	struct id id;
	OK(id_new(&id, &err));
	char name[ID_NAME_SIZE], sql[256];
	id_name(id.text, name);
	int taken = 1;
	for (int i = 0; i < 10; i++) {
		struct run_start start = { .name = i ? NULL : name, .seed = -1 };
		struct id again = id;
		again.text[ID_LENGTH - 1] = (char)('0' + i);
		start.id = i ? again.text : NULL;
		int64_t run;
		char other[ID_NAME_SIZE];
		id_name(again.text, other);
		OK(run_begin(fixture.record, &start, &run, NULL, &err));
		if (i && strcmp(other, name) == 0) {
			snprintf(sql, sizeof sql, "SELECT count(*) FROM runs WHERE name = '%s-%d'",
				name, ++taken);
			ck_assert_int_eq(fixture_integer(&fixture, sql), 1);
		}
	}
	ck_assert_int_eq(
		fixture_integer(&fixture, "SELECT count(*) - count(DISTINCT name) FROM runs"), 0);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(removed_restored_purged)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	struct run run;
	fixture_make(&fixture);
	int64_t number = fixture_finished(&fixture, "one");
	OK(params_set(fixture.record, number, "a", "1", &err));
	OK(metric_set(fixture.record, number, "m", 1, &err));
	OK(run_set_note(fixture.record, number, "a note", &err));
	AUTO(names_release) struct names names = { .items = NULL }, none = { .items = NULL };
	OK(run_latest_names(fixture.record, 5, &names, &err));
	ck_assert(names.count == 1 && strcmp(names.items[0], "one") == 0);
	OK(run_remove(fixture.record, number, &err));
	OK(run_latest_names(fixture.record, 5, &none, &err));
	ck_assert(none.count == 0);
	OK(run_load(fixture.record, number, &run, &err));
	ck_assert(run.removed > 0);
	ck_assert_str_eq(run.note, "a note");
	run_release(&run);
	OK(run_restore(fixture.record, number, &err));
	OK(run_load(fixture.record, number, &run, &err));
	ck_assert(run.removed == 0);
	run_release(&run);
	OK(run_purge(fixture.record, number, &err));
	ck_assert_int_eq(run_load(fixture.record, number, &run, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(run_restore(fixture.record, number, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(fixture_integer(&fixture,
				 "SELECT (SELECT count(*) FROM params) + "
				 "(SELECT count(*) FROM metrics) + (SELECT count(*) FROM points)"),
		0);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(a_rolled_back_name_is_not_remembered)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	int64_t first, second;
	fixture_make(&fixture);
	int64_t run = fixture_run(&fixture, NULL);
	struct transaction change;
	OK(transaction_begin(&change, record_database(fixture.record), TRANSACTION_NORMAL, &err));
	OK(key_intern(fixture.record, KEY_PARAM, "a", &first, &err));
	transaction_end(&change);
	OK(key_intern(fixture.record, KEY_PARAM, "b", &second, &err));
	ck_assert_int_eq(first, second);
	OK(key_find(fixture.record, KEY_PARAM, "a", &first, &err));
	ck_assert_int_eq(first, 0);
	OK(params_set(fixture.record, run, "a", "1", &err));
	fixture_remove(&fixture);
}
END_TEST

START_TEST(short_ids_grow_with_the_crowd)
{
	static const char *const ids[] = { "7f3a9c20000000000000000000000000",
		"7f3a9c2f000000000000000000000000", "7f3a9c2f100000000000000000000000" };
	struct fixture fixture;
	struct error err = ERROR_INIT;
	int digits;
	fixture_make(&fixture);
	for (size_t i = 0; i < 3; i++) {
		struct run_start start = { .id = ids[i], .seed = -1 };
		int64_t run;
		OK(run_begin(fixture.record, &start, &run, NULL, &err));
		OK(run_short_length(fixture.record, ids[i], &digits, &err));
		ck_assert_int_eq(digits, 7 + (int)i);
	}
	OK(run_short_length(fixture.record, ids[0], &digits, &err));
	ck_assert_int_eq(digits, 8);
	fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("record/run", a_run_begins_and_ends, a_run_whose_process_died_is_crashed,
	what_cannot_be_seen_is_not_called_dead, names_are_free_and_sane, removed_restored_purged,
	a_rolled_back_name_is_not_remembered, short_ids_grow_with_the_crowd)
