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

/* A safe path, and no folder on the way to it is a link: nothing is written through one. */
int import_check_target(
	const struct workspace *workspace, const char *path, struct error *err) MUST_CHECK;

/* Sees to it that git leaves the data to us. repository: around the workspace, or NULL. */
int import_ignore(const struct workspace *workspace, struct repository *repository,
	const char *path, struct error *err) MUST_CHECK;

/* Where contents of DVC come from and go to. */
struct import_take {
	const struct workspace *workspace;
	struct object_store *store;
	const struct dvc_repository *repository;
	const struct event_sink *sink;
	bool probe; /* only look what is there */
};

/* What came of one output. */
struct import_taken {
	struct hash hash; /* of the file, or of the tree */
	uint64_t size, n_files;
	unsigned mode; /* of a file */
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

#endif
