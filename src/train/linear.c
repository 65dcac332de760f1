#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlops/numeric/linalg.h"
#include "trainer_internal.h"

static const struct trainer_parameter linear_parameters[] = {
	{ .name = "alpha",
		.kind = PARAMETER_NUMBER,
		.otherwise = "0",
		.minimum = 0,
		.maximum = (double)INFINITY,
		.help = "weight of the penalty alpha |coefficients|² beside the sum of squared errors; 0 is "
			"least squares" },
	{ .name = "fit_intercept",
		.kind = PARAMETER_BOOLEAN,
		.otherwise = "true",
		.help = "fit a constant term, which is not penalised" },
};

static int linear_fit(
	const struct trainer_problem *problem, struct trained_model *model, struct error *err)
{
	const struct trainer_data *data = &problem->train;
	struct least_squares_problem squares = { .x = data->x,
		.y = data->values,
		.weights = data->weights,
		.intercept = trainer_boolean(&trainer_linear, problem->parameters, "fit_intercept"),
		.ridge = trainer_number(&trainer_linear, problem->parameters, "alpha"),
		.threads = problem->threads };
	model->kind = TRAINED_LINEAR_MAP;
	model->link = LINK_IDENTITY;
	AUTO(least_squares_release) struct least_squares solution = { 0 };
	if (trained_model_init(model, 1, data->x.n_columns, err) < 0 ||
		least_squares_solve(&squares, &solution, err) < 0)
		return -err->code;
	double penalty = 0;
	for (size_t j = 0; j < model->n_features; j++) {
		model->coefficients[j] = solution.coefficients[j];
		penalty += squares.ridge * solution.coefficients[j] * solution.coefficients[j];
	}
	model->intercepts[0] = solution.intercept;
	model->objective = solution.residual_squares + penalty;
	model->rank = solution.rank;
	model->n_columns = solution.n_columns;
	model->iterations = 1;
	if (solution.rank < solution.n_columns && squares.ridge == 0)
		snprintf(model->note, sizeof model->note,
			"%zu of %zu columns depend on the others: the coefficients are those of least norm",
			solution.n_columns - solution.rank, solution.n_columns);
	return 0;
}

const struct trainer trainer_linear = {
	.name = "linear",
	.summary = "least squares, with alpha over 0 ridge regression",
	.tasks = TASK_REGRESSION,
	.parameters = linear_parameters,
	.n_parameters = sizeof linear_parameters / sizeof *linear_parameters,
	.fit = linear_fit,
	.predict = trained_model_predict,
};
