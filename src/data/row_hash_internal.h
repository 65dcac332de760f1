/*
 * row_hash: 64 bits from the content of rows, for decisions that must not depend on where a row
 * stands. Not cryptographic. Defined by value, so that it is the same on every machine and in every
 * version: changing it changes every recorded split.
 *
 *	mix(h, w) = g ^ g >> 32 with g = (h ^ w) × 0x9e3779b97f4a7c15
 *	last(h)   = the finaliser of SplitMix64 (Steele, Lea, Flood 2014)
 *	bytes     = last(mix over the little-endian 8-byte words, zero-padded, then over the length)
 *	value     = last(mix(bytes of the column's name, kind, value)): kind 0 missing; 1 a number, by the
 *	            bits of the double (an int64 that no double holds: kind 2, itself); 3 the bytes of a
 *	            text, "true" or "false"; 4 a time in microseconds
 *	row       = last(sum of the values' hashes): the order of columns does not matter
 */
#ifndef MLOPS_DATA_ROW_HASH_INTERNAL_H
#define MLOPS_DATA_ROW_HASH_INTERNAL_H

#include "mlops/data/table.h"

uint64_t row_hash_bytes(const void *bytes, size_t n);
uint64_t row_hash_last(uint64_t hash);

/* Of each row: of the values of one column, or of whole rows (column NULL). ret has n_rows. */
int row_hash_table(const struct table *table, const struct column *column, size_t threads,
	uint64_t *ret, struct error *err);

#endif
