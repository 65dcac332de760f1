#define LANES_PORTABLE
#include "logistic_kernel.h"
