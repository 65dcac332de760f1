#include <math.h>
#include <stdio.h>
#include <string.h>

#include "logistic_internal.h"
#include "trainer_internal.h"

static const char *const logistic_penalties[] = { "l2", "l1", "elasticnet", "none", NULL };
static const char *const logistic_solvers[] = { "auto", "lbfgs", "newton", NULL };

static const struct trainer_parameter logistic_parameters[] = {
	{ .name = "C",
		.kind = PARAMETER_NUMBER,
		.otherwise = "1.0",
		.minimum = 0,
		.maximum = (double)INFINITY,
		.above_minimum = true,
		.help = "inverse of the penalty's strength: smaller is simpler" },
	{ .name = "penalty",
		.kind = PARAMETER_CHOICE,
		.otherwise = "l2",
		.choices = logistic_penalties,
		.help = "l2 shrinks coefficients, l1 makes many of them 0, elasticnet mixes both, none fits "
			"freely" },
	{ .name = "l1_ratio",
		.kind = PARAMETER_NUMBER,
		.otherwise = "0.5",
		.minimum = 0,
		.maximum = 1,
		.help = "share of l1 in the penalty elasticnet" },
	{ .name = "solver",
		.kind = PARAMETER_CHOICE,
		.otherwise = "auto",
		.choices = logistic_solvers,
		.help = "auto chooses by size and penalty: newton where there are few features, else lbfgs "
			"(OWL-QN for l1)" },
	{ .name = "max_iterations",
		.kind = PARAMETER_INTEGER,
		.otherwise = "1000",
		.minimum = 1,
		.maximum = (double)INFINITY,
		.help = "most iterations; ending there is reported as not converged" },
	{ .name = "tolerance",
		.kind = PARAMETER_NUMBER,
		.otherwise = "0.000001",
		.minimum = 0,
		.maximum = 1,
		.above_minimum = true,
		.help = "ends when what can still be gained is at most this share of the objective" },
	{ .name = "fit_intercept",
		.kind = PARAMETER_BOOLEAN,
		.otherwise = "true",
		.help = "fit a constant term, which is not penalised" },
};

static struct logistic_settings logistic_read(const struct trainer_problem *problem)
{
	const struct trainer *trainer = &trainer_logistic;
	const struct value *parameters = problem->parameters;
	const char *penalty = trainer_choice(trainer, parameters, "penalty");
	const char *solver = trainer_choice(trainer, parameters, "solver");
	struct logistic_settings settings = { .c = trainer_number(trainer, parameters, "C"),
		.intercept = trainer_boolean(trainer, parameters, "fit_intercept"),
		.iterations_max = (size_t)trainer_integer(trainer, parameters, "max_iterations"),
		.tolerance = trainer_number(trainer, parameters, "tolerance"),
		.seed = problem->seed,
		.threads = problem->threads,
		.sink = problem->sink };
	if (strcmp(penalty, "none") == 0) {
		settings.c = 1;
	} else {
		settings.l1 = strcmp(penalty, "l1") == 0 ? 1
			      : strcmp(penalty, "l2") == 0
				      ? 0
				      : trainer_number(trainer, parameters, "l1_ratio");
		settings.l2 = 1 - settings.l1;
	}
	settings.solver = strcmp(solver, "lbfgs") == 0    ? LOGISTIC_LBFGS
			  : strcmp(solver, "newton") == 0 ? LOGISTIC_NEWTON
							  : LOGISTIC_AUTO;
	return settings;
}

/* Which classes have weight: compact[k] is the output of class k, or UINT32_MAX. */
static int logistic_compact(const struct trainer_problem *problem, uint32_t **ret_compact,
	size_t *ret_present, struct error *err)
{
	size_t count = problem->n_classes;
	uint32_t *compact = memory_allocate(count, sizeof *compact, err);
	if (!compact)
		return -err->code;
	for (size_t i = 0; i < problem->train.x.n_rows; i++) {
		if (!problem->train.weights || problem->train.weights[i] > 0)
			compact[problem->train.classes[i]] = 1;
	}
	uint32_t present = 0;
	for (size_t k = 0; k < count; k++)
		compact[k] = compact[k] ? present++ : UINT32_MAX;
	*ret_compact = compact;
	*ret_present = present;
	if (present < 2)
		return error_set(err, ERROR_INVALID,
			"logistic: the rows to train on have %s class only, of %zu",
			present ? "one" : "no", count);
	return 0;
}

/* Is every row of weight on its own side? Then no finite coefficients are the best. */
static bool logistic_separates(const struct trained_model *model, const struct trainer_data *data)
{
	for (size_t i = 0; i < data->x.n_rows; i++) {
		const double *row = matrix_view_row(&data->x, i);
		double own = -(double)INFINITY, other = -(double)INFINITY;
		if (data->weights && data->weights[i] == 0)
			continue;
		for (size_t k = 0; k < model->n_outputs; k++) {
			double z = model->intercepts[k];
			for (size_t j = 0; j < model->n_features; j++)
				z += model->coefficients[k * model->n_features + j] * row[j];
			if (model->n_outputs == 1)
				own = data->classes[i] ? z : -z, other = 0;
			else if (k == data->classes[i])
				own = z;
			else
				other = fmax(other, z);
		}
		if (!(own > other))
			return false;
	}
	return true;
}

static void logistic_report(const struct logistic_settings *settings,
	const struct trainer_data *data, const struct optimiser_report *report,
	struct trained_model *model)
{
	model->iterations = report->iterations;
	model->objective = report->value;
	model->status = report->status == OPTIMISER_CANCELLED    ? TRAINED_CANCELLED
			: report->status == OPTIMISER_ITERATIONS ? TRAINED_ITERATION_LIMIT
								 : TRAINED_CONVERGED;
	if (model->status == TRAINED_ITERATION_LIMIT)
		snprintf(model->note, sizeof model->note,
			"stopped after %zu iterations without converging: scale the features, or raise "
			"max_iterations",
			report->iterations);
	if (settings->l1 == 0 && settings->l2 == 0 && model->status != TRAINED_CANCELLED &&
		logistic_separates(model, data)) {
		model->status = TRAINED_SEPARABLE;
		snprintf(model->note, sizeof model->note,
			"the classes can be separated without error, so without penalty the coefficients "
			"grow without end: they were stopped; set penalty: l2");
	}
}

/* theta of the outputs that are there, to the model's rows of all classes. */
static void logistic_unpack(const struct logistic_objective *objective, const double *theta,
	const uint32_t *compact, struct trained_model *model)
{
	size_t p = objective->p, each = p + objective->intercept;
	double mean = 0;
	for (size_t k = 0; objective->intercept && k < objective->n_outputs; k++)
		mean += theta[k * each + p] / (double)objective->n_outputs;
	for (size_t k = 0; k < model->n_outputs; k++) {
		size_t from = objective->n_outputs == 1 ? 0 : compact[k];
		if (from == UINT32_MAX) {
			model->intercepts[k] = -1000; /* probability 0, in float32 too */
			continue;
		}
		memcpy(model->coefficients + k * p, theta + from * each, p * sizeof *theta);
		if (objective->intercept) /* of equal solutions the one whose intercepts add up to 0 */
			model->intercepts[k] =
				theta[from * each + p] - (objective->n_outputs == 1 ? 0 : mean);
	}
}

static int logistic_fit_present(const struct trainer_problem *problem,
	const struct trainer_data *data, const uint32_t *compact, size_t n_present,
	struct trained_model *model, struct error *err)
{
	struct logistic_settings settings = logistic_read(problem);
	bool binary = problem->n_classes == 2;
	AUTO(logistic_objective_release) struct logistic_objective objective = { 0 };
	if (logistic_objective_init(&objective, data, binary ? 1 : n_present, settings.intercept,
		    problem->threads, err) < 0)
		return -err->code;
	model->kind = TRAINED_LINEAR_MAP;
	model->link = binary ? LINK_LOGISTIC : LINK_SOFTMAX;
	AUTO_FREE double *theta = memory_allocate(objective.n_parameters, sizeof *theta, err);
	if (!theta || trained_model_init(
			      model, binary ? 1 : problem->n_classes, data->x.n_columns, err) < 0)
		return -err->code;
	struct optimiser_report report = { .status = OPTIMISER_CONVERGED };
	if (objective.n_parameters &&
		logistic_solve(&objective, data, &settings, theta, &report, err) < 0)
		return error_prefix(err, "logistic");
	logistic_unpack(&objective, theta, compact, model);
	logistic_report(&settings, &problem->train, &report, model);
	if (n_present < problem->n_classes && !model->note[0])
		snprintf(model->note, sizeof model->note,
			"%zu of %zu classes have no rows to train on: their probability is 0",
			problem->n_classes - n_present, problem->n_classes);
	return 0;
}

static int logistic_fit(
	const struct trainer_problem *problem, struct trained_model *model, struct error *err)
{
	AUTO_FREE uint32_t *compact = NULL, *recoded = NULL;
	size_t n_present = 0;
	struct trainer_data data = problem->train;
	if (logistic_compact(problem, &compact, &n_present, err) < 0)
		return -err->code;
	if (n_present < problem->n_classes) {
		recoded = memory_allocate(data.x.n_rows, sizeof *recoded, err);
		if (!recoded)
			return -err->code;
		for (size_t i = 0; i < data.x.n_rows; i++) {
			uint32_t code = compact[data.classes[i]];
			recoded[i] = code == UINT32_MAX ? 0 : code; /* such rows have weight 0 */
		}
		data.classes = recoded;
	}
	return logistic_fit_present(problem, &data, compact, n_present, model, err);
}

const struct trainer trainer_logistic = {
	.name = "logistic",
	.summary = "logistic regression, binary or with several classes (softmax)",
	.tasks = TASK_BINARY | TASK_MULTICLASS,
	.parameters = logistic_parameters,
	.n_parameters = sizeof logistic_parameters / sizeof *logistic_parameters,
	.fit = logistic_fit,
	.predict = trained_model_predict,
};
