/*
 * stat_cache: what the file system said of files whose content is known, so that files which did
 * not change are never read again.
 *
 * One file for each tracked path, .mlops/cache/<16 digits>.stat, binary, with a check sum at its
 * end; it is only a cache: one that is missing or damaged is an empty one, and it is replaced as a
 * whole. Entries are grouped by folder and sorted, so that a walk in parallel looks up one folder
 * at a time, and nothing is allocated for an entry.
 *
 * A file is clean if kind, size, mode, inode, modification and change time are as in the entry,
 * and both times are older than `since` by more than STAT_CACHE_RACY. `since` is a moment, by the
 * file system's own clock, after which every entry's content was read: a file that changed later
 * than that, but within the same tick as the change before, looks the same although its content is
 * another, so it is read (git's racy-clean rule; git compares with the end of its `add`, which
 * leaves a gap while a long one runs).
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
bool stat_cache_is_stored(const struct stat_cache *cache); /* was all of it in the store? */

/* The content's hash; NULL: no entry, or the file may have changed. */
const struct hash *stat_cache_clean(
	const struct stat_cache *cache, const char *path, const struct file_facts *facts);

/* The content's hash when the cache was saved, whatever became of the file since; or NULL. */
const struct hash *stat_cache_known(const struct stat_cache *cache, const char *path);

/*
 * A folder's entries, for a walk: index first .. first + count - 1, by name. folder: "" for the
 * tracked folder itself (and for a tracked file, whose name is ""). False: there are none.
 */
struct stat_cache_folder {
	size_t number, first, count; /* number: of the folder, less than stat_cache_folders() */
};
size_t stat_cache_folders(const struct stat_cache *cache);
size_t stat_cache_first(const struct stat_cache *cache, size_t folder);
bool stat_cache_folder(
	const struct stat_cache *cache, struct text folder, struct stat_cache_folder *ret);
size_t stat_cache_find(const struct stat_cache *cache, const struct stat_cache_folder *folder,
	const char *name); /* SIZE_MAX: none of that name */
bool stat_cache_is_clean(
	const struct stat_cache *cache, size_t index, const struct file_facts *facts);
const struct hash *stat_cache_hash(const struct stat_cache *cache, size_t index);
struct file_facts stat_cache_facts(const struct stat_cache *cache, size_t index);

/*
 * The entries of one folder by name, or of all, folder by folder. The entry's path lives until
 * visit returns. Stops at and returns the first result that is not 0.
 */
typedef int stat_cache_visit(void *context, const struct stat_entry *entry, struct error *err);
int stat_cache_each_in(const struct stat_cache *cache, size_t folder, stat_cache_visit *visit,
	void *context, struct error *err) MUST_CHECK;
int stat_cache_each(const struct stat_cache *cache, stat_cache_visit *visit, void *context,
	struct error *err) MUST_CHECK;

/* Now, by the clock of the workspace's file system, for `since`. */
int stat_cache_clock(const struct workspace *workspace, int64_t *ret, struct error *err) MUST_CHECK;

/*
 * Entries in any order, their content read or written after `since` (stat_cache_clock() before the
 * first of them), or clean in the cache that this one replaces. They are all that the whole has;
 * one whose facts are all 0 is never clean. All of it is in the store; after
 * stat_cache_save_seen() perhaps not, it was only looked at. Not synced: it is a cache.
 */
int stat_cache_save(const struct workspace *workspace, const char *data_path,
	const struct hash *whole, int64_t since, const struct stat_entry *entries, size_t count,
	struct error *err) MUST_CHECK;
int stat_cache_save_seen(const struct workspace *workspace, const char *data_path,
	const struct hash *whole, int64_t since, const struct stat_entry *entries, size_t count,
	struct error *err) MUST_CHECK;
int stat_cache_remove(
	const struct workspace *workspace, const char *data_path, struct error *err) MUST_CHECK;

#endif
