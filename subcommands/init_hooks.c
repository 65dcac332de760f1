#include "init_hooks.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/git/hooks.h"
#include "mlops/system/directory.h"

static const char *const init_hook_names[INIT_HOOKS] = { "post-checkout", "pre-commit",
	"pre-push" };

/*
 * What a hook does: one line of POSIX sh that can stand in a hook of the user's as well; what it
 * does is in _hook.c. git runs hooks at the top of the working tree. A machine without mlops goes on
 * as if there was no hook; standard input is for whatever comes behind the line.
 */
static const char *init_hooks_line(
	struct invocation *invocation, const char *name, const char *folder, struct error *err)
{
	/* The exit code of post-checkout becomes that of `git checkout`, which has succeeded. */
	const char *failed = strcmp(name, "post-checkout") == 0 ? ":" : "exit 1";
	return arena_format(&invocation->arena, err,
		"if command -v mlops >/dev/null 2>&1 && [ -d %s ]; then "
		"mlops -C %s __hook %s \"$@\" </dev/null || %s; fi",
		folder, folder, name, failed);
}

/* For a shell; git's top folder itself is ".". */
static void init_hooks_quote(struct strbuf *buffer, const char *text)
{
	strbuf_add_char(buffer, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			strbuf_add(buffer, "'\\''");
		else
			strbuf_add_char(buffer, *text);
	}
	strbuf_add_char(buffer, '\'');
}

/* The project's folder as seen from the top of the working tree. */
static int init_hooks_folder(
	struct repository *repository, const char *folder, struct strbuf *quoted, struct error *err)
{
	AUTO_FREE char *real = directory_real_path(folder, err);
	AUTO_FREE char *top = real ? directory_real_path(repository_root(repository), err) : NULL;
	AUTO_FREE char *relative = top ? path_relative(real, top, err) : NULL;
	if (!relative)
		return -err->code;
	if (strchr(relative, '\n'))
		return error_set(err, ERROR_UNSUPPORTED,
			"hooks cannot name the folder '%s': it has a line break", relative);
	if (strcmp(relative, ".") == 0)
		strbuf_add_char(quoted, '.');
	else
		init_hooks_quote(quoted, relative);
	return strbuf_check(quoted, err);
}

int init_hooks(struct invocation *invocation, struct repository *repository, const char *folder,
	const char *ret_names[INIT_HOOKS + 1], struct error *err)
{
	AUTO(strbuf_release) struct strbuf quoted = STRBUF_INIT;
	struct hook hooks[INIT_HOOKS];
	enum hook_outcome outcomes[INIT_HOOKS];
	size_t count = 0;
	if (init_hooks_folder(repository, folder, &quoted, err) < 0)
		return -err->code;
	for (size_t i = 0; i < INIT_HOOKS; i++) {
		hooks[i].name = init_hook_names[i];
		hooks[i].line = init_hooks_line(invocation, hooks[i].name, quoted.text, err);
		if (!hooks[i].line)
			return -err->code;
	}
	if (hooks_install(repository, hooks, INIT_HOOKS, outcomes, err) < 0)
		return -err->code;
	for (size_t i = 0; i < INIT_HOOKS; i++) {
		if (outcomes[i] == HOOK_INSTALLED)
			ret_names[count++] = hooks[i].name;
	}
	ret_names[count] = NULL;
	return 0;
}
