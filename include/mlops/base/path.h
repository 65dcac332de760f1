/*
 * path: names of files as text; nothing here asks the file system.
 */
#ifndef MLOPS_BASE_PATH_H
#define MLOPS_BASE_PATH_H

#include "mlops/base/memory.h"
#include "mlops/base/text.h"

bool path_is_absolute(const char *path);

/* "a" and "b" give "a/b"; an absolute `name` stands alone, as does one behind "" or ".". */
char *path_join(const char *folder, const char *name, struct error *err) MUST_CHECK;

/* The part behind the last slash, borrowed: "c" of "a/b/c"; "" of "a/". */
const char *path_base(const char *path);

/* The folder that holds it: "a/b" of "a/b/c" and of "a/b//c/", "." of "c", "/" of "/c" and "/". */
char *path_parent(const char *path, struct error *err) MUST_CHECK;

/* ".csv" of "a/b.csv", "" if it has none; the leading dot of ".bashrc" begins no extension. */
const char *path_extension(const char *path);

/*
 * Without ".", "..", and doubled or trailing slashes, by text alone: "a/./b/../c/" gives "a/c".
 * Leading ".." of a relative path stay; the empty path gives ".".
 */
char *path_normalise(const char *path, struct error *err) MUST_CHECK;

/* The path as seen from a folder, both absolute: "../d/e" for "/a/d/e" seen from "/a/b". */
char *path_relative(const char *path, const char *folder, struct error *err) MUST_CHECK;

/* Is it the folder itself or below it? Both normalised. */
bool path_is_inside(const char *path, const char *folder);

#endif
