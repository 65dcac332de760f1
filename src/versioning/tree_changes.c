/* What two listings differ in: a walk through both, then moves among what is left over. */
#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "mlops/versioning/changes.h"

struct tree_changes_work {
	VEC(struct change) items;
	/* Indices of additions and removals, by hash, name and path while moves are looked for. */
	size_t *added, *removed;
	size_t n_added, n_removed;
	struct arena *arena;
};

const char *change_kind_name(enum change_kind kind)
{
	static const char *const names[] = { [CHANGE_ADDED] = "added",
		[CHANGE_REMOVED] = "removed",
		[CHANGE_MODIFIED] = "modified",
		[CHANGE_MOVED] = "moved" };
	return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

void changes_release(struct changes *changes)
{
	memory_free(changes->items);
	changes->items = NULL;
	changes->count = 0;
	arena_release(&changes->arena);
}

static int tree_changes_add(struct tree_changes_work *work, const struct tree_entry *old_entry,
	const struct tree_entry *new_entry, struct error *err)
{
	struct change change = { .kind = !old_entry   ? CHANGE_ADDED
					 : !new_entry ? CHANGE_REMOVED
						      : CHANGE_MODIFIED };
	change.path =
		arena_copy_string(work->arena, new_entry ? new_entry->path : old_entry->path, err);
	if (!change.path)
		return -ERROR_MEMORY;
	if (old_entry) {
		change.has_old = true;
		change.old_hash = old_entry->hash;
		change.old_size = old_entry->size;
	}
	if (new_entry) {
		change.has_new = true;
		change.new_hash = new_entry->hash;
		change.new_size = new_entry->size;
	}
	vec_push(&work->items, change);
	return vec_check(&work->items, err);
}

static int tree_changes_walk(struct tree_changes_work *work, const struct tree *old_tree,
	const struct tree *new_tree, size_t *ret_files, struct error *err)
{
	size_t n_old = old_tree ? old_tree->count : 0, n_new = new_tree ? new_tree->count : 0;
	size_t i = 0, j = 0, n_files = 0;
	for (; i < n_old || j < n_new; n_files++) {
		const struct tree_entry *x = i < n_old ? &old_tree->entries[i] : NULL;
		const struct tree_entry *y = j < n_new ? &new_tree->entries[j] : NULL;
		int order = !x ? 1 : !y ? -1 : strcmp(x->path, y->path);
		i += order <= 0;
		j += order >= 0;
		if (order == 0 && hash_equal(&x->hash, &y->hash) && x->kind == y->kind)
			continue;
		if (tree_changes_add(work, order > 0 ? NULL : x, order < 0 ? NULL : y, err) < 0)
			return -err->code;
	}
	*ret_files = n_files;
	return 0;
}

static const struct hash *tree_changes_hash(const struct change *change)
{
	return change->kind == CHANGE_ADDED ? &change->new_hash : &change->old_hash;
}

static int tree_changes_by_content(const void *a, const void *b, void *context)
{
	const struct tree_changes_work *work = context;
	const struct change *x = &work->items.items[*(const size_t *)a];
	const struct change *y = &work->items.items[*(const size_t *)b];
	int order = hash_compare(tree_changes_hash(x), tree_changes_hash(y));
	if (order == 0)
		order = strcmp(path_base(x->path), path_base(y->path));
	return order ? order : strcmp(x->path, y->path);
}

static int tree_changes_collect(struct tree_changes_work *work, enum change_kind kind,
	size_t **ret_indices, size_t *ret_count, struct error *err)
{
	size_t *indices = memory_allocate(work->items.count, sizeof *indices, err);
	size_t count = 0;
	if (!indices)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < work->items.count; i++) {
		if (work->items.items[i].kind == kind)
			indices[count++] = i;
	}
	*ret_indices = indices;
	*ret_count = count;
	return sort_items(indices, count, sizeof *indices, tree_changes_by_content, work, err);
}

/* The removal becomes the other half of the addition, and goes away when all are found. */
static void tree_changes_pair(struct change *added, struct change *removed)
{
	added->kind = CHANGE_MOVED;
	added->from = removed->path;
	added->has_old = true;
	added->old_hash = removed->old_hash;
	added->old_size = removed->old_size;
	removed->path = NULL;
}

/*
 * Pairs what has the same content; with_name: only files that kept their name. A removal that is
 * taken has no path any more.
 */
static void tree_changes_match(struct tree_changes_work *work, bool with_name)
{
	struct change *items = work->items.items;
	for (size_t i = 0, j = 0; i < work->n_removed && j < work->n_added;) {
		struct change *removed = &items[work->removed[i]];
		struct change *added = &items[work->added[j]];
		if (!removed->path) {
			i++;
			continue;
		}
		if (added->kind == CHANGE_MOVED) {
			j++;
			continue;
		}
		int order = hash_compare(&removed->old_hash, &added->new_hash);
		if (order == 0 && with_name)
			order = strcmp(path_base(removed->path), path_base(added->path));
		if (order == 0)
			tree_changes_pair(added, removed);
		i += order <= 0;
		j += order >= 0;
	}
}

static int tree_changes_moves(struct tree_changes_work *work, struct error *err)
{
	if (tree_changes_collect(work, CHANGE_ADDED, &work->added, &work->n_added, err) < 0 ||
		tree_changes_collect(work, CHANGE_REMOVED, &work->removed, &work->n_removed, err) <
			0)
		return -err->code;
	tree_changes_match(work, true);
	tree_changes_match(work, false);
	size_t kept = 0;
	for (size_t i = 0; i < work->items.count; i++) {
		if (work->items.items[i].path)
			work->items.items[kept++] = work->items.items[i];
	}
	work->items.count = kept;
	return 0;
}

int changes_between(const struct tree *old_tree, const struct tree *new_tree, struct changes *ret,
	struct error *err)
{
	memset(ret, 0, sizeof *ret);
	ret->arena = ARENA_INIT(0);
	struct tree_changes_work work = { .items = VEC_INIT, .arena = &ret->arena };
	int status = tree_changes_walk(&work, old_tree, new_tree, &ret->n_files, err);
	if (status == 0)
		status = tree_changes_moves(&work, err);
	memory_free(work.added);
	memory_free(work.removed);
	ret->items = work.items.items;
	ret->count = work.items.count;
	ret->missing = !new_tree;
	if (status < 0)
		changes_release(ret);
	return status;
}
