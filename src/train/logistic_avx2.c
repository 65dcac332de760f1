#if defined(__x86_64__)
#define LANES_AVX2
#include "logistic_kernel.h"
#endif
