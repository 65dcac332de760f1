#include "mlops/versioning/add.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/versioning/gitignore.h"
#include "mlops/versioning/tracked.h"

#include "add_internal.h"

struct add_job {
	const struct workspace *workspace;
	struct object_store *store;
	const struct add_options *options;
	struct add_work *works;
	size_t count;
	bool in_git;
};

const char *add_state_name(enum add_state state)
{
	static const char *const names[] = { "new", "changed", "unchanged" };
	return names[state];
}

static void add_result_release(struct add_result *result)
{
	memory_free(result->path);
	memory_free(result->ignore_file);
	*result = (struct add_result){ .path = NULL };
}

void add_results_release(struct add_results *results)
{
	for (size_t i = 0; i < results->count; i++)
		add_result_release(&results->items[i]);
	memory_free(results->items);
	*results = (struct add_results){ .items = NULL };
}

static void add_job_release(struct add_job *job)
{
	for (size_t i = 0; job->works && i < job->count; i++) {
		struct add_work *work = &job->works[i];
		listing_release(&work->listing);
		stat_cache_free(work->cache);
		tree_release(&work->old_tree);
		pointer_release(&work->old);
		pointer_release(&work->new);
		add_result_release(&work->result);
		memory_free(work->full);
	}
	memory_free(job->works);
}
AUTO_RELEASE(struct add_job, add_job_release)

/* ---- looking ---- */

/* What the pointer and the cache say of the version before. */
static int add_look_back(struct add_work *work, struct error *err)
{
	struct hash whole;
	if (pointer_load(work->full, &work->old, err) == 0)
		work->has_old = true;
	/* One that is wrong, or in conflict, is made anew: that is the remedy for it. */
	else if (err->code != ERROR_NOT_FOUND && err->code != ERROR_INVALID)
		return -err->code;
	error_clear(err);
	if (stat_cache_load(work->workspace, work->path, &work->cache, err) < 0)
		return -err->code;
	work->cache_is_old = work->has_old && stat_cache_whole(work->cache, &whole) &&
			     hash_equal(&whole, &work->old.hash);
	return 0;
}

static bool add_has_kind(const struct add_work *work)
{
	return work->old.kind == (work->facts.kind == FILE_FOLDER ? POINTER_FOLDER : POINTER_FILE);
}

static unsigned add_mode(const struct file_facts *facts)
{
	return facts->mode & 0100 ? 0755 : 0644;
}

static int add_look(struct add_job *job, struct add_work *work, struct error *err)
{
	work->full = path_join(job->workspace->root, work->path, err);
	work->result.path = memory_copy_string(work->path, err);
	if (!work->full || !work->result.path || file_facts(work->full, &work->facts, err) < 0 ||
		add_check(work, job->in_git, err) < 0 || add_look_back(work, err) < 0 ||
		listing_make(job->workspace, work->path, &work->facts, work->cache, &work->listing,
			err) < 0)
		return -err->code;
	work->is_same = work->cache_is_old && add_has_kind(work) &&
			listing_is_same(&work->listing) && stat_cache_is_stored(work->cache) &&
			(work->old.kind == POINTER_FOLDER ||
				(work->old.mode & 0100) == (work->facts.mode & 0100)) &&
			object_exists(job->store, &work->old.hash);
	return add_check_listing(work, err);
}

/* Nothing that git tracks is taken; asked only for what is new, since it costs libgit2. */
static int add_look_at_git(struct add_job *job, struct error *err)
{
	AUTO(repository_close) struct repository *repository = NULL;
	AUTO_FREE char *prefix = NULL;
	for (size_t i = 0; i < job->count; i++) {
		if (job->works[i].has_old)
			continue;
		if (!repository && repository_open(job->workspace->root, &repository, err) < 0) {
			if (err->code != ERROR_MISSING)
				return -err->code;
			event_warn(job->options->sink, NULL,
				"without libgit2 it is not known whether git tracks the data");
			error_clear(err);
			return 0;
		}
		if (!prefix)
			prefix = tracked_prefix(job->workspace, repository, err);
		if (!prefix || add_check_git(&job->works[i], repository, prefix, err) < 0)
			return -err->code;
	}
	return 0;
}

/* ---- reading ---- */

/* The file's version before: what the cache or else the old listing knows of its path. */
static const struct hash *add_before(void *context, const struct listing_entry *entry)
{
	struct add_work *work = context;
	if (entry->cached != SIZE_MAX)
		return stat_cache_hash(work->cache, entry->cached);
	if (work->has_old && work->old.kind == POINTER_FILE && !*entry->path)
		return &work->old.hash;
	const struct tree_entry *old = tree_find(&work->old_tree, entry->path);
	return old ? &old->hash : NULL;
}

/*
 * Which entries are to be put: what is not known; and where the cache only looked, what the store
 * lacks. Returns the bytes.
 */
static int add_choose(struct add_job *job, struct add_work *work, struct error *err)
{
	bool stored = stat_cache_is_stored(work->cache);
	bool tree_there = work->has_old && work->old.kind == POINTER_FOLDER &&
			  object_exists(job->store, &work->old.hash);
	if (work->facts.kind == FILE_FOLDER && !(stored && tree_there) &&
		listing_expand(&work->listing, err) < 0)
		return -err->code;
	for (size_t i = 0; i < work->listing.count; i++) {
		struct listing_entry *entry = &work->listing.entries[i];
		entry->wanted = true;
		if (entry->known && !(stored && tree_there) &&
			!object_exists(job->store, &entry->hash))
			entry->known = false;
		work->result.bytes_read += entry->known ? 0 : entry->facts.size;
	}
	return 0;
}

/* The old listing, where the cache does not stand for it; that it is not there is no error. */
static void add_old_tree(struct add_job *job, struct add_work *work)
{
	struct error ignored = ERROR_INIT;
	if (work->has_old && work->old.kind == POINTER_FOLDER && !work->cache_is_old &&
		tree_load(job->store, &work->old.hash, &work->old_tree, &ignored) < 0)
		work->old_tree = (struct tree){ .entries = NULL };
}

static int add_read(struct add_job *job, struct error *err)
{
	struct listing_reading reading = { .store = job->store,
		.predecessor = add_before,
		.sink = job->options->sink,
		.text = "adding" };
	for (size_t i = 0; i < job->count; i++) {
		struct add_work *work = &job->works[i];
		if (work->is_same)
			continue;
		add_old_tree(job, work);
		if (add_choose(job, work, err) < 0)
			return -err->code;
		reading.total += work->result.bytes_read;
	}
	for (size_t i = 0; i < job->count && !job->options->dry_run; i++) {
		reading.context = &job->works[i];
		if (!job->works[i].is_same &&
			listing_read(&job->works[i].listing, &reading, err) < 0)
			return -err->code;
	}
	return 0;
}

/* ---- what has changed ---- */

static bool add_is_equal(const struct listing_entry *entry, const struct hash *hash,
	enum tree_kind kind, uint64_t size)
{
	return entry->facts.size == size && listing_kind(&entry->facts) == kind &&
	       (!entry->known || hash_equal(&entry->hash, hash));
}

/* Counts against the version before. In a dry run what was not read counts as changed. */
static void add_count(struct add_work *work, bool dry_run)
{
	struct add_result *result = &work->result;
	size_t n_met = work->listing.n_same_files;
	for (size_t i = 0; i < work->listing.count; i++) {
		const struct listing_entry *entry = &work->listing.entries[i];
		bool same = false, had;
		if (work->cache_is_old) {
			had = entry->cached != SIZE_MAX;
			struct file_facts facts = had ? stat_cache_facts(work->cache, entry->cached)
						      : (struct file_facts){ .size = 0 };
			same = had &&
			       add_is_equal(entry, stat_cache_hash(work->cache, entry->cached),
				       listing_kind(&facts), facts.size);
		} else if (work->has_old && work->old.kind == POINTER_FILE) {
			had = !*entry->path;
			same = had && add_is_equal(entry, &work->old.hash,
					      work->old.mode & 0100 ? TREE_EXECUTABLE : TREE_FILE,
					      work->old.size);
		} else {
			const struct tree_entry *old = tree_find(&work->old_tree, entry->path);
			had = old;
			same = old && add_is_equal(entry, &old->hash, old->kind, old->size);
		}
		same = same && (entry->known || !dry_run);
		n_met += had;
		result->n_added += !had;
		result->n_changed += had && !same;
	}
	size_t n_old = work->cache_is_old ? stat_cache_count(work->cache)
		       : work->has_old    ? (size_t)work->old.n_files
					  : 0;
	result->n_removed = n_old > n_met ? n_old - n_met : 0;
}

static void add_describe(struct add_work *work, bool dry_run)
{
	struct add_result *result = &work->result;
	bool is_folder = work->facts.kind == FILE_FOLDER;
	result->kind = is_folder ? POINTER_FOLDER : POINTER_FILE;
	result->size = work->listing.size;
	result->n_files = work->listing.n_files;
	if (work->is_same) {
		result->state = ADD_UNCHANGED;
		result->hash = work->old.hash;
		return;
	}
	add_count(work, dry_run);
	bool differs = result->n_added || result->n_changed || result->n_removed;
	result->state = !work->has_old ? ADD_NEW : differs ? ADD_CHANGED : ADD_UNCHANGED;
}

/* ---- the new version ---- */

static int add_put_tree(struct add_job *job, struct add_work *work, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct listing *listing = &work->listing;
	if (listing_expand(listing, err) < 0)
		return -err->code;
	AUTO_FREE struct tree_entry *entries =
		memory_allocate(listing->count, sizeof *entries, err);
	if (!entries)
		return -err->code;
	work->new.size = 0;
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		entries[i] = (struct tree_entry){ .path = entry->path,
			.kind = listing_kind(&entry->facts),
			.hash = entry->hash,
			.size = entry->facts.size };
		work->new.size += entry->facts.size;
	}
	work->new.n_files = listing->count;
	if (tree_sort(entries, listing->count, err) < 0 ||
		tree_format(entries, listing->count, &text, err) < 0)
		return -err->code;
	const struct hash *before =
		work->has_old && work->old.kind == POINTER_FOLDER ? &work->old.hash : NULL;
	return object_put_version(job->store, text.text, text.length, before, &work->new.hash, err);
}

static int add_finish_reading(struct add_job *job, struct add_work *work, struct error *err)
{
	bool is_folder = work->facts.kind == FILE_FOLDER;
	work->new = (struct pointer){ .kind = is_folder ? POINTER_FOLDER : POINTER_FILE,
		.path = memory_copy_string(path_base(work->path), err),
		.n_files = 1 };
	if (!work->new.path)
		return -err->code;
	if (is_folder)
		return add_put_tree(job, work, err);
	const struct listing_entry *entry = &work->listing.entries[0];
	work->new.hash = entry->hash;
	work->new.size = entry->facts.size;
	work->new.mode = add_mode(&entry->facts);
	return 0;
}

/* ---- writing ---- */

static bool add_is_old(const struct add_work *work)
{
	const struct pointer *old = &work->old, *new = &work->new;
	return work->has_old && old->kind == new->kind &&hash_equal(&old->hash, &new->hash) &&
	       old->size == new->size && old->n_files == new->n_files &&
	       (old->mode & 0100) == (new->mode & 0100);
}

/* Without a cache the next one reads again; that is no reason to fail. */
static void add_save_cache(struct add_work *work)
{
	struct error ignored = ERROR_INIT;
	const struct listing *listing = &work->listing;
	struct stat_entry *entries = memory_allocate(listing->count, sizeof *entries, &ignored);
	for (size_t i = 0; entries && i < listing->count; i++) {
		entries[i] = (struct stat_entry){ .path = listing->entries[i].path,
			.facts = listing->entries[i].facts,
			.hash = listing->entries[i].hash };
	}
	if (entries && listing->since &&
		stat_cache_save(work->workspace, work->path, &work->new.hash, listing->since,
			entries, listing->count, &ignored) < 0)
		error_clear(&ignored);
	memory_free(entries);
}

static int add_write(struct add_job *job, struct add_work *work, struct error *err)
{
	struct add_result *result = &work->result;
	if (!work->is_same) {
		result->hash = work->new.hash;
		result->size = work->new.size;
		result->n_files = work->new.n_files;
		result->bytes_read = work->listing.bytes_read;
		/* One whose content is as before keeps what it says of its source. */
		if (add_is_old(work))
			result->state = ADD_UNCHANGED;
		else if (pointer_save(work->full, &work->new, err) < 0)
			return -err->code;
	}
	if (job->in_git && gitignore_add(job->workspace, work->path, job->options->command,
				   job->options->sink, &result->ignore_file, err) < 0)
		return -err->code;
	if (!work->is_same)
		add_save_cache(work);
	return 0;
}

static int add_run(struct add_job *job, struct error *err)
{
	bool dry_run = job->options->dry_run;
	for (size_t i = 0; i < job->count; i++) {
		if (add_look(job, &job->works[i], err) < 0)
			return -err->code;
	}
	if ((job->in_git && add_look_at_git(job, err) < 0) || add_read(job, err) < 0)
		return -err->code;
	for (size_t i = 0; i < job->count; i++) {
		add_describe(&job->works[i], dry_run);
		if (!dry_run && !job->works[i].is_same &&
			add_finish_reading(job, &job->works[i], err) < 0)
			return -err->code;
	}
	if (dry_run)
		return 0;
	if (object_store_flush(job->store, err) < 0)
		return -err->code;
	for (size_t i = 0; i < job->count; i++) {
		if (add_write(job, &job->works[i], err) < 0)
			return -err->code;
	}
	return 0;
}

int add_data(const struct workspace *workspace, struct object_store *store,
	const char *const *paths, size_t count, const struct add_options *options,
	struct add_results *ret, struct error *err)
{
	AUTO(add_job_release)
	struct add_job job = { .workspace = workspace,
		.store = store,
		.options = options,
		.count = count,
		.in_git = gitignore_is_in_git(workspace) };
	job.works = memory_allocate(count, sizeof *job.works, err);
	AUTO_FREE struct add_result *results = memory_allocate(count, sizeof *results, err);
	if (!job.works || !results)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		job.works[i].workspace = workspace;
		job.works[i].path = paths[i];
	}
	if (add_run(&job, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		results[i] = job.works[i].result;
		job.works[i].result = (struct add_result){ .path = NULL };
	}
	*ret = (struct add_results){ TAKE(results), count, job.in_git };
	return 0;
}
