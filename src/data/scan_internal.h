/*
 * scan: where fields and records of CSV end, 64 bytes at a time.
 *
 * One text of the algorithm (scan_kernel.h) over a handful of primitives, compiled for plain C,
 * AVX2 and AVX-512; all give the same results, and the tests hold them against each other. Quotes
 * are followed by a running exclusive or of quote bits: a byte is inside quotes if an odd number of
 * quotes stands before it (a doubled quote leaves and comes back).
 */
#ifndef MLOPS_DATA_SCAN_INTERNAL_H
#define MLOPS_DATA_SCAN_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "mlops/base/cpu.h"

/* A chunk seen alone: [0] if it begins outside quotes, [1] if inside. */
struct scan_survey {
	uint64_t newlines[2]; /* those outside quotes; their sum is all newlines */
	uint64_t first[2]; /* offset behind the first of them; UINT64_MAX if there is none */
	unsigned odd; /* 1 if it holds an odd number of quotes */
};

/* Whole records, from the first byte of one to the newline of the last. */
struct scan_fields {
	size_t count; /* ends found: delimiters and newlines outside quotes */
	size_t bad_quote; /* offset of the first quote, or byte behind one, that is out of place;
	                     SIZE_MAX if there is none */
	uint64_t quotes, high, nul; /* not 0 if there are quotes, bytes over 127, NUL bytes */
};

struct scan {
	void (*survey)(const char *bytes, size_t n, struct scan_survey *ret);

	/*
	 * ends[i] becomes the offset of the i-th end. It needs room for n + SCAN_SLACK; n < 2^32.
	 */
	void (*fields)(const char *bytes, size_t n, char delimiter, uint32_t *ends,
		struct scan_fields *ret);
};

enum { SCAN_BLOCK = 64, SCAN_SLACK = 64 };

/* The variant for this level, or the best below it that was compiled in. */
const struct scan *scan_for(enum cpu_level level);

#endif
