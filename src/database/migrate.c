#include "mlops/database/migrate.h"

#include <inttypes.h>
#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/base/parse.h"
#include "mlops/base/strbuf.h"
#include "mlops/database/statement.h"
#include "mlops/database/transaction.h"
#include "database_internal.h"

void migrations_embedded(struct migration ret_steps[MIGRATIONS_MOST], size_t *ret_count)
{
	static const char folder[] = "sql/";
	size_t count;
	const struct embedded_file *files = embedded_files(folder, &count);
	if (count > MIGRATIONS_MOST)
		BUG("%zu migrations", count);
	for (size_t i = 0; i < count; i++) {
		const char *name = files[i].name + strlen(folder);
		uint64_t number;
		if (!parse_u64((struct text){ name, 4 }, &number) || number != i + 1)
			BUG("schemas/sql/%s is not number %zu", name, i + 1);
		ret_steps[i] = (struct migration){ (int)number, name, files[i].text.at };
	}
	*ret_count = count;
}

static int migrate_step(struct database *database, const struct migration *step, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, database, TRANSACTION_DURABLE, err) < 0)
		return -err->code;
	/* Another process may have been faster while this one waited for the lock. */
	int version;
	if (database_version(database, &version, err) < 0)
		return -err->code;
	if (version >= step->number)
		return 0;
	AUTO(strbuf_release) struct strbuf mark = STRBUF_INIT;
	strbuf_printf(&mark, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		DATABASE_APPLICATION_ID, step->number);
	if (strbuf_check(&mark, err) < 0 || database_execute(database, step->sql, err) < 0 ||
		database_execute(database, mark.text, err) < 0)
		return error_prefix(err, "migration %s", step->name);
	return transaction_commit(&change, err);
}

/* Kept once: an earlier attempt's copy of the same version has the same content or more. */
static int migrate_keep_copy(struct database *database, int version, struct error *err)
{
	AUTO_FREE char *path = memory_format(err, "%s.v%d.bak", database->path, version);
	if (!path)
		return -err->code;
	if (database_copy(database, path, err) < 0 && err->code != ERROR_EXISTS)
		return error_prefix(err, "copy before migration");
	error_clear(err);
	return 0;
}

int database_migrate(
	struct database *database, const struct migration *steps, size_t count, struct error *err)
{
	int version;
	if (database_version(database, &version, err) < 0)
		return -err->code;
	int last = count ? steps[count - 1].number : 0;
	if (version > last) {
		error_set(err, ERROR_UNSUPPORTED,
			"'%s' has schema %d, newer than this program's %d", database->path, version,
			last);
		return error_hint(err, "update mlops");
	}
	if (version == last)
		return 0;
	int64_t objects = 0;
	if (database_integer(database, "SELECT count(*) FROM sqlite_schema", &objects, err) < 0)
		return -err->code;
	if (objects && migrate_keep_copy(database, version, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		if (steps[i].number > version && migrate_step(database, &steps[i], err) < 0)
			return -err->code;
	}
	return 0;
}
