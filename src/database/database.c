#include "mlops/database/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/base/path.h"
#include "mlops/database/migrate.h"
#include "mlops/database/statement.h"
#include "mlops/database/transaction.h"
#include "database_internal.h"
#include "statement_internal.h"

enum { DATABASE_FREE_LEAST = 1 << 20 }; /* bytes that are worth a VACUUM */

static enum error_code database_error_code(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERROR_LOCKED;
	case SQLITE_CORRUPT:
		return ERROR_CORRUPT;
	case SQLITE_NOTADB:
		return ERROR_INVALID;
	case SQLITE_NOMEM:
		return ERROR_MEMORY;
	case SQLITE_INTERRUPT:
		return ERROR_CANCELLED;
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return ERROR_IO;
	default:
		return ERROR_DATABASE;
	}
}

int database_fail_code(int code, const char *path, const char *message, struct error *err)
{
	error_set(err, database_error_code(code), "'%s': %s", path, message);
	if (err->code == ERROR_LOCKED)
		error_hint(err, "another process is writing; try again");
	return -err->code;
}

int database_fail(sqlite3 *handle, const char *path, const char *what, struct error *err)
{
	int code = handle ? sqlite3_extended_errcode(handle) : SQLITE_NOMEM;
	int os = handle && (code & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(handle) : 0;
	/* "disk I/O error" does not say that the disk is full. */
	const char *message = handle ? sqlite3_errmsg(handle) : "out of memory";
	database_fail_code(code, path, os ? strerror(os) : message, err);
	if (what)
		error_prefix(err, "cannot %s", what);
	return -err->code;
}

bool database_uri(const char *path, const char *query, char ret_uri[DATABASE_URI_SIZE])
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
	size_t at = (size_t)snprintf(ret_uri, DATABASE_URI_SIZE, "file:");
	for (; *path; path++) {
		if (at + 4 + strlen(query) + 2 > DATABASE_URI_SIZE)
			return false;
		if (strchr(plain, *path))
			ret_uri[at++] = *path;
		else
			at += (size_t)snprintf(ret_uri + at, 4, "%%%02X", (unsigned char)*path);
	}
	snprintf(ret_uri + at, DATABASE_URI_SIZE - at, "?%s", query);
	return true;
}

/*
 * WAL keeps its index in memory shared by all processes: two machines on one network file system
 * do not share memory, and the database is destroyed without a word.
 */
static int database_check_file_system(const char *path, struct error *err)
{
	static const struct {
		unsigned long type;
		const char *name;
	} networks[] = { { 0x6969, "NFS" }, { 0x517b, "SMB" }, { 0xff534d42, "CIFS" },
		{ 0xfe534d42, "SMB2" }, { 0x5346414f, "AFS" }, { 0x01021997, "9P" },
		{ 0x00c36400, "Ceph" }, { 0x0bd00bd0, "Lustre" }, { 0x47504653, "GPFS" },
		{ 0x19830326, "BeeGFS" }, { 0x73757245, "Coda" }, { 0x7461636f, "OCFS2" } };
	AUTO_FREE char *folder = path_parent(path, err);
	if (!folder)
		return -err->code;
	struct statfs facts;
	if (statfs(folder, &facts) < 0) {
		enum error_code code = errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO;
		return error_set_os(err, code, "cannot open '%s'", path);
	}
	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
		if ((unsigned long)facts.f_type != networks[i].type)
			continue;
		error_set(err, ERROR_UNSUPPORTED,
			"'%s' is on a network file system (%s), where SQLite's WAL does not work",
			path, networks[i].name);
		return error_hint(err, "keep the project's folder on a local disk");
	}
	return 0;
}

static int database_configure(struct database *database, struct error *err)
{
	sqlite3_extended_result_codes(database->handle, 1);
	sqlite3_busy_timeout(database->handle, DATABASE_BUSY_MS);
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (database_execute(database, "PRAGMA case_sensitive_like = ON;", err) < 0)
		return -err->code;
	if (database->writable)
		return database_execute(database, "PRAGMA synchronous = NORMAL;", err);
	return database_execute(database, "PRAGMA query_only = ON;", err);
}

/* Is it ours, and not of a later program? ret_empty: a file without any content. */
static int database_identify(struct database *database, bool *ret_empty, struct error *err)
{
	int64_t application = 0, version = 0, objects = 0;
	/* One view for all three: another process may be making the database right now. */
	AUTO(transaction_end) struct transaction view = TRANSACTION_INIT;
	if (transaction_begin(&view, database, TRANSACTION_READ, err) < 0 ||
		database_integer(database, "PRAGMA application_id", &application, err) < 0 ||
		database_integer(database, "PRAGMA user_version", &version, err) < 0 ||
		database_integer(database, "SELECT count(*) FROM sqlite_schema", &objects, err) < 0)
		return -err->code;
	*ret_empty = application == 0 && version == 0 && objects == 0;
	if (!*ret_empty && application != DATABASE_APPLICATION_ID)
		return error_set(
			err, ERROR_INVALID, "'%s' is not a database of mlops", database->path);
	struct migration steps[MIGRATIONS_MOST];
	size_t count;
	migrations_embedded(steps, &count);
	if (version > (int64_t)count) {
		error_set(err, ERROR_UNSUPPORTED,
			"'%s' was written by a newer mlops (schema %d; this one knows %zu)",
			database->path, (int)version, count);
		return error_hint(err, "update mlops");
	}
	if (!database->writable && version < (int64_t)count && !*ret_empty) {
		error_set(err, ERROR_UNSUPPORTED, "'%s' has the schema %d of an older mlops",
			database->path, (int)version);
		return error_hint(err, "any command that writes brings it up to date");
	}
	return 0;
}

/* Opens for reading: like a writer where that is possible, so that SQLite leaves no files behind. */
static int database_open_reader(struct database *database, struct error *err)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
	AUTO_FREE char *folder = path_parent(database->path, err);
	if (!folder)
		return -err->code;
	char uri[DATABASE_URI_SIZE], side[4096 + 8];
	bool writable = access(folder, W_OK) == 0 && access(database->path, W_OK) == 0;
	snprintf(side, sizeof side, "%s-wal", database->path);
	/* Where nobody may write and no WAL is left, the file does not change under us. */
	const char *query = writable                 ? "mode=rw"
			    : access(side, F_OK) < 0 ? "mode=ro&immutable=1"
						     : "mode=ro";
	if (!database_uri(database->path, query, uri))
		return error_set(err, ERROR_IO, "the path '%s' is too long", database->path);
	flags |= writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	if (sqlite3_open_v2(uri, &database->handle, flags, NULL) != SQLITE_OK)
		return database_fail(database->handle, database->path, "open the database", err);
	return 0;
}

static int database_open_writer(struct database *database, struct error *err)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI |
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	char uri[DATABASE_URI_SIZE];
	if (!database_uri(database->path, "mode=rwc", uri))
		return error_set(err, ERROR_IO, "the path '%s' is too long", database->path);
	if (sqlite3_open_v2(uri, &database->handle, flags, NULL) != SQLITE_OK)
		return database_fail(database->handle, database->path, "open the database", err);
	return 0;
}

static int database_journal(
	struct database *database, const char *sql, bool *ret_wal, struct error *err)
{
	AUTO(statement_finish) struct statement *wal = statement_prepare(database, sql, err);
	if (!wal)
		return -err->code;
	int row = statement_step(wal, err);
	*ret_wal = row > 0 && strcmp(row_string(wal, 0), "wal") == 0;
	return row < 0 ? row : 0;
}

/*
 * A file becomes WAL once in its life. Two processes that try at the same time would wait for each
 * other for ever, so SQLite refuses one at once whatever the busy time-out is: try again.
 */
static int database_use_wal(struct database *database, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	bool wal = false;
	uint64_t end = clock_monotonic() + (uint64_t)DATABASE_BUSY_MS * 1000000;
	for (;;) {
		int status = database_journal(database, "PRAGMA journal_mode", &wal, err);
		if (status == 0 && !wal)
			status = database_journal(database, "PRAGMA journal_mode = WAL", &wal, err);
		if (status == 0 && !wal)
			return error_set(err, ERROR_UNSUPPORTED,
				"'%s' cannot use a write-ahead log", database->path);
		if (status != -ERROR_LOCKED || clock_monotonic() > end)
			return status;
		error_clear(err);
		nanosleep(&pause, NULL);
	}
}

static int database_prepare_file(
	struct database *database, enum database_mode mode, struct error *err)
{
	bool empty = false;
	if (database_configure(database, err) < 0 || database_identify(database, &empty, err) < 0)
		return -err->code;
	if (empty && mode != DATABASE_CREATE)
		return error_set(err, ERROR_NOT_FOUND, "'%s' is empty", database->path);
	if (mode == DATABASE_READ)
		return 0;
	if (database_use_wal(database, err) < 0)
		return -err->code;
	struct migration steps[MIGRATIONS_MOST];
	size_t count;
	migrations_embedded(steps, &count);
	return database_migrate(database, steps, count, err);
}

int database_open(
	const char *path, enum database_mode mode, struct database **ret, struct error *err)
{
	AUTO(database_close) struct database *database = memory_allocate(1, sizeof *database, err);
	if (!database)
		return -err->code;
	map_init(&database->statements, statement_destroy);
	database->path = memory_copy_string(path, err);
	database->writable = mode != DATABASE_READ;
	if (!database->path || database_check_file_system(path, err) < 0)
		return -err->code;
	if (mode != DATABASE_CREATE && access(path, F_OK) < 0)
		return error_set_os(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
			"cannot open the database '%s'", path);
	if (database->writable ? database_open_writer(database, err) < 0
			       : database_open_reader(database, err) < 0)
		return -err->code;
	if (database_prepare_file(database, mode, err) < 0)
		return -err->code;
	*ret = TAKE(database);
	return 0;
}

void database_close(struct database *database)
{
	if (!database)
		return;
	map_release(&database->statements);
	sqlite3_close_v2(database->handle);
	memory_free(database->path);
	memory_free(database);
}

const char *database_path(const struct database *database)
{
	return database->path;
}

bool database_is_writable(const struct database *database)
{
	return database->writable;
}

int database_version(struct database *database, int *ret, struct error *err)
{
	int64_t version = 0;
	if (database_integer(database, "PRAGMA user_version", &version, err) < 0)
		return -err->code;
	*ret = (int)version;
	return 0;
}

int64_t database_last_rowid(const struct database *database)
{
	return sqlite3_last_insert_rowid(database->handle);
}

int64_t database_changes(const struct database *database)
{
	return sqlite3_changes64(database->handle);
}

int database_execute(struct database *database, const char *sql, struct error *err)
{
	if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return database_fail(database->handle, database->path, NULL, err);
	return 0;
}

int database_copy(struct database *database, const char *path, struct error *err)
{
	if (access(path, F_OK) == 0)
		return error_set(err, ERROR_EXISTS, "'%s' exists already", path);
	AUTO(statement_finish)
	struct statement *copy = statement_prepare(database, "VACUUM INTO ?1", err);
	if (!copy)
		return -err->code;
	bind_string(copy, 1, path);
	return statement_run(copy, err);
}

int database_check(struct database *database, struct error *err)
{
	AUTO(statement_finish)
	struct statement *pages = statement_prepare(database, "PRAGMA integrity_check(1)", err);
	AUTO(statement_finish)
	struct statement *keys =
		pages ? statement_prepare(database, "PRAGMA foreign_key_check", err) : NULL;
	if (!keys)
		return -err->code;
	int row = statement_step(pages, err);
	if (row < 0)
		return row;
	if (row && strcmp(row_string(pages, 0), "ok") != 0)
		return error_set(
			err, ERROR_CORRUPT, "'%s': %s", database->path, row_string(pages, 0));
	row = statement_step(keys, err);
	if (row > 0)
		return error_set(err, ERROR_CORRUPT,
			"'%s': a row of table '%s' refers to a row of '%s' that is not there",
			database->path, row_string(keys, 0), row_string(keys, 2));
	return row;
}

/* 0 if another process is in the way. */
static int database_vacuum(struct database *database, int64_t free_pages, struct error *err)
{
	int64_t pages = 0, size = 0;
	if (database_integer(database, "PRAGMA page_count", &pages, err) < 0 ||
		database_integer(database, "PRAGMA page_size", &size, err) < 0)
		return -err->code;
	if (free_pages * 4 < pages || free_pages * size < DATABASE_FREE_LEAST)
		return 0;
	if (database_execute(database, "VACUUM", err) < 0 && err->code != ERROR_LOCKED)
		return -err->code;
	error_clear(err);
	return 0;
}

int database_compact(struct database *database, uint64_t *ret_freed, struct error *err)
{
	int64_t before = 0, after = 0, free_pages = 0, size = 0;
	if (database_integer(database, "PRAGMA page_count", &before, err) < 0 ||
		database_integer(database, "PRAGMA page_size", &size, err) < 0 ||
		database_integer(database, "PRAGMA freelist_count", &free_pages, err) < 0 ||
		database_vacuum(database, free_pages, err) < 0 ||
		database_integer(database, "PRAGMA page_count", &after, err) < 0)
		return -err->code;
	*ret_freed = after < before ? (uint64_t)((before - after) * size) : 0;
	if (database_execute(database, "PRAGMA wal_checkpoint(TRUNCATE)", err) < 0 &&
		err->code != ERROR_LOCKED)
		return -err->code;
	error_clear(err);
	return 0;
}

void database_interrupt(struct database *database)
{
	sqlite3_interrupt(database->handle);
}

const char *database_library_version(void)
{
	return sqlite3_libversion();
}
