#include "object_encode_internal.h"

#include <string.h>

#include "object_loose_internal.h"

enum {
	OBJECT_DELTA_LEAST = 64, /* bytes of content, below which names of bases cost more */
	OBJECT_CLEARLY = 8 /* a delta of less than this part of the content is good enough */
};

void object_predecessor_release(struct object_predecessor *predecessor)
{
	vec_release(&predecessor->chunks);
	memory_free(predecessor->starts);
	sketch_index_free(predecessor->sketches);
	*predecessor = (struct object_predecessor){ .starts = NULL };
}

static int object_predecessor_arrange(struct object_predecessor *predecessor, struct error *err)
{
	size_t count = predecessor->chunks.count;
	predecessor->starts = memory_allocate(count + 1, sizeof *predecessor->starts, err);
	AUTO_FREE struct sketch *sketches = memory_allocate(count, sizeof *sketches, err);
	if (!predecessor->starts || !sketches)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		sketches[i] = predecessor->chunks.items[i].sketch;
		predecessor->starts[i + 1] =
			predecessor->starts[i] + predecessor->chunks.items[i].size;
	}
	return sketch_index_make(sketches, count, &predecessor->sketches, err);
}

/* Is the failure one of the predecessor only? Then the new content is kept without it. */
static bool object_can_do_without(struct error *err)
{
	if (err->code != ERROR_CORRUPT && err->code != ERROR_NOT_FOUND &&
		err->code != ERROR_UNSUPPORTED)
		return false;
	error_clear(err);
	return true;
}

int object_predecessor_load(struct object_store *store, const struct hash *hash,
	struct object_predecessor *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct entry entry;
	struct index_entry facts;
	*ret = (struct object_predecessor){ .starts = NULL };
	int status = hash ? index_find(store->index, hash, &facts, err) : 0;
	if (status <= 0)
		return status;
	if (facts.kind == ENTRY_BLOB) {
		vec_push(&ret->chunks, (struct object_chunk){ .hash = *hash, .size = facts.size });
		return vec_check(&ret->chunks, err);
	}
	if (object_raw(store, hash, &raw, &entry, err) < 0 ||
		object_list_read(&entry, &raw, &ret->chunks, err) < 0) {
		object_predecessor_release(ret);
		return object_can_do_without(err) ? 0 : -(int)err->code;
	}
	if (object_predecessor_arrange(ret, err) < 0) {
		object_predecessor_release(ret);
		return -err->code;
	}
	return 0;
}

/* Number of the chunk of the predecessor in which the place lies, or the last one. */
static size_t object_near(const struct object_predecessor *predecessor, uint64_t start)
{
	size_t low = 0, high = predecessor->chunks.count;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (predecessor->starts[middle] <= start)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct object_chosen {
	struct object_content *contents[ENTRY_BASES];
	size_t count, bytes;
	unsigned depth; /* of the deepest */
};

static void object_chosen_give(struct object_store *store, struct object_chosen *chosen)
{
	for (size_t i = 0; i < chosen->count; i++)
		object_content_give(store, chosen->contents[i]);
	chosen->count = 0;
}

/* Borrows a base, unless it is one that cannot be used. */
static int object_choose_one(struct object_store *store, struct object_worker *worker,
	const struct hash *hash, struct object_chosen *chosen, struct error *err)
{
	struct index_entry facts;
	int status = index_find(store->index, hash, &facts, err);
	if (status < 0)
		return status;
	if (!status || facts.kind != ENTRY_BLOB || facts.depth >= ENTRY_DEPTH || !facts.size ||
		chosen->bytes + facts.size > OBJECT_BASES_BYTES)
		return 0;
	if (object_base(store, worker, hash, &chosen->contents[chosen->count], err) < 0)
		return object_can_do_without(err) ? 0 : -(int)err->code;
	chosen->count++;
	chosen->bytes += (size_t)facts.size;
	chosen->depth = chosen->depth < facts.depth ? facts.depth : chosen->depth;
	return 0;
}

/* The bases for a piece, in their order in the predecessor; none is no error. */
static int object_choose(struct object_store *store, struct object_worker *worker,
	const struct object_predecessor *predecessor, const struct object_piece *piece,
	struct object_chosen *ret, struct error *err)
{
	size_t numbers[SKETCH_BASES] = { 0 }, count = predecessor->chunks.count ? 1 : 0;
	*ret = (struct object_chosen){ .count = 0 };
	if (piece->count < OBJECT_DELTA_LEAST)
		return 0;
	if (predecessor->sketches) {
		size_t near = object_near(predecessor, piece->start);
		count = sketch_choose(predecessor->sketches, &piece->sketch, near, numbers);
		/* What does not compress has no sketch; then its place has to do. */
		if (!count && !object_list_has_sketch(&predecessor->chunks.items[near])) {
			numbers[0] = near;
			count = 1;
		}
	}
	for (size_t i = 0; i < count; i++) {
		const struct object_chunk *chunk = &predecessor->chunks.items[numbers[i]];
		if (object_choose_one(store, worker, &chunk->hash, ret, err) < 0) {
			object_chosen_give(store, ret);
			return -err->code;
		}
	}
	return 0;
}

/* All of them one behind the other; a single one is where it is. NULL if there are none. */
static const void *object_chosen_join(
	struct object_worker *worker, const struct object_chosen *chosen, struct error *err)
{
	if (chosen->count < 2)
		return chosen->count ? chosen->contents[0]->bytes : NULL;
	strbuf_clear(&worker->bases);
	for (size_t i = 0; i < chosen->count; i++)
		strbuf_add_bytes(
			&worker->bases, chosen->contents[i]->bytes, chosen->contents[i]->count);
	return strbuf_check(&worker->bases, err) < 0 ? NULL : worker->bases.text;
}

static void object_set_delta(struct object_piece *piece, const struct object_chosen *chosen)
{
	piece->entry.method = ENTRY_DELTA;
	piece->entry.depth = chosen->depth + 1;
	piece->entry.n_bases = chosen->count;
	for (size_t i = 0; i < chosen->count; i++)
		piece->entry.bases[i] = chosen->contents[i]->hash;
}

/*
 * A small delta is taken at once, since making it costs less than compressing; another one only if
 * it is clearly smaller than what compressing gives.
 */
static int object_compress(struct object_worker *worker, const struct object_chosen *chosen,
	struct object_piece *piece, struct strbuf *payloads, struct error *err)
{
	bool pays = false;
	size_t names = chosen->count * HASH_SIZE, limit = piece->count / OBJECT_CLEARLY;
	const void *bases = object_chosen_join(worker, chosen, err);
	if (chosen->count && !bases)
		return -err->code;
	if (chosen->count && limit > names &&
		compress_delta(worker->compressor, piece->bytes, piece->count, bases, chosen->bytes,
			limit - names, payloads, &pays, err) < 0)
		return -err->code;
	if (pays) {
		object_set_delta(piece, chosen);
		return 0;
	}
	if (compress_content(worker->compressor, piece->bytes, piece->count, payloads, &pays, err) <
		0)
		return -err->code;
	size_t whole = pays ? payloads->length - piece->payload : piece->count;
	piece->entry.method = pays ? ENTRY_ZSTD : ENTRY_STORED;
	limit = whole - whole / 4;
	if (!chosen->count || limit <= names)
		return 0;
	strbuf_clear(&worker->payload);
	if (compress_delta(worker->compressor, piece->bytes, piece->count, bases, chosen->bytes,
		    limit - names, &worker->payload, &pays, err) < 0)
		return -err->code;
	if (pays) {
		strbuf_truncate(payloads, piece->payload);
		strbuf_add_bytes(payloads, worker->payload.text, worker->payload.length);
		object_set_delta(piece, chosen);
	}
	return strbuf_check(payloads, err);
}

static int object_make_entry(struct object_store *store, struct object_worker *worker,
	const struct object_predecessor *predecessor, struct object_piece *piece,
	struct strbuf *payloads, struct error *err)
{
	struct object_chosen chosen;
	if (object_choose(store, worker, predecessor, piece, &chosen, err) < 0)
		return -err->code;
	piece->payload = payloads->length;
	piece->entry =
		(struct entry){ .hash = piece->hash, .kind = ENTRY_BLOB, .size = piece->count };
	int status = object_compress(worker, &chosen, piece, payloads, err);
	object_chosen_give(store, &chosen);
	piece->entry.payload = piece->entry.method == ENTRY_STORED
				       ? piece->count
				       : payloads->length - piece->payload;
	return status;
}

static bool object_in_old_layout(struct object_store *store, const struct hash *hash)
{
	return !store->ignores_loose && object_loose_exists(store, hash);
}

/*
 * A sketch costs as much as hashing, and most of what does not compress has no similar parts
 * either: without a predecessor only what compresses gets one.
 */
static void object_sketch(struct object_piece *piece, bool wanted)
{
	if (wanted)
		sketch_make(piece->bytes, piece->count, &piece->sketch);
	else
		memset(&piece->sketch, 0xff, sizeof piece->sketch);
}

int object_encode_new(struct object_store *store, struct object_worker *worker,
	const struct object_predecessor *predecessor, struct object_piece *piece,
	struct strbuf *payloads, struct error *err)
{
	object_sketch(piece, predecessor->sketches != NULL);
	return object_make_entry(store, worker, predecessor, piece, payloads, err);
}

int object_encode(struct object_store *store, struct object_worker *worker,
	const struct object_predecessor *predecessor, bool with_sketch, struct object_piece *piece,
	struct strbuf *payloads, struct error *err)
{
	struct index_entry facts = { .method = ENTRY_STORED };
	bool first = predecessor->sketches != NULL;
	hash_bytes(piece->bytes, piece->count, &piece->hash);
	int there = index_has(store->index, &piece->hash, &facts, err);
	if (there < 0)
		return there;
	piece->is_there = there || object_in_old_layout(store, &piece->hash);
	if (piece->is_there)
		object_sketch(piece, first);
	else if (object_encode_new(store, worker, predecessor, piece, payloads, err) < 0)
		return -err->code;
	enum entry_method method = piece->is_there ? facts.method : piece->entry.method;
	if (with_sketch && !first)
		object_sketch(piece, method != ENTRY_STORED);
	return 0;
}

/* The check of a payload that is the content is the beginning of its hash. */
static uint64_t object_payload_check(const struct object_piece *piece, const void *payload)
{
	uint64_t check = 0;
	if (piece->entry.method != ENTRY_STORED)
		return pack_check(payload, (size_t)piece->entry.payload);
	for (int i = 0; i < 8; i++)
		check |= (uint64_t)piece->hash.bytes[i] << 8 * i;
	return check;
}

int object_append(struct object_store *store, const struct object_piece *piece, bool is_object,
	const struct strbuf *payloads, bool *ret_new, struct error *err)
{
	const void *payload = piece->entry.method == ENTRY_STORED ? (const void *)piece->bytes
								  : payloads->text + piece->payload;
	*ret_new = false;
	if (piece->is_there)
		return 0;
	struct pack_new entry = { .entry = piece->entry,
		.payload_check = object_payload_check(piece, payload),
		.payload = payload,
		.is_object = is_object };
	int status = pack_append(store, &entry, err);
	*ret_new = status > 0;
	return status < 0 ? status : 0;
}

int object_is_there(
	struct object_store *store, const struct hash *hash, bool *ret, struct error *err)
{
	struct index_entry facts;
	int status = index_has(store->index, hash, &facts, err);
	if (status < 0)
		return status;
	*ret = status || object_in_old_layout(store, hash);
	return status && !facts.is_object ? index_mark(store->index, hash, err) : 0;
}
