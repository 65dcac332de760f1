#include "mlops/database/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/vec.h"
#include "database_internal.h"
#include "statement_internal.h"

enum { FOREIGN_HEADER = 100, FOREIGN_WRITE_VERSION = 18, FOREIGN_WAL = 2 };

struct foreign {
	sqlite3 *handle;
	char *path;
	VEC(const char *) names; /* of tables, NULL-terminated once listed */
	bool listed;
};

static int foreign_header(
	const char *path, unsigned char ret_header[FOREIGN_HEADER], struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_os(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
			"cannot open '%s'", path);
	ssize_t count = read(fd, ret_header, FOREIGN_HEADER);
	int saved = errno;
	close(fd);
	errno = saved;
	if (count < 0)
		return error_set_os(err, ERROR_IO, "cannot read '%s'", path);
	if (count < FOREIGN_HEADER || memcmp(ret_header, "SQLite format 3", 16) != 0)
		return error_set(err, ERROR_INVALID, "'%s' is not a SQLite database", path);
	return 0;
}

bool foreign_is_database(const char *path)
{
	unsigned char header[FOREIGN_HEADER];
	struct error err = ERROR_INIT;
	return foreign_header(path, header, &err) == 0;
}

/*
 * Nothing but reading: no ATTACH (another file), no PRAGMA that sets, no writing. Functions are
 * SQLite's own; load_extension() is off by default and denied here too.
 */
static int foreign_authorize(void *context, int action, const char *first, const char *second,
	const char *database, const char *trigger)
{
	(void)context, (void)database, (void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return second && strcmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_PRAGMA:
		return first && strcmp(first, "table_info") == 0 ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

/*
 * A file in WAL mode makes even a reader write its index beside it, unless it is said not to
 * change: true where no WAL is left over, as nobody has it open then.
 */
static const char *foreign_mode(const char *path, const unsigned char *header)
{
	AUTO(strbuf_release) struct strbuf side = STRBUF_INIT;
	strbuf_printf(&side, "%s-wal", path);
	if (header[FOREIGN_WRITE_VERSION] == FOREIGN_WAL && access(side.text, F_OK) < 0)
		return "mode=ro&immutable=1";
	return "mode=ro";
}

int foreign_open(const char *path, struct foreign **ret, struct error *err)
{
	unsigned char header[FOREIGN_HEADER];
	if (foreign_header(path, header, err) < 0)
		return -err->code;
	AUTO(foreign_close) struct foreign *foreign = memory_allocate(1, sizeof *foreign, err);
	if (!foreign)
		return -err->code;
	foreign->path = memory_copy_string(path, err);
	if (!foreign->path)
		return -err->code;
	char uri[DATABASE_URI_SIZE];
	if (!database_uri(path, foreign_mode(path, header), uri))
		return error_set(err, ERROR_IO, "the path '%s' is too long", path);
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    SQLITE_OPEN_URI;
	if (sqlite3_open_v2(uri, &foreign->handle, flags, NULL) != SQLITE_OK)
		return database_fail(foreign->handle, path, "open the database", err);
	sqlite3_busy_timeout(foreign->handle, DATABASE_BUSY_MS);
	sqlite3_db_config(foreign->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(foreign->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(foreign->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(foreign->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_set_authorizer(foreign->handle, foreign_authorize, NULL);
	*ret = TAKE(foreign);
	return 0;
}

void foreign_close(struct foreign *foreign)
{
	if (!foreign)
		return;
	for (size_t i = 0; i < foreign->names.count; i++)
		memory_free((void *)foreign->names.items[i]);
	vec_release(&foreign->names);
	sqlite3_close_v2(foreign->handle);
	memory_free(foreign->path);
	memory_free(foreign);
}

static int foreign_list(struct foreign *foreign, struct error *err)
{
	static const char sql[] = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
				  "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
	AUTO(statement_finish)
	struct statement *query = statement_new(foreign->handle, foreign->path, text_of(sql), err);
	if (!query)
		return -err->code;
	int row;
	while ((row = statement_step(query, err)) > 0) {
		char *name = memory_copy_string(row_string(query, 0), err);
		if (!name)
			return -err->code;
		vec_push(&foreign->names, name);
		if (vec_check(&foreign->names, err) < 0) {
			memory_free(name);
			return -err->code;
		}
	}
	if (row < 0)
		return row;
	vec_push(&foreign->names, NULL);
	foreign->listed = true;
	return vec_check(&foreign->names, err);
}

int foreign_tables(struct foreign *foreign, const char *const **ret_names, size_t *ret_count,
	struct error *err)
{
	if (!foreign->listed && foreign_list(foreign, err) < 0)
		return -err->code;
	*ret_names = foreign->names.items;
	*ret_count = foreign->names.count - 1;
	return 0;
}

struct statement *foreign_table(struct foreign *foreign, const char *table, struct error *err)
{
	const char *const *names = NULL;
	size_t count = 0, i = 0;
	if (foreign_tables(foreign, &names, &count, err) < 0)
		return NULL;
	while (i < count && strcmp(names[i], table) != 0)
		i++;
	if (i == count) {
		const char *nearest = text_nearest(table, names);
		error_set(err, ERROR_NOT_FOUND, "'%s' has no table '%s'", foreign->path, table);
		if (nearest)
			error_hint(err, "did you mean '%s'?", nearest);
		else if (count)
			error_hint(err, "it has %zu, among them '%s'", count, names[0]);
		return NULL;
	}
	/* A table's name cannot be bound; it is one that the schema lists, quoted. */
	AUTO(strbuf_release) struct strbuf sql = STRBUF_INIT;
	strbuf_add(&sql, "SELECT * FROM \"");
	for (const char *c = table; *c; c++) {
		if (*c == '"')
			strbuf_add_char(&sql, '"');
		strbuf_add_char(&sql, *c);
	}
	strbuf_add_char(&sql, '"');
	if (strbuf_check(&sql, err) < 0)
		return NULL;
	return statement_new(foreign->handle, foreign->path, text_of(sql.text), err);
}

struct statement *foreign_query(struct foreign *foreign, const char *sql, struct error *err)
{
	struct text text = text_trim(text_of(sql));
	while (text.length && text.at[text.length - 1] == ';')
		text = text_trim((struct text){ text.at, text.length - 1 });
	struct statement *query = statement_new(foreign->handle, foreign->path, text, err);
	if (!query) {
		if (strcmp(err->message + strlen(err->message) -
				    (strlen(err->message) >= 14 ? 14 : strlen(err->message)),
			    "not authorized") == 0)
			error_hint(err, "only a SELECT that reads this file is accepted");
		error_prefix(err, "query");
		return NULL;
	}
	const char *tail = sqlite3_sql(query->handle);
	size_t used = tail ? strlen(tail) : 0;
	if (!query->handle || sqlite3_column_count(query->handle) == 0 || used < text.length) {
		error_set(err, ERROR_INVALID, "query: '%.*s' is not one SELECT", (int)text.length,
			text.at);
		statement_finish(query);
		return NULL;
	}
	return query;
}
