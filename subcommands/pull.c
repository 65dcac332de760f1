/* pull: fetch data and runs from a remote. */
#include "mlops/record/revision.h"
#include "session.h"
#include "transfers.h"

struct pull_options {
	struct option_list paths;
	const char *remote, *run;
	uint64_t jobs;
	bool artifacts, no_checkout, no_data, no_runs, force, dry_run;
};

static const struct option_spec pull_option_table[] = {
	OPTION_FLAG(struct pull_options, artifacts, 0, "artifacts",
		"also what all runs kept: models, reports, patches"),
	OPTION_FLAG(struct pull_options, dry_run, 'n', "dry-run", "only say what would be fetched"),
	OPTION_FLAG(
		struct pull_options, force, 'f', "force", "overwrite files that have changed here"),
	OPTION_U64(struct pull_options, jobs, 'j', "jobs", "N", 1, 64, "transfers at once"),
	OPTION_FLAG(struct pull_options, no_checkout, 0, "no-checkout",
		"fetch, but leave the files of the workspace as they are"),
	OPTION_FLAG(struct pull_options, no_data, 0, "no-data", "fetch runs only"),
	OPTION_FLAG(struct pull_options, no_runs, 0, "no-runs", "fetch data only"),
	OPTION_STRING(struct pull_options, remote, 'r', "remote", "NAME",
		"the remote; remote.default unless given", .complete = COMPLETE_REMOTE),
	OPTION_STRING(struct pull_options, run, 0, "run", "RUN", "what this run kept, and no data",
		.complete = COMPLETE_RUN),
	OPTION_END,
};

static const struct operand_spec pull_operands[] = {
	OPERAND_LIST(struct pull_options, paths, 0, "PATH", COMPLETE_FILE,
		"tracked data, or folders above or below; without any, all"),
	OPERAND_END,
};

static void pull_tell_json(struct json_writer *json, const struct transfer *transfer,
	const struct sync_summary *sum, bool dry_run)
{
	transfer_json(json, transfer, sum);
	json_key(json, "runs");
	json_object(json);
	json_key_integer(json, "added", (int64_t)sum->merged.added);
	json_key_integer(json, "changed", (int64_t)sum->merged.changed);
	json_key_integer(json, "same", (int64_t)sum->merged.same);
	json_end(json);
	json_key(json, "files");
	json_object(json);
	json_key_integer(json, "written", (int64_t)sum->checkout.n_written);
	json_key_integer(json, "removed", (int64_t)sum->checkout.n_removed);
	json_key_integer(json, "unchanged", (int64_t)sum->checkout.n_unchanged);
	json_key_integer(json, "refused", (int64_t)sum->checkout.n_refused);
	json_end(json);
	json_key_boolean(json, "dry_run", dry_run);
}

static int pull_tell(struct invocation *invocation, const struct pull_options *options,
	const struct transfer *transfer, const struct sync_summary *sum, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct json_writer *json = output_json(&invocation->output);
	size_t runs = sum->merged.added + sum->merged.changed;
	size_t files = sum->checkout.n_written + sum->checkout.n_removed;
	if (json) {
		pull_tell_json(json, transfer, sum, options->dry_run);
		return 0;
	}
	if (options->dry_run) {
		strbuf_printf(output_text(&invocation->output),
			"would fetch %zu object%s from '%s', and what they list\n", sum->n_objects,
			sum->n_objects == 1 ? "" : "s", transfer->facts->name);
		return 0;
	}
	if (!sum->transfer.objects && !runs && !files) {
		message_summary(
			&invocation->messages, "nothing is new on '%s'", transfer->facts->name);
		return 0;
	}
	if (sum->transfer.objects) {
		strbuf_printf(&text, "fetched %llu object%s, ",
			(unsigned long long)sum->transfer.objects,
			sum->transfer.objects == 1 ? "" : "s");
		transfer_describe(&text, &sum->transfer);
		strbuf_printf(&text, ", from '%s'", transfer->facts->name);
	}
	if (runs)
		strbuf_printf(&text, "%s%zu run%s added, %zu changed", text.length ? "; " : "",
			sum->merged.added, sum->merged.added == 1 ? "" : "s", sum->merged.changed);
	if (files)
		strbuf_printf(&text, "%s%zu file%s written, %zu removed", text.length ? "; " : "",
			sum->checkout.n_written, sum->checkout.n_written == 1 ? "" : "s",
			sum->checkout.n_removed);
	message_summary(&invocation->messages, "%s", text.text);
	return strbuf_check(&text, err);
}

static int pull_options_check(const struct pull_options *options, struct error *err)
{
	if (options->run && options->paths.count)
		return error_set(err, ERROR_USAGE, "--run and PATH exclude each other");
	if (options->no_data && options->paths.count)
		return error_set(err, ERROR_USAGE, "--no-data and PATH exclude each other");
	if (options->no_data && options->no_runs && !options->artifacts)
		return error_set(
			err, ERROR_USAGE, "--no-data and --no-runs leave nothing to fetch");
	return 0;
}

/* The run may be one that only the remote has: its record comes first then. */
static int pull_find_run(struct invocation *invocation, const struct pull_options *options,
	struct transfer *transfer, struct sync_options *sync, struct error *err)
{
	if (!options->run)
		return 0;
	if (revision_resolve(transfer->record, NULL, options->run, &sync->run, err) == 0)
		return 0;
	if (err->code != ERROR_NOT_FOUND)
		return -err->code;
	error_clear(err);
	struct sync_summary sum;
	struct sync_options records = { .no_data = true, .sink = &invocation->sink };
	if (sync_pull(&invocation->workspace, transfer->store, transfer->record, transfer->remote,
		    &records, &sum, err) < 0)
		return -err->code;
	return revision_resolve(transfer->record, NULL, options->run, &sync->run, err);
}

static int pull_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct pull_options *options = raw_options;
	AUTO(transfer_close) struct transfer transfer = { .record = NULL };
	struct sync_summary sum;
	struct sync_options sync = { .no_data = options->no_data || options->run,
		.no_runs = options->no_runs || options->paths.count,
		.artifacts = options->artifacts,
		.no_checkout = options->no_checkout,
		.force = options->force,
		.dry_run = options->dry_run,
		.sink = &invocation->sink };
	if (pull_options_check(options, err) < 0 ||
		transfer_paths(invocation, &options->paths, &sync, err) < 0 ||
		transfer_open(invocation, options->remote, options->jobs, &transfer, err) < 0 ||
		pull_find_run(invocation, options, &transfer, &sync, err) < 0)
		return -err->code;
	int status = sync_pull(&invocation->workspace, transfer.store, transfer.record,
		transfer.remote, &sync, &sum, err);
	if (status < 0 && status != -ERROR_NOT_FOUND && status != -ERROR_EXISTS)
		return status;
	struct error telling = ERROR_INIT;
	int told = pull_tell(invocation, options, &transfer, &sum, &telling);
	if (status == 0 && told < 0)
		*err = telling;
	return status < 0 ? status : told;
}

const struct command command_pull = {
	.name = "pull",
	.summary = "fetch data and runs from a remote",
	.group = COMMAND_DATA,
	.options = pull_option_table,
	.operands = pull_operands,
	.options_size = sizeof(struct pull_options),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = pull_run,
};
