/* utf8_internal: the table of widths. */
#ifndef MLOPS_BASE_UTF8_INTERNAL_H
#define MLOPS_BASE_UTF8_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

struct utf8_range {
	uint32_t first, last;
};

bool utf8_is_wide(uint32_t code);
bool utf8_is_zero(uint32_t code);

#endif
