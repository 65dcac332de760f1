/*
 * matrix: row-major float64 matrices, as views and as owned storage.
 *
 * Element (r, c) is values[r * stride + c]; stride >= n_columns, in elements. A view borrows. The
 * storage of an owned matrix is on a 64-byte boundary, its stride equals its number of columns.
 */
#ifndef MLOPS_NUMERIC_MATRIX_H
#define MLOPS_NUMERIC_MATRIX_H

#include "mlops/base/memory.h"

struct matrix_view {
	const double *values;
	size_t n_rows, n_columns, stride;
};

struct matrix {
	double *values;
	size_t n_rows, n_columns;
};

/* Zeroed; -ERROR_MEMORY on failure (then *ret_matrix is empty). */
int matrix_init(
	size_t n_rows, size_t n_columns, struct matrix *ret_matrix, struct error *err) MUST_CHECK;
void matrix_release(struct matrix *matrix);
AUTO_RELEASE(struct matrix, matrix_release)

static inline double *matrix_row(const struct matrix *matrix, size_t row)
{
	return matrix->values + row * matrix->n_columns;
}

static inline const double *matrix_view_row(const struct matrix_view *view, size_t row)
{
	return view->values + row * view->stride;
}

struct matrix_view matrix_view(const struct matrix *matrix);

/* Rows first .. first + count - 1 of a view. */
struct matrix_view matrix_view_rows(const struct matrix_view *view, size_t first, size_t count);

/* The first element that is not finite, by rows; false if all are. */
bool matrix_find_not_finite(const struct matrix_view *view, size_t *ret_row, size_t *ret_column);

#endif
