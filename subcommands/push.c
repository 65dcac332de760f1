/* push: send data and runs to a remote. */
#include <inttypes.h>

#include "transfers.h"

struct push_options {
	struct option_list paths;
	const char *remote;
	uint64_t jobs;
	bool all_commits, no_data, no_runs, dry_run;
};

static const struct option_spec push_option_table[] = {
	OPTION_FLAG(struct push_options, all_commits, 'a', "all-commits",
		"also the data of every commit that git remembers"),
	OPTION_FLAG(struct push_options, dry_run, 'n', "dry-run", "only say what would be sent"),
	OPTION_U64(struct push_options, jobs, 'j', "jobs", "N", 1, 64, "transfers at once"),
	OPTION_FLAG(struct push_options, no_data, 0, "no-data", "send runs only"),
	OPTION_FLAG(struct push_options, no_runs, 0, "no-runs", "send data only"),
	OPTION_STRING(struct push_options, remote, 'r', "remote", "NAME",
		"the remote; remote.default unless given", .complete = COMPLETE_REMOTE),
	OPTION_END,
};

static const struct operand_spec push_operands[] = {
	OPERAND_LIST(struct push_options, paths, 0, "PATH", COMPLETE_FILE,
		"tracked data, or folders above or below; without any, all"),
	OPERAND_END,
};

static int push_tell(struct invocation *invocation, const struct push_options *options,
	const struct transfer *transfer, const struct sync_summary *sum, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct json_writer *json = output_json(&invocation->output);
	if (json) {
		transfer_json(json, transfer, sum);
		json_key_integer(json, "runs", (int64_t)sum->n_runs);
		json_key_boolean(json, "dry_run", options->dry_run);
		return 0;
	}
	if (options->dry_run) {
		text.cap = 0;
		output_add_bytes(&text, sum->bytes);
		strbuf_printf(output_text(&invocation->output),
			"would send %zu object%s of %s, and %zu run%s, to '%s'\n", sum->n_objects,
			sum->n_objects == 1 ? "" : "s", text.text, sum->n_runs,
			sum->n_runs == 1 ? "" : "s", transfer->facts->name);
	} else if (!sum->transfer.packs && !sum->n_runs) {
		uint64_t n = sum->transfer.requests;
		message_summary(&invocation->messages, "'%s' is up to date, %" PRIu64 " request%s",
			transfer->facts->name, n, n == 1 ? "" : "s");
	} else {
		if (sum->transfer.packs)
			transfer_describe(&text, &sum->transfer);
		if (sum->n_runs)
			strbuf_printf(&text, "%s%zu run%s", text.length ? ", with " : "",
				sum->n_runs, sum->n_runs == 1 ? "" : "s");
		message_summary(
			&invocation->messages, "sent %s to '%s'", text.text, transfer->facts->name);
	}
	return strbuf_check(&text, err);
}

static int push_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct push_options *options = raw_options;
	AUTO(transfer_close) struct transfer transfer = { .record = NULL };
	struct sync_summary sum;
	struct sync_options sync = { .all_commits = options->all_commits,
		.no_data = options->no_data,
		/* Who names data wants that data. */
		.no_runs = options->no_runs || options->paths.count,
		.dry_run = options->dry_run,
		.sink = &invocation->sink };
	if (options->no_data && (options->no_runs || options->paths.count))
		return error_set(err, ERROR_USAGE, "--no-data leaves nothing to send");
	if (transfer_paths(invocation, &options->paths, &sync, err) < 0 ||
		transfer_open(invocation, options->remote, options->jobs, &transfer, err) < 0)
		return -err->code;
	int status = sync_push(&invocation->workspace, transfer.store, transfer.record,
		transfer.remote, &sync, &sum, err);
	if (status < 0 && status != -ERROR_NOT_FOUND)
		return status;
	struct error telling = ERROR_INIT;
	int told = push_tell(invocation, options, &transfer, &sum, &telling);
	if (status == 0 && told < 0)
		*err = telling;
	return status < 0 ? status : told;
}

const struct command command_push = {
	.name = "push",
	.summary = "send data and runs to a remote",
	.group = COMMAND_DATA,
	.options = push_option_table,
	.operands = push_operands,
	.options_size = sizeof(struct push_options),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = push_run,
};
