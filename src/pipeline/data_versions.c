#include "mlops/pipeline/data_versions.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/record/params.h"

int data_versions_find(const struct workspace *workspace, struct object_store *store,
	const char *root, const struct dataset *dataset, struct data_versions *ret,
	struct error *err)
{
	*ret = (struct data_versions){ .sources = dataset->files };
	for (size_t i = 0; i < dataset->n_files; i++) {
		const struct dataset_file *file = &dataset->files[i];
		AUTO_FREE char *path = path_join(root, file->path, err);
		if (!path || provenance_find(workspace, store, path, &file->hash, &ret->files[i],
				     err) < 0) {
			data_versions_release(ret);
			return -err->code;
		}
		ret->count++;
	}
	return 0;
}

void data_versions_release(struct data_versions *versions)
{
	for (size_t i = 0; i < versions->count; i++)
		provenance_release(&versions->files[i]);
	versions->count = 0;
}

static bool data_versions_differs(const struct provenance *file)
{
	return file->state != PROVENANCE_UNTRACKED && file->state != PROVENANCE_SAME;
}

int data_versions_check(const struct data_versions *versions, struct error *err)
{
	for (size_t i = 0; i < versions->count; i++) {
		const struct provenance *file = &versions->files[i];
		const char *path = versions->sources[i].path;
		if (!data_versions_differs(file))
			continue;
		if (file->state == PROVENANCE_UNKNOWN) {
			error_set(err, ERROR_INVALID,
				"'%s' cannot be compared with its version: the listing of '%s' is "
				"not in the store",
				path, file->tracked);
			return error_hint(err,
				"fetch it with 'mlops pull %s', or train with --allow-changed-data",
				file->tracked);
		}
		error_set(err, ERROR_INVALID, "'%s' %s '%s%s'", path,
			file->state == PROVENANCE_CHANGED ? "is not the version that is named by"
							  : "is not in the version named by",
			file->tracked, POINTER_SUFFIX);
		return error_hint(err,
			"keep the change with 'mlops add %s', undo it with 'mlops checkout %s', or "
			"train with --allow-changed-data",
			file->tracked, file->tracked);
	}
	return 0;
}

/* Several files of one folder name it once; files come in an order of their own. */
void data_versions_tracked(const struct data_versions *versions, struct strbuf *buffer)
{
	const char *last = NULL;
	for (;;) {
		const struct provenance *next = NULL;
		for (size_t i = 0; i < versions->count; i++) {
			const struct provenance *file = &versions->files[i];
			if (file->tracked && (!last || strcmp(file->tracked, last) > 0) &&
				(!next || strcmp(file->tracked, next->tracked) < 0))
				next = file;
		}
		if (!next)
			return;
		char hash[HASH_TEXT_SIZE];
		hash_format(&next->version, hash);
		strbuf_printf(buffer, "%s%s%s@%s", last ? ", " : "", next->tracked,
			next->kind == POINTER_FOLDER ? "/" : "", hash);
		last = next->tracked;
	}
}

void data_versions_changed(const struct data_versions *versions, struct strbuf *buffer)
{
	bool begun = false;
	for (size_t i = 0; i < versions->count; i++) {
		char hash[HASH_TEXT_SIZE];
		if (!data_versions_differs(&versions->files[i]))
			continue;
		hash_format(&versions->sources[i].hash, hash);
		strbuf_printf(
			buffer, "%s%s@%s", begun ? ", " : "", versions->sources[i].path, hash);
		begun = true;
	}
}

static int data_versions_set(const struct strbuf *text, const char *name, struct record *record,
	int64_t run, struct error *err)
{
	if (strbuf_check(text, err) < 0)
		return -err->code;
	return text->length ? params_set(record, run, name, text->text, err) : 0;
}

int data_versions_record(
	const struct data_versions *versions, struct record *record, int64_t run, struct error *err)
{
	AUTO(strbuf_release) struct strbuf tracked = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf changed = STRBUF_INIT;
	data_versions_tracked(versions, &tracked);
	data_versions_changed(versions, &changed);
	if (data_versions_set(&tracked, PROVENANCE_PARAM_TRACKED, record, run, err) < 0)
		return -err->code;
	return data_versions_set(&changed, PROVENANCE_PARAM_CHANGED, record, run, err);
}
