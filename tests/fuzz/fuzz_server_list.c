/*
 * Any bytes as the list that a server gives of a folder, of S3 and of WebDAV: it is read, or
 * refused as a fault of the network, and no name comes out that leads elsewhere.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../src/transfer/s3_internal.h"
#include "../../src/transfer/webdav_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct endpoint_entries *entries, int result, const struct error *err)
{
	if (result < 0 && err->code != ERROR_NETWORK && err->code != ERROR_MEMORY)
		BUG("a wrong error: %s", err->message);
	vec_each (entry, &entries->list) {
		if (!*entry->name || strchr(entry->name, '/') || strcmp(entry->name, "..") == 0 ||
			strcmp(entry->name, ".") == 0)
			BUG("the name '%s' came through", entry->name);
		memory_free(entry->name);
	}
	vec_release(&entries->list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct endpoint_entries s3 = { VEC_INIT }, webdav = { VEC_INIT };
	AUTO(strbuf_release) struct strbuf next = STRBUF_INIT;
	struct error err = ERROR_INIT;
	check(&s3, s3_list_read(data, size, "remote/packs/", &s3, &next, &err), &err);
	err = ERROR_INIT;
	check(&webdav, webdav_list_read(data, size, "/remote/packs/", &webdav, &err), &err);
	return 0;
}
