#include "mlops/record/run.h"

#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/base/strbuf.h"
#include "mlops/base/vec.h"
#include "mlops/record/revision.h"
#include "record_internal.h"

enum { RUN_PROCESS_SIZE = 512, RUN_SHORT_DIGITS = 7 };

static const char *const run_status_names[] = { "running", "finished", "failed", "cancelled",
	"crashed" };

const char *run_status_name(enum run_status status)
{
	return status < RUN_STATUS_COUNT ? run_status_names[status] : "unknown";
}

bool run_status_from_name(const char *name, enum run_status *ret)
{
	for (unsigned i = 0; i < RUN_STATUS_COUNT; i++) {
		if (strcmp(name, run_status_names[i]) == 0) {
			*ret = (enum run_status)i;
			return true;
		}
	}
	return false;
}

static int run_user(char *ret, size_t size)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];
	if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found)
		return snprintf(ret, size, "%s", found->pw_name);
	return snprintf(ret, size, "%u", (unsigned)geteuid());
}

/* A readable name that no other run has: "calm-otter", then "calm-otter-2" and so on. */
static int run_free_name(
	struct record *record, const char *id, struct strbuf *ret, struct error *err)
{
	static const char sql[] = "SELECT count(*) FROM runs WHERE name = ?1";
	char name[ID_NAME_SIZE];
	id_name(id, name);
	AUTO(statement_finish)
	struct statement *taken = statement_prepare(record->database, sql, err);
	/* "calm-otter-" to before "calm-otter.": all that have a number already. */
	AUTO(statement_finish)
	struct statement *numbered = statement_prepare(record->database,
		"SELECT count(*) FROM runs WHERE name > ?1 || '-' AND name < ?1 || '.'", err);
	if (!taken || !numbered)
		return -err->code;
	bind_string(numbered, 1, name);
	int row = statement_step(numbered, err);
	if (row < 0)
		return row;
	int64_t number = row_integer(numbered, 0) + 1;
	strbuf_add(ret, name);
	for (bool first = true;; first = false, number++) {
		if (!first) {
			strbuf_clear(ret);
			strbuf_printf(ret, "%s-%lld", name, (long long)number);
		}
		if (strbuf_check(ret, err) < 0)
			return -err->code;
		bind_string(taken, 1, ret->text);
		row = statement_step(taken, err);
		if (row < 0)
			return row;
		if (!row_integer(taken, 0))
			return 0;
		statement_reset(taken);
	}
}

/* The number of a text that many runs share; 0 for NULL. */
static int run_intern_document(
	struct record *record, const char *text, int64_t *ret, struct error *err)
{
	*ret = 0;
	if (!text)
		return 0;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database,
		"INSERT INTO documents (text) VALUES (?1) ON CONFLICT DO NOTHING", err);
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		record->database, "SELECT id FROM documents WHERE text = ?1", err);
	if (!add || !find)
		return -err->code;
	bind_string(add, 1, text);
	bind_string(find, 1, text);
	if (statement_run(add, err) < 0)
		return -err->code;
	int row = statement_step(find, err);
	if (row > 0)
		*ret = row_integer(find, 0);
	return row < 0 ? row : 0;
}

static int run_insert(struct record *record, const struct run_start *start, const char *id,
	int64_t *ret_number, struct error *err)
{
	static const char sql[] =
		"INSERT INTO runs (id, name, status, started, parent, command, project, task, "
		"model, user, host, seed, document, process, log, arguments) "
		"VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
	AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
	char user[256], host[256] = "", process[RUN_PROCESS_SIZE];
	int64_t document;
	if (!start->name && run_free_name(record, id, &name, err) < 0)
		return -err->code;
	if (record_process_self(process, sizeof process, err) < 0 ||
		run_intern_document(record, start->document, &document, err) < 0)
		return -err->code;
	run_user(user, sizeof user);
	gethostname(host, sizeof host - 1);
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database, sql, err);
	if (!add)
		return -err->code;
	bind_string(add, 1, id);
	bind_string(add, 2, start->name ? start->name : name.text);
	bind_integer(add, 3, clock_now());
	bind_string(add, 4, start->parent);
	bind_string(add, 5, start->command);
	bind_string(add, 6, start->project);
	bind_string(add, 7, start->task);
	bind_string(add, 8, start->model);
	bind_string(add, 9, start->user ? start->user : user);
	bind_string(add, 10, host);
	if (start->seed >= 0)
		bind_integer(add, 11, start->seed);
	if (document)
		bind_integer(add, 12, document);
	bind_string(add, 13, process);
	bind_string(add, 14, start->log);
	bind_string(add, 15, start->arguments);
	if (statement_run(add, err) < 0)
		return error_prefix(err, "run %s", id);
	*ret_number = database_last_rowid(record->database);
	return 0;
}

int run_begin(struct record *record, const struct run_start *start, int64_t *ret_number,
	struct id *ret_id, struct error *err)
{
	struct id id;
	if (start->id) {
		if (!id_is(text_of(start->id)))
			return error_set(
				err, ERROR_INVALID, "'%s' is not the id of a run", start->id);
		memcpy(id.text, start->id, sizeof id.text);
	} else if (id_new(&id, err) < 0) {
		return -err->code;
	}
	if (start->name && revision_check_name("run", start->name, err) < 0)
		return -err->code;
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	int64_t number;
	if (transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0 ||
		runs_bury(record, NULL, err) < 0 ||
		run_insert(record, start, id.text, &number, err) < 0 ||
		transaction_commit(&change, err) < 0)
		return -err->code;
	*ret_number = number;
	if (ret_id)
		*ret_id = id;
	return 0;
}

int run_describe(
	struct record *record, int64_t run, const char *task, const char *model, struct error *err)
{
	AUTO(statement_finish)
	struct statement *change = statement_prepare(record->database,
		"UPDATE runs SET task = coalesce(?2, task), model = coalesce(?3, model) "
		"WHERE number = ?1",
		err);
	if (!change)
		return -err->code;
	bind_integer(change, 1, run);
	bind_string(change, 2, task);
	bind_string(change, 3, model);
	return statement_run(change, err);
}

int run_finish(struct record *record, int64_t run, enum run_status status, const char *reason,
	struct error *err)
{
	if (status != RUN_FINISHED && status != RUN_FAILED && status != RUN_CANCELLED)
		BUG("a run cannot be finished as %s", run_status_name(status));
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	enum transaction_kind kind =
		transaction_is_open(record->database) ? TRANSACTION_JOIN : TRANSACTION_DURABLE;
	if (transaction_begin(&change, record->database, kind, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *finish = statement_prepare(record->database,
		"UPDATE runs SET status = ?2, ended = ?3, reason = ?4, process = NULL "
		"WHERE number = ?1 AND status = 0",
		err);
	if (!finish)
		return -err->code;
	bind_integer(finish, 1, run);
	bind_integer(finish, 2, status);
	bind_integer(finish, 3, clock_now());
	bind_string(finish, 4, reason);
	if (statement_run(finish, err) < 0)
		return -err->code;
	if (database_changes(record->database) == 0) {
		if (record_check_run(record, run, NULL, err) < 0)
			return -err->code;
		return error_set(err, ERROR_INVALID, "the run has ended already");
	}
	return transaction_commit(&change, err);
}

int runs_bury(struct record *record, size_t *ret_count, struct error *err)
{
	size_t count = 0;
	VEC(int64_t) dead = VEC_INIT;
	AUTO(statement_finish)
	struct statement *running = statement_prepare(
		record->database, "SELECT number, process FROM runs WHERE status = 0", err);
	int row = running ? 0 : -err->code;
	while (running && (row = statement_step(running, err)) > 0) {
		const char *process = row_string(running, 1);
		if (!process || record_process_gone(process))
			vec_push(&dead, row_integer(running, 0));
	}
	if (row == 0)
		row = vec_check(&dead, err);
	for (; row == 0 && count < dead.count; count++)
		row = record_run_integer(record,
			"UPDATE runs SET status = 4, process = NULL, reason = "
			"coalesce(reason, 'its process ended without a word') WHERE number = ?1",
			dead.items[count], err);
	vec_release(&dead);
	if (row == 0 && ret_count)
		*ret_count = count;
	return row;
}

/* ?1: the run, ?2: the text, ?3: now; what was changed before was changed earlier. */
static int run_set_text(
	struct record *record, const char *sql, int64_t run, const char *text, struct error *err)
{
	AUTO(statement_finish)
	struct statement *change = statement_prepare(record->database, sql, err);
	if (!change || record_check_run(record, run, NULL, err) < 0)
		return -err->code;
	bind_integer(change, 1, run);
	bind_string(change, 2, text);
	bind_integer(change, 3, clock_now());
	return statement_run(change, err);
}

int run_rename(struct record *record, int64_t run, const char *name, struct error *err)
{
	if (revision_check_name("run", name, err) < 0)
		return -err->code;
	return run_set_text(record,
		"UPDATE runs SET name = ?2, name_changed = max(?3, name_changed + 1) "
		"WHERE number = ?1",
		run, name, err);
}

int run_set_note(struct record *record, int64_t run, const char *note, struct error *err)
{
	return run_set_text(record,
		"UPDATE runs SET note = ?2, note_changed = max(?3, note_changed + 1) "
		"WHERE number = ?1",
		run, note, err);
}

int run_remove(struct record *record, int64_t run, struct error *err)
{
	AUTO(run_release) struct run facts = { .number = 0 };
	if (run_load(record, run, &facts, err) < 0)
		return -err->code;
	if (facts.removed)
		return 0;
	if (facts.status == RUN_RUNNING) {
		error_set(
			err, ERROR_INVALID, "run %.7s (%s) is still running", facts.id, facts.name);
		return error_hint(err, "stop it first");
	}
	AUTO(statement_finish)
	struct statement *change = statement_prepare(record->database,
		"UPDATE runs SET removed = ?2, removed_changed = max(?2, removed_changed + 1) "
		"WHERE number = ?1",
		err);
	if (!change)
		return -err->code;
	bind_integer(change, 1, run);
	bind_integer(change, 2, clock_now());
	return statement_run(change, err);
}

int run_restore(struct record *record, int64_t run, struct error *err)
{
	AUTO(statement_finish)
	struct statement *change = statement_prepare(record->database,
		"UPDATE runs SET removed = NULL, removed_changed = max(?2, removed_changed + 1) "
		"WHERE number = ?1 AND removed IS NOT NULL",
		err);
	if (!change || record_check_run(record, run, NULL, err) < 0)
		return -err->code;
	bind_integer(change, 1, run);
	bind_integer(change, 2, clock_now());
	return statement_run(change, err);
}

int run_purge(struct record *record, int64_t run, struct error *err)
{
	if (record_check_run(record, run, NULL, err) < 0)
		return -err->code;
	return record_run_integer(record, "DELETE FROM runs WHERE number = ?1", run, err);
}

static int run_read_texts(const struct statement *row, struct run *run, struct error *err)
{
	char **const texts[] = { &run->name, &run->parent, &run->command, &run->project, &run->task,
		&run->model, &run->user, &run->host, &run->log, &run->arguments, &run->document,
		&run->reason, &run->note };
	for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) {
		if (record_copy_text(row, 8 + i, texts[i], err) < 0)
			return -err->code;
	}
	return 0;
}

int run_load(struct record *record, int64_t run, struct run *ret, struct error *err)
{
	static const char sql[] =
		"SELECT number, runs.id, status, started, ended, removed, seed, process, name, parent, "
		"command, project, task, model, user, host, log, arguments, documents.text, "
		"reason, note "
		"FROM runs LEFT JOIN documents ON documents.id = document WHERE number = ?1";
	AUTO(run_release) struct run found = { .number = run };
	AUTO(statement_finish)
	struct statement *row = statement_prepare(record->database, sql, err);
	if (!row)
		return -err->code;
	bind_integer(row, 1, run);
	int status = statement_step(row, err);
	if (status < 0)
		return status;
	if (!status)
		return error_set(
			err, ERROR_NOT_FOUND, "there is no run number %lld", (long long)run);
	snprintf(found.id, sizeof found.id, "%s", row_string(row, 1));
	found.status = (enum run_status)row_integer(row, 2);
	found.started = row_integer(row, 3);
	found.ended = row_integer(row, 4);
	found.removed = row_integer(row, 5);
	found.seed = row_is_null(row, 6) ? -1 : row_integer(row, 6);
	const char *process = row_string(row, 7);
	if (found.status == RUN_RUNNING && (!process || record_process_gone(process)))
		found.status = RUN_CRASHED;
	if (run_read_texts(row, &found, err) < 0)
		return -err->code;
	*ret = found;
	found = (struct run){ .number = 0 };
	return 0;
}

void run_release(struct run *run)
{
	char *const texts[] = { run->name, run->parent, run->command, run->project, run->task,
		run->model, run->user, run->host, run->log, run->arguments, run->document,
		run->reason, run->note };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		memory_free(texts[i]);
	*run = (struct run){ .number = 0 };
}

double run_duration(const struct run *run)
{
	if (run->status == RUN_RUNNING)
		return (double)(clock_now() - run->started) / 1e6;
	return run->ended ? (double)(run->ended - run->started) / 1e6 : NAN;
}

static int run_common_digits(const char *a, const char *b)
{
	int same = 0;
	while (a[same] && a[same] == b[same])
		same++;
	return same;
}

int run_short_length(struct record *record, const char *id, int *ret_digits, struct error *err)
{
	static const char *const sql[] = {
		"SELECT id FROM runs WHERE id < ?1 ORDER BY id DESC LIMIT 1",
		"SELECT id FROM runs WHERE id > ?1 ORDER BY id LIMIT 1"
	};
	int digits = RUN_SHORT_DIGITS;
	for (size_t i = 0; i < 2; i++) {
		AUTO(statement_finish)
		struct statement *neighbour = statement_prepare(record->database, sql[i], err);
		if (!neighbour)
			return -err->code;
		bind_string(neighbour, 1, id);
		int row = statement_step(neighbour, err);
		if (row < 0)
			return row;
		if (row && run_common_digits(id, row_string(neighbour, 0)) >= digits)
			digits = run_common_digits(id, row_string(neighbour, 0)) + 1;
	}
	*ret_digits = digits;
	return 0;
}

int run_latest_names(struct record *record, size_t most, struct names *ret, struct error *err)
{
	AUTO(names_release) struct names names = { .items = NULL };
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT name FROM runs WHERE removed IS NULL GROUP BY name "
		"ORDER BY max(started) DESC, max(number) DESC LIMIT ?1",
		err);
	names.items = list ? memory_allocate(most + 1, sizeof *names.items, err) : NULL;
	if (!names.items)
		return -err->code;
	bind_integer(list, 1, (int64_t)most);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		char *name;
		if (record_copy_text(list, 0, &name, err) < 0)
			return -err->code;
		names.items[names.count++] = name;
	}
	if (row < 0)
		return row;
	*ret = names;
	names = (struct names){ .items = NULL };
	return 0;
}
