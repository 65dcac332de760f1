/*
 * transaction: all or nothing.
 *
 *	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
 *	if (transaction_begin(&change, database, TRANSACTION_NORMAL, err) < 0 || ... < 0)
 *		return -err->code;
 *	return transaction_commit(&change, err);
 *
 * Leaving the scope without a commit rolls back. Writing transactions begin IMMEDIATE, so that
 * they wait for another writer at their start and never in the middle (ERROR_LOCKED when the
 * busy time-out is over). They do not nest: a second begin on the same database is ERROR_BUG.
 */
#ifndef MLOPS_DATABASE_TRANSACTION_H
#define MLOPS_DATABASE_TRANSACTION_H

#include "mlops/database/database.h"

enum transaction_kind {
	TRANSACTION_READ, /* one unchanging view over several queries */
	TRANSACTION_NORMAL, /* survives the death of the program; the last ones may be lost to a power cut */
	TRANSACTION_DURABLE, /* on disk when commit returns */
	/*
	 * Takes part in the transaction that is open, if one is; else as NORMAL. For functions that
	 * may be called alone or inside a larger change.
	 */
	TRANSACTION_JOIN
};

struct transaction {
	struct database *database; /* NULL: not open, or joined */
	enum transaction_kind kind;
};
#define TRANSACTION_INIT ((struct transaction){ .database = NULL })

int transaction_begin(struct transaction *transaction, struct database *database,
	enum transaction_kind kind, struct error *err) MUST_CHECK;
int transaction_commit(struct transaction *transaction, struct error *err) MUST_CHECK;
void transaction_end(struct transaction *transaction); /* rolls back unless committed */
AUTO_RELEASE(struct transaction, transaction_end)

bool transaction_is_open(const struct database *database);

#endif
