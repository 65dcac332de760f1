/* The small dense steps behind least squares: they see triangles, never the data. */
#ifndef MLOPS_NUMERIC_LINALG_INTERNAL_H
#define MLOPS_NUMERIC_LINALG_INTERNAL_H

#include <stddef.h>

#include "mlops/base/error.h"

enum { LINALG_LINE = 8, LINALG_COLUMNS_MAX = 20000 };

/*
 * Minimises |A z - b| for a: m × (m + 1), column-major, [A b], destroyed; z: m. Columns are scaled
 * to unit length, triangularised with pivoting, and *ret_rank is the number of diagonal elements
 * over 16 m 2^-52 of the largest. If it is short, of all solutions the one with the least norm of
 * (units[j] z[j]) over j; units >= 0, and a unit of 0 says that the element does not count.
 */
int linalg_minimum_norm(
	double *a, size_t m, const double *units, double *z, size_t *ret_rank, struct error *err);

#endif
