#include "exchange_internal.h"

int exchange_objects(struct record *record, int64_t run, exchange_object *visit, void *context,
	struct error *err)
{
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT hash FROM artifacts WHERE run = ?1 "
		"UNION SELECT patch FROM code WHERE run = ?1 AND patch IS NOT NULL "
		"UNION SELECT untracked FROM code WHERE run = ?1 AND untracked IS NOT NULL "
		"ORDER BY 1",
		err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, run);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		int status = visit(context, row_string(list, 0), err);
		if (status != 0)
			return status;
	}
	return row;
}

int exchange_peer(
	struct record *record, const char *peer, bool make, int64_t *ret, struct error *err)
{
	*ret = 0;
	for (int attempt = 0; attempt < 2; attempt++) {
		AUTO(statement_finish)
		struct statement *find = statement_prepare(
			record->database, "SELECT id FROM peers WHERE name = ?1", err);
		if (!find)
			return -err->code;
		bind_string(find, 1, peer);
		int row = statement_step(find, err);
		if (row < 0)
			return row;
		if (row)
			*ret = row_integer(find, 0);
		if (row || !make)
			return 0;
		AUTO(statement_finish)
		struct statement *add = statement_prepare(record->database,
			"INSERT INTO peers (name) VALUES (?1) ON CONFLICT DO NOTHING", err);
		if (!add)
			return -err->code;
		bind_string(add, 1, peer);
		if (statement_run(add, err) < 0)
			return -err->code;
	}
	return error_set(err, ERROR_BUG, "peer '%s' was added and is not there", peer);
}

int exchange_sent(struct record *record, const char *peer, const struct exchange_part *part,
	struct error *err)
{
	int64_t number;
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0 ||
		exchange_peer(record, peer, true, &number, err) < 0)
		return -err->code;
	/* A run may have been purged meanwhile. */
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database,
		"INSERT OR REPLACE INTO exchanged (peer, run, changed) "
		"SELECT ?1, number, ?3 FROM runs WHERE number = ?2",
		err);
	if (!add)
		return -err->code;
	bind_integer(add, 1, number);
	for (size_t i = 0; i < part->count; i++) {
		bind_integer(add, 2, part->runs[i].run);
		bind_integer(add, 3, part->runs[i].changed);
		if (statement_run(add, err) < 0)
			return -err->code;
	}
	return transaction_commit(&change, err);
}

int exchange_remember(struct record *record, int64_t peer, int64_t run, struct error *err)
{
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database,
		"INSERT OR REPLACE INTO exchanged (peer, run, changed) "
		"SELECT ?1, number, changed FROM runs WHERE number = ?2",
		err);
	if (!add)
		return -err->code;
	bind_integer(add, 1, peer);
	bind_integer(add, 2, run);
	return statement_run(add, err);
}

int exchange_forget(struct record *record, const char *peer, struct error *err)
{
	int64_t number;
	if (exchange_peer(record, peer, false, &number, err) < 0)
		return -err->code;
	return number ? record_run_integer(record, "DELETE FROM peers WHERE id = ?1", number, err)
		      : 0;
}
