/* The builds of triangle_kernel.h, one a level of base/cpu.h. */
#ifndef MLOPS_NUMERIC_TRIANGLE_INTERNAL_H
#define MLOPS_NUMERIC_TRIANGLE_INTERNAL_H

#include "mlops/numeric/triangle.h"

extern const struct triangle_kernels triangle_kernels_portable;
extern const struct triangle_kernels triangle_kernels_avx2, triangle_kernels_avx512;

#endif
