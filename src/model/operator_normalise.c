/* Softmax and its kin, and normalisation with given or computed moments; computed in double. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "broadcast_internal.h"

struct normalise {
	int64_t axis, training, p;
	float epsilon;
	enum { SOFTMAX, LOG_SOFTMAX, HARDMAX } which;
};

static double normalise_get(const struct tensor *in, size_t i)
{
	return in->type == ELEMENT_DOUBLE ? in->float64[i] : (double)in->float32[i];
}

static void normalise_put(const struct tensor *out, size_t i, double x)
{
	if (out->type == ELEMENT_DOUBLE)
		out->float64[i] = x;
	else
		out->float32[i] = (float)x;
}

static int softmax_prepare(struct operator_setup *setup, struct error *err)
{
	struct normalise *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_int(setup, "axis", setup->opset < 13 ? 1 : -1, &state->axis, err) < 0)
		return -(int)err->code;
	state->which = strcmp(setup->node->op, "Softmax") == 0   ? SOFTMAX
		       : strcmp(setup->node->op, "Hardmax") == 0 ? HARDMAX
								 : LOG_SOFTMAX;
	return 0;
}

static int softmax_infer(struct operator_call *call, struct error *err)
{
	const struct normalise *state = call->state;
	int axis;
	if (!(call->opset < 13 && state->axis == call->in[0]->rank) &&
		axis_resolve(state->axis, call->in[0]->rank, &axis, err) < 0)
		return -(int)err->code;
	return infer_same(call, err);
}

/* n elements that stand `step` apart: e^(x - max) / sum of the same. */
static void softmax_line(const struct tensor *in, const struct tensor *out, size_t base, size_t n,
	size_t step, int which)
{
	double largest = -(double)INFINITY, sum = 0;
	size_t best = 0;
	for (size_t i = 0; i < n; i++) {
		double x = normalise_get(in, base + i * step);
		if (x > largest) {
			largest = x;
			best = i;
		}
	}
	if (which == HARDMAX) {
		for (size_t i = 0; i < n; i++)
			normalise_put(out, base + i * step, i == best);
		return;
	}
	if (which == SOFTMAX && in->type == ELEMENT_DOUBLE) { /* e^x is kept, not made twice */
		for (size_t i = 0; i < n; i++)
			sum += out->float64[base + i * step] =
				exp(in->float64[base + i * step] - largest);
		for (size_t i = 0; i < n; i++)
			out->float64[base + i * step] /= sum;
		return;
	}
	for (size_t i = 0; i < n; i++)
		sum += exp(normalise_get(in, base + i * step) - largest);
	double log_sum = log(sum);
	for (size_t i = 0; i < n; i++) {
		double x = normalise_get(in, base + i * step) - largest;
		normalise_put(out, base + i * step, which == SOFTMAX ? exp(x) / sum : x - log_sum);
	}
}

static int softmax_run(struct operator_call *call, struct error *err)
{
	const struct normalise *state = call->state;
	const struct tensor *in = call->in[0];
	int axis = in->rank;
	if (!(call->opset < 13 && state->axis == in->rank) &&
		axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	/* Before opset 13 all dimensions from the axis on are one. */
	bool flat = call->opset < 13;
	size_t outer = tensor_elements_before(in, axis);
	size_t n = flat ? tensor_elements_from(in, axis) : (size_t)in->shape[axis];
	size_t inner = flat ? 1 : tensor_elements_from(in, axis + 1);
	for (size_t o = 0; o < outer; o++)
		for (size_t i = 0; i < inner; i++)
			softmax_line(in, call->out[0], o * n * inner + i, n, inner, state->which);
	return 0;
}

/* BatchNormalization at inference: (x - mean) / sqrt(variance + epsilon) × scale + bias. */
static int batch_prepare(struct operator_setup *setup, struct error *err)
{
	struct normalise *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_float(setup, "epsilon", 1e-5F, &state->epsilon, err) < 0 ||
		setup_int(setup, "training_mode", 0, &state->training, err) < 0)
		return -(int)err->code;
	if (state->training || setup->n_out > 1)
		return error_set(err, ERROR_UNSUPPORTED, "training mode is not supported");
	return 0;
}

static int batch_infer(struct operator_call *call, struct error *err)
{
	const struct tensor *in = call->in[0];
	if (in->rank < 2)
		return error_set(err, ERROR_INVALID, "its input has %d dimensions", in->rank);
	for (size_t i = 1; i < 5; i++) {
		const struct tensor *one = call->in[i];
		if (require_types(one, TYPES_FLOAT, "a parameter", err) < 0)
			return -(int)err->code;
		if (one->rank != 1 ||
			(one->shape[0] >= 0 && in->shape[1] >= 0 && one->shape[0] != in->shape[1]))
			return error_set(err, ERROR_INVALID,
				"its parameters do not fit %" PRId64 " channels", in->shape[1]);
	}
	return infer_same(call, err);
}

static int batch_run(struct operator_call *call, struct error *err)
{
	const struct normalise *state = call->state;
	const struct tensor *in = call->in[0];
	size_t rows = (size_t)in->shape[0], channels = (size_t)in->shape[1];
	size_t inner = tensor_elements_from(in, 2), at = 0;
	(void)err;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < channels; c++) {
			double scale = normalise_get(call->in[1], c) /
				       sqrt(normalise_get(call->in[4], c) + (double)state->epsilon);
			double bias = normalise_get(call->in[2], c);
			double mean = normalise_get(call->in[3], c);
			for (size_t i = 0; i < inner; i++, at++)
				normalise_put(call->out[0], at,
					(normalise_get(in, at) - mean) * scale + bias);
		}
	return 0;
}

/* LayerNormalization: over the dimensions from the axis on, biased variance. */
static int layer_prepare(struct operator_setup *setup, struct error *err)
{
	struct normalise *state = setup_state(setup, sizeof *state, err);
	int64_t type;
	if (!state || setup_float(setup, "epsilon", 1e-5F, &state->epsilon, err) < 0 ||
		setup_int(setup, "stash_type", 1, &type, err) < 0)
		return -(int)err->code;
	return setup_int(setup, "axis", -1, &state->axis, err);
}

static int layer_infer(struct operator_call *call, struct error *err)
{
	const struct normalise *state = call->state;
	const struct tensor *in = call->in[0];
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	for (size_t i = 1; i < call->n_in; i++) {
		struct tensor joined = { .type = in->type, .rank = in->rank };
		memcpy(joined.shape, in->shape, sizeof joined.shape);
		if (call->in[i] && (call->in[i]->type != in->type ||
					   broadcast_shape(&joined, call->in[i], err) < 0 ||
					   joined.rank != in->rank))
			return error_set(err, ERROR_INVALID, "its parameters do not fit");
	}
	for (size_t i = 1; i < call->n_out; i++) {
		if (!call->out[i])
			continue;
		tensor_take_shape(call->out[i], ELEMENT_FLOAT, in);
		for (int d = axis; d < in->rank; d++)
			call->out[i]->shape[d] = 1;
	}
	return infer_same(call, err);
}

#define LAYER_FINISH(suffix, T, TYPE)                                                              \
	static void layer_scale_##suffix(size_t count, const void *const in[], const bool step[],  \
		void *out) BROADCAST_BINARY(T, T,                                                  \
		x *y) static void layer_shift_##suffix(size_t count, const void *const in[],       \
		const bool step[], void *out) BROADCAST_BINARY(T, T, x + y)
FOR_FLOATS(LAYER_FINISH)

static int layer_run(struct operator_call *call, struct error *err)
{
	const struct normalise *state = call->state;
	const struct tensor *in = call->in[0];
	struct tensor *out = call->out[0];
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	size_t outer = tensor_elements_before(in, axis), n = tensor_elements_from(in, axis);
	for (size_t o = 0; o < outer; o++) {
		double mean = 0, square = 0;
		for (size_t i = 0; i < n; i++)
			mean += normalise_get(in, o * n + i);
		mean /= (double)n;
		for (size_t i = 0; i < n; i++) {
			double d = normalise_get(in, o * n + i) - mean;
			square += d * d;
		}
		double inverse = 1 / sqrt(square / (double)n + (double)state->epsilon);
		for (size_t i = 0; i < n; i++)
			normalise_put(
				out, o * n + i, (normalise_get(in, o * n + i) - mean) * inverse);
		if (call->n_out > 1 && call->out[1])
			call->out[1]->float32[o] = (float)mean;
		if (call->n_out > 2 && call->out[2])
			call->out[2]->float32[o] = (float)inverse;
	}
	bool is_double = in->type == ELEMENT_DOUBLE;
	const struct tensor *scale[2] = { out, call->in[1] };
	broadcast_run(scale, 2, out, is_double ? layer_scale_float64 : layer_scale_float32);
	const struct tensor *shift[2] = { out, call->n_in > 2 ? call->in[2] : NULL };
	if (shift[1])
		broadcast_run(shift, 2, out, is_double ? layer_shift_float64 : layer_shift_float32);
	return 0;
}

static int lp_prepare(struct operator_setup *setup, struct error *err)
{
	struct normalise *state = setup_state(setup, sizeof *state, err);
	if (!state || setup_int(setup, "axis", -1, &state->axis, err) < 0 ||
		setup_int(setup, "p", 2, &state->p, err) < 0)
		return -(int)err->code;
	if (state->p != 1 && state->p != 2)
		return error_set(err, ERROR_UNSUPPORTED, "p of %" PRId64, state->p);
	return 0;
}

static int lp_run(struct operator_call *call, struct error *err)
{
	const struct normalise *state = call->state;
	const struct tensor *in = call->in[0];
	int axis;
	if (axis_resolve(state->axis, in->rank, &axis, err) < 0)
		return -(int)err->code;
	size_t outer = tensor_elements_before(in, axis), n = (size_t)in->shape[axis];
	size_t inner = tensor_elements_from(in, axis + 1);
	for (size_t o = 0; o < outer; o++)
		for (size_t i = 0; i < inner; i++) {
			size_t base = o * n * inner + i;
			double norm = 0;
			for (size_t k = 0; k < n; k++) {
				double x = normalise_get(in, base + k * inner);
				norm += state->p == 1 ? fabs(x) : x * x;
			}
			norm = state->p == 1 ? norm : sqrt(norm);
			for (size_t k = 0; k < n; k++)
				normalise_put(call->out[0], base + k * inner,
					norm != 0 ? normalise_get(in, base + k * inner) / norm : 0);
		}
	return 0;
}

#define SOFTMAX_ROW(name)                                                                          \
	{                                                                                          \
		name, "", 1, OPSET_NEWEST, TYPES_FLOAT, 1, 1, 1, 1, 0, "axis", softmax_prepare,    \
			softmax_infer, softmax_run                                                 \
	}

const struct operator operators_normalise[] = {
	SOFTMAX_ROW("Softmax"),
	SOFTMAX_ROW("LogSoftmax"),
	SOFTMAX_ROW("Hardmax"),
	{ "BatchNormalization", "", 7, OPSET_NEWEST, TYPES_FLOAT, 5, 5, 1, 5, 0,
		"epsilon momentum training_mode", batch_prepare, batch_infer, batch_run },
	{ "LayerNormalization", "", 17, OPSET_NEWEST, TYPES_FLOAT, 2, 3, 1, 3, 0,
		"axis epsilon stash_type", layer_prepare, layer_infer, layer_run },
	{ "LpNormalization", "", 1, OPSET_NEWEST, TYPES_FLOAT, 1, 1, 1, 1, 0, "axis p", lp_prepare,
		softmax_infer, lp_run },
	{ NULL },
};
