#include <string.h>

#include "remote_internal.h"

static void remote_index_put(unsigned char *bytes, uint64_t value, int size)
{
	for (int i = 0; i < size; i++)
		bytes[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t remote_index_get(const unsigned char *bytes, int size)
{
	uint64_t value = 0;
	for (int i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

int remote_index_format(uint64_t pack_size, const struct remote_entry *entries, size_t count,
	const struct hash *needs, struct strbuf *buffer, struct error *err)
{
	unsigned char header[REMOTE_INDEX_HEADER] = { 'm', 'l', 'p', 'i', 1 };
	unsigned char numbers[8];
	struct hash check;
	size_t start = buffer->length, n_needs = 0;
	for (size_t i = 0; i < count; i++)
		n_needs += entries[i].n_needs;
	remote_index_put(header + 8, pack_size, 8);
	remote_index_put(header + 16, count, 4);
	remote_index_put(header + 24, n_needs, 8);
	strbuf_add_bytes(buffer, header, sizeof header);
	for (size_t i = 0; i < count; i++) {
		remote_index_put(numbers, entries[i].length, 4);
		remote_index_put(numbers + 4, entries[i].n_needs, 4);
		strbuf_add_bytes(buffer, entries[i].hash.bytes, HASH_SIZE);
		strbuf_add_bytes(buffer, numbers, sizeof numbers);
	}
	for (size_t i = 0; i < count; i++) {
		if (entries[i].n_needs)
			strbuf_add_bytes(buffer, needs + entries[i].first_need,
				entries[i].n_needs * sizeof *needs);
	}
	if (strbuf_check(buffer, err) < 0)
		return -err->code;
	hash_bytes(buffer->text + start, buffer->length - start, &check);
	strbuf_add_bytes(buffer, check.bytes, HASH_SIZE);
	return strbuf_check(buffer, err);
}

static int remote_index_wrong(const char *what, struct error *err)
{
	return error_set(err, ERROR_CORRUPT, "the index of a pack is damaged: %s", what);
}

struct remote_index_counts {
	uint64_t pack_size, n_entries, n_needs;
};

static int remote_index_header(const unsigned char *bytes, size_t count,
	struct remote_index_counts *ret, struct error *err)
{
	struct hash check;
	if (count < REMOTE_INDEX_HEADER + HASH_SIZE || memcmp(bytes, "mlpi", 4) != 0)
		return remote_index_wrong("it is no index", err);
	if (bytes[4] != 1)
		return error_set(err, ERROR_UNSUPPORTED,
			"the index of a pack has version %u, which this program does not know",
			bytes[4]);
	hash_bytes(bytes, count - HASH_SIZE, &check);
	if (memcmp(check.bytes, bytes + count - HASH_SIZE, HASH_SIZE) != 0)
		return remote_index_wrong("its check sum is wrong", err);
	*ret = (struct remote_index_counts){ remote_index_get(bytes + 8, 8),
		remote_index_get(bytes + 16, 4), remote_index_get(bytes + 24, 8) };
	uint64_t body = count - REMOTE_INDEX_HEADER - HASH_SIZE;
	if (ret->n_needs > body / HASH_SIZE ||
		ret->n_entries * REMOTE_INDEX_ENTRY + ret->n_needs * HASH_SIZE != body)
		return remote_index_wrong("its length is not what it says", err);
	return 0;
}

int remote_index_parse(const void *start, size_t count, uint32_t pack, remote_entries *entries,
	remote_hashes *needs, uint64_t *ret_pack_size, struct error *err)
{
	const unsigned char *bytes = start;
	struct remote_index_counts counts = { .pack_size = 0 };
	if (remote_index_header(bytes, count, &counts, err) < 0)
		return -err->code;
	size_t n_entries = (size_t)counts.n_entries, n_needs = (size_t)counts.n_needs;
	uint64_t offset = PACK_HEADER;
	size_t need = 0;
	if (!vec_reserve(entries, n_entries) || !vec_reserve(needs, n_needs)) {
		int status = vec_check(entries, err);
		return status < 0 ? status : vec_check(needs, err);
	}
	const unsigned char *at = bytes + REMOTE_INDEX_HEADER;
	for (size_t i = 0; i < n_entries; i++, at += REMOTE_INDEX_ENTRY) {
		struct remote_entry entry = { .offset = offset,
			.length = (uint32_t)remote_index_get(at + HASH_SIZE, 4),
			.n_needs = (uint32_t)remote_index_get(at + HASH_SIZE + 4, 4),
			.pack = pack,
			.first_need = needs->count + need };
		memcpy(entry.hash.bytes, at, HASH_SIZE);
		if (entry.length < ENTRY_HEADER || entry.length > ENTRY_RAW_MOST)
			return remote_index_wrong("an entry has an impossible length", err);
		if (entry.n_needs > n_needs - need)
			return remote_index_wrong("an entry needs more than is listed", err);
		offset += entry.length;
		need += entry.n_needs;
		entries->items[entries->count + i] = entry;
	}
	if (offset != counts.pack_size || need != n_needs)
		return remote_index_wrong("its entries do not fill the pack", err);
	if (n_needs)
		memcpy(needs->items + needs->count, at, n_needs * HASH_SIZE);
	entries->count += n_entries;
	needs->count += n_needs;
	*ret_pack_size = counts.pack_size;
	return 0;
}
