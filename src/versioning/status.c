#include "mlops/versioning/status.h"

#include <string.h>

#include "mlops/base/map.h"
#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "mlops/versioning/gitignore.h"

const char *status_commit_name(enum status_commit commit)
{
	static const char *const names[] = { "committed", "new", "changed", "unknown" };
	return names[commit];
}

const char *status_state_name(enum status_state state)
{
	static const char *const names[] = { "unchanged", "changed", "missing", "unknown" };
	return names[state];
}

void status_release(struct status *status)
{
	for (size_t i = 0; i < status->count; i++) {
		changes_release(&status->items[i].changes);
		memory_free(status->items[i].unknown);
	}
	memory_free(status->items);
	for (size_t i = 0; i < status->n_removed; i++)
		memory_free(status->removed[i]);
	memory_free(status->removed);
	large_files_release(&status->large);
	tracked_release(&status->tracked);
	*status = (struct status){ .items = NULL };
}

bool status_differs(const struct status *status)
{
	bool differs = status->n_removed > 0;
	for (size_t i = 0; i < status->count && !differs; i++) {
		const struct status_item *item = &status->items[i];
		differs = item->state != STATUS_UNCHANGED || item->commit == STATUS_COMMIT_NEW ||
			  item->commit == STATUS_COMMIT_CHANGED;
	}
	return differs;
}

/* ---- which ---- */

static bool status_concerns(const char *path, const char *asked)
{
	return path_is_inside(path, asked) || path_is_inside(asked, path);
}

static bool status_is_asked(const struct status_options *options, const char *path)
{
	for (size_t i = 0; i < options->n_paths; i++) {
		if (status_concerns(path, options->paths[i]))
			return true;
	}
	return !options->n_paths;
}

static int status_check_paths(
	const struct status_options *options, const struct status *status, struct error *err)
{
	for (size_t k = 0; k < options->n_paths; k++) {
		bool found = false;
		for (size_t i = 0; i < status->tracked.count && !found; i++)
			found = status_concerns(status->tracked.items[i].path, options->paths[k]);
		for (size_t i = 0; i < status->n_removed && !found; i++)
			found = status_concerns(status->removed[i], options->paths[k]);
		if (found)
			continue;
		error_set(err, ERROR_NOT_FOUND, "'%s' is not tracked", options->paths[k]);
		return error_hint(err, "'mlops status' lists what is; 'mlops add %s' tracks it",
			options->paths[k]);
	}
	return 0;
}

/* ---- data ---- */

static void status_count(struct status_item *item)
{
	for (size_t i = 0; i < item->changes.count; i++) {
		enum change_kind kind = item->changes.items[i].kind;
		item->n_added += kind == CHANGE_ADDED;
		item->n_removed += kind == CHANGE_REMOVED;
		item->n_modified += kind == CHANGE_MODIFIED;
	}
	item->state = item->changes.missing ? STATUS_MISSING
		      : item->changes.count ? STATUS_CHANGED
					    : STATUS_UNCHANGED;
}

static int status_look_at(const struct workspace *workspace, struct object_store *store,
	const struct status_options *options, struct status_item *item, struct error *err)
{
	const struct tracked_item *tracked = item->tracked;
	item->in_store = object_exists(store, &tracked->pointer.hash);
	if (changes_in_workspace(workspace, store, tracked->path, &tracked->pointer, options->sink,
		    &item->changes, err) == 0) {
		status_count(item);
		return 0;
	}
	/* A listing that is not here is a state of the data, and others are still told. */
	if (err->code != ERROR_NOT_FOUND)
		return -err->code;
	item->changes = (struct changes){ .items = NULL };
	item->state = STATUS_UNKNOWN;
	item->unknown = memory_copy_string(err->message, err);
	error_clear(err);
	return 0;
}

/* ---- the last commit ---- */

struct status_commits {
	const char *prefix;
	struct map pointers; /* path of the data to text */
	bool known;
};

static void status_free_text(void *value)
{
	memory_free(value);
}

static int status_take_pointer(
	void *context, const char *path, const char *bytes, size_t count, struct error *err)
{
	struct status_commits *commits = context;
	if (strncmp(path, commits->prefix, strlen(commits->prefix)) != 0)
		return 0;
	path += strlen(commits->prefix);
	size_t length = strlen(path);
	if (length <= strlen(POINTER_SUFFIX) || strlen(path_base(path)) == strlen(POINTER_SUFFIX))
		return 0;
	AUTO_FREE char *data =
		memory_format(err, "%.*s", (int)(length - strlen(POINTER_SUFFIX)), path);
	char *text = data ? memory_format(err, "%.*s", (int)count, bytes) : NULL;
	if (!text)
		return -err->code;
	if (map_put(&commits->pointers, data, text, err) < 0) {
		memory_free(text);
		return -err->code;
	}
	return 0;
}

/* HEAD's pointers. Without libgit2, or where git refuses the repository, nothing is known. */
static int status_read_head(const struct workspace *workspace, struct repository **repository,
	struct status_commits *commits, struct error *err)
{
	if (repository_open(workspace->root, repository, err) < 0) {
		error_clear(err);
		return 0;
	}
	AUTO_FREE char *prefix = tracked_prefix(workspace, *repository, err);
	if (!prefix)
		return -err->code;
	commits->prefix = prefix;
	commits->known = true;
	if (history_each(*repository, "HEAD", POINTER_SUFFIX, status_take_pointer, commits, err) <
		0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err); /* before the first commit */
	}
	return 0;
}

/* A pointer has one way of being written, so its text tells. */
static int status_compare_commit(
	struct status_item *item, const struct status_commits *commits, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	const char *committed = map_get(&commits->pointers, item->tracked->path);
	if (!commits->known) {
		item->commit = STATUS_COMMIT_UNKNOWN;
		return 0;
	}
	if (!committed) {
		item->commit = STATUS_COMMIT_NEW;
		return 0;
	}
	if (pointer_format(&item->tracked->pointer, &text, err) < 0)
		return -err->code;
	item->commit = strcmp(text.text, committed) == 0 ? STATUS_COMMITTED : STATUS_COMMIT_CHANGED;
	return 0;
}

static int status_find_removed(struct status *status, const struct status_options *options,
	const struct status_commits *commits, struct error *err)
{
	VEC(char *) removed = VEC_INIT;
	map_each (entry, &commits->pointers) {
		const char *path = map_key(entry), *below;
		const struct tracked_item *item = tracked_find(&status->tracked, path, &below);
		/* What a folder has taken in is not gone. */
		if (item || !status_is_asked(options, path))
			continue;
		char *copy = memory_copy_string(path, err);
		if (copy)
			vec_push(&removed, copy);
	}
	status->removed = removed.items;
	status->n_removed = removed.count;
	if (err->code || vec_check(&removed, err) < 0)
		return -err->code;
	return sort_items(status->removed, status->n_removed, sizeof *status->removed, sort_strings,
		NULL, err);
}

static int status_look_at_commit(struct status *status, const struct status_options *options,
	const struct status_commits *commits, struct error *err)
{
	for (size_t i = 0; i < status->count; i++) {
		if (status_compare_commit(&status->items[i], commits, err) < 0)
			return -err->code;
	}
	return status_find_removed(status, options, commits, err);
}

/* ---- large files ---- */

/* Leaves out what git tracks. */
static int status_drop_tracked_by_git(
	struct status *status, struct repository *repository, const char *prefix, struct error *err)
{
	struct large_files *large = &status->large;
	size_t kept = 0;
	int result = 0;
	for (size_t i = 0; i < large->count; i++) {
		bool tracked = false;
		AUTO_FREE char *path = memory_format(err, "%s%s", prefix, large->items[i].path);
		if (result == 0)
			result = path ? history_is_tracked(repository, path, &tracked, err)
				      : -(int)err->code;
		if (tracked)
			memory_free(large->items[i].path);
		else
			large->items[kept++] = large->items[i];
	}
	large->count = kept;
	return result;
}

/* ---- all of it ---- */

static int status_git(const struct workspace *workspace, const struct status_options *options,
	struct status *status, struct error *err)
{
	AUTO(repository_close) struct repository *repository = NULL;
	struct status_commits commits = { .prefix = "" };
	map_init(&commits.pointers, status_free_text);
	int result = 0;
	status->in_git = gitignore_is_in_git(workspace);
	if (status->in_git)
		result = status_read_head(workspace, &repository, &commits, err);
	if (result == 0)
		result = status_look_at_commit(status, options, &commits, err);
	map_release(&commits.pointers);
	if (result == 0 && repository && status->large.count) {
		AUTO_FREE char *prefix = tracked_prefix(workspace, repository, err);
		result = prefix ? status_drop_tracked_by_git(status, repository, prefix, err)
				: -(int)err->code;
	}
	return result;
}

static int status_fill(const struct workspace *workspace, struct object_store *store,
	const struct status_options *options, struct status *status, struct error *err)
{
	uint64_t large = options->n_paths ? 0 : options->large;
	if (tracked_and_large(workspace, large, &status->tracked, &status->large, err) < 0)
		return -err->code;
	status->items = memory_allocate(status->tracked.count, sizeof *status->items, err);
	if (!status->items)
		return -err->code;
	for (size_t i = 0; i < status->tracked.count; i++) {
		const struct tracked_item *tracked = &status->tracked.items[i];
		if (!status_is_asked(options, tracked->path))
			continue;
		struct status_item *item = &status->items[status->count++];
		item->tracked = tracked;
		if (status_look_at(workspace, store, options, item, err) < 0)
			return -err->code;
		if (event_stopped(options->sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
	}
	if (status_git(workspace, options, status, err) < 0)
		return -err->code;
	return status_check_paths(options, status, err);
}

int status_look(const struct workspace *workspace, struct object_store *store,
	const struct status_options *options, struct status *ret, struct error *err)
{
	*ret = (struct status){ .items = NULL };
	if (status_fill(workspace, store, options, ret, err) < 0) {
		status_release(ret);
		return -err->code;
	}
	return 0;
}
