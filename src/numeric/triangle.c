#include "mlops/numeric/triangle.h"

#include <string.h>

#include "triangle_internal.h"

const struct triangle_kernels *triangle_kernels_for(enum cpu_level level)
{
	switch (level) {
#if defined(__x86_64__)
	case CPU_AVX512:
		return &triangle_kernels_avx512;
	case CPU_AVX2:
		return &triangle_kernels_avx2;
#endif
	default:
		return &triangle_kernels_portable;
	}
}

void triangle_merge(const struct triangle_kernels *kernels, double *r, const double *other,
	size_t q, double *scratch)
{
	for (size_t first = 0; first < q; first += TRIANGLE_ROWS) {
		size_t rows = q - first < TRIANGLE_ROWS ? q - first : TRIANGLE_ROWS;
		memset(scratch, 0, q * TRIANGLE_ROWS * sizeof *scratch);
		for (size_t i = 0; i < rows; i++) {
			for (size_t j = first + i; j < q; j++)
				scratch[j * TRIANGLE_ROWS + i] = other[(first + i) * q + j];
		}
		kernels->add(r, q, scratch);
	}
}
