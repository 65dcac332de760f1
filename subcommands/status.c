/* status: tracked data against their pointers, the last commit, the store and the remote. */
#include <string.h>

#include "invocation.h"
#include "mlops/base/path.h"
#include "mlops/store/object.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/status.h"
#include "status_text.h"
#include "transfers.h"

static const struct option_spec status_option_table[] = {
	OPTION_FLAG(struct status_command_options, exit_code, 0, "exit-code",
		"exit with 1 if anything changed or is not committed"),
	OPTION_FLAG(struct status_command_options, files, 0, "files",
		"name all files that changed in tracked folders"),
	OPTION_SIZE(struct status_command_options, large, 0, "large", "SIZE", 0, INT64_MAX,
		"name untracked files from SIZE on, 0 for none; else status.large"),
	OPTION_FLAG(struct status_command_options, remote, 0, "remote",
		"look at the remote as well, and say what it lacks"),
	OPTION_FLAG(struct status_command_options, short_form, 0, "short",
		"one line a path: pointer against HEAD, data against pointer"),
	OPTION_END,
};

static const struct operand_spec status_operands[] = {
	OPERAND_LIST(struct status_command_options, paths, 0, "PATH", COMPLETE_FILE,
		"tracked data, or folders above or below; all unless given"),
	OPERAND_END,
};

/* What is typed, from the project's root; data may be gone, so nothing need be there. */
static int status_resolve(struct invocation *invocation, const struct option_list *names,
	const char ***ret_paths, struct error *err)
{
	const struct workspace *workspace = &invocation->workspace;
	AUTO_FREE char *current = directory_current(err);
	AUTO_FREE char *here = current ? directory_real_path(current, err) : NULL;
	AUTO_FREE char *root = here ? directory_real_path(workspace->root, err) : NULL;
	const char **paths =
		root ? arena_allocate(&invocation->arena, names->count + 1, sizeof *paths, err)
		     : NULL;
	if (!paths)
		return -err->code;
	for (size_t i = 0; i < names->count; i++) {
		AUTO_FREE char *full = path_join(here, names->items[i], err);
		AUTO_FREE char *normal = full ? path_normalise(full, err) : NULL;
		if (!normal)
			return -err->code;
		if (!path_is_inside(normal, root))
			return error_set(err, ERROR_USAGE, "'%s' is outside the project '%s'",
				names->items[i], root);
		const char *below = normal + strlen(root);
		paths[i] = arena_copy_string(&invocation->arena, below + (*below == '/'), err);
		if (!paths[i])
			return -err->code;
		/* The root itself is everything. */
		if (!*paths[i]) {
			*ret_paths = NULL;
			return 0;
		}
	}
	*ret_paths = paths;
	return 0;
}

static int status_large(struct invocation *invocation, const struct status_command_options *options,
	uint64_t *ret, struct error *err)
{
	const struct config *config;
	*ret = options->large;
	if (options->large != STATUS_LARGE_BY_CONFIG)
		return 0;
	if (invocation_config(invocation, &config, err) < 0)
		return -err->code;
	*ret = (uint64_t)config_number(config, "status.large");
	return 0;
}

/* Which of the tracked versions that are here the remote has not; one exchange. */
static int status_ask_remote(struct invocation *invocation, const struct transfer *transfer,
	const struct status *status, struct status_remote *ret, struct error *err)
{
	if (remote_refresh(transfer->remote, &invocation->sink, err) < 0)
		return -err->code;
	ret->name = transfer->facts->name;
	ret->lacks = arena_allocate(&invocation->arena, status->count + 1, sizeof *ret->lacks, err);
	if (!ret->lacks)
		return -err->code;
	for (size_t i = 0; i < status->count; i++) {
		const struct tracked_item *item = status->items[i].tracked;
		if (!remote_has(transfer->remote, &item->pointer.hash))
			ret->lacks[ret->n_lacks++] = item->path;
	}
	return 0;
}

static void status_write(struct invocation *invocation,
	const struct status_command_options *options, const struct status *status,
	const struct status_remote *remote)
{
	struct json_writer *json = output_json(&invocation->output);
	if (json)
		status_write_json(json, status, remote);
	else if (options->short_form)
		status_write_short(output_text(&invocation->output), status, options);
	else
		status_write_text(&invocation->output, status, remote, options);
}

static int status_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct status_command_options *options = raw_options;
	AUTO(transfer_close) struct transfer transfer = { .record = NULL };
	AUTO(object_store_close) struct object_store *store = NULL;
	AUTO(status_release) struct status status = { .items = NULL };
	struct status_remote remote = { .name = NULL };
	const char **paths = NULL;
	struct status_options how = { .sink = &invocation->sink };
	if (status_resolve(invocation, &options->paths, &paths, err) < 0 ||
		status_large(invocation, options, &how.large, err) < 0 ||
		object_store_open(&invocation->workspace, &store, err) < 0 ||
		(options->remote && transfer_open(invocation, NULL, 0, &transfer, err) < 0))
		return -err->code;
	how.paths = paths;
	how.n_paths = paths ? options->paths.count : 0;
	if (status_look(&invocation->workspace, store, &how, &status, err) < 0 ||
		(options->remote &&
			status_ask_remote(invocation, &transfer, &status, &remote, err) < 0))
		return -err->code;
	status_write(invocation, options, &status, &remote);
	if (options->exit_code && status_differs(&status)) {
		error_set(err, ERROR_CHECK, "%s", "");
		return -err->code;
	}
	return 0;
}

const struct command command_status = {
	.name = "status",
	.summary = "show what changed in tracked data, and what is not kept",
	.group = COMMAND_DATA,
	.options = status_option_table,
	.operands = status_operands,
	.options_size = sizeof(struct status_command_options),
	.defaults = &(const struct status_command_options){ .large = STATUS_LARGE_BY_CONFIG },
	.needs = COMMAND_WORKSPACE | COMMAND_JSON | COMMAND_PAGED,
	.run = status_run,
};
