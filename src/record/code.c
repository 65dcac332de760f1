#include "mlops/record/code.h"

#include "mlops/git/repository.h"
#include "record_internal.h"

int run_code_set(struct record *record, int64_t run, const struct repository_state *state,
	const char *patch, const char *untracked, struct error *err)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO code (run, \"commit\", branch, remote, describe, dirty, "
		"n_changed, n_untracked, patch, untracked, lost) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database, sql, err);
	if (!add)
		return -err->code;
	static const struct repository_state none = { .commit = "" };
	const struct repository_state *known = state ? state : &none;
	bind_integer(add, 1, run);
	bind_string(add, 2, known->commit[0] ? known->commit : NULL);
	bind_string(add, 3, known->branch);
	bind_string(add, 4, known->remote);
	bind_string(add, 5, known->describe);
	bind_integer(add, 6, known->dirty);
	bind_integer(add, 7, (int64_t)known->n_changed);
	bind_integer(add, 8, (int64_t)known->n_untracked);
	bind_string(add, 9, patch);
	bind_string(add, 10, untracked);
	bind_string(add, 11, state ? state->lost : "the project is not in a git repository");
	if (statement_run(add, err) < 0)
		return error_prefix(err, "code");
	return 0;
}

int run_code_load(struct record *record, int64_t run, struct run_code *ret, struct error *err)
{
	static const char sql[] = "SELECT \"commit\", branch, remote, describe, patch, untracked, "
				  "lost, dirty, n_changed, n_untracked FROM code WHERE run = ?1";
	AUTO(run_code_release) struct run_code code = { .commit = NULL };
	AUTO(statement_finish)
	struct statement *find = statement_prepare(record->database, sql, err);
	if (!find)
		return -err->code;
	bind_integer(find, 1, run);
	int row = statement_step(find, err);
	if (row < 0)
		return row;
	if (row) {
		char **const texts[] = { &code.commit, &code.branch, &code.remote, &code.describe,
			&code.patch, &code.untracked, &code.lost };
		for (int i = 0; i < 7; i++) {
			if (record_copy_text(find, i, texts[i], err) < 0)
				return -err->code;
		}
		code.dirty = row_integer(find, 7) != 0;
		code.n_changed = row_integer(find, 8);
		code.n_untracked = row_integer(find, 9);
	}
	*ret = code;
	code = (struct run_code){ .commit = NULL };
	return 0;
}

void run_code_release(struct run_code *code)
{
	char *const texts[] = { code->commit, code->branch, code->remote, code->describe,
		code->patch, code->untracked, code->lost };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		memory_free(texts[i]);
	*code = (struct run_code){ .commit = NULL };
}
