/*
 * gitignore: data are kept out of git by a line in the .gitignore of their folder: "/raw.csv".
 *
 * The line is added under the workspace's lock, which is held for that moment only, and the file
 * appears whole. Nothing is added if git leaves the path out already, by .gitignore files of the
 * workspace or .git/info/exclude.
 */
#ifndef MLOPS_VERSIONING_GITIGNORE_H
#define MLOPS_VERSIONING_GITIGNORE_H

#include "mlops/store/workspace.h"

/* Is the workspace's root in a git repository, as far as a .git in it or above says? */
bool gitignore_is_in_git(const struct workspace *workspace);

/* path: of the data, from the root. *ret_file: the file that was changed, or NULL; the caller's. */
int gitignore_add(const struct workspace *workspace, const char *path, const char *command,
	const struct event_sink *sink, char **ret_file, struct error *err) MUST_CHECK;

/*
 * Would git refuse the data's pointer, because it or a folder above it is left out? ERROR_INVALID
 * says by which line.
 */
int gitignore_check_pointer(
	const struct workspace *workspace, const char *path, struct error *err) MUST_CHECK;

#endif
