#include "mlops/base/cpu.h"

#include <stdlib.h>
#include <string.h>

static const char *const cpu_names[] = { "portable", "avx2", "avx512" };

static enum cpu_level cpu_detect(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
		!__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("pclmul"))
		return CPU_PORTABLE;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
		__builtin_cpu_supports("avx512vbmi2"))
		return CPU_AVX512;
	return CPU_AVX2;
#else
	return CPU_PORTABLE;
#endif
}

enum cpu_level cpu_level(void)
{
	enum cpu_level level = cpu_detect();
	const char *wanted = getenv("MLOPS_CPU");
	for (enum cpu_level lower = CPU_PORTABLE; wanted && lower < level; lower++) {
		if (strcmp(wanted, cpu_names[lower]) == 0)
			return lower;
	}
	return level;
}

const char *cpu_level_name(enum cpu_level level)
{
	return cpu_names[level];
}
