/* Which slice each row of a column falls into. */
#ifndef EVALUATE_SLICES_INTERNAL_H
#define EVALUATE_SLICES_INTERNAL_H

#include "mlops/evaluate/slices.h"

struct slices_groups {
	size_t count;
	char **names; /* count */
	uint32_t *of_row; /* n_rows */
};
void slices_groups_release(struct slices_groups *groups);
AUTO_RELEASE(struct slices_groups, slices_groups_release)

/* In order of value (numbers) or of frequency (texts); missing last. Some may hold no row. */
int slices_groups_make(const struct column *column, size_t n_rows, struct slices_groups *ret,
	struct error *err) MUST_CHECK;

#endif
