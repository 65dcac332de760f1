/*
 * From an entry to its content. A delta's bases are decoded first, without comparing their hashes:
 * if one of them is not what it was, what is built on it is not either, and that is compared.
 */
#include <string.h>

#include "object_internal.h"

/* Bases that one content may need, each counted as often as it has to be decoded. */
enum { OBJECT_BASES_MOST = 2048 };

static int object_raw_at(struct object_store *store, const struct index_entry *facts,
	struct strbuf *raw, struct entry *ret, struct error *err)
{
	strbuf_clear(raw);
	if (facts->length > ENTRY_RAW_MOST)
		return error_set(err, ERROR_CORRUPT, "the index has a wrong length");
	if (!strbuf_reserve(raw, (size_t)facts->length))
		return strbuf_check(raw, err);
	if (pack_read(store, facts->pack, facts->offset, raw->text, (size_t)facts->length, err) < 0)
		return -err->code;
	raw->length = (size_t)facts->length;
	raw->text[raw->length] = '\0';
	if (entry_parse(raw->text, raw->length, ret, err) < 0)
		return -err->code;
	if (!hash_equal(&ret->hash, &facts->hash) || ret->size != facts->size ||
		ret->kind != facts->kind || entry_head_length(ret) + ret->payload != facts->length)
		return error_set(err, ERROR_CORRUPT, "its header is not what the index says");
	return 0;
}

int object_raw(struct object_store *store, const struct hash *hash, struct strbuf *raw,
	struct entry *ret, struct error *err)
{
	struct index_entry facts;
	for (int attempt = 0;; attempt++) {
		int status = index_find(store->index, hash, &facts, err);
		if (status < 0)
			return status;
		if (!status) {
			char text[HASH_TEXT_SIZE];
			hash_format(hash, text);
			return error_set(err, ERROR_NOT_FOUND, "no object '%s'", text);
		}
		status = object_raw_at(store, &facts, raw, ret, err);
		if (status != -ERROR_NOT_FOUND)
			return status;
		/* gc has moved it between the search and the reading. */
		if (attempt)
			return error_set(err, ERROR_CORRUPT, "its pack is gone");
		error_clear(err);
	}
}

/* Bases borrowed for decoding one delta, and how many more may be decoded for the whole. */
struct object_bases {
	struct object_content *contents[ENTRY_BASES];
	size_t count, bytes;
};

static void object_bases_give(struct object_store *store, struct object_bases *bases)
{
	for (size_t i = 0; i < bases->count; i++)
		object_content_give(store, bases->contents[i]);
}

static int object_base_decode(struct object_store *store, struct object_worker *worker,
	const struct hash *hash, unsigned below, unsigned *budget, struct object_content **ret,
	struct error *err);

static int object_bases_take(struct object_store *store, struct object_worker *worker,
	const struct entry *entry, unsigned *budget, struct object_bases *ret, struct error *err)
{
	*ret = (struct object_bases){ .count = 0 };
	for (size_t i = 0; i < entry->n_bases; i++) {
		if (object_base_decode(store, worker, &entry->bases[i], entry->depth, budget,
			    &ret->contents[i], err) < 0) {
			object_bases_give(store, ret);
			if (err->code == ERROR_NOT_FOUND)
				err->code = ERROR_CORRUPT;
			return error_prefix(err, "what it is the difference to");
		}
		ret->count++;
		ret->bytes += ret->contents[i]->count;
		if (ret->bytes > OBJECT_BASES_BYTES) {
			object_bases_give(store, ret);
			return error_set(err, ERROR_CORRUPT, "it is built on too much");
		}
	}
	return 0;
}

/* The bases one behind the other: the one itself, or a copy of all in worker->bases. */
static const void *object_bases_join(
	struct object_worker *worker, const struct object_bases *bases, struct error *err)
{
	if (bases->count == 1)
		return bases->contents[0]->bytes;
	strbuf_clear(&worker->bases);
	for (size_t i = 0; i < bases->count; i++)
		strbuf_add_bytes(
			&worker->bases, bases->contents[i]->bytes, bases->contents[i]->count);
	return strbuf_check(&worker->bases, err) < 0 ? NULL : worker->bases.text;
}

/* Into bytes[entry->size]. */
static int object_decode_into(struct object_worker *worker, const struct entry *entry,
	const struct strbuf *raw, const struct object_bases *bases, void *bytes, struct error *err)
{
	const char *payload = raw->text + entry_head_length(entry);
	if (entry->method == ENTRY_STORED) {
		memcpy(bytes, payload, (size_t)entry->size);
		return 0;
	}
	const void *joined = bases->count ? object_bases_join(worker, bases, err) : NULL;
	if (bases->count && !joined)
		return -err->code;
	return compress_decode(worker->compressor, payload, (size_t)entry->payload, joined,
		bases->bytes, bytes, (size_t)entry->size, err);
}

/* Depths fall strictly from an entry to its bases, so there are no circles. */
static int object_base_decode(struct object_store *store, struct object_worker *worker,
	const struct hash *hash, unsigned below, unsigned *budget, struct object_content **ret,
	struct error *err)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct entry entry;
	*ret = object_cache_find(store, hash);
	if (*ret)
		return 0;
	if (!*budget)
		return error_set(err, ERROR_CORRUPT, "it is built on too many others");
	--*budget;
	if (object_raw(store, hash, &raw, &entry, err) < 0)
		return -err->code;
	if (entry.kind != ENTRY_BLOB || entry.depth >= below)
		return error_set(err, ERROR_CORRUPT, "it is built on what cannot be a base");
	/* Memory for the content is taken after that of what it is built on: a chain is long. */
	struct object_bases bases;
	if (object_bases_take(store, worker, &entry, budget, &bases, err) < 0)
		return -err->code;
	struct object_content *content = object_content_make(store, hash, (size_t)entry.size, err);
	int status = content ? object_decode_into(worker, &entry, &raw, &bases, content->bytes, err)
			     : -(int)err->code;
	object_bases_give(store, &bases);
	if (status < 0) {
		object_content_give(store, content);
		return status;
	}
	object_cache_add(store, content);
	*ret = content;
	return 0;
}

int object_decode_raw(struct object_store *store, struct object_worker *worker,
	const struct entry *entry, const struct strbuf *raw, struct strbuf *content,
	const unsigned char **ret_bytes, struct error *err)
{
	unsigned budget = OBJECT_BASES_MOST;
	struct object_bases bases;
	if (entry->method == ENTRY_STORED) {
		*ret_bytes = (const unsigned char *)raw->text + entry_head_length(entry);
		return 0;
	}
	strbuf_clear(content);
	if (!strbuf_reserve(content, (size_t)entry->size))
		return strbuf_check(content, err);
	if (object_bases_take(store, worker, entry, &budget, &bases, err) < 0)
		return -err->code;
	int status = object_decode_into(worker, entry, raw, &bases, content->text, err);
	object_bases_give(store, &bases);
	if (status < 0)
		return status;
	content->length = (size_t)entry->size;
	content->text[content->length] = '\0';
	*ret_bytes = (const unsigned char *)content->text;
	return 0;
}

int object_base(struct object_store *store, struct object_worker *worker, const struct hash *hash,
	struct object_content **ret, struct error *err)
{
	struct hash found;
	unsigned budget = OBJECT_BASES_MOST;
	struct object_content *content;
	if (object_base_decode(store, worker, hash, ENTRY_DEPTH + 1, &budget, &content, err) < 0)
		return -err->code;
	if (!content->is_verified) {
		hash_bytes(content->bytes, content->count, &found);
		if (!hash_equal(&found, hash)) {
			object_content_give(store, content);
			object_cache_forget(store, NULL);
			return error_set(err, ERROR_CORRUPT, "its content has changed");
		}
		content->is_verified = true; /* whoever else sets it has compared as well */
	}
	*ret = content;
	return 0;
}
