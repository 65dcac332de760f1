#include "mlops/train/trainer.h"

#include <math.h>
#include <string.h>

#include "mlops/base/parse.h"
#include "trainer_internal.h"

const struct trainer *const trainer_table[] = {
	&trainer_baseline,
	&trainer_linear,
	&trainer_logistic,
};
const size_t trainer_count = sizeof trainer_table / sizeof *trainer_table;

const struct trainer *trainer_find(const char *name)
{
	for (size_t i = 0; i < trainer_count; i++) {
		if (strcmp(trainer_table[i]->name, name) == 0)
			return trainer_table[i];
	}
	return NULL;
}

const char *trainer_task_name(enum trainer_task task)
{
	return task == TASK_BINARY       ? "binary"
	       : task == TASK_MULTICLASS ? "multiclass"
					 : "regression";
}

const char *trained_status_name(enum trained_status status)
{
	static const char *const names[] = { "converged", "iteration_limit", "separable",
		"cancelled" };
	return names[status];
}

static const struct trainer_parameter *trainer_parameter(
	const struct trainer *trainer, const char *name, enum parameter_kind kind)
{
	for (size_t i = 0; i < trainer->n_parameters; i++) {
		const struct trainer_parameter *parameter = &trainer->parameters[i];
		if (strcmp(parameter->name, name) == 0 && parameter->kind == kind)
			return parameter;
	}
	BUG("trainer '%s' has no parameter '%s' of that kind", trainer->name, name);
}

double trainer_number(
	const struct trainer *trainer, const struct value *parameters, const char *name)
{
	double otherwise = 0;
	if (!parse_f64(text_of(trainer_parameter(trainer, name, PARAMETER_NUMBER)->otherwise),
		    &otherwise))
		BUG("the default of '%s' is no number", name);
	return value_number_or(parameters, name, otherwise);
}

int64_t trainer_integer(
	const struct trainer *trainer, const struct value *parameters, const char *name)
{
	int64_t otherwise = 0;
	if (!parse_i64(text_of(trainer_parameter(trainer, name, PARAMETER_INTEGER)->otherwise),
		    &otherwise))
		BUG("the default of '%s' is no integer", name);
	return value_integer_or(parameters, name, otherwise);
}

bool trainer_boolean(
	const struct trainer *trainer, const struct value *parameters, const char *name)
{
	bool otherwise = false;
	if (!parse_bool(text_of(trainer_parameter(trainer, name, PARAMETER_BOOLEAN)->otherwise),
		    &otherwise))
		BUG("the default of '%s' is no boolean", name);
	return value_boolean_or(parameters, name, otherwise);
}

const char *trainer_choice(
	const struct trainer *trainer, const struct value *parameters, const char *name)
{
	return value_string_or(
		parameters, name, trainer_parameter(trainer, name, PARAMETER_CHOICE)->otherwise);
}

static bool trainer_is_choice(const struct trainer_parameter *parameter, const struct value *value)
{
	if (value->kind != VALUE_STRING)
		return false;
	for (const char *const *choice = parameter->choices; *choice; choice++) {
		if (text_is(value->string, *choice))
			return true;
	}
	return false;
}

/* The schema has said this with a place already; this is for callers without a schema. */
static int trainer_check_parameter(const struct trainer *trainer,
	const struct trainer_parameter *parameter, const struct value *value, struct error *err)
{
	bool good = false;
	double number = 0;
	switch (parameter->kind) {
	case PARAMETER_BOOLEAN:
		good = value->kind == VALUE_BOOLEAN;
		break;
	case PARAMETER_CHOICE:
		good = trainer_is_choice(parameter, value);
		break;
	default:
		good = value->kind == VALUE_INTEGER ||
		       (value->kind == VALUE_FLOAT && parameter->kind == PARAMETER_NUMBER);
		number = value->kind == VALUE_INTEGER ? (double)value->integer : value->number;
		good = good && isfinite(number) && number <= parameter->maximum &&
		       (parameter->above_minimum ? number > parameter->minimum
						 : number >= parameter->minimum);
	}
	if (good)
		return 0;
	struct strbuf text = STRBUF_INIT;
	value_scalar_text(&text, value);
	error_set(err, ERROR_INVALID, "%s: '%s' is not a value of the parameter '%s'",
		trainer->name, text.text, parameter->name);
	strbuf_release(&text);
	return -ERROR_INVALID;
}

static int trainer_check_data(const struct trainer *trainer, const struct trainer_problem *problem,
	const struct trainer_data *data, struct error *err)
{
	bool regression = problem->task == TASK_REGRESSION;
	if (regression ? !data->values : !data->classes || problem->n_classes < 2)
		return error_set(
			err, ERROR_BUG, "%s: the target does not fit the task", trainer->name);
	double total = 0;
	for (size_t i = 0; i < data->x.n_rows; i++) {
		if (regression ? !isfinite(data->values[i])
			       : data->classes[i] >= problem->n_classes)
			return error_set(err, ERROR_NUMERIC,
				"%s: the target of row %zu is not finite, or no class",
				trainer->name, i + 1);
		double weight = data->weights ? data->weights[i] : 1;
		if (!(weight >= 0) || !isfinite(weight))
			return error_set(err, ERROR_INVALID,
				"%s: the weight of row %zu is negative or not finite",
				trainer->name, i + 1);
		total += weight;
	}
	if (!(total > 0) || !isfinite(total))
		return error_set(err, ERROR_INVALID,
			"%s: there are no rows of positive weight to train on", trainer->name);
	return 0;
}

/* A feature that is not finite makes the objective so: looking costs a pass, so it is done only
 * when a fit has failed. */
static int trainer_explain(
	const struct trainer *trainer, const struct trainer_problem *problem, struct error *err)
{
	size_t row, column;
	if (err->code == ERROR_NUMERIC && matrix_find_not_finite(&problem->train.x, &row, &column))
		return error_set(err, ERROR_NUMERIC, "%s: feature %zu of row %zu is not finite",
			trainer->name, column + 1, row + 1);
	return -(int)err->code;
}

int trainer_fit(const struct trainer *trainer, const struct trainer_problem *problem,
	struct trained_model *ret_model, struct error *err)
{
	*ret_model = (struct trained_model){ 0 };
	if (!(trainer->tasks & (unsigned int)problem->task))
		return error_set(err, ERROR_INVALID, "the trainer '%s' does not do %s tasks",
			trainer->name, trainer_task_name(problem->task));
	for (size_t i = 0; i < trainer->n_parameters; i++) {
		const struct trainer_parameter *parameter = &trainer->parameters[i];
		const struct value *value = value_member(problem->parameters, parameter->name);
		if (value && value->kind != VALUE_NULL &&
			trainer_check_parameter(trainer, parameter, value, err) < 0)
			return -err->code;
	}
	if (trainer_check_data(trainer, problem, &problem->train, err) < 0)
		return -err->code;
	struct trained_model model = { .task = problem->task,
		.n_classes = problem->task == TASK_REGRESSION ? 0 : problem->n_classes,
		.objective = (double)NAN };
	if (trainer->fit(problem, &model, err) < 0) {
		trained_model_release(&model);
		return trainer_explain(trainer, problem, err);
	}
	*ret_model = model;
	return 0;
}

int trainer_predict(const struct trainer *trainer, const struct trained_model *model,
	const struct matrix_view *x, size_t threads, double *predictions, struct error *err)
{
	if (model->kind != TRAINED_CONSTANT && x->n_columns != model->n_features)
		return error_set(err, ERROR_BUG, "the model '%s' takes %zu features, not %zu",
			trainer->name, model->n_features, x->n_columns);
	return trainer->predict(model, x, threads, predictions, err);
}
