#include "tracked_paths.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/directory.h"

/* The data that a pointer file stands for, if that is what was named. */
static void tracked_paths_strip(char *path)
{
	size_t length = strlen(path), suffix = strlen(POINTER_SUFFIX);
	const char *base = path_base(path);
	if (strlen(base) > suffix && text_ends_with(text_of(base), POINTER_SUFFIX))
		path[length - suffix] = '\0';
}

int tracked_paths_locate(
	struct invocation *invocation, const char *name, const char **ret, struct error *err)
{
	AUTO_FREE char *here = directory_current(err);
	AUTO_FREE char *root = here ? directory_real_path(invocation->workspace.root, err) : NULL;
	AUTO_FREE char *joined = root ? path_join(here, name, err) : NULL;
	AUTO_FREE char *path = joined ? path_normalise(joined, err) : NULL;
	if (!path)
		return -err->code;
	if (!path_is_inside(path, root))
		return error_set(
			err, ERROR_USAGE, "'%s' is outside of the project '%s'", name, root);
	AUTO_FREE char *relative = path_relative(path, root, err);
	if (!relative)
		return -err->code;
	tracked_paths_strip(relative);
	*ret = arena_copy_string(
		&invocation->arena, strcmp(relative, ".") == 0 ? "" : relative, err);
	return *ret ? 0 : -(int)err->code;
}

bool tracked_paths_may_be(struct invocation *invocation, const char *path)
{
	struct error ignored = ERROR_INIT;
	const char *root = invocation->workspace.root;
	AUTO_FREE char *whole = path_join(root, path, &ignored);
	if (!whole || file_exists(whole))
		return true;
	for (size_t length = strlen(path); length > 0; length--) {
		if (path[length] && path[length] != '/')
			continue;
		AUTO_FREE char *pointer =
			memory_format(&ignored, "%s/%.*s" POINTER_SUFFIX, root, (int)length, path);
		if (!pointer || file_exists(pointer))
			return true;
	}
	return false;
}

void tracked_choices_release(struct tracked_choices *choices)
{
	vec_release(&choices->items);
}

static bool tracked_paths_is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	return !length || (strncmp(path, folder, length) == 0 && path[length] == '/');
}

bool tracked_paths_known(const struct tracked *tracked, const char *path)
{
	if (tracked_find(tracked, path, NULL))
		return true;
	for (size_t i = 0; i < tracked->count; i++) {
		if (tracked_paths_is_below(tracked->items[i].path, path))
			return true;
	}
	return false;
}

static void tracked_paths_add(
	struct tracked_choices *choices, const struct tracked_item *item, const char *below)
{
	vec_each (choice, &choices->items) {
		if (choice->item == item && !choice->below)
			return; /* all of it is wanted already */
	}
	vec_push(&choices->items, (struct tracked_choice){ item, below });
}

static int tracked_paths_unknown(
	const struct tracked *tracked, const char *path, const char *name, struct error *err)
{
	AUTO_FREE const char **names = memory_allocate(tracked->count + 1, sizeof *names, err);
	if (!names)
		return -err->code;
	for (size_t i = 0; i < tracked->count; i++)
		names[i] = tracked->items[i].path;
	const char *nearest = text_nearest(path, names);
	error_set(err, ERROR_NOT_FOUND, "'%s' is not tracked", name);
	return nearest ? error_hint(err, "did you mean '%s'?", nearest)
		       : error_hint(err, "'mlops status' lists what is tracked");
}

int tracked_paths_choose(const struct tracked *tracked, const char *path, const char *name,
	struct tracked_choices *choices, struct error *err)
{
	const char *below = "";
	const struct tracked_item *item = tracked_find(tracked, path, &below);
	size_t before = choices->items.count;
	if (item)
		tracked_paths_add(choices, item, below[0] ? below : NULL);
	for (size_t i = 0; !item && i < tracked->count; i++) {
		if (tracked_paths_is_below(tracked->items[i].path, path))
			tracked_paths_add(choices, &tracked->items[i], NULL);
	}
	if (vec_check(&choices->items, err) < 0)
		return -err->code;
	if (!item && choices->items.count == before && !tracked_paths_known(tracked, path))
		return tracked_paths_unknown(tracked, path, name, err);
	return 0;
}
