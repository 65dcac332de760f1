/*
 * sketch_internal: which windows of a content are looked at; one function a vector level, all with
 * the same answer.
 */
#ifndef STORE_SKETCH_INTERNAL_H
#define STORE_SKETCH_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/*
 * A position is sampled if (a FIRST + b SECOND) mod 2^32 < 2^24, a and b being the two 32-bit
 * little-endian words that begin there. Odd constants: the fractional bits of pi, from bit 0 and
 * 32, as in Blowfish.
 */
#define SKETCH_FIRST UINT32_C(0x243f6a89)
#define SKETCH_SECOND UINT32_C(0x85a308d3)
enum { SKETCH_SHIFT = 24 };

/*
 * The sampled ones of the first `count` positions, in any order; 7 bytes behind them are read as
 * well. ret_positions has room for `count`.
 */
typedef size_t sketch_sampler(const unsigned char *bytes, size_t count, uint32_t *ret_positions);

sketch_sampler sketch_sample_portable;
#if defined(__x86_64__)
sketch_sampler sketch_sample_avx2;
#endif

#endif
