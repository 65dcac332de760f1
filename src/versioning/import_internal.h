/*
 * import_internal: what the kinds of import share, and the contents of one output of DVC.
 */
#ifndef MLOPS_VERSIONING_IMPORT_INTERNAL_H
#define MLOPS_VERSIONING_IMPORT_INTERNAL_H

#include "mlops/base/vec.h"
#include "mlops/git/repository.h"
#include "mlops/system/file.h"
#include "mlops/versioning/import.h"
#include "mlops/versioning/stat_cache.h"
#include "mlops/versioning/tree.h"

/*
 * A safe path; no folder on the way to it is a link, for nothing is written through one, or tracked
 * itself.
 */
int import_check_target(
	const struct workspace *workspace, const char *path, struct error *err) MUST_CHECK;

/* Sees to it that git leaves the data to us. */
int import_ignore(const struct workspace *workspace, const char *path,
	const struct event_sink *sink, struct error *err) MUST_CHECK;

/* Is the data, or something of it, in git's index? git: NULL says no. */
int import_is_in_git(const struct workspace *workspace, struct repository *git, const char *path,
	bool *ret, struct error *err) MUST_CHECK;

/* The repository around the workspace; NULL if there is none, or no libgit2. */
int import_open_git(
	const struct workspace *workspace, struct repository **ret, struct error *err) MUST_CHECK;

/* Where contents of DVC come from and go to. */
struct import_take {
	const struct workspace *workspace;
	struct object_store *store;
	const struct dvc_repository *repository;
	const struct event_sink *sink;
	bool probe; /* only look what is there */
	const char *below; /* only this path inside a folder; NULL or "": all of it */
};

/* What came of one output. */
struct import_taken {
	struct hash hash; /* of the file, or of the tree */
	uint64_t size, n_files;
	unsigned mode; /* of a file */
	bool is_file; /* the output, or what is `below`, is a file */
	bool is_link; /* in the workspace it is, or holds, a link */
	bool in_place; /* all of it was read from the workspace: the stat cache may know it */
	bool hostile; /* its listing is unsafe: `missing` says why */
	size_t n_missing;
	struct strbuf missing; /* the first few, for a message */
	VEC(struct stat_entry) entries; /* if in_place; paths are in the arena */
	struct arena arena;
};
#define IMPORT_TAKEN_INIT                                                                          \
	((struct import_taken){                                                                    \
		.missing = STRBUF_INIT, .in_place = true, .arena = ARENA_INIT(2ULL << 30) })
void import_taken_release(struct import_taken *taken);
AUTO_RELEASE(struct import_taken, import_taken_release)

/*
 * Puts the content, verified, into the store. data_path: from the workspace's root. What is not
 * to be had is no error but counted in n_missing; then hash and size mean nothing.
 */
int import_take_output(const struct import_take *take, const struct dvc_output *output,
	const char *data_path, struct import_taken *taken, struct error *err) MUST_CHECK;

/* ---- what comes from elsewhere, on its way to its place ---- */

struct import_content {
	bool folder;
	struct hash hash; /* of the file, or of the tree once it is finished */
	uint64_t size, n_files;
	unsigned mode;
	VEC(struct tree_entry) entries; /* of a folder */
	struct arena arena;
};
#define IMPORT_CONTENT_INIT ((struct import_content){ .arena = ARENA_INIT(2ULL << 30) })
void import_content_release(struct import_content *content);
AUTO_RELEASE(struct import_content, import_content_release)

/* A file of the folder, in the store already. Unsafe paths are ERROR_INVALID. */
int import_content_add(struct import_content *content, const char *path, enum tree_kind kind,
	const struct hash *hash, uint64_t size, struct error *err) MUST_CHECK;
/* The text of a link, which may only name something inside. store NULL: it is only hashed. */
int import_content_add_link(struct import_content *content, struct object_store *store,
	const char *path, const char *text, size_t count, struct error *err) MUST_CHECK;
/* Puts the tree of a folder into the store; store NULL: it is only hashed. */
int import_content_finish(
	struct import_content *content, struct object_store *store, struct error *err) MUST_CHECK;

/* Where it goes. */
struct import_place {
	const struct workspace *workspace;
	struct object_store *store;
	const char *target;
	const char *origin; /* for the report */
	const struct pointer *old; /* what is tracked there; NULL: nothing */
	const struct import_options *options;
};

/*
 * Flushes the store, puts the content into the workspace, and writes the pointer. Texts of the
 * source are borrowed.
 */
int import_put_in_place(const struct import_place *place, const struct import_content *content,
	const struct pointer_source *source, struct error *err) MUST_CHECK;

/* Reports what is tracked and stays so. */
int import_unchanged(const struct import_place *place, struct error *err) MUST_CHECK;
/* Reports, for a dry run, what would be updated. */
int import_changed(const struct import_place *place, struct error *err) MUST_CHECK;

/*
 * The pointer at the target, *ret_has false if there is none. One that is not of this source is
 * ERROR_EXISTS unless forced.
 */
int import_look_at_target(const struct workspace *workspace, const char *target,
	const struct pointer_source *source, const struct import_options *options,
	struct pointer *ret, bool *ret_has, struct error *err) MUST_CHECK;

/* The same for import_url() and import_update(). old: NULL for a new one. */
int import_fetch(const struct import_place *place, const char *url, struct error *err) MUST_CHECK;
int import_fetch_git(const struct import_place *place, const char *url, const char *path,
	const char *revision, struct error *err) MUST_CHECK;

#endif
