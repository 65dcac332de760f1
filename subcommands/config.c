#include <string.h>

#include "invocation.h"

struct config_options {
	bool show_origin, user, system, repository;
	const char *name, *value;
};

/* ---- list and get ---- */

enum { CONFIG_ROW_NAME, CONFIG_ROW_VALUE, CONFIG_ROW_LAYER, CONFIG_ROW_ORIGIN };
static const struct row_spec config_rows[] = {
	[CONFIG_ROW_NAME] = { "name", "name", ROW_TEXT },
	[CONFIG_ROW_VALUE] = { "value", "value", ROW_TEXT, ROW_SHRINK },
	[CONFIG_ROW_LAYER] = { "layer", "layer", ROW_TEXT, ROW_OPTIONAL },
	[CONFIG_ROW_ORIGIN] = { "origin", "origin", ROW_TEXT, ROW_OPTIONAL | ROW_SHRINK },
	ROW_END,
};

static int config_list_run(
	struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct config_options *options = raw_options;
	const struct config *config = NULL;
	bool origin = options->show_origin || invocation->globals.json;
	if (invocation_config(invocation, &config, err) < 0)
		return -err->code;
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, config_rows);
	for (size_t i = 0; i < setting_count; i++) {
		struct config_entry entry;
		if (config_entry(config, setting_table[i].name, &entry, err) < 0)
			return -err->code;
		rows_next(&rows);
		rows_text(&rows, CONFIG_ROW_NAME, entry.setting->name);
		rows_text(&rows, CONFIG_ROW_VALUE, entry.text);
		if (origin)
			rows_text(&rows, CONFIG_ROW_LAYER, config_layer_name(entry.layer));
		if (origin && entry.origin[0])
			rows_text(&rows, CONFIG_ROW_ORIGIN, entry.origin);
	}
	return output_rows(&invocation->output, "settings", &rows, err);
}

static int config_get_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct config_options *options = raw_options;
	const struct config *config = NULL;
	struct config_entry entry;
	if (invocation_config(invocation, &config, err) < 0 ||
		config_entry(config, options->name, &entry, err) < 0)
		return -err->code;
	struct json_writer *json = output_json(&invocation->output);
	if (!json) {
		invocation->output.exact = true;
		strbuf_printf(output_text(&invocation->output), "%s\n", entry.text);
		return 0;
	}
	json_key_string(json, "name", entry.setting->name);
	json_key_string(json, "value", entry.text);
	json_key_string(json, "layer", config_layer_name(entry.layer));
	json_key_string(json, "origin", entry.origin[0] ? entry.origin : NULL);
	return 0;
}

/* ---- set and unset ---- */

/* Which file: the one asked for, else the repository's if there is one, else the user's. */
static int config_layer_of(const struct invocation *invocation,
	const struct config_options *options, enum config_layer *ret, struct error *err)
{
	if (options->user + options->system + options->repository > 1)
		return error_set(
			err, ERROR_USAGE, "--user, --system and --repository exclude each other");
	if (options->repository && !invocation->has_workspace) {
		error_set(
			err, ERROR_NOT_FOUND, "there is no project here whose settings to change");
		return error_hint(err, "set it for yourself with --user");
	}
	*ret = options->system                                    ? CONFIG_SYSTEM
	       : options->user                                    ? CONFIG_USER
	       : options->repository || invocation->has_workspace ? CONFIG_REPOSITORY
								  : CONFIG_USER;
	return 0;
}

static int config_change(struct invocation *invocation, const struct config_options *options,
	const char *value, struct error *err)
{
	enum config_layer layer = CONFIG_USER;
	bool rewritten;
	if (!setting_find(options->name)) {
		error_set(err, ERROR_NOT_FOUND, "there is no setting '%s'", options->name);
		const char *nearest = setting_nearest(options->name);
		return nearest ? error_hint(err, "did you mean '%s'?", nearest)
			       : error_hint(err, "all are shown by 'mlops config list'");
	}
	if (config_layer_of(invocation, options, &layer, err) < 0)
		return -err->code;
	const char *path = invocation_config_file(invocation, layer, err);
	if (!path && err->code)
		return -err->code;
	if (!path) {
		error_set(err, ERROR_NOT_FOUND, "there is no folder for your settings");
		return error_hint(err, "set HOME or XDG_CONFIG_HOME");
	}
	if (config_set(path, layer, options->name, value, &rewritten, err) < 0)
		return -err->code;
	if (rewritten)
		event_warn(&invocation->sink, NULL, "'%s' was written anew: its comments are gone",
			path);
	message_summary(&invocation->messages, "%s %s in %s", options->name,
		value ? "set" : "removed", path);
	return 0;
}

static int config_set_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct config_options *options = raw_options;
	return config_change(invocation, options, options->value, err);
}

static int config_unset_run(
	struct invocation *invocation, const void *raw_options, struct error *err)
{
	return config_change(invocation, raw_options, NULL, err);
}

/* ---- tables ---- */

#define CONFIG_NAME                                                                                \
	OPERAND(struct config_options, name, 1, "NAME", COMPLETE_SETTING,                          \
		"a setting such as core.threads")

static const struct operand_spec config_get_operands[] = { CONFIG_NAME, OPERAND_END };
static const struct operand_spec config_set_operands[] = {
	CONFIG_NAME,
	OPERAND(struct config_options, value, 1, "VALUE", COMPLETE_NOTHING, "its new value"),
	OPERAND_END,
};
static const struct option_spec config_list_table[] = {
	OPTION_FLAG(struct config_options, show_origin, 0, "show-origin",
		"say where each value comes from"),
	OPTION_END,
};
static const struct option_spec config_change_table[] = {
	OPTION_FLAG(struct config_options, user, 0, "user", "change your own file"),
	OPTION_FLAG(struct config_options, repository, 0, "repository",
		"change the project's file; the default inside a project"),
	OPTION_FLAG(struct config_options, system, 0, "system", "change the file for all users"),
	OPTION_END,
};

static const struct command config_get_command = {
	.name = "get",
	.summary = "print the value of a setting",
	.operands = config_get_operands,
	.options_size = sizeof(struct config_options),
	.needs = COMMAND_JSON | COMMAND_WORKSPACE_IF_ANY,
	.run = config_get_run,
};
static const struct command config_list_command = {
	.name = "list",
	.summary = "list all settings and their values",
	.options = config_list_table,
	.rows = config_rows,
	.options_size = sizeof(struct config_options),
	.needs = COMMAND_JSON | COMMAND_WORKSPACE_IF_ANY,
	.run = config_list_run,
};
static const struct command config_set_command = {
	.name = "set",
	.summary = "set a setting in a file",
	.options = config_change_table,
	.operands = config_set_operands,
	.options_size = sizeof(struct config_options),
	.needs = COMMAND_WORKSPACE_IF_ANY | COMMAND_UNCONFIGURED,
	.run = config_set_run,
};
static const struct command config_unset_command = {
	.name = "unset",
	.summary = "remove a setting from a file",
	.options = config_change_table,
	.operands = config_get_operands,
	.options_size = sizeof(struct config_options),
	.needs = COMMAND_WORKSPACE_IF_ANY | COMMAND_UNCONFIGURED,
	.run = config_unset_run,
};

static const struct command *const config_children[] = { &config_get_command, &config_list_command,
	&config_set_command, &config_unset_command, NULL };

const struct command command_config = {
	.name = "config",
	.summary = "show and change settings",
	.group = COMMAND_START,
	.children = config_children,
};
