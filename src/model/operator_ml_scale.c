/* ai.onnx.ml: operators on numbers of a row. Their results are float, as the standard has it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ml_internal.h"

struct scale {
	const float *offsets, *scales, *values;
	const int64_t *integers;
	size_t n_offsets, n_scales, n_values, n_integers;
	float replaced, threshold;
	int64_t replaced_integer;
	enum { NORM_MAX, NORM_L1, NORM_L2 } norm;
};

/* Is a list of `count` values one for all columns or one for each? */
static int scale_fits(size_t count, const struct tensor *in, const char *name, struct error *err)
{
	int64_t columns = in->rank ? in->shape[in->rank - 1] : 1;
	if (count == 1 || columns < 0 || (int64_t)count == columns)
		return 0;
	return error_set(err, ERROR_INVALID, "%s has %zu values for %" PRId64 " columns", name,
		count, columns);
}

static int scaler_prepare(struct operator_setup *setup, struct error *err)
{
	struct scale *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_floats(setup, "offset", &state->offsets, &state->n_offsets, err) < 0)
		return -(int)err->code;
	return setup_floats(setup, "scale", &state->scales, &state->n_scales, err);
}

static int scaler_infer(struct operator_call *call, struct error *err)
{
	const struct scale *state = call->state;
	if (scale_fits(state->n_offsets, call->in[0], "offset", err) < 0 ||
		scale_fits(state->n_scales, call->in[0], "scale", err) < 0)
		return -(int)err->code;
	tensor_take_shape(call->out[0], ELEMENT_FLOAT, call->in[0]);
	return 0;
}

/* (x - offset) × scale: in double for doubles, else in float. */
static int scaler_run(struct operator_call *call, struct error *err)
{
	const struct scale *state = call->state;
	const struct tensor *in = call->in[0];
	size_t count = tensor_elements(in);
	size_t columns = in->rank ? (size_t)in->shape[in->rank - 1] : 1;
	(void)err;
	for (size_t i = 0; i < count; i++) {
		size_t c = i % columns;
		float offset = state->offsets[state->n_offsets > 1 ? c : 0];
		float scale = state->scales[state->n_scales > 1 ? c : 0];
		double x = tensor_double(in, i);
		call->out[0]->float32[i] = in->type == ELEMENT_DOUBLE
						   ? (float)((x - (double)offset) * (double)scale)
						   : ((float)x - offset) * scale;
	}
	return 0;
}

static int imputer_prepare(struct operator_setup *setup, struct error *err)
{
	struct scale *state = setup_state(setup, sizeof *state, err);
	if (!state ||
		setup_floats(setup, "imputed_value_floats", &state->values, &state->n_values, err) <
			0 ||
		setup_ints(setup, "imputed_value_int64s", &state->integers, &state->n_integers,
			err) < 0 ||
		setup_float(setup, "replaced_value_float", 0, &state->replaced, err) < 0)
		return -(int)err->code;
	return setup_int(setup, "replaced_value_int64", 0, &state->replaced_integer, err);
}

static int imputer_infer(struct operator_call *call, struct error *err)
{
	const struct scale *state = call->state;
	bool real = TYPES_FLOAT >> call->in[0]->type & 1;
	size_t count = real ? state->n_values : state->n_integers;
	if (scale_fits(count, call->in[0], real ? "imputed_value_floats" : "imputed_value_int64s",
		    err) < 0)
		return -(int)err->code;
	return infer_same(call, err);
}

static int imputer_run(struct operator_call *call, struct error *err)
{
	const struct scale *state = call->state;
	const struct tensor *in = call->in[0];
	struct tensor *out = call->out[0];
	size_t count = tensor_elements(in);
	size_t columns = in->rank ? (size_t)in->shape[in->rank - 1] : 1;
	(void)err;
	for (size_t i = 0; i < count; i++) {
		size_t f = state->n_values > 1 ? i % columns : 0;
		size_t n = state->n_integers > 1 ? i % columns : 0;
		if (TYPES_FLOAT >> in->type & 1) {
			double x = tensor_double(in, i);
			bool gone =
				isnan(state->replaced) ? isnan(x) : x == (double)state->replaced;
			if (in->type == ELEMENT_DOUBLE)
				out->float64[i] = gone ? (double)state->values[f] : x;
			else
				out->float32[i] = gone ? state->values[f] : in->float32[i];
		} else if (in->type == ELEMENT_INT64) {
			out->int64[i] = in->int64[i] == state->replaced_integer ? state->integers[n]
										: in->int64[i];
		} else {
			out->int32[i] = in->int32[i] == state->replaced_integer
						? (int32_t)state->integers[n]
						: in->int32[i];
		}
	}
	return 0;
}

static int normalizer_prepare(struct operator_setup *setup, struct error *err)
{
	struct scale *state = setup_state(setup, sizeof *state, err);
	struct text norm;
	if (!state || setup_string(setup, "norm", "MAX", &norm, err) < 0)
		return -(int)err->code;
	if (text_is(norm, "MAX"))
		state->norm = NORM_MAX;
	else if (text_is(norm, "L1"))
		state->norm = NORM_L1;
	else if (text_is(norm, "L2"))
		state->norm = NORM_L2;
	else
		return error_set(err, ERROR_UNSUPPORTED, "norm '%.*s' is not supported",
			(int)(norm.length > 40 ? 40 : norm.length), norm.at);
	return 0;
}

static int normalizer_infer(struct operator_call *call, struct error *err)
{
	int64_t rows, columns;
	if (ml_matrix(call->in[0], &rows, &columns, err) < 0)
		return -(int)err->code;
	tensor_take_shape(call->out[0], ELEMENT_FLOAT, call->in[0]);
	return 0;
}

/* x / norm of its row; a row whose norm is 0 stays as it is. MAX is the largest value. */
static int normalizer_run(struct operator_call *call, struct error *err)
{
	const struct scale *state = call->state;
	const struct tensor *in = call->in[0];
	size_t columns = (size_t)in->shape[in->rank - 1];
	size_t rows = columns ? tensor_elements(in) / columns : 0;
	(void)err;
	for (size_t r = 0; r < rows; r++) {
		double norm = state->norm == NORM_MAX ? -(double)INFINITY : 0;
		for (size_t c = 0; c < columns; c++) {
			double x = tensor_double(in, r * columns + c);
			norm = state->norm == NORM_MAX  ? fmax(norm, x)
			       : state->norm == NORM_L1 ? norm + fabs(x)
							: norm + x * x;
		}
		if (state->norm == NORM_L2)
			norm = sqrt(norm);
		for (size_t c = 0; c < columns; c++) {
			double x = tensor_double(in, r * columns + c);
			call->out[0]->float32[r * columns + c] = (float)(norm != 0 ? x / norm : x);
		}
	}
	return 0;
}

static int binarizer_prepare(struct operator_setup *setup, struct error *err)
{
	struct scale *state = setup_state(setup, sizeof *state, err);
	return state ? setup_float(setup, "threshold", 0, &state->threshold, err) : -(int)err->code;
}

static int binarizer_run(struct operator_call *call, struct error *err)
{
	const struct scale *state = call->state;
	size_t count = tensor_elements(call->in[0]);
	(void)err;
	for (size_t i = 0; i < count; i++) {
		bool yes = tensor_double(call->in[0], i) > (double)state->threshold;
		switch (call->in[0]->type) {
		case ELEMENT_FLOAT:
			call->out[0]->float32[i] = yes;
			break;
		case ELEMENT_DOUBLE:
			call->out[0]->float64[i] = yes;
			break;
		case ELEMENT_INT32:
			call->out[0]->int32[i] = yes;
			break;
		default:
			call->out[0]->int64[i] = yes;
		}
	}
	return 0;
}

/* FeatureVectorizer: the columns of all inputs side by side, as float. */
static int vectorizer_infer(struct operator_call *call, struct error *err)
{
	int64_t rows = TENSOR_SIZE_UNKNOWN, total = 0;
	for (size_t i = 0; i < call->n_in; i++) {
		int64_t here, columns;
		if (!call->in[i])
			return error_set(err, ERROR_INVALID, "its input %zu is absent", i + 1);
		if (require_types(call->in[i], TYPES_ML, "an input", err) < 0 ||
			ml_matrix(call->in[i], &here, &columns, err) < 0)
			return -(int)err->code;
		if (rows < 0)
			rows = here;
		else if (here >= 0 && here != rows)
			return error_set(err, ERROR_INVALID,
				"its inputs have %" PRId64 " and %" PRId64 " rows", rows, here);
		total = total < 0 || columns < 0 ? TENSOR_SIZE_UNKNOWN : total + columns;
	}
	tensor_set_shape(call->out[0], ELEMENT_FLOAT, 2, (int64_t[]){ rows, total });
	return 0;
}

static int vectorizer_run(struct operator_call *call, struct error *err)
{
	size_t rows = (size_t)call->out[0]->shape[0], width = (size_t)call->out[0]->shape[1];
	size_t at = 0;
	(void)err;
	for (size_t i = 0; i < call->n_in; i++) {
		size_t columns = (size_t)call->in[i]->shape[call->in[i]->rank - 1];
		for (size_t r = 0; r < rows; r++)
			for (size_t c = 0; c < columns; c++)
				call->out[0]->float32[r * width + at + c] =
					(float)tensor_double(call->in[i], r * columns + c);
		at += columns;
	}
	return 0;
}

#define SCALE_ROW(name, attributes, prepare, infer, run)                                           \
	{                                                                                          \
		name, GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPES_ML, 1, 1, 1, 1, 0, attributes,       \
			prepare, infer, run                                                        \
	}

const struct operator operators_ml_scale[] = {
	SCALE_ROW("Scaler", "offset scale", scaler_prepare, scaler_infer, scaler_run),
	SCALE_ROW("Imputer",
		"imputed_value_floats imputed_value_int64s replaced_value_float "
		"replaced_value_int64",
		imputer_prepare, imputer_infer, imputer_run),
	SCALE_ROW("Normalizer", "norm", normalizer_prepare, normalizer_infer, normalizer_run),
	SCALE_ROW("Binarizer", "threshold", binarizer_prepare, infer_same, binarizer_run),
	{ "FeatureVectorizer", GRAPH_DOMAIN_ML, 1, OPSET_NEWEST, TYPES_ML, 1, OPERATOR_MANY, 1, 1,
		0, "inputdimensions", NULL, vectorizer_infer, vectorizer_run },
	{ NULL },
};
