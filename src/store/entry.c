#include "mlops/store/entry.h"

#include "mlops/base/sort.h"

#include "object_list_internal.h"

bool entry_exists(struct object_store *store, const struct hash *hash)
{
	struct index_entry facts;
	struct error ignored = ERROR_INIT; /* an index that cannot be read knows nothing */
	return index_find(store->index, hash, &facts, &ignored) > 0;
}

static int entry_name(const struct hash *hash, struct error *err)
{
	char text[HASH_TEXT_SIZE];
	hash_format(hash, text);
	return error_prefix(err, "object '%s'", text);
}

int entry_read(struct object_store *store, const struct hash *hash, struct entry *ret,
	struct strbuf *buffer, struct error *err)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	int status = object_raw(store, hash, &raw, ret, err);
	if (status == 0)
		status = pack_raw_check(raw.text, raw.length, ret, err);
	if (status < 0)
		return err->code == ERROR_CORRUPT ? entry_name(hash, err) : status;
	strbuf_add_bytes(buffer, raw.text, raw.length);
	return strbuf_check(buffer, err);
}

/* Are these raw bytes, which are whole, what their name says? */
static int entry_compare(struct object_store *store, const struct entry *entry,
	const struct strbuf *raw, struct error *err)
{
	struct hash found;
	const unsigned char *bytes;
	if (entry->kind == ENTRY_LIST) {
		object_chunks chunks = VEC_INIT;
		int status = object_list_read(entry, raw, &chunks, err);
		vec_release(&chunks);
		return status;
	}
	struct object_worker *worker = object_worker_take(store, err);
	if (!worker)
		return -err->code;
	int status = object_decode_raw(store, worker, entry, raw, &worker->content, &bytes, err);
	if (status == 0) {
		hash_bytes(bytes, (size_t)entry->size, &found);
		if (!hash_equal(&found, &entry->hash))
			status = error_set(err, ERROR_CORRUPT, "it has another content");
	}
	object_worker_give(store, worker);
	return status;
}

/* 1: it is there and whole; 0: it is there and damaged. */
static int entry_is_whole(struct object_store *store, const struct hash *hash, struct error *err)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct entry entry;
	int status = object_raw(store, hash, &raw, &entry, err);
	if (status == 0)
		status = pack_raw_check(raw.text, raw.length, &entry, err);
	if (status == 0)
		status = entry_compare(store, &entry, &raw, err);
	if (status != -ERROR_CORRUPT)
		return status < 0 ? status : 1;
	error_clear(err);
	return 0;
}

static int entry_append(struct object_store *store, const struct entry *entry,
	const struct strbuf *raw, bool replace, struct error *err)
{
	struct pack_new new = { .entry = *entry,
		.payload_check = pack_payload_check((const unsigned char *)raw->text),
		.payload = raw->text + entry_head_length(entry),
		.is_object = entry->kind == ENTRY_LIST,
		.replace = replace };
	int status = pack_append(store, &new, err);
	if (replace) /* contents made from the damaged one */
		object_cache_forget(store, NULL);
	return status < 0 ? status : 0;
}

int entry_write(struct object_store *store, const void *bytes, size_t count, struct error *err)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct entry entry;
	struct index_entry facts;
	if (object_begin(store, err) < 0 || pack_raw_check(bytes, count, &entry, err) < 0)
		return -err->code;
	int there = index_find(store->index, &entry.hash, &facts, err);
	int whole = there > 0 ? entry_is_whole(store, &entry.hash, err) : 0;
	if (there < 0 || whole)
		return there < 0 ? there : whole < 0 ? whole : 0;
	strbuf_add_bytes(&raw, bytes, count);
	if (strbuf_check(&raw, err) < 0)
		return -err->code;
	object_cache_forget(store, &entry.hash);
	if (entry_compare(store, &entry, &raw, err) < 0)
		return err->code == ERROR_CORRUPT ? entry_name(&entry.hash, err) : -(int)err->code;
	return entry_append(store, &entry, &raw, there > 0, err);
}

static int entry_needs_chunks(struct object_store *store, const struct hash *hash,
	entry_visit *visit, void *context, struct error *err)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	object_chunks chunks = VEC_INIT;
	struct entry entry;
	int status = object_raw(store, hash, &raw, &entry, err);
	if (status == 0)
		status = object_list_read(&entry, &raw, &chunks, err);
	if (status == -ERROR_CORRUPT)
		entry_name(hash, err);
	for (size_t i = 0; !status && i < chunks.count; i++)
		status = visit(context, &chunks.items[i].hash, err);
	vec_release(&chunks);
	return status;
}

/* The head alone, from where the index says; looked up again if the pack has gone meanwhile. */
static int entry_read_head(
	struct object_store *store, struct index_entry *facts, struct entry *ret, struct error *err)
{
	unsigned char head[PACK_HEAD_MOST];
	for (int attempt = 0;; attempt++) {
		size_t count = facts->length < sizeof head ? (size_t)facts->length : sizeof head;
		int status = pack_read(store, facts->pack, facts->offset, head, count, err);
		if (status == 0)
			status = entry_parse(head, count, ret, err);
		if (status != -ERROR_NOT_FOUND || attempt)
			return status == -ERROR_CORRUPT ? entry_name(&facts->hash, err) : status;
		error_clear(err);
		struct hash hash = facts->hash;
		if (index_find(store->index, &hash, facts, err) < 0)
			return -err->code;
	}
}

int entry_needs(struct object_store *store, const struct hash *hash, entry_visit *visit,
	void *context, struct error *err)
{
	struct index_entry facts;
	struct entry entry;
	int status = index_find(store->index, hash, &facts, err);
	if (status < 0)
		return status;
	if (!status) {
		error_set(err, ERROR_NOT_FOUND, "it is not there");
		return entry_name(hash, err);
	}
	if (facts.kind == ENTRY_LIST)
		return entry_needs_chunks(store, hash, visit, context, err);
	if (facts.method != ENTRY_DELTA)
		return 0;
	status = entry_read_head(store, &facts, &entry, err);
	for (size_t i = 0; !status && i < entry.n_bases; i++)
		status = visit(context, &entry.bases[i], err);
	return status;
}

static int entry_place_compare(const void *a, const void *b, void *context)
{
	const struct entry_place *one = a, *two = b;
	(void)context;
	if (one->pack != two->pack)
		return one->pack < two->pack ? -1 : 1;
	return one->offset < two->offset ? -1 : one->offset > two->offset;
}

int entry_places(struct object_store *store, const struct hash *hashes, size_t count,
	struct entry_place *ret_places, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct index_entry facts;
		int status = index_find(store->index, &hashes[i], &facts, err);
		if (status < 0)
			return status;
		if (!status) {
			error_set(err, ERROR_NOT_FOUND, "it is not there");
			return entry_name(&hashes[i], err);
		}
		ret_places[i] =
			(struct entry_place){ hashes[i], facts.pack, facts.offset, facts.length };
	}
	return sort_items(ret_places, count, sizeof *ret_places, entry_place_compare, NULL, err);
}
