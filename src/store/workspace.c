#include "mlops/store/workspace.h"

#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"

#define WORKSPACE_FOLDER ".mlops"
enum { WORKSPACE_SMALL_FILE = 4096 };

static const char workspace_ignore[] =
	"# Written by mlops: everything here but these two files is a store, not source.\n"
	"*\n"
	"!.gitignore\n"
	"!config.yaml\n";

void workspace_release(struct workspace *workspace)
{
	memory_free(workspace->root);
	memory_free(workspace->folder);
	memory_free(workspace->config);
	memory_free(workspace->database);
	memory_free(workspace->objects);
	memory_free(workspace->temporary);
	memory_free(workspace->lock);
	*workspace = (struct workspace){ .root = NULL };
}

/* Fills in all paths; takes over `root`, an absolute path, or NULL if that had failed. */
static int workspace_set(struct workspace *workspace, char *root, struct error *err)
{
	const struct {
		char **path;
		const char *name;
	} inside[] = { { &workspace->config, "config.yaml" }, { &workspace->database, "mlops.db" },
		{ &workspace->objects, "objects" }, { &workspace->temporary, "tmp" },
		{ &workspace->lock, "lock" } };
	*workspace = (struct workspace){ .root = root };
	workspace->folder = root ? path_join(root, WORKSPACE_FOLDER, err) : NULL;
	for (size_t i = 0; workspace->folder && i < sizeof inside / sizeof *inside; i++) {
		*inside[i].path = path_join(workspace->folder, inside[i].name, err);
		if (!*inside[i].path)
			break;
	}
	if (workspace->lock)
		return 0;
	workspace_release(workspace);
	return -err->code;
}

/* The version of the layout; ERROR_NOT_FOUND if `init` did not come to its end. */
static int workspace_check_version(const struct workspace *workspace, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = path_join(workspace->folder, "version", err);
	uint64_t version;
	if (!path)
		return -err->code;
	if (file_read(path, WORKSPACE_SMALL_FILE, &text, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_set(err, ERROR_NOT_FOUND, "'%s' is incomplete", workspace->folder);
		return error_hint(err, "run 'mlops init' in '%s'", workspace->root);
	}
	if (!parse_u64(text_trim((struct text){ text.text, text.length }), &version) || !version)
		return error_set(err, ERROR_CORRUPT, "'%s' holds no version number", path);
	if (version > WORKSPACE_VERSION) {
		error_set(err, ERROR_UNSUPPORTED,
			"'%s' has layout version %llu; this program knows %d", workspace->folder,
			(unsigned long long)version, WORKSPACE_VERSION);
		return error_hint(err, "install a newer mlops");
	}
	return 0;
}

static bool workspace_is_here(const struct workspace *workspace)
{
	struct file_facts facts;
	struct error ignored = ERROR_INIT; /* whatever it is, it is no workspace */
	return file_facts_followed(workspace->folder, &facts, &ignored) == 0 &&
	       facts.kind == FILE_FOLDER;
}

/* The nearest .mlops, complete or not. */
static int workspace_nearest(const char *from, struct workspace *ret, struct error *err)
{
	struct workspace workspace;
	AUTO_FREE char *folder = directory_real_path(from, err);
	if (!folder)
		return -err->code;
	for (;;) {
		if (workspace_set(&workspace, memory_copy_string(folder, err), err) < 0)
			return -err->code;
		if (workspace_is_here(&workspace))
			break;
		workspace_release(&workspace);
		if (strcmp(folder, "/") == 0) {
			error_set(err, ERROR_NOT_FOUND, "no mlops store in '%s' or above it", from);
			return error_hint(err, "run 'mlops init'");
		}
		char *parent = path_parent(folder, err);
		if (!parent)
			return -err->code;
		memory_free(folder);
		folder = parent;
	}
	*ret = workspace;
	return 0;
}

int workspace_find(const char *from, struct workspace *ret, struct error *err)
{
	struct workspace workspace;
	if (workspace_nearest(from, &workspace, err) < 0)
		return -err->code;
	if (workspace_check_version(&workspace, err) < 0) {
		workspace_release(&workspace);
		return -err->code;
	}
	*ret = workspace;
	return 0;
}

/* Is it there, and of this kind? */
static bool workspace_has(const char *path, enum file_kind kind)
{
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	return file_facts(path, &facts, &ignored) == 0 && facts.kind == kind;
}

int workspace_find_clone(const char *from, char **ret_root, struct error *err)
{
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	*ret_root = NULL;
	if (workspace_nearest(from, &workspace, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	AUTO_FREE char *version = path_join(workspace.folder, "version", err);
	if (!version)
		return -err->code;
	const char *const folders[] = { workspace.objects, workspace.temporary };
	bool is_clone = workspace_has(workspace.folder, FILE_FOLDER) &&
			workspace_has(workspace.config, FILE_REGULAR) && !file_exists(version) &&
			!file_exists(workspace.database);
	/* Another process, or one that was killed, may be about to complete it. */
	for (size_t i = 0; is_clone && i < sizeof folders / sizeof *folders; i++)
		is_clone = !file_exists(folders[i]) || workspace_has(folders[i], FILE_FOLDER);
	if (is_clone)
		*ret_root = TAKE(workspace.root);
	return 0;
}

static int workspace_write(const struct workspace *workspace, const char *name, const char *text,
	bool *ret_made, struct error *err)
{
	AUTO_FREE char *path = path_join(workspace->folder, name, err);
	if (!path)
		return -err->code;
	if (file_exists(path))
		return 0;
	*ret_made = true;
	return atomic_write(path, text, strlen(text), 0644, err);
}

/* The version comes last: what has one is complete. */
static int workspace_fill(const struct workspace *workspace, bool *ret_made, struct error *err)
{
	if (directory_make(workspace->objects, err) < 0 ||
		directory_make(workspace->temporary, err) < 0 ||
		workspace_write(workspace, ".gitignore", workspace_ignore, ret_made, err) < 0 ||
		workspace_write(workspace, "version", WORKSPACE_VERSION_TEXT, ret_made, err) < 0 ||
		atomic_sync_folder(workspace->root, err) < 0)
		return -err->code;
	return workspace_check_version(workspace, err);
}

int workspace_create(const char *root, struct workspace *ret, bool *ret_made, struct error *err)
{
	struct workspace workspace;
	bool made = false;
	if (workspace_set(&workspace, directory_real_path(root, err), err) < 0)
		return -err->code;
	if (workspace_fill(&workspace, &made, err) < 0) {
		workspace_release(&workspace);
		return -err->code;
	}
	*ret = workspace;
	if (ret_made)
		*ret_made = made;
	return 0;
}

int workspace_lock(const struct workspace *workspace, double wait, const char *command,
	const struct event_sink *sink, struct lock *ret, struct error *err)
{
	if (lock_acquire(ret, workspace->lock, wait, command, sink, err) < 0)
		return -err->code;
	/* Who writes also clears away what killed processes have left. */
	if (atomic_sweep(workspace->temporary, err) < 0 ||
		atomic_sweep(workspace->folder, err) < 0) {
		lock_release(ret);
		return -err->code;
	}
	return 0;
}
