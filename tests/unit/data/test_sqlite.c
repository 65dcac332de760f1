#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "mlops/data/reader.h"
#include "tables.h"

static char path[64];

static void make_database(const char *sql)
{
	sqlite3 *database;
	char *message = NULL;
	strcpy(path, "/tmp/mlops-sqlite-XXXXXX");
	close(mkstemp(path));
	ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
	ck_assert_msg(
		sqlite3_exec(database, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
	sqlite3_close(database);
}

static void check_read(const char *sql, const char *query, const char *wanted)
{
	AUTO(table_release) struct table table = { 0 };
	AUTO(strbuf_release) struct strbuf shown = STRBUF_INIT;
	struct read_counts counts;
	struct error err = ERROR_INIT;
	make_database(sql);
	struct read_options options = { .path = path, .query = query };
	ck_assert_msg(table_read(&options, &table, &counts, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(counts.rows, table.n_rows);
	table_show(&table, &shown);
	ck_assert_str_eq(shown.text, wanted);
	unlink(path);
}

static void check_fails(
	const char *sql, const char *query, enum error_code code, const char *wanted)
{
	struct table table;
	struct problems problems = { .count = 0 };
	struct error err = ERROR_INIT;
	make_database(sql);
	struct read_options options = {
		.path = path, .query = query, .name = "a.db", .problems = &problems
	};
	ck_assert_int_eq(table_read(&options, &table, NULL, &err), -(int)code);
	ck_assert_str_eq(err.message, wanted);
	unlink(path);
}

#define SOME                                                                                       \
	"CREATE TABLE t(i, r, c, d, m); INSERT INTO t VALUES (1, 1, 'x', '2026-01-02', NULL), "    \
	"(-9223372036854775808, 2.5, '12', '2026-01-03T04:05:06Z', NULL), (NULL, 3.0, 'a\"b', "    \
	"NULL, NULL);"

START_TEST(types_follow_from_the_values)
{
	check_read(SOME, NULL,
		"i:int64|r:float64|c:category|d:timestamp|m:float64\n"
		"1|1|x#0|2026-01-02T00:00:00Z|~\n-9223372036854775808|2.5|12#1|2026-01-03T04:05:06Z|~\n"
		"~|3|a\"b#2|~|~\n");
	check_read(
		"CREATE TABLE t(a REAL); INSERT INTO t VALUES (1), (2)", "t", "a:float64\n1\n2\n");
	check_read(SOME "CREATE TABLE u(x);", "select i + 1 as j, c from t where r < 3 order by r",
		"j:int64|c:category\n2|x#0\n-9223372036854775807|12#1\n");
}
END_TEST

START_TEST(many_rows_come_in_order)
{
	AUTO(table_release) struct table table = { 0 };
	struct error err = ERROR_INIT;
	make_database(
		"CREATE TABLE t(a, s); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
		"FROM n WHERE i < 99999) INSERT INTO t SELECT i, 'text ' || (i % 1000) FROM n");
	struct read_options options = { .path = path, .format = DATA_SQLITE, .threads = 2 };
	ck_assert_int_eq(table_read(&options, &table, NULL, &err), 0);
	ck_assert_uint_eq(table.n_rows, 100000);
	for (size_t r = 0; r < table.n_rows; r++) {
		ck_assert_int_eq(table.columns[0].int64[r], (int64_t)r);
		ck_assert_uint_eq(table.columns[1].codes[r], r % 1000);
	}
	unlink(path);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
	check_fails("CREATE TABLE t(a); INSERT INTO t VALUES (1), ('x'), (2.5), ('y')", NULL,
		ERROR_INVALID, "row 2: column 'a': 'x' is not a float64");
	check_fails("CREATE TABLE t(a); INSERT INTO t VALUES (1), (x'00')", NULL, ERROR_INVALID,
		"row 2: column 'a': a BLOB is no value of a table");
	check_fails("CREATE TABLE t(a); INSERT INTO t VALUES (CAST(x'ff' AS TEXT))", NULL,
		ERROR_INVALID,
		"row 1: column 'a': the text holds a NUL byte or is not valid UTF-8");
	check_fails("CREATE TABLE t(a)", NULL, ERROR_INVALID, "a.db: there are no rows");
	check_fails("CREATE TABLE t(a); CREATE TABLE u(a)", NULL, ERROR_INVALID,
		"a.db: there are 2 tables; data.query must say which");
	check_fails("CREATE TABLE t(a); INSERT INTO t VALUES (1)", "SELECT a, a FROM t",
		ERROR_INVALID, "a.db: two columns are named 'a'");
}
END_TEST

UNIT_MAIN("data/sqlite", types_follow_from_the_values, many_rows_come_in_order,
	what_is_wrong_is_named)
