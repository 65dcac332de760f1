/*
 * Any bytes as a raw entry, as it may come from a remote, and as the payload of a list: what is
 * taken is exactly what was given, and is written again as the same bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../src/store/object_list_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct error *err)
{
	if (err->code != ERROR_CORRUPT && err->code != ERROR_UNSUPPORTED)
		BUG("a wrong error: %s", err->message);
}

static void try_list(const uint8_t *payload, size_t count, uint64_t size)
{
	AUTO(strbuf_release) struct strbuf again = STRBUF_INIT;
	object_chunks chunks = VEC_INIT;
	struct error err = ERROR_INIT;
	uint64_t sum = 0;
	if (object_list_parse(payload, count, size, &chunks, &err) < 0) {
		check_error(&err);
		vec_release(&chunks);
		return;
	}
	for (size_t i = 0; i < chunks.count; i++)
		sum += chunks.items[i].size;
	if (!chunks.count || sum != size)
		BUG("the chunks do not make up the whole");
	object_list_write(&chunks, &again);
	/* Sketches that are all empty need not be written. */
	if (again.length != count ? again.length > count : memcmp(again.text, payload, count) != 0)
		BUG("another list is written than was read");
	vec_release(&chunks);
}

static void try_entry(const uint8_t *data, size_t size)
{
	unsigned char head[PACK_HEAD_MOST];
	struct error err = ERROR_INIT;
	struct entry entry;
	if (entry_parse(data, size, &entry, &err) < 0) {
		check_error(&err);
		return;
	}
	size_t length = entry_head_length(&entry);
	if (length > size || length + entry.payload > ENTRY_RAW_MOST)
		BUG("an entry of impossible length");
	pack_head_write(&entry, pack_payload_check(data), head);
	if (memcmp(head, data, length) != 0)
		BUG("another head is written than was read");
	if (pack_raw_check(data, size, &entry, &err) < 0)
		check_error(&err);
	else if (entry.kind == ENTRY_LIST)
		try_list(data + length, size - length, entry.size);
}

/* The same with right checks, so that what lies behind them is reached as well. */
static void try_mended(const uint8_t *data, size_t size)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct entry entry = { .kind = ENTRY_BLOB };
	unsigned char head[PACK_HEAD_MOST];
	if (size < 16)
		return;
	entry.method = data[0] % 4;
	entry.kind = data[1] % 3;
	entry.n_bases = data[2] % (ENTRY_BASES + 1);
	entry.depth = data[3] % 40;
	memcpy(&entry.size, data + 4, 5);
	entry.payload = data[9] % 2 ? size - 16 : data[10];
	pack_head_write(&entry, pack_check(data + 16, size - 16), head);
	strbuf_add_bytes(&raw, head, entry_head_length(&entry));
	strbuf_add_bytes(&raw, data + 16, size - 16);
	try_entry((const uint8_t *)raw.text, raw.length);
	if (size >= 16 + OBJECT_LIST_HEADER)
		try_list(data + 16, size - 16, entry.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	if (pack_header_read(data, size, &err) < 0)
		check_error(&err);
	try_entry(data, size);
	try_mended(data, size);
	return 0;
}
