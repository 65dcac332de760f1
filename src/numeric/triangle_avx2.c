#if defined(__x86_64__)
#define LANES_AVX2
#include "triangle_kernel.h"
#endif
