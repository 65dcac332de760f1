#include <string.h>

#include "mlops/base/path.h"

#include "object_internal.h"

/* Numbers in packs are little-endian. */
static void pack_put(unsigned char *bytes, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t pack_get(const unsigned char *bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

uint64_t pack_check(const void *bytes, size_t count)
{
	struct hash hash;
	hash_bytes(bytes, count, &hash);
	return pack_get(hash.bytes);
}

void pack_header_write(unsigned char ret_bytes[PACK_HEADER])
{
	memset(ret_bytes, 0, PACK_HEADER);
	memcpy(ret_bytes, "mlpk", 4);
	ret_bytes[4] = PACK_VERSION;
	pack_put(ret_bytes + 8, pack_check(ret_bytes, 8));
}

int pack_header_read(const unsigned char *bytes, size_t count, struct error *err)
{
	if (count < PACK_HEADER || memcmp(bytes, "mlpk", 4) != 0 ||
		pack_get(bytes + 8) != pack_check(bytes, 8))
		return error_set(err, ERROR_CORRUPT, "its header is damaged");
	if (bytes[4] != PACK_VERSION)
		return error_set(err, ERROR_UNSUPPORTED,
			"it has format version %u; this program knows %d", bytes[4], PACK_VERSION);
	return 0;
}

/* Where things stand in the head of an entry. */
enum {
	PACK_AT_METHOD = 4,
	PACK_AT_KIND,
	PACK_AT_BASES,
	PACK_AT_DEPTH,
	PACK_AT_SIZE,
	PACK_AT_PAYLOAD = 16,
	PACK_AT_HASH = 24,
	PACK_AT_PAYLOAD_CHECK = 56,
	PACK_AT_CHECK = 64
};
static const char pack_entry_magic[4] = { 'm', 'l', 'e', '1' };

size_t entry_head_length(const struct entry *entry)
{
	return ENTRY_HEADER + entry->n_bases * HASH_SIZE;
}

/* The check of a head is over all of it but the check. */
static uint64_t pack_head_check(const unsigned char *head, size_t n_bases)
{
	struct blake3 state;
	struct hash hash;
	blake3_init(&state);
	blake3_update(&state, head, PACK_AT_CHECK);
	blake3_update(&state, head + ENTRY_HEADER, n_bases * HASH_SIZE);
	blake3_finish(&state, &hash);
	return pack_get(hash.bytes);
}

void pack_head_write(
	const struct entry *entry, uint64_t payload_check, unsigned char ret_bytes[PACK_HEAD_MOST])
{
	memcpy(ret_bytes, pack_entry_magic, sizeof pack_entry_magic);
	ret_bytes[PACK_AT_METHOD] = (unsigned char)entry->method;
	ret_bytes[PACK_AT_KIND] = (unsigned char)entry->kind;
	ret_bytes[PACK_AT_BASES] = (unsigned char)entry->n_bases;
	ret_bytes[PACK_AT_DEPTH] = (unsigned char)entry->depth;
	pack_put(ret_bytes + PACK_AT_SIZE, entry->size);
	pack_put(ret_bytes + PACK_AT_PAYLOAD, entry->payload);
	memcpy(ret_bytes + PACK_AT_HASH, entry->hash.bytes, HASH_SIZE);
	pack_put(ret_bytes + PACK_AT_PAYLOAD_CHECK, payload_check);
	for (size_t i = 0; i < entry->n_bases; i++)
		memcpy(ret_bytes + ENTRY_HEADER + i * HASH_SIZE, entry->bases[i].bytes, HASH_SIZE);
	pack_put(ret_bytes + PACK_AT_CHECK, pack_head_check(ret_bytes, entry->n_bases));
}

uint64_t pack_payload_check(const unsigned char *head)
{
	return pack_get(head + PACK_AT_PAYLOAD_CHECK);
}

/* Is a head with a right check one that this program could have written? */
static bool pack_entry_is_possible(const struct entry *entry)
{
	bool delta = entry->method == ENTRY_DELTA;
	if (delta != (entry->n_bases > 0) || delta != (entry->depth > 0) ||
		entry->depth > ENTRY_DEPTH ||
		entry->payload > ENTRY_RAW_MOST - entry_head_length(entry))
		return false;
	if (entry->kind == ENTRY_LIST)
		return entry->method == ENTRY_STORED && entry->size <= INT64_MAX;
	return entry->size <= ENTRY_CHUNK_MOST &&
	       (entry->method == ENTRY_STORED ? entry->payload == entry->size
					      : entry->payload < entry->size);
}

int entry_parse(const void *bytes, size_t count, struct entry *ret, struct error *err)
{
	const unsigned char *head = bytes;
	if (count < ENTRY_HEADER || memcmp(head, pack_entry_magic, sizeof pack_entry_magic) != 0 ||
		head[PACK_AT_BASES] > ENTRY_BASES ||
		count < ENTRY_HEADER + (size_t)head[PACK_AT_BASES] * HASH_SIZE)
		return error_set(err, ERROR_CORRUPT, "it does not begin like an entry");
	if (pack_get(head + PACK_AT_CHECK) != pack_head_check(head, head[PACK_AT_BASES]))
		return error_set(err, ERROR_CORRUPT, "its header is damaged");
	if (head[PACK_AT_METHOD] > ENTRY_DELTA || head[PACK_AT_KIND] > ENTRY_LIST)
		return error_set(
			err, ERROR_UNSUPPORTED, "it is of a kind that this program does not know");
	*ret = (struct entry){ .kind = head[PACK_AT_KIND],
		.method = head[PACK_AT_METHOD],
		.n_bases = head[PACK_AT_BASES],
		.depth = head[PACK_AT_DEPTH],
		.size = pack_get(head + PACK_AT_SIZE),
		.payload = pack_get(head + PACK_AT_PAYLOAD) };
	memcpy(ret->hash.bytes, head + PACK_AT_HASH, HASH_SIZE);
	for (size_t i = 0; i < ret->n_bases; i++)
		memcpy(ret->bases[i].bytes, head + ENTRY_HEADER + i * HASH_SIZE, HASH_SIZE);
	if (!pack_entry_is_possible(ret))
		return error_set(err, ERROR_CORRUPT, "its header makes no sense");
	return 0;
}

int pack_raw_check(const void *bytes, size_t count, struct entry *ret, struct error *err)
{
	const unsigned char *raw = bytes;
	if (entry_parse(raw, count, ret, err) < 0)
		return -err->code;
	size_t head = entry_head_length(ret);
	if (count != head + ret->payload)
		return error_set(err, ERROR_CORRUPT, "it is not as long as its header says");
	if (pack_payload_check(raw) != pack_check(raw + head, count - head))
		return error_set(err, ERROR_CORRUPT, "its payload has changed");
	return 0;
}

char *pack_path(const struct object_store *store, const struct id *name, struct error *err)
{
	return memory_format(err, "%s/%s" PACK_SUFFIX, store->packs, name->text);
}

int pack_list_read(struct object_store *store, pack_list *ret, struct error *err)
{
	return index_packs(store->index, ret, err);
}
