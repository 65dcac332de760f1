/* ignore_internal: the patterns of ignore.h, for its tests too. */
#ifndef MLOPS_VERSIONING_IGNORE_INTERNAL_H
#define MLOPS_VERSIONING_IGNORE_INTERNAL_H

#include <stdbool.h>

/*
 * Does the whole path match? '*', '?' and sets do not match '/'; a part of two stars and more is
 * any number of folders, at the end of the pattern everything inside. A pattern that is wrong (an
 * open set, a backslash at the end) matches nothing.
 */
bool ignore_wildmatch(const char *pattern, const char *path);

#endif
