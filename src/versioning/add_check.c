#include "add_internal.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/utf8.h"
#include "mlops/versioning/gitignore.h"
#include "mlops/versioning/scan.h"
#include "mlops/versioning/tracked.h"

/* A folder above the data that is tracked, or is a repository or project of its own. */
static int add_check_above(const struct add_work *work, struct error *err)
{
	static const char *const inside[] = { ".git", ".mlops" };
	const char *path = work->path;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *folder = memory_format(
			err, "%s/%.*s", work->workspace->root, (int)(slash - path), path);
		AUTO_FREE char *pointer =
			folder ? memory_format(err, "%s" POINTER_SUFFIX, folder) : NULL;
		if (!pointer)
			return -err->code;
		if (file_exists(pointer)) {
			error_set(err, ERROR_EXISTS,
				"'%s' lies in '%.*s', which is tracked as a "
				"whole",
				path, (int)(slash - path), path);
			return error_hint(err, "run 'mlops add %.*s'", (int)(slash - path), path);
		}
		for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
			AUTO_FREE char *other = path_join(folder, inside[i], err);
			if (!other)
				return -err->code;
			if (!file_exists(other))
				continue;
			error_set(err, ERROR_UNSUPPORTED, "'%s' lies in '%.*s', which is %s", path,
				(int)(slash - path), path,
				i ? "another mlops project" : "another git repository");
			return error_hint(
				err, "run 'mlops add' there%s", i ? "" : ", after 'mlops init'");
		}
	}
	return 0;
}

static int add_check_kind(const struct add_work *work, struct error *err)
{
	const char *path = work->path;
	if (work->facts.kind == FILE_REGULAR || work->facts.kind == FILE_FOLDER)
		return 0;
	if (work->facts.kind == FILE_LINK) {
		error_set(err, ERROR_UNSUPPORTED, "'%s' is a link", path);
		return error_hint(err, "add what it leads to, or put a copy in its place");
	}
	return error_set(err, ERROR_UNSUPPORTED, "'%s' is neither a file nor a folder", path);
}

/* Is the path, or a folder above it, named by .mlopsignore? */
static int add_check_rules(const struct add_work *work, struct error *err)
{
	AUTO(scan_rules_free) struct scan_rules *rules = NULL;
	const char *path = work->path, *slash = strrchr(path, '/'), *where;
	size_t line;
	AUTO_FREE char *folder = memory_format(err, "%.*s", slash ? (int)(slash - path) : 0, path);
	if (!folder || scan_rules_load(work->workspace, folder, false, &rules, err) < 0)
		return -err->code;
	for (const char *end = path; end;) {
		end = strchr(end, '/');
		size_t length = end ? (size_t)(end - path) : strlen(path);
		AUTO_FREE char *part = memory_format(err, "%.*s", (int)length, path);
		if (!part)
			return -err->code;
		const char *pattern = ignore_reason(scan_rules_own(rules), part,
			end || work->facts.kind == FILE_FOLDER, &where, &line);
		if (pattern) {
			error_set(err, ERROR_INVALID, "'%s' is left out by line %zu of %s%s%s: %s",
				path, line, where, *where ? "/" : "", IGNORE_FILE, pattern);
			return error_hint(err, "take the line out, or '!' before a later one");
		}
		end += end != NULL;
	}
	return 0;
}

static int add_check_name(const struct add_work *work, bool in_git, struct error *err)
{
	const char *name = path_base(work->path);
	if (utf8_check(text_of(name)) != strlen(name))
		return error_set(err, ERROR_UNSUPPORTED,
			"the name of '%s' is not UTF-8: it cannot be written into a pointer",
			work->path);
	if (in_git && strpbrk(name, "\n\r"))
		return error_set(err, ERROR_UNSUPPORTED, "the name of '%s' has a line break in it",
			work->path);
	return in_git ? gitignore_check_pointer(work->workspace, work->path, err) : 0;
}

int add_check(const struct add_work *work, bool in_git, struct error *err)
{
	if (add_check_kind(work, err) < 0 || add_check_above(work, err) < 0 ||
		add_check_rules(work, err) < 0)
		return -err->code;
	return add_check_name(work, in_git, err);
}

int add_check_git(const struct add_work *work, struct repository *repository, const char *prefix,
	struct error *err)
{
	bool is_tracked;
	AUTO_FREE char *path = memory_format(err, "%s%s", prefix, work->path);
	if (!path || history_is_tracked(repository, path, &is_tracked, err) < 0)
		return -err->code;
	if (!is_tracked)
		return 0;
	bool is_folder = work->facts.kind == FILE_FOLDER;
	error_set(err, ERROR_EXISTS, "git tracks %s'%s'", is_folder ? "files in " : "", work->path);
	return error_hint(err, "let git forget it first: git rm %s--cached '%s'",
		is_folder ? "-r " : "", work->path);
}

int add_check_listing(const struct add_work *work, struct error *err)
{
	const struct listing_problem *problem = &work->listing.problem;
	if (!problem->path)
		return 0;
	error_set(err, ERROR_INVALID, "'%s' %s", problem->path, problem->why);
	if (problem->count > 1)
		error_prefix(err, "%zu files cannot be tracked, the first one", problem->count);
	return error_hint(err, "move it out, or name it in a file " IGNORE_FILE);
}
