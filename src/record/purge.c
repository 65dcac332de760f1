#include "mlops/record/run.h"

#include "mlops/base/vec.h"
#include "record_internal.h"

struct purge_logs {
	VEC(char *) items;
};

static void purge_logs_release(struct purge_logs *logs)
{
	for (size_t i = 0; i < logs->items.count; i++)
		memory_free(logs->items.items[i]);
	vec_release(&logs->items);
}
AUTO_RELEASE(struct purge_logs, purge_logs_release)

static int purge_find_logs(
	struct record *record, int64_t before, struct purge_logs *logs, struct error *err)
{
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT log FROM runs WHERE removed < ?1 AND log IS NOT NULL ORDER BY number", err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, before);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		char *log;
		if (record_copy_text(list, 0, &log, err) < 0)
			return -err->code;
		vec_push(&logs->items, log);
		if (vec_check(&logs->items, err) < 0) {
			memory_free(log);
			return -err->code;
		}
	}
	return row;
}

static int purge_delete(struct record *record, int64_t before, size_t *ret_count, struct error *err)
{
	if (record_run_integer(record, "DELETE FROM runs WHERE removed < ?1", before, err) < 0)
		return -err->code;
	*ret_count = (size_t)database_changes(record->database);
	if (!*ret_count)
		return 0;
	return database_execute(record->database,
		"DELETE FROM environments WHERE id NOT IN "
		"(SELECT environment FROM runs WHERE environment IS NOT NULL);"
		"DELETE FROM documents WHERE id NOT IN "
		"(SELECT document FROM runs WHERE document IS NOT NULL)",
		err);
}

int runs_purge(struct record *record, int64_t removed_before, runs_log *visit, void *context,
	size_t *ret_count, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	AUTO(purge_logs_release) struct purge_logs logs = { .items = VEC_INIT };
	if (transaction_begin(&change, record->database, TRANSACTION_NORMAL, err) < 0 ||
		(visit && purge_find_logs(record, removed_before, &logs, err) < 0) ||
		purge_delete(record, removed_before, ret_count, err) < 0 ||
		transaction_commit(&change, err) < 0)
		return -err->code;
	for (size_t i = 0; i < logs.items.count; i++) {
		if (visit(context, logs.items.items[i], err) < 0)
			return -err->code;
	}
	return 0;
}

int runs_each(struct record *record, runs_visit *visit, void *context, struct error *err)
{
	AUTO(statement_finish)
	struct statement *list = statement_prepare(
		record->database, "SELECT number, id, removed FROM runs ORDER BY number", err);
	if (!list)
		return -err->code;
	int row;
	while ((row = statement_step(list, err)) > 0) {
		int status = visit(context, row_integer(list, 0), row_string(list, 1),
			row_integer(list, 2), err);
		if (status != 0)
			return status;
	}
	return row;
}
