/*
 * add: data are put into the store, and pointers written beside them.
 *
 * Order: everything is looked at, then read and put, then the store is flushed; then the pointers
 * are written, each at once, then the lines of .gitignore and the stat caches. So a pointer never
 * names what is not on disk, and an add that is stopped or killed at any moment leaves all
 * pointers as they were, or some of them new; doing it again completes it. Data are never moved,
 * linked or changed, so it does not matter whether they have hard links.
 *
 * Several processes may add at once; of the same path the last one's pointer stays.
 */
#ifndef MLOPS_VERSIONING_ADD_H
#define MLOPS_VERSIONING_ADD_H

#include "mlops/base/event.h"
#include "mlops/store/object.h"
#include "mlops/versioning/pointer.h"

struct add_options {
	bool dry_run; /* looks, and reads nothing */
	const char *command; /* for who waits for the lock: "mlops add" */
	const struct event_sink *sink;
};

enum add_state { ADD_NEW, ADD_CHANGED, ADD_UNCHANGED };
const char *add_state_name(enum add_state state); /* "new", … */

struct add_result {
	char *path; /* of the data, from the workspace's root */
	enum add_state state; /* of the pointer; of a dry run what can be told without reading */
	enum pointer_kind kind;
	struct hash hash; /* zeroes in a dry run, unless unchanged */
	uint64_t size, n_files;
	size_t n_added, n_changed, n_removed; /* files, against the version before */
	uint64_t bytes_read; /* of a dry run: that would be read */
	char *ignore_file; /* the .gitignore that got a line; or NULL */
};
struct add_results {
	struct add_result *items; /* by path */
	size_t count;
	bool in_git;
};
void add_results_release(struct add_results *results);
AUTO_RELEASE(struct add_results, add_results_release)

/*
 * paths: of the data, from the root, as add_resolve() gives them. Refused with the remedy, and
 * before anything is read: what git tracks, a path below tracked data or above them, links,
 * devices and links that lead outside, what .mlopsignore names, other repositories, a pointer that
 * git would leave out.
 */
int add_data(const struct workspace *workspace, struct object_store *store,
	const char *const *paths, size_t count, const struct add_options *options,
	struct add_results *ret, struct error *err) MUST_CHECK;

/*
 * What a user has typed, as paths from the workspace's root: sorted, each once, none inside
 * another. folder: where he is, absolute. A name that is not there is taken as a pattern
 * (gitignore's signs; hidden files only by a part that begins with a dot; pointers never), which
 * must match something: ERROR_NOT_FOUND. Outside the workspace, or in .git or .mlops, is
 * ERROR_USAGE.
 */
struct add_paths {
	char **items;
	size_t count;
};
int add_resolve(const struct workspace *workspace, const char *folder, const char *const *names,
	size_t count, struct add_paths *ret, struct error *err) MUST_CHECK;
void add_paths_release(struct add_paths *paths);
AUTO_RELEASE(struct add_paths, add_paths_release)

#endif
