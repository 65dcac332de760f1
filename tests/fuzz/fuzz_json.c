/* Any bytes as JSON: what is read must be written so that it reads back equal. */
#include <stddef.h>
#include <stdint.h>

#include "mlops/document/json_reader.h"
#include "mlops/document/json_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(document_release) struct document first = { .root = NULL }, second = { .root = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	if (json_read((struct text){ (const char *)data, size }, "fuzz.json", &first, &err) < 0) {
		if (err.code != ERROR_INVALID)
			BUG("a wrong error: %s", err.message);
		return 0;
	}
	struct json_writer json;
	json_begin(&json, &text, 1);
	json_value(&json, first.root);
	if (json_read((struct text){ text.text, text.length }, "again.json", &second, &err) < 0)
		BUG("%s in what was written", err.message);
	if (!value_equal(first.root, second.root))
		BUG("another tree came back");
	return 0;
}
