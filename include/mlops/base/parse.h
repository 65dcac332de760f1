/*
 * parse: numbers and quantities from text, strictly.
 *
 * The whole text must be used, without blanks at its ends; locale plays no part. Each returns
 * true and sets *ret, or false and leaves it: the caller knows what to say. No other file calls
 * strtol, atoi, sscanf or strtod.
 */
#ifndef MLOPS_BASE_PARSE_H
#define MLOPS_BASE_PARSE_H

#include <stdint.h>

#include "mlops/base/text.h"

bool parse_i64(struct text text, int64_t *ret); /* -12, +12, 12; decimal only */
bool parse_u64(struct text text, uint64_t *ret);

/* Correctly rounded; "nan", "inf", hexadecimal and "1_000" are refused, "1e400" is too. */
bool parse_f64(struct text text, double *ret);

bool parse_bool(struct text text, bool *ret); /* true and false only, as in YAML 1.2 */

/* Bytes: 10, 10k, 10kB (1,000), 10KiB, 10Ki (1,024); k M G T. */
bool parse_size(struct text text, uint64_t *ret);

/* Seconds: 90, 90s, 15m, 2h, 30d, 2w, 250ms, and sums: 1h30m. */
bool parse_duration(struct text text, double *ret);

#endif
