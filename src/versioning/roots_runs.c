#include <string.h>

#include "mlops/document/json_reader.h"
#include "mlops/record/code.h"
#include "mlops/record/files.h"
#include "mlops/record/params.h"
#include "mlops/record/run.h"
#include "mlops/versioning/provenance.h"
#include "roots_internal.h"

static int runs_show(struct roots *roots, struct root root, const char *hash, const char *path,
	struct error *err)
{
	if (!hash)
		return 0;
	if (!hash_parse(text_of(hash), &root.hash))
		return error_set(err, ERROR_CORRUPT, "run %.7s names '%.64s', which is no hash",
			root.where, hash);
	root.path = path;
	return roots->visit(roots->context, &root, err);
}

/* The files that a list of untracked ones says were kept. */
static int runs_show_list(
	struct roots *roots, struct root root, const struct value *list, struct error *err)
{
	for (size_t i = 0; list->kind == VALUE_SEQUENCE && i < list->sequence.count; i++) {
		const struct value *file = list->sequence.items[i];
		const struct value *path = value_member(file, "path");
		const struct value *hash = value_member(file, "blake3");
		const struct value *kept = value_member(file, "kept");
		if (!path || path->kind != VALUE_STRING || !hash || hash->kind != VALUE_STRING ||
			!kept || kept->kind != VALUE_BOOLEAN || !kept->boolean)
			continue;
		if (runs_show(roots, root, hash->string.at, path->string.at, err) < 0)
			return -err->code;
	}
	return 0;
}

static int runs_show_untracked(
	struct roots *roots, struct root root, const char *text, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(document_release) struct document document = { .root = NULL };
	struct hash hash;
	if (runs_show(roots, root, text, "untracked files", err) < 0)
		return -err->code;
	if (!hash_parse(text_of(text), &hash) ||
		object_get_bytes(roots->store, &hash, DOCUMENT_BYTES, &bytes, err) < 0 ||
		json_read((struct text){ bytes.text, bytes.length }, "untracked files", &document,
			err) < 0) {
		if (err->code != ERROR_NOT_FOUND && err->code != ERROR_CORRUPT &&
			err->code != ERROR_INVALID)
			return -err->code;
		struct error why = *err;
		error_clear(err);
		if (why.code == ERROR_NOT_FOUND)
			return 0;
		roots->summary->n_wrong++;
		root.hash = hash;
		root.path = "untracked files";
		return roots->options->wrong
			       ? roots->options->wrong(roots->context, &root, why.message, err)
			       : 0;
	}
	return runs_show_list(roots, root, document.root, err);
}

static int runs_show_files(
	struct roots *roots, struct root root, int64_t run, enum file_role role, struct error *err)
{
	AUTO(run_files_release) struct run_files files = { .items = NULL };
	if (run_files_load(roots->record, run, role, &files, err) < 0)
		return -err->code;
	root.is_optional = role == FILE_INPUT;
	for (size_t i = 0; i < files.count; i++) {
		int status = runs_show(roots, root, files.items[i].hash, files.items[i].path, err);
		if (status != 0)
			return status;
	}
	return 0;
}

static int runs_visit_one(
	void *context, int64_t run, const char *id, int64_t removed, struct error *err)
{
	struct roots *roots = context;
	AUTO(run_code_release) struct run_code code = { .commit = NULL };
	if (removed && removed < roots->options->removed_after)
		return 0;
	struct root root = { .kind = removed ? ROOT_REMOVED : ROOT_RUN, .where = id };
	roots->summary->n_runs++;
	int status = runs_show_files(roots, root, run, FILE_ARTIFACT, err);
	if (status == 0)
		status = runs_show_files(roots, root, run, FILE_INPUT, err);
	if (status == 0)
		status = run_code_load(roots->record, run, &code, err);
	if (status == 0)
		status = runs_show(roots, root, code.patch, "uncommitted changes", err);
	if (status == 0 && code.untracked)
		status = runs_show_untracked(roots, root, code.untracked, err);
	return status;
}

struct runs_version {
	struct roots *roots;
	struct root root;
};

static int runs_show_version(void *context, const char *path, enum pointer_kind kind,
	const struct hash *hash, struct error *err)
{
	struct runs_version *version = context;
	struct root root = version->root;
	bool is_new;
	if (roots_is_new(version->roots, path, hash, &is_new, err) < 0)
		return -err->code;
	root.path = path;
	root.hash = *hash;
	root.is_tree = kind == POINTER_FOLDER;
	root.is_optional = true;
	return is_new ? roots_show(version->roots, &root, err) : 0;
}

/*
 * The tracked versions that a run has read, whole: of a folder the other files too, so that the run
 * can be made again although no commit names that version any more.
 */
static int runs_show_tracked(
	struct roots *roots, int64_t run, const struct root *root, struct error *err)
{
	AUTO(params_release) struct params params = { .items = NULL };
	struct runs_version version = { roots, *root };
	if (params_load(roots->record, run, &params, err) < 0)
		return -err->code;
	for (size_t i = 0; i < params.count; i++) {
		if (strcmp(params.items[i].name, PROVENANCE_PARAM_TRACKED) != 0)
			continue;
		int status =
			provenance_each(params.items[i].value, runs_show_version, &version, err);
		if (status != 0)
			return status;
	}
	return 0;
}

static int runs_visit_all(
	void *context, int64_t run, const char *id, int64_t removed, struct error *err)
{
	struct roots *roots = context;
	struct root root = { .kind = removed ? ROOT_REMOVED : ROOT_RUN, .where = id };
	if (removed && removed < roots->options->removed_after)
		return 0;
	int status = runs_visit_one(context, run, id, removed, err);
	return status == 0 ? runs_show_tracked(roots, run, &root, err) : status;
}

int roots_of_runs(struct roots *roots, struct error *err)
{
	return runs_each(roots->record, runs_visit_all, roots, err);
}

int roots_of_run(struct object_store *store, struct record *record, int64_t run, root_visit *visit,
	void *context, struct error *err)
{
	struct roots_options options = { .removed_after = 0 };
	struct roots_summary summary = { .n_runs = 0 };
	struct roots roots = { .store = store,
		.record = record,
		.options = &options,
		.visit = visit,
		.context = context,
		.summary = &summary };
	AUTO(run_release) struct run facts = { .number = 0 };
	if (run_load(record, run, &facts, err) < 0)
		return -err->code;
	return runs_visit_one(&roots, run, facts.id, 0, err);
}
