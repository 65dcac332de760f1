/*
 * directory: folders, always in sorted order (by bytes), never following links.
 */
#ifndef MLOPS_SYSTEM_DIRECTORY_H
#define MLOPS_SYSTEM_DIRECTORY_H

#include "mlops/system/file.h"

/* Names in a folder without "." and "..", sorted; one block of memory each list. */
struct directory_names {
	const char **names;
	size_t count;
	char *bytes; /* storage behind them */
};
int directory_list(const char *path, struct directory_names *ret, struct error *err) MUST_CHECK;
void directory_names_release(struct directory_names *names);
AUTO_RELEASE(struct directory_names, directory_names_release)

/*
 * Called for everything below the root, a folder before its content, siblings by bytes of their
 * names. `relative` is the path below the root. Returns 0, DIRECTORY_SKIP to leave a folder's
 * content out, or -code with the error set, which stops the walk.
 */
enum { DIRECTORY_SKIP = 1, DIRECTORY_DEPTH = 256 };
typedef int directory_visit(
	void *context, const char *relative, const struct file_facts *facts, struct error *err);

/* A root that is missing is ERROR_NOT_FOUND; over DIRECTORY_DEPTH levels is ERROR_UNSUPPORTED. */
int directory_walk(
	const char *root, directory_visit *visit, void *context, struct error *err) MUST_CHECK;

/* Makes the folder and its missing parents (mode 0777 less the umask). There already is success. */
int directory_make(const char *path, struct error *err) MUST_CHECK;

/*
 * Removes the folder and all below it; links are removed, not followed, also if somebody swaps a
 * folder for a link meanwhile. Missing is success.
 */
int directory_remove_tree(const char *path, struct error *err) MUST_CHECK;

char *directory_current(struct error *err) MUST_CHECK;

/* The absolute path without links, of something that exists. */
char *directory_real_path(const char *path, struct error *err) MUST_CHECK;

#endif
