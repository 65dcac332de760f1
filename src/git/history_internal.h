/*
 * history_internal: trees walked for files of one suffix, and the places where git remembers
 * commits.
 */
#ifndef MLOPS_GIT_HISTORY_INTERNAL_H
#define MLOPS_GIT_HISTORY_INTERNAL_H

#include "mlops/base/vec.h"
#include "mlops/git/history.h"
#include "mlops/system/hash_set.h"
#include "repository_internal.h"

/* One walk. With seen_trees a tree that was walked at the same path is not walked again. */
struct history_walk {
	struct repository *repository;
	const struct git_calls *git;
	git_odb *odb;
	const char *suffix;
	size_t suffix_length;
	history_place_visit *visit;
	void *context;
	const char *where;
	struct strbuf path;
	bool once; /* use what follows */
	struct hash_set at_path; /* trees and files, with their path */
	struct hash_set trees; /* by their own name: at how many paths, or HISTORY_BARREN */
	struct hash_set commits;
	struct hash_set shallow; /* commits whose parents are not here */
	VEC(git_oid) stack; /* commits to go */
};
#define HISTORY_BARREN UINT32_MAX /* no such file in it */
enum { HISTORY_PATH_LONGEST = 4095 };

int history_walk_begin(struct history_walk *walk, struct repository *repository, const char *suffix,
	history_place_visit *visit, void *context, struct error *err) MUST_CHECK;
void history_walk_end(struct history_walk *walk);
AUTO_RELEASE(struct history_walk, history_walk_end)

int history_walk_tree(struct history_walk *walk, const git_oid *tree, bool *ret_found,
	struct error *err) MUST_CHECK;
int history_walk_index(struct history_walk *walk, git_index *index, struct error *err) MUST_CHECK;
/* A file of the walk's suffix, or not; shows it. */
int history_walk_file(struct history_walk *walk, const git_oid *blob, struct error *err) MUST_CHECK;

/* Appends the content of a blob. ERROR_CORRUPT if it is missing. */
int history_blob(struct history_walk *walk, const git_oid *blob, const char *path,
	struct strbuf *buffer, struct error *err) MUST_CHECK;

/*
 * Calls visit for every object name that a folder of git's holds (references, reflogs, HEAD and the
 * like). strong: git promises that the object is there.
 */
typedef int tips_visit(
	void *context, const char *file, const char *hex, bool strong, struct error *err);
int tips_each(const char *folder, tips_visit *visit, void *context, struct error *err) MUST_CHECK;

#endif
