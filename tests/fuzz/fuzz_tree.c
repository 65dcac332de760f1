/* Any bytes as a tree: refused, or safe paths in order, each found, and written in no other way. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mlops/versioning/pointer.h"
#include "mlops/versioning/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(tree_release) struct tree tree = { .entries = NULL };
	AUTO(strbuf_release) struct strbuf again = STRBUF_INIT;
	struct error err = ERROR_INIT;
	uint64_t sum = 0;
	if (tree_parse((const char *)data, size, &tree, &err) < 0) {
		if (err.code != ERROR_INVALID)
			BUG("a wrong error: %s", err.message);
		return 0;
	}
	for (size_t i = 0; i < tree.count; i++) {
		const char *path = tree.entries[i].path;
		sum += tree.entries[i].size;
		if (pointer_check_path(path, &err) < 0)
			BUG("an unsafe path was taken: %s", path);
		if (tree_find(&tree, path) != &tree.entries[i])
			BUG("a path is not found: %s", path);
		size_t length = strlen(path);
		for (size_t k = i + 1; k < tree.count; k++) {
			if (strncmp(tree.entries[k].path, path, length) == 0 &&
				tree.entries[k].path[length] == '/')
				BUG("a file is a folder: %s", path);
		}
	}
	if (sum != tree.size)
		BUG("the sum of the sizes is another");
	if (tree_format(tree.entries, tree.count, &again, &err) < 0 || again.length != size ||
		memcmp(again.text, data, size) != 0)
		BUG("there are two ways of writing a tree");
	return 0;
}
