/*
 * ignore: which files a folder's .mlopsignore (or .gitignore) leaves out.
 *
 * The syntax and meaning are those of gitignore(5): the last pattern that matches decides, '!'
 * takes back, a pattern with a '/' in front or inside is about that path below the rules' folder
 * and one without about names at any depth, a '/' at the end about folders only, "**" between
 * slashes is any number of folders; rules of deeper folders come before those above. What lies in
 * a folder that is left out is out whatever other rules say.
 *
 * An own matcher, since a walk of 100,000 files asks for each and git's rules must not depend on
 * libgit2 being there. It takes time proportional to the length of the path times the pattern's,
 * also for hostile patterns.
 */
#ifndef MLOPS_VERSIONING_IGNORE_H
#define MLOPS_VERSIONING_IGNORE_H

#include "mlops/base/memory.h"
#include "mlops/base/text.h"

#define IGNORE_FILE ".mlopsignore"
enum { IGNORE_BYTES_MOST = 1 << 20 }; /* of a file of rules */

/* The rules of one folder, and of those above it. Never changed once made. */
struct ignore;

/*
 * folder: where the rules stand, "" or "a/b"; the same root as the paths asked for. above: the
 * rules of the folders above, or NULL; borrowed, and must outlive the new ones. A text without
 * rules gives *ret = above: then nothing is to be freed.
 */
int ignore_parse(struct text text, const char *folder, const struct ignore *above,
	const struct ignore **ret, struct error *err) MUST_CHECK;

/*
 * Reads the file of that name in the open folder, not through a link; none is no rules. *ret as
 * above.
 */
int ignore_read(int fd, const char *name, const char *folder, const struct ignore *above,
	const struct ignore **ret, struct error *err) MUST_CHECK;

/* Frees these rules only, not those above. */
void ignore_free(const struct ignore *rules);

/* Do the rules name this very path? Its folders are not asked for. rules may be NULL. */
bool ignore_matches(const struct ignore *rules, const char *path, bool is_folder);

/* The pattern that decided, and where it stands, for messages; NULL if none did. */
const char *ignore_reason(const struct ignore *rules, const char *path, bool is_folder,
	const char **ret_folder, size_t *ret_line);

#endif
