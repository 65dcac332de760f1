/*
 * stat_cache: what the file system said of files whose content is known, so that files which did
 * not change are never read again.
 *
 * One file for each tracked path, .mlops/cache/<16 digits>.stat, binary, with a check sum at its
 * end; it is only a cache: one that is missing or damaged is an empty one, and it is replaced as a
 * whole. Entries are grouped by folder and sorted, so that a walk in parallel looks up one folder
 * at a time.
 *
 * A file is clean if size, mode, inode, modification and change time are as in the entry, and the
 * modification is older than the cache itself by more than STAT_CACHE_RACY: one that changed while
 * the cache was made may look the same although its content is another (git's racy-clean rule), so
 * it is read.
 */
#ifndef MLOPS_VERSIONING_STAT_CACHE_H
#define MLOPS_VERSIONING_STAT_CACHE_H

#include "mlops/store/workspace.h"
#include "mlops/system/file.h"
#include "mlops/system/hash.h"

enum { STAT_CACHE_RACY = 20000000 }; /* nanoseconds: coarser than any file system's clock tick */

struct stat_entry {
	const char *path; /* below the tracked path; "" for a tracked file itself */
	struct file_facts facts;
	struct hash hash; /* of the content; of a link, of its text */
};

struct stat_cache;

/* data_path: of the tracked file or folder, from the workspace's root. */
int stat_cache_load(const struct workspace *workspace, const char *data_path,
	struct stat_cache **ret, struct error *err) MUST_CHECK;
void stat_cache_free(struct stat_cache *cache);
AUTO_FREE_OF(struct stat_cache, stat_cache_free)

/* The hash of the file or tree as a whole when the cache was saved; false if it is empty. */
bool stat_cache_whole(const struct stat_cache *cache, struct hash *ret);
size_t stat_cache_count(const struct stat_cache *cache);

/* NULL: no entry, or the file may have changed. */
const struct stat_entry *stat_cache_clean(
	const struct stat_cache *cache, const char *path, const struct file_facts *facts);

/* Entries in any order. Not synced: it is a cache. */
int stat_cache_save(const struct workspace *workspace, const char *data_path,
	const struct hash *whole, const struct stat_entry *entries, size_t count,
	struct error *err) MUST_CHECK;
int stat_cache_remove(
	const struct workspace *workspace, const char *data_path, struct error *err) MUST_CHECK;

#endif
