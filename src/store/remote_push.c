/*
 * Missing entries, those that others need first, are cut into packs by their lengths alone, so that
 * a second try makes the same ones. Packs are made and sent by several threads; their index files
 * are put in order, so that whatever is listed needs nothing that is not.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/parallel.h"
#include "mlops/system/atomic.h"
#include "remote_internal.h"

enum { PUSH_PIECE = 1 << 20 };

struct push_pack {
	size_t first, count; /* of push.hashes */
	struct hash name;
	uint64_t size;
	struct strbuf index;
	bool is_sent, is_put;
};

struct push {
	struct remote *remote;
	const struct event_sink *sink;
	remote_hashes hashes; /* missing, needs first */
	VEC(struct push_pack) packs;

	/* Guarded by the mutex. */
	pthread_mutex_t mutex;
	size_t next; /* the first pack whose index file was not put */
	bool is_putting;
	uint64_t bytes_done;
	uint64_t bytes_total;
};

static void push_release(struct push *push)
{
	vec_each (pack, &push->packs)
		strbuf_release(&pack->index);
	vec_release(&push->packs);
	vec_release(&push->hashes);
	pthread_mutex_destroy(&push->mutex);
}
AUTO_RELEASE(struct push, push_release)

static int push_find_missing(
	struct push *push, const struct hash *objects, size_t count, struct error *err)
{
	AUTO(entry_closure_free) struct entry_closure *closure = NULL;
	const struct hash *needed;
	if (entry_closure_make(&closure, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		if (!remote_has(push->remote, &objects[i]) &&
			entry_closure_add(push->remote->store, closure, &objects[i], err) < 0)
			return -err->code;
	}
	size_t n_needed = entry_closure_list(closure, &needed);
	for (size_t i = 0; i < n_needed; i++) {
		if (!remote_has(push->remote, &needed[i]))
			vec_push(&push->hashes, needed[i]);
	}
	return vec_check(&push->hashes, err);
}

static int push_cut(struct push *push, struct error *err)
{
	struct push_pack pack = { .index = STRBUF_INIT, .size = PACK_HEADER };
	for (size_t i = 0; i < push->hashes.count; i++) {
		struct index_entry entry;
		int found = object_find(push->remote->store, &push->hashes.items[i], &entry, err);
		if (found < 0)
			return found;
		if (!found) {
			char name[HASH_TEXT_SIZE];
			hash_format(&push->hashes.items[i], name);
			return error_set(
				err, ERROR_NOT_FOUND, "the store does not have %s any more", name);
		}
		pack.count++;
		pack.size += entry.length;
		push->bytes_total += entry.length;
		if (pack.size >= REMOTE_PACK_BYTES || pack.count == REMOTE_PACK_ENTRIES ||
			i + 1 == push->hashes.count) {
			vec_push(&push->packs, pack);
			pack = (struct push_pack){
				.first = i + 1, .index = STRBUF_INIT, .size = PACK_HEADER
			};
		}
	}
	return vec_check(&push->packs, err);
}

/* A pack while it is written to its file. */
struct push_writer {
	struct push *push;
	struct push_pack *pack;
	int fd;
	struct blake3 hash;
	struct strbuf bytes; /* not yet written */
	remote_entries entries;
	remote_hashes needs;
};

static void push_writer_release(struct push_writer *writer)
{
	strbuf_release(&writer->bytes);
	vec_release(&writer->entries);
	vec_release(&writer->needs);
}
AUTO_RELEASE(struct push_writer, push_writer_release)

static int push_write_out(struct push_writer *writer, struct error *err)
{
	blake3_update(&writer->hash, writer->bytes.text, writer->bytes.length);
	if (file_write_all(writer->fd, writer->push->remote->temporary, writer->bytes.text,
		    writer->bytes.length, err) < 0)
		return -err->code;
	writer->pack->size += writer->bytes.length;
	strbuf_clear(&writer->bytes);
	return 0;
}

static int push_add_need(void *context, const struct hash *hash, struct error *err)
{
	struct push_writer *writer = context;
	vec_push(&writer->needs, *hash);
	writer->entries.items[writer->entries.count - 1].n_needs++;
	return vec_check(&writer->needs, err);
}

static int push_write_entry(struct push_writer *writer, const struct hash *hash, struct error *err)
{
	struct entry entry;
	size_t before = writer->bytes.length;
	if (entry_read(writer->push->remote->store, hash, &entry, &writer->bytes, err) < 0)
		return -err->code;
	struct remote_entry listed = { .hash = *hash,
		.length = (uint32_t)(writer->bytes.length - before),
		.first_need = writer->needs.count };
	vec_push(&writer->entries, listed);
	if (vec_check(&writer->entries, err) < 0 ||
		((entry.kind == ENTRY_LIST || entry.n_bases) &&
			entry_needs(writer->push->remote->store, hash, push_add_need, writer, err) <
				0))
		return -err->code;
	return writer->bytes.length >= PUSH_PIECE ? push_write_out(writer, err) : 0;
}

static int push_write_pack(struct push *push, struct push_pack *pack, int fd, struct error *err)
{
	AUTO(push_writer_release)
	struct push_writer writer = { .push = push, .pack = pack, .fd = fd, .bytes = STRBUF_INIT };
	unsigned char header[PACK_HEADER];
	pack_header_write(header);
	blake3_init(&writer.hash);
	strbuf_add_bytes(&writer.bytes, header, sizeof header);
	pack->size = 0;
	for (size_t i = 0; i < pack->count; i++) {
		if (event_stopped(push->sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
		if (push_write_entry(&writer, &push->hashes.items[pack->first + i], err) < 0)
			return -err->code;
	}
	if (push_write_out(&writer, err) < 0)
		return -err->code;
	blake3_finish(&writer.hash, &pack->name);
	return remote_index_format(pack->size, writer.entries.items, writer.entries.count,
		writer.needs.items, &pack->index, err);
}

/* One that is there already was left by a push that did not come to its index file. */
static int push_send_pack(
	struct push *push, struct push_pack *pack, const char *path, struct error *err)
{
	struct endpoint *endpoint = push->remote->endpoint;
	struct endpoint_facts facts;
	char name[REMOTE_NAME_SIZE];
	remote_file_name("packs", &pack->name, REMOTE_PACK_KIND, name);
	int status = endpoint_put_file(endpoint, name, path, ENDPOINT_NEW, err);
	if (status != -ERROR_EXISTS)
		return status;
	error_clear(err);
	if (endpoint_stat(endpoint, name, &facts, err) < 0)
		return -err->code;
	if (facts.size == pack->size || facts.size == UINT64_MAX)
		return 0;
	return endpoint_put_file(endpoint, name, path, ENDPOINT_REPLACE, err);
}

/* Puts index files as long as the next pack has been sent; one thread at a time. */
static int push_put_indexes(struct push *push, struct error *err)
{
	int status = 0;
	pthread_mutex_lock(&push->mutex);
	while (status == 0 && !push->is_putting && push->next < push->packs.count &&
		push->packs.items[push->next].is_sent) {
		struct push_pack *pack = &push->packs.items[push->next];
		char name[REMOTE_NAME_SIZE];
		push->is_putting = true;
		pthread_mutex_unlock(&push->mutex);
		remote_file_name("index", &pack->name, REMOTE_PACK_KIND, name);
		/* The same pack has the same index file, so this replaces nothing but damage. */
		status = endpoint_put_bytes(push->remote->endpoint, name, pack->index.text,
			pack->index.length, ENDPOINT_REPLACE, err);
		pthread_mutex_lock(&push->mutex);
		push->is_putting = false;
		if (status == 0) {
			pack->is_put = true;
			push->next++;
		}
	}
	pthread_mutex_unlock(&push->mutex);
	return status;
}

static int push_task(void *context, size_t index, size_t worker, struct error *err)
{
	struct push *push = context;
	struct push_pack *pack = &push->packs.items[index];
	AUTO(atomic_discard) struct atomic_file file = ATOMIC_INIT;
	char path[64];
	/* A file without a name: nothing stays, whatever happens. */
	if (atomic_begin(&file, push->remote->temporary, NULL, 0600, err) < 0 ||
		push_write_pack(push, pack, file.fd, err) < 0)
		return -err->code;
	snprintf(path, sizeof path, "/proc/self/fd/%d", file.fd);
	if (push_send_pack(push, pack, path, err) < 0)
		return -err->code;
	pthread_mutex_lock(&push->mutex);
	pack->is_sent = true;
	push->bytes_done += pack->size;
	uint64_t done = push->bytes_done;
	pthread_mutex_unlock(&push->mutex);
	if (worker == 0)
		event_progress(push->sink, "sending", "bytes", done, push->bytes_total);
	return push_put_indexes(push, err);
}

/* Also after a failure: what has arrived is known. */
static int push_record(struct push *push, struct remote_summary *summary, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, push->remote->database, TRANSACTION_NORMAL, err) < 0)
		return -err->code;
	vec_each (pack, &push->packs) {
		if (!pack->is_put)
			continue;
		if (remote_add_pack(push->remote, &pack->name, &pack->index, true, err) < 0)
			return -err->code;
		summary->packs++;
		summary->entries += pack->count;
		summary->bytes += pack->size + pack->index.length;
		push->remote->put_something = true;
	}
	return transaction_commit(&change, err);
}

static int push_all(struct push *push, struct remote_summary *summary, struct error *err)
{
	struct error recording = ERROR_INIT;
	if (!push->packs.count)
		return 0;
	if (remote_make(push->remote, err) < 0)
		return -err->code;
	event_progress(push->sink, "sending", "bytes", 0, push->bytes_total);
	int status = parallel_for(push->remote->jobs, push->packs.count, push_task, push, err);
	int recorded = push_record(push, summary, &recording);
	if (status == 0 && recorded < 0)
		*err = recording;
	return status < 0 ? status : recorded;
}

int remote_push(struct remote *remote, const struct hash *objects, size_t count,
	const struct event_sink *sink, struct remote_summary *ret_summary, struct error *err)
{
	uint64_t start = clock_monotonic(), requests = remote_requests(remote);
	struct remote_summary summary = { .objects = 0 };
	AUTO(push_release)
	struct push push = { .remote = remote, .sink = sink, .mutex = PTHREAD_MUTEX_INITIALIZER };
	int status = remote->refreshed ? 0 : remote_refresh(remote, sink, err);
	if (status < 0)
		return status;
	for (size_t i = 0; i < count; i++)
		summary.objects += !remote_has(remote, &objects[i]);
	if (push_find_missing(&push, objects, count, err) < 0 || push_cut(&push, err) < 0)
		status = -err->code;
	else
		status = push_all(&push, &summary, err);
	summary.requests = remote_requests(remote) - requests;
	summary.seconds = (double)(clock_monotonic() - start) / 1e9;
	*ret_summary = summary;
	return status < 0 ? error_prefix(err, "remote '%s'", remote->name) : 0;
}
