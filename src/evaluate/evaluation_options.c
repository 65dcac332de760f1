#include <string.h>

#include "evaluation_internal.h"

void evaluation_options_release(struct evaluation_options *options)
{
	memory_free(options->metrics);
	memory_free(options->slices);
	*options = (struct evaluation_options){ 0 };
}

static void evaluation_place(const struct value *value, const char *file, struct position *ret_at)
{
	position_set(ret_at, file ? file : "", value->line, value->column);
}

/* f1 is for two classes: say which average the user may mean. */
static int evaluation_wrong_task(
	const struct metric *metric, enum prediction_task task, struct error *err)
{
	AUTO(strbuf_release) struct strbuf name = STRBUF_INIT;
	strbuf_printf(&name, "%s_macro", metric->name);
	const struct metric *average = metric_find(name.text);
	if (average && average->tasks & task)
		return error_hint(err, "%s and %s_weighted are", average->name, metric->name);
	return -err->code;
}

static int evaluation_read_metric(const struct value *item, enum prediction_task task,
	const char *file, const struct metric **ret_metric, struct error *err)
{
	struct position at;
	evaluation_place(item, file, &at);
	if (item->kind != VALUE_STRING)
		return error_set_at(err, ERROR_INVALID, &at,
			"evaluate.metrics: a metric's name is a string, not a %s",
			value_kind_name(item->kind));
	*ret_metric = metric_find(item->string.at);
	if (!*ret_metric) {
		error_set_at(err, ERROR_INVALID, &at, "evaluate.metrics: no metric is called '%s'",
			item->string.at);
		const char *nearest = metric_nearest(item->string.at, task);
		if (nearest)
			error_hint(err, "did you mean '%s'?", nearest);
		return -err->code;
	}
	if ((*ret_metric)->tasks & task)
		return 0;
	error_set_at(err, ERROR_INVALID, &at, "evaluate.metrics: '%s' is not for a %s task",
		item->string.at, prediction_task_name(task));
	return evaluation_wrong_task(*ret_metric, task, err);
}

static int evaluation_read_metrics(const struct value *list, enum prediction_task task,
	const char *file, struct evaluation_options *options, struct error *err)
{
	if (!list || list->kind != VALUE_SEQUENCE)
		return 0;
	options->metrics = memory_allocate(list->sequence.count, sizeof *options->metrics, err);
	if (!options->metrics)
		return -err->code;
	for (size_t i = 0; i < list->sequence.count; i++) {
		const struct metric *metric = NULL;
		if (evaluation_read_metric(list->sequence.items[i], task, file, &metric, err) < 0)
			return -err->code;
		bool again = false; /* an alias of an earlier one */
		for (size_t j = 0; j < options->n_metrics; j++)
			again |= options->metrics[j] == metric;
		if (!again)
			options->metrics[options->n_metrics++] = metric;
	}
	return 0;
}

static int evaluation_read_slices(
	const struct value *list, struct evaluation_options *options, struct error *err)
{
	if (!list || list->kind != VALUE_SEQUENCE)
		return 0;
	options->slices = memory_allocate(list->sequence.count, sizeof *options->slices, err);
	if (!options->slices)
		return -err->code;
	for (size_t i = 0; i < list->sequence.count; i++)
		if (list->sequence.items[i]->kind == VALUE_STRING)
			options->slices[options->n_slices++] = list->sequence.items[i]->string.at;
	return 0;
}

int evaluation_options_read(const struct value *section, enum prediction_task task,
	const char *file, struct evaluation_options *ret_options, struct error *err)
{
	AUTO(evaluation_options_release)
	struct evaluation_options options = { .compute = metric_options_default(), .file = file };
	struct metric_options *compute = &options.compute;
	const struct value *bootstrap = value_member(section, "bootstrap");
	compute->confidence = value_number_or(section, "confidence", compute->confidence);
	compute->threshold = value_number_or(section, "threshold", compute->threshold);
	int64_t replicates =
		value_integer_or(bootstrap, "replicates", (int64_t)compute->bootstrap.replicates);
	compute->bootstrap.replicates = replicates > 0 ? (size_t)replicates : 0;
	compute->bootstrap.seed = (uint64_t)value_integer_or(bootstrap, "seed", 0);
	options.costs = value_member(section, "costs");
	if (evaluation_read_metrics(value_member(section, "metrics"), task, file, &options, err) <
			0 ||
		evaluation_read_slices(value_member(section, "slices"), &options, err) < 0)
		return -err->code;
	*ret_options = options;
	options = (struct evaluation_options){ 0 };
	return 0;
}

static void evaluation_add_metric(struct evaluation *evaluation, const struct metric *metric)
{
	for (size_t i = 0; i < evaluation->n_metrics; i++)
		if (evaluation->metrics[i] == metric)
			return;
	evaluation->metrics[evaluation->n_metrics++] = metric;
}

/* What a person sees first if nothing is asked for. */
static const char *const *evaluation_headline(enum prediction_task task)
{
	static const char *const binary[] = { "roc_auc", "accuracy", "f1", "log_loss", NULL };
	static const char *const multiclass[] = { "accuracy", "f1_macro", "roc_auc", "log_loss",
		NULL };
	static const char *const regression[] = { "rmse", "mae", "r2", "bias", NULL };
	switch (task) {
	case PREDICTION_BINARY:
		return binary;
	case PREDICTION_MULTICLASS:
		return multiclass;
	case PREDICTION_REGRESSION:
		break;
	}
	return regression;
}

int evaluation_choose_metrics(const struct evaluation_options *options,
	const struct predictions *predictions, struct evaluation *evaluation, struct error *err)
{
	evaluation->metrics = memory_allocate(
		metric_count + options->n_metrics, sizeof *evaluation->metrics, err);
	if (!evaluation->metrics)
		return -err->code;
	for (size_t i = 0; i < options->n_metrics; i++)
		evaluation_add_metric(evaluation, options->metrics[i]);
	if (options->n_metrics == 0) {
		for (const char *const *name = evaluation_headline(predictions->task); *name;
			name++) {
			const struct metric *metric = metric_find(*name);
			if (predictions->probabilities ||
				!(metric->needs & METRIC_NEEDS_PROBABILITIES))
				evaluation_add_metric(evaluation, metric);
		}
	}
	if (evaluation->costs)
		evaluation_add_metric(evaluation, metric_find("cost"));
	evaluation->n_headline = evaluation->n_metrics;
	for (size_t i = 0; i < metric_count; i++) {
		bool possible = predictions->probabilities ||
				!(metric_table[i].needs & METRIC_NEEDS_PROBABILITIES);
		if (metric_table[i].standard & predictions->task && possible)
			evaluation_add_metric(evaluation, &metric_table[i]);
	}
	return 0;
}
