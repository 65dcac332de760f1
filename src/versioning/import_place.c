#include <string.h>

#include "import_internal.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/checkout.h"

void import_content_release(struct import_content *content)
{
	vec_release(&content->entries);
	arena_release(&content->arena);
}

int import_content_add(struct import_content *content, const char *path, enum tree_kind kind,
	const struct hash *hash, uint64_t size, struct error *err)
{
	if (pointer_check_path(path, err) < 0)
		return -err->code;
	char *copy = arena_copy_string(&content->arena, path, err);
	if (!copy)
		return -err->code;
	vec_push(&content->entries,
		(struct tree_entry){ .path = copy, .kind = kind, .hash = *hash, .size = size });
	content->n_files++;
	if (__builtin_add_overflow(content->size, size, &content->size))
		return error_set(err, ERROR_INVALID, "a folder of over 2^64 bytes");
	return vec_check(&content->entries, err);
}

int import_content_add_link(struct import_content *content, struct object_store *store,
	const char *path, const char *text, size_t count, struct error *err)
{
	struct hash hash;
	if (strlen(text) != count)
		return error_set(err, ERROR_INVALID, "the link '%s' holds NUL", path);
	if (pointer_check_path(path, err) < 0 || tree_check_link(path, text, err) < 0)
		return -err->code;
	hash_bytes(text, count, &hash);
	if (store && object_put_bytes(store, text, count, &hash, err) < 0)
		return -err->code;
	return import_content_add(content, path, TREE_LINK, &hash, count, err);
}

int import_content_finish(
	struct import_content *content, struct object_store *store, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (!content->folder)
		return 0;
	if (tree_sort(content->entries.items, content->entries.count, err) < 0 ||
		tree_format(content->entries.items, content->entries.count, &text, err) < 0)
		return -err->code;
	hash_bytes(text.text, text.length, &content->hash);
	if (!store)
		return 0;
	return object_put_bytes(store, text.text, text.length, &content->hash, err);
}

/* ---- pointers ---- */

static char *import_copy(const char *text, struct error *err)
{
	return text ? memory_copy_string(text, err) : NULL;
}

static int import_make_pointer(const struct import_place *place,
	const struct import_content *content, const struct pointer_source *source,
	struct pointer *ret, struct error *err)
{
	*ret = (struct pointer){ .kind = content->folder ? POINTER_FOLDER : POINTER_FILE,
		.path = memory_copy_string(path_base(place->target), err),
		.hash = content->hash,
		.size = content->size,
		.n_files = content->folder ? content->n_files : 1,
		.mode = content->folder ? 0 : content->mode,
		.has_source = true,
		.source = { .url = import_copy(source->url, err),
			.path = import_copy(source->path, err),
			.revision = import_copy(source->revision, err),
			.commit = import_copy(source->commit, err),
			.etag = import_copy(source->etag, err),
			.modified = import_copy(source->modified, err) } };
	return err->code ? -(int)err->code : 0;
}

static int import_say(const struct import_place *place, enum import_state state,
	const struct pointer *pointer, struct error *err)
{
	const struct import_options *options = place->options;
	struct import_item item = {
		.path = place->target, .state = state, .origin = place->origin, .pointer = pointer
	};
	return options->report ? options->report(options->context, &item, err) : 0;
}

int import_unchanged(const struct import_place *place, struct error *err)
{
	return import_say(place, IMPORT_UNCHANGED, place->old, err);
}

int import_changed(const struct import_place *place, struct error *err)
{
	return import_say(place, IMPORT_UPDATED, place->old, err);
}

/* Keeps the data out of git, and writes the pointer. */
static int import_track(
	const struct import_place *place, const struct pointer *pointer, struct error *err)
{
	const struct workspace *workspace = place->workspace;
	AUTO_FREE char *path = path_join(workspace->root, place->target, err);
	if (!path || import_ignore(workspace, place->target, place->options->sink, err) < 0)
		return -err->code;
	return pointer_save(path, pointer, err);
}

struct import_strangers {
	const struct tree *tree;
	const char *target;
};

static int import_stranger(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	const struct import_strangers *strangers = context;
	if (facts->kind == FILE_FOLDER || tree_find(strangers->tree, relative))
		return 0;
	error_set(err, ERROR_EXISTS, "'%s' is there already, with '%s' that is not among the data",
		strangers->target, relative);
	return error_hint(err, "name another path: mlops import … -o PATH");
}

/*
 * A folder that is there may be what an interrupted import has left, but not one with other files:
 * they would be taken for data.
 */
static int import_check_strangers(
	const struct import_place *place, const struct import_content *content, struct error *err)
{
	AUTO(tree_release) struct tree tree = { .entries = NULL };
	struct import_strangers strangers = { &tree, place->target };
	struct file_facts facts;
	struct error ignored = ERROR_INIT;
	AUTO_FREE char *path = path_join(place->workspace->root, place->target, err);
	if (!path)
		return -err->code;
	if (place->old || !content->folder || file_facts(path, &facts, &ignored) < 0 ||
		facts.kind != FILE_FOLDER)
		return 0;
	if (tree_load(place->store, &content->hash, &tree, err) < 0)
		return -err->code;
	return directory_walk(path, import_stranger, &strangers, err);
}

int import_put_in_place(const struct import_place *place, const struct import_content *content,
	const struct pointer_source *source, struct error *err)
{
	AUTO(pointer_release) struct pointer pointer = { .path = NULL };
	const struct checkout_options how = { .force = place->options->force,
		.sink = place->options->sink };
	struct checkout_summary summary = { .n_written = 0 };
	const struct pointer *old = place->old;
	if (import_make_pointer(place, content, source, &pointer, err) < 0 ||
		import_check_strangers(place, content, err) < 0)
		return -err->code;
	bool same = old && old->kind == pointer.kind && hash_equal(&old->hash, &pointer.hash);
	/* Content as before, but with another ETag: what the workspace holds is nobody's matter. */
	if (!same && (object_store_flush(place->store, err) < 0 ||
			     checkout_data(place->workspace, place->store, place->target, &pointer,
				     &how, &summary, err) < 0))
		return -err->code;
	if (import_track(place, &pointer, err) < 0)
		return -err->code;
	return import_say(place,
		same  ? IMPORT_UNCHANGED
		: old ? IMPORT_UPDATED
		      : IMPORT_NEW,
		&pointer, err);
}

/* What git tracks would be kept twice, and git would go on asking for it. */
static int import_check_git(
	const struct workspace *workspace, const char *target, struct error *err)
{
	AUTO(repository_close) struct repository *git = NULL;
	bool in_git;
	if (import_open_git(workspace, &git, err) < 0 ||
		import_is_in_git(workspace, git, target, &in_git, err) < 0)
		return -err->code;
	if (!in_git)
		return 0;
	error_set(err, ERROR_EXISTS, "git tracks '%s' already", target);
	return error_hint(err, "name another path, or: git rm -r --cached %s", target);
}

static bool import_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int import_look_at_target(const struct workspace *workspace, const char *target,
	const struct pointer_source *source, const struct import_options *options,
	struct pointer *ret, bool *ret_has, struct error *err)
{
	AUTO_FREE char *path = path_join(workspace->root, target, err);
	*ret_has = false;
	if (!path || import_check_target(workspace, target, err) < 0)
		return -err->code;
	if (pointer_load(path, ret, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return import_check_git(workspace, target, err);
	}
	*ret_has = true;
	bool same = ret->has_source && import_same_text(ret->source.url, source->url) &&
		    import_same_text(ret->source.path, source->path);
	if (same || options->force)
		return 0;
	error_set(err, ERROR_EXISTS, "'%s' is tracked already, and not from '%s'", target,
		source->url);
	return error_hint(err, "name another path, or replace it with --force");
}

int import_update(const struct workspace *workspace, struct object_store *store,
	const char *data_path, const struct pointer *pointer, const struct import_options *options,
	struct error *err)
{
	const struct pointer_source *source = &pointer->source;
	if (!pointer->has_source || !source->url)
		return error_set(err, ERROR_UNSUPPORTED, "'%s' was not imported", data_path);
	const struct import_place place = { .workspace = workspace,
		.store = store,
		.target = data_path,
		.origin = source->url,
		.old = pointer,
		.options = options };
	if (import_check_target(workspace, data_path, err) < 0)
		return -err->code;
	if (source->path)
		return import_fetch_git(&place, source->url, source->path, source->revision, err);
	return import_fetch(&place, source->url, err);
}
