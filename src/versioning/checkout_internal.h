/*
 * checkout_internal: what the parts of a checkout share.
 *
 *	checkout.c         the order of things, and what the caller hears
 *	checkout_batch.c   many paths, and the stat cache of what was written
 *	checkout_look.c    what is there, and what is to be done with it
 *	checkout_write.c   doing it
 *	checkout_folder.c  folders, opened without following links
 */
#ifndef MLOPS_VERSIONING_CHECKOUT_INTERNAL_H
#define MLOPS_VERSIONING_CHECKOUT_INTERNAL_H

#include "mlops/versioning/checkout.h"
#include "mlops/versioning/stat_cache.h"
#include "mlops/versioning/tree.h"

enum checkout_state {
	CHECKOUT_KEEP, /* as it should be; facts are what was seen */
	CHECKOUT_WRITE,
	CHECKOUT_REMOVE,
	CHECKOUT_GONE, /* was to be removed, and is not there */
	CHECKOUT_REFUSED,
	CHECKOUT_OUTSIDE /* not asked for; facts are zero unless it is known to be clean */
};

struct checkout_item {
	const struct tree_entry *entry; /* of the new listing; of the old one if `old` */
	enum checkout_state state;
	bool old; /* only the version before has it */
	bool missing; /* to be written, but not in the store */
	bool unsure; /* read so soon after it changed that it may change again unseen */
	struct file_facts facts;
};

/*
 * One listing and the folder that its paths start from: the tracked folder, or the folder around a
 * tracked file.
 */
struct checkout {
	struct checkout_batch *batch;
	const struct workspace *workspace;
	struct object_store *store;
	const struct checkout_options *options;
	const char *only; /* or NULL */
	const char *data_path;
	const char *base_path; /* from the root; "" is the root itself */
	bool is_file; /* a tracked file: the one entry is its name, in the cache it is "" */
	unsigned file_mode; /* of it; 0: by the kind of entry */
	struct stat_cache *cache; /* may be NULL */
	const struct tree *new_tree, *old_tree; /* the old one may be NULL */
	struct checkout_item *items;
	size_t n_items, n_new; /* new ones first */
	int base; /* the folder; -1: it is not there */
	int stage; /* where files are written first */
	bool fresh; /* the base is new, and out of sight: files are written in place */
	int64_t since; /* the clock before anything was read */
	uint64_t bytes_read;
};

/* ---- checkout_batch.c ---- */

/*
 * The new items are what the data are now. settled: nothing was written, so the cache may be saved
 * at once; else when the batch ends.
 */
int checkout_batch_keep(struct checkout *checkout, const struct hash *whole, bool settled,
	struct error *err) MUST_CHECK;

/* One path. */
int checkout_one(struct checkout *checkout, const struct pointer *pointer,
	struct checkout_summary *summary, struct error *err) MUST_CHECK;

/* ---- checkout_folder.c ---- */

/* What stands where a folder is needed. */
enum checkout_folder { CHECKOUT_FOLDER_THERE, CHECKOUT_FOLDER_MISSING, CHECKOUT_FOLDER_BLOCKED };

/*
 * Opens the folder at the first `length` bytes of path below `base`, each on the way without
 * following links. make: missing ones are made; unblock too: what is no folder is removed.
 * *ret_fd is -1 unless it is there; *ret_blocked the length of the part that is no folder.
 */
struct checkout_way {
	bool make, unblock;
};
int checkout_folder_open(int base, const char *path, size_t length, struct checkout_way way,
	int *ret_fd, enum checkout_folder *ret_state, size_t *ret_blocked,
	struct error *err) MUST_CHECK;

/* The folder that was opened last, since neighbours in a listing mostly share it. */
struct checkout_cursor {
	int base, fd;
	struct strbuf path;
	bool opened;
	enum checkout_folder state;
	size_t blocked;
};
void checkout_cursor_begin(struct checkout_cursor *cursor, int base);
void checkout_cursor_end(struct checkout_cursor *cursor);
AUTO_RELEASE(struct checkout_cursor, checkout_cursor_end)

/* The folder of the file at `path`, and the file's name in it. */
int checkout_cursor_enter(struct checkout_cursor *cursor, const char *path, struct checkout_way way,
	const char **ret_name, struct error *err) MUST_CHECK;

/*
 * A private, empty folder on the file system of `beside` (an open folder, at path `beside_path`
 * from the root). What an interrupted checkout left in its place is removed.
 */
struct checkout_stage {
	int fd;
	char *path; /* absolute */
};
int checkout_stage_make(const struct checkout *checkout, int beside, const char *beside_path,
	struct checkout_stage *ret, struct error *err) MUST_CHECK;
void checkout_stage_release(struct checkout_stage *stage); /* removes it */
AUTO_RELEASE(struct checkout_stage, checkout_stage_release)

/* ---- checkout_look.c ---- */

/* Lists the items and says of each what is to be done; nothing is written. */
int checkout_look(struct checkout *checkout, struct error *err) MUST_CHECK;

/* The path under which the stat cache knows an entry. */
const char *checkout_cache_path(const struct checkout *checkout, const struct tree_entry *entry);

/*
 * May the file `name` in an open folder be replaced: is its content in the store? Read unless the
 * cache knows it as `cached`.
 */
int checkout_is_kept(struct checkout *checkout, int folder, const char *name, const char *cached,
	const struct file_facts *facts, bool *ret, struct error *err) MUST_CHECK;

/* ---- checkout_write.c ---- */

/* Is what is to be written in the store, and as long as the listing says? Marks what lacks. */
int checkout_check_objects(struct checkout *checkout, struct error *err) MUST_CHECK;

/*
 * Writes all contents: in place if the base is fresh, else in the stage, where each has the number
 * of its item for a name. So a full disk is noticed before anything is touched.
 */
int checkout_write(struct checkout *checkout, struct error *err) MUST_CHECK;

/* Removes what is to be removed, and folders that become empty. */
int checkout_remove(struct checkout *checkout, struct error *err) MUST_CHECK;

/* Renames from the stage into place; facts are those of the new files. */
int checkout_place(struct checkout *checkout, struct error *err) MUST_CHECK;

#endif
