/*
 * Columns in, predictions out. Rows are cut into blocks that stay in the cache, and blocks into
 * tasks of a few thousand rows, so that short tables are not worth a thread; each worker has its own
 * workspace.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/model/model_file.h"

enum { PREDICT_TASK = 16 * EXECUTOR_BLOCK, PREDICT_LABELS = 16 };

/* Where a label's text stands and which class it is: labels are mostly the same few pointers. */
struct predict_label {
	const char *at;
	uint32_t index;
};

struct predict_worker {
	struct executor_workspace *workspace;
	struct tensor *inputs;
	void **buffers; /* of each input, for what cannot be used where it stands */
	struct predict_label labels[PREDICT_LABELS];
};

struct predict {
	const struct model *model;
	const struct model_rows *rows;
	const struct model_predictions *out;
	const struct column **columns; /* of each input, or of each column of the matrix */
	size_t n_columns;
	struct predict_worker *workers;
	size_t n_workers;
};

static int predict_missing_column(const char *name, struct error *err)
{
	return error_set(
		err, ERROR_INVALID, "the data has no column '%s', which the model reads", name);
}

/* May a column feed an input of this kind? One without any value may feed all. */
static int predict_check_type(
	const struct table *table, const struct column *column, bool text, struct error *err)
{
	if (column_is_numeric(column) != text || column->n_missing == table->n_rows)
		return 0;
	error_set(err, ERROR_INVALID, "column '%s' is %s, the model wants %s", column->name,
		column_type_name(column->type), text ? "a text" : "a number");
	return error_hint(err, "the schema can say its type: %s",
		text ? "category or text" : "float64 or int64");
}

/* The F columns of a matrix: those that the model names, or the first numeric ones. */
static int predict_matrix_columns(const struct model *model, const struct table *table,
	const struct column **columns, size_t *ret_count, struct error *err)
{
	size_t width = model->n_columns ? model->n_columns : model->inputs[0].width, count = 0;
	for (size_t i = 0; model->columns && i < width; i++) {
		columns[i] = table_column(table, model->columns[i], NULL);
		if (!columns[i])
			return predict_missing_column(model->columns[i], err);
		if (predict_check_type(table, columns[i], false, err) < 0)
			return -(int)err->code;
		count++;
	}
	for (size_t i = 0; !model->columns && i < table->n_columns; i++)
		if (column_is_numeric(&table->columns[i]) && (!width || count < width))
			columns[count++] = &table->columns[i];
	if (!count || (width && count < width))
		return error_set(err, ERROR_INVALID,
			"the model reads %zu numeric columns, the data has %zu", width, count);
	*ret_count = count;
	return 0;
}

/* columns: room for the larger of the model's inputs and columns and the table's columns. */
static int predict_find_columns(const struct model *model, const struct table *table,
	const struct column **columns, size_t *ret_count, struct error *err)
{
	if (model->n_inputs == 1 && model->inputs[0].kind == MODEL_INPUT_MATRIX)
		return predict_matrix_columns(model, table, columns, ret_count, err);
	for (size_t i = 0; i < model->n_inputs; i++) {
		const struct model_input *input = &model->inputs[i];
		columns[i] = table_column(table, input->name, NULL);
		if (!columns[i])
			return predict_missing_column(input->name, err);
		if (predict_check_type(table, columns[i], input->kind == MODEL_INPUT_STRING, err) <
			0)
			return -(int)err->code;
	}
	*ret_count = model->n_inputs;
	return 0;
}

static const struct column **predict_room(
	const struct model *model, const struct table *table, struct error *err)
{
	size_t count = model->n_inputs > model->n_columns ? model->n_inputs : model->n_columns;
	count = table->n_columns > count ? table->n_columns : count;
	return memory_allocate(count, sizeof(struct column *), err);
}

int model_check_table(const struct model *model, const struct table *table, struct error *err)
{
	AUTO_FREE const struct column **columns = predict_room(model, table, err);
	size_t count;
	if (!columns)
		return -(int)err->code;
	return predict_find_columns(model, table, columns, &count, err);
}

/* A number, or NaN if the row is missing or the column, all of whose rows are, is a text. */
static double predict_number(const struct column *column, size_t row)
{
	return column_is_numeric(column) ? column_number(column, row) : (double)NAN;
}

/* Doubles of rows first .. first + n - 1, `stride` apart. */
static void predict_doubles(
	const struct column *column, size_t first, size_t n, double *to, size_t stride)
{
	if (column->type == COLUMN_FLOAT64)
		for (size_t i = 0; i < n; i++)
			to[i * stride] = column->float64[first + i];
	else
		for (size_t i = 0; i < n; i++)
			to[i * stride] = predict_number(column, first + i);
}

static void predict_floats(
	const struct column *column, size_t first, size_t n, float *to, size_t stride)
{
	for (size_t i = 0; i < n; i++)
		to[i * stride] = (float)predict_number(column, first + i);
}

/* Whole numbers have no NaN: a missing row or a fraction is an error. */
static int predict_integers(const struct column *column, size_t first, size_t n,
	struct tensor *tensor, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		double x = predict_number(column, first + i);
		int64_t whole = column->type == COLUMN_INT64 && !isnan(x) ? column->int64[first + i]
				: fabs(x) < 0x1p53                        ? (int64_t)x
									  : 0;
		if ((double)whole != x ||
			(tensor->type == ELEMENT_INT32 && whole != (int32_t)whole))
			return error_set(err, ERROR_INVALID,
				"column '%s', row %zu: the model wants %s, and there is %s",
				column->name, first + i + 1, element_type_name(tensor->type),
				isnan(x) ? "no value" : "another number");
		if (tensor->type == ELEMENT_INT64)
			tensor->int64[i] = whole;
		else if (tensor->type == ELEMENT_INT32)
			tensor->int32[i] = (int32_t)whole;
		else
			tensor->uint8[i] = whole != 0;
	}
	return 0;
}

static void predict_texts(const struct column *column, size_t first, size_t n, struct text *to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = column_is_numeric(column) ? TEXT("") : column_text(column, first + i);
}

/* A column as the model's input, used where it stands if it is already what the model wants. */
static int predict_fill(const struct model_input *input, const struct column *column, size_t first,
	size_t n, struct tensor *tensor, void *buffer, struct error *err)
{
	*tensor = (struct tensor){ .type = input->type,
		.rank = (int)input->rank,
		.shape = { (int64_t)n, 1 },
		.data = buffer };
	switch (input->type) {
	case ELEMENT_DOUBLE:
		if (column->type == COLUMN_FLOAT64)
			tensor->float64 = column->float64 + first;
		else
			predict_doubles(column, first, n, tensor->float64, 1);
		return 0;
	case ELEMENT_FLOAT:
		predict_floats(column, first, n, tensor->float32, 1);
		return 0;
	case ELEMENT_STRING:
		predict_texts(column, first, n, tensor->strings);
		return 0;
	default:
		return predict_integers(column, first, n, tensor, err);
	}
}

static void predict_fill_matrix(
	const struct predict *predict, size_t first, size_t n, struct tensor *tensor, void *buffer)
{
	const struct model_input *input = &predict->model->inputs[0];
	*tensor = (struct tensor){ .type = input->type,
		.rank = 2,
		.shape = { (int64_t)n, (int64_t)predict->n_columns },
		.data = buffer };
	for (size_t c = 0; c < predict->n_columns; c++)
		if (input->type == ELEMENT_DOUBLE)
			predict_doubles(predict->columns[c], first, n, tensor->float64 + c,
				predict->n_columns);
		else
			predict_floats(predict->columns[c], first, n, tensor->float32 + c,
				predict->n_columns);
}

static int predict_fill_inputs(const struct predict *predict, struct predict_worker *worker,
	size_t first, size_t n, struct error *err)
{
	const struct model *model = predict->model;
	if (model->n_inputs == 1 && model->inputs[0].kind == MODEL_INPUT_MATRIX) {
		predict_fill_matrix(predict, first, n, &worker->inputs[0], worker->buffers[0]);
		return 0;
	}
	for (size_t i = 0; i < model->n_inputs; i++)
		if (predict_fill(&model->inputs[i], predict->columns[i], first, n,
			    &worker->inputs[i], worker->buffers[i], err) < 0)
			return -(int)err->code;
	return 0;
}

static double predict_score_at(const struct tensor *score, size_t i)
{
	return score->type == ELEMENT_DOUBLE ? score->float64[i] : (double)score->float32[i];
}

/* n rows of `width` scores; one score for two classes is that of the second. */
static int predict_scores(const struct predict *predict, const struct tensor *score, size_t n,
	double *to, struct error *err)
{
	size_t width = predict->model->n_classes ? predict->model->n_classes : 1, count;
	if (!tensor_count(score, &count) || (count != n * width && !(width == 2 && count == n)))
		return error_set(err, ERROR_INVALID,
			"the model gives %zu scores for %zu rows of %zu", count, n, width);
	if (count == n * width && score->type == ELEMENT_DOUBLE) {
		memcpy(to, score->float64, count * sizeof *to);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		if (count == n * width) {
			to[i] = predict_score_at(score, i);
		} else {
			to[2 * i + 1] = predict_score_at(score, i);
			to[2 * i] = 1 - to[2 * i + 1];
		}
	return 0;
}

static int predict_find_class(
	const struct model *model, struct text label, uint32_t *ret, struct error *err)
{
	for (size_t i = 0; i < model->n_classes; i++)
		if (text_equal(model->classes[i], label)) {
			*ret = (uint32_t)i;
			return 0;
		}
	return error_set(err, ERROR_INVALID,
		"the model answers '%.*s', which is none of its classes",
		(int)(label.length > 80 ? 80 : label.length), label.at);
}

static int predict_text_labels(const struct model *model, struct predict_worker *worker,
	const struct tensor *label, size_t n, uint32_t *to, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct text text = label->strings[i];
		struct predict_label *known =
			&worker->labels[((uintptr_t)text.at >> 4) % PREDICT_LABELS];
		if (!known->at || known->at != text.at) {
			if (predict_find_class(model, text, &known->index, err) < 0)
				return -(int)err->code;
			known->at = text.at;
		}
		to[i] = known->index;
	}
	return 0;
}

static int predict_labels(const struct model *model, struct predict_worker *worker,
	const struct tensor *label, size_t n, uint32_t *to, struct error *err)
{
	size_t count;
	if (!tensor_count(label, &count) || count != n)
		return error_set(
			err, ERROR_INVALID, "the model gives %zu labels for %zu rows", count, n);
	if (label->type == ELEMENT_STRING)
		return predict_text_labels(model, worker, label, n, to, err);
	for (size_t i = 0; i < n; i++) {
		char digits[24];
		snprintf(digits, sizeof digits, "%" PRId64, label->int64[i]);
		if (predict_find_class(model, text_of(digits), &to[i], err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* No label among the outputs: the class of the highest score, the first of equals. */
static void predict_best(
	const struct model *model, const struct tensor *score, size_t n, uint32_t *to)
{
	size_t width = score->rank == 2 ? (size_t)score->shape[1] : 1;
	for (size_t r = 0; r < n; r++) {
		size_t best = 0;
		for (size_t c = 1; c < width; c++)
			if (predict_score_at(score, r * width + c) >
				predict_score_at(score, r * width + best))
				best = c;
		if (width == 1 && model->n_classes == 2)
			best = predict_score_at(score, r) > 0.5;
		to[r] = (uint32_t)best;
	}
}

static int predict_block(const struct predict *predict, struct predict_worker *worker, size_t at,
	size_t n, struct error *err)
{
	const struct model *model = predict->model;
	const struct model_predictions *out = predict->out;
	size_t width = model->n_classes ? model->n_classes : 1;
	if (predict_fill_inputs(predict, worker, predict->rows->first_row + at, n, err) < 0 ||
		executor_run(worker->workspace, worker->inputs, err) < 0)
		return -(int)err->code;
	const struct tensor *score = model->score_output < 0 ? NULL
							     : executor_result(worker->workspace,
								       (size_t)model->score_output);
	const struct tensor *label = model->label_output < 0 ? NULL
							     : executor_result(worker->workspace,
								       (size_t)model->label_output);
	if (out->scores && score &&
		predict_scores(predict, score, n, out->scores + at * width, err) < 0)
		return -(int)err->code;
	if (!out->labels || model->task == MODEL_REGRESSION)
		return 0;
	if (label)
		return predict_labels(model, worker, label, n, out->labels + at, err);
	predict_best(model, score, n, out->labels + at);
	return 0;
}

static int predict_task(void *context, size_t index, size_t worker, struct error *err)
{
	const struct predict *predict = context;
	size_t end = (index + 1) * PREDICT_TASK;
	if (end > predict->rows->n_rows)
		end = predict->rows->n_rows;
	for (size_t at = index * PREDICT_TASK; at < end; at += EXECUTOR_BLOCK) {
		size_t n = end - at < EXECUTOR_BLOCK ? end - at : EXECUTOR_BLOCK;
		if (predict_block(predict, &predict->workers[worker], at, n, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int predict_worker_init(const struct predict *predict, struct predict_worker *worker,
	struct arena *arena, struct error *err)
{
	const struct model *model = predict->model;
	size_t n = predict->rows->n_rows < EXECUTOR_BLOCK ? predict->rows->n_rows : EXECUTOR_BLOCK;
	worker->inputs = arena_allocate(arena, model->n_inputs, sizeof *worker->inputs, err);
	worker->buffers = arena_allocate(arena, model->n_inputs, sizeof *worker->buffers, err);
	if (!worker->inputs || !worker->buffers ||
		executor_workspace_new(model->plan, &worker->workspace, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < model->n_inputs; i++) {
		bool matrix = model->inputs[i].kind == MODEL_INPUT_MATRIX;
		if (!matrix && model->inputs[i].type == ELEMENT_DOUBLE &&
			predict->columns[i]->type == COLUMN_FLOAT64)
			continue; /* used where it stands */
		worker->buffers[i] = arena_allocate(arena, n * (matrix ? predict->n_columns : 1),
			element_size(model->inputs[i].type), err);
		if (!worker->buffers[i])
			return -(int)err->code;
	}
	return 0;
}

static int predict_run(struct predict *predict, struct arena *arena, struct error *err)
{
	size_t n_tasks = (predict->rows->n_rows + PREDICT_TASK - 1) / PREDICT_TASK;
	size_t threads = predict->rows->threads ? predict->rows->threads : parallel_threads();
	threads = threads > n_tasks ? n_tasks : threads;
	threads = threads > PARALLEL_MAX ? PARALLEL_MAX : threads;
	predict->workers = arena_allocate(arena, threads, sizeof *predict->workers, err);
	if (!predict->workers)
		return -(int)err->code;
	while (predict->n_workers < threads) /* counted first: a half-made one is released too */
		if (predict_worker_init(
			    predict, &predict->workers[predict->n_workers++], arena, err) < 0)
			return -(int)err->code;
	return parallel_for(threads, n_tasks, predict_task, predict, err);
}

int model_predict_table(const struct model *model, const struct model_rows *rows,
	struct model_predictions *ret, struct error *err)
{
	AUTO(arena_release) struct arena arena = ARENA_INIT(0);
	AUTO_FREE const struct column **columns = predict_room(model, rows->table, err);
	struct predict predict = { .model = model, .rows = rows, .out = ret, .columns = columns };
	if (rows->first_row > rows->table->n_rows ||
		rows->n_rows > rows->table->n_rows - rows->first_row)
		return error_set(err, ERROR_BUG, "rows %zu to %zu of %zu are asked for",
			rows->first_row, rows->first_row + rows->n_rows, rows->table->n_rows);
	if (ret->scores && model->score_output < 0)
		return error_set(err, ERROR_UNSUPPORTED, "the model gives labels but no scores");
	if (!columns ||
		predict_find_columns(model, rows->table, columns, &predict.n_columns, err) < 0)
		return -(int)err->code;
	int r = rows->n_rows ? predict_run(&predict, &arena, err) : 0;
	for (size_t i = 0; i < predict.n_workers; i++)
		executor_workspace_free(predict.workers[i].workspace);
	return r;
}
