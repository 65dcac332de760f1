#include "mlops/pipeline/assess.h"

#include <string.h>

/* Everything one part needs while it is evaluated; freed as one. */
struct assess_part {
	struct predictions predictions, baseline;
	double *scores, *baseline_scores;
	uint64_t *row_numbers;
	struct table slices;
};

static void assess_part_release(struct assess_part *part)
{
	memory_free(part->scores);
	memory_free(part->baseline_scores);
	memory_free(part->row_numbers);
	table_release(&part->slices);
}

static void assess_target(const struct dataset *dataset, const struct dataset_part *from,
	const double *scores, struct predictions *to)
{
	bool regression = dataset->task == TASK_REGRESSION;
	*to = (struct predictions){ .task = (enum prediction_task)dataset->task,
		.n_rows = from->n_rows,
		.weights = from->weights,
		.n_classes = dataset->source.n_classes,
		.classes = (const char *const *)dataset->source.classes,
		.positive = 1, /* data/source.h puts the positive class last of two */
		.targets = from->classes,
		.target_values = from->values };
	if (regression)
		to->values = scores;
	else
		to->probabilities = scores;
}

static int assess_gather(const struct assess_request *request, const struct dataset_part *from,
	struct assess_part *part, struct error *err)
{
	size_t width = request->width, n = from->n_rows;
	part->scores = memory_allocate(n * width, sizeof *part->scores, err);
	part->row_numbers = memory_allocate(n, sizeof *part->row_numbers, err);
	if (!part->scores || !part->row_numbers)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		memcpy(part->scores + i * width, request->scores + from->rows[i] * width,
			width * sizeof *part->scores);
		part->row_numbers[i] = from->rows[i] + 1;
	}
	assess_target(request->dataset, from, part->scores, &part->predictions);
	part->predictions.row_numbers = part->row_numbers;
	if (!request->baseline)
		return 0;
	part->baseline_scores = memory_allocate(n * width, sizeof *part->scores, err);
	if (!part->baseline_scores)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < n; i++)
		memcpy(part->baseline_scores + i * width, request->baseline,
			width * sizeof *part->scores);
	assess_target(request->dataset, from, part->baseline_scores, &part->baseline);
	part->baseline.row_numbers = part->row_numbers;
	return 0;
}

static int assess_prepare(const struct assess_request *request,
	const struct evaluation_options *options, enum split_part which, struct assess_part *part,
	struct evaluation_input *input, struct error *err)
{
	const struct dataset_part *from = &request->dataset->parts[which];
	int status = assess_gather(request, from, part, err);
	if (status == 0 && options->n_slices)
		status = table_take(&request->dataset->source.table, from->rows, from->n_rows,
			options->slices, options->n_slices, &part->slices, err);
	*input = (struct evaluation_input){ .name = split_part_name(which),
		.predictions = &part->predictions,
		.baseline = request->baseline ? &part->baseline : NULL,
		.table = options->n_slices ? &part->slices : NULL,
		.seconds_per_row = request->seconds_per_row };
	return status;
}

/* Slices must name columns of the data: said at their place. */
static int assess_check_slices(const struct document *project, const struct dataset *dataset,
	const struct evaluation_options *options, struct error *err)
{
	const struct value *slices = value_at_path(project->root, "evaluate.slices");
	for (size_t i = 0; i < options->n_slices; i++) {
		if (table_column(&dataset->source.table, options->slices[i], NULL))
			continue;
		bool listed =
			slices && slices->kind == VALUE_SEQUENCE && i < slices->sequence.count;
		const struct value *item = listed ? slices->sequence.items[i] : slices;
		struct position at = { .line = 0 };
		if (item)
			position_set(&at, project->file, item->line, item->column);
		return error_set_at(err, ERROR_INVALID, &at,
			"evaluate.slices: the data have no column '%s'", options->slices[i]);
	}
	return 0;
}

static int assess_options(const struct document *project, const struct dataset *dataset,
	struct evaluation_options *ret_options, struct error *err)
{
	int status = evaluation_options_read(value_member(project->root, "evaluate"),
		(enum prediction_task)dataset->task, project->file, ret_options, err);
	return status < 0 ? status : assess_check_slices(project, dataset, ret_options, err);
}

int assess_check(const struct document *project, const struct dataset *dataset, struct error *err)
{
	AUTO(evaluation_options_release) struct evaluation_options options = { .n_metrics = 0 };
	return assess_options(project, dataset, &options, err);
}

int assess(
	const struct assess_request *request, struct evaluation *ret_evaluation, struct error *err)
{
	const struct dataset *dataset = request->dataset;
	AUTO(evaluation_options_release) struct evaluation_options options = { .n_metrics = 0 };
	int status = assess_options(request->project, dataset, &options, err);
	if (status < 0)
		return status;
	struct assess_part parts[2] = { { .scores = NULL }, { .scores = NULL } };
	struct evaluation_input inputs[2];
	size_t n = 0;
	for (int which = SPLIT_VALIDATION; which <= SPLIT_TEST && status == 0; which++) {
		if (!dataset->parts[which].n_rows)
			continue;
		status = assess_prepare(
			request, &options, (enum split_part)which, &parts[n], &inputs[n], err);
		n++;
	}
	if (status == 0 && n == 0) {
		status = assess_prepare(request, &options, SPLIT_TRAIN, &parts[n], &inputs[n], err);
		n++;
	}
	if (status == 0)
		status = evaluation_make(&options, inputs, n, ret_evaluation, err);
	for (size_t i = 0; i < n; i++)
		assess_part_release(&parts[i]);
	return status;
}
