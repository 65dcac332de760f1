#include "mlops/database/transaction.h"

#include "database_internal.h"

int transaction_begin(struct transaction *transaction, struct database *database,
	enum transaction_kind kind, struct error *err)
{
	*transaction = (struct transaction){ .database = NULL, .kind = kind };
	if (transaction_is_open(database)) {
		if (kind == TRANSACTION_JOIN)
			return 0;
		return error_set(
			err, ERROR_BUG, "a transaction on '%s' is open already", database->path);
	}
	/* synchronous cannot change inside a transaction. */
	if (kind == TRANSACTION_DURABLE &&
		database_execute(database, "PRAGMA synchronous = FULL;", err) < 0)
		return -err->code;
	const char *begin = kind == TRANSACTION_READ ? "BEGIN" : "BEGIN IMMEDIATE";
	if (database_execute(database, begin, err) < 0) {
		struct error ignored = ERROR_INIT;
		if (kind == TRANSACTION_DURABLE)
			database_execute(database, "PRAGMA synchronous = NORMAL;", &ignored);
		return -err->code;
	}
	transaction->database = database;
	return 0;
}

/* Whatever ended it, later transactions are ordinary again. */
static void transaction_over(struct transaction *transaction)
{
	struct error ignored = ERROR_INIT;
	if (transaction->kind == TRANSACTION_DURABLE)
		database_execute(transaction->database, "PRAGMA synchronous = NORMAL;", &ignored);
	transaction->database = NULL;
}

int transaction_commit(struct transaction *transaction, struct error *err)
{
	if (!transaction->database)
		return 0; /* joined: the outer one commits */
	if (database_execute(transaction->database, "COMMIT", err) < 0)
		return error_prefix(err, "cannot commit");
	transaction_over(transaction);
	return 0;
}

void transaction_end(struct transaction *transaction)
{
	if (!transaction->database)
		return;
	struct error ignored = ERROR_INIT;
	/* Some failures (disk full, no memory) have rolled back already. */
	if (transaction_is_open(transaction->database))
		database_execute(transaction->database, "ROLLBACK", &ignored);
	transaction_over(transaction);
}

bool transaction_is_open(const struct database *database)
{
	return !sqlite3_get_autocommit(database->handle);
}
