#include "object_list_internal.h"

#include <string.h>

enum { OBJECT_LIST_SKETCHES = 1, OBJECT_LIST_ITEM = HASH_SIZE + 8 };

static void object_list_number(struct strbuf *payload, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		strbuf_add_char(payload, (char)(unsigned char)(value >> 8 * i));
}

bool object_list_has_sketch(const struct object_chunk *chunk)
{
	for (size_t i = 0; i < SKETCH_FEATURES; i++) {
		if (chunk->sketch.features[i] != UINT32_MAX)
			return true;
	}
	return false;
}

void object_list_write(const object_chunks *chunks, struct strbuf *payload)
{
	bool sketches = false;
	for (size_t i = 0; i < chunks->count && !sketches; i++)
		sketches = object_list_has_sketch(&chunks->items[i]);
	strbuf_add_char(payload, OBJECT_LIST_VERSION);
	strbuf_add_char(payload, sketches ? OBJECT_LIST_SKETCHES : 0);
	object_list_number(payload, 0, 2);
	object_list_number(payload, chunks->count, 4);
	for (size_t i = 0; i < chunks->count; i++) {
		const struct object_chunk *chunk = &chunks->items[i];
		unsigned char sketch[SKETCH_SIZE];
		strbuf_add_bytes(payload, chunk->hash.bytes, HASH_SIZE);
		object_list_number(payload, chunk->size, 8);
		if (!sketches)
			continue;
		sketch_write(&chunk->sketch, sketch);
		strbuf_add_bytes(payload, sketch, sizeof sketch);
	}
}

static uint64_t object_list_get(const unsigned char *bytes, int count)
{
	uint64_t value = 0;
	for (int i = 0; i < count; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

int object_list_parse(
	const void *payload, size_t count, uint64_t size, object_chunks *ret, struct error *err)
{
	const unsigned char *at = payload;
	uint64_t sum = 0;
	if (count < OBJECT_LIST_HEADER || at[0] != OBJECT_LIST_VERSION ||
		at[1] > OBJECT_LIST_SKETCHES || at[2] || at[3])
		return error_set(err,
			at && count && at[0] > OBJECT_LIST_VERSION ? ERROR_UNSUPPORTED
								   : ERROR_CORRUPT,
			"its list of chunks is not one that this program knows");
	bool sketches = at[1] & OBJECT_LIST_SKETCHES;
	size_t item = OBJECT_LIST_ITEM + (sketches ? SKETCH_SIZE : 0);
	uint64_t n_chunks = object_list_get(at + 4, 4);
	if (!n_chunks || n_chunks * item != count - OBJECT_LIST_HEADER)
		return error_set(err, ERROR_CORRUPT, "its list of chunks has a wrong length");
	at += OBJECT_LIST_HEADER;
	for (; n_chunks; n_chunks--, at += item) {
		struct object_chunk chunk = { .size = object_list_get(at + HASH_SIZE, 8) };
		memcpy(chunk.hash.bytes, at, HASH_SIZE);
		memset(&chunk.sketch, 0xff, sizeof chunk.sketch);
		if (sketches)
			sketch_read(at + OBJECT_LIST_ITEM, &chunk.sketch);
		if (!chunk.size || __builtin_add_overflow(sum, chunk.size, &sum))
			return error_set(
				err, ERROR_CORRUPT, "its list has a chunk of impossible length");
		vec_push(ret, chunk);
	}
	if (sum != size)
		return error_set(err, ERROR_CORRUPT, "its chunks do not make up its length");
	return vec_check(ret, err);
}

int object_list_read(
	const struct entry *entry, const struct strbuf *raw, object_chunks *ret, struct error *err)
{
	size_t head = entry_head_length(entry);
	/* There is no other hash that this is part of until the whole content has been read. */
	if (pack_payload_check((const unsigned char *)raw->text) !=
		pack_check(raw->text + head, raw->length - head))
		return error_set(err, ERROR_CORRUPT, "its list of chunks has changed");
	return object_list_parse(raw->text + head, raw->length - head, entry->size, ret, err);
}
