#define LANES_PORTABLE
#include "kernels_text.h"
