#include "mlops/git/hooks.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/system/atomic.h"
#include "mlops/system/directory.h"
#include "repository_internal.h"

enum { HOOKS_CAP = 1 << 20 };

/* core.hooksPath with "~" expanded, a relative one below the top of the working tree; or NULL. */
static int hooks_configured(struct repository *repository, char **ret, struct error *err)
{
	const struct git_calls *git = repository->git;
	git_config *config = NULL;
	git_buf path = GIT_BUF_INIT;
	*ret = NULL;
	int result = git->git_repository_config_snapshot(&config, repository->handle);
	if (result == 0)
		result = git->git_config_get_path(&path, config, "core.hookspath");
	if (result == 0 && path.ptr && path.ptr[0])
		*ret = path_join(repository->root, path.ptr, err);
	git->git_buf_dispose(&path);
	git->git_config_free(config);
	if (result < 0 && result != GIT_ENOTFOUND)
		return git_fail(git, result, "cannot read core.hooksPath", err);
	return err->code ? -(int)err->code : 0;
}

static char *hooks_item(
	struct repository *repository, git_repository_item_t item, struct error *err)
{
	git_buf path = GIT_BUF_INIT;
	const struct git_calls *git = repository->git;
	int result = git->git_repository_item_path(&path, repository->handle, item);
	char *copy = NULL;
	if (result == 0)
		copy = path_normalise(path.ptr, err);
	else
		(void)git_fail(git, result, "cannot find the folder of hooks", err);
	git->git_buf_dispose(&path);
	return copy;
}

/* The path without links as far as it exists. */
static char *hooks_real(const char *path, struct error *err)
{
	struct error ignored = ERROR_INIT;
	char *real = directory_real_path(path, &ignored);
	return real ? real : path_normalise(path, err);
}

int hooks_folder(struct repository *repository, char **ret, struct error *err)
{
	AUTO_FREE char *configured = NULL;
	if (hooks_configured(repository, &configured, err) < 0)
		return -err->code;
	if (!configured) {
		*ret = hooks_item(repository, GIT_REPOSITORY_ITEM_HOOKS, err);
		return *ret ? 0 : -(int)err->code;
	}
	AUTO_FREE char *folder = hooks_real(configured, err);
	AUTO_FREE char *root = folder ? hooks_real(repository->root, err) : NULL;
	AUTO_FREE char *common =
		root ? hooks_item(repository, GIT_REPOSITORY_ITEM_COMMONDIR, err) : NULL;
	AUTO_FREE char *shared = common ? hooks_real(common, err) : NULL;
	if (!shared)
		return -err->code;
	if (!path_is_inside(folder, root) && !path_is_inside(folder, shared))
		return error_set(err, ERROR_UNSUPPORTED,
			"core.hooksPath is '%s', outside of this repository", folder);
	*ret = TAKE(folder);
	return 0;
}

static void hooks_text(const struct hook *hook, struct strbuf *text)
{
	strbuf_printf(text,
		"#!/bin/sh\n" HOOKS_MARKER
		": made by 'mlops init --hooks', see mlops-init(1); to be rid of it, delete this "
		"file.\n%s\n",
		hook->line);
}

enum hooks_state { HOOKS_MISSING, HOOKS_OURS, HOOKS_SAME, HOOKS_FOREIGN };

static int hooks_look(
	const char *path, const struct hook *hook, enum hooks_state *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf there = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf wanted = STRBUF_INIT;
	struct file_facts facts;
	*ret = HOOKS_MISSING;
	if (file_facts(path, &facts, err) < 0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	*ret = HOOKS_FOREIGN;
	struct error unreadable = ERROR_INIT;
	if (file_read(path, HOOKS_CAP, &there, &unreadable) < 0)
		return 0;
	hooks_text(hook, &wanted);
	if (strbuf_check(&wanted, err) < 0)
		return -err->code;
	const char *second = strchr(there.text, '\n');
	bool ours = facts.kind == FILE_REGULAR && second &&
		    strncmp(second + 1, HOOKS_MARKER, strlen(HOOKS_MARKER)) == 0;
	bool same = ours ? strcmp(there.text, wanted.text) == 0 && (facts.mode & 0100)
			 : strstr(there.text, hook->line) != NULL;
	*ret = same ? HOOKS_SAME : ours ? HOOKS_OURS : HOOKS_FOREIGN;
	return 0;
}

/* Which hooks are in the way, with the lines for them. */
static int hooks_refuse(const char *folder, const struct hook *hooks,
	const enum hooks_state *states, size_t count, struct error *err)
{
	AUTO(strbuf_release) struct strbuf names = STRBUF_INIT, lines = STRBUF_INIT;
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		if (states[i] != HOOKS_FOREIGN)
			continue;
		strbuf_printf(&names, "%s'%s'", n ? ", " : "", hooks[i].name);
		strbuf_printf(&lines, "%s%s: %s", n ? "\n" : "", hooks[i].name, hooks[i].line);
		n++;
	}
	if (strbuf_check(&names, err) < 0 || strbuf_check(&lines, err) < 0)
		return -err->code;
	error_set(err, ERROR_EXISTS, "there %s already in '%s': %s",
		n == 1 ? "is a hook" : "are hooks", folder, names.text);
	return error_hint(err, "add to %s\n%s", n == 1 ? "it" : "them", lines.text);
}

static int hooks_write(const char *path, const struct hook *hook, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	hooks_text(hook, &text);
	if (strbuf_check(&text, err) < 0)
		return -err->code;
	return atomic_write(path, text.text, text.length, 0777, err);
}

int hooks_install(struct repository *repository, const struct hook *hooks, size_t count,
	enum hook_outcome *ret, struct error *err)
{
	AUTO_FREE char *folder = NULL;
	AUTO_FREE enum hooks_state *states = memory_allocate(count, sizeof *states, err);
	bool refused = false;
	if (!states || hooks_folder(repository, &folder, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path = path_join(folder, hooks[i].name, err);
		if (!path || hooks_look(path, &hooks[i], &states[i], err) < 0)
			return -err->code;
		refused = refused || states[i] == HOOKS_FOREIGN;
	}
	if (refused)
		return hooks_refuse(folder, hooks, states, count, err);
	if (directory_make(folder, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path = path_join(folder, hooks[i].name, err);
		ret[i] = states[i] == HOOKS_SAME ? HOOK_UNCHANGED : HOOK_INSTALLED;
		if (!path || (states[i] != HOOKS_SAME && hooks_write(path, &hooks[i], err) < 0))
			return -err->code;
	}
	return 0;
}
