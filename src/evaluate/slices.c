#include "mlops/evaluate/slices.h"

#include <math.h>
#include <string.h>

#include "slices_internal.h"

#include "mlops/base/parallel.h"
#include "mlops/base/sort.h"

enum { SLICES_REPLICATES = 500, SLICES_WORK = 20000 };

void slices_release(struct slices *slices)
{
	for (size_t i = 0; i < slices->count; i++) {
		memory_free(slices->items[i].column);
		memory_free(slices->items[i].value);
	}
	memory_free(slices->items);
	*slices = (struct slices){ 0 };
}

/* The rows of one slice as predictions of their own. */
struct slices_subset {
	struct predictions predictions;
	double *weights, *probabilities, *target_values, *values;
	uint32_t *targets, *labels;
};

static void slices_subset_release(struct slices_subset *subset)
{
	memory_free(subset->weights);
	memory_free(subset->probabilities);
	memory_free(subset->target_values);
	memory_free(subset->values);
	memory_free(subset->targets);
	memory_free(subset->labels);
}
AUTO_RELEASE(struct slices_subset, slices_subset_release)

static double *slices_take_numbers(
	const double *from, const uint32_t *rows, size_t count, size_t width, struct error *err)
{
	double *taken = memory_allocate(count * width, sizeof *taken, err);
	for (size_t i = 0; taken && i < count; i++)
		memcpy(taken + i * width, from + rows[i] * width, width * sizeof *taken);
	return taken;
}

static uint32_t *slices_take_codes(
	const uint32_t *from, const uint32_t *rows, size_t count, struct error *err)
{
	uint32_t *taken = memory_allocate(count, sizeof *taken, err);
	for (size_t i = 0; taken && i < count; i++)
		taken[i] = from[rows[i]];
	return taken;
}

static int slices_subset_make(const struct predictions *all, const uint32_t *rows, size_t count,
	struct slices_subset *subset, struct error *err)
{
	struct predictions *part = &subset->predictions;
	*part = *all;
	part->n_rows = count;
	part->row_numbers = NULL;
	if (all->weights)
		part->weights = subset->weights =
			slices_take_numbers(all->weights, rows, count, 1, err);
	if (all->task == PREDICTION_REGRESSION) {
		part->target_values = subset->target_values =
			slices_take_numbers(all->target_values, rows, count, 1, err);
		part->values = subset->values =
			slices_take_numbers(all->values, rows, count, 1, err);
		return err->code ? -err->code : 0;
	}
	part->targets = subset->targets = slices_take_codes(all->targets, rows, count, err);
	if (all->labels)
		part->labels = subset->labels = slices_take_codes(all->labels, rows, count, err);
	if (all->probabilities)
		part->probabilities = subset->probabilities =
			slices_take_numbers(all->probabilities, rows, count, all->n_classes, err);
	return err->code ? -err->code : 0;
}

/* The rows of the groups of one column: group g has rows[start[g] .. start[g + 1]). */
struct slices_rows {
	uint32_t *rows;
	size_t *start;
};

static void slices_rows_release(struct slices_rows *rows)
{
	memory_free(rows->rows);
	memory_free(rows->start);
}
AUTO_RELEASE(struct slices_rows, slices_rows_release)

static int slices_rows_make(const struct slices_groups *groups, size_t n_rows,
	const struct predictions *predictions, struct slices_rows *ret, struct error *err)
{
	ret->rows = memory_allocate(n_rows, sizeof *ret->rows, err);
	ret->start = memory_allocate(groups->count + 2, sizeof *ret->start, err);
	if (!ret->rows || !ret->start)
		return -err->code;
	for (size_t i = 0; i < n_rows; i++)
		if (prediction_weight(predictions, i) > 0.0)
			ret->start[groups->of_row[i] + 2]++;
	for (size_t g = 0; g < groups->count; g++)
		ret->start[g + 2] += ret->start[g + 1];
	for (size_t i = 0; i < n_rows; i++)
		if (prediction_weight(predictions, i) > 0.0)
			ret->rows[ret->start[groups->of_row[i] + 1]++] = (uint32_t)i;
	return 0;
}

struct slices_job {
	const struct predictions *predictions;
	const struct slices_request *request;
	struct metric_options options;
	const struct slices_rows *rows;
	struct slice *items;
	size_t n_metrics;
};

static int slices_one(void *context, size_t index, size_t worker, struct error *err)
{
	struct slices_job *job = context;
	(void)worker;
	struct slice *slice = &job->items[index];
	const uint32_t *rows = job->rows->rows + job->rows->start[index];
	slice->n_rows = job->rows->start[index + 1] - job->rows->start[index];
	slice->small = slice->n_rows < SLICES_SMALL;
	slice->n_metrics = job->n_metrics;
	if (slice->n_rows == 0)
		return 0;
	AUTO(slices_subset_release) struct slices_subset subset = { 0 };
	if (slices_subset_make(job->predictions, rows, slice->n_rows, &subset, err) < 0)
		return -err->code;
	return metrics_compute(&subset.predictions, job->request->metrics, job->n_metrics,
		&job->options, slice->metrics, err);
}

/* Is the whole interval on the bad side of what the metric is over all rows? */
static bool slices_is_worse(const struct slice *slice, const struct metric_value *whole)
{
	const struct metric_value *value = &slice->metrics[0];
	if (value->interval.method == INTERVAL_NONE || isnan(whole->value))
		return false;
	switch (value->metric->direction) {
	case METRIC_HIGHER:
		return value->interval.high < whole->value;
	case METRIC_LOWER:
		return value->interval.low > whole->value;
	case METRIC_ZERO:
		break;
	}
	return value->interval.low > fabs(whole->value) ||
	       value->interval.high < -fabs(whole->value);
}

static int slices_add(struct slices *slices, struct slice *items, size_t count, const char *column,
	const struct slices_groups *groups, struct error *err)
{
	struct slice *grown =
		memory_resize(slices->items, slices->count + count, sizeof *grown, err);
	if (!grown)
		return -err->code;
	slices->items = grown;
	for (size_t g = 0; g < count; g++) {
		if (items[g].n_rows == 0)
			continue;
		items[g].column = memory_copy_string(column, err);
		items[g].value = memory_copy_string(groups->names[g], err);
		grown[slices->count++] = items[g]; /* owns the names, also if one is NULL */
		if (!items[g].column || !items[g].value)
			return -err->code;
	}
	return 0;
}

static int slices_of_column(const struct predictions *predictions,
	const struct slices_request *request, const char *name,
	const struct metric_options *options, struct slices *slices, struct error *err)
{
	const struct column *column = table_column(request->table, name, NULL);
	if (!column)
		return error_set(
			err, ERROR_NOT_FOUND, "evaluate.slices: no column is called '%s'", name);
	AUTO(slices_groups_release) struct slices_groups groups = { 0 };
	AUTO(slices_rows_release) struct slices_rows rows = { 0 };
	if (slices_groups_make(column, predictions->n_rows, &groups, err) < 0 ||
		slices_rows_make(&groups, predictions->n_rows, predictions, &rows, err) < 0)
		return -err->code;
	AUTO_FREE struct slice *items = memory_allocate(groups.count, sizeof *items, err);
	if (!items)
		return -err->code;
	size_t n_metrics =
		request->n_metrics < SLICES_METRICS ? request->n_metrics : SLICES_METRICS;
	struct slices_job job = { predictions, request, *options, &rows, items, n_metrics };
	job.options.bootstrap.threads = 1; /* the slices themselves are spread over threads */
	if (job.options.bootstrap.replicates > SLICES_REPLICATES)
		job.options.bootstrap.replicates = SLICES_REPLICATES;
	size_t threads = predictions->n_rows < SLICES_WORK / 10 ? 1 : options->bootstrap.threads;
	if (parallel_for(threads, groups.count, slices_one, &job, err) < 0)
		return -err->code;
	for (size_t g = 0; request->whole && n_metrics && g < groups.count; g++)
		if (items[g].n_rows)
			items[g].worse = slices_is_worse(&items[g], request->whole);
	return slices_add(slices, items, groups.count, name, &groups, err);
}

/* Worst first; undefined last. */
static int slices_compare(const void *a, const void *b, void *context)
{
	(void)context;
	const struct metric_value *first = &((const struct slice *)a)->metrics[0];
	const struct metric_value *second = &((const struct slice *)b)->metrics[0];
	if (isnan(first->value) || isnan(second->value))
		return (int)isnan(first->value) - (int)isnan(second->value);
	if (metric_better(first->metric, second->value, first->value))
		return -1;
	return metric_better(first->metric, first->value, second->value);
}

int slices_compute(const struct predictions *predictions, const struct slices_request *request,
	const struct metric_options *options, struct slices *ret_slices, struct error *err)
{
	*ret_slices = (struct slices){ 0 };
	AUTO(slices_release) struct slices slices = { 0 };
	if (request->table->n_rows != predictions->n_rows)
		return error_set(err, ERROR_INVALID, "a table of %zu rows for predictions of %zu",
			request->table->n_rows, predictions->n_rows);
	for (size_t c = 0; c < request->n_columns; c++)
		if (slices_of_column(
			    predictions, request, request->columns[c], options, &slices, err) < 0)
			return -err->code;
	if (request->n_metrics && slices.count &&
		sort_items(slices.items, slices.count, sizeof *slices.items, slices_compare, NULL,
			err) < 0)
		return -err->code;
	*ret_slices = slices;
	slices = (struct slices){ 0 };
	return 0;
}
