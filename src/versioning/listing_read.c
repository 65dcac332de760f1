#include "listing_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/parallel.h"
#include "mlops/base/path.h"
#include "mlops/system/folder.h"

enum {
	LISTING_SMALL = 256 << 10, /* read whole, by the thread that has the folder open */
	LISTING_ALONE = 16 << 20, /* from here on one file at a time has all threads */
	LISTING_GROUP = 128, /* files of one folder that one thread takes */
	LISTING_LINK = 4096
};

struct listing_group {
	size_t first, count;
};

struct listing_job {
	struct listing *listing;
	struct listing_reading *reading;
	VEC(struct listing_group) groups;
	char **buffers; /* one each thread */
	int root;
	pthread_t caller;
	atomic_uint_fast64_t done;
};

static bool listing_is_due(const struct listing_entry *entry)
{
	return entry->wanted && !entry->known;
}

static bool listing_is_alone(const struct listing_entry *entry)
{
	return entry->facts.kind == FILE_REGULAR && entry->facts.size >= LISTING_ALONE;
}

/* The entry's place from the workspace's root. */
static char *listing_place(
	const struct listing *listing, const struct listing_entry *entry, struct error *err)
{
	return memory_format(
		err, "%s%s%s", listing->data_path, *entry->path ? "/" : "", entry->path);
}

static void listing_count(struct listing_job *job, uint64_t bytes)
{
	struct listing_reading *reading = job->reading;
	uint64_t done = atomic_fetch_add(&job->done, bytes) + bytes;
	if (pthread_equal(pthread_self(), job->caller))
		event_progress(reading->sink, reading->text, "bytes", reading->done + done,
			reading->total);
}

static bool listing_facts_equal(const struct file_facts *a, const struct file_facts *b)
{
	return a->kind == b->kind && a->size == b->size && a->modified == b->modified &&
	       a->changed == b->changed && a->inode == b->inode && a->mode == b->mode;
}

/* As users know the file: from the workspace's root. */
#define LISTING_NAME "'%s%s%s'"
#define LISTING_NAME_OF(job, entry)                                                                \
	(job)->listing->data_path, *(entry)->path ? "/" : "", (entry)->path

static int listing_changed(
	const struct listing_job *job, const struct listing_entry *entry, struct error *err)
{
	return error_set(err, ERROR_INVALID, LISTING_NAME " changed while it was read",
		LISTING_NAME_OF(job, entry));
}

/* Its name in the folder that holds it. */
static const char *listing_name(const struct listing_job *job, const struct listing_entry *entry)
{
	return path_base(*entry->path ? entry->path : job->listing->data_path);
}

/* Hashes the content, and stores it if there is a store. */
static int listing_take(struct listing_job *job, struct listing_entry *entry, const void *bytes,
	size_t count, struct error *err)
{
	struct listing_reading *reading = job->reading;
	if (!reading->store) {
		hash_bytes(bytes, count, &entry->hash);
		return 0;
	}
	const struct hash *before =
		reading->predecessor ? reading->predecessor(reading->context, entry) : NULL;
	return object_put_version(reading->store, bytes, count, before, &entry->hash, err);
}

/*
 * As many bytes as the facts say, and the facts again: are they the same then nobody has written
 * meanwhile, and there is no more to be read.
 */
static int listing_read_whole(struct listing_job *job, int fd, struct listing_entry *entry,
	char *buffer, struct error *err)
{
	struct file_facts after;
	size_t count, size = (size_t)entry->facts.size;
	if (file_read_some(fd, entry->path, buffer, size, &count, err) < 0 ||
		file_facts_of(fd, entry->path, &after, err) < 0)
		return -err->code;
	if (count != size || !listing_facts_equal(&entry->facts, &after)) {
		/* For the second attempt. */
		entry->facts = after;
		return listing_changed(job, entry, err);
	}
	return listing_take(job, entry, buffer, count, err);
}

static int listing_read_large(
	struct listing_job *job, struct listing_entry *entry, struct error *err)
{
	struct listing_reading *reading = job->reading;
	struct listing *listing = job->listing;
	struct file_facts after;
	uint64_t size;
	AUTO_FREE char *place = listing_place(listing, entry, err);
	AUTO_FREE char *path = place ? path_join(listing->workspace->root, place, err) : NULL;
	if (!path)
		return -err->code;
	if (reading->store) {
		struct object_file file;
		const struct hash *before =
			reading->predecessor ? reading->predecessor(reading->context, entry) : NULL;
		if (object_put_file(reading->store, path, before, &file, err) < 0)
			return err->code == ERROR_INVALID ? listing_changed(job, entry, err)
							  : -(int)err->code;
		entry->hash = file.hash;
		entry->facts = file.facts;
		return 0;
	}
	if (file_facts(path, &entry->facts, err) < 0 ||
		hash_file(path, &entry->hash, &size, err) < 0 || file_facts(path, &after, err) < 0)
		return -err->code;
	if (size != after.size || !listing_facts_equal(&entry->facts, &after))
		return listing_changed(job, entry, err);
	return 0;
}

static int listing_read_file(struct listing_job *job, int folder, struct listing_entry *entry,
	char *buffer, struct error *err)
{
	if (entry->facts.kind != FILE_REGULAR)
		return listing_changed(job, entry, err);
	if (entry->facts.size > LISTING_SMALL)
		return listing_read_large(job, entry, err);
	AUTO_CLOSE int fd = folder_open_file(folder, listing_name(job, entry));
	if (fd < 0)
		return error_set_os(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
			"cannot open " LISTING_NAME, LISTING_NAME_OF(job, entry));
	return listing_read_whole(job, fd, entry, buffer, err);
}

static int listing_read_link(
	struct listing_job *job, int folder, struct listing_entry *entry, struct error *err)
{
	char text[LISTING_LINK];
	struct file_facts facts;
	const char *name = listing_name(job, entry);
	ssize_t length = readlinkat(folder, name, text, sizeof text);
	if (length < 0)
		return error_set_os(err, ERROR_IO, "cannot read the link " LISTING_NAME,
			LISTING_NAME_OF(job, entry));
	if (!file_facts_at(folder, name, &facts) || (uint64_t)length != facts.size)
		return listing_changed(job, entry, err);
	entry->facts = facts;
	return listing_take(job, entry, text, (size_t)length, err);
}

/* Reads one entry; twice if it changed meanwhile. */
static int listing_read_one(struct listing_job *job, int folder, struct listing_entry *entry,
	char *buffer, struct error *err)
{
	if (event_stopped(job->reading->sink))
		return error_set(err, ERROR_CANCELLED, "stopped");
	for (int attempt = 0;; attempt++) {
		int result = entry->facts.kind == FILE_LINK
				     ? listing_read_link(job, folder, entry, err)
				     : listing_read_file(job, folder, entry, buffer, err);
		if (result == 0)
			break;
		if (err->code != ERROR_INVALID || attempt)
			return result;
		error_clear(err);
	}
	entry->known = entry->was_read = true;
	listing_count(job, entry->facts.size);
	return 0;
}

/* The folder that holds the entry, opened without following a link. */
static int listing_open_folder(
	struct listing_job *job, const struct listing_entry *entry, struct error *err)
{
	const struct listing *listing = job->listing;
	AUTO_FREE char *place = listing_place(listing, entry, err);
	if (!place)
		return -err->code;
	char *slash = strrchr(place, '/');
	if (slash)
		*slash = '\0';
	return folder_open_below(job->root, slash ? place : "", err);
}

static int listing_read_group(void *context, size_t index, size_t worker, struct error *err)
{
	struct listing_job *job = context;
	const struct listing_group *group = &job->groups.items[index];
	struct listing_entry *entries = job->listing->entries + group->first;
	if (!job->buffers[worker])
		job->buffers[worker] = memory_allocate_aligned(LISTING_SMALL + 1, err);
	AUTO_CLOSE int folder =
		job->buffers[worker] ? listing_open_folder(job, entries, err) : -(int)err->code;
	if (folder < 0)
		return folder;
	for (size_t i = 0; i < group->count; i++) {
		struct listing_entry *entry = &entries[i];
		if (!listing_is_due(entry) || listing_is_alone(entry))
			continue;
		if (listing_read_one(job, folder, entry, job->buffers[worker], err) < 0)
			return -err->code;
	}
	return 0;
}

static size_t listing_folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (size_t)(slash - path) : 0;
}

/* Cuts the entries where the folder changes. */
static int listing_cut(struct listing_job *job, struct error *err)
{
	const struct listing *listing = job->listing;
	struct listing_group group = { 0, 0 };
	const char *last = NULL;
	size_t last_length = 0, n_due = 0;
	for (size_t i = 0; i < listing->count; i++) {
		const char *path = listing->entries[i].path;
		size_t length = listing_folder_length(path);
		bool same = last && length == last_length && memcmp(path, last, length) == 0;
		if (!same || group.count >= LISTING_GROUP) {
			if (n_due)
				vec_push(&job->groups, group);
			group = (struct listing_group){ i, 0 };
			n_due = 0;
		}
		group.count++;
		n_due += listing_is_due(&listing->entries[i]);
		last = path;
		last_length = length;
	}
	if (n_due)
		vec_push(&job->groups, group);
	return vec_check(&job->groups, err);
}

static int listing_read_alone(struct listing_job *job, struct error *err)
{
	for (size_t i = 0; i < job->listing->count; i++) {
		struct listing_entry *entry = &job->listing->entries[i];
		if (!listing_is_due(entry))
			continue;
		AUTO_CLOSE int folder = listing_open_folder(job, entry, err);
		char *buffer = job->buffers[0];
		if (folder < 0 || listing_read_one(job, folder, entry, buffer, err) < 0)
			return -err->code;
	}
	return 0;
}

static int listing_run(struct listing_job *job, struct error *err)
{
	size_t threads = parallel_threads();
	job->buffers = memory_allocate(threads, sizeof *job->buffers, err);
	if (!job->buffers)
		return -err->code;
	job->buffers[0] = memory_allocate_aligned(LISTING_SMALL + 1, err);
	int result = job->buffers[0] ? parallel_for(threads, job->groups.count, listing_read_group,
					       job, err)
				     : -(int)err->code;
	if (result == 0)
		result = listing_read_alone(job, err);
	for (size_t i = 0; i < threads; i++)
		memory_free(job->buffers[i]);
	memory_free(job->buffers);
	return result;
}

int listing_read(struct listing *listing, struct listing_reading *reading, struct error *err)
{
	struct listing_job job = {
		.listing = listing, .reading = reading, .groups = VEC_INIT, .caller = pthread_self()
	};
	/* Where nothing may be written there is no cache to be saved either. */
	struct error ignored = ERROR_INIT;
	if (stat_cache_clock(listing->workspace, &listing->since, &ignored) < 0)
		listing->since = 0;
	AUTO_CLOSE int root = folder_open_root(listing->workspace->root, err);
	if (root < 0)
		return root;
	job.root = root;
	int result = listing_cut(&job, err);
	if (result == 0 && job.groups.count)
		result = listing_run(&job, err);
	vec_release(&job.groups);
	listing->bytes_read = atomic_load(&job.done);
	reading->done += listing->bytes_read;
	return result;
}
