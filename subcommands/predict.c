/* predict: what a model says of new rows; a block at a time, so in constant memory. */
#include <stdio.h>
#include <string.h>

#include "mlops/base/path.h"
#include "mlops/data/schema.h"
#include "mlops/data/stream.h"
#include "mlops/data/writer.h"
#include "mlops/document/json_reader.h"
#include "mlops/pipeline/eval_run.h"
#include "mlops/system/atomic.h"
#include "session.h"

struct predict_options {
	const char *revision, *in, *out;
	int format;
	bool with_input;
};

static const char *const predict_formats[] = { "auto", "csv", "tsv", "jsonl", NULL };

static const struct option_spec predict_option_table[] = {
	OPTION_PATH(struct predict_options, in, 0, "in", "FILE",
		"rows to predict, CSV or JSON Lines; - or nothing is stdin"),
	OPTION_PATH(struct predict_options, out, 0, "out", "FILE",
		"where to write; - or nothing is stdout"),
	OPTION_ENUM(struct predict_options, format, 0, "format", "FORMAT", predict_formats,
		"of input and output where names do not tell"),
	OPTION_FLAG(struct predict_options, with_input, 0, "with-input",
		"write the input's columns in front of the predictions"),
	OPTION_END
};

static const struct operand_spec predict_operand_table[] = {
	OPERAND(struct predict_options, revision, 0, "REV|MODEL.onnx", COMPLETE_RUN,
		"a run, or an ONNX file; @ unless given"),
	OPERAND_END
};

enum { PREDICT_BLOCK = STREAM_BLOCK_ROWS };

/* What one prediction needs; the output columns are filled anew for each block. */
struct predict_work {
	const struct predict_options *options;
	struct model model;
	struct row_stream *stream;
	double *scores;
	uint32_t *labels;
	struct atomic_file file;
	int fd;
	struct invocation *invocation;
	enum data_format format;
	bool begun;
	uint64_t n_rows;
};

static void predict_release(struct predict_work *work)
{
	row_stream_free(work->stream);
	model_release(&work->model);
	memory_free(work->scores);
	memory_free(work->labels);
	atomic_discard(&work->file);
}
AUTO_RELEASE(struct predict_work, predict_release)

static int predict_read_model_file(const char *path, struct model *model, struct error *err)
{
	AUTO(file_unmap) struct file_map map = { .length = 0 };
	int status = file_map(path, &map, err);
	if (status == 0)
		status = model_read(map.bytes, map.length, model, err);
	return status < 0 ? error_prefix(err, "model '%s'", path) : 0;
}

static int predict_load_model(struct predict_work *work, struct error *err)
{
	struct invocation *invocation = work->invocation;
	const char *revision = work->options->revision ? work->options->revision : "@";
	if (strcmp(path_extension(revision), ".onnx") == 0)
		return predict_read_model_file(revision, &work->model, err);
	if (!invocation->has_workspace) {
		error_set(err, ERROR_NOT_FOUND, "there is no project in this folder or above it");
		return error_hint(err, "name a model file: mlops predict model.onnx");
	}
	AUTO(record_close) struct record *record = NULL;
	AUTO(object_store_close) struct object_store *objects = NULL;
	int64_t run;
	int status = record_open(invocation->workspace.database, DATABASE_READ, &record, err);
	if (status == 0) {
		invocation->record = record;
		status = session_resolve(invocation, revision, &run, err);
		invocation->record = NULL;
	}
	if (status == 0)
		status = object_store_open(&invocation->workspace, &objects, err);
	return status < 0 ? status : eval_load_model(record, objects, run, &work->model, NULL, err);
}

/* The types of training where the model carries them, else what its inputs take. */
static int predict_columns(const struct model *model, struct table_schema *schema,
	struct stream_column **ret_columns, size_t *ret_count, struct error *err)
{
	AUTO(document_release) struct document document = { .file = NULL };
	const char *text = model_metadata(model, "mlops.schema");
	if (text && (json_read(text_of(text), "mlops.schema", &document, err) < 0 ||
			    table_schema_from_value(document.root, schema, err) < 0))
		return error_prefix(err, "the model's metadata");
	size_t n = text ? schema->n_columns : model->columns ? model->n_columns : model->n_inputs;
	struct stream_column *columns = memory_allocate(n, sizeof *columns, err);
	if (!columns)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		bool string =
			!text && !model->columns && model->inputs[i].kind == MODEL_INPUT_STRING;
		columns[i].name = text             ? schema->columns[i].name
				  : model->columns ? model->columns[i]
						   : model->inputs[i].name;
		columns[i].type = text     ? schema->columns[i].type
				  : string ? COLUMN_TEXT
					   : COLUMN_FLOAT64;
		/* Whole numbers in training do not forbid 59.5 later: the model reads doubles. */
		if (columns[i].type == COLUMN_INT64)
			columns[i].type = COLUMN_FLOAT64;
		columns[i].required = true;
	}
	*ret_columns = columns;
	*ret_count = n;
	return 0;
}

static enum data_format predict_format(const struct predict_options *options)
{
	static const enum data_format formats[] = { DATA_AUTO, DATA_CSV, DATA_TSV, DATA_JSONL };
	return formats[options->format];
}

static int predict_open_stream(struct predict_work *work, struct error *err)
{
	const struct predict_options *options = work->options;
	AUTO(table_schema_release) struct table_schema schema = { .n_columns = 0 };
	AUTO_FREE struct stream_column *columns = NULL;
	size_t n_columns = 0;
	int status = predict_columns(&work->model, &schema, &columns, &n_columns, err);
	if (status < 0)
		return status;
	struct stream_options stream = { .path = options->in ? options->in : "-",
		.format = predict_format(options),
		.columns = columns,
		.n_columns = n_columns,
		.keep_others = options->with_input,
		.block_rows = PREDICT_BLOCK };
	work->stream = row_stream_new(&stream, err);
	return work->stream ? 0 : -(int)err->code;
}

/* The output's format: as asked, or by its name, or else as the input's name says. */
static void predict_choose_format(struct predict_work *work)
{
	const struct predict_options *options = work->options;
	work->format = predict_format(options);
	const char *names[] = { options->out, options->in };
	for (size_t i = 0; i < 2 && work->format == DATA_AUTO; i++) {
		const char *extension = names[i] ? path_extension(names[i]) : "";
		if (strcmp(extension, ".jsonl") == 0 || strcmp(extension, ".ndjson") == 0)
			work->format = DATA_JSONL;
		else if (strcmp(extension, ".tsv") == 0)
			work->format = DATA_TSV;
		else if (*extension)
			work->format = DATA_CSV;
	}
	if (work->format == DATA_AUTO)
		work->format = DATA_CSV;
}

static int predict_sink(void *context, const void *bytes, size_t count, struct error *err)
{
	struct predict_work *work = context;
	if (work->fd >= 0)
		return file_write_all(work->fd, work->options->out, bytes, count, err);
	return output_bytes(&work->invocation->output, bytes, count, err);
}

static struct column predict_number_column(char *name, double *values)
{
	return (struct column){ .name = name, .type = COLUMN_FLOAT64, .float64 = values };
}

/* The block's input columns, if asked for, then label and probabilities, or the prediction. */
static int predict_write(struct predict_work *work, const struct table *block, struct error *err)
{
	const struct model *model = &work->model;
	bool classes = model->task == MODEL_CLASSIFICATION;
	size_t n_classes = classes ? model->n_classes : 0, n = block->n_rows;
	size_t n_input = work->options->with_input ? block->n_columns : 0;
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	struct column *columns =
		arena_allocate(&arena, n_input + n_classes + 1, sizeof *columns, err);
	double *values =
		arena_allocate(&arena, n * (n_classes ? n_classes : 1), sizeof *values, err);
	if (!columns || !values)
		return -ERROR_MEMORY;
	if (n_input)
		memcpy(columns, block->columns, n_input * sizeof *columns);
	struct column *out = columns + n_input;
	if (classes)
		out[0] = (struct column){ .name = arena_copy_string(&arena, "label", err),
			.type = COLUMN_CATEGORY,
			.codes = work->labels,
			.categories = model->classes,
			.n_categories = n_classes };
	else
		out[0] = predict_number_column(
			arena_copy_string(&arena, "prediction", err), work->scores);
	for (size_t c = 0; c < n_classes; c++) {
		for (size_t i = 0; i < n; i++)
			values[c * n + i] = work->scores[i * n_classes + c];
		out[1 + c] = predict_number_column(
			arena_format(&arena, err, "probability_%s", model->classes[c].at),
			values + c * n);
	}
	if (err->code)
		return -(int)err->code;
	struct table table = {
		.n_rows = n, .n_columns = n_input + n_classes + 1, .columns = columns
	};
	struct write_options options = { .format = work->format, .no_header = work->begun };
	work->begun = true;
	return table_write(&table, &options, predict_sink, work, err);
}

static int predict_block(struct predict_work *work, const struct table *block, struct error *err)
{
	struct model_rows rows = { .table = block, .n_rows = block->n_rows };
	struct model_predictions predictions = { .scores = work->scores,
		.labels = work->model.task == MODEL_CLASSIFICATION ? work->labels : NULL };
	int status = model_predict_table(&work->model, &rows, &predictions, err);
	work->n_rows += block->n_rows;
	return status < 0 ? status : predict_write(work, block, err);
}

static int predict_all(struct predict_work *work, struct error *err)
{
	size_t width = work->model.task == MODEL_CLASSIFICATION ? work->model.n_classes : 1;
	work->scores = memory_allocate(PREDICT_BLOCK * width, sizeof *work->scores, err);
	work->labels = memory_allocate(PREDICT_BLOCK, sizeof *work->labels, err);
	if (!work->scores || !work->labels)
		return -ERROR_MEMORY;
	for (;;) {
		AUTO(table_release) struct table block = { .n_columns = 0 };
		int got = row_stream_next(work->stream, &block, err);
		if (got <= 0)
			return got;
		if (event_stopped(&work->invocation->sink))
			return error_set(err, ERROR_CANCELLED, "stopped after %llu rows",
				(unsigned long long)work->n_rows);
		int status = predict_block(work, &block, err);
		if (status < 0)
			return status;
		event_progress(&work->invocation->sink, "predicting", "rows", work->n_rows, 0);
	}
}

static int predict_main(
	struct invocation *invocation, const void *options_pointer, struct error *err)
{
	const struct predict_options *options = options_pointer;
	AUTO(predict_release)
	struct predict_work work = {
		.options = options, .invocation = invocation, .file = ATOMIC_INIT, .fd = -1
	};
	bool to_file = options->out && strcmp(options->out, "-") != 0;
	int status = predict_load_model(&work, err);
	if (status == 0)
		status = predict_open_stream(&work, err);
	if (status == 0 && to_file)
		status = atomic_begin(&work.file, options->out, NULL, 0644, err);
	if (status < 0)
		return status;
	work.fd = to_file ? work.file.fd : -1;
	predict_choose_format(&work);
	status = predict_all(&work, err);
	if (status == 0 && to_file)
		status = atomic_commit(&work.file, ATOMIC_REPLACE, err);
	if (status == 0 && to_file)
		message_summary(&invocation->messages, "%s: %llu rows", options->out,
			(unsigned long long)work.n_rows);
	return status;
}

const struct command command_predict = {
	.name = "predict",
	.summary = "predict new rows with a run's model",
	.group = COMMAND_TRAIN,
	.options = predict_option_table,
	.operands = predict_operand_table,
	.options_size = sizeof(struct predict_options),
	.needs = COMMAND_WORKSPACE_IF_ANY,
	.run = predict_main,
};
