/*
 * folder: one open folder at a time, for walks by several threads.
 *
 * directory_walk() is the simple way, in order. Here the entries come as the system gives them,
 * in no order, with facts only where they are asked for, and the storage is used again for the
 * next folder. No link is followed on the way to a folder, in no part of its path.
 */
#ifndef MLOPS_SYSTEM_FOLDER_H
#define MLOPS_SYSTEM_FOLDER_H

#include "mlops/system/file.h"

/* A descriptor of the folder `path` below `root` ("" or "a/b"), or -code. */
int folder_open_below(int root, const char *path, struct error *err);

/* A descriptor of any folder, to stand as root; a link there is followed. */
int folder_open_root(const char *path, struct error *err);

struct folder_entry {
	const char *name;
	struct file_facts facts; /* kind always; the rest if asked for, and never for a folder */
};
struct folder_entries {
	struct folder_entry *items;
	size_t count, room;
	char *bytes; /* storage behind the names */
	size_t length, capacity;
};
#define FOLDER_ENTRIES_INIT ((struct folder_entries){ .items = NULL })

/*
 * Everything in the open folder but "." and "..", replacing what was in `entries`. What is removed
 * meanwhile is left out. path: for messages.
 */
int folder_read(int fd, const char *path, bool facts, struct folder_entries *entries,
	struct error *err) MUST_CHECK;
void folder_entries_release(struct folder_entries *entries);
AUTO_RELEASE(struct folder_entries, folder_entries_release)

/* A regular file in an open folder, not through a link: a descriptor, or -1 with errno. */
int folder_open_file(int folder, const char *name);

#endif
