/*
 * All that a repository's history needs: from every name that git remembers, commit by commit,
 * each tree and file once.
 */
#include <string.h>

#include "history_internal.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"

static int everything_push(struct history_walk *walk, const git_oid *commit, struct error *err)
{
	bool is_new;
	struct hash key = { { 0 } };
	memcpy(key.bytes, commit->id, sizeof commit->id);
	if (!hash_set_put(&walk->commits, &key, &is_new, err))
		return -err->code;
	if (is_new)
		vec_push(&walk->stack, *commit);
	return vec_check(&walk->stack, err);
}

static int everything_missing(struct history_walk *walk, int result, const git_oid *id,
	const char *what, struct error *err)
{
	char hex[REPOSITORY_COMMIT_SIZE];
	walk->git->git_oid_tostr(hex, sizeof hex, id);
	if (result != GIT_ENOTFOUND)
		return git_fail(walk->git, result, "cannot read git's history", err);
	error_set(err, ERROR_CORRUPT, "git's object %s (%s) is missing", hex, what);
	return error_hint(err, "'git fsck' says what lacks");
}

static int everything_commit(struct history_walk *walk, const git_oid *id, struct error *err)
{
	const struct git_calls *git = walk->git;
	git_commit *commit = NULL;
	char hex[REPOSITORY_COMMIT_SIZE];
	bool found;
	int result = git->git_commit_lookup(&commit, walk->repository->handle, id);
	if (result < 0)
		return everything_missing(walk, result, id, "a commit", err);
	git->git_oid_tostr(hex, sizeof hex, id);
	walk->where = hex;
	int status = history_walk_tree(walk, git->git_commit_tree_id(commit), &found, err);
	walk->where = "";
	struct hash key = { { 0 } };
	memcpy(key.bytes, id->id, sizeof id->id);
	bool shallow = hash_set_find(&walk->shallow, &key) != NULL;
	unsigned count = status == 0 && !shallow ? git->git_commit_parentcount(commit) : 0;
	for (unsigned i = count; i-- > 0 && status == 0;)
		status = everything_push(walk, git->git_commit_parent_id(commit, i), err);
	git->git_commit_free(commit);
	return status;
}

static int everything_drain(struct history_walk *walk, struct error *err)
{
	while (walk->stack.count) {
		git_oid next = walk->stack.items[--walk->stack.count];
		if (everything_commit(walk, &next, err) < 0)
			return -err->code;
	}
	return 0;
}

/* A tag's object, and what it is a tag of. */
static int everything_tag(
	struct history_walk *walk, git_oid *id, git_object_t *type, struct error *err)
{
	git_tag *tag = NULL;
	int result = walk->git->git_tag_lookup(&tag, walk->repository->handle, id);
	if (result < 0)
		return everything_missing(walk, result, id, "a tag", err);
	*id = *walk->git->git_tag_target_id(tag);
	*type = walk->git->git_tag_target_type(tag);
	walk->git->git_tag_free(tag);
	return 0;
}

static int everything_tip(
	void *context, const char *file, const char *hex, bool strong, struct error *err)
{
	struct history_walk *walk = context;
	const struct git_calls *git = walk->git;
	git_oid id;
	size_t size;
	git_object_t type;
	bool found;
	if (git->git_oid_fromstr(&id, hex) < 0)
		return error_set(err, ERROR_BUG, "'%s' is no name of an object", hex);
	int result = git->git_odb_read_header(&size, &type, walk->odb, &id);
	if (result == GIT_ENOTFOUND && !strong)
		return 0;
	if (result < 0) {
		everything_missing(walk, result, &id, "a reference", err);
		return error_prefix(err, "'%s'", file);
	}
	while (type == GIT_OBJECT_TAG) {
		if (everything_tag(walk, &id, &type, err) < 0)
			return -err->code;
	}
	if (type == GIT_OBJECT_COMMIT) {
		if (everything_push(walk, &id, err) < 0)
			return -err->code;
		return everything_drain(walk, err);
	}
	if (type != GIT_OBJECT_TREE)
		return 0; /* a file without a path */
	walk->where = hex;
	int status = history_walk_tree(walk, &id, &found, err);
	walk->where = "";
	return status;
}

static int everything_index(
	struct history_walk *walk, const char *folder, const char *where, struct error *err)
{
	git_index *index = NULL;
	AUTO_FREE char *path = path_join(folder, "index", err);
	if (!path)
		return -err->code;
	int result = walk->git->git_index_open(&index, path);
	if (result < 0)
		return git_fail(walk->git, result, "cannot read git's index", err);
	walk->where = where;
	int status = history_walk_index(walk, index, err);
	walk->where = "";
	walk->git->git_index_free(index);
	return status < 0 ? error_prefix(err, "'%s'", path) : 0;
}

/* The names of commits whose parents were not fetched. */
static int everything_shallow(struct history_walk *walk, const char *common, struct error *err)
{
	AUTO_FREE char *path = path_join(common, "shallow", err);
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (!path)
		return -err->code;
	if (file_read(path, 0, &text, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
	}
	struct text rest = { text.text, text.length }, line;
	while (text_split(&rest, '\n', &line)) {
		git_oid id;
		struct hash key = { { 0 } };
		if (walk->git->git_oid_fromstrn(&id, line.at, line.length) < 0)
			continue;
		memcpy(key.bytes, id.id, sizeof id.id);
		if (!hash_set_put(&walk->shallow, &key, NULL, err))
			return -err->code;
	}
	return 0;
}

static int everything_folder(
	struct history_walk *walk, const char *folder, const char *where, struct error *err)
{
	if (tips_each(folder, everything_tip, walk, err) < 0)
		return -err->code;
	return everything_index(walk, folder, where, err);
}

static int everything_worktrees(struct history_walk *walk, const char *common, struct error *err)
{
	AUTO_FREE char *folder = path_join(common, "worktrees", err);
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	if (!folder)
		return -err->code;
	if (directory_list(folder, &names, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = path_join(folder, names.names[i], err);
		AUTO_FREE char *where =
			path ? memory_format(err, "index of %s", names.names[i]) : NULL;
		if (!where || everything_folder(walk, path, where, err) < 0)
			return -err->code;
	}
	return 0;
}

int history_everything(struct repository *repository, const char *suffix,
	history_place_visit *visit, void *context, struct error *err)
{
	AUTO(history_walk_end) struct history_walk walk;
	if (history_walk_begin(&walk, repository, suffix, visit, context, err) < 0)
		return -err->code;
	walk.once = true;
	const char *common = walk.git->git_repository_commondir(repository->handle);
	if (everything_shallow(&walk, common, err) < 0 ||
		everything_folder(&walk, common, "index", err) < 0)
		return -err->code;
	return everything_worktrees(&walk, common, err);
}
