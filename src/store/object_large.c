/*
 * A large content goes block by block through four stages: read, hashed as a whole, cut, appended;
 * between the last two, what takes most time, hashing and compressing the chunks, is done for
 * several blocks at once. Each block stays with one thread. The order of appending is that of the
 * content, so the bytes do not depend on the number of threads.
 */
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/store/chunk.h"

#include "object_encode_internal.h"

enum {
	OBJECT_BLOCK = 4 << 20,
	OBJECT_DELTA_THREADS = 4,
	OBJECT_LIST_MOST = ENTRY_CHUNK_MOST, /* bytes: about 100,000 chunks */
	/* Chunks of a block and of what was left of those before it. */
	OBJECT_PIECES = (OBJECT_BLOCK + CHUNK_MOST) / CHUNK_LEAST + 2
};

struct object_large {
	struct object_store *store;
	const struct object_source *source;
	struct object_predecessor predecessor;
	struct object_stage reading, hashing, cutting, appending;
	pthread_mutex_t lock; /* guards the two below */
	uint64_t n_started; /* blocks */
	struct error failed;
	bool ended; /* in the stage of reading: */
	struct blake3 whole; /* of hashing: */
	uint64_t size;
	struct chunker chunker; /* of cutting: */
	unsigned char *rest; /* the beginning of a chunk that ends in a later block */
	size_t rest_length;
	uint64_t rest_start;
	object_chunks chunks; /* of appending: */
	bool is_new;
};

struct object_block {
	struct object_worker *worker;
	uint64_t number;
	unsigned char *buffer; /* CHUNK_MOST bytes for the rest, then the block */
	size_t count;
	bool is_last;
	struct object_piece pieces[OBJECT_PIECES];
	size_t n_pieces;
	struct strbuf payloads;
};

static void object_large_fail(struct object_large *large, const struct error *err)
{
	pthread_mutex_lock(&large->lock);
	if (!large->failed.code)
		large->failed = *err;
	pthread_mutex_unlock(&large->lock);
	object_stage_stop(&large->reading);
	object_stage_stop(&large->hashing);
	object_stage_stop(&large->cutting);
	object_stage_stop(&large->appending);
}

/* 1: a block was read; 0: there is none any more. */
static int object_large_read(
	struct object_large *large, struct object_block *block, struct error *err)
{
	pthread_mutex_lock(&large->lock);
	block->number = large->n_started++;
	pthread_mutex_unlock(&large->lock);
	if (!object_stage_enter(&large->reading, block->number))
		return 0;
	if (large->ended) {
		object_stage_leave(&large->reading);
		return 0;
	}
	if (large->source->read(large->source->context, block->buffer + CHUNK_MOST, OBJECT_BLOCK,
		    &block->count, err) < 0)
		return -err->code;
	block->is_last = large->ended = block->count < OBJECT_BLOCK;
	object_stage_leave(&large->reading);
	return 1;
}

static bool object_large_hash(struct object_large *large, struct object_block *block)
{
	if (!object_stage_enter(&large->hashing, block->number))
		return false;
	blake3_update(&large->whole, block->buffer + CHUNK_MOST, block->count);
	large->size += block->count;
	object_stage_leave(&large->hashing);
	return true;
}

static void object_large_piece(struct object_large *large, struct object_block *block,
	const unsigned char *start, size_t count)
{
	block->pieces[block->n_pieces++] =
		(struct object_piece){ .bytes = start, .count = count, .start = large->rest_start };
	large->rest_start += count;
}

static bool object_large_cut(struct object_large *large, struct object_block *block)
{
	if (!object_stage_enter(&large->cutting, block->number))
		return false;
	const unsigned char *at = block->buffer + CHUNK_MOST, *end = at + block->count;
	unsigned char *start = block->buffer + CHUNK_MOST - large->rest_length;
	memcpy(start, large->rest, large->rest_length);
	block->n_pieces = 0;
	while (at < end) {
		bool cut;
		at += chunker_feed(&large->chunker, at, (size_t)(end - at), &cut);
		if (!cut)
			continue;
		object_large_piece(large, block, start, (size_t)(at - start));
		start += at - start;
	}
	if (block->is_last && start < end) {
		object_large_piece(large, block, start, (size_t)(end - start));
		start += end - start;
	}
	large->rest_length = (size_t)(end - start);
	memcpy(large->rest, start, large->rest_length);
	object_stage_leave(&large->cutting);
	return true;
}

static int object_large_encode(
	struct object_large *large, struct object_block *block, struct error *err)
{
	strbuf_clear(&block->payloads);
	for (size_t i = 0; i < block->n_pieces; i++) {
		if (object_encode(large->store, block->worker, &large->predecessor, true,
			    &block->pieces[i], &block->payloads, err) < 0)
			return -err->code;
	}
	return strbuf_check(&block->payloads, err);
}

static int object_large_append(
	struct object_large *large, struct object_block *block, struct error *err)
{
	if (!object_stage_enter(&large->appending, block->number))
		return 0;
	for (size_t i = 0; i < block->n_pieces; i++) {
		const struct object_piece *piece = &block->pieces[i];
		bool is_new;
		if (object_append(large->store, piece, false, &block->payloads, &is_new, err) < 0)
			return -err->code;
		large->is_new |= is_new;
		vec_push(&large->chunks,
			(struct object_chunk){ piece->hash, piece->count, piece->sketch });
	}
	if (vec_check(&large->chunks, err) < 0)
		return -err->code;
	object_stage_leave(&large->appending);
	return 0;
}

static int object_large_blocks(
	struct object_large *large, struct object_block *block, struct error *err)
{
	int status;
	block->buffer = memory_allocate_small_pages(CHUNK_MOST + OBJECT_BLOCK, err);
	block->worker = block->buffer ? object_worker_take(large->store, err) : NULL;
	if (!block->worker)
		return -err->code;
	while ((status = object_large_read(large, block, err)) > 0) {
		if (!object_large_hash(large, block) || !object_large_cut(large, block))
			return 0;
		if (object_large_encode(large, block, err) < 0 ||
			object_large_append(large, block, err) < 0)
			return -err->code;
	}
	return status;
}

/* One of the threads. Its failure is kept in `large`: that of another may be only its echo. */
static int object_large_task(void *context, size_t index, size_t worker, struct error *err)
{
	struct object_large *large = context;
	struct object_block *block = memory_allocate(1, sizeof *block, err);
	(void)index;
	(void)worker;
	if (block) {
		block->payloads = STRBUF_INIT;
		block->payloads.cap = 2 * (OBJECT_BLOCK + CHUNK_MOST);
	}
	if (!block || object_large_blocks(large, block, err) < 0)
		object_large_fail(large, err);
	error_clear(err);
	if (block) {
		if (block->worker)
			object_worker_give(large->store, block->worker);
		memory_free(block->buffer);
		strbuf_release(&block->payloads);
	}
	memory_free(block);
	return 0;
}

/* Without sketches if it would be too long with them. */
static int object_large_list(struct object_large *large, struct strbuf *payload, struct error *err)
{
	object_list_write(&large->chunks, payload);
	if (payload->length > OBJECT_LIST_MOST) {
		vec_each (chunk, &large->chunks)
			memset(&chunk->sketch, 0xff, sizeof chunk->sketch);
		strbuf_clear(payload);
		object_list_write(&large->chunks, payload);
	}
	if (strbuf_check(payload, err) < 0)
		return -err->code;
	if (payload->length <= OBJECT_LIST_MOST)
		return 0;
	error_set(err, ERROR_UNSUPPORTED, "a content of %llu bytes in %zu chunks is too large",
		(unsigned long long)large->size, large->chunks.count);
	return error_hint(err, "split it into several files");
}

/* The list, unless all is one chunk, which has the name of the whole. */
static int object_large_finish(
	struct object_large *large, struct object_put *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	bool there;
	blake3_finish(&large->whole, &ret->hash);
	ret->size = large->size;
	ret->is_new = false;
	if (object_is_there(large->store, &ret->hash, &there, err) < 0)
		return -err->code;
	if (there) {
		ret->is_new = large->is_new && large->chunks.count == 1;
		return 0;
	}
	if (object_large_list(large, &payload, err) < 0)
		return -err->code;
	struct pack_new list = { .entry = { .hash = ret->hash,
					 .kind = ENTRY_LIST,
					 .size = large->size,
					 .payload = payload.length },
		.payload_check = pack_check(payload.text, payload.length),
		.payload = payload.text,
		.is_object = true };
	int status = pack_append(large->store, &list, err);
	ret->is_new = status > 0;
	return status < 0 ? status : 0;
}

static int object_large_run(struct object_large *large, struct object_put *ret, struct error *err)
{
	/* With bases, each needs twice the memory. */
	size_t threads =
		object_threads(large->predecessor.chunks.count ? OBJECT_DELTA_THREADS : UINT64_MAX);
	if (parallel_for(threads, threads, object_large_task, large, err) < 0)
		return -err->code;
	if (large->failed.code) {
		*err = large->failed;
		return -err->code;
	}
	return object_large_finish(large, ret, err);
}

int object_put_large(struct object_store *store, const struct object_source *source,
	const struct hash *predecessor, struct object_put *ret, struct error *err)
{
	struct object_large large = { .store = store,
		.source = source,
		.chunker = CHUNKER_INIT,
		.lock = PTHREAD_MUTEX_INITIALIZER };
	AUTO_FREE unsigned char *rest = memory_allocate_small_pages(CHUNK_MOST, err);
	if (!rest || object_predecessor_load(store, predecessor, &large.predecessor, err) < 0)
		return -err->code;
	large.rest = rest;
	blake3_init(&large.whole);
	struct object_stage *stages[] = { &large.reading, &large.hashing, &large.cutting,
		&large.appending };
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		object_stage_init(stages[i]);
	pthread_mutex_lock(&store->large);
	int status = object_large_run(&large, ret, err);
	pthread_mutex_unlock(&store->large);
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		object_stage_release(stages[i]);
	object_predecessor_release(&large.predecessor);
	vec_release(&large.chunks);
	return status;
}
