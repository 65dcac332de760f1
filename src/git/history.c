#include "mlops/git/history.h"

#include <string.h>

#include "history_internal.h"

int history_walk_begin(struct history_walk *walk, struct repository *repository, const char *suffix,
	history_place_visit *visit, void *context, struct error *err)
{
	*walk = (struct history_walk){ .repository = repository,
		.git = repository->git,
		.suffix = suffix,
		.suffix_length = strlen(suffix),
		.visit = visit,
		.context = context,
		.where = "",
		.path = STRBUF_INIT };
	int result = walk->git->git_repository_odb(&walk->odb, repository->handle);
	return result < 0 ? git_fail(walk->git, result, "cannot open git's objects", err) : 0;
}

void history_walk_end(struct history_walk *walk)
{
	if (walk->odb)
		walk->git->git_odb_free(walk->odb);
	strbuf_release(&walk->path);
	hash_set_release(&walk->at_path);
	hash_set_release(&walk->trees);
	hash_set_release(&walk->commits);
	hash_set_release(&walk->shallow);
	vec_release(&walk->stack);
}

/* Of an object that git itself should have. */
static int history_missing(struct history_walk *walk, int result, const git_oid *id,
	const char *what, struct error *err)
{
	char hex[REPOSITORY_COMMIT_SIZE];
	if (result != GIT_ENOTFOUND)
		return git_fail(walk->git, result, "cannot read a git object", err);
	walk->git->git_oid_tostr(hex, sizeof hex, id);
	error_set(err, ERROR_CORRUPT, "git's object %s ('%s') is missing", hex, what);
	return error_hint(err, "'git fsck' says what lacks; a partial clone needs all its objects");
}

/* False: too large. */
static int history_fits(struct history_walk *walk, const git_oid *blob, const char *path, bool *ret,
	struct error *err)
{
	size_t size;
	git_object_t type;
	int result = walk->git->git_odb_read_header(&size, &type, walk->odb, blob);
	if (result < 0)
		return history_missing(walk, result, blob, path, err);
	*ret = size <= HISTORY_BYTES_MOST && type == GIT_OBJECT_BLOB;
	return 0;
}

int history_blob(struct history_walk *walk, const git_oid *blob, const char *path,
	struct strbuf *buffer, struct error *err)
{
	git_odb_object *object = NULL;
	int result = walk->git->git_odb_read(&object, walk->odb, blob);
	if (result < 0)
		return history_missing(walk, result, blob, path, err);
	strbuf_add_bytes(buffer, walk->git->git_odb_object_data(object),
		walk->git->git_odb_object_size(object));
	walk->git->git_odb_object_free(object);
	return strbuf_check(buffer, err);
}

static bool history_has_suffix(const struct history_walk *walk, const char *name)
{
	size_t length = strlen(name);
	return length >= walk->suffix_length &&
	       strcmp(name + length - walk->suffix_length, walk->suffix) == 0;
}

/* Has this object been seen at this path? */
static int history_at_path(
	struct history_walk *walk, const git_oid *id, bool *ret_new, struct error *err)
{
	struct blake3 state;
	struct hash key;
	blake3_init(&state);
	blake3_update(&state, id->id, sizeof id->id);
	blake3_update(&state, walk->path.text, walk->path.length);
	blake3_finish(&state, &key);
	return hash_set_put(&walk->at_path, &key, ret_new, err) ? 0 : -(int)err->code;
}

int history_walk_file(struct history_walk *walk, const git_oid *blob, struct error *err)
{
	bool is_new = true, fits;
	if (walk->once && history_at_path(walk, blob, &is_new, err) < 0)
		return -err->code;
	if (!is_new)
		return 0;
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	if (history_fits(walk, blob, walk->path.text, &fits, err) < 0)
		return -err->code;
	if (!fits)
		return 0;
	if (history_blob(walk, blob, walk->path.text, &bytes, err) < 0)
		return -err->code;
	return walk->visit(
		walk->context, walk->where, walk->path.text, bytes.text, bytes.length, err);
}

static struct hash history_key(const git_oid *id)
{
	struct hash key = { { 0 } };
	memcpy(key.bytes, id->id, sizeof id->id);
	return key;
}

/* Whether a folder has to be walked at walk->path, and if not whether such files are in it. */
static int history_enter(struct history_walk *walk, const git_oid *tree, bool *ret_enter,
	bool *ret_found, struct error *err)
{
	struct hash key = history_key(tree);
	*ret_enter = true;
	if (!walk->once)
		return 0;
	uint32_t *number = hash_set_put(&walk->trees, &key, NULL, err);
	if (!number)
		return -err->code;
	*ret_found = *number != HISTORY_BARREN;
	*ret_enter = false;
	if (*number >= HISTORY_COPIES)
		return 0;
	if (history_at_path(walk, tree, ret_enter, err) < 0)
		return -err->code;
	if (*ret_enter)
		++*number;
	return 0;
}

static int history_walk_entries(
	struct history_walk *walk, git_tree *tree, bool *ret_found, struct error *err)
{
	const struct git_calls *git = walk->git;
	size_t length = walk->path.length, count = git->git_tree_entrycount(tree);
	for (size_t i = 0; i < count; i++) {
		const git_tree_entry *entry = git->git_tree_entry_byindex(tree, i);
		git_filemode_t mode = git->git_tree_entry_filemode(entry);
		const char *name = git->git_tree_entry_name(entry);
		bool folder = mode == GIT_FILEMODE_TREE, found = true;
		if (!folder &&
			((mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE) ||
				!history_has_suffix(walk, name)))
			continue;
		strbuf_printf(&walk->path, "%s%s", length ? "/" : "", name);
		if (strbuf_check(&walk->path, err) < 0)
			return -err->code;
		/* What is deeper than a path can be is in no working tree. */
		int status = 0;
		if (walk->path.length <= HISTORY_PATH_LONGEST)
			status = folder ? history_walk_tree(
						  walk, git->git_tree_entry_id(entry), &found, err)
					: history_walk_file(
						  walk, git->git_tree_entry_id(entry), err);
		strbuf_truncate(&walk->path, length);
		if (status < 0)
			return status;
		*ret_found |= found;
	}
	return 0;
}

int history_walk_tree(
	struct history_walk *walk, const git_oid *id, bool *ret_found, struct error *err)
{
	bool enter;
	git_tree *tree = NULL;
	if (history_enter(walk, id, &enter, ret_found, err) < 0)
		return -err->code;
	if (!enter)
		return 0;
	int result = walk->git->git_tree_lookup(&tree, walk->repository->handle, id);
	if (result < 0)
		return history_missing(walk, result, id, walk->path.text, err);
	*ret_found = false;
	int status = history_walk_entries(walk, tree, ret_found, err);
	walk->git->git_tree_free(tree);
	if (status < 0 || *ret_found || !walk->once)
		return status;
	struct hash key = history_key(id);
	uint32_t *number = hash_set_put(&walk->trees, &key, NULL, err);
	if (!number)
		return -err->code;
	*number = HISTORY_BARREN;
	return 0;
}

int history_walk_index(struct history_walk *walk, git_index *index, struct error *err)
{
	size_t count = walk->git->git_index_entrycount(index);
	for (size_t i = 0; i < count; i++) {
		const git_index_entry *entry = walk->git->git_index_get_byindex(index, i);
		if ((entry->mode & 0170000) != 0100000 || !history_has_suffix(walk, entry->path) ||
			(entry->flags_extended & GIT_INDEX_ENTRY_INTENT_TO_ADD))
			continue;
		strbuf_truncate(&walk->path, 0);
		strbuf_add(&walk->path, entry->path);
		if (strbuf_check(&walk->path, err) < 0 ||
			history_walk_file(walk, &entry->id, err) < 0)
			return -err->code;
	}
	strbuf_truncate(&walk->path, 0);
	return 0;
}

/* The index as it is on disk now. */
static int history_index(struct repository *repository, git_index **ret, struct error *err)
{
	const struct git_calls *git = repository->git;
	git_index *index = NULL;
	int result = git->git_repository_index(&index, repository->handle);
	if (result == 0)
		result = git->git_index_read(index, 0);
	if (result < 0) {
		git->git_index_free(index);
		return git_fail(git, result, "cannot read git's index", err);
	}
	*ret = index;
	return 0;
}

static bool history_is_index(const char *revision)
{
	return strcmp(revision, ":0") == 0;
}

static int history_tree(struct repository *repository, const char *revision, git_object **ret_tree,
	struct error *err)
{
	const struct git_calls *git = repository->git;
	git_object *object = NULL;
	int result = git->git_revparse_single(&object, repository->handle, revision);
	if (result == 0)
		result = git->git_object_peel(ret_tree, object, GIT_OBJECT_TREE);
	git->git_object_free(object);
	if (result < 0)
		return error_set(
			err, ERROR_NOT_FOUND, "'%s' is no revision that git knows", revision);
	return 0;
}

/* The blob of a path; a link or a folder is no file. */
static int history_find(struct repository *repository, const char *revision, const char *path,
	git_oid *ret, struct error *err)
{
	const struct git_calls *git = repository->git;
	uint32_t mode = 0;
	if (history_is_index(revision)) {
		git_index *index;
		if (history_index(repository, &index, err) < 0)
			return -err->code;
		const git_index_entry *entry = git->git_index_get_bypath(index, path, 0);
		if (entry && !(entry->flags_extended & GIT_INDEX_ENTRY_INTENT_TO_ADD)) {
			*ret = entry->id;
			mode = entry->mode;
		}
		git->git_index_free(index);
	} else {
		git_object *tree = NULL;
		git_tree_entry *entry = NULL;
		if (history_tree(repository, revision, &tree, err) < 0)
			return -err->code;
		if (git->git_tree_entry_bypath(&entry, (git_tree *)tree, path) == 0) {
			*ret = *git->git_tree_entry_id(entry);
			mode = git->git_tree_entry_filemode(entry);
		}
		git->git_tree_entry_free(entry);
		git->git_object_free(tree);
	}
	if ((mode & 0170000) == 0100000)
		return 0;
	return error_set(err, ERROR_NOT_FOUND, "there is no file '%s' in %s", path,
		history_is_index(revision) ? "git's index" : revision);
}

int history_read(struct repository *repository, const char *revision, const char *path,
	struct strbuf *buffer, struct error *err)
{
	AUTO(history_walk_end) struct history_walk walk;
	git_oid blob;
	bool fits;
	if (history_walk_begin(&walk, repository, "", NULL, NULL, err) < 0 ||
		history_find(repository, revision, path, &blob, err) < 0 ||
		history_fits(&walk, &blob, path, &fits, err) < 0)
		return -err->code;
	if (!fits)
		return error_set(err, ERROR_INVALID, "'%s' in %s is over %d MiB", path, revision,
			HISTORY_BYTES_MOST >> 20);
	return history_blob(&walk, &blob, path, buffer, err);
}

struct history_plain {
	history_visit *visit;
	void *context;
};

static int history_each_visit(void *context, const char *where, const char *path, const char *bytes,
	size_t count, struct error *err)
{
	const struct history_plain *plain = context;
	(void)where;
	return plain->visit(plain->context, path, bytes, count, err);
}

int history_each(struct repository *repository, const char *revision, const char *suffix,
	history_visit *visit, void *context, struct error *err)
{
	AUTO(history_walk_end) struct history_walk walk;
	struct history_plain plain = { visit, context };
	if (history_walk_begin(&walk, repository, suffix, history_each_visit, &plain, err) < 0)
		return -err->code;
	if (history_is_index(revision)) {
		git_index *index;
		if (history_index(repository, &index, err) < 0)
			return -err->code;
		int status = history_walk_index(&walk, index, err);
		repository->git->git_index_free(index);
		return status;
	}
	git_object *tree = NULL;
	bool found;
	if (history_tree(repository, revision, &tree, err) < 0)
		return -err->code;
	int status = history_walk_tree(&walk, repository->git->git_object_id(tree), &found, err);
	repository->git->git_object_free(tree);
	return status;
}

int history_is_tracked(
	struct repository *repository, const char *path, bool *ret, struct error *err)
{
	const struct git_calls *git = repository->git;
	git_index *index;
	AUTO_FREE char *below = memory_format(err, "%s/", path);
	if (!below || history_index(repository, &index, err) < 0)
		return -err->code;
	*ret = git->git_index_find(NULL, index, path) == 0 ||
	       git->git_index_find_prefix(NULL, index, below) == 0;
	git->git_index_free(index);
	return 0;
}
