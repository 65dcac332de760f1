#include "mlops/system/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/system/environment.h"

#define ATOMIC_PREFIX ".mlops-tmp-"

/*
 * One temporary file. Slots are never freed and their paths lie inside, so that a signal handler
 * may walk the list at any moment: `state` is set to used after the path is complete.
 */
struct atomic_slot {
	struct atomic_slot *next; /* set before the slot is published */
	atomic_int state;
	pid_t owner; /* a forked child does not remove its parent's files */
	char path[PATH_MAX];
};
enum { ATOMIC_FREE, ATOMIC_CLAIMED, ATOMIC_USED };

static _Atomic(struct atomic_slot *) atomic_slots;

void atomic_remove_all(void)
{
	int os = errno;
	struct atomic_slot *slot = atomic_load(&atomic_slots);
	for (; slot; slot = slot->next) {
		if (atomic_load(&slot->state) == ATOMIC_USED && slot->owner == getpid())
			unlink(slot->path);
	}
	errno = os;
}

static void atomic_at_exit(void)
{
	atexit(atomic_remove_all); /* if it cannot: atomic_sweep() finds them */
}

static struct atomic_slot *atomic_slot_claim(struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, atomic_at_exit);
	struct atomic_slot *slot = atomic_load(&atomic_slots);
	for (; slot; slot = slot->next) {
		int expected = ATOMIC_FREE;
		if (atomic_compare_exchange_strong(&slot->state, &expected, ATOMIC_CLAIMED))
			return slot;
	}
	slot = memory_allocate(1, sizeof *slot, err);
	if (!slot)
		return NULL;
	slot->state = ATOMIC_CLAIMED;
	slot->next = atomic_load(&atomic_slots);
	while (!atomic_compare_exchange_weak(&atomic_slots, &slot->next, slot)) {
	}
	return slot;
}

static bool atomic_sync_wanted(void)
{
	return !environment_is("MLOPS_FSYNC", "0");
}

static int atomic_random(uint64_t *ret, struct error *err)
{
	ssize_t count;
	do {
		count = getrandom(ret, sizeof *ret, 0);
	} while (count < 0 && errno == EINTR);
	if (count != sizeof *ret)
		return error_set_os(err, ERROR_IO, "cannot get random bytes");
	return 0;
}

static int atomic_temporary_failed(const struct atomic_file *file, struct error *err)
{
	return error_set_os(err, ERROR_IO, "cannot make a temporary file for '%s'", file->path);
}

/*
 * The first name is made from the target's, so that a later write of the same target finds what a
 * killed one has left (FNV-1a; that names may meet does no harm); the others are random.
 */
static int atomic_choose_name(struct atomic_file *file, int attempt, struct error *err)
{
	uint64_t number = 0xcbf29ce484222325u;
	for (const char *at = path_base(file->path); *at; at++)
		number = (number ^ (unsigned char)*at) * 0x100000001b3u;
	if (attempt && atomic_random(&number, err) < 0)
		return -err->code;
	int length = snprintf(file->slot->path, sizeof file->slot->path,
		"%s/" ATOMIC_PREFIX "%016llx", file->folder, (unsigned long long)number);
	if (length < 0 || (size_t)length >= sizeof file->slot->path) {
		errno = ENAMETOOLONG;
		return error_set_os(err, ERROR_IO, "cannot write '%s'", file->path);
	}
	return 0;
}

/* Removes the temporary of that name if nobody holds its lock: its maker is gone. */
static bool atomic_remove_leftover(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && unlink(path) == 0;
}

static bool atomic_link(int fd, const char *path)
{
	char self[64];
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

/* Makes a new file at the slot's path and locks it; false with errno. */
static bool atomic_create(struct atomic_file *file, unsigned mode)
{
	struct stat status;
	file->fd = open(
		file->slot->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
	if (file->fd < 0)
		return false;
	/* Some network file systems cannot lock: then only the sweep knows less. */
	(void)flock(file->fd, LOCK_EX | LOCK_NB);
	/* A sweep that came in between took it for a leftover: another is made. */
	if (fstat(file->fd, &status) == 0 && status.st_nlink > 0)
		return true;
	file_close(&file->fd);
	errno = EEXIST;
	return false;
}

/* Gives the file a temporary name: a new file, or the one open without a name. */
static int atomic_name(struct atomic_file *file, unsigned mode, struct error *err)
{
	file->slot = atomic_slot_claim(err);
	if (!file->slot)
		return -err->code;
	file->slot->owner = getpid();
	for (int attempt = 0; attempt < 100; attempt++) {
		if (atomic_choose_name(file, attempt, err) < 0)
			return -err->code;
		if (attempt == 0)
			(void)atomic_remove_leftover(file->slot->path);
		/* Published first: a signal from now on removes it. */
		atomic_store(&file->slot->state, ATOMIC_USED);
		bool made = file->fd >= 0 ? atomic_link(file->fd, file->slot->path)
					  : atomic_create(file, mode);
		if (made)
			return 0;
		atomic_store(&file->slot->state, ATOMIC_CLAIMED);
		if (errno != EEXIST)
			return atomic_temporary_failed(file, err);
	}
	return atomic_temporary_failed(file, err);
}

/* A file without a name; -1 if there can be none here. */
static int atomic_open_unnamed(const char *folder, unsigned mode)
{
	if (environment_is("MLOPS_TEST_TMPFILE", "0") || access("/proc/self/fd", X_OK) != 0)
		return -1;
	int fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, (mode_t)mode);
	if (fd >= 0)
		(void)flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

/*
 * What a link points to is replaced, not the link; and a device or a pipe is written to, for to
 * replace it would take it away from all others. *ret_path: NULL if the path is as it should be.
 */
static int atomic_look(
	struct atomic_file *file, const char *path, char **ret_path, struct error *err)
{
	struct stat status, link;
	*ret_path = NULL;
	if (stat(path, &status) != 0)
		return 0;
	if (S_ISREG(status.st_mode)) {
		if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode))
			*ret_path = realpath(path, NULL);
		return 0;
	}
	if (S_ISDIR(status.st_mode))
		return error_set(err, ERROR_IO, "cannot write '%s': it is a folder", path);
	file->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	file->direct = file->fd >= 0;
	return file->direct ? 0 : error_set_os(err, ERROR_IO, "cannot write '%s'", path);
}

int atomic_begin(struct atomic_file *file, const char *path, const char *temporary_folder,
	unsigned mode, struct error *err)
{
	*file = ATOMIC_INIT;
	AUTO_FREE char *real = NULL;
	if (!temporary_folder && atomic_look(file, path, &real, err) < 0)
		return -err->code;
	path = real ? real : path;
	file->folder = temporary_folder ? memory_copy_string(temporary_folder, err)
					: path_parent(path, err);
	file->path = file->folder ? memory_copy_string(path, err) : NULL;
	if (file->path && file->direct)
		return 0;
	if (file->path) {
		file->fd = atomic_open_unnamed(file->folder, mode);
		if (file->fd >= 0 || atomic_name(file, mode, err) == 0)
			return 0;
	}
	struct error first = *err;
	atomic_discard(file);
	*err = first;
	return -err->code;
}

int atomic_retarget(struct atomic_file *file, const char *path, struct error *err)
{
	char *copy = memory_copy_string(path, err);
	if (!copy)
		return -err->code;
	memory_free(file->path);
	file->path = copy;
	return 0;
}

int atomic_sync_content(int fd, const char *path, struct error *err)
{
	if (atomic_sync_wanted() && fdatasync(fd) != 0)
		return error_set_os(err, ERROR_IO, "cannot write '%s' to disk", path);
	return 0;
}

int atomic_sync_folder(const char *folder, struct error *err)
{
	if (!atomic_sync_wanted())
		return 0;
	AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_os(err, ERROR_IO, "cannot open the folder '%s'", folder);
	/* EINVAL: a file system that has nothing to write here */
	if (fsync(fd) != 0 && errno != EINVAL)
		return error_set_os(err, ERROR_IO, "cannot write the folder '%s' to disk", folder);
	return 0;
}

static void atomic_slot_release(struct atomic_file *file)
{
	if (file->slot)
		atomic_store(&file->slot->state, ATOMIC_FREE);
	file->slot = NULL;
}

/* False with errno; EEXIST if the target is there. */
static bool atomic_rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	/* File systems without that flag can link, which never replaces. */
	return link(from, to) == 0 && unlink(from) == 0;
}

/* Gives the file the target's name, however it is called now. */
static int atomic_rename(struct atomic_file *file, enum atomic_mode mode, struct error *err)
{
	bool unnamed = !file->slot, done;
	if (unnamed)
		done = atomic_link(file->fd, file->path);
	else if (mode == ATOMIC_NEW)
		done = atomic_rename_new(file->slot->path, file->path);
	else
		done = rename(file->slot->path, file->path) == 0;
	if (!done && unnamed && mode != ATOMIC_NEW && errno == EEXIST) {
		/* A link cannot replace; a name can. */
		if (atomic_name(file, 0, err) < 0)
			return -err->code;
		done = rename(file->slot->path, file->path) == 0;
	}
	if (done)
		return 0;
	if (mode == ATOMIC_NEW && errno == EEXIST)
		return error_set(err, ERROR_EXISTS, "'%s' exists already", file->path);
	return error_set_os(err, ERROR_IO, "cannot write '%s'", file->path);
}

static int atomic_commit_direct(struct atomic_file *file, struct error *err)
{
	int fd = file->fd;
	file->fd = -1;
	if (close(fd) != 0 && errno != EINTR)
		return error_set_os(err, ERROR_IO, "cannot write '%s'", file->path);
	return 0;
}

int atomic_commit(struct atomic_file *file, enum atomic_mode mode, struct error *err)
{
	if (file->fd < 0)
		BUG("atomic_commit() without atomic_begin()");
	if (file->direct)
		return atomic_commit_direct(file, err);
	AUTO_FREE char *folder = path_parent(file->path, err);
	if (!folder)
		return -err->code;
	bool synced = mode != ATOMIC_CACHE && atomic_sync_wanted();
	if (synced && fsync(file->fd) != 0)
		return error_set_os(err, ERROR_IO, "cannot write '%s' to disk", file->path);
	if (atomic_rename(file, mode, err) < 0)
		return -err->code;
	atomic_slot_release(file);
	int fd = file->fd;
	file->fd = -1;
	/* Network file systems may tell only now that the disk is full. */
	if (close(fd) != 0 && errno != EINTR)
		return error_set_os(err, ERROR_IO, "cannot write '%s'", file->path);
	return synced ? atomic_sync_folder(folder, err) : 0;
}

void atomic_discard(struct atomic_file *file)
{
	if (file->slot && atomic_load(&file->slot->state) == ATOMIC_USED)
		unlink(file->slot->path);
	atomic_slot_release(file);
	file_close(&file->fd);
	memory_free(file->path);
	memory_free(file->folder);
	file->path = file->folder = NULL;
}

int atomic_write(
	const char *path, const void *bytes, size_t count, unsigned mode, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	if (atomic_begin(&file, path, NULL, mode, err) < 0 ||
		file_write_all(file.fd, path, bytes, count, err) < 0)
		return -err->code;
	return atomic_commit(&file, ATOMIC_REPLACE, err);
}

int atomic_copy(const char *from, const char *to, struct error *err)
{
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	struct file_facts facts;
	AUTO_CLOSE int fd = file_open(from, err);
	if (fd < 0 || file_facts_of(fd, from, &facts, err) < 0 ||
		atomic_begin(&file, to, NULL, 0600, err) < 0 ||
		file_copy_descriptor(fd, file.fd, from, to, err) < 0)
		return -err->code;
	if (fchmod(file.fd, facts.mode & 0777) != 0)
		return error_set_os(err, ERROR_IO, "cannot set the mode of '%s'", to);
	return atomic_commit(&file, ATOMIC_REPLACE, err);
}

int atomic_sweep(const char *folder, struct error *err)
{
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	if (directory_list(folder, &names, err) < 0)
		return -err->code;
	for (size_t i = 0; i < names.count; i++) {
		if (strncmp(names.names[i], ATOMIC_PREFIX, strlen(ATOMIC_PREFIX)) != 0)
			continue;
		AUTO_FREE char *path = path_join(folder, names.names[i], err);
		if (!path)
			return -err->code;
		/* One that cannot be removed is no reason to stop anybody's work. */
		(void)atomic_remove_leftover(path);
	}
	return 0;
}
