#include "mlops/pipeline/dataset.h"

#include <math.h>

#include "mlops/base/clock.h"
#include "mlops/base/parse.h"
#include "mlops/base/path.h"
#include "mlops/train/weights.h"

static int dataset_invalid(const struct document *project, const struct value *where,
	struct error *err, const char *message)
{
	struct position at = { .line = 0 };
	position_set(&at, project->file, where ? where->line : 0, where ? where->column : 0);
	return error_set_at(err, ERROR_INVALID, &at, "%s", message);
}

static int dataset_hash(
	struct dataset *dataset, const char *path, const char *root, struct error *err)
{
	struct dataset_file *file = &dataset->files[dataset->n_files];
	AUTO_FREE char *full = path_join(root, path, err);
	if (!full)
		return -ERROR_MEMORY;
	file->path = path;
	int status = hash_file(full, &file->hash, &file->bytes, err);
	if (status == 0)
		dataset->n_files++;
	return status;
}

static int dataset_hash_files(struct dataset *dataset, const char *root, struct error *err)
{
	const struct source_settings *settings = &dataset->settings;
	if (!settings->has_files)
		return dataset_hash(dataset, settings->reader.path, root, err);
	for (size_t part = 0; part < SPLIT_PART_COUNT; part++) {
		if (!settings->files[part])
			continue;
		int status = dataset_hash(dataset, settings->files[part], root, err);
		if (status < 0)
			return status;
	}
	return 0;
}

static int dataset_code_targets(
	struct dataset *dataset, struct dataset_part *part, struct error *err)
{
	const struct column *target = &dataset->source.table.columns[dataset->source.target];
	if (dataset->task == TASK_REGRESSION) {
		part->values = memory_allocate(part->n_rows, sizeof *part->values, err);
		if (!part->values)
			return -ERROR_MEMORY;
		for (size_t i = 0; i < part->n_rows; i++)
			part->values[i] = column_number(target, part->rows[i]);
		return 0;
	}
	part->classes = memory_allocate(part->n_rows, sizeof *part->classes, err);
	if (!part->classes)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < part->n_rows; i++) {
		int64_t code = source_class(&dataset->source, part->rows[i]);
		if (code < 0)
			BUG("row %zu has no class", part->rows[i]);
		part->classes[i] = (uint32_t)code;
	}
	return 0;
}

static int dataset_read_weights(const struct dataset *dataset, const struct document *project,
	struct dataset_part *part, struct error *err)
{
	const struct value *named = value_at_path(project->root, "data.weights");
	if (!dataset->weight_column)
		return 0;
	const struct column *column =
		table_column(&dataset->source.table, dataset->weight_column, NULL);
	if (!column || !column_is_numeric(column))
		return dataset_invalid(project, named, err,
			"data.weights: the data have no column of numbers of that name");
	part->weights = memory_allocate(part->n_rows, sizeof *part->weights, err);
	if (!part->weights)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < part->n_rows; i++) {
		part->weights[i] = column_number(column, part->rows[i]);
		if (!(part->weights[i] >= 0) || isinf(part->weights[i]))
			return error_set(err, ERROR_INVALID,
				"row %zu: column '%s' holds no weight of 0 or more",
				part->rows[i] + 1, dataset->weight_column);
	}
	return 0;
}

static int dataset_fill_part(struct dataset *dataset, const struct document *project,
	enum split_part which, struct error *err)
{
	struct dataset_part *part = &dataset->parts[which];
	part->n_rows = dataset->source.split.counts[which];
	part->rows = split_rows(&dataset->source.split, which, err);
	if (!part->rows)
		return -(int)err->code;
	int status = dataset_code_targets(dataset, part, err);
	return status < 0 ? status : dataset_read_weights(dataset, project, part, err);
}

/* What identifies, weighs or answers a row says nothing about new rows. */
static void dataset_exclude(struct dataset *dataset)
{
	const struct split_options *split = &dataset->settings.split;
	size_t n = 0;
	dataset->excluded[n++] = dataset->settings.target;
	if (dataset->weight_column)
		dataset->excluded[n++] = dataset->weight_column;
	if (split->method == SPLIT_GROUPED && split->column)
		dataset->excluded[n++] = split->column;
	if (split->key)
		dataset->excluded[n++] = split->key;
	dataset->excluded[n] = NULL;
}

static int dataset_fill(struct dataset *dataset, const struct document *project, const char *root,
	const struct event_sink *sink, struct problems *problems, struct error *err)
{
	const struct value *data = value_member(project->root, "data");
	int status = source_settings_read(data, project->file, &dataset->settings, err);
	if (status < 0)
		return status;
	if (!dataset->settings.target)
		return dataset_invalid(project, data, err, "data.target is not set");
	uint64_t start = clock_monotonic();
	status = source_load(&dataset->settings, root, 0, sink, problems, &dataset->source, err);
	dataset->read_seconds = (double)(clock_monotonic() - start) * 1e-9;
	if (status == 0)
		status = dataset_hash_files(dataset, root, err);
	if (status < 0)
		return status;
	dataset->task = dataset->source.task == SOURCE_BINARY       ? TASK_BINARY
			: dataset->source.task == SOURCE_MULTICLASS ? TASK_MULTICLASS
								    : TASK_REGRESSION;
	dataset->weight_column = value_string_or(data, "weights", NULL);
	dataset_exclude(dataset);
	for (int part = 0; part < SPLIT_PART_COUNT && status == 0; part++)
		status = dataset_fill_part(dataset, project, (enum split_part)part, err);
	return status;
}

int dataset_load(const struct document *project, const char *root, const struct event_sink *sink,
	struct problems *problems, struct dataset *ret_dataset, struct error *err)
{
	*ret_dataset = (struct dataset){ .n_files = 0 };
	int status = dataset_fill(ret_dataset, project, root, sink, problems, err);
	if (status < 0)
		dataset_release(ret_dataset);
	return status;
}

void dataset_release(struct dataset *dataset)
{
	for (size_t i = 0; i < SPLIT_PART_COUNT; i++) {
		memory_free(dataset->parts[i].rows);
		memory_free(dataset->parts[i].classes);
		memory_free(dataset->parts[i].values);
		memory_free(dataset->parts[i].weights);
	}
	source_release(&dataset->source);
	source_settings_release(&dataset->settings);
	*dataset = (struct dataset){ .n_files = 0 };
}

/* model.class_weight: `balanced`, or a number for each class by name (1 for those not named). */
static int dataset_class_weights(const struct dataset *dataset, const struct document *project,
	struct weights_plan *plan, double **ret_numbers, struct error *err)
{
	const struct value *wish = value_at_path(project->root, "model.class_weight");
	if (!wish || wish->kind == VALUE_NULL || dataset->task == TASK_REGRESSION)
		return 0;
	if (wish->kind == VALUE_STRING && text_is(wish->string, "none"))
		return 0;
	plan->classes = dataset->parts[SPLIT_TRAIN].classes;
	plan->n_classes = dataset->source.n_classes;
	plan->class_weighting = CLASS_WEIGHT_BALANCED;
	if (wish->kind != VALUE_MAPPING)
		return 0;
	double *numbers = memory_allocate(plan->n_classes, sizeof *numbers, err);
	if (!numbers)
		return -ERROR_MEMORY;
	*ret_numbers = numbers;
	plan->class_weighting = CLASS_WEIGHT_GIVEN;
	plan->class_weights = numbers;
	size_t used = 0;
	for (size_t c = 0; c < plan->n_classes; c++) {
		used += value_member(wish, dataset->source.classes[c]) != NULL;
		numbers[c] = value_number_or(wish, dataset->source.classes[c], 1);
	}
	if (used < wish->mapping.count)
		return dataset_invalid(project, wish, err,
			"model.class_weight names a class that the target does not have");
	return 0;
}

static int dataset_recency(const struct dataset *dataset, const struct document *project,
	struct weights_plan *plan, int64_t **ret_times, struct error *err)
{
	const struct value *recency = value_at_path(project->root, "train.recency");
	const char *name = value_string_or(recency, "column", NULL);
	const char *half_life = value_string_or(recency, "half_life", NULL);
	const struct dataset_part *train = &dataset->parts[SPLIT_TRAIN];
	if (!name || !half_life)
		return 0;
	const struct column *column = table_column(&dataset->source.table, name, NULL);
	if (!column || column->type != COLUMN_TIMESTAMP)
		return dataset_invalid(project, recency, err,
			"train.recency.column: the data have no timestamp column of that name");
	if (!parse_duration(text_of(half_life), &plan->half_life) || plan->half_life <= 0)
		return dataset_invalid(project, recency, err,
			"train.recency.half_life is not a span of time such as 90d");
	int64_t *times = memory_allocate(train->n_rows, sizeof *times, err);
	if (!times)
		return -ERROR_MEMORY;
	*ret_times = times;
	for (size_t i = 0; i < train->n_rows; i++) {
		if (column_is_missing(column, train->rows[i]))
			return error_set(err, ERROR_INVALID,
				"row %zu: the time in column '%s' is missing, and train.recency "
				"needs it",
				train->rows[i] + 1, name);
		times[i] = column->int64[train->rows[i]];
	}
	plan->times = times;
	return 0;
}

int dataset_training_weights(const struct dataset *dataset, const struct document *project,
	double **ret_weights, struct error *err)
{
	const struct dataset_part *train = &dataset->parts[SPLIT_TRAIN];
	struct weights_plan plan = { .n_rows = train->n_rows, .column = train->weights };
	AUTO_FREE double *numbers = NULL;
	AUTO_FREE int64_t *times = NULL;
	int status = dataset_class_weights(dataset, project, &plan, &numbers, err);
	if (status == 0)
		status = dataset_recency(dataset, project, &plan, &times, err);
	return status < 0 ? status : weights_build(&plan, ret_weights, err);
}
