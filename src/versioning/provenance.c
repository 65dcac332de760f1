#include "mlops/versioning/provenance.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/stat_cache.h"
#include "mlops/versioning/tree.h"

void provenance_release(struct provenance *provenance)
{
	memory_free(TAKE(provenance->tracked));
	provenance->state = PROVENANCE_UNTRACKED;
}

static void provenance_compare(
	const struct hash *listed, const struct hash *content, struct provenance *ret)
{
	ret->state = !listed                       ? PROVENANCE_UNLISTED
		     : hash_equal(listed, content) ? PROVENANCE_SAME
						   : PROVENANCE_CHANGED;
}

/* What the pointer's version has at a path below the tracked folder. */
static int provenance_in_folder(const struct workspace *workspace, struct object_store *store,
	const char *below, const struct hash *content, struct provenance *ret, struct error *err)
{
	AUTO(stat_cache_free) struct stat_cache *cache = NULL;
	AUTO(tree_release) struct tree tree = { .count = 0 };
	struct hash whole;
	if (stat_cache_load(workspace, ret->tracked, &cache, err) < 0)
		return -err->code;
	if (cache && stat_cache_whole(cache, &whole) && hash_equal(&whole, &ret->version)) {
		provenance_compare(stat_cache_known(cache, below), content, ret);
		return 0;
	}
	if (tree_load(store, &ret->version, &tree, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return error_prefix(err, "'%s'", ret->tracked);
		error_clear(err);
		ret->state = PROVENANCE_UNKNOWN;
		return 0;
	}
	const struct tree_entry *entry = tree_find(&tree, below);
	provenance_compare(entry ? &entry->hash : NULL, content, ret);
	return 0;
}

/* Is there a pointer for the first `length` bytes of the path from the root? */
static int provenance_pointer(const char *root, const char *path, size_t length,
	struct pointer *ret, bool *ret_found, struct error *err)
{
	struct error missing = ERROR_INIT;
	AUTO_FREE char *data = memory_format(err, "%s/%.*s", root, (int)length, path);
	if (!data)
		return -err->code;
	*ret_found = pointer_load(data, ret, &missing) == 0;
	if (*ret_found || missing.code == ERROR_NOT_FOUND)
		return 0;
	*err = missing;
	return -err->code;
}

int provenance_find(const struct workspace *workspace, struct object_store *store, const char *path,
	const struct hash *content, struct provenance *ret, struct error *err)
{
	*ret = (struct provenance){ .state = PROVENANCE_UNTRACKED };
	AUTO_FREE char *real = directory_real_path(path, err);
	AUTO_FREE char *root = real ? directory_real_path(workspace->root, err) : NULL;
	if (!root)
		return -err->code;
	if (!path_is_inside(real, root) || strcmp(real, root) == 0)
		return 0;
	const char *relative = real + strlen(root);
	relative += *relative == '/';
	for (size_t length = strlen(relative); length;) {
		AUTO(pointer_release) struct pointer pointer = { .path = NULL };
		bool found;
		if (provenance_pointer(root, relative, length, &pointer, &found, err) < 0)
			return -err->code;
		bool whole = !relative[length];
		if (found && (pointer.kind == POINTER_FILE) == whole) {
			ret->tracked = memory_format(err, "%.*s", (int)length, relative);
			ret->kind = pointer.kind;
			ret->version = pointer.hash;
			if (!ret->tracked)
				return -err->code;
			if (whole) {
				provenance_compare(&pointer.hash, content, ret);
				return 0;
			}
			int status = provenance_in_folder(
				workspace, store, relative + length + 1, content, ret, err);
			if (status < 0)
				provenance_release(ret);
			return status;
		}
		while (length && relative[length - 1] != '/')
			length--;
		length -= length > 0;
	}
	return 0;
}

/* "PATH@HASH" or "PATH/@HASH". The hash is at the end, so that a path may hold anything. */
static int provenance_show(
	struct text item, provenance_visit *visit, void *context, bool *ret_is, struct error *err)
{
	enum { DIGITS = 2 * HASH_SIZE };
	struct hash hash;
	*ret_is = false;
	if (item.length < DIGITS + 2)
		return 0;
	struct text path = { item.at, item.length - DIGITS - 1 };
	struct text digits = { path.at + path.length + 1, DIGITS };
	if (path.at[path.length] != '@' || !hash_parse(digits, &hash))
		return 0;
	*ret_is = true;
	enum pointer_kind kind = text_ends_with(path, "/") ? POINTER_FOLDER : POINTER_FILE;
	path.length -= kind == POINTER_FOLDER;
	AUTO_FREE char *name = memory_format(err, "%.*s", (int)path.length, path.at);
	return name ? visit(context, name, kind, &hash, err) : -ERROR_MEMORY;
}

int provenance_each(const char *text, provenance_visit *visit, void *context, struct error *err)
{
	const char *begin = text, *end = text;
	while (end) {
		bool is_version;
		end = strstr(end, ", ");
		struct text item = { begin, end ? (size_t)(end - begin) : strlen(begin) };
		int status = provenance_show(item, visit, context, &is_version, err);
		if (status != 0)
			return status;
		/* ", " may be part of a path: what stands in front of it then has no hash. */
		if (end)
			end += 2;
		if (is_version)
			begin = end;
	}
	return 0;
}
