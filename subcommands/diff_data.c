#include "diff_data.h"

#include <string.h>

#include "diff_sides.h"
#include "diff_table.h"
#include "mlops/git/repository.h"
#include "mlops/record/revision.h"
#include "mlops/versioning/changes.h"
#include "tracked_paths.h"

enum {
	DIFF_KIND,
	DIFF_PATH,
	DIFF_FROM,
	DIFF_OLD_SIZE,
	DIFF_NEW_SIZE,
	DIFF_OLD_HASH,
	DIFF_NEW_HASH
};
static const struct row_spec diff_data_rows[] = {
	[DIFF_KIND] = { "kind", "change", ROW_TEXT },
	[DIFF_PATH] = { "path", "path", ROW_TEXT, ROW_SHRINK },
	[DIFF_FROM] = { "from", "from", ROW_TEXT, ROW_SHRINK | ROW_OPTIONAL },
	[DIFF_OLD_SIZE] = { "old_size", "old size", ROW_BYTES, ROW_OPTIONAL },
	[DIFF_NEW_SIZE] = { "new_size", "new size", ROW_BYTES, ROW_OPTIONAL },
	[DIFF_OLD_HASH] = { "old_blake3", "", ROW_TEXT, ROW_JSON_ONLY },
	[DIFF_NEW_HASH] = { "new_blake3", "", ROW_TEXT, ROW_JSON_ONLY },
	ROW_END,
};

/* ---- which kind of diff ---- */

int diff_data_recognise(struct invocation *invocation, const struct option_list *operands,
	struct diff_data_request *ret_request, bool *ret_is_data, struct error *err)
{
	AUTO(tracked_release) struct tracked here = { .items = NULL };
	struct diff_data_request request = { .keys = ret_request->keys,
		.exit_code = ret_request->exit_code };
	struct error none = ERROR_INIT;
	int64_t run;
	*ret_is_data = false;
	if (!operands->count)
		return 0;
	request.shown = operands->items[operands->count - 1];
	if (operands->count >= 2)
		request.from = operands->items[0];
	if (operands->count == 3)
		request.to = operands->items[1];
	if (tracked_paths_locate(invocation, request.shown, &request.path, &none) < 0) {
		if (operands->count < 3)
			return 0;
		*err = none;
		return -err->code;
	}
	bool is_run = revision_resolve(invocation->record, NULL, request.shown, &run, &none) == 0;
	/* To see what is tracked costs a walk, which most pairs of runs can do without. */
	if (operands->count < 3 && is_run && !tracked_paths_may_be(invocation, request.path))
		return 0;
	if (tracked_in_workspace(&invocation->workspace, &here, err) < 0)
		return -err->code;
	bool is_known = tracked_paths_known(&here, request.path);
	bool is_path = operands->count == 3 || is_known;
	if (is_run && !is_known && operands->count == 3)
		return error_set(err, ERROR_USAGE,
			"two runs are compared, and three are given; data would be './%s'",
			request.shown);
	if (is_path && is_run && operands->count < 3) {
		error_set(err, ERROR_USAGE, "'%s' is the name of a run and of data", request.shown);
		return error_hint(err, "say './%s' for the data, or the run's id", request.shown);
	}
	*ret_is_data = is_path;
	*ret_request = request;
	return 0;
}

/* ---- the answer ---- */

struct diff_counts {
	size_t kinds[CHANGE_MOVED + 1];
};

static void diff_data_hash(struct rows *rows, size_t column, bool has, const struct hash *hash)
{
	static const struct hash unknown = { .bytes = { 0 } };
	char text[HASH_TEXT_SIZE];
	if (!has || hash_equal(hash, &unknown))
		return;
	hash_format(hash, text);
	rows_text(rows, column, text);
}

static void diff_data_add_row(struct rows *rows, const struct change *change)
{
	rows_next(rows);
	rows_text(rows, DIFF_KIND, change_kind_name(change->kind));
	rows_text(rows, DIFF_PATH, change->path);
	rows_text(rows, DIFF_FROM, change->from);
	if (change->has_old)
		rows_count(rows, DIFF_OLD_SIZE, change->old_size);
	if (change->has_new)
		rows_count(rows, DIFF_NEW_SIZE, change->new_size);
	diff_data_hash(rows, DIFF_OLD_HASH, change->has_old, &change->old_hash);
	diff_data_hash(rows, DIFF_NEW_HASH, change->has_new, &change->new_hash);
}

static void diff_data_say(struct invocation *invocation, const struct changes *changes,
	const struct diff_counts *counts)
{
	if (changes->count)
		message_summary(&invocation->messages,
			"%zu added, %zu removed, %zu modified, %zu moved, of %zu files",
			counts->kinds[CHANGE_ADDED], counts->kinds[CHANGE_REMOVED],
			counts->kinds[CHANGE_MODIFIED], counts->kinds[CHANGE_MOVED],
			changes->n_files);
	else
		message_summary(&invocation->messages, "no difference in %zu file%s",
			changes->n_files, changes->n_files == 1 ? "" : "s");
}

/* Of one file that is a table on both sides also rows and columns. */
static int diff_data_table(struct invocation *invocation, struct object_store *store,
	const struct diff_data_request *request, const struct diff_side sides[2],
	const struct changes *changes, struct error *err)
{
	const struct change *change = changes->items;
	bool is_table = changes->count == 1 && change->kind == CHANGE_MODIFIED &&
			strcmp(change->path, request->path) == 0 &&
			!hash_equal(&change->old_hash, &change->new_hash) &&
			diff_table_is_table(request->path);
	if (!is_table && request->keys->count)
		return error_set(err, ERROR_USAGE,
			"--key is for one table that has changed, and '%s' is none",
			request->shown);
	if (!is_table)
		return 0;
	struct diff_table_request table = { .path = request->path,
		.old_hash = &change->old_hash,
		.new_hash = sides[1].label ? &change->new_hash : NULL,
		.keys = request->keys };
	return diff_table_run(invocation, store, &table, err);
}

static int diff_data_answer(struct invocation *invocation, struct object_store *store,
	const struct diff_data_request *request, const struct diff_side sides[2],
	const struct changes *changes, struct error *err)
{
	AUTO(rows_release) struct rows rows;
	struct diff_counts counts = { .kinds = { 0 } };
	struct json_writer *json = output_json(&invocation->output);
	rows_init(&rows, diff_data_rows);
	for (size_t i = 0; i < changes->count; i++) {
		counts.kinds[changes->items[i].kind]++;
		diff_data_add_row(&rows, &changes->items[i]);
	}
	if (json) {
		json_key_string(json, "path", request->path);
		json_key_string(json, "from", sides[0].label);
		json_key_string(json, "to", sides[1].label);
		json_key_boolean(json, "equal", changes->count == 0);
		json_key_integer(json, "files_compared", (int64_t)changes->n_files);
	}
	if ((json || changes->count) && output_rows(&invocation->output, "files", &rows, err) < 0)
		return -err->code;
	if (diff_data_table(invocation, store, request, sides, changes, err) < 0)
		return -err->code;
	diff_data_say(invocation, changes, &counts);
	if (!request->exit_code || !changes->count)
		return 0;
	error_clear(err);
	err->code = ERROR_CHECK; /* the answer is "no", without a message */
	return -ERROR_CHECK;
}

/* ---- both sides ---- */

/* Without a revision: HEAD, or where there is none the pointers on disk. */
static int diff_data_from(struct diff_sides *sides, const struct diff_data_request *request,
	struct diff_side *ret, struct error *err)
{
	struct error none = ERROR_INIT;
	char commit[REPOSITORY_COMMIT_SIZE];
	if (request->from)
		return diff_side_of(sides, request->from, ret, err);
	if (repository_open(sides->invocation->workspace.root, &sides->repository, &none) < 0 ||
		repository_resolve(sides->repository, "HEAD", commit, &none) < 0)
		return diff_side_of_pointers(sides, ret, err);
	if (diff_side_of(sides, commit, ret, err) < 0)
		return -err->code;
	ret->label = "HEAD";
	return 0;
}

static int diff_data_nothing(
	const struct diff_data_request *request, const struct diff_side sides[2], struct error *err)
{
	error_set(err, ERROR_NOT_FOUND, "'%s' is tracked neither in '%s' nor in %s%s%s",
		request->shown, sides[0].label, sides[1].label ? "'" : "the workspace",
		sides[1].label ? sides[1].label : "", sides[1].label ? "'" : "");
	return error_hint(err, "'mlops status' lists what is tracked");
}

static int diff_data_compare(
	struct diff_sides *sides, const struct diff_data_request *request, struct error *err)
{
	struct diff_side both[2] = { DIFF_SIDE_INIT, DIFF_SIDE_INIT };
	AUTO(changes_release) struct changes changes = { .items = NULL };
	int status = diff_data_from(sides, request, &both[0], err);
	if (status == 0)
		status = request->to ? diff_side_of(sides, request->to, &both[1], err)
				     : diff_side_of_workspace(sides, &both[1], err);
	if (status == 0 && !both[0].listing.count && !both[1].listing.count)
		status = diff_data_nothing(request, both, err);
	if (status == 0)
		status = changes_between(&both[0].listing, &both[1].listing, &changes, err);
	if (status == 0)
		status = diff_data_answer(
			sides->invocation, sides->store, request, both, &changes, err);
	diff_side_release(&both[0]);
	diff_side_release(&both[1]);
	return status;
}

int diff_data_run(
	struct invocation *invocation, const struct diff_data_request *request, struct error *err)
{
	AUTO(object_store_close) struct object_store *store = NULL;
	AUTO(tracked_release) struct tracked here = { .items = NULL };
	struct diff_sides sides = {
		.invocation = invocation, .here = &here, .path = request->path
	};
	if (object_store_open(&invocation->workspace, &store, err) < 0 ||
		tracked_in_workspace(&invocation->workspace, &here, err) < 0)
		return -err->code;
	sides.store = store;
	int status = diff_data_compare(&sides, request, err);
	repository_close(sides.repository);
	return status;
}
