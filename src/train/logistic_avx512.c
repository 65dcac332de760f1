#if defined(__x86_64__)
#define LANES_AVX512
#include "logistic_kernel.h"
#endif
