#if defined(__x86_64__)
#define LANES_AVX512
#include "kernels_text.h"
#endif
