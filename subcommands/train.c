/* train: the project's data and document to a recorded run with a model. */
#include <math.h>

#include "evaluation_text.h"
#include "mlops/base/clock.h"
#include "mlops/base/parallel.h"
#include "mlops/pipeline/train_run.h"
#include "mlops/report/plot.h"
#include "session.h"

struct train_options {
	struct option_list sets, tags;
	bool allow_changed_data;
	const char *name, *file;
	uint64_t jobs;
};

static const struct option_spec train_option_table[] = {
	OPTION_LIST(struct train_options, sets, 0, "set", "PATH=VALUE",
		"override a key of the project, as model.C=0.1"),
	OPTION_STRING(struct train_options, name, 0, "name", "NAME", "name the run"),
	OPTION_LIST(struct train_options, tags, 0, "tag", "TAG", "tag the run"),
	OPTION_PATH(struct train_options, file, 0, "file", "FILE",
		"read FILE instead of the nearest mlops.yaml"),
	OPTION_FLAG(struct train_options, allow_changed_data, 0, "allow-changed-data",
		"train although data differ from their pointers"),
	OPTION_U64(struct train_options, jobs, 'j', "jobs", "N", 1, 256, "use N threads"),
	OPTION_END
};

static void train_text_data(const struct train_result *result, struct strbuf *out)
{
	const struct dataset *dataset = &result->dataset;
	const struct source *source = &dataset->source;
	strbuf_printf(out, "data   %s  %zu × %zu, target %s", dataset->files[0].path,
		source->table.n_rows, features_n_columns(result->fit.features),
		dataset->settings.target);
	if (dataset->task != TASK_REGRESSION && source->n_classes <= 8) {
		strbuf_add(out, " (");
		for (size_t c = source->n_classes; c-- > 0;) {
			size_t count = 0;
			for (size_t p = 0; p < SPLIT_PART_COUNT; p++)
				for (size_t i = 0; i < dataset->parts[p].n_rows; i++)
					count += dataset->parts[p].classes[i] == c;
			strbuf_printf(out, "%s %zu%s", source->classes[c], count, c ? ", " : ")");
		}
	}
	const size_t *counts = source->split.counts;
	strbuf_printf(out, "\nsplit  %zu train", counts[SPLIT_TRAIN]);
	if (counts[SPLIT_VALIDATION])
		strbuf_printf(out, ", %zu validation", counts[SPLIT_VALIDATION]);
	if (counts[SPLIT_TEST])
		strbuf_printf(out, ", %zu test", counts[SPLIT_TEST]);
	strbuf_printf(out, "; %s", split_method_name(source->split.method));
	/* Nothing is drawn at random where time or files decide. */
	if (source->split.method != SPLIT_TIME && source->split.method != SPLIT_FILES)
		strbuf_printf(out, ", seed %llu", (unsigned long long)dataset->settings.split.seed);
	strbuf_add_char(out, '\n');
}

static void train_text_fit(
	const struct train_result *result, const struct style *style, struct strbuf *out)
{
	enum { CURVE_WIDTH = 16 };
	const struct fit *fit = &result->fit;
	strbuf_printf(
		out, "fit    %s, %zu features", fit->trainer->name, features_count(fit->features));
	if (result->n_curve > 1) {
		strbuf_add(out, "  ");
		plot_sparkline(out, result->curve, result->n_curve, CURVE_WIDTH,
			style->utf8 ? PLOT_UNICODE : PLOT_ASCII);
	}
	if (fit->model.iterations)
		strbuf_printf(out, ", %llu iteration%s", (unsigned long long)fit->model.iterations,
			fit->model.iterations == 1 ? "" : "s");
	strbuf_add(out, ", ");
	for (const char *at = trained_status_name(fit->model.status); *at; at++)
		strbuf_add_char(out, *at == '_' ? ' ' : *at);
	strbuf_add(out, ", ");
	clock_format_duration(out, fit->fit_seconds);
	strbuf_add_char(out, '\n');
	if (fit->model.note[0])
		strbuf_printf(out, "       %s\n", fit->model.note);
}

static int train_text(
	struct invocation *invocation, const struct train_result *result, struct error *err)
{
	struct strbuf *out = output_text(&invocation->output);
	const struct style *style = &invocation->output.style;
	train_text_data(result, out);
	train_text_fit(result, style, out);
	strbuf_add_char(out, '\n');
	int status = evaluation_text_metrics(&result->evaluation, style, out, err);
	if (status < 0)
		return status;
	strbuf_add(out, "\nrun ");
	colour_begin(out, style, COLOUR_ID);
	strbuf_printf(out, "%.7s", result->run.id);
	colour_end(out, style, COLOUR_ID);
	strbuf_printf(out, " %s  %s ", result->run.name, TRAIN_ARTIFACT_MODEL);
	output_add_bytes(out, result->model_bytes);
	strbuf_add(out, "  ");
	clock_format_duration(out, result->seconds);
	if (result->status == RUN_CANCELLED)
		colour_add(
			out, style, COLOUR_WARNING, "  cancelled: the model is the last iterate");
	strbuf_add_char(out, '\n');
	return 0;
}

static void train_json_data(const struct train_result *result, struct json_writer *json)
{
	const struct dataset *dataset = &result->dataset;
	char hash[HASH_TEXT_SIZE];
	json_key(json, "data");
	json_object(json);
	json_key(json, "files");
	json_array(json);
	for (size_t i = 0; i < dataset->n_files; i++) {
		hash_format(&dataset->files[i].hash, hash);
		json_object(json);
		json_key_string(json, "path", dataset->files[i].path);
		json_key_string(json, "blake3", hash);
		json_key_integer(json, "bytes", (int64_t)dataset->files[i].bytes);
		json_end(json);
	}
	json_end(json);
	json_key_integer(json, "rows", (int64_t)dataset->source.table.n_rows);
	json_key_integer(json, "columns", (int64_t)dataset->source.table.n_columns);
	json_key_string(json, "target", dataset->settings.target);
	json_key_string(json, "task", trainer_task_name(dataset->task));
	json_key(json, "split");
	json_object(json);
	for (int part = 0; part < SPLIT_PART_COUNT; part++)
		json_key_integer(json, split_part_name((enum split_part)part),
			(int64_t)dataset->source.split.counts[part]);
	json_end(json);
	json_end(json);
}

static void train_json(const struct train_result *result, struct json_writer *json)
{
	const struct fit *fit = &result->fit;
	json_key(json, "run");
	json_object(json);
	json_key_string(json, "id", result->run.id);
	json_key_string(json, "name", result->run.name);
	json_key_string(json, "status", run_status_name(result->status));
	json_key_time(json, "started", result->run.started);
	json_key_number(json, "seconds", result->seconds);
	json_end(json);
	train_json_data(result, json);
	json_key(json, "model");
	json_object(json);
	json_key_string(json, "type", fit->trainer->name);
	json_key_integer(json, "features", (int64_t)features_count(fit->features));
	json_key_string(json, "convergence", trained_status_name(fit->model.status));
	json_key_integer(json, "iterations", (int64_t)fit->model.iterations);
	json_key_number(json, "objective", fit->model.objective);
	json_key_string(json, "blake3", result->model_hash);
	json_key_integer(json, "bytes", (int64_t)result->model_bytes);
	json_key_number(json, "largest_difference", fit->worst);
	json_key_number(json, "fit_seconds", fit->fit_seconds);
	json_end(json);
	json_key(json, "evaluation");
	json_object(json);
	evaluation_json_members(&result->evaluation, NULL, json);
	json_end(json);
}

/* -j, else what the document says, else what the settings say, which is set already. */
static void train_set_threads(const struct train_options *options, const struct document *project)
{
	const struct value *section = value_member(project->root, "train");
	uint64_t threads =
		options->jobs ? options->jobs : (uint64_t)value_integer_or(section, "threads", 0);
	if (threads)
		parallel_set_threads((size_t)threads);
}

static int train_main(struct invocation *invocation, const void *options_pointer, struct error *err)
{
	const struct train_options *options = options_pointer;
	AUTO(session_project_release) struct session_project project = { .text = STRBUF_INIT };
	struct problems problems = PROBLEMS_INIT;
	AUTO(train_result_release) struct train_result result = { .model_bytes = 0 };
	int status = session_open_project(invocation, options->file, &options->sets, &project, err);
	if (status < 0)
		return status;
	train_set_threads(options, &project.project.document);
	struct train_request request = { .project = &project.project.document,
		.text = project.text.text,
		.root = project.root,
		.workspace = &invocation->workspace,
		.name = options->name,
		.tags = options->tags.items,
		.arguments = session_arguments(invocation),
		.allow_changed_data = options->allow_changed_data,
		.sink = &invocation->sink,
		.problems = &problems };
	status = train_run(&request, &result, err);
	if (status < 0) {
		if (problems.count)
			invocation_show_problems(invocation, &problems, (struct text){ NULL, 0 });
		return status;
	}
	struct json_writer *json = output_json(&invocation->output);
	if (json)
		train_json(&result, json);
	else
		status = train_text(invocation, &result, err);
	return status;
}

const struct command command_train = {
	.name = "train",
	.summary = "train the project's model and record the run",
	.group = COMMAND_TRAIN,
	.options = train_option_table,
	.options_size = sizeof(struct train_options),
	.needs = COMMAND_WORKSPACE | COMMAND_JSON,
	.run = train_main,
};
