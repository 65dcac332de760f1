/*
 * fixture: a record in a scratch folder, and runs in it.
 */
#ifndef MLOPS_UNIT_RECORD_FIXTURE_H
#define MLOPS_UNIT_RECORD_FIXTURE_H

#include "mlops/database/statement.h"
#include "mlops/record/run.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	struct record *record;
};

static inline struct record *fixture_open(struct fixture *fixture, enum database_mode mode)
{
	struct error err = ERROR_INIT;
	struct record *record = NULL;
	ck_assert_msg(
		record_open(scratch_path(&fixture->scratch, "mlops.db"), mode, &record, &err) == 0,
		"%s", err.message);
	return record;
}

static inline void fixture_make(struct fixture *fixture)
{
	unsetenv("MLOPS_TEST_CLOCK");
	scratch_make(&fixture->scratch);
	fixture->record = fixture_open(fixture, DATABASE_CREATE);
}

static inline void fixture_remove(struct fixture *fixture)
{
	record_close(fixture->record);
	scratch_remove(&fixture->scratch);
}

static inline int64_t fixture_run(struct fixture *fixture, const char *name)
{
	struct error err = ERROR_INIT;
	struct run_start start = {
		.name = name, .command = "train", .model = "logistic", .seed = -1
	};
	int64_t run = 0;
	ck_assert_msg(run_begin(fixture->record, &start, &run, NULL, &err) == 0, "%s", err.message);
	return run;
}

static inline int64_t fixture_finished(struct fixture *fixture, const char *name)
{
	struct error err = ERROR_INIT;
	int64_t run = fixture_run(fixture, name);
	ck_assert_msg(
		run_finish(fixture->record, run, RUN_FINISHED, NULL, &err) == 0, "%s", err.message);
	return run;
}

static inline int64_t fixture_integer(struct fixture *fixture, const char *sql)
{
	struct error err = ERROR_INIT;
	int64_t value = -1;
	ck_assert_msg(database_integer(record_database(fixture->record), sql, &value, &err) == 0,
		"%s", err.message);
	return value;
}

/* The call must succeed. */
#define OK(call) ck_assert_msg((call) == 0, "%s: %s", #call, err.message)

#endif
