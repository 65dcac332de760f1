/* Any bytes as a pointer: refused with a place, or safe and written in no other way. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mlops/versioning/pointer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A mutation seldom has the right check: so the same lines are tried with one made for them, too.
 */
static void fuzz_parse(const char *bytes, size_t size)
{
	AUTO(pointer_release) struct pointer pointer = { .path = NULL };
	AUTO(strbuf_release) struct strbuf again = STRBUF_INIT;
	struct error err = ERROR_INIT;
	if (pointer_parse("x.mlops", bytes, size, &pointer, &err) < 0) {
		if (err.code != ERROR_INVALID)
			BUG("a wrong error: %s", err.message);
		return;
	}
	if (pointer_check_path(pointer.path, &err) < 0 || strchr(pointer.path, '/'))
		BUG("an unsafe path was taken: %s", pointer.path);
	if (pointer_format(&pointer, &again, &err) < 0 || again.length != size ||
		memcmp(again.text, bytes, size) != 0)
		BUG("there are two ways of writing a pointer");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct hash hash;
	fuzz_parse((const char *)data, size);
	const char *check = memmem(data, size, "\ncheck: ", 8);
	size_t before = check ? (size_t)(check + 1 - (const char *)data) : size;
	strbuf_add_bytes(&text, data, before);
	hash_bytes(text.text, text.length, &hash);
	strbuf_add(&text, "check: ");
	for (int i = 0; i < 8; i++)
		strbuf_printf(&text, "%02x", hash.bytes[i]);
	strbuf_add_char(&text, '\n');
	fuzz_parse(text.text, text.length);
	return 0;
}
