/*
 * scan: everything below a folder of the workspace, by several threads.
 *
 * Each folder is shown once, whole, by whichever thread has read it, in no order; what the visitor
 * makes of it must not depend on the order. No link is followed. Folders that .mlopsignore leaves
 * out are not entered, and none called .git or .mlops is; names and files are all shown, and
 * scan_is_out() says which of them the rules leave out.
 */
#ifndef MLOPS_VERSIONING_SCAN_H
#define MLOPS_VERSIONING_SCAN_H

#include "mlops/store/workspace.h"
#include "mlops/system/folder.h"
#include "mlops/versioning/ignore.h"

struct scan_folder {
	const char *path; /* from the workspace's root, "" for the root */
	int fd; /* closed after the visit */
	const struct folder_entry *entries;
	size_t count;
	const struct ignore *rules, *git_rules; /* that hold in here; may be NULL */
	size_t worker; /* which thread: less than scan_options.threads */
	struct strbuf *scratch; /* of this thread, for paths */
};

/* 0, SCAN_LEAVE to enter none of its folders, or -code, which stops the scan. */
enum { SCAN_LEAVE = 1, SCAN_DEPTH = 256 };
typedef int scan_visit(void *context, const struct scan_folder *folder, struct error *err);

struct scan_options {
	const char *folder; /* where it begins, from the workspace's root: "" or "a/b" */
	bool facts; /* of everything but folders; else only kinds */
	bool git_rules; /* .gitignore and .git/info/exclude leave out as well */
	size_t threads; /* 0 is not allowed: parallel_threads() is usual */
	scan_visit *visit;
	/* Shall this folder be entered? NULL: all are. Asked after the visit. */
	bool (*enter)(void *context, const struct scan_folder *folder, const char *name);
	void *context;
};

/* Over SCAN_DEPTH levels is ERROR_UNSUPPORTED, a folder that cannot be read ERROR_IO. */
int scan(const struct workspace *workspace, const struct scan_options *options,
	struct error *err) MUST_CHECK;

/* Is it left out by rules that hold in the folder? By ours, or by git's as well. */
bool scan_is_out(
	const struct scan_folder *folder, const char *name, bool is_folder, bool git_rules);

/* Rules of the folders from the root to `folder` itself, for a path that is named directly. */
struct scan_rules;
int scan_rules_load(const struct workspace *workspace, const char *folder, bool git_rules,
	struct scan_rules **ret, struct error *err) MUST_CHECK;
const struct ignore *scan_rules_own(const struct scan_rules *rules);
const struct ignore *scan_rules_git(const struct scan_rules *rules);
void scan_rules_free(struct scan_rules *rules);
AUTO_FREE_OF(struct scan_rules, scan_rules_free)

#endif
