#include "mlops/base/embedded.h"

#include <string.h>

#include "embedded_internal.h"

/* The first file whose name is not before `name`. */
static size_t embedded_lower(const char *name)
{
	size_t low = 0, high = embedded_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(embedded_table[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct text embedded_text(const char *name)
{
	size_t at = embedded_lower(name);
	if (at < embedded_count && strcmp(embedded_table[at].name, name) == 0)
		return embedded_table[at].text;
	return (struct text){ NULL, 0 };
}

const struct embedded_file *embedded_files(const char *prefix, size_t *ret_count)
{
	size_t first = embedded_lower(prefix), length = strlen(prefix), count = 0;
	while (first + count < embedded_count &&
		strncmp(embedded_table[first + count].name, prefix, length) == 0)
		count++;
	*ret_count = count;
	return embedded_table + first;
}
