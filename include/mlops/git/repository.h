/*
 * repository: what git knows about the code of a run.
 *
 * libgit2 is loaded on first use (ERROR_MISSING says how to get it). No program is run: hooks,
 * external diff drivers and filter processes that a hostile repository may name stay unused, and
 * nothing in the repository is changed but by repository_ignore(). A repository that another user
 * owns is refused as git does (ERROR_IO with the remedy).
 *
 * Whatever stands in the way of rebuilding the code later (no commit yet, shallow history, a dirty
 * submodule, a patch over the cap, untracked files) is said in repository_state.lost.
 */
#ifndef MLOPS_GIT_REPOSITORY_H
#define MLOPS_GIT_REPOSITORY_H

#include "mlops/base/strbuf.h"

struct repository;

/* Looks in `from` and its parents. None is ERROR_NOT_FOUND, a bare one ERROR_UNSUPPORTED. */
int repository_open(const char *from, struct repository **ret, struct error *err) MUST_CHECK;
void repository_close(struct repository *repository);
AUTO_FREE_OF(struct repository, repository_close)

const char *repository_root(
	const struct repository *repository); /* absolute, no slash at the end */

enum { REPOSITORY_COMMIT_SIZE = 65 }; /* 40 hex digits (64 with SHA-256) and NUL */

struct repository_state {
	char commit[REPOSITORY_COMMIT_SIZE]; /* "" before the first commit */
	char *branch; /* "main"; NULL if HEAD is detached */
	char *remote; /* URL of origin or else of the branch's remote, without user and password; or NULL */
	char *describe; /* "v1.2-3-g9c27e55", or the short commit; NULL without a commit */
	bool unborn, detached, shallow, worktree;
	bool dirty; /* tracked files differ from HEAD, in the index or on disk */
	size_t n_changed;
	struct strbuf
		patch; /* of all tracked changes against HEAD, binary ones too; `git apply` takes it */
	char **untracked; /* paths from the root, neither tracked nor ignored, sorted; a folder that
	                        holds only such files is opened up */
	size_t n_untracked;
	char *lost; /* sentences, one a line, or NULL if everything can be rebuilt */
};

/* Bytes over which the patch, and files over which untracked ones, are left out (said in `lost`). */
enum { REPOSITORY_PATCH_CAP = 64 << 20, REPOSITORY_UNTRACKED_CAP = 10000 };

int repository_state(
	struct repository *repository, struct repository_state *ret, struct error *err) MUST_CHECK;
void repository_state_release(struct repository_state *state);
AUTO_RELEASE(struct repository_state, repository_state_release)

/* Is the path (from the root, or absolute inside it) ignored? */
int repository_is_ignored(
	struct repository *repository, const char *path, bool *ret, struct error *err) MUST_CHECK;

/* The commit that a revision of git ("HEAD~2", "v1.0", "main", a prefix) names; or NOT_FOUND. */
int repository_resolve(struct repository *repository, const char *revision,
	char ret_commit[REPOSITORY_COMMIT_SIZE], struct error *err) MUST_CHECK;

/* Appends the pattern as a line of the root's .gitignore unless it stands there already. */
int repository_ignore(
	struct repository *repository, const char *pattern, struct error *err) MUST_CHECK;

/* A URL without user, password, query and fragment: the one way a URL gets into the record. */
char *repository_url_without_secrets(const char *url, struct error *err) MUST_CHECK;

/* Calls visit with the root (absolute, without links) of every working tree, this one's too. */
typedef int repository_tree(void *context, const char *root, struct error *err);
int repository_trees(struct repository *repository, repository_tree *visit, void *context,
	struct error *err) MUST_CHECK;

bool repository_library_present(void); /* for `mlops doctor` */
int repository_library_version(struct strbuf *buffer, struct error *err) MUST_CHECK;

#endif
