#include "mlops/git/outside.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/base/text.h"
#include "mlops/base/id.h"
#include "mlops/system/directory.h"
#include "repository_internal.h"

enum { OUTSIDE_PATH_LONGEST = 4095, OUTSIDE_DEPTH = 256 };
#define OUTSIDE_LFS "version https://git-lfs.github.com/spec/"

void outside_close(struct outside *outside)
{
	struct error ignored = ERROR_INIT;
	repository_close(outside->repository);
	if (outside->fetched && directory_remove_tree(outside->fetched, &ignored) < 0)
		error_clear(&ignored); /* a temporary folder; nothing depends on it */
	memory_free(outside->fetched);
	memory_free(outside->url);
	*outside = (struct outside){ .repository = NULL };
}

/* ---- opening ---- */

/* Is it reached by a network protocol that libgit2 speaks? "host:path" is ssh, as in git. */
static bool outside_is_remote(const char *url)
{
	static const char *const schemes[] = { "https://", "http://", "ssh://", "git://" };
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (text_starts_with(text_of(url), schemes[i]))
			return true;
	}
	const char *colon = strchr(url, ':');
	return colon && !strstr(url, "://") && !memchr(url, '/', (size_t)(colon - url));
}

/* The folder of a URL that is not remote; NULL if it is of no kind that is known. */
static const char *outside_path(const char *url)
{
	const char *path =
		text_starts_with(text_of(url), "file://") ? url + strlen("file://") : url;
	return strstr(path, "://") ? NULL : path;
}

char *outside_url(const char *url, struct error *err)
{
	if (outside_is_remote(url))
		return repository_url_without_secrets(url, err);
	const char *path = outside_path(url);
	if (path)
		return directory_real_path(path, err);
	error_set(err, ERROR_USAGE, "'%s' is no URL of a git repository", url);
	return NULL;
}

static int outside_fail(int result, const struct git_calls *git, const char *url, struct error *err)
{
	const git_error *last = git->git_error_last();
	const char *why = last && last->message ? last->message : "git gives no reason";
	if (result == GIT_ENOTFOUND)
		return error_set(err, ERROR_NOT_FOUND, "there is no git repository at '%s'", url);
	if (result == GIT_EOWNER) {
		error_set(err, ERROR_IO, "the git repository '%s' belongs to another user", url);
		return error_hint(
			err, "if you trust it: git config --global --add safe.directory %s", url);
	}
	return error_set(err, ERROR_IO, "cannot open the git repository '%s': %s", url, why);
}

static struct repository *outside_wrap(
	const struct git_calls *git, git_repository *handle, struct error *err)
{
	struct repository *repository = memory_allocate(1, sizeof *repository, err);
	if (!repository) {
		git->git_repository_free(handle);
		return NULL;
	}
	repository->git = git;
	repository->handle = handle;
	const char *root = git->git_repository_workdir(handle);
	repository->root = root ? path_normalise(root, err) : NULL;
	if (root && !repository->root) {
		repository_close(repository);
		return NULL;
	}
	return repository;
}

static int outside_open_here(
	const struct git_calls *git, struct outside *outside, struct error *err)
{
	git_repository *handle = NULL;
	int result = git->git_repository_open_ext(
		&handle, outside->url, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (result < 0)
		return outside_fail(result, git, outside->url, err);
	outside->repository = outside_wrap(git, handle, err);
	return outside->repository ? 0 : -(int)err->code;
}

struct outside_fetch {
	const struct git_calls *git;
	const struct event_sink *sink;
	unsigned asked; /* for credentials */
};

/* An agent's key is offered once; a server that asks again has refused it. */
static int outside_credentials(
	git_credential **ret, const char *url, const char *user, unsigned allowed, void *context)
{
	struct outside_fetch *fetch = context;
	(void)url;
	if (allowed & GIT_CREDENTIAL_USERNAME)
		return fetch->git->git_credential_username_new(ret, user ? user : "git");
	if (!(allowed & GIT_CREDENTIAL_SSH_KEY) || fetch->asked++)
		return GIT_EAUTH;
	return fetch->git->git_credential_ssh_key_from_agent(ret, user ? user : "git");
}

static int outside_progress(const git_indexer_progress *stats, void *context)
{
	const struct outside_fetch *fetch = context;
	event_progress(
		fetch->sink, "fetching", "objects", stats->received_objects, stats->total_objects);
	return event_stopped(fetch->sink) ? GIT_EUSER : 0;
}

static int outside_fetch_fail(const struct git_calls *git, const struct outside *outside,
	const struct event_sink *sink, int result, struct error *err)
{
	const git_error *last = git->git_error_last();
	if (event_stopped(sink))
		return error_set(err, ERROR_CANCELLED, "stopped");
	error_set(err, ERROR_NETWORK, "cannot fetch '%s': %s", outside->url,
		last && last->message ? last->message : "git gives no reason");
	if (result == GIT_EAUTH)
		return error_hint(
			err, "clone it with git, and name the clone's folder instead of its URL");
	return -ERROR_NETWORK;
}

static int outside_open_there(const struct git_calls *git, const char *url, const char *folder,
	const struct event_sink *sink, struct outside *outside, struct error *err)
{
	struct id id;
	git_repository *handle = NULL;
	git_clone_options options;
	struct outside_fetch fetch = { .git = git, .sink = sink };
	if (id_new(&id, err) < 0)
		return -err->code;
	outside->fetched = memory_format(err, "%s/git-%s", folder, id.text);
	if (!outside->fetched || directory_remove_tree(outside->fetched, err) < 0)
		return -err->code;
	git->git_clone_options_init(&options, GIT_CLONE_OPTIONS_VERSION);
	options.bare = 1;
	options.fetch_opts.callbacks.credentials = outside_credentials;
	options.fetch_opts.callbacks.transfer_progress = outside_progress;
	options.fetch_opts.callbacks.payload = &fetch;
	int result = git->git_clone(&handle, url, outside->fetched, &options);
	if (result < 0)
		return outside_fetch_fail(git, outside, sink, result, err);
	outside->repository = outside_wrap(git, handle, err);
	return outside->repository ? 0 : -(int)err->code;
}

int outside_open(const char *url, const char *folder, const struct event_sink *sink,
	struct outside *ret, struct error *err)
{
	const struct git_calls *git = git_load(err);
	*ret = (struct outside){ .repository = NULL };
	if (!git)
		return -err->code;
	ret->url = outside_url(url, err);
	if (!ret->url)
		return -err->code;
	int status = outside_is_remote(url) ? outside_open_there(git, url, folder, sink, ret, err)
					    : outside_open_here(git, ret, err);
	if (status < 0)
		outside_close(ret);
	return status;
}

int outside_resolve(const struct outside *outside, const char *revision,
	char ret_commit[REPOSITORY_COMMIT_SIZE], struct error *err)
{
	/* Branches of what was fetched are those of its remote. */
	static const char *const places[] = { "refs/remotes/origin/", "" };
	for (size_t i = outside->fetched && revision ? 0 : 1; i < 2; i++) {
		AUTO_FREE char *name =
			memory_format(err, "%s%s", places[i], revision ? revision : "HEAD");
		if (!name)
			return -err->code;
		if (repository_resolve(outside->repository, name, ret_commit, err) == 0)
			return 0;
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		if (i == 0)
			error_clear(err);
	}
	if (!revision)
		return error_set(err, ERROR_NOT_FOUND, "'%s' has no commit", outside->url);
	return error_set(err, ERROR_NOT_FOUND, "'%s' has no revision '%s'", outside->url, revision);
}

/* ---- files ---- */

struct outside_walk {
	const struct git_calls *git;
	git_repository *handle;
	git_odb *odb;
	const char *root; /* the path asked for */
	struct strbuf path; /* below it */
	outside_visit *visit;
	void *context;
	unsigned depth;
};

static const char *outside_shown(const struct outside_walk *walk)
{
	return walk->path.length ? walk->path.text : walk->root;
}

static int outside_walk_blob(
	struct outside_walk *walk, const git_oid *id, git_filemode_t mode, struct error *err)
{
	const struct git_calls *git = walk->git;
	git_odb_object *object = NULL;
	git_object_t type;
	size_t size;
	int result = git->git_odb_read_header(&size, &type, walk->odb, id);
	if (result == 0 && size > OUTSIDE_BYTES_MOST)
		return error_set(err, ERROR_UNSUPPORTED, "'%s' has %zu bytes, too many for git",
			outside_shown(walk), size);
	if (result == 0)
		result = git->git_odb_read(&object, walk->odb, id);
	if (result < 0)
		return git_fail(git, result, "cannot read a git object", err);
	struct outside_file file = { .path = walk->path.text,
		.kind = mode == GIT_FILEMODE_LINK              ? OUTSIDE_LINK
			: mode == GIT_FILEMODE_BLOB_EXECUTABLE ? OUTSIDE_EXECUTABLE
							       : OUTSIDE_FILE,
		.bytes = git->git_odb_object_data(object),
		.count = git->git_odb_object_size(object) };
	int status;
	if (file.count >= strlen(OUTSIDE_LFS) &&
		memcmp(file.bytes, OUTSIDE_LFS, strlen(OUTSIDE_LFS)) == 0)
		status = error_set(err, ERROR_UNSUPPORTED,
			"'%s' is kept by git-lfs, of which git has a pointer only",
			outside_shown(walk));
	else
		status = walk->visit(walk->context, &file, err);
	git->git_odb_object_free(object);
	return status;
}

static int outside_walk_entry(
	struct outside_walk *walk, const git_oid *id, git_filemode_t mode, struct error *err);

static int outside_walk_tree(struct outside_walk *walk, const git_oid *id, struct error *err)
{
	const struct git_calls *git = walk->git;
	git_tree *tree = NULL;
	size_t length = walk->path.length;
	int result = git->git_tree_lookup(&tree, walk->handle, id), status = 0;
	if (result < 0)
		return git_fail(git, result, "cannot read a git tree", err);
	size_t count = git->git_tree_entrycount(tree);
	for (size_t i = 0; i < count && status == 0; i++) {
		const git_tree_entry *entry = git->git_tree_entry_byindex(tree, i);
		strbuf_printf(
			&walk->path, "%s%s", length ? "/" : "", git->git_tree_entry_name(entry));
		status = strbuf_check(&walk->path, err);
		if (status == 0)
			status = outside_walk_entry(walk, git->git_tree_entry_id(entry),
				git->git_tree_entry_filemode(entry), err);
		strbuf_truncate(&walk->path, length);
	}
	git->git_tree_free(tree);
	return status;
}

static int outside_walk_entry(
	struct outside_walk *walk, const git_oid *id, git_filemode_t mode, struct error *err)
{
	if (walk->path.length > OUTSIDE_PATH_LONGEST || walk->depth >= OUTSIDE_DEPTH)
		return error_set(err, ERROR_INVALID, "a path in the repository is too long");
	if (mode == GIT_FILEMODE_COMMIT)
		return error_set(err, ERROR_UNSUPPORTED,
			"'%s' is a submodule: import from its "
			"own repository",
			outside_shown(walk));
	if (mode != GIT_FILEMODE_TREE)
		return outside_walk_blob(walk, id, mode, err);
	walk->depth++;
	int status = outside_walk_tree(walk, id, err);
	walk->depth--;
	return status;
}

/* The entry at the path; "" or "." is the whole tree. */
static int outside_walk_from(
	struct outside_walk *walk, git_tree *tree, const char *path, struct error *err)
{
	git_tree_entry *entry = NULL;
	int result = walk->git->git_tree_entry_bypath(&entry, tree, path);
	if (result == GIT_ENOTFOUND)
		return error_set(err, ERROR_NOT_FOUND, "there is no '%s' in that commit", path);
	if (result < 0)
		return git_fail(walk->git, result, "cannot read a git tree", err);
	int status = outside_walk_entry(walk, walk->git->git_tree_entry_id(entry),
		walk->git->git_tree_entry_filemode(entry), err);
	walk->git->git_tree_entry_free(entry);
	return status;
}

int outside_files(const struct outside *outside, const char *commit, const char *path,
	outside_visit *visit, void *context, struct error *err)
{
	const struct git_calls *git = outside->repository->git;
	struct outside_walk walk = { .git = git,
		.handle = outside->repository->handle,
		.root = path,
		.path = STRBUF_INIT,
		.visit = visit,
		.context = context };
	git_oid id;
	git_commit *object = NULL;
	git_tree *tree = NULL;
	int result = git->git_oid_fromstr(&id, commit);
	if (result == 0)
		result = git->git_commit_lookup(&object, walk.handle, &id);
	if (result == 0)
		result = git->git_commit_tree(&tree, object);
	if (result == 0)
		result = git->git_repository_odb(&walk.odb, walk.handle);
	int status = result < 0 ? git_fail(git, result, "cannot read a git commit", err)
				: outside_walk_from(&walk, tree, path, err);
	if (walk.odb)
		git->git_odb_free(walk.odb);
	git->git_tree_free(tree);
	git->git_commit_free(object);
	strbuf_release(&walk.path);
	return status;
}
