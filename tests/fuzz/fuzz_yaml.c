/* Any bytes as YAML: what is read must be written so that it reads back equal. */
#include <stddef.h>
#include <stdint.h>

#include "mlops/document/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(document_release) struct document first = { .root = NULL }, second = { .root = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	if (yaml_read((struct text){ (const char *)data, size }, "fuzz.yaml", &first, &err) < 0) {
		if (err.code != ERROR_INVALID)
			BUG("a wrong error: %s", err.message);
		return 0;
	}
	yaml_write(&text, first.root);
	if (yaml_read((struct text){ text.text, text.length }, "again.yaml", &second, &err) < 0)
		BUG("%s in what was written", err.message);
	if (!value_equal(first.root, second.root))
		BUG("another tree came back");
	return 0;
}
