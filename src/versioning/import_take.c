#include <string.h>

#include "import_internal.h"
#include "mlops/base/parallel.h"
#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/tree.h"

enum {
	IMPORT_BATCH = 512, /* files between two looks at the clock and at Ctrl-C */
	IMPORT_NAMED = 3 /* of what is missing */
};

enum import_found { IMPORT_NOWHERE, IMPORT_DAMAGED, IMPORT_IN_CACHE, IMPORT_IN_PLACE };

/* One file on its way into the store. */
struct import_file {
	const char *path; /* below the output; "" for an output that is a file */
	struct dvc_name name;
	enum import_found found;
	bool executable, is_link;
	struct object_file object;
};

struct import_batch {
	const struct import_take *take;
	const char *folder; /* absolute: the output in the workspace */
	struct import_file *files;
};

void import_taken_release(struct import_taken *taken)
{
	strbuf_release(&taken->missing);
	vec_release(&taken->entries);
	arena_release(&taken->arena);
}

static bool import_same_file(const struct file_facts *a, const struct file_facts *b)
{
	return a->size == b->size && a->modified == b->modified && a->changed == b->changed &&
	       a->inode == b->inode && a->device == b->device;
}

/*
 * Compares with the MD5 and puts into the store. Both read the file, so it must stay the same
 * meanwhile. *ret_good is false if it does not hold what it should.
 */
static int import_take_content(const struct import_take *take, const char *path,
	struct import_file *file, bool *ret_good, struct error *err)
{
	struct file_facts facts;
	*ret_good = false;
	if (take->probe) {
		*ret_good = true;
		return file_facts_followed(path, &file->object.facts, err);
	}
	if (dvc_verify(path, &file->name, &facts, err) < 0) {
		if (err->code != ERROR_CORRUPT)
			return -err->code;
		error_clear(err);
		return 0;
	}
	if (object_put_file(take->store, path, NULL, &file->object, err) < 0)
		return -err->code;
	if (!import_same_file(&facts, &file->object.facts))
		return error_set(err, ERROR_INVALID, "'%s' changed while it was read", path);
	*ret_good = true;
	return 0;
}

/* From the workspace, if it is a regular file that holds what DVC recorded. */
static int import_take_in_place(
	const struct import_batch *batch, struct import_file *file, struct error *err)
{
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	bool good;
	AUTO_FREE char *path = path_join(batch->folder, file->path, err);
	if (!path)
		return -err->code;
	if (file_facts(path, &facts, &ignored) < 0)
		return 0;
	file->is_link = facts.kind == FILE_LINK;
	if (facts.kind != FILE_REGULAR)
		return 0;
	if (import_take_content(batch->take, path, file, &good, err) < 0)
		return -err->code;
	if (good) {
		file->found = IMPORT_IN_PLACE;
		file->executable = facts.mode & 0100;
	}
	return 0;
}

static int import_take_cached(
	const struct import_batch *batch, struct import_file *file, struct error *err)
{
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	bool good;
	AUTO_FREE char *path = dvc_cache_find(batch->take->repository, &file->name, err);
	if (!path)
		return -(int)err->code;
	if (file_facts_followed(path, &facts, &ignored) < 0 || facts.kind != FILE_REGULAR)
		return 0;
	if (import_take_content(batch->take, path, file, &good, err) < 0)
		return -err->code;
	file->found = good ? IMPORT_IN_CACHE : IMPORT_DAMAGED;
	return 0;
}

static int import_take_file(void *context, size_t index, size_t worker, struct error *err)
{
	(void)worker;
	const struct import_batch *batch = context;
	struct import_file *file = &batch->files[index];
	if (import_take_in_place(batch, file, err) < 0)
		return -err->code;
	return file->found == IMPORT_IN_PLACE ? 0 : import_take_cached(batch, file, err);
}

/* All files, on several threads, in batches. */
static int import_take_files(const struct import_take *take, const char *folder,
	struct import_file *files, size_t count, struct error *err)
{
	for (size_t done = 0; done < count; done += IMPORT_BATCH) {
		struct import_batch batch = { take, folder, files + done };
		size_t some = count - done < IMPORT_BATCH ? count - done : IMPORT_BATCH;
		if (event_stopped(take->sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
		if (parallel_for(0, some, import_take_file, &batch, err) < 0)
			return -err->code;
		if (count > IMPORT_BATCH)
			event_progress(take->sink, "taking", "files", done + some, count);
	}
	return 0;
}

static void import_take_missing(struct import_taken *taken, const char *path, const char *why)
{
	if (taken->n_missing++ < IMPORT_NAMED)
		strbuf_printf(&taken->missing, "%s%s%s%s", taken->n_missing > 1 ? ", " : "", path,
			path[0] ? " " : "", why);
	else if (taken->n_missing == IMPORT_NAMED + 1)
		strbuf_add(&taken->missing, ", …");
}

/* Notes what is known of a file; false if it is not to be had. */
static bool import_take_note(struct import_taken *taken, const struct import_file *file)
{
	taken->is_link = taken->is_link || file->is_link;
	if (file->found == IMPORT_NOWHERE || file->found == IMPORT_DAMAGED) {
		import_take_missing(taken, file->path,
			file->found == IMPORT_DAMAGED
				? "is damaged in DVC's cache"
				: "is neither in the workspace nor in DVC's cache");
		return false;
	}
	if (file->found != IMPORT_IN_PLACE)
		taken->in_place = false;
	if (taken->in_place)
		vec_push(&taken->entries, (struct stat_entry){ .path = file->path,
						  .facts = file->object.facts,
						  .hash = file->object.hash });
	taken->size += file->object.facts.size;
	taken->n_files++;
	return true;
}

static int import_take_single(const struct import_take *take, const struct dvc_name *name,
	bool executable, const char *path, struct import_taken *taken, struct error *err)
{
	struct import_file file = { .path = "", .name = *name };
	AUTO_FREE char *folder = path_parent(path, err);
	if (!folder)
		return -err->code;
	file.path = path_base(path);
	if (import_take_files(take, folder, &file, 1, err) < 0)
		return -err->code;
	file.path = "";
	if (!import_take_note(taken, &file))
		return strbuf_check(&taken->missing, err);
	taken->hash = file.object.hash;
	taken->mode = executable || file.executable ? 0755 : 0644;
	taken->is_file = true;
	return vec_check(&taken->entries, err);
}

/* ---- folders ---- */

static int import_tree_put(const struct import_take *take, const struct import_file *files,
	size_t count, struct import_taken *taken, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE struct tree_entry *entries = memory_allocate(count, sizeof *entries, err);
	if (!entries)
		return -err->code;
	for (size_t i = 0; i < count; i++)
		entries[i] = (struct tree_entry){ .path = files[i].path,
			.kind = files[i].executable ? TREE_EXECUTABLE : TREE_FILE,
			.hash = files[i].object.hash,
			.size = files[i].object.facts.size };
	if (tree_sort(entries, count, err) < 0 || tree_format(entries, count, &text, err) < 0)
		return -err->code;
	return object_put_bytes(take->store, text.text, text.length, &taken->hash, err);
}

struct import_walk {
	VEC(struct import_file) files;
	struct arena *arena;
	bool unknown; /* something that DVC would not list */
};

static int import_walk_visit(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	struct import_walk *walk = context;
	if (facts->kind == FILE_FOLDER)
		return 0;
	walk->unknown = walk->unknown || facts->kind != FILE_REGULAR;
	char *path = arena_copy_string(walk->arena, relative, err);
	if (!path)
		return -err->code;
	vec_push(&walk->files, (struct import_file){ .path = path });
	return vec_check(&walk->files, err);
}

static int import_walk_digest(void *context, size_t index, size_t worker, struct error *err)
{
	(void)worker;
	const struct import_batch *batch = context;
	struct import_file *file = &batch->files[index];
	struct md5_digest plain, dos2unix;
	AUTO_FREE char *path = path_join(batch->folder, file->path, err);
	AUTO_CLOSE int fd = path ? file_open(path, err) : -1;
	if (fd < 0 || dvc_digest(fd, path, &plain, &dos2unix, err) < 0)
		return -err->code;
	file->name.md5 = file->name.dos2unix ? dos2unix : plain;
	return 0;
}

static int import_listed_compare(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(((const struct dvc_listed *)a)->path, ((const struct dvc_listed *)b)->path);
}

/* The MD5 of the listing that DVC would make of these files. */
static int import_walk_name(
	const struct import_walk *walk, struct md5_digest *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO(md5_release) struct md5 state = { .context = NULL };
	size_t count = walk->files.count;
	AUTO_FREE struct dvc_listed *items = memory_allocate(count, sizeof *items, err);
	if (!items)
		return -err->code;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct dvc_listed){ walk->files.items[i].path,
			walk->files.items[i].name.md5 };
	if (sort_items(items, count, sizeof *items, import_listed_compare, NULL, err) < 0 ||
		dvc_format_listing(items, count, &text, err) < 0 || md5_init(&state, err) < 0 ||
		md5_update(&state, text.text, text.length, err) < 0)
		return -err->code;
	return md5_finish(&state, ret, err);
}

/*
 * Where the cache lacks the listing, the folder in the workspace may still be what it names: then
 * *ret_found, and the walk holds its files.
 */
static int import_walk_folder(const struct import_take *take, const struct dvc_output *output,
	const char *path, struct import_walk *walk, bool *ret_found, struct error *err)
{
	struct md5_digest digest;
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	*ret_found = false;
	if (file_facts(path, &facts, &ignored) < 0 || facts.kind != FILE_FOLDER)
		return 0;
	if (directory_walk(path, import_walk_visit, walk, err) < 0)
		return -err->code;
	if (walk->unknown)
		return 0;
	for (size_t i = 0; i < walk->files.count; i++)
		walk->files.items[i].name.dos2unix = output->name.dos2unix;
	struct import_batch batch = { take, path, walk->files.items };
	if (parallel_for(0, walk->files.count, import_walk_digest, &batch, err) < 0 ||
		import_walk_name(walk, &digest, err) < 0)
		return -err->code;
	*ret_found = md5_equal(&digest, &output->name.md5);
	return 0;
}

static int import_take_listed(const struct import_take *take, const char *path,
	struct import_file *files, size_t count, struct import_taken *taken, struct error *err)
{
	if (import_take_files(take, path, files, count, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++)
		import_take_note(taken, &files[i]);
	if (strbuf_check(&taken->missing, err) < 0 || vec_check(&taken->entries, err) < 0)
		return -err->code;
	if (taken->n_missing || take->probe)
		return 0;
	return import_tree_put(take, files, count, taken, err);
}

/*
 * Entries of a listing, or of the part of it that lies in the folder `below`, as files to take;
 * their paths go to the arena of `taken`.
 */
static struct import_file *import_take_list(const struct dvc_listing *listing,
	const struct import_take *take, bool dos2unix, struct import_taken *taken,
	size_t *ret_count, struct error *err)
{
	struct import_file *files = memory_allocate(listing->count, sizeof *files, err);
	size_t length = take->below ? strlen(take->below) : 0;
	*ret_count = 0;
	for (size_t i = 0; files && i < listing->count; i++) {
		const char *path = listing->items[i].path;
		if (length && (strncmp(path, take->below, length) != 0 || path[length] != '/'))
			continue;
		path = arena_copy_string(&taken->arena, path + length + (length ? 1 : 0), err);
		if (!path) {
			memory_free(files);
			return NULL;
		}
		files[(*ret_count)++] = (struct import_file){ .path = path,
			.name = { .md5 = listing->items[i].md5, .dos2unix = dos2unix } };
	}
	return files;
}

static int import_take_listing(const struct import_take *take, const struct dvc_listing *listing,
	const struct dvc_output *output, const char *path, struct import_taken *taken,
	struct error *err)
{
	size_t count;
	const char *below = take->below ? take->below : "";
	AUTO_FREE char *inside =
		below[0] ? path_join(path, below, err) : memory_copy_string(path, err);
	if (!inside)
		return -err->code;
	for (size_t i = 0; below[0] && i < listing->count; i++) {
		if (strcmp(listing->items[i].path, below) != 0)
			continue;
		struct dvc_name name = { .md5 = listing->items[i].md5,
			.dos2unix = output->name.dos2unix };
		return import_take_single(take, &name, false, inside, taken, err);
	}
	AUTO_FREE struct import_file *files =
		import_take_list(listing, take, output->name.dos2unix, taken, &count, err);
	return files ? import_take_listed(take, inside, files, count, taken, err) : -(int)err->code;
}

static int import_take_folder(const struct import_take *take, const struct dvc_output *output,
	const char *path, struct import_taken *taken, struct error *err)
{
	AUTO(dvc_listing_release) struct dvc_listing listing = { .items = NULL };
	int status = dvc_load_listing(take->repository, &output->name, &listing, err);
	if (status == 0)
		return import_take_listing(take, &listing, output, path, taken, err);
	if (err->code == ERROR_INVALID) {
		taken->hostile = true;
		strbuf_add(&taken->missing, err->message);
		error_clear(err);
		return strbuf_check(&taken->missing, err);
	}
	if (err->code != ERROR_NOT_FOUND && err->code != ERROR_CORRUPT)
		return status;
	bool damaged = err->code == ERROR_CORRUPT, found;
	error_clear(err);
	struct import_walk walk = { .arena = &taken->arena };
	found = false;
	if (!take->below || !take->below[0])
		status = import_walk_folder(take, output, path, &walk, &found, err);
	else
		status = 0;
	if (status == 0 && found)
		status = import_take_listed(
			take, path, walk.files.items, walk.files.count, taken, err);
	else if (status == 0)
		import_take_missing(taken, "",
			damaged ? "its listing is damaged in DVC's cache"
				: "its listing is not in DVC's cache");
	vec_release(&walk.files);
	return status < 0 ? status : strbuf_check(&taken->missing, err);
}

int import_take_output(const struct import_take *take, const struct dvc_output *output,
	const char *data_path, struct import_taken *taken, struct error *err)
{
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	AUTO_FREE char *path = path_join(take->workspace->root, data_path, err);
	if (!path)
		return -err->code;
	taken->is_link = file_facts(path, &facts, &ignored) == 0 && facts.kind == FILE_LINK;
	return output->name.folder ? import_take_folder(take, output, path, taken, err)
				   : import_take_single(take, &output->name, output->executable,
					     path, taken, err);
}
