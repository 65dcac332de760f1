#!/usr/bin/env python3
"""Writes number_powers.c: powers of five as 128-bit fractions, rounded as D. Lemire, "Number parsing
at a gigabyte per second" (2021), section 5, wants them: positive powers down, negative ones up."""

LOW, HIGH = -128, 127


def fraction(q):
    if q >= 0:
        power = 5 ** q
        return power << (128 - power.bit_length()) if power.bit_length() <= 128 \
            else power >> (power.bit_length() - 128)
    power = 5 ** -q
    bits = power.bit_length()
    # One bit more or less makes no difference after normalising: keep the upper 128 bits.
    value = (1 << (bits + 127 if q >= -27 else 2 * bits + 128)) // power + 1
    return value >> max(0, value.bit_length() - 128)


print("""/* Made by number_powers.py: 5^q for q from %d to %d, the upper 64 bits and the lower. */
#include "number_internal.h"

const uint64_t number_powers_of_five[NUMBER_POWER_HIGH - NUMBER_POWER_LOW + 1][2] = {""" % (LOW, HIGH))
for q in range(LOW, HIGH + 1):
    value = fraction(q)
    assert value.bit_length() == 128, q
    print("\t{ 0x%016x, 0x%016x }, /* %d */" % (value >> 64, value & (1 << 64) - 1, q))
print("};")
