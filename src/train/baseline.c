#include <math.h>
#include <string.h>

#include "mlops/numeric/statistics.h"
#include "mlops/numeric/summation.h"
#include "trainer_internal.h"

static const char *const baseline_strategies[] = { "auto", "prior", "most_frequent", "mean",
	"median", "quantile", NULL };

static const struct trainer_parameter baseline_parameters[] = {
	{ .name = "strategy",
		.kind = PARAMETER_CHOICE,
		.otherwise = "auto",
		.choices = baseline_strategies,
		.help = "prior: the shares of the classes; most_frequent: the commonest class; mean, "
			"median, quantile: of the target; auto: prior or mean" },
	{ .name = "quantile",
		.kind = PARAMETER_NUMBER,
		.otherwise = "0.5",
		.minimum = 0,
		.maximum = 1,
		.help = "which quantile, for the strategy quantile" },
};

static int baseline_classes(const struct trainer_problem *problem, bool most_frequent,
	struct trained_model *model, struct error *err)
{
	const struct trainer_data *data = &problem->train;
	size_t count = problem->n_classes, best = 0;
	AUTO_FREE struct sum *sums = memory_allocate(count, sizeof *sums, err);
	if (!sums || trained_model_init(model, count, data->x.n_columns, err) < 0)
		return -err->code;
	struct sum total = SUM_INIT;
	for (size_t i = 0; i < data->x.n_rows; i++) {
		double weight = data->weights ? data->weights[i] : 1;
		sum_add(&sums[data->classes[i]], weight);
		sum_add(&total, weight);
	}
	for (size_t k = 0; k < count; k++) {
		model->intercepts[k] = sum_result(&sums[k]) / sum_result(&total);
		if (model->intercepts[k] > model->intercepts[best])
			best = k;
	}
	for (size_t k = 0; most_frequent && k < count; k++)
		model->intercepts[k] = k == best;
	return 0;
}

static int baseline_number(const struct trainer_problem *problem, const char *strategy,
	struct trained_model *model, struct error *err)
{
	const struct trainer_data *data = &problem->train;
	size_t n = data->x.n_rows;
	if (trained_model_init(model, 1, data->x.n_columns, err) < 0)
		return -err->code;
	if (strcmp(strategy, "mean") == 0 || strcmp(strategy, "auto") == 0) {
		model->intercepts[0] = sum_mean(data->values, data->weights, n);
		return 0;
	}
	double q = 0.5;
	if (strcmp(strategy, "quantile") == 0)
		q = trainer_number(&trainer_baseline, problem->parameters, "quantile");
	if (data->weights)
		return statistics_weighted_quantile(
			data->values, data->weights, n, q, &model->intercepts[0], err);
	AUTO_FREE double *copy = memory_allocate(n, sizeof *copy, err);
	if (!copy)
		return -err->code;
	memcpy(copy, data->values, n * sizeof *copy);
	model->intercepts[0] = statistics_quantile(copy, n, q);
	return 0;
}

static int baseline_fit(
	const struct trainer_problem *problem, struct trained_model *model, struct error *err)
{
	const char *strategy = trainer_choice(&trainer_baseline, problem->parameters, "strategy");
	bool most_frequent = strcmp(strategy, "most_frequent") == 0;
	bool for_classes = most_frequent || strcmp(strategy, "prior") == 0;
	bool regression = problem->task == TASK_REGRESSION;
	model->kind = TRAINED_CONSTANT;
	model->link = LINK_IDENTITY;
	if (strcmp(strategy, "auto") != 0 && for_classes == regression) {
		error_set(err, ERROR_INVALID, "the baseline strategy '%s' does not do %s tasks",
			strategy, trainer_task_name(problem->task));
		return error_hint(err, "%s",
			regression ? "use mean, median or quantile" : "use prior or most_frequent");
	}
	if (regression)
		return baseline_number(problem, strategy, model, err);
	return baseline_classes(problem, most_frequent, model, err);
}

const struct trainer trainer_baseline = {
	.name = "baseline",
	.summary = "the same answer for every row: what any other model has to beat",
	.tasks = TASK_BINARY | TASK_MULTICLASS | TASK_REGRESSION,
	.parameters = baseline_parameters,
	.n_parameters = sizeof baseline_parameters / sizeof *baseline_parameters,
	.fit = baseline_fit,
	.predict = trained_model_predict,
};
