#include "kernels.h"

#include <pthread.h>

#include "mlops/base/cpu.h"

/* Looked up once: the answer costs a search of the environment. */
static pthread_once_t kernels_once = PTHREAD_ONCE_INIT;
static const struct kernels *kernels_chosen;

static void kernels_choose(void)
{
	switch (cpu_level()) {
#if defined(__x86_64__)
	case CPU_AVX512:
		kernels_chosen = &kernels_avx512;
		break;
	case CPU_AVX2:
		kernels_chosen = &kernels_avx2;
		break;
#endif
	default:
		kernels_chosen = &kernels_portable;
	}
}

const struct kernels *kernels(void)
{
	pthread_once(&kernels_once, kernels_choose);
	return kernels_chosen;
}
