/*
 * Any bytes as a payload, alone and beside bases: exactly the expected number of bytes, or
 * ERROR_CORRUPT. The first two bytes say how many of the last ones are bases and how long the
 * content is expected to be.
 */
#include <stddef.h>
#include <stdint.h>

#include "mlops/store/compress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	AUTO(compressor_free) struct compressor *compressor = NULL;
	if (size < 2)
		return 0;
	size_t bases = (size - 2) * data[0] / 256, length = size - 2 - bases;
	size_t expected = (size_t)data[1] << (data[1] % 12);
	if (compressor_make(&compressor, &err) < 0)
		BUG("no memory");
	/* Of that size exactly, so that a sanitizer sees what is written behind it. */
	AUTO_FREE unsigned char *content = memory_allocate(expected, 1, &err);
	if (!content)
		BUG("no memory");
	if (compress_decode(compressor, data + 2, length, bases ? data + 2 + length : NULL, bases,
		    content, expected, &err) < 0 &&
		err.code != ERROR_CORRUPT)
		BUG("a wrong error: %s", err.message);
	return 0;
}
