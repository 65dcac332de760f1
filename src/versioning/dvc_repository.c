#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/sort.h"
#include "mlops/git/repository.h"
#include "mlops/system/directory.h"
#include "mlops/system/environment.h"
#include "mlops/versioning/dvc.h"

#define DVC_FOLDER ".dvc"
#define DVC_SUFFIX ".dvc"
#define DVC_LOCK "dvc.lock"

void dvc_repository_release(struct dvc_repository *repository)
{
	memory_free(repository->root);
	memory_free(repository->cache);
	*repository = (struct dvc_repository){ .root = NULL };
}

/* The value of a line "key = value", without quotes; false if it is another line. */
static bool dvc_config_line(struct text line, const char *key, struct text *ret)
{
	struct text name, rest = line;
	if (!text_split(&rest, '=', &name) || !text_is(text_trim(name), key))
		return false;
	struct text value = text_trim(rest);
	char quote = value.length ? value.at[0] : '\0';
	if (value.length >= 2 && (quote == '"' || quote == '\'') &&
		value.at[value.length - 1] == quote)
		value = (struct text){ value.at + 1, value.length - 2 };
	*ret = value;
	return true;
}

/* cache.dir as it stands in a config file; an empty view if there is none. */
static struct text dvc_config_cache(struct text text)
{
	struct text line, value, found = { NULL, 0 };
	bool inside = false;
	while (text_split(&text, '\n', &line)) {
		line = text_trim(line);
		if (line.length && line.at[0] == '[')
			inside = text_is(line, "[cache]");
		else if (inside && dvc_config_line(line, "dir", &value))
			found = value;
	}
	return found;
}

/* A missing or unreadable file is an empty one. */
static int dvc_repository_read(const char *path, struct strbuf *buffer, struct error *err)
{
	if (file_read(path, DVC_FILE_MOST, buffer, err) == 0)
		return 0;
	if (err->code != ERROR_NOT_FOUND)
		return -err->code;
	error_clear(err);
	strbuf_clear(buffer);
	return 0;
}

/* Sets the cache's folder if this file names one; relative paths start from the file's folder. */
static int dvc_repository_config(
	struct dvc_repository *repository, const char *name, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *folder = path_join(repository->root, DVC_FOLDER, err);
	AUTO_FREE char *path = folder ? path_join(folder, name, err) : NULL;
	if (!path || dvc_repository_read(path, &text, err) < 0)
		return -err->code;
	struct text found = dvc_config_cache((struct text){ text.text, text.length });
	if (!found.length)
		return 0;
	bool in_home = text_starts_with(found, "~/");
	const char *home = in_home ? environment_get("HOME") : NULL;
	AUTO_FREE char *value = memory_format(err, "%s%.*s", home ? home : "",
		(int)(found.length - (home ? 1 : 0)), found.at + (home ? 1 : 0));
	AUTO_FREE char *joined = value ? path_join(folder, value, err) : NULL;
	char *cache = joined ? path_normalise(joined, err) : NULL;
	if (!cache)
		return -err->code;
	memory_free(repository->cache);
	repository->cache = cache;
	return 0;
}

static int dvc_repository_ignore(struct dvc_repository *repository, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = path_join(repository->root, ".dvcignore", err);
	if (!path || dvc_repository_read(path, &text, err) < 0)
		return -err->code;
	struct text rest = { text.text, text.length }, line;
	while (text_split(&rest, '\n', &line)) {
		line = text_trim(line);
		if (line.length && line.at[0] != '#')
			repository->has_ignore = true;
	}
	return 0;
}

static int dvc_repository_find(const char *from, char **ret_root, struct error *err)
{
	AUTO_FREE char *folder = directory_real_path(from, err);
	while (folder) {
		struct error ignored = ERROR_INIT;
		struct file_facts facts;
		AUTO_FREE char *inside = path_join(folder, DVC_FOLDER, err);
		if (!inside)
			return -err->code;
		if (file_facts(inside, &facts, &ignored) == 0 && facts.kind == FILE_FOLDER) {
			*ret_root = TAKE(folder);
			return 0;
		}
		char *parent = path_parent(folder, err);
		bool top = parent && strcmp(parent, folder) == 0;
		memory_free(folder);
		folder = parent;
		if (top)
			break;
	}
	if (err->code)
		return -err->code;
	error_set(err, ERROR_NOT_FOUND, "there is no DVC repository in '%s' or above", from);
	return error_hint(err, "name the folder that holds .dvc: mlops import --from-dvc DIR");
}

int dvc_repository_open(const char *from, struct dvc_repository *ret, struct error *err)
{
	*ret = (struct dvc_repository){ .root = NULL };
	if (dvc_repository_find(from, &ret->root, err) < 0)
		return -err->code;
	ret->cache = path_join(ret->root, DVC_FOLDER "/cache", err);
	if (ret->cache && dvc_repository_config(ret, "config", err) == 0 &&
		dvc_repository_config(ret, "config.local", err) == 0 &&
		dvc_repository_ignore(ret, err) == 0)
		return 0;
	dvc_repository_release(ret);
	return -err->code;
}

struct dvc_walk {
	const struct dvc_repository *repository;
	struct repository *git; /* NULL: there is none */
	struct dvc_outputs *outputs;
	dvc_refused *refused;
	void *context;
};

/* Does the folder hold another repository's data, or none that count? */
static int dvc_walk_enter(struct dvc_walk *walk, const char *relative, struct error *err)
{
	static const char *const closed[] = { ".git", ".mlops", DVC_FOLDER };
	const char *base = path_base(relative);
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
		if (strcmp(base, closed[i]) == 0)
			return DIRECTORY_SKIP;
	}
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i += 2) {
		AUTO_FREE char *inside =
			memory_format(err, "%s/%s/%s", walk->repository->root, relative, closed[i]);
		if (!inside)
			return -err->code;
		if (file_exists(inside))
			return DIRECTORY_SKIP;
	}
	AUTO_FREE char *path = path_join(walk->repository->root, relative, err);
	bool ignored = false;
	if (!path || (walk->git && repository_is_ignored(walk->git, path, &ignored, err) < 0))
		return -err->code;
	return ignored ? DIRECTORY_SKIP : 0;
}

static int dvc_walk_read(struct dvc_walk *walk, const char *relative, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT, pipeline = STRBUF_INIT;
	AUTO_FREE char *path = path_join(walk->repository->root, relative, err);
	if (!path || file_read(path, DVC_FILE_MOST, &text, err) < 0)
		return -err->code;
	struct text bytes = { text.text, text.length };
	if (strcmp(path_base(relative), DVC_LOCK) != 0)
		return dvc_read_file(relative, bytes, walk->outputs, err);
	AUTO_FREE char *folder = path_parent(path, err);
	AUTO_FREE char *beside = folder ? path_join(folder, "dvc.yaml", err) : NULL;
	if (!beside || dvc_repository_read(beside, &pipeline, err) < 0)
		return -err->code;
	return dvc_read_lock(relative, bytes, (struct text){ pipeline.text, pipeline.length },
		walk->outputs, err);
}

static int dvc_walk_visit(
	void *context, const char *relative, const struct file_facts *facts, struct error *err)
{
	struct dvc_walk *walk = context;
	if (facts->kind == FILE_FOLDER)
		return dvc_walk_enter(walk, relative, err);
	struct text name = text_of(path_base(relative));
	bool one = text_ends_with(name, DVC_SUFFIX) && name.length > sizeof DVC_SUFFIX - 1;
	if (facts->kind != FILE_REGULAR || (!one && !text_is(name, DVC_LOCK)))
		return 0;
	struct error why = ERROR_INIT;
	if (dvc_walk_read(walk, relative, &why) == 0)
		return 0;
	if (why.code == ERROR_INVALID && walk->refused) {
		walk->refused(walk->context, relative, &why);
		return 0;
	}
	*err = why;
	return -err->code;
}

static int dvc_walk_compare(const void *a, const void *b, void *context)
{
	(void)context;
	const struct dvc_output *left = a, *right = b;
	int order = strcmp(left->path, right->path);
	return order ? order : strcmp(left->file, right->file);
}

int dvc_collect(const struct dvc_repository *repository, struct dvc_outputs *outputs,
	dvc_refused *refused, void *context, struct error *err)
{
	AUTO(repository_close) struct repository *git = NULL;
	if (repository_open(repository->root, &git, err) < 0) {
		if (err->code != ERROR_NOT_FOUND && err->code != ERROR_MISSING)
			return -err->code;
		error_clear(err);
	}
	struct dvc_walk walk = { .repository = repository,
		.git = git,
		.outputs = outputs,
		.refused = refused,
		.context = context };
	if (directory_walk(repository->root, dvc_walk_visit, &walk, err) < 0)
		return -err->code;
	return sort_items(outputs->items, outputs->count, sizeof *outputs->items, dvc_walk_compare,
		NULL, err);
}
