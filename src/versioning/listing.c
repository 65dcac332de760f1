#include "listing_internal.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/parallel.h"
#include "mlops/base/path.h"
#include "mlops/system/folder.h"
#include "mlops/versioning/scan.h"

enum { LISTING_LINK_LONGEST = 4096 };

struct listing_worker {
	struct arena arena; /* of the paths */
	VEC(struct listing_entry) entries;
	size_t n_same, n_same_files, n_files;
	uint64_t size;
	struct listing_problem problem;
};

enum tree_kind listing_kind(const struct file_facts *facts)
{
	return facts->kind == FILE_LINK ? TREE_LINK
	       : facts->mode & 0100     ? TREE_EXECUTABLE
					: TREE_FILE;
}

void listing_release(struct listing *listing)
{
	for (size_t i = 0; i < listing->n_workers; i++) {
		arena_release(&listing->workers[i].arena);
		vec_release(&listing->workers[i].entries);
		memory_free(listing->workers[i].problem.path);
	}
	memory_free(listing->workers);
	memory_free(listing->entries);
	memory_free(listing->same);
	memory_free(listing->problem.path);
	*listing = (struct listing){ .entries = NULL };
}

/* ---- what cannot be tracked ---- */

/* Keeps the first by path, whatever the order of the walk. Takes over the path. */
static void listing_problem_add(
	struct listing_problem *problem, char *path, const char *why, size_t count)
{
	problem->count += count;
	if (problem->path && strcmp(problem->path, path) <= 0) {
		memory_free(path);
		return;
	}
	memory_free(problem->path);
	problem->path = path;
	problem->why = why;
}

/* What .mlopsignore names is not to be tracked, so it cannot be wrong. */
static int listing_refuse(struct listing_worker *worker, const struct scan_folder *folder,
	const struct folder_entry *entry, const char *why, struct error *err)
{
	const char *name = entry->name;
	if (scan_is_out(folder, name, entry->facts.kind == FILE_FOLDER, false))
		return 0;
	char *path = memory_format(err, "%s/%s", folder->path, name);
	if (!path)
		return -err->code;
	listing_problem_add(&worker->problem, path, why, 1);
	return 0;
}

static bool listing_is_pointer(const char *name)
{
	return text_ends_with(text_of(name), POINTER_SUFFIX) &&
	       strlen(name) > strlen(POINTER_SUFFIX);
}

static int listing_check_link(struct listing_worker *worker, const struct scan_folder *folder,
	const char *below, const struct folder_entry *entry, struct error *err)
{
	const char *name = entry->name;
	char text[LISTING_LINK_LONGEST + 1];
	struct error wrong = ERROR_INIT;
	ssize_t length = readlinkat(folder->fd, name, text, LISTING_LINK_LONGEST);
	if (length < 0)
		return 0; /* gone, or something else meanwhile: reading it says so */
	text[length] = '\0';
	AUTO_FREE char *path = memory_format(err, "%s%s%s", below, *below ? "/" : "", name);
	if (!path)
		return -err->code;
	if (tree_check_link(path, text, &wrong) == 0)
		return 0;
	return listing_refuse(worker, folder, entry,
		"is a link out of the tracked folder, or one that could lead there", err);
}

static int listing_check(struct listing_worker *worker, const struct scan_folder *folder,
	const char *below, const struct folder_entry *entry, struct error *err)
{
	if (strcmp(entry->name, ".git") == 0)
		return listing_refuse(worker, folder, entry,
			"belongs to a git repository inside the folder", err);
	if (strcmp(entry->name, ".mlops") == 0)
		return listing_refuse(worker, folder, entry,
			"belongs to an mlops project inside the folder", err);
	if (entry->facts.kind == FILE_FOLDER)
		return 0;
	if (listing_is_pointer(entry->name))
		return listing_refuse(worker, folder, entry,
			"is the pointer of data that are tracked on their own", err);
	if (entry->facts.kind == FILE_LINK)
		return listing_check_link(worker, folder, below, entry, err);
	if (entry->facts.kind == FILE_OTHER)
		return listing_refuse(
			worker, folder, entry, "is neither a file nor a folder nor a link", err);
	return 0;
}

/* ---- the walk ---- */

static const char *listing_below(const struct listing *listing, const char *path)
{
	size_t length = strlen(listing->data_path);
	return path[length] ? path + length + 1 : "";
}

static bool listing_takes(const struct scan_folder *folder, const struct folder_entry *entry)
{
	return entry->facts.kind != FILE_FOLDER && entry->facts.kind != FILE_OTHER &&
	       !listing_is_pointer(entry->name) && !scan_is_out(folder, entry->name, false, false);
}

/* Compares a folder with the cache in place. *ret_count: its files. */
static bool listing_folder_is_same(const struct listing *listing, const struct scan_folder *folder,
	const struct stat_cache_folder *known, struct listing_worker *worker)
{
	size_t count = 0;
	uint64_t size = 0;
	for (size_t i = 0; i < folder->count; i++) {
		const struct folder_entry *entry = &folder->entries[i];
		if (!listing_takes(folder, entry))
			continue;
		size_t index = stat_cache_find(listing->cache, known, entry->name);
		if (index == SIZE_MAX || !stat_cache_is_clean(listing->cache, index, &entry->facts))
			return false;
		count++;
		size += entry->facts.size;
	}
	if (count != known->count)
		return false;
	worker->n_files += count;
	worker->n_same_files += count;
	worker->size += size;
	return true;
}

static int listing_add(const struct listing *listing, struct listing_worker *worker,
	const char *below, const struct stat_cache_folder *known, const struct folder_entry *entry,
	struct error *err)
{
	struct listing_entry made = { .facts = entry->facts, .cached = SIZE_MAX };
	made.path =
		arena_format(&worker->arena, err, "%s%s%s", below, *below ? "/" : "", entry->name);
	if (!made.path)
		return -err->code;
	if (known)
		made.cached = stat_cache_find(listing->cache, known, entry->name);
	if (made.cached != SIZE_MAX &&
		stat_cache_is_clean(listing->cache, made.cached, &made.facts)) {
		made.hash = *stat_cache_hash(listing->cache, made.cached);
		made.known = true;
	}
	worker->n_files++;
	worker->size += made.facts.size;
	vec_push(&worker->entries, made);
	return vec_check(&worker->entries, err);
}

static int listing_visit(void *context, const struct scan_folder *folder, struct error *err)
{
	struct listing *listing = context;
	struct listing_worker *worker = &listing->workers[folder->worker];
	const char *below = listing_below(listing, folder->path);
	struct stat_cache_folder known;
	for (size_t i = 0; i < folder->count; i++) {
		/* Plain files with plain names are all that a large data set has. */
		const struct folder_entry *entry = &folder->entries[i];
		if (listing_check(worker, folder, below, entry, err) < 0)
			return -err->code;
	}
	bool has = stat_cache_folder(listing->cache, text_of(below), &known);
	if (has && listing_folder_is_same(listing, folder, &known, worker)) {
		listing->same[known.number] = 1;
		worker->n_same++;
		return 0;
	}
	for (size_t i = 0; i < folder->count; i++) {
		const struct folder_entry *entry = &folder->entries[i];
		if (listing_takes(folder, entry) &&
			listing_add(listing, worker, below, has ? &known : NULL, entry, err) < 0)
			return -err->code;
	}
	return 0;
}

/* Brings together what the threads have found. */
static int listing_gather(struct listing *listing, struct error *err)
{
	size_t count = 0;
	for (size_t i = 0; i < listing->n_workers; i++)
		count += listing->workers[i].entries.count;
	listing->entries = memory_allocate(count, sizeof *listing->entries, err);
	if (!listing->entries)
		return -err->code;
	for (size_t i = 0; i < listing->n_workers; i++) {
		struct listing_worker *worker = &listing->workers[i];
		if (worker->entries.count)
			memcpy(listing->entries + listing->count, worker->entries.items,
				worker->entries.count * sizeof *listing->entries);
		listing->count += worker->entries.count;
		vec_release(&worker->entries);
		listing->n_same += worker->n_same;
		listing->n_same_files += worker->n_same_files;
		listing->n_files += worker->n_files;
		listing->size += worker->size;
		if (worker->problem.path)
			listing_problem_add(&listing->problem, TAKE(worker->problem.path),
				worker->problem.why, worker->problem.count);
	}
	return 0;
}

static int listing_walk(struct listing *listing, struct error *err)
{
	struct scan_options options = { .folder = listing->data_path,
		.facts = true,
		.threads = listing->n_workers,
		.visit = listing_visit,
		.context = listing };
	if (scan(listing->workspace, &options, err) < 0)
		return -err->code;
	return listing_gather(listing, err);
}

static int listing_one(struct listing *listing, const struct file_facts *facts, struct error *err)
{
	struct stat_cache_folder known;
	struct folder_entry entry = { .name = "", .facts = *facts };
	bool has = stat_cache_folder(listing->cache, text_of(""), &known);
	if (listing_add(listing, &listing->workers[0], "", has ? &known : NULL, &entry, err) < 0)
		return -err->code;
	return listing_gather(listing, err);
}

int listing_make(const struct workspace *workspace, const char *data_path,
	const struct file_facts *facts, const struct stat_cache *cache, struct listing *ret,
	struct error *err)
{
	size_t threads = facts->kind == FILE_FOLDER ? parallel_threads() : 1;
	*ret = (struct listing){ .workspace = workspace, .data_path = data_path, .cache = cache };
	ret->same = memory_allocate(stat_cache_folders(cache), 1, err);
	ret->workers = ret->same ? memory_allocate(threads, sizeof *ret->workers, err) : NULL;
	if (!ret->workers) {
		listing_release(ret);
		return -err->code;
	}
	ret->n_workers = threads;
	int result =
		facts->kind == FILE_FOLDER ? listing_walk(ret, err) : listing_one(ret, facts, err);
	if (result < 0)
		listing_release(ret);
	return result;
}

bool listing_is_same(const struct listing *listing)
{
	if (listing->n_same != stat_cache_folders(listing->cache) - (listing->count > 0))
		return false;
	/* A tracked file is an entry also when it is clean. */
	return !listing->count ||
	       (listing->count == 1 && listing->entries[0].known && !*listing->entries[0].path);
}

/* ---- all of it ---- */

struct listing_expansion {
	struct listing *listing;
	size_t index; /* in the cache */
};

static int listing_expand_one(void *context, const struct stat_entry *entry, struct error *err)
{
	struct listing_expansion *expansion = context;
	struct listing *listing = expansion->listing;
	char *path = arena_copy_string(&listing->workers[0].arena, entry->path, err);
	if (!path)
		return -err->code;
	listing->entries[listing->count++] = (struct listing_entry){ .path = path,
		.facts = entry->facts,
		.hash = entry->hash,
		.cached = expansion->index++,
		.known = true };
	return 0;
}

int listing_expand(struct listing *listing, struct error *err)
{
	struct listing_entry *entries = memory_resize(
		listing->entries, listing->count + listing->n_same_files, sizeof *entries, err);
	if (!entries)
		return -err->code;
	listing->entries = entries;
	for (size_t i = 0; i < stat_cache_folders(listing->cache); i++) {
		struct listing_expansion expansion = { listing,
			stat_cache_first(listing->cache, i) };
		if (listing->same[i] && stat_cache_each_in(listing->cache, i, listing_expand_one,
						&expansion, err) < 0)
			return -err->code;
		listing->same[i] = 0;
	}
	listing->n_same = listing->n_same_files = 0;
	return 0;
}
