/* remote: which stores elsewhere data and runs are sent to. */
#include <string.h>

#include "invocation.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/remotes.h"

struct remote_options {
	const char *name, *url, *region, *endpoint;
	bool user, make_default, unset;
};

/* ---- list ---- */

enum {
	REMOTE_NAME,
	REMOTE_URL,
	REMOTE_REGION,
	REMOTE_ENDPOINT,
	REMOTE_DEFAULT,
	REMOTE_ALLOWED,
	REMOTE_LAYER,
	REMOTE_ORIGIN
};
static const struct row_spec remote_rows[] = {
	[REMOTE_NAME] = { "name", "name", ROW_TEXT },
	[REMOTE_URL] = { "url", "url", ROW_TEXT, ROW_SHRINK },
	[REMOTE_REGION] = { "region", "region", ROW_TEXT, ROW_OPTIONAL },
	[REMOTE_ENDPOINT] = { "endpoint", "endpoint", ROW_TEXT, ROW_OPTIONAL | ROW_SHRINK },
	[REMOTE_DEFAULT] = { "default", "default", ROW_BOOLEAN },
	[REMOTE_ALLOWED] = { "allowed", "allowed", ROW_BOOLEAN },
	[REMOTE_LAYER] = { "layer", "layer", ROW_TEXT, ROW_JSON_ONLY },
	[REMOTE_ORIGIN] = { "origin", "origin", ROW_TEXT, ROW_JSON_ONLY },
	ROW_END,
};

static int remote_list_run(
	struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct config *config = NULL;
	size_t count;
	(void)raw_options;
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, remote_rows);
	if (invocation_config(invocation, &config, err) < 0)
		return -err->code;
	const struct config_remote *remotes = config_remotes(config, &count), *usual = NULL;
	struct error ignored = ERROR_INIT;
	if (remotes_choose(config, NULL, &usual, &ignored) < 0)
		usual = NULL;
	for (size_t i = 0; i < count; i++) {
		bool allowed;
		if (remotes_is_allowed(&invocation->workspace, record_database(invocation->record),
			    &remotes[i], &allowed, err) < 0)
			return -err->code;
		rows_next(&rows);
		rows_text(&rows, REMOTE_NAME, remotes[i].name);
		rows_text(&rows, REMOTE_URL, remotes[i].url);
		rows_text(&rows, REMOTE_REGION, remotes[i].region);
		rows_text(&rows, REMOTE_ENDPOINT, remotes[i].endpoint);
		rows_boolean(&rows, REMOTE_DEFAULT, usual == &remotes[i]);
		rows_boolean(&rows, REMOTE_ALLOWED, allowed);
		rows_text(&rows, REMOTE_LAYER, config_layer_name(remotes[i].layer));
		rows_text(&rows, REMOTE_ORIGIN,
			arena_format(&invocation->arena, err, "%s:%u", remotes[i].file,
				remotes[i].line));
	}
	return output_rows(&invocation->output, "remotes", &rows, err);
}

/* ---- changes ---- */

static int remote_file(
	struct invocation *invocation, enum config_layer layer, const char **ret, struct error *err)
{
	*ret = invocation_config_file(invocation, layer, err);
	if (*ret)
		return 0;
	if (err->code)
		return -err->code;
	error_set(err, ERROR_NOT_FOUND, "there is no folder for your settings");
	return error_hint(err, "set HOME or XDG_CONFIG_HOME");
}

static void remote_tell_rewritten(struct invocation *invocation, bool rewritten, const char *path)
{
	if (rewritten)
		event_warn(&invocation->sink, NULL, "'%s' was written anew: its comments are gone",
			path);
}

/* A folder is seen from where the command runs, and written down as it is seen from anywhere. */
static int remote_url(
	struct invocation *invocation, const char *given, const char **ret, struct error *err)
{
	*ret = given;
	const char *host = strstr(given, "://");
	if (host) {
		size_t length = strcspn(host + 3, "/");
		const char *at = memchr(host + 3, '@', length);
		if (!at || !memchr(host + 3, ':', (size_t)(at - host) - 3))
			return 0;
		error_set(err, ERROR_USAGE, "the URL of a remote must not hold a password");
		return error_hint(err, "mlops-remote(1) says where each kind of server's stands");
	}
	AUTO_FREE char *here = directory_current(err);
	AUTO_FREE char *joined = here ? path_join(here, given, err) : NULL;
	AUTO_FREE char *whole = joined ? path_normalise(joined, err) : NULL;
	*ret = whole ? arena_copy_string(&invocation->arena, whole, err) : NULL;
	return *ret ? 0 : -(int)err->code;
}

static int remote_check_new(struct invocation *invocation, const char *name, struct error *err)
{
	const struct config *config = NULL;
	size_t count;
	if (invocation_config(invocation, &config, err) < 0)
		return -err->code;
	const struct config_remote *remotes = config_remotes(config, &count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(remotes[i].name, name) == 0) {
			error_set(err, ERROR_EXISTS, "there is a remote '%s' already: %s", name,
				remotes[i].url);
			return error_hint(err, "mlops remote remove %s", name);
		}
	}
	return 0;
}

static int remote_allow_it(
	struct invocation *invocation, const struct config_remote *remote, struct error *err)
{
	AUTO(record_close) struct record *record = NULL;
	if (record_open(invocation->workspace.database, DATABASE_CREATE, &record, err) < 0)
		return -err->code;
	return remotes_allow(&invocation->workspace, record_database(record), remote, err);
}

static int remote_add_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct remote_options *options = raw_options;
	enum config_layer layer = options->user ? CONFIG_USER : CONFIG_REPOSITORY;
	struct config_remote remote = {
		.name = options->name, .region = options->region, .endpoint = options->endpoint
	};
	struct endpoint_settings settings = { .s3_endpoint = options->endpoint,
		.s3_region = options->region };
	AUTO(endpoint_close) struct endpoint *endpoint = NULL;
	const char *path;
	bool rewritten;
	if (config_remote_check_name(options->name, err) < 0 ||
		remote_url(invocation, options->url, &remote.url, err) < 0 ||
		endpoint_open(remote.url, &settings, &endpoint, err) < 0 ||
		remote_check_new(invocation, options->name, err) < 0 ||
		remote_file(invocation, layer, &path, err) < 0 ||
		config_remote_set(path, &remote, &rewritten, err) < 0)
		return -err->code;
	remote_tell_rewritten(invocation, rewritten, path);
	if (!options->user && remote_allow_it(invocation, &remote, err) < 0)
		return -err->code;
	if (options->make_default &&
		config_set(path, layer, "remote.default", options->name, &rewritten, err) < 0)
		return -err->code;
	message_summary(
		&invocation->messages, "remote '%s' is %s, in %s", options->name, remote.url, path);
	return 0;
}

static int remote_allow_run(
	struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct remote_options *options = raw_options;
	const struct config *config = NULL;
	const struct config_remote *remote = NULL;
	if (invocation_config(invocation, &config, err) < 0 ||
		remotes_choose(config, options->name, &remote, err) < 0 ||
		remote_allow_it(invocation, remote, err) < 0)
		return -err->code;
	message_summary(&invocation->messages, "remote '%s' may be used: %s%s%s", remote->name,
		remote->url, remote->endpoint ? " at " : "",
		remote->endpoint ? remote->endpoint : "");
	return 0;
}

static int remote_default_run(
	struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct remote_options *options = raw_options;
	const struct config *config = NULL;
	const struct config_remote *remote = NULL;
	enum config_layer layer = options->user ? CONFIG_USER : CONFIG_REPOSITORY;
	const char *path;
	bool rewritten;
	if (options->unset && options->name)
		return error_set(err, ERROR_USAGE, "--unset and NAME exclude each other");
	if (remote_file(invocation, layer, &path, err) < 0)
		return -err->code;
	if (!options->unset && (invocation_config(invocation, &config, err) < 0 ||
				       remotes_choose(config, options->name, &remote, err) < 0))
		return -err->code;
	if (!options->unset && !options->name) {
		strbuf_printf(output_text(&invocation->output), "%s\n", remote->name);
		return 0;
	}
	if (config_set(path, layer, "remote.default", options->unset ? NULL : options->name,
		    &rewritten, err) < 0)
		return -err->code;
	remote_tell_rewritten(invocation, rewritten, path);
	if (options->unset)
		message_summary(&invocation->messages, "no remote is the default in %s", path);
	else
		message_summary(&invocation->messages, "remote '%s' is the default in %s",
			options->name, path);
	return 0;
}

static int remote_remove_run(
	struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct remote_options *options = raw_options;
	const struct config *config = NULL;
	const struct config_remote *remote = NULL;
	const char *path;
	struct config_entry usual;
	bool rewritten;
	if (invocation_config(invocation, &config, err) < 0 ||
		remotes_choose(config, options->name, &remote, err) < 0 ||
		remote_file(invocation, remote->layer, &path, err) < 0 ||
		config_entry(config, "remote.default", &usual, err) < 0 ||
		config_remote_remove(path, options->name, &rewritten, err) < 0)
		return -err->code;
	remote_tell_rewritten(invocation, rewritten, path);
	if (usual.layer == remote->layer && strcmp(usual.text, options->name) == 0 &&
		config_set(path, remote->layer, "remote.default", NULL, &rewritten, err) < 0)
		return -err->code;
	message_summary(&invocation->messages,
		"remote '%s' is removed from %s; what it holds stays", options->name, path);
	return 0;
}

/* ---- tables ---- */

#define REMOTE_NAME_OPERAND(minimum, text)                                                         \
	OPERAND(struct remote_options, name, minimum, "NAME", COMPLETE_REMOTE, text)

static const struct option_spec remote_add_table[] = {
	OPTION_FLAG(struct remote_options, make_default, 0, "default",
		"make it the one that push and pull use"),
	OPTION_STRING(struct remote_options, endpoint, 0, "endpoint", "URL",
		"server that speaks S3, if it is not Amazon's"),
	OPTION_STRING(struct remote_options, region, 0, "region", "REGION", "region of S3"),
	OPTION_FLAG(struct remote_options, user, 0, "user",
		"for you alone: into your own file, not the project's"),
	OPTION_END,
};
static const struct operand_spec remote_add_operands[] = {
	OPERAND(struct remote_options, name, 1, "NAME", COMPLETE_NOTHING, "how it will be called"),
	OPERAND(struct remote_options, url, 1, "URL", COMPLETE_FOLDER,
		"a folder, s3://…, https://… or sftp://…"),
	OPERAND_END,
};
static const struct operand_spec remote_name_operands[] = {
	REMOTE_NAME_OPERAND(1, "a remote"),
	OPERAND_END,
};
static const struct option_spec remote_default_table[] = {
	OPTION_FLAG(struct remote_options, unset, 0, "unset", "none is the default"),
	OPTION_FLAG(struct remote_options, user, 0, "user",
		"for you alone: in your own file, not the project's"),
	OPTION_END,
};
static const struct operand_spec remote_default_operands[] = {
	REMOTE_NAME_OPERAND(0, "a remote; without it, the default is printed"),
	OPERAND_END,
};

static const struct command remote_add_command = {
	.name = "add",
	.summary = "name a store elsewhere, and allow its use",
	.options = remote_add_table,
	.operands = remote_add_operands,
	.options_size = sizeof(struct remote_options),
	.needs = COMMAND_WORKSPACE,
	.run = remote_add_run,
};
static const struct command remote_allow_command = {
	.name = "allow",
	.summary = "allow a remote that came with the repository",
	.operands = remote_name_operands,
	.options_size = sizeof(struct remote_options),
	.needs = COMMAND_WORKSPACE,
	.run = remote_allow_run,
};
static const struct command remote_default_command = {
	.name = "default",
	.summary = "set or print the remote that push and pull use",
	.options = remote_default_table,
	.operands = remote_default_operands,
	.options_size = sizeof(struct remote_options),
	.needs = COMMAND_WORKSPACE,
	.run = remote_default_run,
};
static const struct command remote_list_command = {
	.name = "list",
	.summary = "list the remotes, and which may be used",
	.rows = remote_rows,
	.options_size = sizeof(struct remote_options),
	.needs = COMMAND_DATABASE | COMMAND_JSON,
	.run = remote_list_run,
};
static const struct command remote_remove_command = {
	.name = "remove",
	.summary = "forget a remote; what it holds stays",
	.operands = remote_name_operands,
	.options_size = sizeof(struct remote_options),
	.needs = COMMAND_WORKSPACE,
	.run = remote_remove_run,
};

static const struct command *const remote_children[] = { &remote_add_command, &remote_allow_command,
	&remote_default_command, &remote_list_command, &remote_remove_command, NULL };

const struct command command_remote = {
	.name = "remote",
	.summary = "name the stores elsewhere that push and pull use",
	.group = COMMAND_DATA,
	.children = remote_children,
};
