#include "mlops/base/path.h"

#include <string.h>

#include "mlops/base/strbuf.h"

bool path_is_absolute(const char *path)
{
	return path[0] == '/';
}

char *path_join(const char *folder, const char *name, struct error *err)
{
	size_t length = strlen(folder);
	if (path_is_absolute(name) || !length || strcmp(folder, ".") == 0)
		return memory_copy_string(name, err);
	return memory_format(err, "%s%s%s", folder, folder[length - 1] == '/' ? "" : "/", name);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

char *path_parent(const char *path, struct error *err)
{
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/')
		end--;
	while (end > 0 && path[end - 1] != '/')
		end--;
	if (!end)
		return memory_copy_string(".", err);
	while (end > 1 && path[end - 1] == '/')
		end--;
	return memory_format(err, "%.*s", (int)end, path);
}

const char *path_extension(const char *path)
{
	const char *base = path_base(path);
	const char *dot = *base ? strrchr(base + 1, '.') : NULL;
	return dot ? dot : "";
}

/* Drops the last component of what has been built, unless there is none to drop. */
static void path_up(struct strbuf *result, size_t root)
{
	struct text built = { result->text + root, result->length - root };
	bool climbed = text_is(built, "..") || text_ends_with(built, "/..");
	if (!built.length || climbed) {
		if (!root) /* ".." of "/" is "/" */
			strbuf_add(result, built.length ? "/.." : "..");
		return;
	}
	size_t end = result->length;
	while (end > root && result->text[end - 1] != '/')
		end--;
	strbuf_truncate(result, end > root ? end - 1 : root);
}

char *path_normalise(const char *path, struct error *err)
{
	AUTO(strbuf_release) struct strbuf result = STRBUF_INIT;
	size_t root = path_is_absolute(path) ? 1 : 0;
	if (root)
		strbuf_add_char(&result, '/');
	struct text rest = text_of(path), part;
	while (text_split(&rest, '/', &part)) {
		if (!part.length || text_is(part, "."))
			continue;
		if (text_is(part, "..")) {
			path_up(&result, root);
			continue;
		}
		if (result.length > root)
			strbuf_add_char(&result, '/');
		strbuf_add_bytes(&result, part.at, part.length);
	}
	if (!result.length)
		strbuf_add_char(&result, '.');
	return strbuf_take(&result, err);
}

char *path_relative(const char *path, const char *folder, struct error *err)
{
	AUTO_FREE char *to = path_normalise(path, err);
	AUTO_FREE char *from = to ? path_normalise(folder, err) : NULL;
	if (!from)
		return NULL;
	AUTO(strbuf_release) struct strbuf result = STRBUF_INIT;
	struct text to_rest = text_of(to + 1), from_rest = text_of(from + 1);
	struct text to_part, from_part, to_next = to_rest, from_next = from_rest;
	while (text_split(&to_next, '/', &to_part) && text_split(&from_next, '/', &from_part) &&
		text_equal(to_part, from_part)) {
		to_rest = to_next;
		from_rest = from_next;
	}
	while (text_split(&from_rest, '/', &from_part))
		strbuf_add(&result, result.length ? "/.." : "..");
	while (text_split(&to_rest, '/', &to_part)) {
		if (result.length)
			strbuf_add_char(&result, '/');
		strbuf_add_bytes(&result, to_part.at, to_part.length);
	}
	if (!result.length)
		strbuf_add_char(&result, '.');
	return strbuf_take(&result, err);
}

bool path_is_inside(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	if (strcmp(folder, "/") == 0)
		return path_is_absolute(path);
	if (strcmp(folder, ".") == 0)
		return !path_is_absolute(path) && strcmp(path, "..") != 0 &&
		       !text_starts_with(text_of(path), "../");
	return strncmp(path, folder, length) == 0 && (!path[length] || path[length] == '/');
}
