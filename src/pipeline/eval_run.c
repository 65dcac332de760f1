#include "mlops/pipeline/eval_run.h"

#include <math.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/path.h"
#include "mlops/data/schema.h"
#include "mlops/document/json_reader.h"
#include "mlops/document/yaml.h"
#include "mlops/pipeline/train_run.h"
#include "mlops/record/params.h"

int eval_load_model(struct record *record, struct object_store *objects, int64_t run,
	struct model *ret_model, char ret_hash[HASH_TEXT_SIZE], struct error *err)
{
	AUTO(run_files_release) struct run_files files = { .count = 0 };
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct hash hash;
	int status = run_files_load(record, run, FILE_ARTIFACT, &files, err);
	if (status < 0)
		return status;
	const struct run_file *file = run_files_find(&files, TRAIN_ARTIFACT_MODEL);
	if (!file) {
		error_set(
			err, ERROR_NOT_FOUND, "the run has no artifact '%s'", TRAIN_ARTIFACT_MODEL);
		return error_hint(err, "choose a finished training run: see 'mlops log'");
	}
	if (!hash_parse(text_of(file->hash), &hash))
		return error_set(err, ERROR_CORRUPT, "the run names its model '%s'", file->hash);
	if (ret_hash)
		hash_format(&hash, ret_hash);
	status = object_get_bytes(objects, &hash, 0, &bytes, err);
	if (status < 0)
		return error_prefix(err, "artifact '%s'", TRAIN_ARTIFACT_MODEL);
	return model_read(bytes.text, bytes.length, ret_model, err);
}

static int eval_load_project(const struct run *run, struct document *ret_project, struct error *err)
{
	if (!run->document)
		return error_set(err, ERROR_NOT_FOUND, "the run has no project document");
	return yaml_read(text_of(run->document), "mlops.yaml of the run", ret_project, err);
}

/* The run's own data must be what they were. */
static int eval_check_inputs(
	const struct eval_request *request, const struct dataset *dataset, struct error *err)
{
	AUTO(run_files_release) struct run_files files = { .count = 0 };
	int status = run_files_load(request->record, request->run, FILE_INPUT, &files, err);
	for (size_t i = 0; i < dataset->n_files && status == 0; i++) {
		char hash[HASH_TEXT_SIZE];
		hash_format(&dataset->files[i].hash, hash);
		const struct run_file *file = run_files_find(&files, dataset->files[i].path);
		if (file && strcmp(file->hash, hash) == 0)
			continue;
		error_set(err, ERROR_INVALID, "'%s' is not what the run was trained on any more",
			dataset->files[i].path);
		return error_hint(err, "restore the file, or name it with --data to evaluate on "
				       "all of its rows");
	}
	return status;
}

/* The code of a target among the model's classes. */
static int eval_code_class(const struct model *model, const struct column *target, size_t row,
	uint32_t *ret_code, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	column_format(target, row, &text);
	int status = strbuf_check(&text, err);
	if (status < 0)
		return status;
	for (size_t c = 0; c < model->n_classes; c++) {
		if (text_is(model->classes[c], text.text)) {
			*ret_code = (uint32_t)c;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID,
		"row %zu: column '%s' has \"%s\", which is no class of the model", row + 1,
		target->name, text.text);
}

static int eval_code_targets(const struct model *model, const struct column *target,
	struct dataset *dataset, struct error *err)
{
	struct dataset_part *part = &dataset->parts[SPLIT_TEST];
	bool regression = model->task == MODEL_REGRESSION;
	size_t n = dataset->source.table.n_rows;
	part->n_rows = n;
	part->rows = memory_allocate(n, sizeof *part->rows, err);
	part->values = regression ? memory_allocate(n, sizeof *part->values, err) : NULL;
	part->classes = regression ? NULL : memory_allocate(n, sizeof *part->classes, err);
	if (!part->rows || (regression ? !part->values : !part->classes))
		return -ERROR_MEMORY;
	if (regression && !column_is_numeric(target))
		return error_set(err, ERROR_INVALID, "column '%s' is no column of numbers here",
			target->name);
	for (size_t i = 0; i < n; i++) {
		part->rows[i] = i;
		if (column_is_missing(target, i))
			return error_set(err, ERROR_INVALID, "row %zu: the target '%s' is missing",
				i + 1, target->name);
		if (regression)
			part->values[i] = column_number(target, i);
		else if (eval_code_class(model, target, i, &part->classes[i], err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int eval_copy_classes(const struct model *model, struct source *source, struct error *err)
{
	source->classes = memory_allocate(model->n_classes, sizeof *source->classes, err);
	if (!source->classes)
		return -ERROR_MEMORY;
	for (size_t c = 0; c < model->n_classes; c++) {
		source->classes[c] = memory_copy_string(model->classes[c].at, err);
		if (!source->classes[c])
			return -ERROR_MEMORY;
		source->n_classes = c + 1;
	}
	return 0;
}

/* Column types as in training: a category that looks like a number stays one. */
static int eval_read_types(const struct model *model, struct table_schema *schema,
	struct read_type **ret_types, struct error *err)
{
	AUTO(document_release) struct document document = { .file = NULL };
	const char *text = model_metadata(model, "mlops.schema");
	if (!text)
		return 0;
	int status = json_read(text_of(text), "mlops.schema", &document, err);
	if (status == 0)
		status = table_schema_from_value(document.root, schema, err);
	if (status < 0)
		return status;
	*ret_types = memory_allocate(schema->n_columns, sizeof **ret_types, err);
	if (!*ret_types)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < schema->n_columns; i++) {
		enum column_type type = schema->columns[i].type;
		/* Whole numbers in training do not forbid 59.5 later: the model reads doubles. */
		(*ret_types)[i] = (struct read_type){ schema->columns[i].name,
			type == COLUMN_INT64 ? COLUMN_FLOAT64 : type };
	}
	return 0;
}

static int eval_load_other(
	const struct eval_request *request, struct eval_result *result, struct error *err)
{
	struct dataset *dataset = &result->dataset;
	const struct model *model = &result->model;
	AUTO(table_schema_release) struct table_schema schema = { .n_columns = 0 };
	AUTO_FREE struct read_type *types = NULL;
	const struct value *data = value_member(result->project.root, "data");
	int status = source_settings_read(data, result->project.file, &dataset->settings, err);
	if (status == 0)
		status = eval_read_types(model, &schema, &types, err);
	if (status < 0)
		return status;
	struct read_options options = dataset->settings.reader;
	options.path = request->data;
	options.format = DATA_AUTO;
	options.query = NULL;
	options.types = types;
	options.n_types = schema.n_columns;
	options.events = request->sink;
	options.problems = request->problems;
	status = table_read(&options, &dataset->source.table, NULL, err);
	if (status < 0)
		return status;
	const struct column *target = table_column(
		&dataset->source.table, dataset->settings.target, &dataset->source.target);
	if (!target)
		return error_set(err, ERROR_INVALID, "'%s' has no column '%s', the target",
			request->data, dataset->settings.target);
	const char *task = model_metadata(model, "mlops.task");
	dataset->task = model->task == MODEL_REGRESSION       ? TASK_REGRESSION
			: task && strcmp(task, "binary") == 0 ? TASK_BINARY
							      : TASK_MULTICLASS;
	dataset->files[0].path = request->data;
	dataset->n_files = 1;
	status = hash_file(request->data, &dataset->files[0].hash, &dataset->files[0].bytes, err);
	if (status == 0)
		status = eval_copy_classes(model, &dataset->source, err);
	return status < 0 ? status : eval_code_targets(model, target, dataset, err);
}

/* The constant scores of the baseline, as the model file carries them; none in others' files. */
static int eval_read_baseline(
	const struct model *model, size_t width, double **ret_baseline, struct error *err)
{
	AUTO(document_release) struct document document = { .file = NULL };
	const char *text = model_metadata(model, "mlops.baseline");
	if (!text)
		return 0;
	int status = json_read(text_of(text), "mlops.baseline", &document, err);
	if (status < 0)
		return status;
	const struct value *list = document.root;
	if (list->kind != VALUE_SEQUENCE || list->sequence.count != width)
		return error_set(err, ERROR_INVALID,
			"the model's metadata mlops.baseline is no "
			"list of %zu numbers",
			width);
	*ret_baseline = memory_allocate(width, sizeof **ret_baseline, err);
	if (!*ret_baseline)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < width; i++) {
		const struct value *item = list->sequence.items[i];
		(*ret_baseline)[i] = item->kind == VALUE_INTEGER ? (double)item->integer
				     : item->kind == VALUE_FLOAT ? item->number
								 : NAN;
	}
	return 0;
}

static int eval_assess(struct eval_result *result, struct error *err)
{
	const struct table *table = &result->dataset.source.table;
	const struct model *model = &result->model;
	size_t width = model->task == MODEL_CLASSIFICATION ? model->n_classes : 1;
	AUTO_FREE double *baseline = NULL;
	AUTO_FREE double *scores = memory_allocate(table->n_rows * width, sizeof *scores, err);
	if (!scores || eval_read_baseline(model, width, &baseline, err) < 0)
		return -(int)err->code;
	struct model_rows rows = { .table = table, .n_rows = table->n_rows };
	struct model_predictions predictions = { .scores = scores };
	uint64_t start = clock_monotonic();
	int status = model_predict_table(model, &rows, &predictions, err);
	if (status < 0)
		return status;
	double seconds = (double)(clock_monotonic() - start) * 1e-9;
	struct assess_request request = { .project = &result->project,
		.dataset = &result->dataset,
		.scores = scores,
		.width = width,
		.seconds_per_row = seconds / (double)table->n_rows,
		.baseline = baseline };
	return assess(&request, &result->evaluation, err);
}

/* The folder that the run's paths start from; freed by the caller. */
static char *eval_project_folder(const struct eval_request *request, struct error *err)
{
	AUTO(params_release) struct params params = { .count = 0 };
	const char *folder = ".";
	if (params_load(request->record, request->run, &params, err) < 0)
		return NULL;
	for (size_t i = 0; i < params.count; i++)
		if (strcmp(params.items[i].name, TRAIN_PARAM_FOLDER) == 0)
			folder = params.items[i].value;
	return path_join(request->root, folder, err);
}

static int eval_all(
	const struct eval_request *request, struct eval_result *result, struct error *err)
{
	int status = run_load(request->record, request->run, &result->run, err);
	if (status == 0)
		status = eval_load_model(request->record, request->objects, request->run,
			&result->model, result->model_hash, err);
	if (status == 0)
		status = eval_load_project(&result->run, &result->project, err);
	if (status < 0)
		return status;
	if (request->data) {
		result->data_path = memory_copy_string(request->data, err);
		return result->data_path ? eval_load_other(request, result, err) : -(int)err->code;
	}
	AUTO_FREE char *root = eval_project_folder(request, err);
	if (!root)
		return -(int)err->code;
	status = dataset_load(
		&result->project, root, request->sink, request->problems, &result->dataset, err);
	if (status < 0)
		return status;
	result->data_path = path_join(root, result->dataset.files[0].path, err);
	return result->data_path ? eval_check_inputs(request, &result->dataset, err)
				 : -(int)err->code;
}

int eval_run(const struct eval_request *request, struct eval_result *ret_result, struct error *err)
{
	*ret_result = (struct eval_result){ .model_hash = "" };
	int status = eval_all(request, ret_result, err);
	if (status == 0)
		status = eval_assess(ret_result, err);
	if (status < 0)
		eval_result_release(ret_result);
	return status;
}

void eval_result_release(struct eval_result *result)
{
	run_release(&result->run);
	model_release(&result->model);
	dataset_release(&result->dataset);
	evaluation_release(&result->evaluation);
	document_release(&result->project);
	memory_free(TAKE(result->data_path));
}
