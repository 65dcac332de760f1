#include "unit.h"

#include "mlops/database/foreign.h"
#include "scratch.h"

static void make(struct scratch *scratch, const char *journal)
{
	char command[512];
	scratch_make(scratch);
	snprintf(command, sizeof command,
		"sqlite3 a.db \"PRAGMA journal_mode=%s; CREATE TABLE points (x REAL, label TEXT); "
		"INSERT INTO points VALUES (1.5, 'a'), (2, NULL), ('three', x'00ff'); "
		"CREATE VIEW positive AS SELECT * FROM points WHERE x > 0; "
		"CREATE TABLE 'odd \"\"name' (a); INSERT INTO 'odd \"\"name' VALUES (1)\"",
		journal);
	/* The shell takes "" away: the name is really: odd name */
	scratch_run(scratch, command);
}

static struct foreign *open_ok(struct scratch *scratch)
{
	struct error err = ERROR_INIT;
	struct foreign *foreign = NULL;
	ck_assert_msg(foreign_open(scratch_path(scratch, "a.db"), &foreign, &err) == 0, "%s",
		err.message);
	return foreign;
}

static void read_points(const char *journal)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	make(&scratch, journal);
	scratch_run(&scratch, "cp a.db copy.db");
	struct foreign *foreign = open_ok(&scratch);
	const char *const *names;
	size_t count;
	ck_assert_int_eq(foreign_tables(foreign, &names, &count, &err), 0);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(names[1], "points");
	ck_assert_str_eq(names[2], "positive");
	struct statement *rows = foreign_table(foreign, "points", &err);
	ck_assert_ptr_nonnull(rows);
	ck_assert_int_eq(statement_step(rows, &err), 1);
	ck_assert_str_eq(row_title(rows, 1), "label");
	ck_assert_double_eq(row_number(rows, 0), 1.5);
	ck_assert_int_eq(statement_step(rows, &err), 1);
	ck_assert_int_eq(row_type(rows, 1), CELL_NULL);
	ck_assert_int_eq(statement_step(rows, &err), 1);
	ck_assert_int_eq(row_type(rows, 0), CELL_TEXT);
	ck_assert_int_eq(row_type(rows, 1), CELL_BYTES);
	ck_assert_int_eq(statement_step(rows, &err), 0);
	statement_finish(rows);
	rows = foreign_table(foreign, names[0], &err);
	ck_assert_ptr_nonnull(rows);
	statement_finish(rows);
	foreign_close(foreign);
	scratch_run(&scratch, "cmp a.db copy.db && test $(ls | wc -l) = 2");
	scratch_remove(&scratch);
}

START_TEST(tables_are_read_and_nothing_is_written)
{
	read_points("DELETE");
	read_points("WAL");
}
END_TEST

START_TEST(only_one_select_is_accepted)
{
	static const char *const refused[] = { "DELETE FROM points", "SELECT 1; DROP TABLE points",
		"ATTACH '/tmp/x.db' AS x", "PRAGMA journal_mode = DELETE", "", ";", "-- nothing",
		"SELECT load_extension('x')", "SELEC 1", "CREATE TEMP TABLE t (a)",
		"INSERT INTO points VALUES (1, 2) RETURNING x", "EXPLAIN DELETE FROM points" };
	struct scratch scratch;
	struct error err = ERROR_INIT;
	make(&scratch, "DELETE");
	struct foreign *foreign = open_ok(&scratch);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		ck_assert_msg(!foreign_query(foreign, refused[i], &err), "%s", refused[i]);
	struct statement *rows = foreign_query(foreign,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) "
		"SELECT sum(i) AS total FROM n, (SELECT max(x) FROM points) ;\n",
		&err);
	ck_assert_msg(rows != NULL, "%s", err.message);
	ck_assert_int_eq(statement_step(rows, &err), 1);
	ck_assert_int_eq(row_integer(rows, 0), 15);
	statement_finish(rows);
	foreign_close(foreign);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(what_is_not_there_is_said)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	struct foreign *foreign = NULL;
	make(&scratch, "DELETE");
	ck_assert(foreign_is_database(scratch_path(&scratch, "a.db")));
	ck_assert(!foreign_is_database(scratch_path(&scratch, "none.db")));
	ck_assert_int_eq(
		foreign_open(scratch_path(&scratch, "none.db"), &foreign, &err), -ERROR_NOT_FOUND);
	scratch_write(&scratch, "a.csv", "x,label\n1.5,a\n");
	ck_assert_int_eq(
		foreign_open(scratch_path(&scratch, "a.csv"), &foreign, &err), -ERROR_INVALID);
	foreign = open_ok(&scratch);
	ck_assert_ptr_null(foreign_table(foreign, "point", &err));
	ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
	ck_assert_str_eq(err.hint, "did you mean 'points'?");
	foreign_close(foreign);
	scratch_remove(&scratch);
}
END_TEST

UNIT_MAIN("database/foreign", tables_are_read_and_nothing_is_written, only_one_select_is_accepted,
	what_is_not_there_is_said)
