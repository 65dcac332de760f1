#include "mlops/git/repository.h"

#include <errno.h>
#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/file.h"
#include "repository_internal.h"

static int repository_open_fail(
	const struct git_calls *git, int result, const char *from, struct error *err)
{
	if (result == GIT_ENOTFOUND)
		return error_set(err, ERROR_NOT_FOUND, "'%s' is not in a git repository", from);
	if (result == GIT_EOWNER) {
		error_set(err, ERROR_IO, "the git repository around '%s' belongs to another user",
			from);
		return error_hint(err,
			"if you trust it: git config --global --add safe.directory <its folder>");
	}
	git_fail(git, result, "cannot open the git repository", err);
	/* SHA-256 names, partial clones, new formats of references. */
	if (strstr(err->message, "unsupported extension") ||
		strstr(err->message, "unsupported repository version")) {
		err->code = ERROR_UNSUPPORTED;
		error_hint(err, "this version of libgit2 does not know that format");
	}
	return -(int)err->code;
}

int repository_open(const char *from, struct repository **ret, struct error *err)
{
	const struct git_calls *git = git_load(err);
	if (!git)
		return -err->code;
	AUTO(repository_close)
	struct repository *repository = memory_allocate(1, sizeof *repository, err);
	if (!repository)
		return -err->code;
	repository->git = git;
	int result = git->git_repository_open_ext(&repository->handle, from, 0, NULL);
	if (result < 0)
		return repository_open_fail(git, result, from, err);
	const char *root = git->git_repository_workdir(repository->handle);
	if (git->git_repository_is_bare(repository->handle) || !root)
		return error_set(err, ERROR_UNSUPPORTED,
			"the git repository around '%s' is bare: it has no files", from);
	repository->root = path_normalise(root, err);
	if (!repository->root)
		return -err->code;
	*ret = TAKE(repository);
	return 0;
}

void repository_close(struct repository *repository)
{
	if (!repository)
		return;
	if (repository->handle)
		repository->git->git_repository_free(repository->handle);
	memory_free(repository->root);
	memory_free(repository);
}

const char *repository_root(const struct repository *repository)
{
	return repository->root;
}

int repository_is_ignored(
	struct repository *repository, const char *path, bool *ret, struct error *err)
{
	AUTO_FREE char *relative = path_is_absolute(path)
					   ? path_relative(path, repository->root, err)
					   : memory_copy_string(path, err);
	if (!relative)
		return -err->code;
	int ignored = 0;
	int result =
		repository->git->git_ignore_path_is_ignored(&ignored, repository->handle, relative);
	if (result < 0)
		return git_fail(repository->git, result, "cannot read what git ignores", err);
	*ret = ignored != 0;
	return 0;
}

int repository_resolve(struct repository *repository, const char *revision,
	char ret_commit[REPOSITORY_COMMIT_SIZE], struct error *err)
{
	const struct git_calls *git = repository->git;
	git_object *object = NULL, *commit = NULL;
	int result = git->git_revparse_single(&object, repository->handle, revision);
	if (result == 0)
		result = git->git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
	if (result == 0)
		git->git_oid_tostr(ret_commit, REPOSITORY_COMMIT_SIZE, git->git_object_id(commit));
	else
		error_set(err, ERROR_NOT_FOUND, "'%s' is no commit that git knows", revision);
	git->git_object_free(commit);
	git->git_object_free(object);
	return result == 0 ? 0 : -ERROR_NOT_FOUND;
}

static bool repository_has_line(const struct strbuf *text, const char *line)
{
	struct text rest = { text->text, text->length }, one;
	while (text_split(&rest, '\n', &one)) {
		if (one.length && one.at[one.length - 1] == '\r')
			one.length--;
		if (text_is(one, line))
			return true;
	}
	return false;
}

int repository_ignore(struct repository *repository, const char *pattern, struct error *err)
{
	if (!pattern[0] || strpbrk(pattern, "\r\n"))
		return error_set(err, ERROR_INVALID, "a pattern of .gitignore is one line");
	AUTO_FREE char *path = path_join(repository->root, ".gitignore", err);
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct file_facts facts = { .mode = 0644 };
	if (!path)
		return -err->code;
	if (file_read(path, 16 << 20, &text, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
	} else if (file_facts_followed(path, &facts, err) < 0) {
		return -err->code;
	}
	if (repository_has_line(&text, pattern))
		return 0;
	if (text.length && text.text[text.length - 1] != '\n')
		strbuf_add_char(&text, '\n');
	strbuf_printf(&text, "%s\n", pattern);
	if (strbuf_check(&text, err) < 0)
		return -err->code;
	return atomic_write(path, text.text, text.length, facts.mode, err);
}

char *repository_url_without_secrets(const char *url, struct error *err)
{
	AUTO(strbuf_release) struct strbuf clean = STRBUF_INIT;
	const char *scheme = strstr(url, "://");
	const char *rest = url;
	if (scheme) {
		strbuf_add_bytes(&clean, url, (size_t)(scheme + 3 - url));
		rest = scheme + 3;
	}
	/* The user part ends at the last '@' before the path; a path may hold '@' too. */
	size_t host = strcspn(rest, scheme ? "/?#" : "/");
	for (size_t i = host; i-- > 0;) {
		if (rest[i] == '@') {
			rest += i + 1;
			break;
		}
	}
	strbuf_add_bytes(&clean, rest, scheme ? strcspn(rest, "?#") : strlen(rest));
	return strbuf_take(&clean, err);
}
