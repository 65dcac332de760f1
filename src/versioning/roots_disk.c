/*
 * Pointers in files and in git: of the workspace, of repositories inside it (submodules), and of
 * other working trees, whose changes are not committed anywhere yet.
 */
#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/pointer.h"
#include "roots_internal.h"

struct disk_walk {
	struct roots *roots;
	const char *folder; /* that is walked */
	const char
		*prefix; /* of its paths as seen from the workspace, with '/' at its end, or "" */
};

static bool disk_has(const char *folder, const char *name, struct error *err)
{
	AUTO_FREE char *path = memory_format(err, "%s%s", folder, name);
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	return path && file_facts(path, &facts, &ignored) == 0;
}

static int disk_pointer(const struct disk_walk *walk, const char *relative, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO_FREE char *file = path_join(walk->folder, relative, err);
	AUTO_FREE char *path = memory_format(err, "%s%s", walk->prefix, relative);
	if (!file || !path)
		return -err->code;
	if (file_read(file, HISTORY_BYTES_MOST, &bytes, err) < 0) {
		if (err->code == ERROR_NOT_FOUND || err->code == ERROR_INVALID) {
			error_clear(err); /* gone meanwhile, or far too large for a pointer */
			return 0;
		}
		return -err->code;
	}
	struct root place = { .kind = ROOT_WORKSPACE, .path = path, .where = "" };
	return roots_pointer(walk->roots, &place, bytes.text, bytes.length, err);
}

static int disk_visit(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	const struct disk_walk *walk = context;
	const char *name = path_base(relative);
	if (facts->kind == FILE_REGULAR && text_ends_with(text_of(name), POINTER_SUFFIX) &&
		strlen(name) > strlen(POINTER_SUFFIX))
		return disk_pointer(walk, relative, err);
	if (facts->kind != FILE_FOLDER)
		return 0;
	if (strcmp(name, ".git") == 0 || strcmp(name, ".mlops") == 0)
		return DIRECTORY_SKIP;
	AUTO_FREE char *path = path_join(walk->folder, relative, err);
	if (!path)
		return -err->code;
	/* Data that a pointer stands for, or a workspace of its own. */
	if (disk_has(path, POINTER_SUFFIX, err) || disk_has(path, "/.mlops/version", err))
		return err->code ? -(int)err->code : DIRECTORY_SKIP;
	if (!disk_has(path, "/.git", err))
		return -(int)err->code;
	AUTO(repository_close) struct repository *inside = NULL;
	if (repository_open(path, &inside, err) < 0)
		return error_prefix(err, "'%s' cannot be looked into", path);
	return roots_of_history(walk->roots, inside, err);
}

static int disk_walk(struct roots *roots, const char *folder, const char *prefix, struct error *err)
{
	struct disk_walk walk = { roots, folder, prefix };
	return directory_walk(folder, disk_visit, &walk, err);
}

struct disk_trees {
	struct roots *roots;
	const char *below; /* of the workspace in its working tree, "" or "/a/b" */
	const char *own; /* that working tree */
};

static int disk_other_tree(void *context, const char *root, struct error *err)
{
	const struct disk_trees *trees = context;
	AUTO_FREE char *folder = memory_format(err, "%s%s", root, trees->below);
	if (!folder)
		return -err->code;
	if (strcmp(root, trees->own) == 0 || !file_exists(folder) ||
		disk_has(folder, "/.mlops/version", err))
		return -(int)err->code;
	AUTO_FREE char *prefix = memory_format(err, "%s/", folder);
	return prefix ? disk_walk(trees->roots, folder, prefix, err) : -(int)err->code;
}

int roots_of_disk(struct roots *roots, struct repository *repository, struct error *err)
{
	if (disk_walk(roots, roots->root, "", err) < 0)
		return -err->code;
	if (!repository)
		return 0;
	AUTO_FREE char *own = directory_real_path(repository_root(repository), err);
	if (!own)
		return -err->code;
	const char *below = path_is_inside(roots->root, own) ? roots->root + strlen(own) : "";
	struct disk_trees trees = { roots, below, own };
	return repository_trees(repository, disk_other_tree, &trees, err);
}

struct disk_history {
	struct roots *roots;
	char *prefix; /* of the workspace in the repository: "" or "a/b/" */
	char *outside; /* of the repository as seen from the workspace: "" or "sub/" or "/x/" */
	bool is_above; /* the repository holds more than the workspace */
};

static int disk_history_visit(void *context, const char *where, const char *path, const char *bytes,
	size_t count, struct error *err)
{
	const struct disk_history *history = context;
	struct root place = { .where = where };
	size_t length = strlen(history->prefix);
	place.kind = strncmp(where, "index", 5) == 0 ? ROOT_INDEX : ROOT_HISTORY;
	if (strlen(path_base(path)) == strlen(POINTER_SUFFIX))
		return 0;
	AUTO_FREE char *seen = NULL;
	if (length && strncmp(path, history->prefix, length) == 0) {
		place.path = path + length;
	} else {
		seen = memory_format(err, "%s%s", history->outside, path);
		if (!seen)
			return -err->code;
		place.path = seen;
		place.is_optional = history->is_above; /* of another workspace, perhaps */
	}
	return roots_pointer(history->roots, &place, bytes, count, err);
}

int roots_of_history(struct roots *roots, struct repository *repository, struct error *err)
{
	AUTO_FREE char *top = directory_real_path(repository_root(repository), err);
	struct disk_history history = { .roots = roots };
	if (!top)
		return -err->code;
	bool above = path_is_inside(roots->root, top); /* the usual case, or the same folder */
	bool below = !above && path_is_inside(top, roots->root);
	const char *prefix = above ? roots->root + strlen(top) : "";
	const char *outside = below ? top + strlen(roots->root) : above && !*prefix ? "" : top;
	prefix += *prefix == '/';
	outside += below && *outside == '/';
	AUTO_FREE char *prefix_slash = memory_format(err, "%s%s", prefix, *prefix ? "/" : "");
	AUTO_FREE char *outside_slash = memory_format(err, "%s%s", outside, *outside ? "/" : "");
	if (!prefix_slash || !outside_slash)
		return -err->code;
	history.prefix = prefix_slash;
	history.is_above = above && *prefix;
	history.outside = outside_slash;
	return history_everything(repository, POINTER_SUFFIX, disk_history_visit, &history, err);
}
