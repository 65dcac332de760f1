/*
 * Reading a list: several threads fetch and decode chunks ahead; the hash of the whole and the
 * output go in order. Chunks are not hashed one by one: the whole tells as well, and what comes out
 * wrong is looked for afterwards.
 */
#include <string.h>

#include "mlops/base/parallel.h"

#include "object_list_internal.h"

enum { OBJECT_FLAT_MOST = 4 << 20 }; /* chunks of one content */

struct object_streamed {
	struct object_store *store;
	const struct object_sink *sink;
	object_chunks chunks;
	struct object_stage hashing, writing;
	pthread_mutex_t lock; /* guards the two below */
	size_t next;
	struct error failed;
	struct blake3 whole; /* in the stage of hashing */
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
	pthread_mutex_unlock(&stream->lock);
	object_stage_stop(&stream->hashing);
	object_stage_stop(&stream->writing);
}

static int object_stream_chunk(struct object_streamed *stream, struct object_worker *worker,
	struct strbuf *raw, size_t number, struct error *err)
{
	const struct object_chunk *chunk = &stream->chunks.items[number];
	const unsigned char *bytes;
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
	if (object_decode_raw(stream->store, worker, &entry, raw, &worker->content, &bytes, err) <
		0)
		return -err->code;
	if (!object_stage_enter(&stream->hashing, number))
		return 0;
	blake3_update(&stream->whole, bytes, (size_t)entry.size);
	object_stage_leave(&stream->hashing);
	if (!object_stage_enter(&stream->writing, number))
		return 0;
	if (stream->sink &&
		stream->sink->write(stream->sink->context, bytes, (size_t)entry.size, err) < 0)
		return -err->code;
	object_stage_leave(&stream->writing);
	return 0;
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
		stream->next += !over;
		pthread_mutex_unlock(&stream->lock);
		if (over)
			break;
		if (object_stream_chunk(stream, worker, &raw, number, err) < 0) {
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
	return hash_equal(&found, &entry->hash)
		       ? 0
		       : object_stream_blame(stream->store, &stream->chunks, err);
}

int object_stream(struct object_store *store, const struct entry *entry, const struct strbuf *raw,
	const struct object_sink *sink, struct error *err)
{
	struct object_streamed stream = {
		.store = store, .sink = sink, .lock = PTHREAD_MUTEX_INITIALIZER
	};
	blake3_init(&stream.whole);
	object_stage_init(&stream.hashing);
	object_stage_init(&stream.writing);
	int status = object_flatten(store, entry, raw, 1, &stream.chunks, err);
	if (status == 0)
		status = object_stream_run(&stream, entry, err);
	object_stage_release(&stream.hashing);
	object_stage_release(&stream.writing);
	vec_release(&stream.chunks);
	return status;
}
