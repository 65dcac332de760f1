#include "diff_sides.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/git/repository.h"
#include "mlops/pipeline/data_versions.h"
#include "mlops/pipeline/train_run.h"
#include "mlops/record/files.h"
#include "mlops/record/params.h"
#include "mlops/record/revision.h"
#include "mlops/versioning/changes.h"

void diff_side_release(struct diff_side *side)
{
	vec_release(&side->entries);
	arena_release(&side->listing.arena);
}

static bool diff_side_is_at(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	return !length ||
	       (strncmp(path, folder, length) == 0 && (!path[length] || path[length] == '/'));
}

/* One file; `below` may be "" for the tracked path itself. Nothing is done outside of the path. */
static int diff_side_add(const struct diff_sides *sides, struct diff_side *side,
	const char *tracked, const char *below, const struct tree_entry *entry, struct error *err)
{
	char *path = arena_format(
		&side->listing.arena, err, "%s%s%s", tracked, below[0] ? "/" : "", below);
	if (!path)
		return -err->code;
	if (!diff_side_is_at(path, sides->path))
		return 0;
	struct tree_entry copy = *entry;
	copy.path = path;
	vec_push(&side->entries, copy);
	return vec_check(&side->entries, err);
}

static int diff_side_finish(struct diff_side *side, struct error *err)
{
	if (tree_sort(side->entries.items, side->entries.count, err) < 0)
		return -err->code;
	side->listing.entries = side->entries.items;
	side->listing.count = side->entries.count;
	for (size_t i = 0; i < side->listing.count; i++)
		side->listing.size += side->listing.entries[i].size;
	return 0;
}

/* Does the tracked path have to do with what is compared? */
static bool diff_side_matters(const struct diff_sides *sides, const char *tracked)
{
	return diff_side_is_at(tracked, sides->path) || diff_side_is_at(sides->path, tracked);
}

static int diff_side_load_tree(const struct diff_sides *sides, const char *path,
	const struct hash *hash, struct tree *tree, struct error *err)
{
	if (tree_load(sides->store, hash, tree, err) == 0)
		return 0;
	if (err->code != ERROR_NOT_FOUND)
		return error_prefix(err, "'%s'", path);
	error_set(err, ERROR_NOT_FOUND, "this version's listing of '%s' is not in the store", path);
	return error_hint(err, "fetch it with 'mlops pull'");
}

static int diff_side_add_pointer(const struct diff_sides *sides, struct diff_side *side,
	const struct tracked_item *item, struct error *err)
{
	const struct pointer *pointer = &item->pointer;
	if (!diff_side_matters(sides, item->path))
		return 0;
	if (pointer->kind == POINTER_FILE) {
		struct tree_entry entry = { .kind = pointer->mode & 0100 ? TREE_EXECUTABLE
									 : TREE_FILE,
			.hash = pointer->hash,
			.size = pointer->size };
		return diff_side_add(sides, side, item->path, "", &entry, err);
	}
	AUTO(tree_release) struct tree tree = { .count = 0 };
	if (diff_side_load_tree(sides, item->path, &pointer->hash, &tree, err) < 0)
		return -err->code;
	for (size_t i = 0; i < tree.count; i++) {
		if (diff_side_add(sides, side, item->path, tree.entries[i].path, &tree.entries[i],
			    err) < 0)
			return -err->code;
	}
	return 0;
}

static int diff_side_of_tracked(const struct diff_sides *sides, const struct tracked *tracked,
	struct diff_side *ret, struct error *err)
{
	for (size_t i = 0; i < tracked->count; i++) {
		if (diff_side_add_pointer(sides, ret, &tracked->items[i], err) < 0)
			return -err->code;
	}
	return diff_side_finish(ret, err);
}

int diff_side_of_pointers(struct diff_sides *sides, struct diff_side *ret, struct error *err)
{
	ret->label = "pointers";
	return diff_side_of_tracked(sides, sides->here, ret, err);
}

/* ---- a run ---- */

struct diff_version {
	const struct diff_sides *sides;
	struct diff_side *side;
};

/* The listing of a tracked folder that the run names. A file is among its inputs. */
static int diff_side_add_version(void *context, const char *path, enum pointer_kind kind,
	const struct hash *hash, struct error *err)
{
	const struct diff_version *version = context;
	struct tracked_item item = { .pointer.kind = kind, .pointer.hash = *hash };
	struct error none = ERROR_INIT;
	AUTO(tree_release) struct tree tree = { .count = 0 };
	if (kind != POINTER_FOLDER || !diff_side_matters(version->sides, path) ||
		tree_load(version->sides->store, hash, &tree, &none) < 0)
		return 0;
	item.path = arena_copy_bytes(&version->side->listing.arena, path, strlen(path), err);
	return item.path ? diff_side_add_pointer(version->sides, version->side, &item, err)
			 : -ERROR_MEMORY;
}

static int diff_side_add_versions(const struct diff_sides *sides, struct diff_side *side,
	const struct params *params, struct error *err)
{
	struct diff_version version = { sides, side };
	for (size_t i = 0; i < params->count; i++) {
		if (strcmp(params->items[i].name, PROVENANCE_PARAM_TRACKED) == 0 &&
			provenance_each(
				params->items[i].value, diff_side_add_version, &version, err) < 0)
			return -err->code;
	}
	return 0;
}

/* What the run read itself stands above what the version of its folder says. */
static int diff_side_add_input(const struct diff_sides *sides, struct diff_side *side,
	const char *folder, const struct run_file *file, struct error *err)
{
	struct tree_entry entry = { .size = file->size < 0 ? 0 : (uint64_t)file->size };
	AUTO_FREE char *joined = path_join(folder, file->path, err);
	AUTO_FREE char *path = joined ? path_normalise(joined, err) : NULL;
	if (!path)
		return -err->code;
	if (!hash_parse(text_of(file->hash), &entry.hash))
		return 0;
	vec_each (known, &side->entries) {
		if (strcmp(known->path, path) != 0)
			continue;
		known->hash = entry.hash;
		known->size = entry.size;
		return 0;
	}
	return diff_side_add(sides, side, path, "", &entry, err);
}

static int diff_side_of_run(
	struct diff_sides *sides, int64_t run, struct diff_side *ret, struct error *err)
{
	AUTO(params_release) struct params params = { .items = NULL };
	AUTO(run_files_release) struct run_files files = { .items = NULL };
	struct record *record = sides->invocation->record;
	const char *folder = ".";
	if (params_load(record, run, &params, err) < 0 ||
		run_files_load(record, run, FILE_INPUT, &files, err) < 0 ||
		diff_side_add_versions(sides, ret, &params, err) < 0)
		return -err->code;
	for (size_t i = 0; i < params.count; i++) {
		if (strcmp(params.items[i].name, TRAIN_PARAM_FOLDER) == 0)
			folder = params.items[i].value;
	}
	for (size_t i = 0; i < files.count; i++) {
		if (diff_side_add_input(sides, ret, folder, &files.items[i], err) < 0)
			return -err->code;
	}
	return diff_side_finish(ret, err);
}

/* ---- git ---- */

static int diff_side_of_git(
	struct diff_sides *sides, const char *revision, struct diff_side *ret, struct error *err)
{
	AUTO(tracked_release) struct tracked tracked = { .items = NULL };
	char commit[REPOSITORY_COMMIT_SIZE];
	struct error none = ERROR_INIT;
	if (!sides->repository &&
		repository_open(sides->invocation->workspace.root, &sides->repository, &none) < 0)
		return error_set(err, ERROR_NOT_FOUND,
			"there is no run '%s', and no git repository here", revision);
	if (repository_resolve(sides->repository, revision, commit, &none) < 0) {
		error_set(
			err, ERROR_NOT_FOUND, "'%s' is neither a run nor a git revision", revision);
		return error_hint(err,
			"data are compared by 'mlops diff [REV [REV]] PATH', see mlops-diff(1)");
	}
	if (tracked_at_revision(
		    &sides->invocation->workspace, sides->repository, commit, &tracked, err) < 0)
		return error_prefix(err, "'%s'", revision);
	return diff_side_of_tracked(sides, &tracked, ret, err);
}

int diff_side_of(
	struct diff_sides *sides, const char *revision, struct diff_side *ret, struct error *err)
{
	int64_t run;
	struct error none = ERROR_INIT;
	ret->label = revision;
	if (sides->invocation->record &&
		revision_resolve(sides->invocation->record, NULL, revision, &run, &none) == 0)
		return diff_side_of_run(sides, run, ret, err);
	if (none.code && none.code != ERROR_NOT_FOUND) {
		*err = none;
		return -err->code;
	}
	return diff_side_of_git(sides, revision, ret, err);
}

/* ---- the workspace ---- */

/* One tracked path: its version with what is different on disk. Both lists are by path. */
static int diff_side_apply(const struct diff_sides *sides, struct diff_side *side,
	const struct tracked_item *item, const struct tree *version, const struct changes *changes,
	struct error *err)
{
	for (size_t i = 0, j = 0; i < version->count || j < changes->count;) {
		const struct tree_entry *old = i < version->count ? &version->entries[i] : NULL;
		const struct change *change = j < changes->count ? &changes->items[j] : NULL;
		int order = !old ? 1 : !change ? -1 : strcmp(old->path, change->path);
		i += order <= 0;
		j += order >= 0;
		struct tree_entry entry = order <= 0 ? *old : (struct tree_entry){ .size = 0 };
		if (order >= 0 && change->kind == CHANGE_REMOVED)
			continue;
		if (order >= 0) {
			bool same = old && order == 0 && hash_equal(&old->hash, &change->new_hash);
			entry.path = change->path;
			entry.hash = change->new_hash;
			entry.size = change->new_size;
			/* The same content, and a change: the permission to execute. */
			if (same)
				entry.kind =
					old->kind == TREE_EXECUTABLE ? TREE_FILE : TREE_EXECUTABLE;
		}
		if (diff_side_add(sides, side, item->path, entry.path, &entry, err) < 0)
			return -err->code;
	}
	return 0;
}

static int diff_side_add_present(const struct diff_sides *sides, struct diff_side *side,
	const struct tracked_item *item, struct error *err)
{
	const struct pointer *pointer = &item->pointer;
	AUTO(changes_release) struct changes changes = { .items = NULL };
	AUTO(tree_release) struct tree tree = { .count = 0 };
	struct tree_entry entry = { .path = "",
		.kind = pointer->mode & 0100 ? TREE_EXECUTABLE : TREE_FILE,
		.hash = pointer->hash,
		.size = pointer->size };
	const struct tree file = { .entries = &entry, .count = 1 };
	if (!diff_side_matters(sides, item->path))
		return 0;
	if (changes_in_workspace(&sides->invocation->workspace, sides->store, item->path, pointer,
		    &sides->invocation->sink, &changes, err) < 0)
		return -err->code;
	if (changes.missing)
		return 0;
	if (pointer->kind == POINTER_FILE)
		return diff_side_apply(sides, side, item, &file, &changes, err);
	if (diff_side_load_tree(sides, item->path, &pointer->hash, &tree, err) < 0)
		return -err->code;
	return diff_side_apply(sides, side, item, &tree, &changes, err);
}

int diff_side_of_workspace(struct diff_sides *sides, struct diff_side *ret, struct error *err)
{
	for (size_t i = 0; i < sides->here->count; i++) {
		if (diff_side_add_present(sides, ret, &sides->here->items[i], err) < 0)
			return -err->code;
	}
	return diff_side_finish(ret, err);
}
