#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "repository_internal.h"

/* What a linked working tree's gitdir file names is its ".git". */
static int trees_linked(
	const char *folder, repository_tree *visit, void *context, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *file = path_join(folder, "gitdir", err);
	if (!file)
		return -err->code;
	if (file_read(file, 1 << 16, &text, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	struct text name = text_trim((struct text){ text.text, text.length });
	AUTO_FREE char *git = memory_format(err, "%.*s", (int)name.length, name.at);
	AUTO_FREE char *full = git ? path_join(folder, git, err) : NULL;
	AUTO_FREE char *root = full ? path_parent(full, err) : NULL;
	if (!root)
		return -err->code;
	if (!file_exists(full)) /* removed, but not pruned yet */
		return 0;
	AUTO_FREE char *real = directory_real_path(root, err);
	return real ? visit(context, real, err) : -(int)err->code;
}

/* The folder that holds ".git"; a submodule's is elsewhere, and its own. */
static int trees_main(struct repository *repository, const char *common, repository_tree *visit,
	void *context, struct error *err)
{
	AUTO_FREE char *root = NULL;
	if (repository->git->git_repository_is_worktree(repository->handle) != 1)
		root = directory_real_path(repository->root, err);
	else if (strcmp(path_base(common), ".git") == 0)
		root = path_parent(common, err);
	else
		return 0; /* bare, or somewhere else: it has no files that are found from here */
	return root ? visit(context, root, err) : -(int)err->code;
}

int repository_trees(
	struct repository *repository, repository_tree *visit, void *context, struct error *err)
{
	const char *raw = repository->git->git_repository_commondir(repository->handle);
	AUTO_FREE char *common = directory_real_path(raw, err);
	AUTO_FREE char *folder = common ? path_join(common, "worktrees", err) : NULL;
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	if (!folder || trees_main(repository, common, visit, context, err) < 0)
		return -err->code;
	if (directory_list(folder, &names, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *one = path_join(folder, names.names[i], err);
		if (!one || trees_linked(one, visit, context, err) < 0)
			return -err->code;
	}
	return 0;
}
