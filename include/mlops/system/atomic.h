/*
 * atomic: files that appear whole or not at all.
 *
 *	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
 *	if (atomic_begin(&file, path, NULL, 0644, err) < 0 ||
 *		file_write_all(file.fd, path, bytes, count, err) < 0 ||
 *		atomic_commit(&file, ATOMIC_REPLACE, err) < 0)
 *		return -err->code;
 *
 * begin: a file without a name (O_TMPFILE) on the target's file system, so that nothing is left
 * even of a process that is killed; where the file system has no such files, a temporary one.
 * commit: fsync, give it the target's name, fsync of the folder; after it the content survives a
 * power cut. discard (also after commit, when it does nothing): gives it up.
 *
 * Replacing a file needs a temporary name for the moment between two system calls. Temporaries of
 * this process are removed when it exits and, by signals.h, when a signal ends it. What SIGKILL
 * leaves behind is named ".mlops-tmp-*" after its target and kept locked by its maker, so that the
 * next write of that target and atomic_sweep() can tell leftovers from files in use.
 * A target that is a device or a pipe is written in place, of a link the file that it names is
 * replaced; so "/dev/stdout" does what one expects (not with a temporary_folder).
 * MLOPS_FSYNC=0 skips fsync, MLOPS_TEST_TMPFILE=0 does without O_TMPFILE: for tests only.
 */
#ifndef MLOPS_SYSTEM_ATOMIC_H
#define MLOPS_SYSTEM_ATOMIC_H

#include "mlops/system/file.h"

struct atomic_slot; /* the entry in the list of temporaries */
struct atomic_file {
	int fd; /* write here, and read it back if need be; -1 if closed */
	char *path;
	char *folder; /* of temporaries */
	struct atomic_slot *slot; /* NULL while it has no name */
	bool direct; /* a device or a pipe: written in place */
};
#define ATOMIC_INIT ((struct atomic_file){ .fd = -1 })

/*
 * temporary_folder: where the temporary file lies, on the target's file system; NULL is the
 * target's own folder. The target's folder must exist. mode is less the umask.
 */
int atomic_begin(struct atomic_file *file, const char *path, const char *temporary_folder,
	unsigned mode, struct error *err) MUST_CHECK;

/* Chooses the target late, for a name that depends on the content. */
int atomic_retarget(struct atomic_file *file, const char *path, struct error *err) MUST_CHECK;

enum atomic_mode {
	ATOMIC_REPLACE,
	ATOMIC_NEW, /* ERROR_EXISTS, target untouched, if it is there already */
	ATOMIC_CACHE /* replaces, and is not written to disk: after a power cut it may hold anything */
};
int atomic_commit(struct atomic_file *file, enum atomic_mode mode, struct error *err) MUST_CHECK;
void atomic_discard(struct atomic_file *file);
AUTO_RELEASE(struct atomic_file, atomic_discard)

/* begin, write, commit. */
int atomic_write(const char *path, const void *bytes, size_t count, unsigned mode,
	struct error *err) MUST_CHECK;

/* A copy of the file's content and permission bits, appearing at once. */
int atomic_copy(const char *from, const char *to, struct error *err) MUST_CHECK;

/* Writes the content of an open file to disk. */
int atomic_sync_content(int fd, const char *path, struct error *err) MUST_CHECK;

/* Writes a folder's entries to disk: after renames and removals that must last. */
int atomic_sync_folder(const char *folder, struct error *err) MUST_CHECK;

/* Removes temporaries in the folder whose makers are gone. */
int atomic_sweep(const char *folder, struct error *err) MUST_CHECK;

/* Removes this process's temporaries. Async-signal-safe. */
void atomic_remove_all(void);

#endif
