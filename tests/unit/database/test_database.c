#include "unit.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "mlops/database/database.h"
#include "mlops/database/statement.h"
#include "mlops/database/transaction.h"
#include "scratch.h"

static struct database *open_ok(const char *path, enum database_mode mode)
{
	struct error err = ERROR_INIT;
	struct database *database = NULL;
	ck_assert_msg(database_open(path, mode, &database, &err) == 0, "%s", err.message);
	return database;
}

static int64_t integer(struct database *database, const char *sql)
{
	struct error err = ERROR_INIT;
	int64_t value = -1;
	ck_assert_msg(database_integer(database, sql, &value, &err) == 0, "%s", err.message);
	return value;
}

static void execute(struct database *database, const char *sql)
{
	struct error err = ERROR_INIT;
	ck_assert_msg(database_execute(database, sql, &err) == 0, "%s", err.message);
}

START_TEST(made_as_promised)
{
	struct scratch scratch;
	scratch_make(&scratch);
	struct database *database = open_ok(scratch_path(&scratch, "a b?%.db"), DATABASE_CREATE);
	ck_assert(scratch_has(&scratch, "a b?%.db"));
	ck_assert_int_eq(integer(database, "PRAGMA application_id"), DATABASE_APPLICATION_ID);
	ck_assert_int_ge(integer(database, "PRAGMA user_version"), 1);
	ck_assert_int_eq(integer(database, "PRAGMA foreign_keys"), 1);
	ck_assert_int_eq(integer(database, "PRAGMA trusted_schema"), 0);
	ck_assert_int_eq(integer(database, "PRAGMA synchronous"), 1);
	ck_assert_int_eq(integer(database, "PRAGMA busy_timeout"), DATABASE_BUSY_MS);
	ck_assert_int_eq(integer(database, "SELECT 'a' LIKE 'A'"), 0);
	ck_assert_int_eq(integer(database,
				 "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND "
				 "type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'"),
		0);
	struct error err = ERROR_INIT;
	ck_assert_int_eq(database_check(database, &err), 0);
	database_close(database);
	ck_assert(!scratch_has(&scratch, "a b?%.db-wal"));
	scratch_remove(&scratch);
}
END_TEST

START_TEST(reading_makes_nothing)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	struct database *database = NULL;
	scratch_make(&scratch);
	ck_assert_int_eq(
		database_open(scratch_path(&scratch, "none.db"), DATABASE_READ, &database, &err),
		-ERROR_NOT_FOUND);
	ck_assert_int_eq(
		database_open(scratch_path(&scratch, "none.db"), DATABASE_WRITE, &database, &err),
		-ERROR_NOT_FOUND);
	ck_assert_int_eq(database_open(scratch_path(&scratch, "no/none.db"), DATABASE_CREATE,
				 &database, &err),
		-ERROR_NOT_FOUND);
	ck_assert(!scratch_has(&scratch, "none.db"));
	database_close(open_ok(scratch_path(&scratch, "a.db"), DATABASE_CREATE));
	scratch_run(&scratch, "cp -p a.db b.db");
	database = open_ok(scratch_path(&scratch, "a.db"), DATABASE_READ);
	ck_assert_int_eq(integer(database, "SELECT count(*) FROM runs"), 0);
	ck_assert_int_lt(
		database_execute(database, "INSERT INTO keys (kind, name) VALUES (0, 'x')", &err),
		0);
	database_close(database);
	scratch_run(&scratch, "cmp a.db b.db && test $(ls | wc -l) = 2");
	scratch_remove(&scratch);
}
END_TEST

START_TEST(a_folder_that_may_not_be_written)
{
	struct scratch scratch;
	scratch_make(&scratch);
	database_close(open_ok(scratch_path(&scratch, "a.db"), DATABASE_CREATE));
	scratch_run(&scratch, "chmod a-w . a.db");
	struct database *database = open_ok(scratch_path(&scratch, "a.db"), DATABASE_READ);
	ck_assert_int_eq(integer(database, "SELECT count(*) FROM runs"), 0);
	database_close(database);
	scratch_run(&scratch, "chmod u+w .; test $(ls | wc -l) = 1");
	scratch_remove(&scratch);
}
END_TEST

START_TEST(files_of_others_are_left_alone)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	struct database *database = NULL;
	scratch_make(&scratch);
	scratch_write(&scratch, "text.db",
		"this is no database, however long it is ............."
		"..................................................................");
	ck_assert_int_eq(
		database_open(scratch_path(&scratch, "text.db"), DATABASE_WRITE, &database, &err),
		-ERROR_INVALID);
	/* One that its maker has not filled yet is not there yet. */
	scratch_write(&scratch, "new.db", "");
	ck_assert_int_eq(
		database_open(scratch_path(&scratch, "new.db"), DATABASE_READ, &database, &err),
		-ERROR_NOT_FOUND);
	database_close(open_ok(scratch_path(&scratch, "a.db"), DATABASE_CREATE));
	database = open_ok(scratch_path(&scratch, "a.db"), DATABASE_WRITE);
	execute(database, "PRAGMA application_id = 77");
	database_close(database);
	ck_assert_int_eq(
		database_open(scratch_path(&scratch, "a.db"), DATABASE_WRITE, &database, &err),
		-ERROR_INVALID);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(a_newer_database_is_refused_with_a_hint)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	scratch_make(&scratch);
	struct database *database = open_ok(scratch_path(&scratch, "a.db"), DATABASE_CREATE);
	execute(database, "PRAGMA user_version = 9999");
	database_close(database);
	for (int mode = DATABASE_READ; mode <= DATABASE_CREATE; mode++) {
		ck_assert_int_eq(database_open(scratch_path(&scratch, "a.db"),
					 (enum database_mode)mode, &database, &err),
			-ERROR_UNSUPPORTED);
		ck_assert_str_eq(err.hint, "update mlops");
	}
	scratch_remove(&scratch);
}
END_TEST

START_TEST(values_come_back_as_they_went_in)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	scratch_make(&scratch);
	struct database *database = open_ok(scratch_path(&scratch, "a.db"), DATABASE_CREATE);
	struct statement *echo =
		statement_prepare(database, "SELECT ?1, ?2, ?3, ?4, ?5, ?6 AS last", &err);
	ck_assert_ptr_nonnull(echo);
	bind_integer(echo, 1, INT64_MIN);
	bind_number(echo, 2, -INFINITY);
	bind_text(echo, 3, (struct text){ "a\0b", 3 });
	bind_bytes(echo, 4, "\xff\x00", 2);
	bind_number(echo, 5, NAN);
	bind_string(echo, 6, NULL);
	ck_assert_int_eq(statement_step(echo, &err), 1);
	ck_assert_int_eq(row_cells(echo), 6);
	ck_assert_str_eq(row_title(echo, 5), "last");
	ck_assert(row_integer(echo, 0) == INT64_MIN);
	ck_assert(row_number(echo, 1) == -INFINITY);
	ck_assert(text_equal(row_text(echo, 2), (struct text){ "a\0b", 3 }));
	ck_assert_int_eq(row_type(echo, 3), CELL_BYTES);
	ck_assert_int_eq((int)row_text(echo, 3).length, 2);
	ck_assert(row_is_null(echo, 4) && isnan(row_number(echo, 4)));
	ck_assert_ptr_null(row_string(echo, 5));
	ck_assert_int_eq(statement_step(echo, &err), 0);
	statement_finish(echo);
	/* The same statement comes back, clean; while it is out, another one does. */
	struct statement *again =
		statement_prepare(database, "SELECT ?1, ?2, ?3, ?4, ?5, ?6 AS last", &err);
	struct statement *other =
		statement_prepare(database, "SELECT ?1, ?2, ?3, ?4, ?5, ?6 AS last", &err);
	ck_assert_ptr_eq(again, echo);
	ck_assert_ptr_ne(other, echo);
	ck_assert_int_eq(statement_step(again, &err), 1);
	ck_assert(row_is_null(again, 0));
	bind_integer(other, 7, 1); /* there is no such parameter: it comes out at the step */
	ck_assert_int_eq(statement_step(other, &err), -ERROR_DATABASE);
	statement_finish(again);
	statement_finish(other);
	database_close(database);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(a_transaction_is_all_or_nothing)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	scratch_make(&scratch);
	struct database *database = open_ok(scratch_path(&scratch, "a.db"), DATABASE_CREATE);
	struct transaction change, nested, joined;
	ck_assert_int_eq(transaction_begin(&change, database, TRANSACTION_DURABLE, &err), 0);
	ck_assert_int_eq(integer(database, "PRAGMA synchronous"), 2);
	execute(database, "INSERT INTO keys (kind, name) VALUES (0, 'x')");
	ck_assert_int_eq(
		transaction_begin(&nested, database, TRANSACTION_NORMAL, &err), -ERROR_BUG);
	ck_assert_int_eq(transaction_begin(&joined, database, TRANSACTION_JOIN, &err), 0);
	ck_assert_int_eq(transaction_commit(&joined, &err), 0);
	transaction_end(&joined);
	ck_assert(transaction_is_open(database));
	transaction_end(&change);
	ck_assert(!transaction_is_open(database));
	ck_assert_int_eq(integer(database, "PRAGMA synchronous"), 1);
	ck_assert_int_eq(integer(database, "SELECT count(*) FROM keys"), 0);
	ck_assert_int_eq(transaction_begin(&change, database, TRANSACTION_JOIN, &err), 0);
	execute(database, "INSERT INTO keys (kind, name) VALUES (0, 'x')");
	ck_assert_int_eq(transaction_commit(&change, &err), 0);
	transaction_end(&change);
	ck_assert_int_eq(integer(database, "SELECT count(*) FROM keys"), 1);
	database_close(database);
	scratch_remove(&scratch);
}
END_TEST

struct writer {
	char path[512];
	atomic_int failures;
	char message[1024]; /* of one of them */
};

static void *write_a_hundred(void *context)
{
	struct writer *writer = context;
	struct error err = ERROR_INIT;
	struct database *database = NULL;
	if (database_open(writer->path, DATABASE_CREATE, &database, &err) < 0) {
		atomic_fetch_add(&writer->failures, 1);
		snprintf(writer->message, sizeof writer->message, "%s", err.message);
		return NULL;
	}
	for (int i = 0; i < 100; i++) {
		AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
		if (transaction_begin(&change, database, TRANSACTION_NORMAL, &err) < 0 ||
			database_execute(database,
				"INSERT INTO keys (kind, name) SELECT 0, count(*) FROM keys",
				&err) < 0 ||
			transaction_commit(&change, &err) < 0)
			atomic_fetch_add(&writer->failures, 1);
	}
	database_close(database);
	return NULL;
}

START_TEST(writers_wait_for_each_other)
{
	struct scratch scratch;
	struct writer writer = { .failures = 0 };
	pthread_t threads[4];
	scratch_make(&scratch);
	snprintf(writer.path, sizeof writer.path, "%s", scratch_path(&scratch, "a.db"));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_a_hundred, &writer), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_msg(writer.failures == 0, "%d: %s", writer.failures, writer.message);
	struct database *database = open_ok(writer.path, DATABASE_READ);
	ck_assert_int_eq(integer(database, "SELECT count(*) FROM keys"), 400);
	database_close(database);
	scratch_remove(&scratch);
}
END_TEST

START_TEST(free_pages_are_given_back)
{
	struct scratch scratch;
	struct error err = ERROR_INIT;
	uint64_t freed = 9;
	scratch_make(&scratch);
	struct database *database = open_ok(scratch_path(&scratch, "a.db"), DATABASE_CREATE);
	ck_assert_int_eq(database_execute(database,
				 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
				 "WHERE i < 3000) INSERT INTO documents (text) "
				 "SELECT i || hex(zeroblob(1000)) FROM n",
				 &err),
		0);
	ck_assert_int_eq(database_compact(database, &freed, &err), 0);
	ck_assert_uint_eq(freed, 0);
	ck_assert_int_eq(
		database_execute(database, "DELETE FROM documents WHERE id > 10", &err), 0);
	/* Somebody reads meanwhile: nobody is disturbed, and it is no error. */
	struct database *reader = open_ok(scratch_path(&scratch, "a.db"), DATABASE_READ);
	struct transaction view = TRANSACTION_INIT;
	ck_assert_int_eq(transaction_begin(&view, reader, TRANSACTION_READ, &err), 0);
	ck_assert_int_eq(integer(reader, "SELECT count(*) FROM documents"), 10);
	ck_assert_msg(database_compact(database, &freed, &err) == 0, "%s", err.message);
	ck_assert_int_eq(integer(reader, "SELECT count(*) FROM documents"), 10);
	transaction_end(&view);
	database_close(reader);
	uint64_t later = 0;
	ck_assert_msg(database_compact(database, &later, &err) == 0, "%s", err.message);
	ck_assert_uint_gt(freed + later, 4000000);
	ck_assert_int_eq(integer(database, "SELECT count(*) FROM documents"), 10);
	ck_assert_int_eq(database_check(database, &err), 0);
	database_close(database);
	scratch_run(&scratch, "test $(stat -c %s a.db) -lt 1000000 && test ! -s a.db-wal");
	scratch_remove(&scratch);
}
END_TEST

UNIT_MAIN("database/database", made_as_promised, reading_makes_nothing,
	a_folder_that_may_not_be_written, files_of_others_are_left_alone,
	a_newer_database_is_refused_with_a_hint, values_come_back_as_they_went_in,
	a_transaction_is_all_or_nothing, writers_wait_for_each_other, free_pages_are_given_back)
