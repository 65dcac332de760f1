/* The builds of the kernel in triangle_kernel.h, one a level of base/cpu.h. */
#ifndef MLOPS_NUMERIC_TRIANGLE_INTERNAL_H
#define MLOPS_NUMERIC_TRIANGLE_INTERNAL_H

#include <stddef.h>

void triangle_add_portable(double *r, size_t q, double *columns);
void triangle_add_avx2(double *r, size_t q, double *columns);
void triangle_add_avx512(double *r, size_t q, double *columns);

#endif
