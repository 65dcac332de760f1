#include "mlops/versioning/roots.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/pointer.h"
#include "mlops/versioning/tree.h"
#include "roots_internal.h"

const char *root_kind_name(enum root_kind kind)
{
	static const char *const names[ROOT_KIND_COUNT] = { "workspace", "index", "history", "run",
		"removed_run" };
	return names[kind];
}

static int roots_wrong(
	struct roots *roots, const struct root *root, const char *what, struct error *err)
{
	roots->summary->n_wrong++;
	return roots->options->wrong ? roots->options->wrong(roots->context, root, what, err) : 0;
}

static int roots_show_entries(
	struct roots *roots, const struct root *root, const struct tree *tree, struct error *err)
{
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	strbuf_printf(&path, "%s/", root->path);
	size_t length = path.length;
	for (size_t i = 0; i < tree->count; i++) {
		strbuf_truncate(&path, length);
		strbuf_add(&path, tree->entries[i].path);
		if (strbuf_check(&path, err) < 0)
			return -err->code;
		struct root file = *root;
		file.hash = tree->entries[i].hash;
		file.path = path.text;
		file.is_tree = false;
		int status = roots->visit(roots->context, &file, err);
		if (status != 0)
			return status;
	}
	return 0;
}

static int roots_show_tree(struct roots *roots, const struct root *root, struct error *err)
{
	AUTO(tree_release) struct tree tree = { .entries = NULL };
	bool is_new;
	if (tree_load(roots->store, &root->hash, &tree, err) == 0) {
		roots->summary->n_trees++;
		return roots_show_entries(roots, root, &tree, err);
	}
	if (err->code == ERROR_NOT_FOUND) {
		error_clear(err);
		if (!hash_set_put(&roots->missing, &root->hash, &is_new, err))
			return -err->code;
		roots->summary->n_missing_trees += is_new && !root->is_optional;
		return 0;
	}
	if (err->code != ERROR_CORRUPT && err->code != ERROR_INVALID)
		return -err->code;
	struct error why = *err;
	error_clear(err);
	return roots_wrong(roots, root, why.message, err);
}

int roots_show(struct roots *roots, const struct root *root, struct error *err)
{
	int status = roots->visit(roots->context, root, err);
	return status == 0 && root->is_tree ? roots_show_tree(roots, root, err) : status;
}

int roots_is_new(struct roots *roots, const char *path, const struct hash *hash, bool *ret,
	struct error *err)
{
	struct blake3 state;
	struct hash key;
	blake3_init(&state);
	blake3_update(&state, hash->bytes, sizeof hash->bytes);
	blake3_update(&state, path, strlen(path));
	blake3_finish(&state, &key);
	return hash_set_put(&roots->seen, &key, ret, err) ? 0 : -(int)err->code;
}

static bool roots_is_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* What cannot be read may still be meant: every hash in it is kept, if it is here. */
static int roots_guess(struct roots *roots, const struct root *place, const char *bytes,
	size_t count, struct error *err)
{
	struct text rest = { bytes, count }, line;
	struct root root = *place;
	root.is_optional = true;
	while (text_split(&rest, '\n', &line)) {
		root.is_tree = text_starts_with(line, "tree");
		for (size_t i = 0, run = 0; i < line.length; i++) {
			run = roots_is_digit(line.at[i]) ? run + 1 : 0;
			struct text digits = { line.at + i + 1 - run, 2 * HASH_SIZE };
			if (run != digits.length || !hash_parse(digits, &root.hash))
				continue;
			if (roots_show(roots, &root, err) < 0)
				return -err->code;
		}
	}
	return 0;
}

/* err: why it cannot be read. */
static int roots_wrong_pointer(struct roots *roots, const struct root *root, const char *bytes,
	size_t count, struct error *err)
{
	bool on_disk = root->kind == ROOT_WORKSPACE;
	struct error why = *err;
	if (why.code != ERROR_INVALID || (on_disk && !roots->options->wrong))
		return -err->code;
	error_clear(err);
	if (!on_disk) /* what was committed cannot be mended any more */
		roots->summary->n_wrong++;
	else if (roots_wrong(roots, root, why.message, err) < 0)
		return -err->code;
	return roots_guess(roots, root, bytes, count, err);
}

int roots_pointer(struct roots *roots, const struct root *place, const char *bytes, size_t count,
	struct error *err)
{
	AUTO(pointer_release) struct pointer pointer = { .path = NULL };
	AUTO_FREE char *data = memory_format(
		err, "%.*s", (int)(strlen(place->path) - strlen(POINTER_SUFFIX)), place->path);
	struct root root = *place;
	bool is_new;
	if (!data)
		return -err->code;
	root.path = data;
	if (pointer_parse(place->path, bytes, count, &pointer, err) < 0)
		return roots_wrong_pointer(roots, &root, bytes, count, err);
	root.hash = pointer.hash;
	root.is_tree = pointer.kind == POINTER_FOLDER;
	if (roots_is_new(roots, data, &root.hash, &is_new, err) < 0)
		return -err->code;
	if (!is_new)
		return 0;
	roots->summary->n_pointers++;
	return roots_show(roots, &root, err);
}

/* Is there a .git in the folder or above, whatever it may be? */
static bool roots_may_have_repository(const char *folder, struct error *err)
{
	AUTO_FREE char *at = memory_copy_string(folder, err);
	while (at) {
		AUTO_FREE char *git = path_join(at, ".git", err);
		if (!git || file_exists(git))
			return true;
		if (strcmp(at, "/") == 0)
			return false;
		char *parent = path_parent(at, err);
		memory_free(at);
		at = parent;
	}
	return true;
}

static int roots_open_repository(struct roots *roots, struct repository **ret, struct error *err)
{
	if (repository_open(roots->workspace->root, ret, err) == 0)
		return 0;
	struct error ignored = ERROR_INIT;
	if (err->code == ERROR_NOT_FOUND ||
		(err->code == ERROR_MISSING && !roots_may_have_repository(roots->root, &ignored))) {
		error_clear(err);
		*ret = NULL;
		return 0;
	}
	return error_prefix(err, "what git's history needs cannot be known");
}

static int roots_all(struct roots *roots, struct error *err)
{
	AUTO(repository_close) struct repository *repository = NULL;
	roots->root = directory_real_path(roots->workspace->root, err);
	if (!roots->root || roots_open_repository(roots, &repository, err) < 0)
		return -err->code;
	roots->summary->has_repository = repository != NULL;
	int status = roots_of_disk(roots, repository, err);
	if (status == 0 && repository)
		status = roots_of_history(roots, repository, err);
	if (status == 0 && roots->record)
		status = roots_of_runs(roots, err);
	return status;
}

int roots_each(const struct workspace *workspace, struct object_store *store, struct record *record,
	const struct roots_options *options, root_visit *visit, void *context,
	struct roots_summary *ret_summary, struct error *err)
{
	*ret_summary = (struct roots_summary){ .n_pointers = 0 };
	struct roots roots = { .workspace = workspace,
		.store = store,
		.record = record,
		.options = options,
		.visit = visit,
		.context = context,
		.summary = ret_summary,
		.seen = HASH_SET_INIT,
		.missing = HASH_SET_INIT };
	int status = roots_all(&roots, err);
	memory_free(roots.root);
	hash_set_release(&roots.seen);
	hash_set_release(&roots.missing);
	return status;
}
