/*
 * sort: the one way to bring things into order, stable, so that equal keys keep theirs.
 *
 * qsort() may take any order for equals; what is printed or hashed must not depend on that.
 */
#ifndef MLOPS_BASE_SORT_H
#define MLOPS_BASE_SORT_H

#include "mlops/base/memory.h"
#include "mlops/base/text.h"

/* <0, 0, >0 for a before, equal to, after b. */
typedef int sort_compare(const void *a, const void *b, void *context);

/* Merge sort; needs count × size bytes meanwhile. On failure the items stand as they were. */
int sort_items(void *items, size_t count, size_t size, sort_compare *compare, void *context,
	struct error *err) MUST_CHECK;

/* Ready-made comparisons of `const char *` items; the context is not used. */
sort_compare sort_strings; /* by bytes */
sort_compare sort_strings_natural; /* by text_compare_natural() */

/*
 * Runs of digits compare as numbers of any length: "a2" < "a10" < "b1". Where only leading zeros
 * differ, fewer come first ("a1" < "a01"); 0 only for equal texts.
 */
int text_compare_natural(struct text a, struct text b);

#endif
