#include <string.h>

#include "import_internal.h"
#include "mlops/base/map.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"

/* Pointers are written after a flush of the store; this much waits for one. */
enum { IMPORT_PENDING = 256, IMPORT_PENDING_FILES = 20000 };
static const uint64_t import_pending_bytes = 1ULL << 30;

/* What is in the store, and whose pointer is not written yet. */
struct import_pending {
	char *path; /* from the workspace's root */
	const struct dvc_output *output;
	struct import_taken taken;
};

struct import_dvc {
	struct import_take take;
	const struct import_dvc_options *options;
	struct import_dvc_summary *summary;
	char *prefix; /* of the DVC repository in the workspace; "." if they are the same */
	struct repository *git; /* or NULL */
	struct dvc_outputs outputs;
	VEC(struct import_pending) pending;
	size_t pending_files;
	uint64_t pending_bytes;
	struct map kept; /* .dvc files of which something was not taken */
	int64_t since;
};

static void import_dvc_release(struct import_dvc *import)
{
	vec_each (pending, &import->pending) {
		memory_free(pending->path);
		import_taken_release(&pending->taken);
	}
	vec_release(&import->pending);
	dvc_outputs_release(&import->outputs);
	repository_close(import->git);
	map_release(&import->kept);
	memory_free(import->prefix);
}
AUTO_RELEASE(struct import_dvc, import_dvc_release)

/* ---- what is said about each ---- */

static int import_dvc_say(struct import_dvc *import, const struct import_item *item,
	const char *file, struct error *err)
{
	struct import_dvc_summary *summary = import->summary;
	bool good = false;
	switch (item->state) {
	case IMPORT_TRACKED:
		summary->n_tracked++;
		good = true;
		break;
	case IMPORT_IN_GIT:
		summary->n_in_git++;
		break;
	case IMPORT_MISSING:
		summary->n_missing++;
		break;
	case IMPORT_REFUSED:
		summary->n_refused++;
		break;
	default:
		summary->n_taken++;
		summary->n_stages += item->stage != NULL;
		good = true;
	}
	if (!good && map_put(&import->kept, file, import, err) < 0)
		return -err->code;
	const struct import_dvc_options *options = import->options;
	return options->report ? options->report(options->context, item, err) : 0;
}

static int import_dvc_output_is(struct import_dvc *import, const struct dvc_output *output,
	const char *path, enum import_state state, const char *detail, struct error *err)
{
	struct import_item item = { .path = path,
		.state = state,
		.detail = detail,
		.origin = output->file,
		.stage = output->stage };
	return import_dvc_say(import, &item, output->file, err);
}

/* A whole file of DVC that was not understood. Failures are few and are lost with a note. */
static void import_dvc_refused(void *context, const char *file, const struct error *why)
{
	struct import_dvc *import = context;
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf detail = STRBUF_INIT;
	if (why->at.line)
		strbuf_printf(&detail, "line %u: ", why->at.line);
	strbuf_add(&detail, why->message);
	struct import_item item = {
		.path = file, .state = IMPORT_REFUSED, .detail = detail.text, .origin = file
	};
	if (import_dvc_say(import, &item, file, &err) < 0)
		event_warn(import->options->sink, NULL, "%s", err.message);
}

/* ---- pointers ---- */

static char *import_dvc_copy(const char *text, struct error *err)
{
	return text ? memory_copy_string(text, err) : NULL;
}

static int import_dvc_pointer(
	const struct import_pending *pending, struct pointer *ret, struct error *err)
{
	const struct pointer_source *source = &pending->output->source;
	const struct import_taken *taken = &pending->taken;
	bool folder = pending->output->name.folder;
	*ret = (struct pointer){ .kind = folder ? POINTER_FOLDER : POINTER_FILE,
		.path = memory_copy_string(path_base(pending->path), err),
		.hash = taken->hash,
		.size = taken->size,
		.n_files = taken->n_files,
		.mode = folder ? 0 : taken->mode,
		.has_source = pending->output->has_source };
	if (ret->has_source)
		ret->source = (struct pointer_source){ .url = import_dvc_copy(source->url, err),
			.path = import_dvc_copy(source->path, err),
			.revision = import_dvc_copy(source->revision, err),
			.commit = import_dvc_copy(source->commit, err),
			.etag = import_dvc_copy(source->etag, err) };
	return err->code ? -(int)err->code : 0;
}

static int import_dvc_write(
	struct import_dvc *import, const struct import_pending *pending, struct error *err)
{
	AUTO(pointer_release) struct pointer pointer = { .path = NULL };
	const struct workspace *workspace = import->take.workspace;
	const struct import_taken *taken = &pending->taken;
	AUTO_FREE char *path = path_join(workspace->root, pending->path, err);
	AUTO_FREE char *parent = path ? path_parent(path, err) : NULL;
	if (!parent || directory_make(parent, err) < 0 ||
		import_dvc_pointer(pending, &pointer, err) < 0 ||
		import_ignore(workspace, pending->path, import->options->sink, err) < 0 ||
		pointer_save(path, &pointer, err) < 0)
		return -err->code;
	struct error ignored = ERROR_INIT;
	if (taken->in_place && !taken->is_link &&
		stat_cache_save(workspace, pending->path, &taken->hash, import->since,
			taken->entries.items, taken->entries.count, &ignored) < 0)
		event_note(import->options->sink, "%s", ignored.message);
	import->summary->n_files += taken->n_files;
	import->summary->bytes += taken->size;
	struct import_item item = { .path = pending->path,
		.state = IMPORT_NEW,
		.origin = pending->output->file,
		.stage = pending->output->stage,
		.pointer = &pointer,
		.is_link = taken->is_link };
	return import_dvc_say(import, &item, pending->output->file, err);
}

/* What is pending is made to last, then its pointers are written. */
static int import_dvc_flush(struct import_dvc *import, struct error *err)
{
	if (!import->pending.count)
		return 0;
	if (object_store_flush(import->take.store, err) < 0)
		return -err->code;
	for (size_t i = 0; i < import->pending.count; i++) {
		struct import_pending *pending = &import->pending.items[i];
		if (import_dvc_write(import, pending, err) < 0)
			return error_prefix(err, "'%s'", pending->path);
	}
	vec_each (pending, &import->pending) {
		memory_free(pending->path);
		import_taken_release(&pending->taken);
	}
	import->pending.count = 0;
	import->pending_files = 0;
	import->pending_bytes = 0;
	return 0;
}

/* Takes over `path` and what was taken. */
static int import_dvc_push(struct import_dvc *import, const struct dvc_output *output, char **path,
	struct import_taken *taken, struct error *err)
{
	vec_push(&import->pending, (struct import_pending){ *path, output, *taken });
	if (vec_check(&import->pending, err) < 0)
		return -err->code;
	*path = NULL;
	import->pending_files += taken->n_files;
	import->pending_bytes += taken->size;
	*taken = IMPORT_TAKEN_INIT;
	if (import->pending.count < IMPORT_PENDING &&
		import->pending_files < IMPORT_PENDING_FILES &&
		import->pending_bytes < import_pending_bytes)
		return 0;
	return import_dvc_flush(import, err);
}

/* ---- one output ---- */

/* The output whose path is this one, or NULL. They are sorted by path. */
static const struct dvc_output *import_dvc_find(
	const struct import_dvc *import, struct text path, const struct dvc_output *but)
{
	size_t low = 0, high = import->outputs.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (text_compare(text_of(import->outputs.items[middle].path), path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const struct dvc_output *end = import->outputs.items + import->outputs.count;
	for (const struct dvc_output *at = import->outputs.items + low;
		at < end && text_is(path, at->path); at++) {
		if (at != but && !at->unusable && at->cached)
			return at;
	}
	return NULL;
}

/* Another output that holds this one, so that one of them must go: DVC would refuse both. */
static const struct dvc_output *import_dvc_overlap(
	const struct import_dvc *import, const struct dvc_output *output)
{
	const struct dvc_output *found = import_dvc_find(import, text_of(output->path), output);
	if (found)
		return found;
	for (const char *slash = strchr(output->path, '/'); slash && !found;
		slash = strchr(slash + 1, '/'))
		found = import_dvc_find(import,
			(struct text){ output->path, (size_t)(slash - output->path) }, NULL);
	return found;
}

static int import_dvc_is_tracked(
	const struct import_dvc *import, const char *data_path, bool *ret, struct error *err)
{
	AUTO_FREE char *path =
		memory_format(err, "%s/%s" POINTER_SUFFIX, import->take.workspace->root, data_path);
	*ret = path && file_exists(path);
	return path ? 0 : -(int)err->code;
}

static int import_dvc_take(
	struct import_dvc *import, const struct dvc_output *output, char **path, struct error *err)
{
	AUTO(import_taken_release) struct import_taken taken = IMPORT_TAKEN_INIT;
	if (import_take_output(&import->take, output, *path, &taken, err) < 0)
		return error_prefix(err, "'%s'", *path);
	if (taken.hostile)
		return import_dvc_output_is(
			import, output, *path, IMPORT_REFUSED, taken.missing.text, err);
	if (taken.n_missing > 1)
		strbuf_printf(&taken.missing, " (%zu of %zu files)", taken.n_missing,
			(size_t)(taken.n_missing + taken.n_files));
	if (strbuf_check(&taken.missing, err) < 0)
		return -err->code;
	if (taken.n_missing)
		return import_dvc_output_is(
			import, output, *path, IMPORT_MISSING, taken.missing.text, err);
	if (!import->take.probe)
		return import_dvc_push(import, output, path, &taken, err);
	import->summary->n_files += taken.n_files;
	import->summary->bytes += taken.size;
	return import_dvc_output_is(import, output, *path, IMPORT_NEW, NULL, err);
}

static int import_dvc_output(
	struct import_dvc *import, const struct dvc_output *output, struct error *err)
{
	bool tracked, in_git = false;
	struct error why = ERROR_INIT;
	AUTO_FREE char *path = path_join(import->prefix, output->path, err);
	if (!path)
		return -err->code;
	if (output->unusable)
		return import_dvc_output_is(
			import, output, output->path, IMPORT_REFUSED, output->unusable, err);
	if (output->cached &&
		import_is_in_git(import->take.workspace, import->git, path, &in_git, err) < 0)
		return -err->code;
	if (!output->cached || in_git)
		return import_dvc_output_is(import, output, path, IMPORT_IN_GIT, NULL, err);
	if (import_check_target(import->take.workspace, path, &why) < 0)
		return import_dvc_output_is(import, output, path, IMPORT_REFUSED, why.message, err);
	const struct dvc_output *other = import_dvc_overlap(import, output);
	AUTO_FREE char *twice =
		other ? memory_format(err, "'%s' names '%s' too", other->file, other->path) : NULL;
	if (other)
		return twice ? import_dvc_output_is(
				       import, output, path, IMPORT_REFUSED, twice, err)
			     : -(int)err->code;
	if (import_dvc_is_tracked(import, path, &tracked, err) < 0)
		return -err->code;
	if (tracked && !import->options->force)
		return import_dvc_output_is(import, output, path, IMPORT_TRACKED, NULL, err);
	return import_dvc_take(import, output, &path, err);
}

/* ---- all of them ---- */

/* .dvc files all of whose outputs are tracked by us now. */
static int import_dvc_remove(struct import_dvc *import, struct error *err)
{
	const struct dvc_repository *repository = import->take.repository;
	for (size_t i = 0; i < import->outputs.count; i++) {
		const struct dvc_output *output = &import->outputs.items[i];
		if (output->stage || map_has(&import->kept, output->file))
			continue;
		AUTO_FREE char *path = path_join(repository->root, output->file, err);
		if (!path || file_remove(path, err) < 0 ||
			map_put(&import->kept, output->file, import, err) < 0)
			return -err->code;
		import->summary->n_removed++;
	}
	return 0;
}

static int import_dvc_prefix(struct import_dvc *import, struct error *err)
{
	const struct dvc_repository *repository = import->take.repository;
	AUTO_FREE char *root = directory_real_path(import->take.workspace->root, err);
	if (!root)
		return -err->code;
	if (!path_is_inside(repository->root, root)) {
		error_set(err, ERROR_UNSUPPORTED, "'%s' does not lie in this project",
			repository->root);
		return error_hint(err,
			"run 'mlops init' and this command there, or take single paths of it: "
			"mlops import --from %s PATH",
			repository->root);
	}
	import->prefix = path_relative(repository->root, root, err);
	return import->prefix ? 0 : -(int)err->code;
}

static int import_dvc_begin(struct import_dvc *import, struct error *err)
{
	const struct workspace *workspace = import->take.workspace;
	map_init(&import->kept, NULL);
	if (import_dvc_prefix(import, err) < 0)
		return -err->code;
	if (import_open_git(workspace, &import->git, err) < 0)
		return -err->code;
	if (!import->options->dry_run && stat_cache_clock(workspace, &import->since, err) < 0)
		return -err->code;
	return dvc_collect(
		import->take.repository, &import->outputs, import_dvc_refused, import, err);
}

int import_dvc(const struct workspace *workspace, struct object_store *store,
	const struct dvc_repository *repository, const struct import_dvc_options *options,
	struct import_dvc_summary *summary, struct error *err)
{
	AUTO(import_dvc_release)
	struct import_dvc import = { .take = { .workspace = workspace,
					     .store = store,
					     .repository = repository,
					     .sink = options->sink,
					     .probe = options->dry_run },
		.options = options,
		.summary = summary,
		.outputs = DVC_OUTPUTS_INIT };
	*summary = (struct import_dvc_summary){ .n_taken = 0 };
	if (import_dvc_begin(&import, err) < 0)
		return -err->code;
	for (size_t i = 0; i < import.outputs.count; i++) {
		event_progress(options->sink, "taking", "paths", i, import.outputs.count);
		if (import_dvc_output(&import, &import.outputs.items[i], err) < 0)
			return -err->code;
	}
	if (import_dvc_flush(&import, err) < 0)
		return -err->code;
	return options->remove && !options->dry_run ? import_dvc_remove(&import, err) : 0;
}
