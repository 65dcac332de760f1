#include "mlops/numeric/matrix.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

int matrix_init(size_t n_rows, size_t n_columns, struct matrix *ret_matrix, struct error *err)
{
	size_t count;
	*ret_matrix = (struct matrix){ 0 };
	if (__builtin_mul_overflow(n_rows, n_columns, &count) || count > SIZE_MAX / sizeof(double))
		return error_set(
			err, ERROR_MEMORY, "a matrix of %zu × %zu does not fit", n_rows, n_columns);
	double *values = memory_allocate_aligned(count * sizeof *values, err);
	if (!values)
		return -err->code;
	memset(values, 0, count * sizeof *values);
	*ret_matrix = (struct matrix){ values, n_rows, n_columns };
	return 0;
}

void matrix_release(struct matrix *matrix)
{
	memory_free(matrix->values);
	*matrix = (struct matrix){ 0 };
}

struct matrix_view matrix_view(const struct matrix *matrix)
{
	return (struct matrix_view){ matrix->values, matrix->n_rows, matrix->n_columns,
		matrix->n_columns };
}

struct matrix_view matrix_view_rows(const struct matrix_view *view, size_t first, size_t count)
{
	return (struct matrix_view){ view->values + first * view->stride, count, view->n_columns,
		view->stride };
}

bool matrix_find_not_finite(const struct matrix_view *view, size_t *ret_row, size_t *ret_column)
{
	for (size_t r = 0; r < view->n_rows; r++) {
		const double *row = matrix_view_row(view, r);
		double sum = 0; /* x - x is 0, or NaN if x is not finite */
		for (size_t c = 0; c < view->n_columns; c++)
			sum += row[c] - row[c];
		if (sum == 0)
			continue;
		for (size_t c = 0; c < view->n_columns; c++) {
			if (!isfinite(row[c])) {
				*ret_row = r;
				*ret_column = c;
				return true;
			}
		}
	}
	return false;
}
