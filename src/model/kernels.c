#include "kernels.h"

#include "mlops/base/cpu.h"

const struct kernels *kernels(void)
{
	switch (cpu_level()) {
#if defined(__x86_64__)
	case CPU_AVX512:
		return &kernels_avx512;
	case CPU_AVX2:
		return &kernels_avx2;
#endif
	default:
		return &kernels_portable;
	}
}
