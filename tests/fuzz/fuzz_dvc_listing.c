/* Any bytes as a listing of DVC: what is read is safe, in order, and reads back from its text. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mlops/versioning/dvc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = { (const char *)data, size };
	AUTO(dvc_listing_release) struct dvc_listing first = { .items = NULL };
	AUTO(dvc_listing_release) struct dvc_listing second = { .items = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	if (dvc_read_listing("fuzz.dir", bytes, &first, &err) < 0) {
		if (err.code != ERROR_INVALID)
			BUG("a wrong error: %s", err.message);
		return 0;
	}
	for (size_t i = 0; i < first.count; i++) {
		if (pointer_check_path(first.items[i].path, &err) < 0)
			BUG("%s", err.message);
		if (i && strcmp(first.items[i - 1].path, first.items[i].path) >= 0)
			BUG("out of order");
	}
	if (dvc_format_listing(first.items, first.count, &text, &err) < 0 ||
		dvc_read_listing(
			"again.dir", (struct text){ text.text, text.length }, &second, &err) < 0)
		BUG("%s", err.message);
	if (first.count != second.count)
		BUG("another listing came back");
	return 0;
}
