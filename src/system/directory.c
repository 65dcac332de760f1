#include "mlops/system/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mlops/base/path.h"
#include "mlops/base/sort.h"

#include "file_internal.h"

/* Reads names into one text of NUL-terminated pieces; takes over the descriptor. */
static int directory_read(
	int fd, const char *path, struct strbuf *names, size_t *ret_count, struct error *err)
{
	DIR *stream = fdopendir(fd);
	if (!stream) {
		error_set_os(err, ERROR_IO, "cannot read the folder '%s'", path);
		close(fd);
		return -err->code;
	}
	size_t count = 0;
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(stream);
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		strbuf_add_bytes(names, entry->d_name, strlen(entry->d_name) + 1);
		count++;
	}
	int os = errno;
	closedir(stream);
	if (os) {
		errno = os;
		return error_set_os(err, ERROR_IO, "cannot read the folder '%s'", path);
	}
	*ret_count = count;
	return strbuf_check(names, err);
}

static int directory_list_open(
	int fd, const char *path, struct directory_names *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	size_t count = 0;
	if (directory_read(fd, path, &bytes, &count, err) < 0)
		return -err->code;
	AUTO_FREE const char **names = memory_allocate(count, sizeof *names, err);
	AUTO_FREE char *storage = names ? strbuf_take(&bytes, err) : NULL;
	if (!storage)
		return -err->code;
	const char *at = storage;
	for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
		names[i] = at;
	if (sort_items(names, count, sizeof *names, sort_strings, NULL, err) < 0)
		return -err->code;
	*ret = (struct directory_names){ TAKE(names), count, TAKE(storage) };
	return 0;
}

static int directory_open_at(int folder, const char *name, const char *path, struct error *err)
{
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set_os(err, file_error_code(), "cannot open the folder '%s'", path);
	return fd;
}

/* The root a caller names may be a link to a folder; what lies below is not followed. */
static int directory_open_root(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_os(err, file_error_code(), "cannot open the folder '%s'", path);
	return fd;
}

int directory_list(const char *path, struct directory_names *ret, struct error *err)
{
	int fd = directory_open_root(path, err);
	return fd < 0 ? fd : directory_list_open(fd, path, ret, err);
}

void directory_names_release(struct directory_names *names)
{
	memory_free(names->names);
	memory_free(names->bytes);
	*names = (struct directory_names){ .names = NULL };
}

struct directory_walk {
	const char *root;
	directory_visit *visit;
	void *context;
	struct strbuf path; /* the root, a slash, and the relative path */
	size_t root_length;
};

static int directory_walk_folder(struct directory_walk *walk, int fd, int depth, struct error *err);

static int directory_walk_one(
	struct directory_walk *walk, int folder, const char *name, int depth, struct error *err)
{
	struct stat status;
	struct file_facts facts;
	size_t length = walk->path.length;
	strbuf_add_char(&walk->path, '/');
	strbuf_add(&walk->path, name);
	if (strbuf_check(&walk->path, err) < 0)
		return -err->code;
	const char *path = walk->path.text;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno != ENOENT)
			return error_set_os(err, ERROR_IO, "cannot look at '%s'", path);
		/* Removed since the folder was read: as if it had never been there. */
		strbuf_truncate(&walk->path, length);
		return 0;
	}
	file_facts_from(&status, &facts);
	int result = walk->visit(walk->context, path + walk->root_length + 1, &facts, err);
	if (result < 0)
		return result;
	if (facts.kind == FILE_FOLDER && result != DIRECTORY_SKIP) {
		int fd = directory_open_at(folder, name, path, err);
		result = fd < 0 ? fd : directory_walk_folder(walk, fd, depth + 1, err);
		if (result < 0)
			return result;
	}
	strbuf_truncate(&walk->path, length);
	return 0;
}

static int directory_walk_folder(struct directory_walk *walk, int fd, int depth, struct error *err)
{
	AUTO_CLOSE int folder = fd;
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	const char *path = walk->path.text;
	if (depth > DIRECTORY_DEPTH)
		return error_set(err, ERROR_UNSUPPORTED, "'%s' lies more than %d folders deep",
			path, DIRECTORY_DEPTH);
	int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return error_set_os(err, ERROR_IO, "cannot read the folder '%s'", path);
	if (directory_list_open(copy, path, &names, err) < 0)
		return -err->code;
	for (size_t i = 0; i < names.count; i++) {
		if (directory_walk_one(walk, folder, names.names[i], depth, err) < 0)
			return -err->code;
	}
	return 0;
}

int directory_walk(const char *root, directory_visit *visit, void *context, struct error *err)
{
	struct directory_walk walk = { root, visit, context, STRBUF_INIT, strlen(root) };
	int fd = directory_open_root(root, err);
	if (fd < 0)
		return fd;
	strbuf_add(&walk.path, root);
	int result = strbuf_check(&walk.path, err);
	if (result < 0)
		close(fd);
	else
		result = directory_walk_folder(&walk, fd, 1, err);
	strbuf_release(&walk.path);
	return result < 0 ? result : 0;
}

static bool directory_is(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int directory_make(const char *path, struct error *err)
{
	if (mkdir(path, 0777) == 0)
		return 0;
	/* Also where the parents may not be written, and "there already" is all that counts. */
	if (directory_is(path))
		return 0;
	if (errno != ENOENT)
		return error_set_os(err, ERROR_IO, "cannot make the folder '%s'", path);
	AUTO_FREE char *parent = path_parent(path, err);
	if (!parent)
		return -err->code;
	if (strcmp(parent, path) == 0 || strcmp(parent, ".") == 0) {
		errno = ENOENT;
		return error_set_os(err, ERROR_IO, "cannot make the folder '%s'", path);
	}
	if (directory_make(parent, err) < 0)
		return -err->code;
	if (mkdir(path, 0777) != 0 && !directory_is(path))
		return error_set_os(err, ERROR_IO, "cannot make the folder '%s'", path);
	return 0;
}

static int directory_empty(int fd, const char *path, int depth, struct error *err);

static int directory_remove_one(
	int folder, const char *name, const char *path, int depth, struct error *err)
{
	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_set_os(err, ERROR_IO, "cannot remove '%s'", path);
	int fd = directory_open_at(folder, name, path, err);
	if (fd < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return fd;
		error_clear(err);
		return 0;
	}
	if (directory_empty(fd, path, depth + 1, err) < 0)
		return -err->code;
	if (unlinkat(folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		return error_set_os(err, ERROR_IO, "cannot remove the folder '%s'", path);
	return 0;
}

/* Takes over the descriptor. */
static int directory_empty(int fd, const char *path, int depth, struct error *err)
{
	AUTO_CLOSE int folder = fd;
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	if (depth > DIRECTORY_DEPTH)
		return error_set(err, ERROR_UNSUPPORTED, "'%s' lies more than %d folders deep",
			path, DIRECTORY_DEPTH);
	int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return error_set_os(err, ERROR_IO, "cannot read the folder '%s'", path);
	if (directory_list_open(copy, path, &names, err) < 0)
		return -err->code;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *inner = path_join(path, names.names[i], err);
		if (!inner || directory_remove_one(folder, names.names[i], inner, depth, err) < 0)
			return -err->code;
	}
	return 0;
}

int directory_remove_tree(const char *path, struct error *err)
{
	return directory_remove_one(AT_FDCWD, path, path, 0, err);
}

char *directory_current(struct error *err)
{
	char path[PATH_MAX];
	if (!getcwd(path, sizeof path)) {
		error_set_os(err, ERROR_IO, "cannot tell the present folder");
		return NULL;
	}
	return memory_copy_string(path, err);
}

char *directory_real_path(const char *path, struct error *err)
{
	char real[PATH_MAX];
	if (!realpath(path, real)) {
		error_set_os(err, file_error_code(), "cannot look at '%s'", path);
		return NULL;
	}
	return memory_copy_string(real, err);
}
