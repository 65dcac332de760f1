/* eval: how good a recorded model is, on its own data or on others. */
#include <stdio.h>

#include "evaluation_text.h"
#include "mlops/pipeline/eval_run.h"
#include "mlops/versioning/provenance.h"
#include "mlops/system/atomic.h"
#include "session.h"

struct eval_options {
	const char *revision, *data, *report, *markdown;
};

static const struct option_spec eval_option_table[] = {
	OPTION_PATH(struct eval_options, data, 0, "data", "FILE",
		"evaluate on all rows of FILE, not on the run's own data"),
	OPTION_PATH(struct eval_options, report, 0, "report", "FILE", "write an HTML page to FILE"),
	OPTION_PATH(struct eval_options, markdown, 0, "markdown", "FILE",
		"write Markdown to FILE, as for a pull request; - is stdout"),
	OPTION_END
};

static const struct operand_spec eval_operand_table[] = {
	OPERAND(struct eval_options, revision, 0, "REV", COMPLETE_RUN, "the run; @ unless given"),
	OPERAND_END
};

enum { EVAL_FACTS = 8 };

/* "8c1f02ab99d0, data/raw at 51d0c3…, changed": what was read, and which version that is. */
static int eval_version(const struct invocation *invocation, const struct eval_result *result,
	struct object_store *objects, struct strbuf *text, struct error *err)
{
	AUTO(provenance_release) struct provenance from = { .tracked = NULL };
	const struct dataset_file *file = &result->dataset.files[0];
	char hash[HASH_TEXT_SIZE];
	if (provenance_find(&invocation->workspace, objects, result->data_path, &file->hash, &from,
		    err) < 0)
		return -err->code;
	hash_format(&file->hash, hash);
	strbuf_add(text, hash);
	if (from.tracked) {
		hash_format(&from.version, hash);
		strbuf_printf(text, ", tracked as %s@%s%s", from.tracked, hash,
			from.state == PROVENANCE_SAME ? "" : ", but not as its pointer says");
	}
	return strbuf_check(text, err);
}

static void eval_facts(const struct eval_result *result, const char *rows, const char *version,
	struct evaluation_fact facts[EVAL_FACTS])
{
	const struct dataset_file *file = &result->dataset.files[0];
	facts[0] = (struct evaluation_fact){ "run", result->run.id };
	facts[1] = (struct evaluation_fact){ "model", result->run.model ? result->run.model : "" };
	facts[2] = (struct evaluation_fact){ "model file", result->model_hash };
	facts[3] = (struct evaluation_fact){ "data", file->path };
	facts[4] = (struct evaluation_fact){ "data size", rows };
	facts[5] = (struct evaluation_fact){ "target", result->dataset.settings.target };
	facts[6] = (struct evaluation_fact){ "project",
		result->run.project ? result->run.project : "" };
	facts[7] = (struct evaluation_fact){ "data version", version };
}

static int eval_write_page(const struct eval_result *result,
	const struct evaluation_heading *heading, const char *path, struct error *err)
{
	AUTO(strbuf_release) struct strbuf page = STRBUF_INIT;
	int status = evaluation_html(&result->evaluation, heading, &page, err);
	return status < 0 ? status : atomic_write(path, page.text, page.length, 0644, err);
}

static int eval_write_markdown(struct invocation *invocation, const struct eval_result *result,
	const struct evaluation_heading *heading, const char *path, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	int status = evaluation_markdown(&result->evaluation, heading, &text, err);
	if (status < 0)
		return status;
	if (text_is(text_of(path), "-"))
		return output_bytes(&invocation->output, text.text, text.length, err);
	return atomic_write(path, text.text, text.length, 0644, err);
}

static int eval_text(struct invocation *invocation, const struct eval_result *result,
	const char *rows, struct error *err)
{
	struct strbuf *out = output_text(&invocation->output);
	const struct style *style = &invocation->output.style;
	strbuf_add(out, "run   ");
	colour_begin(out, style, COLOUR_ID);
	strbuf_printf(out, "%.7s", result->run.id);
	colour_end(out, style, COLOUR_ID);
	strbuf_printf(
		out, " %s  %s\n", result->run.name, result->run.model ? result->run.model : "");
	strbuf_printf(out, "data  %s  %s\n      ", result->dataset.files[0].path, rows);
	AUTO(strbuf_release) struct strbuf verdict = STRBUF_INIT;
	evaluation_verdict(&result->evaluation, &verdict);
	if (strbuf_check(&verdict, err) < 0)
		return -(int)err->code;
	style_add_wrapped(out, style, 6, verdict.text);
	strbuf_add(out, "\n\n");
	int status = evaluation_text_metrics(&result->evaluation, style, out, err);
	return status < 0 ? status : evaluation_text_details(&result->evaluation, style, out, err);
}

static int eval_answer(struct invocation *invocation, const struct eval_options *options,
	const struct eval_result *result, struct object_store *objects, struct error *err)
{
	AUTO(strbuf_release) struct strbuf version = STRBUF_INIT;
	char rows[64];
	struct evaluation_fact facts[EVAL_FACTS];
	snprintf(rows, sizeof rows, "%zu rows", result->dataset.source.table.n_rows);
	if (eval_version(invocation, result, objects, &version, err) < 0)
		return -err->code;
	eval_facts(result, rows, version.text, facts);
	AUTO_FREE char *subtitle =
		memory_format(err, "run %.7s %s", result->run.id, result->run.name);
	if (!subtitle)
		return -ERROR_MEMORY;
	struct evaluation_heading heading = { .title = result->run.project ? result->run.project
									   : "model",
		.subtitle = subtitle,
		.facts = facts,
		.n_facts = EVAL_FACTS };
	int status = 0;
	if (options->report)
		status = eval_write_page(result, &heading, options->report, err);
	if (status == 0 && options->markdown)
		status = eval_write_markdown(invocation, result, &heading, options->markdown, err);
	if (status < 0)
		return status;
	struct json_writer *json = output_json(&invocation->output);
	if (json) {
		json_key_string(json, "run", result->run.id);
		evaluation_json_members(&result->evaluation, &heading, json);
	} else if (!options->markdown || !text_is(text_of(options->markdown), "-")) {
		status = eval_text(invocation, result, rows, err);
	}
	if (status == 0 && options->report)
		message_summary(&invocation->messages, "report: %s", options->report);
	return status;
}

static int eval_main(struct invocation *invocation, const void *options_pointer, struct error *err)
{
	const struct eval_options *options = options_pointer;
	AUTO(object_store_close) struct object_store *objects = NULL;
	struct problems problems = PROBLEMS_INIT;
	AUTO(eval_result_release) struct eval_result result = { .model_hash = "" };
	struct eval_request request = { .record = invocation->record,
		.root = invocation->workspace.root,
		.data = options->data,
		.sink = &invocation->sink,
		.problems = &problems };
	int status = session_resolve(
		invocation, options->revision ? options->revision : "@", &request.run, err);
	if (status == 0)
		status = object_store_open(&invocation->workspace, &objects, err);
	if (status < 0)
		return status;
	request.objects = objects;
	status = eval_run(&request, &result, err);
	if (status < 0) {
		if (problems.count)
			invocation_show_problems(invocation, &problems, (struct text){ NULL, 0 });
		return status;
	}
	return eval_answer(invocation, options, &result, objects, err);
}

const struct command command_eval = {
	.name = "eval",
	.summary = "evaluate a run's model, with a report",
	.group = COMMAND_TRAIN,
	.options = eval_option_table,
	.operands = eval_operand_table,
	.options_size = sizeof(struct eval_options),
	.needs = COMMAND_DATABASE | COMMAND_JSON | COMMAND_PAGED,
	.run = eval_main,
};
