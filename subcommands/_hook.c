/* __hook: what the hooks of git do that `mlops init --hooks` installs. */
#include <string.h>

#include "invocation.h"
#include "mlops/config/remotes.h"
#include "mlops/store/object.h"
#include "mlops/system/process.h"
#include "mlops/versioning/changes.h"
#include "mlops/versioning/tracked.h"
#include "table.h"

struct hook_options {
	const char *name;
	struct option_list rest; /* what git says to the hook; not needed */
};

static const struct operand_spec hook_operands[] = {
	OPERAND(struct hook_options, name, 1, "HOOK", COMPLETE_NOTHING,
		"post-checkout, pre-commit or pre-push"),
	OPERAND_LIST(struct hook_options, rest, 0, "ARG", COMPLETE_NOTHING, "arguments from git"),
	OPERAND_END,
};

/* Runs this program again in the workspace. Its messages are ours; its answer is not shown. */
static int hook_run_command(struct invocation *invocation, const char *const *arguments,
	int *ret_exit, struct error *err)
{
	struct process_options options = PROCESS_OPTIONS;
	struct process_result result;
	options.arguments = arguments;
	options.folder = invocation->workspace.root;
	options.output = PROCESS_NOTHING;
	options.errors = PROCESS_INHERIT;
	options.same_group = true;
	if (process_run(&options, &invocation->sink, &result, err) < 0)
		return -err->code;
	*ret_exit = result.exit_code;
	return 0;
}

/* Data follow the pointers that changed. Whatever happens, git has done its part already. */
static int hook_post_checkout(struct invocation *invocation, struct error *err)
{
	static const char *const arguments[] = { "/proc/self/exe", "-q", "checkout", "--changed",
		NULL };
	int code = 0;
	if (hook_run_command(invocation, arguments, &code, err) < 0)
		return -err->code;
	if (code)
		message_warning(&invocation->messages, NULL,
			"not all data are as the pointers say: see 'mlops status'");
	return 0;
}

/* A commit whose pointers name other data than those that it was made with is refused. */
static int hook_pre_commit(struct invocation *invocation, struct error *err)
{
	enum { NAMED = 5 };
	AUTO(object_store_close) struct object_store *store = NULL;
	AUTO(tracked_release) struct tracked tracked = { .items = NULL };
	AUTO(strbuf_release) struct strbuf names = STRBUF_INIT;
	size_t count = 0;
	if (tracked_in_workspace(&invocation->workspace, &tracked, err) < 0 ||
		object_store_open(&invocation->workspace, &store, err) < 0)
		return -err->code;
	for (size_t i = 0; i < tracked.count; i++) {
		const struct tracked_item *item = &tracked.items[i];
		AUTO(changes_release) struct changes changes = { .items = NULL };
		if (changes_in_workspace(&invocation->workspace, store, item->path, &item->pointer,
			    &invocation->sink, &changes, err) < 0)
			return -err->code;
		if (changes.missing || !changes.count)
			continue; /* data that are not there have not been changed */
		if (count++ < NAMED)
			strbuf_printf(&names, " %s", item->path);
	}
	if (!count)
		return 0;
	if (strbuf_check(&names, err) < 0)
		return -err->code;
	error_set(err, ERROR_CHECK, "data differ from their pointers:%s%s", names.text,
		count > NAMED ? " and others" : "");
	return error_hint(err,
		"run 'mlops add%s' and commit the pointers, or commit with --no-verify",
		names.text);
}

/* Where nothing is there to push to, there is nothing to do. */
static int hook_pre_push(struct invocation *invocation, struct error *err)
{
	static const char *const arguments[] = { "/proc/self/exe", "-q", "push", NULL };
	const struct config *config;
	size_t n_remotes;
	int code = 0;
	if (!command_find(command_table, "push"))
		return 0;
	if (invocation_config(invocation, &config, err) < 0)
		return -err->code;
	config_remotes(config, &n_remotes);
	if (!n_remotes)
		return 0;
	if (hook_run_command(invocation, arguments, &code, err) < 0)
		return -err->code;
	if (!code)
		return 0;
	error_set(err, ERROR_CHECK, "data and runs were not pushed");
	return error_hint(err, "'git push --no-verify' pushes the code without them");
}

static int hook_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct hook_options *options = raw_options;
	static const struct {
		const char *name;
		int (*run)(struct invocation *invocation, struct error *err);
	} hooks[] = {
		{ "post-checkout", hook_post_checkout },
		{ "pre-commit", hook_pre_commit },
		{ "pre-push", hook_pre_push },
	};
	for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
		if (strcmp(options->name, hooks[i].name) == 0)
			return invocation->has_workspace ? hooks[i].run(invocation, err) : 0;
	}
	return 0; /* a later version's hook is no reason to stop git */
}

const struct command command__hook = {
	.name = "__hook",
	.summary = "do what a hook of git is to do",
	.operands = hook_operands,
	.options_size = sizeof(struct hook_options),
	.needs = COMMAND_HIDDEN | COMMAND_WORKSPACE_IF_ANY,
	.run = hook_run,
};
