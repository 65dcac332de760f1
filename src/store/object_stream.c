/*
 * Reading a list: several threads fetch, decode and hash chunks and write them, in any order where
 * the output allows it. Each byte is hashed once, as part of the whole: chunks' own hashes and
 * their checks would tell no more, and what comes out wrong is looked for afterwards.
 */
#include <string.h>

#include "mlops/base/parallel.h"

#include "object_list_internal.h"

enum {
	OBJECT_FLAT_MOST = 4 << 20, /* chunks of one content */
	OBJECT_PARTS = 32 /* hashed ahead of one that is not done yet */
};
_Static_assert((int)ENTRY_CHUNK_MOST <= (int)BLAKE3_PART_MOST, "a chunk is a part of a hash");

struct object_streamed {
	struct object_store *store;
	const struct object_sink *sink;
	object_chunks chunks;
	struct object_stage writing; /* in order */
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t joined;
	size_t next, n_joined; /* chunks */
	uint64_t offset; /* of the next one in the content */
	struct error failed;
	struct blake3 whole; /* of the chunks that are joined */
	struct blake3_part parts[OBJECT_PARTS]; /* of those behind them, by number */
	bool is_hashed[OBJECT_PARTS];
};

/* The blobs of a list in order; lists within it are replaced by what they hold. */
static int object_flatten(struct object_store *store, const struct entry *entry,
	const struct strbuf *raw, unsigned depth, object_chunks *ret, struct error *err)
{
	object_chunks chunks = VEC_INIT;
	AUTO(strbuf_release) struct strbuf inner = STRBUF_INIT;
	int status = object_list_read(entry, raw, &chunks, err);
	for (size_t i = 0; status == 0 && i < chunks.count; i++) {
		const struct object_chunk *chunk = &chunks.items[i];
		struct index_entry facts;
		struct entry part;
		if (ret->count >= OBJECT_FLAT_MOST)
			status = error_set(err, ERROR_UNSUPPORTED, "it has too many chunks");
		else if (index_find(store->index, &chunk->hash, &facts, err) < 0)
			status = -err->code;
		else if (facts.kind != ENTRY_LIST)
			vec_push(ret, *chunk);
		else if (depth == OBJECT_LIST_DEPTH)
			status = error_set(err, ERROR_CORRUPT, "it is a list of lists of lists");
		else if ((status = object_raw(store, &chunk->hash, &inner, &part, err)) == 0)
			status =
				part.size != chunk->size
					? error_set(err, ERROR_CORRUPT,
						  "a part of it has a wrong length")
					: object_flatten(store, &part, &inner, depth + 1, ret, err);
	}
	vec_release(&chunks);
	return status ? status : vec_check(ret, err);
}

static void object_stream_fail(struct object_streamed *stream, const struct error *err)
{
	pthread_mutex_lock(&stream->lock);
	if (!stream->failed.code)
		stream->failed = *err;
	pthread_cond_broadcast(&stream->joined);
	pthread_mutex_unlock(&stream->lock);
	object_stage_stop(&stream->writing);
}

/* Whoever brings the part that is next joins all that follow it without a gap. */
static void object_stream_join(
	struct object_streamed *stream, size_t number, const struct blake3_part *part)
{
	pthread_mutex_lock(&stream->lock);
	while (number - stream->n_joined >= OBJECT_PARTS && !stream->failed.code)
		pthread_cond_wait(&stream->joined, &stream->lock);
	if (!stream->failed.code) {
		stream->parts[number % OBJECT_PARTS] = *part;
		stream->is_hashed[number % OBJECT_PARTS] = true;
	}
	size_t before = stream->n_joined;
	for (size_t at; at = stream->n_joined % OBJECT_PARTS, stream->is_hashed[at];) {
		blake3_join(&stream->whole, &stream->parts[at]);
		stream->is_hashed[at] = false;
		stream->n_joined++;
	}
	if (stream->n_joined != before)
		pthread_cond_broadcast(&stream->joined);
	pthread_mutex_unlock(&stream->lock);
}

static int object_stream_write(struct object_streamed *stream, size_t number, uint64_t offset,
	const void *bytes, size_t count, struct error *err)
{
	const struct object_sink *sink = stream->sink;
	if (!sink)
		return 0;
	if (sink->write_at)
		return sink->write_at(sink->context, offset, bytes, count, err);
	if (!object_stage_enter(&stream->writing, number))
		return 0;
	if (sink->write(sink->context, bytes, count, err) < 0)
		return -err->code;
	object_stage_leave(&stream->writing);
	return 0;
}

static int object_stream_decode(struct object_streamed *stream, struct object_worker *worker,
	struct strbuf *raw, const struct object_chunk *chunk, const unsigned char **ret_bytes,
	struct error *err)
{
	struct entry entry;
	if (object_raw(stream->store, &chunk->hash, raw, &entry, err) < 0) {
		if (err->code == ERROR_NOT_FOUND) {
			error_prefix(err, "a chunk is missing");
			err->code = ERROR_CORRUPT;
		}
		return -err->code;
	}
	if (entry.kind != ENTRY_BLOB || entry.size != chunk->size)
		return error_set(err, ERROR_CORRUPT, "a chunk of it has a wrong length");
	return object_decode_raw(
		stream->store, worker, &entry, raw, &worker->content, ret_bytes, err);
}

static int object_stream_chunk(struct object_streamed *stream, struct object_worker *worker,
	struct strbuf *raw, size_t number, uint64_t offset, struct error *err)
{
	const struct object_chunk *chunk = &stream->chunks.items[number];
	const unsigned char *bytes;
	struct blake3_part part;
	if (object_stream_decode(stream, worker, raw, chunk, &bytes, err) < 0)
		return -err->code;
	blake3_part(offset, bytes, (size_t)chunk->size, &part);
	object_stream_join(stream, number, &part);
	return object_stream_write(stream, number, offset, bytes, (size_t)chunk->size, err);
}

static int object_stream_task(void *context, size_t index, size_t thread, struct error *err)
{
	struct object_streamed *stream = context;
	AUTO(strbuf_release) struct strbuf raw = STRBUF_INIT;
	struct object_worker *worker = object_worker_take(stream->store, err);
	(void)index;
	(void)thread;
	if (!worker)
		object_stream_fail(stream, err);
	while (worker) {
		pthread_mutex_lock(&stream->lock);
		bool over = stream->next == stream->chunks.count || stream->failed.code;
		size_t number = stream->next;
		uint64_t offset = stream->offset;
		stream->next += !over;
		stream->offset += over ? 0 : stream->chunks.items[number].size;
		pthread_mutex_unlock(&stream->lock);
		if (over)
			break;
		if (object_stream_chunk(stream, worker, &raw, number, offset, err) < 0) {
			object_stream_fail(stream, err);
			break;
		}
	}
	if (worker)
		object_worker_give(stream->store, worker);
	error_clear(err);
	return 0;
}

/* The content is wrong as a whole: which chunk is to blame? */
static int object_stream_blame(
	struct object_store *store, const object_chunks *chunks, struct error *err)
{
	/* Wrong bases may be in the cache. */
	object_cache_forget(store, NULL);
	for (size_t i = 0; i < chunks->count; i++) {
		if (object_verify(store, &chunks->items[i].hash, err) < 0)
			return error_prefix(err, "its chunk %zu", i);
	}
	return error_set(err, ERROR_CORRUPT, "its chunks are whole, but not those of this object");
}

static int object_stream_run(
	struct object_streamed *stream, const struct entry *entry, struct error *err)
{
	struct hash found;
	size_t threads = object_threads(stream->chunks.count);
	if (parallel_for(threads, threads, object_stream_task, stream, err) < 0)
		return -err->code;
	if (stream->failed.code) {
		*err = stream->failed;
		return -err->code;
	}
	blake3_finish(&stream->whole, &found);
	if (!hash_equal(&found, &entry->hash))
		return object_stream_blame(stream->store, &stream->chunks, err);
	const struct object_sink *sink = stream->sink;
	return sink && sink->skip ? sink->skip(sink->context, entry->size, err) : 0;
}

int object_stream(struct object_store *store, const struct entry *entry, const struct strbuf *raw,
	const struct object_sink *sink, struct error *err)
{
	struct object_streamed stream = { .store = store,
		.sink = sink,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.joined = PTHREAD_COND_INITIALIZER };
	blake3_init(&stream.whole);
	object_stage_init(&stream.writing);
	int status = object_flatten(store, entry, raw, 1, &stream.chunks, err);
	if (status == 0)
		status = object_stream_run(&stream, entry, err);
	object_stage_release(&stream.writing);
	vec_release(&stream.chunks);
	return status;
}
