/*
 * ai.onnx.ml: linear models. Scores are summed in double in order of the columns, from the
 * intercept, and rounded to float once.
 */
#include <inttypes.h>
#include <math.h>

#include "ml_internal.h"

struct linear {
	const float *coefficients, *intercepts; /* n_scores × columns; n_scores or none */
	size_t n_coefficients, n_scores;
	enum ml_transform transform;
	struct ml_labels labels;
	bool second; /* one score stands for two classes */
};

static int linear_read(struct operator_setup *setup, struct linear *state, struct error *err)
{
	size_t intercepts;
	if (setup_floats(setup, "coefficients", &state->coefficients, &state->n_coefficients, err) <
			0 ||
		setup_floats(setup, "intercepts", &state->intercepts, &intercepts, err) < 0 ||
		ml_transform_read(setup, &state->transform, err) < 0)
		return -(int)err->code;
	if (!state->n_coefficients)
		return error_set(err, ERROR_INVALID, "it has no coefficients");
	if (intercepts && intercepts != state->n_scores) {
		if (state->n_scores)
			return error_set(err, ERROR_INVALID, "%zu intercepts for %zu scores",
				intercepts, state->n_scores);
		state->n_scores = intercepts;
	}
	return 0;
}

static int linear_regressor_prepare(struct operator_setup *setup, struct error *err)
{
	struct linear *state = setup_state(setup, sizeof *state, err);
	int64_t targets;
	if (!state || setup_int(setup, "targets", 1, &targets, err) < 0)
		return -(int)err->code;
	if (targets < 1 || targets > INT32_MAX)
		return error_set(err, ERROR_INVALID, "%" PRId64 " targets", targets);
	state->n_scores = (size_t)targets;
	return linear_read(setup, state, err);
}

static int linear_classifier_prepare(struct operator_setup *setup, struct error *err)
{
	struct linear *state = setup_state(setup, sizeof *state, err);
	int64_t multi;
	if (!state || ml_labels_read(setup, "classlabels_ints", &state->labels, err) < 0 ||
		setup_int(setup, "multi_class", 0, &multi, err) < 0 ||
		linear_read(setup, state, err) < 0)
		return -(int)err->code;
	if (!state->n_scores) /* no intercepts: one row of coefficients for each label */
		state->n_scores = state->labels.count ? state->labels.count : 1;
	state->second = state->n_scores == 1 && state->labels.count == 2;
	return 0;
}

static int linear_columns(const struct operator_call *call, int64_t *ret_rows, struct error *err)
{
	const struct linear *state = call->state;
	int64_t columns;
	if (ml_matrix(call->in[0], ret_rows, &columns, err) < 0)
		return -(int)err->code;
	if (columns >= 0 && state->n_coefficients != (size_t)columns * state->n_scores)
		return error_set(err, ERROR_INVALID,
			"%zu coefficients for %zu scores of %" PRId64 " columns",
			state->n_coefficients, state->n_scores, columns);
	call->out[0]->rank = 0;
	return 0;
}

static int linear_regressor_infer(struct operator_call *call, struct error *err)
{
	const struct linear *state = call->state;
	int64_t rows;
	if (linear_columns(call, &rows, err) < 0)
		return -(int)err->code;
	tensor_set_shape(
		call->out[0], ELEMENT_FLOAT, 2, (int64_t[]){ rows, (int64_t)state->n_scores });
	call->scratch_bytes = state->n_scores * sizeof(double);
	return 0;
}

static int linear_classifier_infer(struct operator_call *call, struct error *err)
{
	const struct linear *state = call->state;
	int64_t rows, scores = state->second ? 2 : (int64_t)state->n_scores;
	if (linear_columns(call, &rows, err) < 0)
		return -(int)err->code;
	tensor_set_shape(call->out[0], ml_labels_type(&state->labels), 1, &rows);
	if (call->n_out > 1 && call->out[1])
		tensor_set_shape(call->out[1], ELEMENT_FLOAT, 2, (int64_t[]){ rows, scores });
	call->scratch_bytes = ((size_t)scores + 1) * sizeof(double);
	return 0;
}

static void linear_scores(
	const struct linear *state, const struct tensor *in, size_t row, double *scores)
{
	size_t columns = state->n_coefficients / state->n_scores;
	for (size_t s = 0; s < state->n_scores; s++) {
		const float *w = state->coefficients + s * columns;
		double sum = state->intercepts ? (double)state->intercepts[s] : 0;
		for (size_t c = 0; c < columns; c++)
			sum += tensor_double(in, row * columns + c) * (double)w[c];
		scores[s] = sum;
	}
}

static int linear_regressor_run(struct operator_call *call, struct error *err)
{
	const struct linear *state = call->state;
	size_t rows = (size_t)call->out[0]->shape[0];
	double *scores = call->scratch;
	(void)err;
	for (size_t r = 0; r < rows; r++) {
		linear_scores(state, call->in[0], r, scores);
		ml_transform_apply(state->transform, scores, state->n_scores);
		for (size_t s = 0; s < state->n_scores; s++)
			call->out[0]->float32[r * state->n_scores + s] = (float)scores[s];
	}
	return 0;
}

/* One score s for two classes: [1 - s, s], or both tails of the logistic function. */
static void linear_second(const struct linear *state, double *scores)
{
	double score = scores[0];
	bool logistic = state->transform == ML_LOGISTIC;
	scores[0] = logistic ? ml_logistic(-score) : 1 - score;
	scores[1] = logistic ? ml_logistic(score) : score;
}

static int linear_classifier_run(struct operator_call *call, struct error *err)
{
	const struct linear *state = call->state;
	size_t rows = (size_t)call->out[0]->shape[0];
	size_t width = state->second ? 2 : state->n_scores;
	double *scores = call->scratch;
	(void)err;
	for (size_t r = 0; r < rows; r++) {
		size_t best = 0;
		linear_scores(state, call->in[0], r, scores);
		for (size_t s = 1; s < state->n_scores; s++)
			best = scores[s] > scores[best] ? s : best;
		if (state->n_scores == 1)
			best = scores[0] > 0;
		ml_labels_write(&state->labels, best, call->out[0], r);
		if (call->n_out < 2 || !call->out[1])
			continue;
		if (state->second)
			linear_second(state, scores);
		else
			ml_transform_apply(state->transform, scores, state->n_scores);
		for (size_t s = 0; s < width; s++)
			call->out[1]->float32[r * width + s] = (float)scores[s];
	}
	return 0;
}

const struct operator operators_ml_linear[] = {
	{ "LinearRegressor", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPES_ML, 1, 1, 1, 1, 0,
		"coefficients intercepts post_transform targets", linear_regressor_prepare,
		linear_regressor_infer, linear_regressor_run },
	{ "LinearClassifier", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPES_ML, 1, 1, 1, 2, 0,
		"classlabels_ints classlabels_strings coefficients intercepts multi_class "
		"post_transform",
		linear_classifier_prepare, linear_classifier_infer, linear_classifier_run },
	{ NULL },
};
