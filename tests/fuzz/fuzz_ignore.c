/* The first line is a path, the rest rules: whatever they are, an answer comes, and in time. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mlops/base/strbuf.h"
#include "mlops/versioning/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	const struct ignore *top = NULL, *rules = NULL;
	struct error err = ERROR_INIT;
	const char *folder, *end = memchr(data, '\n', size);
	size_t line, length = end ? (size_t)(end - (const char *)data) : size;
	strbuf_add_bytes(&path, data, length);
	struct text text = { (const char *)data + length, size - length };
	if (ignore_parse(text, "", NULL, &top, &err) < 0 ||
		ignore_parse(text, "a", top, &rules, &err) < 0)
		BUG("rules are never refused: %s", err.message);
	for (int is_folder = 0; is_folder < 2; is_folder++) {
		bool out = ignore_matches(rules, path.text, is_folder);
		const char *reason = ignore_reason(rules, path.text, is_folder, &folder, &line);
		if (out != (reason != NULL))
			BUG("the answer and its reason differ");
	}
	if (rules != top)
		ignore_free(rules);
	ignore_free(top);
	return 0;
}
