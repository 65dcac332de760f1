#include "unit.h"

#include "mlops/database/migrate.h"
#include "mlops/database/statement.h"
#include "scratch.h"

static const char two[] = "CREATE TABLE second (a INTEGER) STRICT; INSERT INTO second VALUES (7);";
static const char broken[] = "CREATE TABLE third (a INTEGER) STRICT; CREATE TABLE nonsense (;";

static int64_t integer(struct database *database, const char *sql)
{
	struct error err = ERROR_INIT;
	int64_t value = -1;
	ck_assert_msg(database_integer(database, sql, &value, &err) == 0, "%s", err.message);
	return value;
}

START_TEST(steps_are_numbered_and_run_once)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	struct database *database = NULL;
	struct migration steps[MIGRATIONS_MOST];
	size_t count;
	scratch_make(&scratch);
	migrations_embedded(steps, &count);
	ck_assert_uint_ge(count, 1);
	const char *path = scratch_path(&scratch, "a.db");
	ck_assert_int_eq(database_open(path, DATABASE_CREATE, &database, &err), 0);
	ck_assert_int_eq(integer(database, "PRAGMA user_version"), (int)count);
	steps[count] = (struct migration){ (int)count + 1, "two", two };
	for (int again = 0; again < 2; again++)
		ck_assert_msg(
			database_migrate(database, steps, count + 1, &err) == 0, "%s", err.message);
	ck_assert_int_eq(integer(database, "SELECT count(*) FROM second"), 1);
	ck_assert_int_eq(integer(database, "PRAGMA user_version"), (int)count + 1);
	/* The state before the step is kept, and can be opened. */
	char copy[32];
	snprintf(copy, sizeof copy, "a.db.v%zu.bak", count);
	database_close(database);
	database = NULL;
	ck_assert_int_eq(
		database_open(scratch_path(&scratch, copy), DATABASE_READ, &database, &err), 0);
	ck_assert_int_eq(integer(database, "PRAGMA user_version"), (int)count);
	database_close(database);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(a_step_that_fails_leaves_no_trace)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	struct database *database = NULL;
	struct migration steps[MIGRATIONS_MOST];
	size_t count;
	scratch_make(&scratch);
	migrations_embedded(steps, &count);
	const char *path = scratch_path(&scratch, "a.db");
	ck_assert_int_eq(database_open(path, DATABASE_CREATE, &database, &err), 0);
	steps[count] = (struct migration){ (int)count + 1, "two", two };
	steps[count + 1] = (struct migration){ (int)count + 2, "broken", broken };
	ck_assert_int_eq(database_migrate(database, steps, count + 2, &err), -ERROR_DATABASE);
	ck_assert_ptr_nonnull(strstr(err.message, "migration broken"));
	ck_assert_int_eq(integer(database, "PRAGMA user_version"), (int)count + 1);
	ck_assert_int_eq(
		integer(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'third'"), 0);
	database_close(database);
	scratch_remove(&scratch);
}
END_TEST

UNIT_MAIN("database/migrate", steps_are_numbered_and_run_once, a_step_that_fails_leaves_no_trace)
