#include <string.h>
#include <unistd.h>
#include <unistd.h>

#include "import_internal.h"
#include "mlops/base/path.h"
#include "mlops/git/history.h"
#include "mlops/git/outside.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/tracked.h"

/* A path of another repository's commit. */
struct import_git {
	const struct import_place *place;
	const struct outside *outside;
	const char *commit;
	const char *path;
	const char *root; /* its working folder; NULL: it has none */
	struct import_content *content;
};

/* ---- what git itself has ---- */

static int import_git_visit(void *context, const struct outside_file *file, struct error *err)
{
	struct import_git *git = context;
	struct import_content *content = git->content;
	struct object_store *store = git->place->store;
	struct hash hash;
	content->folder = file->path[0] != '\0';
	if (file->kind == OUTSIDE_LINK && !content->folder)
		return error_set(err, ERROR_UNSUPPORTED, "'%s' is a link there", git->path);
	if (file->kind == OUTSIDE_LINK) {
		AUTO_FREE char *text =
			memory_format(err, "%.*s", (int)file->count, (const char *)file->bytes);
		return text ? import_content_add_link(
				      content, store, file->path, text, file->count, err)
			    : -(int)err->code;
	}
	bool executable = file->kind == OUTSIDE_EXECUTABLE;
	if (object_put_bytes(store, file->bytes, file->count, &hash, err) < 0)
		return -err->code;
	if (content->folder)
		return import_content_add(content, file->path,
			executable ? TREE_EXECUTABLE : TREE_FILE, &hash, file->count, err);
	content->hash = hash;
	content->size = file->count;
	content->mode = executable ? 0755 : 0644;
	return 0;
}

/* ---- what mlops keeps there ---- */

/* One object from the other store, through a file without a name. */
static int import_git_copy(struct import_git *git, struct object_store *from,
	const struct hash *hash, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	struct hash copied;
	uint64_t size;
	AUTO_FREE char *path = path_join(git->place->workspace->temporary, "import", err);
	if (!path)
		return -err->code;
	if (object_exists(git->place->store, hash))
		return 0;
	if (!object_exists(from, hash)) {
		error_set(err, ERROR_NOT_FOUND, "the content of '%s' is not in the store of '%s'",
			git->path, git->root);
		return error_hint(err, "run 'mlops pull' there");
	}
	if (atomic_begin(&file, path, NULL, 0600, err) < 0 ||
		object_get_stream(from, hash, file.fd, path, err) < 0)
		return -err->code;
	if (lseek(file.fd, 0, SEEK_SET) < 0)
		return error_set_os(err, ERROR_IO, "cannot read a temporary file");
	return object_put_stream(git->place->store, file.fd, git->path, &copied, &size, err);
}

/* Is the entry the path `below`, or inside it? *ret_rest is what is left of its path. */
static bool import_git_is_below(const char *path, const char *below, const char **ret_rest)
{
	size_t length = strlen(below);
	*ret_rest = path;
	if (!length)
		return true;
	if (strncmp(path, below, length) != 0 || (path[length] && path[length] != '/'))
		return false;
	*ret_rest = path[length] ? path + length + 1 : "";
	return true;
}

static int import_git_tree(struct import_git *git, struct object_store *from,
	const struct pointer *pointer, const char *below, struct error *err)
{
	AUTO(tree_release) struct tree tree = { .entries = NULL };
	struct import_content *content = git->content;
	if (tree_load(from, &pointer->hash, &tree, err) < 0)
		return -err->code;
	for (size_t i = 0; i < tree.count; i++) {
		const struct tree_entry *entry = &tree.entries[i];
		const char *rest;
		if (!import_git_is_below(entry->path, below, &rest))
			continue;
		if (import_git_copy(git, from, &entry->hash, err) < 0)
			return -err->code;
		content->folder = rest[0] != '\0';
		if (!content->folder) {
			content->hash = entry->hash;
			content->size = entry->size;
			content->mode = entry->kind == TREE_EXECUTABLE ? 0755 : 0644;
			if (entry->kind == TREE_LINK)
				return error_set(
					err, ERROR_UNSUPPORTED, "'%s' is a link there", git->path);
			return 0;
		}
		if (import_content_add(content, rest, entry->kind, &entry->hash, entry->size, err) <
			0)
			return -err->code;
	}
	content->folder = content->folder || !below[0];
	if (below[0] && !content->n_files)
		return error_set(
			err, ERROR_NOT_FOUND, "there is no '%s' in that commit", git->path);
	return 0;
}

static int import_git_pointer(struct import_git *git, const char *data_path,
	const struct pointer *pointer, const char *below, struct error *err)
{
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(object_store_close) struct object_store *from = NULL;
	AUTO_FREE char *path = path_join(git->root, data_path, err);
	AUTO_FREE char *folder = path ? path_parent(path, err) : NULL;
	/* The folder may be younger or older than the commit: look from where there is one. */
	while (folder && !file_exists(folder) && strcmp(folder, "/") != 0) {
		char *parent = path_parent(folder, err);
		memory_free(folder);
		folder = parent;
	}
	if (!folder || workspace_find(folder, &workspace, err) < 0 ||
		object_store_open(&workspace, &from, err) < 0)
		return -err->code;
	if (pointer->kind == POINTER_FOLDER)
		return import_git_tree(git, from, pointer, below, err);
	if (import_git_copy(git, from, &pointer->hash, err) < 0)
		return -err->code;
	git->content->hash = pointer->hash;
	git->content->size = pointer->size;
	git->content->mode = pointer->mode;
	return 0;
}

/* *ret_found: the path, or a folder above it, has a pointer there. */
static int import_git_tracked(struct import_git *git, bool *ret_found, struct error *err)
{
	AUTO_FREE char *path = memory_copy_string(git->path, err);
	size_t length = strlen(git->path);
	*ret_found = false;
	while (path && length) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		AUTO(pointer_release) struct pointer pointer = { .path = NULL };
		path[length] = '\0';
		AUTO_FREE char *name = memory_format(err, "%s" POINTER_SUFFIX, path);
		if (!name)
			return -err->code;
		const char *below = git->path[length] ? git->path + length + 1 : "";
		if (history_read(git->outside->repository, git->commit, name, &text, err) == 0) {
			*ret_found = true;
			if (pointer_parse(name, text.text, text.length, &pointer, err) < 0)
				return -err->code;
			if (!git->root)
				return 0;
			if (below[0] && pointer.kind == POINTER_FILE)
				return error_set(
					err, ERROR_NOT_FOUND, "'%s' is a file there", path);
			return import_git_pointer(git, path, &pointer, below, err);
		}
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		do
			length--;
		while (length && git->path[length] != '/');
	}
	return path ? 0 : -(int)err->code;
}

/* ---- what DVC keeps there ---- */

struct import_git_dvc {
	struct import_git *git;
	struct dvc_outputs outputs;
};

static int import_git_dvc_visit(
	void *context, const char *path, const char *bytes, size_t count, struct error *err)
{
	struct import_git_dvc *dvc = context;
	struct text text = { bytes, count };
	const struct import_git *git = dvc->git;
	struct error why = ERROR_INIT;
	int status;
	if (strcmp(path_base(path), "dvc.lock") == 0) {
		AUTO(strbuf_release) struct strbuf pipeline = STRBUF_INIT;
		AUTO_FREE char *folder = path_parent(path, err);
		AUTO_FREE char *beside = folder ? path_join(folder, "dvc.yaml", err) : NULL;
		if (!beside)
			return -err->code;
		if (history_read(git->outside->repository, git->commit, beside, &pipeline, &why) <
			0)
			strbuf_clear(&pipeline);
		error_clear(&why);
		status = dvc_read_lock(path, text, (struct text){ pipeline.text, pipeline.length },
			&dvc->outputs, &why);
	} else {
		status = dvc_read_file(path, text, &dvc->outputs, &why);
	}
	/* One that is wrong may not be the one that is wanted. */
	if (status < 0 && why.code == ERROR_INVALID) {
		event_note(git->place->options->sink, "%s", why.message);
		return 0;
	}
	if (status < 0)
		*err = why;
	return status;
}

static const struct dvc_output *import_git_dvc_find(
	const struct import_git_dvc *dvc, const char **ret_below)
{
	for (size_t i = 0; i < dvc->outputs.count; i++) {
		const struct dvc_output *output = &dvc->outputs.items[i];
		if (!output->unusable && output->cached &&
			import_git_is_below(dvc->git->path, output->path, ret_below) &&
			(!**ret_below || output->name.folder))
			return output;
	}
	return NULL;
}

/* From the files and the cache of the other repository's working folder, verified. */
static int import_git_dvc_take(struct import_git *git, const struct dvc_output *output,
	const char *below, struct error *err)
{
	AUTO(dvc_repository_release) struct dvc_repository repository = { .root = NULL };
	AUTO(import_taken_release) struct import_taken taken = IMPORT_TAKEN_INIT;
	struct import_content *content = git->content;
	const struct workspace theirs = { .root = (char *)(uintptr_t)git->root };
	const struct import_take take = { .workspace = &theirs,
		.store = git->place->store,
		.repository = &repository,
		.sink = git->place->options->sink,
		.below = below };
	if (dvc_repository_open(git->root, &repository, err) < 0 ||
		import_take_output(&take, output, output->path, &taken, err) < 0)
		return -err->code;
	if (taken.hostile)
		return error_set(err, ERROR_INVALID, "'%s': %s", git->path, taken.missing.text);
	if (taken.n_missing) {
		error_set(err, ERROR_NOT_FOUND, "'%s': %s", git->path, taken.missing.text);
		return error_hint(err, "run 'dvc pull' in '%s'", git->root);
	}
	if (!taken.n_files && below[0])
		return error_set(
			err, ERROR_NOT_FOUND, "there is no '%s' in that commit", git->path);
	content->folder = !taken.is_file;
	content->hash = taken.hash;
	content->size = taken.size;
	content->n_files = taken.n_files;
	content->mode = taken.mode;
	return 0;
}

static int import_git_dvc_read(struct import_git_dvc *dvc, struct error *err)
{
	const struct import_git *git = dvc->git;
	struct repository *repository = git->outside->repository;
	if (history_each(repository, git->commit, ".dvc", import_git_dvc_visit, dvc, err) < 0)
		return -err->code;
	return history_each(repository, git->commit, "dvc.lock", import_git_dvc_visit, dvc, err);
}

static int import_git_dvc(struct import_git *git, bool *ret_found, struct error *err)
{
	struct import_git_dvc dvc = { .git = git, .outputs = DVC_OUTPUTS_INIT };
	const char *below = "";
	*ret_found = false;
	int status = import_git_dvc_read(&dvc, err);
	const struct dvc_output *output = status == 0 ? import_git_dvc_find(&dvc, &below) : NULL;
	*ret_found = output != NULL;
	if (output && git->root)
		status = import_git_dvc_take(git, output, below, err);
	dvc_outputs_release(&dvc.outputs);
	return status;
}

/* ---- folders of which git has only a part ---- */

static int import_git_refuse_part(
	const struct import_git *git, const char *path, const char *keeper, struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED,
		"'%s' holds data that %s keeps, '%s', beside files of git", git->path, keeper,
		path);
	return error_hint(err, "import what you need of it path by path");
}

/* Taking git's part alone would look like the whole. */
static int import_git_check_whole(struct import_git *git, struct error *err)
{
	struct import_git_dvc dvc = { .git = git, .outputs = DVC_OUTPUTS_INIT };
	const struct import_content *content = git->content;
	int status = 0;
	if (!content->folder)
		return 0;
	for (size_t i = 0; i < content->entries.count; i++) {
		struct text path = text_of(content->entries.items[i].path);
		if (text_ends_with(path, POINTER_SUFFIX))
			return import_git_refuse_part(git, path.at, "mlops", err);
	}
	status = import_git_dvc_read(&dvc, err);
	for (size_t i = 0; status == 0 && i < dvc.outputs.count; i++) {
		const struct dvc_output *output = &dvc.outputs.items[i];
		const char *rest;
		if (!output->unusable && output->cached &&
			import_git_is_below(output->path, git->path, &rest))
			status = import_git_refuse_part(git, output->path, "DVC", err);
	}
	dvc_outputs_release(&dvc.outputs);
	return status;
}

/* ---- all of them ---- */

static int import_git_content(struct import_git *git, struct error *err)
{
	bool tracked;
	int status =
		outside_files(git->outside, git->commit, git->path, import_git_visit, git, err);
	if (status == 0 && import_git_check_whole(git, err) < 0)
		return -err->code;
	if (status == 0)
		return import_content_finish(git->content, git->place->store, err);
	if (err->code != ERROR_NOT_FOUND)
		return status;
	const struct error absent = *err;
	error_clear(err);
	if (import_git_tracked(git, &tracked, err) < 0)
		return -err->code;
	if (tracked && git->root)
		return import_content_finish(git->content, git->place->store, err);
	if (!tracked && import_git_dvc(git, &tracked, err) < 0)
		return -err->code;
	if (tracked && git->root)
		return 0; /* the tree is in the store already */
	if (!tracked) {
		*err = absent;
		return -err->code;
	}
	error_set(err, ERROR_UNSUPPORTED,
		"git has only a pointer to '%s': its content is not in the repository", git->path);
	return error_hint(err, "clone it, pull the data there, and import from the clone's folder");
}

int import_fetch_git(const struct import_place *place, const char *url, const char *path,
	const char *revision, struct error *err)
{
	AUTO(outside_close) struct outside outside = { .url = NULL };
	AUTO(import_content_release) struct import_content content = IMPORT_CONTENT_INIT;
	const struct pointer *old = place->old;
	char commit[REPOSITORY_COMMIT_SIZE];
	if (pointer_check_path(path, err) < 0 ||
		outside_open(url, place->workspace->temporary, place->options->sink, &outside,
			err) < 0 ||
		outside_resolve(&outside, revision, commit, err) < 0)
		return -err->code;
	bool same = old && old->source.commit && strcmp(old->source.commit, commit) == 0;
	if (same)
		return import_unchanged(place, err);
	if (old && place->options->dry_run)
		return import_changed(place, err);
	struct import_git git = { .place = place,
		.outside = &outside,
		.commit = commit,
		.path = path,
		.root = repository_root(outside.repository),
		.content = &content };
	if (outside.fetched)
		git.root = NULL;
	if (import_git_content(&git, err) < 0)
		return -err->code;
	const struct pointer_source source = { .url = outside.url,
		.path = (char *)(uintptr_t)path,
		.revision = (char *)(uintptr_t)revision,
		.commit = commit };
	return import_put_in_place(place, &content, &source, err);
}

int import_git(const struct workspace *workspace, struct object_store *store, const char *url,
	const char *path, const char *revision, const char *target,
	const struct import_options *options, struct error *err)
{
	AUTO(pointer_release) struct pointer old = { .path = NULL };
	bool has_old;
	AUTO_FREE char *shown = outside_url(url, err);
	if (!shown)
		return -err->code;
	if (options->blake3 || options->sha256)
		return error_set(err, ERROR_USAGE, "a hash can be expected of a URL only");
	const struct pointer_source source = { .url = shown, .path = (char *)(uintptr_t)path };
	if (import_look_at_target(workspace, target, &source, options, &old, &has_old, err) < 0)
		return -err->code;
	const struct import_place place = { .workspace = workspace,
		.store = store,
		.target = target,
		.origin = shown,
		.old = has_old ? &old : NULL,
		.options = options };
	return import_fetch_git(&place, url, path, revision, err);
}
