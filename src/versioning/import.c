#include "mlops/versioning/import.h"

#include <string.h>

#include "import_internal.h"
#include "mlops/base/path.h"
#include "mlops/git/history.h"
#include "mlops/versioning/gitignore.h"

const char *import_state_name(enum import_state state)
{
	static const char *const names[IMPORT_STATES] = { "new", "updated", "unchanged", "tracked",
		"git", "missing", "refused", "failed" };
	return names[state];
}

int import_check_target(const struct workspace *workspace, const char *path, struct error *err)
{
	if (pointer_check_path(path, err) < 0)
		return -err->code;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct file_facts facts;
		struct error ignored = ERROR_INIT;
		AUTO_FREE char *folder =
			memory_format(err, "%s/%.*s", workspace->root, (int)(slash - path), path);
		AUTO_FREE char *pointer =
			folder ? memory_format(err, "%s" POINTER_SUFFIX, folder) : NULL;
		if (!pointer)
			return -err->code;
		if (file_facts(pointer, &facts, &ignored) == 0 && facts.kind == FILE_REGULAR)
			return error_set(err, ERROR_EXISTS, "'%s' lies in '%.*s', which is tracked",
				path, (int)(slash - path), path);
		error_clear(&ignored);
		if (file_facts(folder, &facts, &ignored) < 0)
			return 0;
		if (facts.kind != FILE_FOLDER)
			return error_set(err, ERROR_INVALID, "'%.*s' on the way to it is %s",
				(int)(slash - path), path,
				facts.kind == FILE_LINK ? "a link" : "no folder");
	}
	return 0;
}

int import_open_git(const struct workspace *workspace, struct repository **ret, struct error *err)
{
	*ret = NULL;
	if (repository_open(workspace->root, ret, err) < 0) {
		if (err->code != ERROR_NOT_FOUND && err->code != ERROR_MISSING)
			return -err->code;
		error_clear(err);
	}
	return 0;
}

int import_is_in_git(const struct workspace *workspace, struct repository *git, const char *path,
	bool *ret, struct error *err)
{
	*ret = false;
	if (!git)
		return 0;
	AUTO_FREE char *full = path_join(workspace->root, path, err);
	AUTO_FREE char *below = full ? path_relative(full, repository_root(git), err) : NULL;
	return below ? history_is_tracked(git, below, ret, err) : -(int)err->code;
}

int import_ignore(const struct workspace *workspace, const char *path,
	const struct event_sink *sink, struct error *err)
{
	AUTO_FREE char *changed = NULL;
	if (!gitignore_is_in_git(workspace))
		return 0;
	return gitignore_add(workspace, path, "mlops import", sink, &changed, err);
}
