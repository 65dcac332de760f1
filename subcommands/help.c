#include "mlops/ui/help.h"

#include "mlops/system/process.h"
#include "invocation.h"
#include "table.h"

struct help_options {
	const char *topic;
};

static const struct operand_spec help_operands[] = {
	OPERAND(struct help_options, topic, 0, "TOPIC", COMPLETE_COMMAND,
		"a command, or a page such as revisions or project"),
	OPERAND_END,
};

/* Pages that are not about one command. */
static const char *const help_pages[] = { "architecture", "config", "project", "revisions", NULL };

/* The manual page by the program man; false if there is no man, or no such page. */
static bool help_show_page(const char *topic, struct error *err)
{
	AUTO_FREE char *page = memory_format(err, "mlops-%s", topic);
	AUTO(strbuf_release) struct strbuf output = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf errors = STRBUF_INIT;
	struct process_result result;
	if (!page)
		return false;
	struct process_options options = PROCESS_OPTIONS;
	options.arguments = (const char *const[]){ "man", "-w", page, NULL };
	if (process_capture(&options, NULL, &output, &errors, &result, err) < 0 ||
		result.exit_code != 0)
		return false;
	options.arguments = (const char *const[]){ "man", page, NULL };
	options.input = PROCESS_INHERIT;
	options.same_group = true;
	return process_run(&options, NULL, &result, err) == 0 && result.exit_code == 0;
}

static int help_unknown(const char *topic, struct error *err)
{
	error_set(err, ERROR_NOT_FOUND, "there is no command and no page '%s'", topic);
	const char *nearest = command_nearest(command_table, topic);
	if (!nearest)
		nearest = text_nearest(topic, help_pages);
	return nearest ? error_hint(err, "did you mean '%s'?", nearest)
		       : error_hint(err, "all commands are shown by 'mlops help'");
}

static int help_topic(struct invocation *invocation, const char *topic, struct error *err)
{
	struct error ignored = ERROR_INIT;
	const struct command *command = command_find(command_table, topic);
	bool page = false;
	for (const char *const *name = help_pages; *name; name++)
		page |= text_is(text_of(topic), *name);
	if (!command && !page)
		return help_unknown(topic, err);
	if (help_show_page(topic, &ignored))
		return 0;
	if (!command) {
		error_set(err, ERROR_MISSING, "the manual page mlops-%s is not installed", topic);
		return error_hint(err, "install mlops with its manual, and the package 'man-db'");
	}
	help_command(command, NULL, &invocation->output.style, output_text(&invocation->output));
	return 0;
}

static int help_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct help_options *options = raw_options;
	struct json_writer *json = output_json(&invocation->output);
	if (json) {
		help_json(command_table, json);
		return 0;
	}
	if (options->topic)
		return help_topic(invocation, options->topic, err);
	help_overview(command_table, &invocation->output.style, output_text(&invocation->output));
	return 0;
}

const struct command command_help = {
	.name = "help",
	.summary = "show what a command does and how to use it",
	.group = COMMAND_START,
	.operands = help_operands,
	.options_size = sizeof(struct help_options),
	.needs = COMMAND_JSON,
	.run = help_run,
};
