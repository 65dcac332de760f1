/* Folders on the way to a file, opened one by one so that none is a link. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkout_internal.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, FOLDER_NAME = 256 };

/* One step down. -1 with errno ENOENT or ENOTDIR: there is none, or something else. */
static int folder_step(int parent, const char *name, struct checkout_way way)
{
	int fd = openat(parent, name, FOLDER_FLAGS);
	if (fd < 0 && errno == ELOOP)
		errno = ENOTDIR;
	if (fd < 0 && errno == ENOTDIR && way.unblock) {
		/* If that fails because another thread did it and made the folder, well. */
		(void)unlinkat(parent, name, 0);
		errno = ENOENT;
	}
	if (fd >= 0 || errno != ENOENT || !way.make)
		return fd;
	if (mkdirat(parent, name, 0777) != 0 && errno != EEXIST)
		return -1;
	return openat(parent, name, FOLDER_FLAGS);
}

int checkout_folder_open(int base, const char *path, size_t length, struct checkout_way way,
	int *ret_fd, enum checkout_folder *ret_state, size_t *ret_blocked, struct error *err)
{
	char name[FOLDER_NAME];
	*ret_fd = -1;
	*ret_state = CHECKOUT_FOLDER_THERE;
	*ret_blocked = 0;
	AUTO_CLOSE int at = openat(base, ".", FOLDER_FLAGS);
	if (at < 0)
		return error_set_os(err, ERROR_IO, "cannot open the folder of '%s'", path);
	for (size_t start = 0; start < length;) {
		size_t end = start;
		while (end < length && path[end] != '/')
			end++;
		if (end - start >= sizeof name)
			return error_set(err, ERROR_INVALID, "a name in '%s' is too long", path);
		memcpy(name, path + start, end - start);
		name[end - start] = '\0';
		int next = folder_step(at, name, way);
		if (next < 0 && errno == ENOENT && !way.make) {
			*ret_state = CHECKOUT_FOLDER_MISSING;
			return 0;
		}
		if (next < 0 && (errno == ENOTDIR || errno == ELOOP)) {
			*ret_state = CHECKOUT_FOLDER_BLOCKED;
			*ret_blocked = end;
			return 0;
		}
		if (next < 0)
			return error_set_os(
				err, ERROR_IO, "cannot open the folder '%.*s'", (int)end, path);
		file_close(&at);
		at = next;
		start = end + 1;
	}
	*ret_fd = at;
	at = -1;
	return 0;
}

void checkout_cursor_begin(struct checkout_cursor *cursor, int base)
{
	*cursor = (struct checkout_cursor){ .base = base, .fd = -1, .path = STRBUF_INIT };
}

void checkout_cursor_end(struct checkout_cursor *cursor)
{
	file_close(&cursor->fd);
	strbuf_release(&cursor->path);
}

int checkout_cursor_enter(struct checkout_cursor *cursor, const char *path, struct checkout_way way,
	const char **ret_name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	*ret_name = slash ? slash + 1 : path;
	if (cursor->opened && cursor->path.length == length &&
		memcmp(cursor->path.text, path, length) == 0)
		return 0;
	cursor->opened = false;
	file_close(&cursor->fd);
	strbuf_clear(&cursor->path);
	strbuf_add_bytes(&cursor->path, path, length);
	if (strbuf_check(&cursor->path, err) < 0 ||
		checkout_folder_open(cursor->base, path, length, way, &cursor->fd, &cursor->state,
			&cursor->blocked, err) < 0)
		return -err->code;
	cursor->opened = true;
	return 0;
}

/* ".mlops/tmp" unless that is on another file system than the data: then beside them. */
static char *stage_path(
	const struct checkout *checkout, int beside, const char *beside_path, struct error *err)
{
	struct file_facts here, there;
	struct hash hash;
	char name[HASH_TEXT_SIZE];
	hash_bytes(checkout->data_path, strlen(checkout->data_path), &hash);
	hash_format(&hash, name);
	if (file_facts_of(beside, beside_path, &here, err) < 0 ||
		file_facts_followed(checkout->workspace->temporary, &there, err) < 0)
		return NULL;
	if (here.device == there.device)
		return memory_format(
			err, "%s/checkout-%.16s", checkout->workspace->temporary, name);
	return memory_format(err, "%s/%s%s.mlops-tmp-checkout-%.16s", checkout->workspace->root,
		beside_path, beside_path[0] ? "/" : "", name);
}

int checkout_stage_make(const struct checkout *checkout, int beside, const char *beside_path,
	struct checkout_stage *ret, struct error *err)
{
	*ret = (struct checkout_stage){ .fd = -1 };
	AUTO(checkout_stage_release)
	struct checkout_stage stage = { .fd = -1,
		.path = stage_path(checkout, beside, beside_path, err) };
	if (!stage.path || directory_remove_tree(stage.path, err) < 0)
		return -err->code;
	if (mkdir(stage.path, 0700) != 0)
		return error_set_os(err, ERROR_IO, "cannot make the folder '%s'", stage.path);
	stage.fd = open(stage.path, FOLDER_FLAGS);
	if (stage.fd < 0)
		return error_set_os(err, ERROR_IO, "cannot open the folder '%s'", stage.path);
	*ret = stage;
	stage = (struct checkout_stage){ .fd = -1 };
	return 0;
}

void checkout_stage_release(struct checkout_stage *stage)
{
	struct error ignored = ERROR_INIT; /* the next checkout removes what stays */
	file_close(&stage->fd);
	if (stage->path && directory_remove_tree(stage->path, &ignored) < 0)
		error_clear(&ignored);
	memory_free(TAKE(stage->path));
}
