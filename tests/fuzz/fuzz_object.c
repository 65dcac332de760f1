/*
 * Any bytes as the file of an object: it is read, or refused with the right error; what is read
 * hashes to what the reader says and is stored again under that name.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mlops/base/strbuf.h"

#include "../../src/store/object_loose_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int collect(void *context, const void *bytes, size_t count, struct error *err)
{
	strbuf_add_bytes(context, bytes, count);
	return strbuf_check(context, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(strbuf_release) struct strbuf content = STRBUF_INIT;
	struct object_sink sink = { collect, &content };
	struct error err = ERROR_INIT;
	struct hash hash, expected;
	content.cap = 16 << 20;
	AUTO_CLOSE int fd = memfd_create("object", MFD_CLOEXEC);
	if (fd < 0 || file_write_all(fd, "object", data, size, &err) < 0 ||
		lseek(fd, 0, SEEK_SET) != 0)
		BUG("no memory file");
	if (object_decode(fd, "object", 16 << 20, &sink, &hash, &err) < 0) {
		if (err.code != ERROR_CORRUPT && err.code != ERROR_UNSUPPORTED &&
			err.code != ERROR_MEMORY)
			BUG("a wrong error: %s", err.message);
		return 0;
	}
	hash_bytes(content.text, content.length, &expected);
	if (!hash_equal(&hash, &expected))
		BUG("the hash is not that of the content");
	return 0;
}
