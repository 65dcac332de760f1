/*
 * dvc: reading what a DVC repository tracks: its .dvc files, dvc.lock, folder listings and cache.
 *
 * Written against DVC 3.67 and the caches that DVC 1 and 2 left behind. Nothing of DVC is run and
 * nothing of its files is changed. All of it is outside data: paths must be safe in the sense of
 * versioning/pointer.h and stay inside the repository, contents count only if their MD5 is the one
 * that names them.
 *
 *	NAME.dvc       outs: [{path, md5, size, nfiles, hash, isexec, cache, …}], wdir, and of imports
 *	               deps and frozen
 *	dvc.lock       stages: {NAME: {outs: [{path, md5, size, …}]}}; which of them are not cached
 *	               stands in dvc.yaml beside it
 *	CACHE/files/md5/AB/REST     a file named by its MD5, or with ".dir" a listing (JSON)
 *	CACHE/AB/REST               the same before DVC 3: named by "md5-dos2unix", the MD5 of the
 *	                            file with CRLF made LF if it looks like text
 */
#ifndef MLOPS_VERSIONING_DVC_H
#define MLOPS_VERSIONING_DVC_H

#include "mlops/base/arena.h"
#include "mlops/base/event.h"
#include "mlops/system/hash.h"
#include "mlops/versioning/pointer.h"

enum {
	DVC_FILE_MOST = 8 << 20, /* bytes of a .dvc file, dvc.yaml or config */
	DVC_LISTING_MOST = 1 << 30 /* bytes of a listing, and of the memory that it takes */
};

/* How contents are named. */
struct dvc_name {
	struct md5_digest md5;
	bool folder; /* names a listing */
	bool dos2unix; /* the hash before DVC 3 */
};

/* One tracked path. Texts live in the arena of struct dvc_outputs. */
struct dvc_output {
	const char *path; /* from the repository's root */
	const char *file; /* in which it stands, from the root: "data.csv.dvc", "dvc.lock" */
	const char *stage; /* of dvc.lock; NULL in a .dvc file */
	struct dvc_name name;
	uint64_t size; /* UINT64_MAX: not told */
	bool executable;
	bool cached; /* false: `cache: false`, git has it */
	const char *unusable; /* why it cannot be taken (kept elsewhere, no MD5), or NULL */
	bool has_source; /* an import of DVC's own */
	struct pointer_source source; /* its texts are in the arena: not to be released */
};
struct dvc_outputs {
	struct dvc_output *items;
	size_t count, capacity;
	struct arena arena;
};
#define DVC_OUTPUTS_INIT ((struct dvc_outputs){ .arena = ARENA_INIT(256 << 20) })
void dvc_outputs_release(struct dvc_outputs *outputs);
AUTO_RELEASE(struct dvc_outputs, dvc_outputs_release)

/*
 * Appends what a .dvc file tracks. file: its path from the repository's root, which names it in
 * messages too. ERROR_INVALID, with the line, if any path in it is unsafe or its form is wrong;
 * then nothing was appended.
 */
int dvc_read_file(const char *file, struct text bytes, struct dvc_outputs *outputs,
	struct error *err) MUST_CHECK;

/*
 * The same of a dvc.lock. pipeline: the text of the dvc.yaml beside it, or the empty text; what it
 * says of `cache` counts if it can be read and no template stands in the way.
 */
int dvc_read_lock(const char *file, struct text bytes, struct text pipeline,
	struct dvc_outputs *outputs, struct error *err) MUST_CHECK;

/* A folder's listing. */
struct dvc_listed {
	const char *path;
	struct md5_digest md5;
};
struct dvc_listing {
	struct dvc_listed *items; /* by bytes of the path */
	size_t count;
	struct arena arena;
};
void dvc_listing_release(struct dvc_listing *listing);
AUTO_RELEASE(struct dvc_listing, dvc_listing_release)

/*
 * Refuses unsafe paths, doubles, a file that is a folder of another, and unknown forms with
 * ERROR_INVALID. Entries in any order.
 */
int dvc_read_listing(
	const char *name, struct text bytes, struct dvc_listing *ret, struct error *err) MUST_CHECK;

/*
 * The text that DVC names a folder by: sorted by path (by code points, which are the bytes of
 * UTF-8), as Python's json module writes it. Items must be sorted.
 */
int dvc_format_listing(const struct dvc_listed *items, size_t count, struct strbuf *buffer,
	struct error *err) MUST_CHECK;

/* A repository on this machine. */
struct dvc_repository {
	char *root; /* absolute: the folder that holds .dvc */
	char *cache; /* absolute: cache.dir of .dvc/config.local or .dvc/config, else .dvc/cache */
	bool has_ignore; /* a .dvcignore with rules in it */
};

/* Looks in `from` and its parents. None is ERROR_NOT_FOUND. */
int dvc_repository_open(const char *from, struct dvc_repository *ret, struct error *err) MUST_CHECK;
void dvc_repository_release(struct dvc_repository *repository);
AUTO_RELEASE(struct dvc_repository, dvc_repository_release)

/*
 * Everything that the .dvc and dvc.lock files of the working folder track, by path. Files that
 * cannot be read so are left out: each goes to `refused`, and the others are read all the same.
 * Folders of .git, .mlops, .dvc, of other repositories inside, and those that git ignores are not
 * entered.
 */
typedef void dvc_refused(void *context, const char *file, const struct error *why);
int dvc_collect(const struct dvc_repository *repository, struct dvc_outputs *outputs,
	dvc_refused *refused, void *context, struct error *err) MUST_CHECK;

/*
 * Where the cache has it: a path, or NULL with no error set. What lies there is not verified.
 */
char *dvc_cache_find(
	const struct dvc_repository *repository, const struct dvc_name *name, struct error *err);

/*
 * Does the file hold what the name says? *ret_facts are those of the file that was read.
 * ERROR_CORRUPT: it does not. Reads the whole file.
 */
struct file_facts;
int dvc_verify(const char *path, const struct dvc_name *name, struct file_facts *ret_facts,
	struct error *err) MUST_CHECK;

/* Both names of a file's content, in one pass. */
int dvc_digest(int fd, const char *path, struct md5_digest *ret_md5,
	struct md5_digest *ret_dos2unix, struct error *err) MUST_CHECK;

/* The listing of a folder from the cache, verified; ERROR_NOT_FOUND if it is not there. */
int dvc_load_listing(const struct dvc_repository *repository, const struct dvc_name *name,
	struct dvc_listing *ret, struct error *err) MUST_CHECK;

#endif
