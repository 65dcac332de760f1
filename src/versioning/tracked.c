#include "mlops/versioning/tracked.h"

#include <pthread.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/scan.h"

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

struct tracked_walk {
	const struct workspace *workspace;
	uint64_t large; /* 0: not looked for */
	pthread_mutex_t lock; /* guards the lists */
	struct tracked_list list;
	VEC(struct large_file) files;
};

static bool tracked_is_pointer(const char *name)
{
	return text_ends_with(text_of(name), POINTER_SUFFIX) &&
	       strlen(name) > strlen(POINTER_SUFFIX);
}

static char *tracked_path(const struct scan_folder *folder, const char *name, struct error *err)
{
	return memory_format(err, "%s%s%s", folder->path, *folder->path ? "/" : "", name);
}

static int tracked_take_pointer(struct tracked_walk *walk, const struct scan_folder *folder,
	const char *name, struct error *err)
{
	struct pointer pointer = { .path = NULL };
	AUTO_FREE char *path = tracked_path(folder, name, err);
	if (!path)
		return -err->code;
	size_t length = strlen(path) - strlen(POINTER_SUFFIX);
	AUTO_FREE char *data =
		memory_format(err, "%s/%.*s", walk->workspace->root, (int)length, path);
	if (!data || pointer_load(data, &pointer, err) < 0)
		return -err->code;
	pthread_mutex_lock(&walk->lock);
	int result = tracked_list_add(&walk->list, path, length, &pointer, err);
	pthread_mutex_unlock(&walk->lock);
	return result;
}

static int tracked_take_large(struct tracked_walk *walk, const struct scan_folder *folder,
	const struct folder_entry *entry, struct error *err)
{
	if (scan_is_out(folder, entry->name, false, true))
		return 0;
	char *path = tracked_path(folder, entry->name, err);
	if (!path)
		return -err->code;
	pthread_mutex_lock(&walk->lock);
	vec_push(&walk->files, (struct large_file){ path, entry->facts.size });
	int result = vec_check(&walk->files, err);
	pthread_mutex_unlock(&walk->lock);
	if (result < 0)
		memory_free(path);
	return result;
}

static int tracked_visit(void *context, const struct scan_folder *folder, struct error *err)
{
	struct tracked_walk *walk = context;
	/* Another repository or project inside this one: its pointers are its own. */
	for (size_t i = 0; *folder->path && i < folder->count; i++) {
		const char *name = folder->entries[i].name;
		if (strcmp(name, ".git") == 0 || strcmp(name, ".mlops") == 0)
			return SCAN_LEAVE;
	}
	for (size_t i = 0; i < folder->count; i++) {
		const struct folder_entry *entry = &folder->entries[i];
		if (entry->facts.kind == FILE_FOLDER)
			continue;
		int result = 0;
		if (tracked_is_pointer(entry->name))
			result = tracked_take_pointer(walk, folder, entry->name, err);
		else if (walk->large && entry->facts.kind == FILE_REGULAR &&
			 entry->facts.size >= walk->large)
			result = tracked_take_large(walk, folder, entry, err);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Not into data that a pointer beside them stands for. */
static bool tracked_enter(void *context, const struct scan_folder *folder, const char *name)
{
	struct file_facts facts;
	(void)context;
	struct strbuf *pointer = folder->scratch;
	strbuf_clear(pointer);
	strbuf_add(pointer, name);
	strbuf_add(pointer, POINTER_SUFFIX);
	return !file_facts_at(folder->fd, pointer->text, &facts);
}

void large_files_release(struct large_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		memory_free(files->items[i].path);
	memory_free(files->items);
	*files = (struct large_files){ .items = NULL };
}

static int tracked_compare_large(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(((const struct large_file *)a)->path, ((const struct large_file *)b)->path);
}

/* By path, without what is tracked. */
static int tracked_sort_large(
	struct large_files *files, const struct tracked *tracked, struct error *err)
{
	size_t kept = 0;
	for (size_t i = 0; i < files->count; i++) {
		if (tracked_find(tracked, files->items[i].path, NULL))
			memory_free(files->items[i].path);
		else
			files->items[kept++] = files->items[i];
	}
	files->count = kept;
	return sort_items(
		files->items, kept, sizeof *files->items, tracked_compare_large, NULL, err);
}

int tracked_and_large(const struct workspace *workspace, uint64_t size, struct tracked *ret,
	struct large_files *ret_large, struct error *err)
{
	struct tracked_walk walk = { .workspace = workspace,
		.large = size,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.list = { .workspace = workspace, .prefix = "", .items = VEC_INIT },
		.files = VEC_INIT };
	struct scan_options options = { .folder = "",
		.facts = size > 0,
		.git_rules = true,
		.threads = parallel_threads(),
		.visit = tracked_visit,
		.enter = tracked_enter,
		.context = &walk };
	int result = scan(workspace, &options, err);
	struct large_files large = { walk.files.items, walk.files.count };
	if (result == 0)
		result = tracked_list_take(&walk.list, ret, err);
	if (result == 0 && tracked_sort_large(&large, ret, err) < 0) {
		tracked_release(ret);
		result = -err->code;
	}
	tracked_list_release(&walk.list);
	if (result < 0)
		large_files_release(&large);
	if (result == 0)
		*ret_large = large;
	return result;
}

int tracked_in_workspace(const struct workspace *workspace, struct tracked *ret, struct error *err)
{
	struct large_files none = { .items = NULL };
	return tracked_and_large(workspace, 0, ret, &none, err);
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
