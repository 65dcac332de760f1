/*
 * cpu: which vector code this machine runs.
 *
 * Each fast path has a portable twin that gives the same bits. The choice is made once, from the
 * processor or from MLOPS_CPU=portable|avx2|avx512 (which can only lower it, so that every path
 * can be tested on one machine).
 */
#ifndef MLOPS_BASE_CPU_H
#define MLOPS_BASE_CPU_H

enum cpu_level {
	CPU_PORTABLE, /* plain C (SSE2 on x86-64, as the compiler likes) */
	CPU_AVX2, /* AVX2, FMA, BMI2, PCLMULQDQ */
	CPU_AVX512 /* AVX-512 F, BW, DQ, VL, VBMI2 and CPU_AVX2 */
};

enum cpu_level cpu_level(void);
const char *cpu_level_name(enum cpu_level level);

#endif
