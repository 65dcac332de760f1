/* Any bytes as JSON Lines: see tables.h. */
#include <stddef.h>
#include <stdint.h>

#include "tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return tables_fuzz(data, size, DATA_JSONL);
}
