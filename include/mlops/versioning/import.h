/*
 * import: data from elsewhere, tracked here: from a URL, from a path in another git repository, or
 * all that a DVC repository tracks.
 *
 * What arrives is complete and verified before anything in the workspace changes; then it appears
 * at its place at once and is tracked as `mlops add` does, with `source` in its pointer. Killed in
 * between, the same import goes on: data that are there already and are equal are no obstacle.
 * Everything from elsewhere is hostile until it was checked: names are safe paths
 * (versioning/pointer.h), nothing is written through a link, and no program of the other side (a
 * hook, a filter) is run.
 */
#ifndef MLOPS_VERSIONING_IMPORT_H
#define MLOPS_VERSIONING_IMPORT_H

#include "mlops/store/object.h"
#include "mlops/transfer/endpoint.h"
#include "mlops/versioning/dvc.h"
#include "mlops/versioning/pointer.h"

enum import_state {
	IMPORT_NEW, /* is tracked now */
	IMPORT_UPDATED, /* its source had changed */
	IMPORT_UNCHANGED, /* its source is as it was */
	IMPORT_TRACKED, /* was tracked already, and is left alone */
	IMPORT_IN_GIT, /* "git": git has it, so there is nothing to do */
	IMPORT_MISSING, /* its content is not to be had */
	IMPORT_REFUSED, /* unsafe, or its form is not known */
	IMPORT_FAILED, /* its source cannot be reached, or local changes stand in the way */
	IMPORT_STATES
};
const char *import_state_name(enum import_state state); /* "new", "updated", … */

/* What became of one path. */
struct import_item {
	const char *path; /* from the workspace's root */
	enum import_state state;
	const char *detail; /* of what is missing or refused: why; else NULL */
	const char *origin; /* the URL, or the file of DVC that names it */
	const char *stage; /* of a dvc.lock; or NULL */
	const struct pointer *pointer; /* NULL if it is not tracked */
	bool is_link; /* in the workspace it is a link into a cache, which tracked data are not */
};
typedef int import_report(void *context, const struct import_item *item, struct error *err);

/* ---- from DVC ---- */

struct import_dvc_options {
	bool dry_run; /* only say what would be taken: contents are looked for, not read */
	bool force; /* take again what is tracked already */
	bool remove; /* remove .dvc files of which everything was taken */
	const struct event_sink *sink;
	import_report *report;
	void *context;
};
struct import_dvc_summary {
	size_t n_taken, n_tracked, n_in_git, n_missing, n_refused; /* paths */
	size_t n_files, n_stages; /* of what was taken; n_stages: outputs of stages among it */
	uint64_t bytes;
	size_t n_removed; /* .dvc files */
};

/*
 * Takes the data that the repository's working folder names into the store, from the workspace's
 * files where they are as DVC recorded them, else from DVC's cache, and writes a pointer beside
 * each. What cannot be had is reported and the rest is taken. The repository's root must be the
 * workspace's or below it: ERROR_UNSUPPORTED. Writers' lock: not needed.
 */
int import_dvc(const struct workspace *workspace, struct object_store *store,
	const struct dvc_repository *repository, const struct import_dvc_options *options,
	struct import_dvc_summary *summary, struct error *err) MUST_CHECK;

/* ---- from a URL or another git repository ---- */

struct import_options {
	bool force; /* give up local changes, and what was tracked at the place before */
	bool dry_run; /* of an update: only say what has changed */
	const struct hash *blake3, *sha256; /* that the file must have; NULL: any */
	const struct endpoint_settings *settings;
	const struct event_sink *sink;
	import_report *report;
	void *context;
};

/*
 * What the URL names (transfer/endpoint.h), at `target`, a path from the workspace's root: a file,
 * or a folder of this machine; folders elsewhere are ERROR_UNSUPPORTED, since their listings tell
 * files only. If the same URL is tracked there already it is an update. ERROR_EXISTS: something
 * else is there. ERROR_CORRUPT: the content is not the one that is expected; then nothing is kept.
 */
int import_url(const struct workspace *workspace, struct object_store *store, const char *url,
	const char *target, const struct import_options *options, struct error *err) MUST_CHECK;

/*
 * A file or folder at `path` of another repository's commit (git/outside.h), which git itself,
 * mlops or DVC keeps there. revision: NULL is what HEAD names. What mlops or DVC keep must be in
 * the store or cache of that repository's working folder: ERROR_NOT_FOUND says how it gets there.
 */
int import_git(const struct workspace *workspace, struct object_store *store, const char *url,
	const char *path, const char *revision, const char *target,
	const struct import_options *options, struct error *err) MUST_CHECK;

/*
 * Asks the source of what is tracked at data_path whether it has changed, by its ETag or else its
 * time and size, or by the commit that the revision names now, and takes what has. A pointer
 * without a source is ERROR_UNSUPPORTED.
 */
int import_update(const struct workspace *workspace, struct object_store *store,
	const char *data_path, const struct pointer *pointer, const struct import_options *options,
	struct error *err) MUST_CHECK;

/* The name that data from there get: the last part of the path, without query; NULL: none. */
char *import_target_name(const char *url, struct error *err) MUST_CHECK;

#endif
