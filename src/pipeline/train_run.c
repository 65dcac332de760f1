#include "mlops/pipeline/train_run.h"

#include <math.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/parallel.h"
#include "mlops/base/path.h"
#include "mlops/database/transaction.h"
#include "mlops/evaluate/render.h"
#include "mlops/pipeline/capture.h"
#include "mlops/pipeline/data_versions.h"
#include "mlops/pipeline/run_log.h"
#include "mlops/record/files.h"
#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "mlops/record/tags.h"
#include "mlops/system/directory.h"
#include "mlops/system/file.h"

/* What is open while a run lives. */
struct train_job {
	const struct train_request *request;
	struct train_result *result;
	struct record *record;
	struct object_store *objects;
	struct capture capture;
	struct data_versions versions;
	struct run_log log;
	struct run_file artifacts[8];
	char hashes[8][HASH_TEXT_SIZE];
	size_t n_artifacts;
	int64_t run;
	struct id id;
};

static void train_job_release(struct train_job *job)
{
	run_log_close(&job->log);
	capture_release(&job->capture);
	data_versions_release(&job->versions);
	object_store_close(job->objects);
	record_close(job->record);
}

static const char *train_model_type(const struct train_request *request)
{
	return value_string_or(value_member(request->project->root, "model"), "type", NULL);
}

static int train_begin(struct train_job *job, struct error *err)
{
	const struct train_request *request = job->request;
	const struct value *root = request->project->root;
	AUTO_FREE char *log = NULL;
	int status = id_new(&job->id, err);
	if (status == 0) {
		log = run_log_name(job->id.text, err);
		status = log ? 0 : -ERROR_MEMORY;
	}
	if (status == 0)
		status = run_log_open(
			request->workspace, job->id.text, request->sink, &job->log, err);
	if (status < 0)
		return status;
	struct run_start start = { .name = request->name,
		.id = job->id.text,
		.command = "train",
		.project = value_string_or(root, "name", NULL),
		.task = trainer_task_name(job->result->dataset.task),
		.model = train_model_type(request),
		.log = log,
		.arguments = request->arguments,
		.document = request->text,
		.seed = value_integer_or(value_member(root, "train"), "seed", 0) };
	return run_begin(job->record, &start, &job->run, NULL, err);
}

static int train_evaluate(struct train_job *job, struct error *err)
{
	struct train_result *result = job->result;
	const struct fit *fit = &result->fit;
	struct assess_request request = { .project = job->request->project,
		.dataset = &result->dataset,
		.scores = fit->scores,
		.width = fit->width,
		.seconds_per_row =
			fit->predict_seconds / (double)result->dataset.source.table.n_rows,
		.baseline = fit->baseline_scores };
	return assess(&request, &result->evaluation, err);
}

static int train_put(struct train_job *job, const char *path, const char *kind,
	const struct strbuf *bytes, struct error *err)
{
	struct hash hash;
	int status = strbuf_check(bytes, err);
	if (status == 0)
		status = object_put_bytes(job->objects, bytes->text, bytes->length, &hash, err);
	if (status < 0)
		return error_prefix(err, "artifact '%s'", path);
	size_t n = job->n_artifacts++;
	hash_format(&hash, job->hashes[n]);
	job->artifacts[n] = (struct run_file){ .path = (char *)path,
		.hash = job->hashes[n],
		.kind = (char *)kind,
		.size = (int64_t)bytes->length,
		.n_rows = -1,
		.n_columns = -1 };
	return 0;
}

/* {"test": {"roc_auc": 0.99, …}, …}: the metrics as the model file carries them. */
static void train_metrics_json(const struct evaluation *evaluation, struct strbuf *buffer)
{
	struct json_writer json;
	json_begin(&json, buffer, 0);
	json_object(&json);
	for (size_t p = 0; p < evaluation->n_parts; p++) {
		const struct evaluation_part *part = &evaluation->parts[p];
		json_key(&json, part->name);
		json_object(&json);
		for (size_t m = 0; m < evaluation->n_metrics; m++)
			json_key_number(
				&json, evaluation->metrics[m]->name, part->metrics[m].value);
		json_end(&json);
	}
	json_end(&json);
}

static int train_put_model(struct train_job *job, struct error *err)
{
	struct train_result *result = job->result;
	AUTO(strbuf_release) struct strbuf metrics = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf model = STRBUF_INIT;
	train_metrics_json(&result->evaluation, &metrics);
	int status = strbuf_check(&metrics, err);
	if (status == 0)
		status = fit_seal(&result->fit, job->id.text, metrics.text, &model, err);
	if (status == 0)
		status = train_put(job, TRAIN_ARTIFACT_MODEL, "model", &model, err);
	if (status < 0)
		return status;
	result->model_bytes = model.length;
	memcpy(result->model_hash, job->hashes[job->n_artifacts - 1], HASH_TEXT_SIZE);
	return 0;
}

static int train_put_evaluation(struct train_job *job, struct error *err)
{
	const struct train_result *result = job->result;
	const struct dataset *dataset = &result->dataset;
	char id_name_text[ID_NAME_SIZE], rows[64];
	id_name(job->id.text, id_name_text);
	const char *name = job->request->name ? job->request->name : id_name_text;
	snprintf(rows, sizeof rows, "%zu rows, %zu columns", dataset->source.table.n_rows,
		dataset->source.table.n_columns);
	AUTO_FREE char *subtitle = memory_format(err, "run %.7s %s", job->id.text, name);
	if (!subtitle)
		return -ERROR_MEMORY;
	const struct evaluation_fact facts[] = {
		{ "run", job->id.text },
		{ "model", train_model_type(job->request) },
		{ "model file", result->model_hash },
		{ "data", dataset->files[0].path },
		{ "data size", rows },
		{ "target", dataset->settings.target },
		{ "commit", job->capture.state.commit[0] ? job->capture.state.commit : "none" },
		{ "uncommitted changes", job->capture.state.dirty ? "yes" : "no" },
	};
	const struct evaluation_heading heading = {
		.title = value_string_or(job->request->project->root, "name", "model"),
		.subtitle = subtitle,
		.facts = facts,
		.n_facts = sizeof facts / sizeof *facts
	};
	AUTO(strbuf_release) struct strbuf page = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct json_writer json;
	json_begin(&json, &text, 1);
	evaluation_json(&result->evaluation, &heading, &json);
	int status = evaluation_html(&result->evaluation, &heading, &page, err);
	if (status == 0)
		status = train_put(job, TRAIN_ARTIFACT_REPORT, "report", &page, err);
	return status < 0 ? status
			  : train_put(job, TRAIN_ARTIFACT_EVALUATION, "evaluation", &text, err);
}

static int train_put_texts(struct train_job *job, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	int status = 0;
	if (job->request->text) {
		strbuf_add(&text, job->request->text);
		status = train_put(job, TRAIN_ARTIFACT_PROJECT, "project", &text, err);
		strbuf_clear(&text);
	}
	if (status == 0)
		status = file_read(job->log.path, 0, &text, err);
	return status < 0 ? status : train_put(job, TRAIN_ARTIFACT_LOG, "log", &text, err);
}

static int train_record_metrics(struct train_job *job, struct error *err)
{
	const struct evaluation *evaluation = &job->result->evaluation;
	VEC(struct metric_point) points = VEC_INIT;
	AUTO(arena_release) struct arena names = ARENA_INIT(0);
	const struct evaluation_part *main_part = evaluation_main_part(evaluation);
	for (size_t p = 0; p < evaluation->n_parts; p++) {
		const struct evaluation_part *part = &evaluation->parts[p];
		for (size_t m = 0; m < evaluation->n_metrics; m++) {
			const struct metric_value *value = &part->metrics[m];
			const char *name = value->metric->name;
			if (part != main_part)
				name = arena_format(&names, err, "%s/%s", part->name, name);
			if (!name)
				break;
			bool bounded = value->interval.method != INTERVAL_NONE;
			vec_push(&points, (struct metric_point){ .name = name,
						  .value = value->value,
						  .low = bounded ? value->interval.low : NAN,
						  .high = bounded ? value->interval.high : NAN });
		}
	}
	for (size_t i = 0; i < job->log.points.count; i++)
		vec_push(&points, (struct metric_point){ .name = "train/objective",
					  .step = (int64_t)job->log.points.items[i].iteration,
					  .value = job->log.points.items[i].value });
	int status = err->code ? -(int)err->code : vec_check(&points, err);
	if (status == 0)
		status = vec_check(&job->log.points, err); /* a curve with a hole is none */
	if (status == 0)
		status = metrics_log(job->record, job->run, points.items, points.count, err);
	vec_release(&points);
	return status;
}

static int train_record_files(struct train_job *job, struct error *err)
{
	const struct dataset *dataset = &job->result->dataset;
	int status = 0;
	for (size_t i = 0; i < job->n_artifacts && status == 0; i++)
		status =
			run_file_add(job->record, job->run, FILE_ARTIFACT, &job->artifacts[i], err);
	for (size_t i = 0; i < dataset->n_files && status == 0; i++) {
		char hash[HASH_TEXT_SIZE];
		hash_format(&dataset->files[i].hash, hash);
		bool all = dataset->n_files == 1;
		struct run_file file = { .path = (char *)dataset->files[i].path,
			.hash = hash,
			.kind = (char *)"data",
			.size = (int64_t)dataset->files[i].bytes,
			.n_rows = all ? (int64_t)dataset->source.table.n_rows : -1,
			.n_columns = (int64_t)dataset->source.table.n_columns };
		status = run_file_add(job->record, job->run, FILE_INPUT, &file, err);
	}
	return status;
}

/* Facts about the result that are no metrics: searchable as params of their own kind. */
static int train_record_facts(struct train_job *job, struct error *err)
{
	const struct train_result *result = job->result;
	AUTO(strbuf_release) struct strbuf split = STRBUF_INIT;
	char fingerprint[HASH_TEXT_SIZE], number[32];
	hash_format(&result->fit.fingerprint, fingerprint);
	split_describe(&result->dataset.source.split, &split);
	int status = strbuf_check(&split, err);
	if (status == 0)
		status = params_set(job->record, job->run, "result.split", split.text, err);
	if (status == 0)
		status = params_set(
			job->record, job->run, "result.model_fingerprint", fingerprint, err);
	if (status == 0)
		status = params_set(job->record, job->run, "result.convergence",
			trained_status_name(result->fit.model.status), err);
	snprintf(number, sizeof number, "%llu", (unsigned long long)result->fit.model.iterations);
	if (status == 0)
		status = params_set(job->record, job->run, "result.iterations", number, err);
	return status;
}

static int train_record_rest(struct train_job *job, struct error *err)
{
	const char *const *tags = job->request->tags;
	struct run_resources resources;
	int status = capture_record(&job->capture, job->record, job->run, err);
	for (; tags && *tags && status == 0; tags++)
		status = tag_set(job->record, job->run, *tags, NULL, err);
	run_resources_now(&resources);
	resources.threads = (int64_t)parallel_threads();
	if (status == 0)
		status = run_resources_set(job->record, job->run, &resources, err);
	return status;
}

/* Where the project's paths start, as seen from the workspace; nothing if it is its root. */
static int train_record_folder(struct train_job *job, struct error *err)
{
	AUTO_FREE char *folder = directory_real_path(job->request->root, err);
	AUTO_FREE char *root =
		folder ? directory_real_path(job->request->workspace->root, err) : NULL;
	if (!root)
		return -(int)err->code;
	if (strcmp(folder, root) == 0)
		return 0;
	AUTO_FREE char *relative = path_relative(folder, root, err);
	return relative ? params_set(job->record, job->run, TRAIN_PARAM_FOLDER, relative, err)
			: -ERROR_MEMORY;
}

/* The one transaction that makes the run a finished one. */
static int train_record(struct train_job *job, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	int status =
		transaction_begin(&change, record_database(job->record), TRANSACTION_DURABLE, err);
	if (status == 0)
		status = params_set_document(
			job->record, job->run, job->request->project->root, err);
	if (status == 0)
		status = train_record_folder(job, err);
	if (status == 0)
		status = train_record_facts(job, err);
	if (status == 0)
		status = train_record_metrics(job, err);
	if (status == 0)
		status = train_record_files(job, err);
	if (status == 0)
		status = data_versions_record(&job->versions, job->record, job->run, err);
	if (status == 0)
		status = train_record_rest(job, err);
	if (status == 0)
		status = run_finish(job->record, job->run, job->result->status, NULL, err);
	return status < 0 ? status : transaction_commit(&change, err);
}

static void train_log_result(struct train_job *job)
{
	const struct fit *fit = &job->result->fit;
	run_log_line(&job->log, "%s after %llu iterations, objective %.17g",
		trained_status_name(fit->model.status), (unsigned long long)fit->model.iterations,
		fit->model.objective);
	if (fit->model.note[0])
		run_log_line(&job->log, "%s", fit->model.note);
	run_log_line(&job->log, "graph and trainer differ by %.3g at most", fit->worst);
}

static int train_keep_curve(struct train_job *job, struct error *err)
{
	struct train_result *result = job->result;
	result->n_curve = job->log.points.count;
	result->curve = memory_allocate(result->n_curve, sizeof *result->curve, err);
	if (!result->curve)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < result->n_curve; i++)
		result->curve[i] = job->log.points.items[i].value;
	return 0;
}

static int train_work(struct train_job *job, struct error *err)
{
	struct train_result *result = job->result;
	int status = fit_project(
		job->request->project, &result->dataset, &job->log.sink, &result->fit, err);
	if (status < 0)
		return status;
	train_log_result(job);
	result->status =
		result->fit.model.status == TRAINED_CANCELLED ? RUN_CANCELLED : RUN_FINISHED;
	if (result->status == RUN_CANCELLED)
		event_note(&job->log.sink,
			"stopped: the last iterate is evaluated and recorded; stop again to end now");
	status = train_keep_curve(job, err);
	if (status == 0)
		status = train_evaluate(job, err);
	if (status == 0)
		status = train_put_model(job, err);
	if (status == 0)
		status = train_put_evaluation(job, err);
	if (status == 0)
		status = train_put_texts(job, err);
	/* What the record will name is on disk before the record is. */
	if (status == 0)
		status = object_store_flush(job->objects, err);
	return status < 0 ? status : train_record(job, err);
}

/* Ends a run that failed; what stands in *err stays the answer. */
static void train_fail(struct train_job *job, const struct error *err)
{
	struct error ignored = ERROR_INIT;
	bool cancelled = err->code == ERROR_CANCELLED;
	run_log_line(&job->log, "error: %s", err->message);
	if (run_finish(job->record, job->run, cancelled ? RUN_CANCELLED : RUN_FAILED, err->message,
		    &ignored) < 0)
		event_warn(job->request->sink, NULL, "the failed run could not be recorded: %s",
			ignored.message);
}

/* The log is an artifact of a recorded run; the file is only needed while that is not so. */
static void train_drop_log(struct train_job *job)
{
	struct error ignored = ERROR_INIT;
	if (file_remove(job->log.path, &ignored) < 0)
		event_warn(job->request->sink, NULL, "%s", ignored.message);
}

/* What the project asks of these data must be possible: found out before there is a run. */
static int train_check(const struct train_job *job, struct error *err)
{
	const struct document *project = job->request->project;
	const struct dataset *dataset = &job->result->dataset;
	AUTO(features_free) struct features *features = NULL;
	int status = assess_check(project, dataset, err);
	if (status < 0)
		return status;
	return features_new(project, value_member(project->root, "features"),
		&dataset->source.table, dataset->excluded, NULL, &features, err);
}

static int train_open(struct train_job *job, struct error *err)
{
	const struct train_request *request = job->request;
	int status = record_open(request->workspace->database, DATABASE_CREATE, &job->record, err);
	if (status == 0)
		status = object_store_open(request->workspace, &job->objects, err);
	if (status == 0)
		status = dataset_load(request->project, request->root, request->sink,
			request->problems, &job->result->dataset, err);
	if (status == 0)
		status = data_versions_find(request->workspace, job->objects, request->root,
			&job->result->dataset, &job->versions, err);
	if (status == 0 && !request->allow_changed_data)
		status = data_versions_check(&job->versions, err);
	if (status == 0)
		status = train_check(job, err);
	if (status == 0)
		status = capture_take(
			request->root, job->objects, request->sink, &job->capture, err);
	return status;
}

int train_run(
	const struct train_request *request, struct train_result *ret_result, struct error *err)
{
	uint64_t start = clock_monotonic();
	*ret_result = (struct train_result){ .status = RUN_FINISHED };
	struct train_job job = { .request = request, .result = ret_result, .log.fd = -1 };
	job.capture.state.patch = STRBUF_INIT;
	int status = train_open(&job, err);
	if (status == 0)
		status = train_begin(&job, err);
	if (status == 0) {
		status = train_work(&job, err);
		if (status < 0)
			train_fail(&job, err);
		else
			train_drop_log(&job);
	}
	if (status == 0)
		status = run_load(job.record, job.run, &ret_result->run, err);
	ret_result->seconds = (double)(clock_monotonic() - start) * 1e-9;
	train_job_release(&job);
	if (status < 0)
		train_result_release(ret_result);
	return status;
}

void train_result_release(struct train_result *result)
{
	run_release(&result->run);
	dataset_release(&result->dataset);
	fit_release(&result->fit);
	evaluation_release(&result->evaluation);
	memory_free(TAKE(result->curve));
}
