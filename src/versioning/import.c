#include "mlops/versioning/import.h"

#include <string.h>

#include "import_internal.h"
#include "mlops/base/path.h"
#include "mlops/git/repository.h"

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

/* The path as a pattern of .gitignore, from the root. */
static void import_ignore_pattern(struct strbuf *pattern, const char *path)
{
	strbuf_add_char(pattern, '/');
	for (const char *c = path; *c; c++) {
		if (strchr("\\*?[!#", *c) || (*c == ' ' && !c[1]))
			strbuf_add_char(pattern, '\\');
		strbuf_add_char(pattern, *c);
	}
}

int import_ignore(const struct workspace *workspace, struct repository *repository,
	const char *path, struct error *err)
{
	AUTO(strbuf_release) struct strbuf pattern = STRBUF_INIT;
	AUTO_FREE char *full = path_join(workspace->root, path, err);
	bool ignored = false;
	if (!full || !repository)
		return -(int)err->code;
	if (repository_is_ignored(repository, full, &ignored, err) < 0)
		return -err->code;
	if (ignored)
		return 0;
	AUTO_FREE char *below = path_relative(full, repository_root(repository), err);
	if (!below)
		return -err->code;
	import_ignore_pattern(&pattern, below);
	if (strbuf_check(&pattern, err) < 0)
		return -err->code;
	return repository_ignore(repository, pattern.text, err);
}
