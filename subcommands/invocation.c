#include "invocation.h"

#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/system/environment.h"
#include "store_make.h"
#include "version.h" /* made by meson */

enum {
	INVOCATION_STORE = COMMAND_WORKSPACE | COMMAND_DATABASE | COMMAND_WRITE_LOCK,
};

const char *invocation_config_file(
	struct invocation *invocation, enum config_layer layer, struct error *err)
{
	switch (layer) {
	case CONFIG_SYSTEM: {
		/* For tests and for installations that are moved. */
		const char *other = environment_get("MLOPS_SYSTEM_CONFIG");
		return other ? other : MLOPS_SYSCONFDIR "/mlops/config.yaml";
	}
	case CONFIG_USER: {
		AUTO_FREE char *folder = environment_config_folder(err);
		return folder ? arena_format(&invocation->arena, err, "%s/config.yaml", folder)
			      : NULL;
	}
	case CONFIG_REPOSITORY:
		return invocation->has_workspace ? invocation->workspace.config : NULL;
	default:
		return NULL;
	}
}

/* "--config key=value" as config_load() takes them: NULL-terminated. */
static const char *const *invocation_overrides(struct invocation *invocation, struct error *err)
{
	const struct option_pairs *settings = &invocation->globals.settings;
	const char **overrides =
		arena_allocate(&invocation->arena, settings->count + 1, sizeof *overrides, err);
	for (size_t i = 0; overrides && i < settings->count; i++) {
		overrides[i] = arena_format(&invocation->arena, err, "%s=%s",
			settings->items[i].key, settings->items[i].value);
		if (!overrides[i])
			return NULL;
	}
	return overrides;
}

int invocation_config(struct invocation *invocation, const struct config **ret, struct error *err)
{
	if (!invocation->config) {
		struct config_sources sources = { .environment = true,
			.repository = invocation->has_workspace ? invocation->workspace.root : NULL,
			.events = &invocation->sink,
			.overrides = invocation_overrides(invocation, err) };
		sources.system_file = invocation_config_file(invocation, CONFIG_SYSTEM, err);
		sources.user_file = invocation_config_file(invocation, CONFIG_USER, err);
		sources.repository_file =
			invocation_config_file(invocation, CONFIG_REPOSITORY, err);
		struct problems problems = PROBLEMS_INIT;
		if (err->code)
			return -err->code;
		if (config_load(&sources, &problems, &invocation->config, err) < 0) {
			if (problems.errors > 1)
				invocation_show_problems(
					invocation, &problems, (struct text){ NULL, 0 });
			return -err->code;
		}
	}
	*ret = invocation->config;
	return 0;
}

/* 0 auto, 1 always, 2 never: the order of enum terminal_choice. */
static enum terminal_choice invocation_choice(const char *word)
{
	return strcmp(word, "always") == 0  ? TERMINAL_ALWAYS
	       : strcmp(word, "never") == 0 ? TERMINAL_NEVER
					    : TERMINAL_AUTO;
}

/* What the settings say of streams and threads; options have said more. */
static int invocation_apply_config(struct invocation *invocation, struct error *err)
{
	const struct config *config = NULL;
	if (invocation_config(invocation, &config, err) < 0)
		return -err->code;
	parallel_set_threads((size_t)config_integer(config, "core.threads"));
	enum terminal_choice colour = invocation_choice(config_text(config, "ui.color"));
	struct style *out = &invocation->output.style, *messages = &invocation->messages.style;
	if (invocation->globals.colour == TERMINAL_AUTO && colour != TERMINAL_AUTO)
		out->colour = messages->colour = colour == TERMINAL_ALWAYS;
	enum terminal_choice unicode = invocation_choice(config_text(config, "ui.unicode"));
	if (unicode != TERMINAL_AUTO)
		out->utf8 = messages->utf8 = unicode == TERMINAL_ALWAYS;
	if (strcmp(config_text(config, "ui.progress"), "never") == 0)
		invocation->progress.enabled = false;
	return 0;
}

const char *invocation_pager(const struct invocation *invocation)
{
	return invocation->config ? config_text(invocation->config, "ui.pager") : NULL;
}

static int invocation_find_workspace(
	struct invocation *invocation, bool required, struct error *err)
{
	struct error missing = ERROR_INIT;
	if (workspace_find(".", &invocation->workspace, &missing) == 0) {
		invocation->has_workspace = true;
		return 0;
	}
	if (missing.code == ERROR_NOT_FOUND && store_make_in_clone(&invocation->workspace)) {
		invocation->has_workspace = true;
		return 0;
	}
	if (missing.code == ERROR_NOT_FOUND && !required)
		return 0;
	*err = missing;
	return -err->code;
}

int invocation_open(struct invocation *invocation, struct error *err)
{
	unsigned needs = invocation->command->needs;
	if (!(needs & (INVOCATION_STORE | COMMAND_WORKSPACE_IF_ANY)))
		return 0;
	if (invocation_find_workspace(invocation, needs & INVOCATION_STORE, err) < 0)
		return -err->code;
	if (!(needs & COMMAND_UNCONFIGURED) && invocation_apply_config(invocation, err) < 0)
		return -err->code;
	bool writes = needs & COMMAND_WRITE_LOCK;
	if (writes && workspace_lock(&invocation->workspace,
			      config_number(invocation->config, "core.wait"), invocation->name,
			      &invocation->sink, &invocation->lock, err) < 0)
		return -err->code;
	if (!(needs & COMMAND_DATABASE))
		return 0;
	return record_open(invocation->workspace.database, writes ? DATABASE_CREATE : DATABASE_READ,
		&invocation->record, err);
}

void invocation_close(struct invocation *invocation)
{
	record_close(invocation->record);
	lock_release(&invocation->lock);
	config_free(invocation->config);
	workspace_release(&invocation->workspace);
	output_release(&invocation->output);
	arena_release(&invocation->arena);
}

void invocation_show_problems(
	struct invocation *invocation, const struct problems *problems, struct text source)
{
	message_problems(&invocation->messages, problems, source);
	invocation->error_shown = true;
}
