#include <string.h>

#include "mlops/base/path.h"
#include "mlops/document/yaml.h"
#include "mlops/git/repository.h"
#include "mlops/versioning/dvc.h"

#define DVC_LISTING_SUFFIX ".dir"
enum { DVC_OUTPUTS_MOST = 1 << 20 };

/* One file that is being read. */
struct dvc_file {
	const char *name; /* as in messages */
	char *folder; /* that its paths start from: its own one and wdir */
	const char *stage;
	struct dvc_outputs *outputs;
};

void dvc_outputs_release(struct dvc_outputs *outputs)
{
	memory_free(outputs->items);
	arena_release(&outputs->arena);
	outputs->items = NULL;
	outputs->count = outputs->capacity = 0;
}

static int dvc_file_wrong(const struct dvc_file *file, const struct value *at, const char *what,
	const char *wanted, struct error *err)
{
	struct position position;
	position_set(&position, file->name, at ? at->line : 0, at ? at->column : 0);
	return error_set_at(
		err, ERROR_INVALID, &position, "%s%s%s", what, wanted[0] ? ": " : "", wanted);
}

static const struct value *dvc_file_member(const struct value *mapping, const char *key)
{
	const struct value *member = value_member(mapping, key);
	return member && member->kind != VALUE_NULL ? member : NULL;
}

/* An optional text without NUL bytes. */
static int dvc_file_text(const struct dvc_file *file, const struct value *mapping, const char *key,
	const char **ret, struct error *err)
{
	const struct value *member = dvc_file_member(mapping, key);
	*ret = NULL;
	if (!member)
		return 0;
	if (member->kind != VALUE_STRING || strlen(member->string.at) != member->string.length)
		return dvc_file_wrong(file, member, key, "a text is expected", err);
	*ret = member->string.at;
	return 0;
}

static int dvc_file_flag(const struct dvc_file *file, const struct value *mapping, const char *key,
	bool otherwise, bool *ret, struct error *err)
{
	const struct value *member = dvc_file_member(mapping, key);
	*ret = otherwise;
	if (!member)
		return 0;
	if (member->kind != VALUE_BOOLEAN)
		return dvc_file_wrong(file, member, key, "true or false is expected", err);
	*ret = member->boolean;
	return 0;
}

/* From the folder of the file to the repository's root, and safe. */
static int dvc_file_path(struct dvc_file *file, const struct value *at, const char *text,
	const char **ret, struct error *err)
{
	if (path_is_absolute(text))
		return dvc_file_wrong(file, at, "the path is absolute", "", err);
	AUTO_FREE char *joined = path_join(file->folder, text, err);
	AUTO_FREE char *path = joined ? path_normalise(joined, err) : NULL;
	if (!path)
		return -err->code;
	if (strcmp(path, ".") == 0 || strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0)
		return dvc_file_wrong(
			file, at, "the path does not lie inside the repository", "", err);
	if (strcmp(path, ".dvc") == 0 || strncmp(path, ".dvc/", 5) == 0)
		return dvc_file_wrong(file, at, "the path lies in DVC's own folder", "", err);
	if (pointer_check_path(path, err) < 0) {
		struct error why = *err;
		return dvc_file_wrong(file, at, "an unsafe path", why.message, err);
	}
	*ret = arena_copy_string(&file->outputs->arena, path, err);
	return *ret ? 0 : -(int)err->code;
}

/* md5: 32 digits, and ".dir" behind those of a folder. */
static int dvc_file_name(const struct dvc_file *file, const struct value *mapping,
	struct dvc_output *output, struct error *err)
{
	const char *md5, *kind;
	if (dvc_file_text(file, mapping, "md5", &md5, err) < 0 ||
		dvc_file_text(file, mapping, "hash", &kind, err) < 0)
		return -err->code;
	output->name.dos2unix = !kind || strcmp(kind, "md5-dos2unix") == 0;
	if (!md5 || (!output->name.dos2unix && strcmp(kind, "md5") != 0)) {
		output->unusable = md5 ? "its hash is not MD5" : "it has no MD5";
		return 0;
	}
	struct text digits = text_of(md5);
	if (text_ends_with(digits, DVC_LISTING_SUFFIX)) {
		output->name.folder = true;
		digits.length -= sizeof DVC_LISTING_SUFFIX - 1;
	}
	if (!md5_parse(digits, &output->name.md5))
		return dvc_file_wrong(
			file, value_member(mapping, "md5"), "md5", "32 digits are expected", err);
	return 0;
}

static int dvc_file_append(
	struct dvc_outputs *outputs, const struct dvc_output *output, struct error *err)
{
	if (outputs->count == outputs->capacity) {
		size_t capacity = outputs->capacity ? 2 * outputs->capacity : 16;
		if (capacity > DVC_OUTPUTS_MOST)
			return error_set(
				err, ERROR_INVALID, "over %d tracked paths", DVC_OUTPUTS_MOST);
		struct dvc_output *items =
			memory_resize(outputs->items, capacity, sizeof *items, err);
		if (!items)
			return -err->code;
		outputs->items = items;
		outputs->capacity = capacity;
	}
	outputs->items[outputs->count++] = *output;
	return 0;
}

/* One entry of `outs`; `cached` is what other files say about it. */
static int dvc_file_output(struct dvc_file *file, const struct value *mapping, bool cached,
	const struct pointer_source *source, struct error *err)
{
	struct dvc_outputs *outputs = file->outputs;
	struct dvc_output output = { .size = UINT64_MAX, .stage = file->stage };
	const char *path;
	if (mapping->kind != VALUE_MAPPING)
		return dvc_file_wrong(file, mapping, "outs", "mappings are expected", err);
	if (dvc_file_text(file, mapping, "path", &path, err) < 0)
		return -err->code;
	if (!path)
		return dvc_file_wrong(file, mapping, "an output without a path", "", err);
	const struct value *at = value_member(mapping, "path");
	if (strstr(path, "://")) {
		output.unusable = "it is kept outside of the repository";
		output.path = arena_copy_string(&outputs->arena, path, err);
		if (!output.path)
			return -err->code;
	} else if (dvc_file_path(file, at, path, &output.path, err) < 0) {
		return -err->code;
	}
	const struct value *size = dvc_file_member(mapping, "size");
	if (size && (size->kind != VALUE_INTEGER || size->integer < 0))
		return dvc_file_wrong(file, size, "size", "a count of bytes is expected", err);
	if (size)
		output.size = (uint64_t)size->integer;
	if (dvc_file_flag(file, mapping, "isexec", false, &output.executable, err) < 0 ||
		dvc_file_flag(file, mapping, "cache", cached, &output.cached, err) < 0)
		return -err->code;
	if (!output.unusable && dvc_file_name(file, mapping, &output, err) < 0)
		return -err->code;
	output.file = arena_copy_string(&outputs->arena, file->name, err);
	if (!output.file)
		return -err->code;
	output.has_source = source != NULL;
	if (source)
		output.source = *source;
	return dvc_file_append(outputs, &output, err);
}

/* A copy of an optional text in the arena. */
static int dvc_file_keep(struct dvc_file *file, const struct value *mapping, const char *key,
	char **ret, struct error *err)
{
	const char *text;
	if (dvc_file_text(file, mapping, key, &text, err) < 0)
		return -err->code;
	*ret = text ? arena_copy_string(&file->outputs->arena, text, err) : NULL;
	return text && !*ret ? -(int)err->code : 0;
}

static int dvc_file_keep_url(struct dvc_file *file, char **url, struct error *err)
{
	AUTO_FREE char *clean = *url ? repository_url_without_secrets(*url, err) : NULL;
	if (!*url)
		return 0;
	*url = clean ? arena_copy_string(&file->outputs->arena, clean, err) : NULL;
	return *url ? 0 : -(int)err->code;
}

/*
 * What `dvc import` and `dvc import-url` write: one dependency, which is a path in a git repository
 * or a URL.
 */
static int dvc_file_source(struct dvc_file *file, const struct value *root, bool *ret_has,
	struct pointer_source *ret, struct error *err)
{
	const struct value *deps = dvc_file_member(root, "deps");
	bool frozen;
	*ret_has = false;
	if (dvc_file_flag(file, root, "frozen", false, &frozen, err) < 0)
		return -err->code;
	if (!frozen || !deps || deps->kind != VALUE_SEQUENCE || deps->sequence.count != 1)
		return 0;
	const struct value *dep = deps->sequence.items[0];
	const struct value *repository = dvc_file_member(dep, "repo");
	*ret = (struct pointer_source){ .url = NULL };
	if (repository) {
		if (dvc_file_keep(file, dep, "path", &ret->path, err) < 0 ||
			dvc_file_keep(file, repository, "url", &ret->url, err) < 0 ||
			dvc_file_keep(file, repository, "rev", &ret->revision, err) < 0 ||
			dvc_file_keep(file, repository, "rev_lock", &ret->commit, err) < 0)
			return -err->code;
	} else if (dvc_file_keep(file, dep, "path", &ret->url, err) < 0 ||
		   dvc_file_keep(file, dep, "etag", &ret->etag, err) < 0) {
		return -err->code;
	}
	/* A relative one says nothing to whoever stands elsewhere. */
	bool anywhere = ret->url && (path_is_absolute(ret->url) || strchr(ret->url, ':'));
	*ret_has = anywhere && (!repository || ret->path);
	return dvc_file_keep_url(file, &ret->url, err);
}

/* The folder of the file itself, and `wdir` from there. */
static int dvc_file_folder(
	struct dvc_file *file, const char *name, const char *wdir, struct error *err)
{
	AUTO_FREE char *parent = path_parent(name, err);
	AUTO_FREE char *joined = parent ? path_join(parent, wdir ? wdir : ".", err) : NULL;
	memory_free(file->folder);
	file->folder = joined ? path_normalise(joined, err) : NULL;
	return file->folder ? 0 : -(int)err->code;
}

static int dvc_file_root(struct dvc_file *file, const struct value *root, struct error *err)
{
	const char *wdir;
	bool has_source;
	struct pointer_source source;
	if (root->kind == VALUE_NULL)
		return 0;
	if (root->kind != VALUE_MAPPING)
		return dvc_file_wrong(file, root, "a mapping is expected", "", err);
	const struct value *outs = dvc_file_member(root, "outs");
	if (outs && outs->kind != VALUE_SEQUENCE)
		return dvc_file_wrong(file, outs, "outs", "a list is expected", err);
	if (dvc_file_text(file, root, "wdir", &wdir, err) < 0 ||
		dvc_file_folder(file, file->name, wdir, err) < 0 ||
		dvc_file_source(file, root, &has_source, &source, err) < 0)
		return -err->code;
	for (size_t i = 0; outs && i < outs->sequence.count; i++) {
		if (dvc_file_output(file, outs->sequence.items[i], true,
			    has_source ? &source : NULL, err) < 0)
			return -err->code;
	}
	return 0;
}

int dvc_read_file(
	const char *name, struct text bytes, struct dvc_outputs *outputs, struct error *err)
{
	struct dvc_file file = { .name = name, .outputs = outputs };
	AUTO(document_release) struct document document = { .root = NULL };
	size_t before = outputs->count;
	if (bytes.length > DVC_FILE_MOST)
		return error_set(err, ERROR_INVALID, "'%s' is over %d bytes", name, DVC_FILE_MOST);
	if (yaml_read(bytes, name, &document, err) < 0)
		return -err->code;
	int status = dvc_file_root(&file, document.root, err);
	memory_free(file.folder);
	if (status < 0)
		outputs->count = before;
	return status;
}

/* What dvc.yaml says of a stage; generated ones are named "stage@key". NULL: nothing. */
static const struct value *dvc_file_stage(const struct value *pipeline, const char *name)
{
	const struct value *stages = pipeline ? value_member(pipeline, "stages") : NULL;
	size_t length = strcspn(name, "@");
	if (!stages || stages->kind != VALUE_MAPPING)
		return NULL;
	for (size_t i = 0; i < stages->mapping.count; i++) {
		const struct value_entry *entry = &stages->mapping.entries[i];
		if (strlen(entry->key) != length || strncmp(entry->key, name, length) != 0)
			continue;
		const struct value *body = value_member(entry->value, "do");
		return body ? body : entry->value;
	}
	return NULL;
}

/* Does the stage list the path with `cache: false`? */
static bool dvc_file_uncached(const struct value *stage, const char *path)
{
	static const char *const lists[] = { "outs", "metrics", "plots" };
	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
		const struct value *list = value_member(stage, lists[l]);
		for (size_t i = 0; list && list->kind == VALUE_SEQUENCE && i < list->sequence.count;
			i++) {
			const struct value *options = value_member(list->sequence.items[i], path);
			const struct value *cache = value_member(options, "cache");
			if (cache && cache->kind == VALUE_BOOLEAN && !cache->boolean)
				return true;
		}
	}
	return false;
}

static int dvc_file_locked_stage(struct dvc_file *file, const struct value *locked,
	const struct value *stage, struct error *err)
{
	const struct value *outs = dvc_file_member(locked, "outs");
	const struct value *wdir = value_member(stage, "wdir");
	bool has_folder = wdir && wdir->kind == VALUE_STRING;
	if (locked->kind != VALUE_MAPPING)
		return dvc_file_wrong(file, locked, "stages", "mappings are expected", err);
	if (outs && outs->kind != VALUE_SEQUENCE)
		return dvc_file_wrong(file, outs, "outs", "a list is expected", err);
	if (dvc_file_folder(file, file->name, has_folder ? wdir->string.at : NULL, err) < 0)
		return -err->code;
	for (size_t i = 0; outs && i < outs->sequence.count; i++) {
		const struct value *item = outs->sequence.items[i];
		const struct value *path = value_member(item, "path");
		bool uncached = path && path->kind == VALUE_STRING &&
				dvc_file_uncached(stage, path->string.at);
		size_t before = file->outputs->count;
		if (dvc_file_output(file, item, !uncached, NULL, err) < 0)
			return -err->code;
		if (has_folder && strstr(wdir->string.at, "${"))
			file->outputs->items[before].unusable = "its stage's wdir is a template";
	}
	return 0;
}

static int dvc_file_locked(struct dvc_file *file, const struct value *root,
	const struct value *pipeline, struct error *err)
{
	if (root->kind == VALUE_NULL)
		return 0;
	if (root->kind != VALUE_MAPPING)
		return dvc_file_wrong(file, root, "a mapping is expected", "", err);
	/* DVC 1 had the stages at the top. */
	const struct value *stages =
		value_member(root, "schema") ? dvc_file_member(root, "stages") : root;
	if (stages && stages->kind != VALUE_MAPPING)
		return dvc_file_wrong(file, stages, "stages", "a mapping is expected", err);
	for (size_t i = 0; stages && i < stages->mapping.count; i++) {
		const struct value_entry *entry = &stages->mapping.entries[i];
		file->stage = arena_copy_string(&file->outputs->arena, entry->key, err);
		if (!file->stage || dvc_file_locked_stage(file, entry->value,
					    dvc_file_stage(pipeline, entry->key), err) < 0)
			return -err->code;
	}
	return 0;
}

int dvc_read_lock(const char *name, struct text bytes, struct text pipeline,
	struct dvc_outputs *outputs, struct error *err)
{
	struct dvc_file file = { .name = name, .outputs = outputs };
	AUTO(document_release)
	struct document document = { .root = NULL }, stages = { .root = NULL };
	size_t before = outputs->count;
	if (bytes.length > DVC_FILE_MOST || pipeline.length > DVC_FILE_MOST)
		return error_set(err, ERROR_INVALID, "'%s' is over %d bytes", name, DVC_FILE_MOST);
	if (yaml_read(bytes, name, &document, err) < 0)
		return -err->code;
	struct error ignored = ERROR_INIT;
	if (yaml_read(pipeline, "dvc.yaml", &stages, &ignored) < 0)
		stages.root = NULL;
	int status = dvc_file_locked(&file, document.root, stages.root, err);
	memory_free(file.folder);
	if (status < 0)
		outputs->count = before;
	return status;
}
