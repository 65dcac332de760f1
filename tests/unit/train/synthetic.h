/* Rows with a linear truth and noise, for classes and for numbers; the same in every run. */
#ifndef MLOPS_TESTS_SYNTHETIC_H
#define MLOPS_TESTS_SYNTHETIC_H

#include <math.h>

#include "mlops/numeric/matrix.h"
#include "mlops/numeric/random.h"

struct synthetic {
	struct matrix x;
	double *y, *weights;
	uint32_t *classes;
};

static struct synthetic synthesise(size_t n, size_t p, size_t n_classes, const char *name)
{
	struct error err = ERROR_INIT;
	struct synthetic data;
	struct random_stream stream = random_stream(11, name);
	ck_assert_int_eq(matrix_init(n, p, &data.x, &err), 0);
	data.y = memory_allocate(n, sizeof(double), &err);
	data.weights = memory_allocate(n, sizeof(double), &err);
	data.classes = memory_allocate(n, sizeof(uint32_t), &err);
	for (size_t i = 0; i < n; i++) {
		double z = 0.3;
		for (size_t j = 0; j < p; j++) {
			double value = random_uniform(&stream) * 2 - 1;
			matrix_row(&data.x, i)[j] = value;
			z += value * (double)((int)(j % 7) - 3) / 3;
		}
		z += 4 * random_uniform(&stream) - 2;
		data.y[i] = z;
		data.weights[i] = 0.5 + random_uniform(&stream);
		data.classes[i] =
			n_classes == 2 ? z > 0 : (uint32_t)(fabs(z) * 1.3) % (uint32_t)n_classes;
	}
	return data;
}

static void synthetic_release(struct synthetic *data)
{
	matrix_release(&data->x);
	memory_free(data->y);
	memory_free(data->weights);
	memory_free(data->classes);
}

#endif
