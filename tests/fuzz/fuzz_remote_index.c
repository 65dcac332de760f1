/*
 * Any bytes as the index file of a pack, with its check sum put right: refused, or what comes out
 * lies inside the pack and is written again as the same bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../src/store/remote_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct strbuf *bytes)
{
	remote_entries entries = VEC_INIT;
	remote_hashes needs = VEC_INIT;
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf again = STRBUF_INIT;
	uint64_t pack_size;
	if (remote_index_parse(bytes->text, bytes->length, 7, &entries, &needs, &pack_size, &err) <
		0) {
		if (err.code != ERROR_CORRUPT && err.code != ERROR_UNSUPPORTED)
			BUG("a wrong error: %s", err.message);
		if (entries.count || needs.count)
			BUG("something of it was taken");
	} else {
		uint64_t end = PACK_HEADER;
		for (size_t i = 0; i < entries.count; i++) {
			const struct remote_entry *entry = &entries.items[i];
			if (entry->offset != end || entry->pack != 7 ||
				entry->first_need + entry->n_needs > needs.count)
				BUG("entry %zu is out of bounds", i);
			end += entry->length;
		}
		if (end != pack_size)
			BUG("the pack has another size");
		if (remote_index_format(
			    pack_size, entries.items, entries.count, needs.items, &again, &err) < 0)
			BUG("cannot be written: %s", err.message);
		if (again.length != bytes->length)
			BUG("it was written with another length");
	}
	vec_release(&entries);
	vec_release(&needs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct hash hash;
	strbuf_add_bytes(&bytes, data, size);
	check(&bytes);
	if (size < HASH_SIZE)
		return 0;
	hash_bytes(data, size - HASH_SIZE, &hash);
	memcpy(bytes.text + size - HASH_SIZE, hash.bytes, HASH_SIZE);
	check(&bytes);
	return 0;
}
