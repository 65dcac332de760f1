#define LANES_PORTABLE
#include "triangle_kernel.h"
