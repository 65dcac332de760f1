/*
 * library: shared libraries that are loaded on first use.
 *
 * OpenBLAS, libgit2 and their like cost milliseconds at program start, so the one room that uses
 * such a library describes it in a table and loads it when the first call needs it:
 *
 *	static const struct library_symbol blas_symbols[] = {
 *		LIBRARY_SYMBOL(struct blas_calls, dgemm, "cblas_dgemm"),
 *		LIBRARY_END
 *	};
 *	static const struct library blas_library = {
 *		.names = { "libopenblas.so.0", "libcblas.so.3" }, .package = "libopenblas0", ...
 *	};
 *
 * A missing library is ERROR_MISSING with the package that brings it as the hint. It stays loaded.
 */
#ifndef MLOPS_BASE_LIBRARY_H
#define MLOPS_BASE_LIBRARY_H

#include <stddef.h>

#include "mlops/base/error.h"

struct library_symbol {
	const char *name;
	size_t offset; /* of the function pointer in the table of calls */
	bool optional; /* may be absent: the pointer stays NULL */
};

#define LIBRARY_SYMBOL(table, member, symbol)                                                      \
	{                                                                                          \
		symbol, offsetof(table, member), false                                             \
	}
#define LIBRARY_OPTIONAL(table, member, symbol)                                                    \
	{                                                                                          \
		symbol, offsetof(table, member), true                                              \
	}
#define LIBRARY_END                                                                                \
	{                                                                                          \
		NULL, 0, false                                                                     \
	}

enum { LIBRARY_NAMES = 4 };
struct library {
	const char *names[LIBRARY_NAMES]; /* sonames, tried in order */
	const char *purpose; /* "linear algebra": used in messages */
	const char *package; /* Debian's package that brings it */
	const struct library_symbol *symbols;
};

/*
 * Loads the first of the names that exists and fills the table of calls. Safe to call again; not
 * from two threads at once (callers guard it with pthread_once or call it before they fork out).
 */
int library_load(const struct library *library, void *calls, struct error *err);

/* Is it there at all? Loads nothing that stays: for `mlops doctor`. */
bool library_present(const struct library *library);

#endif
