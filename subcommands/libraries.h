/*
 * libraries: which outside libraries there are here, and in which version.
 *
 * All are asked at run time, those that are linked as well as those that are loaded on first use,
 * so that what is shown is what runs.
 */
#ifndef MLOPS_SUBCOMMANDS_LIBRARIES_H
#define MLOPS_SUBCOMMANDS_LIBRARIES_H

#include "mlops/base/library.h"

enum { LIBRARY_VERSION_SIZE = 64 };

struct library_fact {
	const char *name, *purpose, *package; /* "sqlite", "the database", "libsqlite3-0" */
	bool required; /* something that everybody does needs it */
	bool present;
	char version[LIBRARY_VERSION_SIZE]; /* "3.40.1"; "" if it does not tell */
};

/* One by one, index from 0; false behind the last. Heavy libraries cost milliseconds to ask. */
bool library_fact(size_t index, struct library_fact *ret);

#endif
