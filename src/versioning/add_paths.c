#include "mlops/versioning/add.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/scan.h"

#include "ignore_internal.h"

struct add_resolution {
	const struct workspace *workspace;
	char *root; /* the workspace's, without links */
	VEC(char *) paths;
	/* Of a pattern: */
	const char *pattern; /* from the root */
	size_t depth; /* parts of the pattern; SIZE_MAX if it has "**" */
	size_t n_found;
};

void add_paths_release(struct add_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		memory_free(paths->items[i]);
	memory_free(paths->items);
	*paths = (struct add_paths){ .items = NULL };
}

static void add_resolution_release(struct add_resolution *resolution)
{
	memory_free(resolution->root);
	for (size_t i = 0; i < resolution->paths.count; i++)
		memory_free(resolution->paths.items[i]);
	vec_release(&resolution->paths);
}
AUTO_RELEASE(struct add_resolution, add_resolution_release)

/* Takes over the path. */
static int add_keep(struct add_resolution *resolution, char *path, struct error *err)
{
	if (!path)
		return -err->code;
	vec_push(&resolution->paths, path);
	if (vec_check(&resolution->paths, err) < 0) {
		memory_free(path);
		return -err->code;
	}
	return 0;
}

/* The part of an absolute path below the root; NULL with the error set if it is not below. */
static const char *add_below(const struct add_resolution *resolution, const char *path,
	const char *name, struct error *err)
{
	if (strcmp(path, resolution->root) == 0) {
		error_set(err, ERROR_USAGE, "'%s' is the project itself", name);
		error_hint(err, "name the data in it");
		return NULL;
	}
	if (!path_is_inside(path, resolution->root)) {
		error_set(err, ERROR_USAGE, "'%s' is outside the project '%s'", name,
			resolution->root);
		error_hint(err, "copy it into the project, or take it over by 'mlops import'");
		return NULL;
	}
	return path + strlen(resolution->root) + (strcmp(resolution->root, "/") != 0);
}

static bool add_is_pointer(const char *name)
{
	return text_ends_with(text_of(name), POINTER_SUFFIX) &&
	       strlen(name) > strlen(POINTER_SUFFIX);
}

/* ---- patterns ---- */

/* Is the next part of the name hidden, where the pattern does not ask for hidden ones? */
static bool add_is_hidden(const struct add_resolution *resolution, const char *path)
{
	const char *name = path_base(path);
	return name[0] == '.' && path_base(resolution->pattern)[0] != '.';
}

static int add_match(void *context, const struct scan_folder *folder, struct error *err)
{
	struct add_resolution *resolution = context;
	for (size_t i = 0; i < folder->count; i++) {
		const struct folder_entry *entry = &folder->entries[i];
		bool is_folder = entry->facts.kind == FILE_FOLDER;
		AUTO_FREE char *path = *folder->path ? path_join(folder->path, entry->name, err)
						     : memory_copy_string(entry->name, err);
		if (!path)
			return -err->code;
		if (add_is_pointer(entry->name) || add_is_hidden(resolution, path) ||
			scan_is_out(folder, entry->name, is_folder, false) ||
			!ignore_wildmatch(resolution->pattern, path))
			continue;
		resolution->n_found++;
		if (add_keep(resolution, TAKE(path), err) < 0)
			return -err->code;
	}
	return 0;
}

/* No deeper than the pattern, and not into what it has matched. */
static bool add_enter(void *context, const struct scan_folder *folder, const char *name)
{
	struct add_resolution *resolution = context;
	struct error ignored = ERROR_INIT;
	AUTO_FREE char *path = *folder->path ? path_join(folder->path, name, &ignored)
					     : memory_copy_string(name, &ignored);
	size_t depth = 2;
	for (const char *at = path; at && *at; at++)
		depth += *at == '/';
	return path && depth <= resolution->depth && !ignore_wildmatch(resolution->pattern, path);
}

/* The part of the pattern before the first sign of one, up to a slash. */
static char *add_pattern_start(const char *pattern, struct error *err)
{
	size_t length = strcspn(pattern, "*?[\\");
	while (length && pattern[length - 1] != '/')
		length--;
	return memory_format(err, "%.*s", length ? (int)length - 1 : 0, pattern);
}

static int add_expand(
	struct add_resolution *resolution, const char *folder, const char *name, struct error *err)
{
	AUTO_FREE char *full = path_join(folder, name, err);
	AUTO_FREE char *normal = full ? path_normalise(full, err) : NULL;
	const char *pattern = normal ? add_below(resolution, normal, name, err) : NULL;
	AUTO_FREE char *start = pattern ? add_pattern_start(pattern, err) : NULL;
	if (!start)
		return -err->code;
	resolution->pattern = pattern;
	resolution->n_found = 0;
	resolution->depth = 1;
	for (const char *at = pattern; *at; at++)
		resolution->depth += *at == '/';
	if (strstr(pattern, "**"))
		resolution->depth = SIZE_MAX;
	/* One thread: the paths are few, and the list has no lock. */
	struct scan_options options = { .folder = start,
		.threads = 1,
		.visit = add_match,
		.enter = add_enter,
		.context = resolution };
	if (scan(resolution->workspace, &options, err) < 0 && err->code != ERROR_NOT_FOUND)
		return -err->code;
	error_clear(err);
	if (!resolution->n_found)
		return error_set(err, ERROR_NOT_FOUND, "nothing matches '%s'", name);
	return 0;
}

/* ---- names ---- */

/* The absolute path with all links on the way followed, but not one at its end. */
static char *add_real_path(const char *path, struct error *err)
{
	const char *name = path_base(path);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !*name)
		return directory_real_path(path, err);
	AUTO_FREE char *parent = path_parent(path, err);
	AUTO_FREE char *real = parent ? directory_real_path(parent, err) : NULL;
	return real ? path_join(real, name, err) : NULL;
}

static int add_missing(
	struct add_resolution *resolution, const char *folder, const char *name, struct error *err)
{
	AUTO_FREE char *full = path_join(folder, name, err);
	AUTO_FREE char *pointer = full ? memory_format(err, "%s" POINTER_SUFFIX, full) : NULL;
	if (!pointer)
		return -err->code;
	if (file_exists(pointer)) {
		error_set(err, ERROR_NOT_FOUND, "'%s' is tracked, but not there", name);
		return error_hint(err, "restore it with 'mlops checkout %s'", name);
	}
	if (strpbrk(name, "*?["))
		return add_expand(resolution, folder, name, err);
	return error_set(err, ERROR_NOT_FOUND, "there is no '%s'", name);
}

static int add_resolve_one(
	struct add_resolution *resolution, const char *folder, const char *name, struct error *err)
{
	struct file_facts facts;
	if (!*name)
		return error_set(err, ERROR_USAGE, "the name is empty");
	/* A slash at the end would follow a link. */
	AUTO_FREE char *trimmed = memory_copy_string(name, err);
	for (size_t n = trimmed ? strlen(trimmed) : 0; n > 1 && trimmed[n - 1] == '/'; n--)
		trimmed[n - 1] = '\0';
	AUTO_FREE char *full = trimmed ? path_join(folder, trimmed, err) : NULL;
	if (!full)
		return -err->code;
	if (file_facts(full, &facts, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return add_missing(resolution, folder, trimmed, err);
	}
	AUTO_FREE char *real = add_real_path(full, err);
	const char *below = real ? add_below(resolution, real, name, err) : NULL;
	if (!below)
		return -err->code;
	if (add_is_pointer(below)) {
		error_set(err, ERROR_USAGE, "'%s' is a pointer, not data", name);
		return error_hint(err, "name the data: '%.*s'",
			(int)(strlen(trimmed) - strlen(POINTER_SUFFIX)), trimmed);
	}
	if (pointer_check_path(below, err) < 0) {
		err->code = ERROR_USAGE;
		return -err->code;
	}
	return add_keep(resolution, memory_copy_string(below, err), err);
}

static bool add_has(char *const *items, size_t count, const char *path, size_t length)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(items[middle], path, length);
		if (order == 0 && !items[middle][length])
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Is it, or a folder above it, among the first `count`? */
static bool add_is_held(char *const *items, size_t count, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		if (add_has(items, count, path, (size_t)(slash - path)))
			return true;
	}
	return add_has(items, count, path, strlen(path));
}

/* Sorted, each once, none below another. */
static int add_tidy(struct add_resolution *resolution, struct error *err)
{
	char **items = resolution->paths.items;
	size_t kept = 0, count = resolution->paths.count;
	if (sort_items(items, count, sizeof *items, sort_strings, NULL, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		if (add_is_held(items, kept, items[i]))
			memory_free(items[i]);
		else
			items[kept++] = items[i];
	}
	resolution->paths.count = kept;
	return 0;
}

int add_resolve(const struct workspace *workspace, const char *folder, const char *const *names,
	size_t count, struct add_paths *ret, struct error *err)
{
	AUTO(add_resolution_release)
	struct add_resolution resolution = { .workspace = workspace, .paths = VEC_INIT };
	AUTO_FREE char *here = directory_real_path(folder, err);
	resolution.root = here ? directory_real_path(workspace->root, err) : NULL;
	if (!resolution.root)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		if (add_resolve_one(&resolution, here, names[i], err) < 0)
			return -err->code;
	}
	if (add_tidy(&resolution, err) < 0)
		return -err->code;
	*ret = (struct add_paths){ resolution.paths.items, resolution.paths.count };
	resolution.paths.items = NULL;
	resolution.paths.count = 0;
	return 0;
}
