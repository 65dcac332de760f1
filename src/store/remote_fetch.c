/*
 * Rounds: what is wanted and not here is looked up, read in ranges by several threads, and written
 * as soon as all that it needs is here; what waits for something else is kept meanwhile, up to a
 * bound (beyond it, it is read once more later). What an entry turned out to need is wanted in the
 * next round. Every round writes something, or is the last.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/parallel.h"
#include "mlops/base/sort.h"
#include "remote_internal.h"

enum {
	FETCH_GAP = 128 << 10, /* bytes that are rather read than asked around */
	FETCH_RANGE = 8 << 20, /* a range is cut behind it */
	FETCH_WHOLE = 2, /* of a pack of which half is wanted all is read */
	FETCH_BATCH = 32 /* ranges between two flushes, for each thread */
};
#define FETCH_WAITING_MOST ((size_t)64 << 20)

enum fetch_state { FETCH_WANTED, FETCH_HERE, FETCH_LACKING };

/* A hash that somebody needs, by its number in fetch.seen. */
struct fetch_item {
	struct hash hash;
	enum fetch_state state;
	bool is_object; /* asked for by the caller */
	bool is_damaged; /* what came was not it */
	bool has_come, is_list; /* in this call; a list that is not looked into yet */
};

/* Arrived before what it needs. */
struct fetch_waiting {
	uint32_t item;
	char *bytes;
	size_t count;
};

struct fetch_range {
	uint32_t pack;
	uint64_t offset, length;
	size_t first, count; /* of fetch.plan */
};

struct fetch {
	struct remote *remote;
	const struct event_sink *sink;
	bool again;
	struct hash_set seen;
	VEC(struct fetch_item) items;
	size_t n_looked_at; /* items before it are planned or here */

	remote_entries plan; /* of a round, by pack and offset */
	VEC(struct fetch_range) ranges;

	/* Guarded by the mutex while ranges are read. */
	pthread_mutex_t mutex;
	VEC(struct fetch_waiting) waiting;
	size_t waiting_bytes;
	uint64_t bytes_done, bytes_total, n_entries;
	bool progress; /* something was written in this round */
	struct error damage; /* the first entry that was not what it should be */
};

static void fetch_release(struct fetch *fetch)
{
	vec_each (waiting, &fetch->waiting)
		memory_free(waiting->bytes);
	vec_release(&fetch->waiting);
	vec_release(&fetch->items);
	vec_release(&fetch->plan);
	vec_release(&fetch->ranges);
	hash_set_release(&fetch->seen);
	pthread_mutex_destroy(&fetch->mutex);
}
AUTO_RELEASE(struct fetch, fetch_release)

static int fetch_want(
	struct fetch *fetch, const struct hash *hash, bool is_object, struct error *err)
{
	bool is_new;
	uint32_t *number = hash_set_put(&fetch->seen, hash, &is_new, err);
	if (!number)
		return -err->code;
	if (is_new) {
		*number = (uint32_t)fetch->items.count;
		vec_push(&fetch->items, (struct fetch_item){ .hash = *hash });
		if (vec_check(&fetch->items, err) < 0)
			return -err->code;
	}
	if (is_object)
		fetch->items.items[*number].is_object = true;
	return 0;
}

static int fetch_want_need(void *context, const struct hash *hash, struct error *err)
{
	return fetch_want(context, hash, false, err);
}

static struct fetch_item *fetch_item_of(struct fetch *fetch, const struct hash *hash)
{
	const uint32_t *number = hash_set_find(&fetch->seen, hash);
	return number ? &fetch->items.items[*number] : NULL;
}

/*
 * Items not looked at yet: what is here wants what it needs (an earlier call may have been cut off
 * in between), the others are looked up, with what the remote says they need.
 */
static int fetch_look(struct fetch *fetch, struct error *err)
{
	struct remote *remote = fetch->remote;
	for (; fetch->n_looked_at < fetch->items.count; fetch->n_looked_at++) {
		size_t i = fetch->n_looked_at;
		struct hash hash = fetch->items.items[i].hash;
		if (!fetch->again && entry_exists(remote->store, &hash)) {
			fetch->items.items[i].state = FETCH_HERE;
			if (entry_needs(remote->store, &hash, fetch_want_need, fetch, err) < 0)
				return -err->code;
			continue;
		}
		const struct remote_entry *entry = remote_find(remote, &hash);
		if (!entry) {
			fetch->items.items[i].state =
				entry_exists(remote->store, &hash) ? FETCH_HERE : FETCH_LACKING;
			continue;
		}
		for (uint32_t need = 0; need < entry->n_needs; need++) {
			struct hash needed = remote->needs.items[entry->first_need + need];
			if (fetch_want(fetch, &needed, false, err) < 0)
				return -err->code;
		}
	}
	return 0;
}

static int fetch_compare(const void *a, const void *b, void *context)
{
	const struct remote_entry *one = a, *other = b;
	(void)context;
	if (one->pack != other->pack)
		return one->pack < other->pack ? -1 : 1;
	return one->offset < other->offset ? -1 : one->offset > other->offset;
}

/* The entries of one pack, plan items first to end - 1, as ranges. */
static void fetch_cut_pack(struct fetch *fetch, size_t first, size_t end)
{
	const struct remote_entry *plan = fetch->plan.items;
	uint64_t wanted = 0, size = fetch->remote->packs.items[plan[first].pack].size;
	for (size_t i = first; i < end; i++)
		wanted += plan[i].length;
	uint64_t gap = wanted >= size / FETCH_WHOLE ? FETCH_RANGE : FETCH_GAP;
	struct fetch_range range = { .pack = plan[first].pack, .first = first };
	for (size_t i = first; i < end; i++) {
		uint64_t range_end = range.offset + range.length;
		if (range.count &&
			(plan[i].offset - range_end > gap || range.length >= FETCH_RANGE)) {
			vec_push(&fetch->ranges, range);
			range = (struct fetch_range){ .pack = plan[i].pack, .first = i };
		}
		if (!range.count)
			range.offset = plan[i].offset;
		range.count++;
		range.length = plan[i].offset + plan[i].length - range.offset;
	}
	vec_push(&fetch->ranges, range);
}

static int fetch_plan(struct fetch *fetch, struct error *err)
{
	fetch->plan.count = fetch->ranges.count = 0;
	fetch->bytes_done = fetch->bytes_total = 0;
	vec_each (item, &fetch->items) {
		const struct remote_entry *entry = item->state == FETCH_WANTED && !item->is_damaged
							   ? remote_find(fetch->remote, &item->hash)
							   : NULL;
		if (entry)
			vec_push(&fetch->plan, *entry);
	}
	if (vec_check(&fetch->plan, err) < 0 ||
		sort_items(fetch->plan.items, fetch->plan.count, sizeof *fetch->plan.items,
			fetch_compare, NULL, err) < 0)
		return -err->code;
	for (size_t first = 0, i = 1; first < fetch->plan.count; i++) {
		if (i < fetch->plan.count &&
			fetch->plan.items[i].pack == fetch->plan.items[first].pack)
			continue;
		fetch_cut_pack(fetch, first, i);
		first = i;
	}
	vec_each (range, &fetch->ranges)
		fetch->bytes_total += range->length;
	return vec_check(&fetch->ranges, err);
}

static bool fetch_is_here(struct fetch *fetch, const struct hash *hash)
{
	if (!fetch->again)
		return entry_exists(fetch->remote->store, hash);
	/* Repairing, what is here may be damaged, unless it has just been written. */
	pthread_mutex_lock(&fetch->mutex);
	const struct fetch_item *item = fetch_item_of(fetch, hash);
	bool is_here = !item || item->state != FETCH_WANTED;
	pthread_mutex_unlock(&fetch->mutex);
	return is_here && entry_exists(fetch->remote->store, hash);
}

/* Is all here that the remote says, and its head, that it needs? */
static bool fetch_is_ready(struct fetch *fetch, const struct entry *entry)
{
	const struct remote_entry *listed = remote_find(fetch->remote, &entry->hash);
	for (size_t i = 0; i < entry->n_bases; i++) {
		if (!fetch_is_here(fetch, &entry->bases[i]))
			return false;
	}
	for (uint32_t i = 0; listed && i < listed->n_needs; i++) {
		if (!fetch_is_here(fetch, &fetch->remote->needs.items[listed->first_need + i]))
			return false;
	}
	return true;
}

static void fetch_note_damage(struct fetch *fetch, const struct hash *hash, const char *what)
{
	char name[HASH_TEXT_SIZE];
	struct fetch_item *item = fetch_item_of(fetch, hash);
	hash_format(hash, name);
	pthread_mutex_lock(&fetch->mutex);
	if (item)
		item->is_damaged = true;
	if (!fetch->damage.code)
		error_set(&fetch->damage, ERROR_CORRUPT, "what it sent as %s is not that: %s", name,
			what);
	pthread_mutex_unlock(&fetch->mutex);
}

/* The entry is written, or kept until what it needs is here. */
static int fetch_take(struct fetch *fetch, const char *bytes, size_t count, const struct hash *hash,
	struct error *err)
{
	struct entry entry;
	if (entry_parse(bytes, count, &entry, err) < 0) {
		if (err->code != ERROR_CORRUPT && err->code != ERROR_UNSUPPORTED)
			return -err->code;
		fetch_note_damage(fetch, hash, err->message);
		error_clear(err);
		return 0;
	}
	if (!hash_equal(&entry.hash, hash) || entry.payload > count ||
		entry_head_length(&entry) + entry.payload != count) {
		fetch_note_damage(fetch, hash, "it has another name or length");
		return 0;
	}
	if (!fetch_is_ready(fetch, &entry))
		return 1;
	if (entry_write(fetch->remote->store, bytes, count, err) < 0) {
		if (err->code != ERROR_CORRUPT)
			return -err->code;
		fetch_note_damage(fetch, hash, err->message);
		error_clear(err);
		return 0;
	}
	pthread_mutex_lock(&fetch->mutex);
	struct fetch_item *item = fetch_item_of(fetch, hash);
	item->state = FETCH_HERE;
	item->has_come = true;
	item->is_list = entry.kind == ENTRY_LIST;
	fetch->progress = true;
	fetch->n_entries++;
	pthread_mutex_unlock(&fetch->mutex);
	return 0;
}

static int fetch_keep(struct fetch *fetch, const char *bytes, size_t count, const struct hash *hash,
	struct error *err)
{
	int status = 0;
	pthread_mutex_lock(&fetch->mutex);
	if (fetch->waiting_bytes + count <= FETCH_WAITING_MOST) {
		char *copy = memory_allocate(count, 1, err);
		struct fetch_waiting waiting = {
			.item = *hash_set_find(&fetch->seen, hash), .bytes = copy, .count = count
		};
		if (copy) {
			memcpy(copy, bytes, count);
			vec_push(&fetch->waiting, waiting);
			fetch->waiting_bytes += count;
		}
		status = copy ? vec_check(&fetch->waiting, err) : -(int)err->code;
		if (copy && status < 0)
			memory_free(copy);
	}
	pthread_mutex_unlock(&fetch->mutex);
	return status;
}

static int fetch_collect(void *context, const void *bytes, size_t count, struct error *err)
{
	strbuf_add_bytes(context, bytes, count);
	return strbuf_check(context, err);
}

static int fetch_read_range(struct fetch *fetch, const struct fetch_range *range,
	struct strbuf *bytes, struct error *err)
{
	char name[REMOTE_NAME_SIZE];
	bytes->cap = (size_t)range->length + 1;
	remote_file_name(
		"packs", &fetch->remote->packs.items[range->pack].name, REMOTE_PACK_KIND, name);
	if (!strbuf_reserve(bytes, (size_t)range->length))
		return strbuf_check(bytes, err);
	struct endpoint_range wanted = { range->offset, range->length };
	int status = endpoint_get(fetch->remote->endpoint, name, wanted, fetch_collect, bytes, err);
	if (status == 0 && bytes->length != range->length)
		return error_set(err, ERROR_NETWORK, "%s is shorter than its index says", name);
	return status < 0 ? error_prefix(err, "%s", name) : 0;
}

struct fetch_batch {
	struct fetch *fetch;
	size_t first;
};

static int fetch_task(void *context, size_t index, size_t worker, struct error *err)
{
	struct fetch_batch *batch = context;
	struct fetch *fetch = batch->fetch;
	const struct fetch_range *range = &fetch->ranges.items[batch->first + index];
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	if (event_stopped(fetch->sink))
		return error_set(err, ERROR_CANCELLED, "stopped");
	int status = fetch_read_range(fetch, range, &bytes, err);
	if (status == -ERROR_NOT_FOUND) {
		/* Its index is there and it is not: as damaged as if its bytes were wrong. */
		for (size_t i = 0; i < range->count; i++)
			fetch_note_damage(
				fetch, &fetch->plan.items[range->first + i].hash, err->message);
		error_clear(err);
		return 0;
	}
	if (status < 0)
		return status;
	for (size_t i = 0; i < range->count; i++) {
		const struct remote_entry *entry = &fetch->plan.items[range->first + i];
		const char *at = bytes.text + (entry->offset - range->offset);
		status = fetch_take(fetch, at, entry->length, &entry->hash, err);
		if (status > 0)
			status = fetch_keep(fetch, at, entry->length, &entry->hash, err);
		if (status < 0)
			return status;
	}
	pthread_mutex_lock(&fetch->mutex);
	fetch->bytes_done += range->length;
	uint64_t done = fetch->bytes_done;
	pthread_mutex_unlock(&fetch->mutex);
	if (worker == 0)
		event_progress(fetch->sink, "fetching", "bytes", done, fetch->bytes_total);
	return 0;
}

/* Those whose needs have come meanwhile are written; as long as there are some. */
static int fetch_settle(struct fetch *fetch, struct error *err)
{
	for (bool any = true; any;) {
		size_t kept = 0, count = fetch->waiting.count;
		any = false;
		for (size_t i = 0; i < count; i++) {
			struct fetch_waiting waiting = fetch->waiting.items[i];
			struct hash hash = fetch->items.items[waiting.item].hash;
			int status = fetch_take(fetch, waiting.bytes, waiting.count, &hash, err);
			if (status > 0) {
				fetch->waiting.items[kept++] = waiting;
				continue;
			}
			fetch->waiting_bytes -= waiting.count;
			memory_free(waiting.bytes);
			if (status < 0) {
				/* Keep the list whole for fetch_release(). */
				while (++i < count)
					fetch->waiting.items[kept++] = fetch->waiting.items[i];
				fetch->waiting.count = kept;
				return status;
			}
			any = true;
		}
		fetch->waiting.count = kept;
	}
	return 0;
}

static int fetch_batches(struct fetch *fetch, struct remote_summary *summary, struct error *err)
{
	struct fetch_batch batch = { .fetch = fetch };
	size_t most = FETCH_BATCH * fetch->remote->jobs;
	int status = 0;
	for (; status == 0 && batch.first < fetch->ranges.count; batch.first += most) {
		size_t left = fetch->ranges.count - batch.first;
		status = parallel_for(
			fetch->remote->jobs, left < most ? left : most, fetch_task, &batch, err);
		if (status == 0)
			status = fetch_settle(fetch, err);
		/* After a failure too: what has arrived stays. */
		struct error flushing = ERROR_INIT;
		int flushed = object_store_flush(fetch->remote->store, &flushing);
		if (status == 0 && flushed < 0) {
			*err = flushing;
			status = flushed;
		}
	}
	summary->bytes += fetch->bytes_done;
	return status;
}

/* Those that wait are not asked for again while their bytes are kept. */
static void fetch_hold_waiting(struct fetch *fetch, bool hold)
{
	vec_each (waiting, &fetch->waiting) {
		struct fetch_item *item = &fetch->items.items[waiting->item];
		if (item->state != FETCH_HERE)
			item->state = hold ? FETCH_LACKING : FETCH_WANTED;
	}
}

static int fetch_rounds(struct fetch *fetch, struct remote_summary *summary, struct error *err)
{
	do {
		fetch->progress = false;
		if (fetch_look(fetch, err) < 0)
			return -err->code;
		size_t n_items = fetch->items.count;
		fetch_hold_waiting(fetch, true);
		int status = fetch_plan(fetch, err);
		fetch_hold_waiting(fetch, false);
		if (status < 0 || fetch_batches(fetch, summary, err) < 0 ||
			fetch_settle(fetch, err) < 0)
			return -err->code;
		/* What a list really needs may be more than the index said. */
		for (size_t i = 0; i < n_items; i++) {
			struct hash hash = fetch->items.items[i].hash;
			if (!fetch->items.items[i].is_list)
				continue;
			fetch->items.items[i].is_list = false;
			if (entry_needs(fetch->remote->store, &hash, fetch_want_need, fetch, err) <
				0)
				return -err->code;
		}
	} while (fetch->progress && (fetch->n_looked_at < fetch->items.count ||
					    fetch->waiting.count || fetch->plan.count));
	return 0;
}

/* Objects that came are objects here, and the first that did not come is named. */
static int fetch_finish(
	struct fetch *fetch, struct remote_summary *summary, size_t *ret_missing, struct error *err)
{
	const struct fetch_item *lacking = NULL;
	size_t n_missing = 0;
	vec_each (item, &fetch->items) {
		if (item->state != FETCH_HERE) {
			n_missing += item->is_object;
			lacking = lacking ? lacking : item;
		} else if (item->is_object && item->has_come) {
			summary->objects++;
			if (object_mark(fetch->remote->store, &item->hash, err) < 0)
				return -err->code;
		}
	}
	if (ret_missing)
		*ret_missing = lacking && !n_missing ? 1 : n_missing;
	if (object_store_flush(fetch->remote->store, err) < 0)
		return -err->code;
	if (fetch->damage.code) {
		*err = fetch->damage;
		return -err->code;
	}
	if (!lacking)
		return 0;
	char name[HASH_TEXT_SIZE];
	hash_format(&lacking->hash, name);
	return error_set(err, ERROR_NOT_FOUND, "it does not have %s", name);
}

int remote_fetch(struct remote *remote, const struct hash *objects, size_t count, bool again,
	const struct event_sink *sink, struct remote_summary *ret_summary, size_t *n_missing,
	struct error *err)
{
	uint64_t start = clock_monotonic(), requests = remote_requests(remote);
	struct remote_summary summary = { .objects = 0 };
	AUTO(fetch_release)
	struct fetch fetch = { .remote = remote,
		.sink = sink,
		.again = again,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.damage = ERROR_INIT };
	int status = remote->refreshed ? 0 : remote_refresh(remote, sink, err);
	if (n_missing)
		*n_missing = 0;
	if (status < 0)
		return status;
	for (size_t i = 0; status == 0 && i < count; i++)
		status = fetch_want(&fetch, &objects[i], true, err);
	if (status == 0)
		status = fetch_rounds(&fetch, &summary, err);
	if (status == 0)
		status = fetch_finish(&fetch, &summary, n_missing, err);
	summary.entries = fetch.n_entries;
	summary.requests = remote_requests(remote) - requests;
	summary.seconds = (double)(clock_monotonic() - start) / 1e9;
	*ret_summary = summary;
	return status < 0 ? error_prefix(err, "remote '%s'", remote->name) : 0;
}
