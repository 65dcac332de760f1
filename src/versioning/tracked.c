#include "mlops/versioning/tracked.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "mlops/system/directory.h"

struct tracked_list {
	const struct workspace *workspace;
	const char *prefix; /* of the workspace in its repository, with '/' at the end; or "" */
	VEC(struct tracked_item) items;
};

void tracked_release(struct tracked *tracked)
{
	for (size_t i = 0; i < tracked->count; i++) {
		memory_free(tracked->items[i].path);
		pointer_release(&tracked->items[i].pointer);
	}
	memory_free(tracked->items);
	*tracked = (struct tracked){ .items = NULL };
}

static void tracked_list_release(struct tracked_list *list)
{
	struct tracked all = { list->items.items, list->items.count };
	tracked_release(&all);
}
AUTO_RELEASE(struct tracked_list, tracked_list_release)

/* Takes over the pointer's content. path: of the data. */
static int tracked_list_add(struct tracked_list *list, const char *path, size_t length,
	struct pointer *pointer, struct error *err)
{
	char *copy = memory_format(err, "%.*s", (int)length, path);
	if (!copy) {
		pointer_release(pointer);
		return -err->code;
	}
	vec_push(&list->items, (struct tracked_item){ copy, *pointer });
	if (vec_check(&list->items, err) < 0) {
		memory_free(copy);
		pointer_release(pointer);
		return -err->code;
	}
	return 0;
}

static int tracked_compare(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(
		((const struct tracked_item *)a)->path, ((const struct tracked_item *)b)->path);
}

static int tracked_list_take(struct tracked_list *list, struct tracked *ret, struct error *err)
{
	struct tracked_item *items = list->items.items;
	size_t count = list->items.count;
	if (sort_items(items, count, sizeof *items, tracked_compare, NULL, err) < 0)
		return -err->code;
	*ret = (struct tracked){ items, count };
	list->items.items = NULL;
	list->items.count = 0;
	return 0;
}

/* ---- on disk ---- */

/* Folders whose content is none of ours, or is data that a pointer beside stands for. */
static bool tracked_is_skipped(const char *path, struct error *err)
{
	static const char *const inside[] = { "/.git", "/.mlops", POINTER_SUFFIX };
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
		struct file_facts facts;
		struct error ignored = ERROR_INIT;
		AUTO_FREE char *name = memory_format(err, "%s%s", path, inside[i]);
		if (!name)
			return true;
		if (file_facts(name, &facts, &ignored) == 0)
			return true;
	}
	return false;
}

static int tracked_visit(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	struct tracked_list *list = context;
	const char *name = path_base(relative);
	if (facts->kind == FILE_FOLDER) {
		if (strcmp(name, ".git") == 0 || strcmp(name, ".mlops") == 0)
			return DIRECTORY_SKIP;
		AUTO_FREE char *path = path_join(list->workspace->root, relative, err);
		bool skipped = path && tracked_is_skipped(path, err);
		return err->code ? -(int)err->code : skipped ? DIRECTORY_SKIP : 0;
	}
	if (!text_ends_with(text_of(name), POINTER_SUFFIX) ||
		strlen(name) == strlen(POINTER_SUFFIX))
		return 0;
	size_t length = strlen(relative) - strlen(POINTER_SUFFIX);
	struct pointer pointer = { .path = NULL };
	AUTO_FREE char *data =
		memory_format(err, "%s/%.*s", list->workspace->root, (int)length, relative);
	if (!data || pointer_load(data, &pointer, err) < 0)
		return -err->code;
	return tracked_list_add(list, relative, length, &pointer, err);
}

int tracked_in_workspace(const struct workspace *workspace, struct tracked *ret, struct error *err)
{
	AUTO(tracked_list_release)
	struct tracked_list list = { .workspace = workspace, .prefix = "", .items = VEC_INIT };
	if (directory_walk(workspace->root, tracked_visit, &list, err) < 0)
		return -err->code;
	return tracked_list_take(&list, ret, err);
}

/* ---- in a revision ---- */

static int tracked_visit_revision(
	void *context, const char *path, const char *bytes, size_t count, struct error *err)
{
	struct tracked_list *list = context;
	struct pointer pointer = { .path = NULL };
	if (strncmp(path, list->prefix, strlen(list->prefix)) != 0)
		return 0;
	const char *inside = path + strlen(list->prefix);
	if (!text_ends_with(text_of(inside), POINTER_SUFFIX) ||
		strlen(path_base(inside)) == strlen(POINTER_SUFFIX))
		return 0;
	size_t length = strlen(inside) - strlen(POINTER_SUFFIX);
	if (pointer_parse(path, bytes, count, &pointer, err) < 0)
		return -err->code;
	const char *name = path_base(inside);
	if (strlen(pointer.path) != strlen(name) - strlen(POINTER_SUFFIX) ||
		strncmp(pointer.path, name, strlen(pointer.path)) != 0) {
		error_set(err, ERROR_INVALID, "'%s' is the pointer of '%s'", path, pointer.path);
		pointer_release(&pointer);
		return -err->code;
	}
	return tracked_list_add(list, inside, length, &pointer, err);
}

char *tracked_prefix(
	const struct workspace *workspace, struct repository *repository, struct error *err)
{
	AUTO_FREE char *root = directory_real_path(workspace->root, err);
	AUTO_FREE char *top = root ? directory_real_path(repository_root(repository), err) : NULL;
	if (!top)
		return NULL;
	if (!path_is_inside(root, top)) {
		error_set(err, ERROR_INVALID, "'%s' is not inside the repository '%s'", root, top);
		return NULL;
	}
	const char *inside = root + strlen(top);
	inside += *inside == '/';
	return memory_format(err, "%s%s", inside, *inside ? "/" : "");
}

int tracked_at_revision(const struct workspace *workspace, struct repository *repository,
	const char *revision, struct tracked *ret, struct error *err)
{
	AUTO(tracked_list_release)
	struct tracked_list list = { .workspace = workspace, .items = VEC_INIT };
	AUTO_FREE char *prefix = tracked_prefix(workspace, repository, err);
	list.prefix = prefix;
	if (!prefix || history_each(repository, revision, POINTER_SUFFIX, tracked_visit_revision,
			       &list, err) < 0)
		return -err->code;
	return tracked_list_take(&list, ret, err);
}

/* ---- finding ---- */

static const struct tracked_item *tracked_search(
	const struct tracked *tracked, const char *path, size_t length)
{
	size_t low = 0, high = tracked->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *candidate = tracked->items[middle].path;
		int order = strncmp(candidate, path, length);
		if (order == 0)
			order = candidate[length] != '\0';
		if (order == 0)
			return &tracked->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct tracked_item *tracked_find(
	const struct tracked *tracked, const char *path, const char **ret_below)
{
	const struct tracked_item *found = NULL;
	const char *end = path;
	do {
		end = strchr(end, '/');
		size_t length = end ? (size_t)(end - path) : strlen(path);
		found = tracked_search(tracked, path, length);
		if (found && ret_below)
			*ret_below = end ? end + 1 : path + length;
	} while (!found && end++);
	return found;
}
